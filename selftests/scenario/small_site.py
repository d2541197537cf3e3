# SPDX-License-Identifier: GPL-2.0-or-later
"""The smallest site (selftests/site/small.py) for the scenario tests: made,
served from the world, and torn down.
"""
import contextlib
import socket

import pytest

from conftest import BUILD
from selftests.site import small
from selftests.site.bulk import Mirror
from selftests.site.processes import SLOW, wait_for
from selftests.site.servers import Server
from selftests.site.site import new_prefix
from selftests.site.topology import SERVER

ECHO = 7
IP_OPTIONS = 4


@contextlib.contextmanager
def site_of(**options):
    small.modules()
    site = small.Small(new_prefix(), str(BUILD), **options)
    try:
        site.up()
        with served(site):
            wait_for("the host reaches the world", lambda: " 0% packet loss" in
                     site.ping("-c", "1", SERVER), 10)
            yield site
    except small.Missing as missing:
        pytest.skip("no such link in this kernel: %s" % missing)
    finally:
        site.down()


@contextlib.contextmanager
def served(site):
    world = site.netns["world"]
    workers = [Server(world, SERVER, ECHO).begin(),
               Mirror(world, SERVER).begin()]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()


class Endpoint:
    """A host's endpoint, port 5000 on both sides of the NAT, that a server has
    been asked from: the world may send to it from another port."""

    def __init__(self, site):
        self.site = site
        self.sock = site.netns["h"].call(self._open)

    @staticmethod
    def _open():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((small.HOST, 5000))
        return sock

    def _take(self, seconds):
        self.sock.settimeout(seconds * SLOW)
        try:
            return self.sock.recv(100)
        except TimeoutError:
            return None

    def ask(self):
        """The address that the server sees; None: no answer."""
        self.sock.sendto(b"hello", (SERVER, ECHO))
        answer = self._take(2)
        return answer and socket.inet_ntoa(answer[:4])

    def arrives(self, target, options=None):
        """What the world sends there, without having been asked?"""
        self.site.netns["world"].call(self._send, target, options)
        return self._take(0.5) == b"unasked"

    @staticmethod
    def _send(target, options):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((SERVER, 5001))
            if options:
                sock.setsockopt(socket.IPPROTO_IP, IP_OPTIONS, options)
            sock.sendto(b"unasked", (target, 5000))

    def close(self):
        self.sock.close()

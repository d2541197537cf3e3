# SPDX-License-Identifier: GPL-2.0-or-later
"""When there is no room: what real sockets see, and who pays for it.

gw-a alone, with 64 external ports and 40 of them for one host at most.  The
hosts leave their checksums to their devices, as hosts do.
"""
import errno
import re
import socket
import time

import pytest

from conftest import BUILD, ECHO, log_of, reasons, served, site_of
from selftests.site.processes import wait_for
from selftests.site.topology import SERVER

PORTS, MOST = 64, 40
SOON = 1  # what is refused is refused at once, not by a timer of the host's
# An answer that finds connect() still at work is only noted (tcp_v4_err() with
# the socket owned by user); the next one, to the SYN of a second later, ends it.
SECOND_SYN = 1.5
ROOT_KEYS = """ports = 20000-%d
limits {
    host-ports = %d
}
""" % (20000 + PORTS - 1, MOST)


@pytest.fixture(scope="module", params=["xdp", "tc"])
def site(request):
    """In XDP a veth peer must not leave checksums to anybody."""
    with site_of(host_offload=request.param == "tc") as made:
        made.processes.open()
        made.topology.up()
        made.netns("lan").ip(["link set gw-b down"])
        for host in ("h1", "h2"):
            made.netns(host).ip(["route replace default via 192.168.0.3"])
        with served(made):
            begin(made, request.param)
            yield made
            end(made)


def begin(made, mode):
    twinpathd = made.gateway("a").twinpathd
    twinpathd.configure(mode, made.timers)
    path = twinpathd.command[-1]
    with open(path, encoding="ascii") as text:
        configured = text.read()
    with open(path, "w", encoding="ascii") as text:
        text.write(ROOT_KEYS + configured)
    twinpathd.start()
    twinpathd.wait_ready()
    wait_for("the uplink is up",
             lambda: twinpathd.status()["uplinks"][0]["state"] == "up", 10)


def end(made):
    gateway = made.gateway("a")
    gateway.twinpathd.kill()
    gateway.netns.run([str(BUILD / "twinpathd"), "--detach", "--instance",
                       gateway.twinpathd.instance])


class Host:
    """A host's connections; every call is made inside."""

    def __init__(self, site, name):
        self.netns, self.open = site.netns(name), []

    def connect(self):
        """0, or the error that the socket tells, and how soon."""
        return self.netns.call(self._connect)

    def _connect(self):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.settimeout(5)
        began = time.monotonic()
        try:
            sock.connect((SERVER, ECHO))
        except OSError as error:
            sock.close()
            assert time.monotonic() - began < SECOND_SYN
            return error.errno
        self.open.append(sock)
        return 0

    def connect_all(self, most):
        """As many as there are; the error of the first that is refused."""
        for count in range(most + 1):
            error = self.connect()
            if error:
                return count, error
        return most + 1, 0

    def alive(self):
        """Each connection still carries what is sent, and answers."""
        for number, sock in enumerate(self.open):
            text = b"still here %d" % number
            sock.sendall(text)
            assert sock.recv(len(text), socket.MSG_WAITALL)
        return len(self.open)

    def datagram(self):
        """The error that a connected UDP socket is told."""
        return self.netns.call(self._datagram)

    def _datagram(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(SOON)
            sock.connect((SERVER, ECHO))
            sock.send(b"x" * 700)
            try:
                sock.recv(2000)
            except OSError as error:
                return error.errno
        return 0

    def close(self):
        for sock in self.open:
            sock.close()


@pytest.fixture
def host(site):
    made = []

    def make(name):
        made.append(Host(site, name))
        return made[-1]
    yield make
    for one in made:
        one.close()


def counted(site, reason):
    return sum(packets for (_, name), packets
               in reasons(site.gateway("a").twinpathd).items()
               if name == reason)


def hosts(site):
    return {line["host"]: line["ports"]
            for line in site.gateway("a").twinpathd.ask("hosts")}


def test_no_port_left(site, host):
    """One host has what it may, then both have all there are."""
    first, second = host("h1"), host("h2")
    assert first.connect_all(PORTS) == (MOST, errno.EHOSTUNREACH)
    assert counted(site, "host_ports") > 0 and not counted(site, "ports_full")
    assert second.connect_all(PORTS) == (PORTS - MOST, errno.EHOSTUNREACH)
    assert counted(site, "ports_full") > 0
    # Datagrams have ports of their own, but a host has not more in all.
    assert first.datagram() == errno.EHOSTUNREACH
    assert second.datagram() == 0
    # Nobody who had one lost it.
    assert first.alive() == MOST and second.alive() == PORTS - MOST
    assert hosts(site)["192.168.0.10"] == MOST
    assert hosts(site)["192.168.0.20"] == PORTS - MOST + 1
    wait_for("the log says so", lambda: len(re.findall(
        r"(?:external ports: enough -> used up|external ports of a host: "
        r"within limits -> at their limit), because \d+ new sessions were "
        r"refused", log_of(site, "a"))) == 2, 5)


def test_no_exit(site, host):
    """The only uplink's cable is out, and there is no partner."""
    one = host("h2")
    site.netns("gw-a").ip(["link set eth1 down"])
    try:
        # In the first second nothing is told; then it is, with each try.
        wait_for("the net is unreachable",
                 lambda: one.netns.call(_probe) == errno.ENETUNREACH, 10)
    finally:
        site.netns("gw-a").ip(["link set eth1 up"])
        site.netns("pe-a").ip(["link set eth0 up"])
    assert counted(site, "no_exit") > 0


def _probe():
    """One SYN, and what comes within half a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.settimeout(0.5)
        try:
            sock.connect((SERVER, ECHO))
        except OSError as error:
            return error.errno
    return 0

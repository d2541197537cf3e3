# SPDX-License-Identifier: GPL-2.0-or-later
"""A name server and a web server, as probes ask them.

Owns: so much of DNS and HTTP as it takes to give one answer, the right one or
one that a test asks for: a code, a status, a forged or a late answer, none.
"""

import socket
import struct
import time

from .netns import Worker

NO_ERROR, SERVER_FAILURE, NO_NAME = 0, 2, 3


class NameServer(Worker):
    """Answers every question with `code` and no records."""

    def __init__(self, netns, address, port=53):
        super().__init__(netns, "name server " + address)
        self.endpoint = (address, port)
        self.code = NO_ERROR
        self.forge = False  # another id
        self.delay = 0.0
        self.questions = []  # (source address, name)

    def open(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(self.endpoint)
        self._answers = []  # (when, what, to whom), in order of when

    def work(self):
        """A late answer keeps nobody else waiting."""
        wait = self._answers[0][0] - time.monotonic() if self._answers else 0.2
        self._socket.settimeout(min(max(wait, 0.001), 0.2))
        try:
            self._question(*self._socket.recvfrom(512))
        except socket.timeout:
            pass
        while self._answers and self._answers[0][0] <= time.monotonic():
            _, answer, peer = self._answers.pop(0)
            self._socket.sendto(answer, peer)

    def _question(self, query, peer):
        number, flags = struct.unpack_from("!HH", query)
        self.questions.append((peer[0], self._asked(query)))
        answer = struct.pack("!HH", number ^ self.forge,
                             0x8080 | flags | self.code) + query[4:]
        self._answers.append((time.monotonic() + self.delay, answer, peer))
        self._answers.sort()

    @staticmethod
    def _asked(query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        return ".".join(labels) + "."

    def close(self):
        self._socket.close()


class WebServer(Worker):
    """Answers every request with `status`; 0: says nothing."""

    def __init__(self, netns, address, port=80):
        super().__init__(netns, "web server " + address)
        self.endpoint = (address, port)
        self.status = 204
        self.requests = []  # (source address, the request's text)

    def open(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(self.endpoint)
        self._socket.listen(64)
        self._socket.settimeout(0.2)

    def work(self):
        try:
            client, peer = self._socket.accept()
        except socket.timeout:
            return
        with client:
            client.settimeout(0.2)
            try:
                request = client.recv(2048).decode("ascii", "replace")
                self.requests.append((peer[0], request))
                if self.status:
                    # In two pieces: a status line need not come whole.
                    client.sendall(b"HTTP/1")
                    client.sendall(b".1 %d Said\r\n\r\n" % self.status)
            except OSError:
                pass  # it has hung up, or asked for nothing

    def close(self):
        self._socket.close()

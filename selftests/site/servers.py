# SPDX-License-Identifier: GPL-2.0-or-later
"""What answers: a TCP and UDP server that says whom it sees.

Owns: the little protocol of the measurements.  A TCP client gets one line,
the address it is seen as, and then its own bytes back.  A UDP datagram
comes back with the address it was seen from in front of it.
"""

import selectors
import socket

from .netns import Worker


class Server(Worker):
    """Answers on one address and port inside a namespace."""

    def __init__(self, netns, address, port, udp=True):
        super().__init__(netns, "server %s:%d" % (address, port))
        self.address, self.port, self.with_udp = address, port, udp
        self.sources = {}  # protocol -> {source address: how often}
        self.datagrams = set()  # first 12 bytes of every one: its name

    def open(self):
        self._selector = selectors.DefaultSelector()
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.address, self.port))
        listener.listen(256)
        self._watch(listener, self._accept)
        if self.with_udp:
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.bind((self.address, self.port))
            self._watch(udp, self._datagram)

    def _watch(self, sock, ready):
        sock.setblocking(False)
        self._selector.register(sock, selectors.EVENT_READ, ready)

    def work(self):
        for key, _ in self._selector.select(0.2):
            key.data(key.fileobj)

    def _count(self, protocol, source):
        counts = self.sources.setdefault(protocol, {})
        counts[source] = counts.get(source, 0) + 1

    def _accept(self, listener):
        try:
            sock, peer = listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        self._count("tcp", peer[0])
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._watch(sock, self._echo)
        self._send(sock, ("%s\n" % peer[0]).encode())

    def _echo(self, sock):
        try:
            data = sock.recv(4096)
        except OSError:
            data = b""
        if data:
            self._send(sock, data)
        else:
            self._forget(sock)

    def _send(self, sock, data):
        try:
            sock.send(data)
        except OSError:
            self._forget(sock)

    def _forget(self, sock):
        try:
            self._selector.unregister(sock)
        except KeyError:
            return
        sock.close()

    def _datagram(self, sock):
        data, peer = sock.recvfrom(65535)
        self._count("udp", peer[0])
        self.datagrams.add(data[:12])
        try:
            sock.sendto(socket.inet_aton(peer[0]) + data, peer)
        except OSError:
            pass  # an untranslated source: there is no way back to it

    def close(self):
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()

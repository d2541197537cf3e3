# SPDX-License-Identifier: GPL-2.0-or-later
"""So many bytes over one connection, there and back: super-packets, where the
sender makes them.

Owns: both ends of such a connection.  Bytes are compared, not counted.
"""

import hashlib
import os
import socket
import struct

from .netns import Worker
from .processes import SLOW

BULK = 9  # the port


def _receive(sock, size):
    data = bytearray()
    while len(data) < size:
        piece = sock.recv(min(1 << 16, size - len(data)))
        if not piece:
            break
        data += piece
    return bytes(data)


class Mirror(Worker):
    """Takes what a connection says it brings, then sends it all back."""

    def __init__(self, netns, address):
        super().__init__(netns, "mirror")
        self.address = address

    def open(self):
        self._sock = socket.socket()
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._sock.bind((self.address, BULK))
        self._sock.listen(8)
        self._sock.settimeout(0.2)

    def work(self):
        try:
            client, _ = self._sock.accept()
        except TimeoutError:
            return
        with client:
            client.settimeout(8 * SLOW)
            size = struct.unpack("!I", _receive(client, 4))[0]
            client.sendall(_receive(client, size))

    def close(self):
        self._sock.close()


def bulk(address, size):
    """Of bytes sent there: how many came back, and whether as they were."""
    data = os.urandom(size)
    with socket.create_connection((address, BULK), 3 * SLOW) as sock:
        sock.settimeout(15 * SLOW)
        sock.sendall(struct.pack("!I", size) + data)
        back = _receive(sock, size)
    return (len(back), hashlib.sha256(back).digest() ==
            hashlib.sha256(data).digest())

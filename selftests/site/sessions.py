# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions that come and go, as the picture of a run shows them.

Owns: who lives when, and who ended otherwise than by his host.  Sessions by
the thousand, each followed through the site, are load.py's.
"""

import resource
import selectors
import socket

from .netns import Worker
from .traffic import now

REQUEST = b"x" * 16
FILES = 2048  # open at the same time, beside everything else


def _allow_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Visitor:
    """One TCP connection with a small request now and then."""

    def __init__(self, sock, source):
        self.sock, self.source = sock, source
        self.began, self.ended, self.error = now(), None, None


class Population(Worker):
    """A new session `every` so many seconds, each ended by its host after
    `life`; a request of each every second.

    samples: [(time, {source: how many live})]; lost: those that ended in
    another way; refused: when one could not be opened."""

    SAMPLE = 0.25

    def __init__(self, netns, target, port, every=0.1, life=10.0):
        super().__init__(netns, "population")
        self.target = (target, port)
        self.every, self.life = every, life
        self.samples, self.lost, self.refused = [], [], []

    def open(self):
        _allow_files()
        self._selector = selectors.DefaultSelector()
        self._living = []  # oldest first
        self._turn = 0
        self._next = self._sample = self._request = now()

    def work(self):
        moment = now()
        if self._next <= moment:
            self._next = max(self._next + self.every, moment)
            self._come()
        while self._living and self._living[0].began + self.life <= moment:
            self._go(self._living[0])
        if self._request <= moment and self._living:
            self._request = moment + 1.0 / len(self._living)
            self._turn += 1
            self._ask(self._living[self._turn % len(self._living)])
        if self._sample <= moment:
            self._sample += self.SAMPLE
            self._count(moment)
        for key, _ in self._selector.select(max(0, min(
                self._next, self._sample) - now())):
            self._hear(key.data)

    def _come(self):
        try:
            sock = socket.create_connection(self.target, 0.5)
            source = sock.makefile("rb", buffering=0).readline()
        except OSError:
            self.refused.append(now())
            return
        sock.setblocking(False)
        one = Visitor(sock, source.decode().strip())
        self._living.append(one)
        self._selector.register(sock, selectors.EVENT_READ, one)

    def _ask(self, one):
        try:
            one.sock.send(REQUEST)
        except BlockingIOError:
            pass
        except OSError as error:
            self._over(one, error.strerror)

    def _hear(self, one):
        try:
            if not one.sock.recv(4096):
                self._over(one, "closed by the other side")
        except OSError as error:
            self._over(one, error.strerror)

    def _over(self, one, why):
        one.error = why
        self._go(one)
        self.lost.append(one)

    def _go(self, one):
        one.ended = now()
        self._living.remove(one)
        self._selector.unregister(one.sock)
        one.sock.close()

    def _count(self, moment):
        counts = {}
        for one in self._living:
            counts[one.source] = counts.get(one.source, 0) + 1
        self.samples.append((moment, counts))

    def close(self):
        for one in self._living:
            one.sock.close()
        self._selector.close()

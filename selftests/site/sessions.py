# SPDX-License-Identifier: GPL-2.0-or-later
"""Many live sessions, each one followed through the whole site.

Owns: TCP conversations that know what became of every request, UDP streams
that know what became of every datagram, and a capture that follows each of
them on a wire.  Times are of the monotonic clock.  It judges nothing.
"""

import itertools
import resource
import selectors
import socket
import struct

from .netns import Worker
from .traffic import now
from .wire import Wire

MAGIC = 0x7470736e
REQUEST = struct.Struct("!IIII")  # MAGIC, whose, number, 0: the same size back
STALL = 0.2  # seconds without an answer: the least time TCP waits to repeat
TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP
FIN, SYN, RST = 1, 2, 4

_names = itertools.count(1)  # of all conversations of this process


def allow_files(count):
    """Room for so many open sockets beside everything else."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 512
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Conversation:
    """One long TCP connection: numbered requests, echoed in order."""

    __slots__ = ("name", "sock", "port", "source", "sent", "received",
                 "stalls", "error", "ended")

    def __init__(self, sock):
        self.name, self.sock = next(_names), sock
        self.port = sock.getsockname()[1]
        self.source = None  # as the server's socket saw it
        self.sent, self.received = [], 0  # times; bytes
        self.stalls = []  # (sent at, waited) of the late answers
        self.error, self.ended = None, None

    def alive(self):
        return self.error is None

    def answered(self):
        return self.received // REQUEST.size

    def waits_since(self):
        """When the oldest request without an answer was sent, or None."""
        number = self.answered()
        return self.sent[number] if number < len(self.sent) else None


class Conversations(Worker):
    """`count` sessions with one request each `period`, evenly spread, from
    open() on; or, if not talking, from talk() on.  `ports`: an iterator of
    source ports; without it the kernel chooses."""

    def __init__(self, netns, target, port, count, period=1.0, talking=True,
                 ports=None):
        super().__init__(netns, "%d conversations" % count)
        self.target, self.count, self.period = (target, port), count, period
        self.talking, self.ports = talking, ports or itertools.repeat(0)
        self.all = []

    def open(self):
        allow_files(3 * self.count)
        self._selector = selectors.DefaultSelector()
        for _ in range(self.count):
            self._add()
        self._turn, self._due = 0, now()

    def _add(self, timeout=5):
        sock = socket.create_connection(self.target, timeout,
                                        ("", next(self.ports)))
        sock.setsockopt(TCP, socket.TCP_NODELAY, 1)
        one = Conversation(sock)
        one.source = sock.makefile("rb", buffering=0).readline() \
            .decode().strip()
        sock.setblocking(False)
        self.all.append(one)
        self._selector.register(sock, selectors.EVENT_READ, one)

    def talk(self):
        self._due = now()
        self.talking = True

    def work(self):
        if self.talking:
            while self._due <= now():
                self._request(self.all[self._turn % self.count])
                self._turn += 1
                self._due += self.period / self.count
            pause = min(0.1, max(0, self._due - now()))
        else:
            pause = 0.05
        for key, _ in self._selector.select(pause):
            self._answer(key.data)

    def _request(self, one):
        if not one.alive():
            return
        text = REQUEST.pack(MAGIC, one.name, len(one.sent), 0)
        one.sent.append(now())
        try:
            one.sock.send(text)
        except BlockingIOError:
            pass  # thousands in the buffer: it counts as sent, unanswered
        except OSError as error:
            self._over(one, error.strerror)

    def _answer(self, one):
        try:
            data = one.sock.recv(4096)
        except OSError as error:
            self._over(one, error.strerror)
            return
        if not data:
            self._over(one, "closed by the other side")
            return
        moment, before = now(), one.answered()
        one.received += len(data)
        for sent in one.sent[before:one.answered()]:
            if moment - sent > STALL:
                one.stalls.append((sent, moment - sent))

    def _over(self, one, why):
        one.error, one.ended = why, now()
        self._selector.unregister(one.sock)

    def close(self):
        for one in self.all:
            one.sock.close()
        self._selector.close()

    # what was seen

    def alive(self):
        return [one for one in self.all if one.alive()]

    def ended(self):
        return [one for one in self.all if not one.alive()]

    def hung(self, moment):
        """Alive, but with a request older than that without an answer."""
        return [one for one in self.alive()
                if (one.waits_since() or moment) < moment]

    def stalled(self, moment, until):
        """(sent at, waited) of what was sent in that time; the answers
        that are still missing too."""
        late = [stall for one in self.all for stall in one.stalls
                if moment <= stall[0] < until]
        late += [(one.waits_since(), now() - one.waits_since())
                 for one in self.hung(min(until, now() - STALL))
                 if one.waits_since() >= moment]
        return late

    def answered_since(self, moment):
        """How many live ones sent after that moment, and have it back."""
        return sum(bool(one.answered())
                   and one.sent[one.answered() - 1] >= moment
                   for one in self.alive())


class Population(Conversations):
    """Sessions that come and go: a new one `every` so many seconds, each
    ended by its host after `life`.

    samples: [(time, {source: how many live})]; lost: those that ended in
    another way; refused: when one could not be opened."""

    def __init__(self, netns, target, port, every=0.1, life=10.0,
                 ports=None):
        super().__init__(netns, target, port, count=0, ports=ports)
        self.every, self.life = every, life
        self.samples, self.lost, self.refused = [], [], []

    def open(self):
        super().open()
        self._began = {}  # conversation -> when, oldest first
        self._next = self._sample = now()

    def work(self):
        moment = now()
        if self._next <= moment:
            self._next = max(self._next + self.every, moment)
            self._come(moment)
        for one in [one for one, began in self._began.items()
                    if began + self.life <= moment]:
            self._go(one)
        if self._due <= moment and self._began:
            self._due = moment + self.period / len(self._began)
            self._request(self._take_turn())
        if self._sample <= moment:
            self._sample += 0.25
            self._count(moment)
        for key, _ in self._selector.select(max(0, min(
                self._next, self._sample) - now())):
            self._answer(key.data)

    def _come(self, moment):
        try:
            self._add(timeout=0.5)
        except OSError:
            self.refused.append(moment)
        else:
            self._began[self.all[-1]] = moment

    def _take_turn(self):
        """The living, one after the other."""
        self._turn += 1
        return list(self._began)[self._turn % len(self._began)]

    def _go(self, one):
        del self._began[one]
        self._selector.unregister(one.sock)
        one.sock.close()

    def _over(self, one, why):
        super()._over(one, why)
        del self._began[one]
        one.sock.close()
        self.lost.append(one)

    def _count(self, moment):
        counts = {}
        for one in self._began:
            counts[one.source] = counts.get(one.source, 0) + 1
        self.samples.append((moment, counts))


class Stream:
    """One UDP endpoint: numbered datagrams, echoed with our address."""

    def __init__(self, sock, label):
        self.sock, self.label = sock, label
        self.sent = []  # times, by number
        self.answered = {}  # number -> (time, seen as)
        self.twice = 0

    def lost(self, moment, until):
        return [n for n, sent in enumerate(self.sent)
                if moment <= sent < until and n not in self.answered]

    def sources(self, moment, until):
        return {source for n, (_, source) in list(self.answered.items())
                if moment <= self.sent[n] < until}

    def changes(self):
        """[(sent at, seen as)] of the first, and of each that differs from
        the one before."""
        found = []
        for n, (_, source) in sorted(list(self.answered.items())):
            if not found or found[-1][1] != source:
                found.append((self.sent[n], source))
        return found


class Streams(Worker):
    """`count` UDP endpoints, with `rate` datagrams a second together."""

    def __init__(self, netns, target, port, count=20, rate=200, ports=None):
        super().__init__(netns, "%d streams" % count)
        self.target, self.count, self.rate = (target, port), count, rate
        self.ports = ports or itertools.repeat(0)
        self.all = []

    def open(self):
        self._selector = selectors.DefaultSelector()
        for number in range(self.count):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind(("", next(self.ports)))
            sock.connect(self.target)
            sock.setblocking(False)
            stream = Stream(sock, struct.pack("!II", MAGIC, number))
            self.all.append(stream)
            self._selector.register(sock, selectors.EVENT_READ, stream)
        self._turn, self._due = 0, now()

    def work(self):
        while self._due <= now():
            self._send(self.all[self._turn % self.count])
            self._turn += 1
            self._due += 1.0 / self.rate
        for key, _ in self._selector.select(max(0, self._due - now())):
            self._note(key.data)

    def _send(self, stream):
        number = len(stream.sent)
        stream.sent.append(now())
        try:
            stream.sock.send(stream.label + struct.pack("!I", number)
                             + b"." * 52)
        except OSError:
            pass  # an ICMP error of an earlier one; this one counts as lost

    def _note(self, stream):
        try:
            data = stream.sock.recv(2048)
        except OSError:
            return
        if data[4:12] != stream.label:
            return
        number = struct.unpack("!I", data[12:16])[0]
        if number in stream.answered:
            stream.twice += 1
        stream.answered.setdefault(number,
                                   (now(), socket.inet_ntoa(data[:4])))

    def close(self):
        for stream in self.all:
            stream.sock.close()
        self._selector.close()

    # what was seen

    def lost(self, moment, until):
        """When each datagram was sent that did not come back."""
        return sorted(stream.sent[n] for stream in self.all
                      for n in stream.lost(moment, until))

    def twice(self):
        return sum(stream.twice for stream in self.all)

    def moved(self, moment, until, source):
        """The streams that anyone saw at another address."""
        return [stream for stream in self.all
                if stream.sources(moment, until) - {source}]


class Tap(Wire):
    """A Wire that also follows each conversation.

    addresses: {conversation: [(time, source), ...]}, one entry whenever its
    requests begin to come in from another address; sent: {port: times} of
    TCP segments sent from here; resets: {port: time} of the first received,
    and reset_sources: {source: how many resets came in from it}."""

    def __init__(self, netns, device):
        super().__init__(netns, device)
        self.addresses = {}
        self.sent, self.resets, self.reset_sources = {}, {}, {}

    def _packet(self, packet, outgoing):
        super()._packet(packet, outgoing)
        if len(packet) < 40 or packet[9] != TCP:
            return
        at = 4 * (packet[0] & 15)
        source, destination = struct.unpack_from("!HH", packet, at)
        if outgoing:
            self.sent.setdefault(source, []).append(now())
        else:
            self._incoming(packet, at, destination)

    def _incoming(self, packet, at, port):
        source = socket.inet_ntoa(packet[12:16])
        if packet[at + 13] & RST:
            self.resets.setdefault(port, now())
            self.reset_sources[source] = self.reset_sources.get(source, 0) + 1
        data = at + 4 * (packet[at + 12] >> 4)
        if len(packet) < data + REQUEST.size:
            return
        magic, name, _, _ = REQUEST.unpack_from(packet, data)
        if magic != MAGIC:
            return
        history = self.addresses.setdefault(name, [])
        if not history or history[-1][1] != source:
            history.append((now(), source))

    def told_after(self, port, moment):
        """From the first segment sent after that moment to the reset; from
        the last one before the reset, if that came before the moment.  None:
        there was no reset."""
        reset = self.resets.get(port)
        if reset is None:
            return None
        sent = [time for time in self.sent.get(port, ()) if time <= reset]
        after = [time for time in sent if time >= moment]
        return reset - (after[0] if after else sent[-1]) if sent else 0.0

# SPDX-License-Identifier: GPL-2.0-or-later
"""What asks: connections, sessions, datagrams and pings that measure.

Owns: the generators and what they saw, with times of the monotonic clock.
They judge nothing; bounds are the caller's.
"""

import bisect
import errno
import os
import selectors
import socket
import struct
import time

from .netns import Worker

now = time.monotonic


def ask_tcp(target, port, timeout=2):
    """Connect once; as whom the server saw it, or why it did not work."""
    try:
        with socket.create_connection((target, port), timeout) as sock:
            return sock.recv(64).decode().strip() or "closed at once"
    except OSError as error:
        return str(error)


def ask_udp(target, port, timeout=2):
    """Send one datagram; as whom the server saw it, or why it did not."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        try:
            sock.connect((target, port))
            sock.send(b"who am I?")
            return socket.inet_ntoa(sock.recv(64)[:4])
        except OSError as error:
            return str(error)


class Connection:
    """One attempt to connect, as it ended."""

    def __init__(self, began):
        self.began, self.ended = began, None
        self.source, self.error = None, "no answer"

    def ok(self):
        return self.source is not None


def _began(attempt):
    return attempt.began


class Prober(Worker):
    """Opens a new TCP connection every `interval`, each with its own short
    timeout, and notes as whom the server saw it.  `ports`: an iterator of
    source ports; without it the kernel chooses."""

    def __init__(self, netns, target, port, interval=0.02, timeout=0.25,
                 ports=None):
        super().__init__(netns, "prober")
        self.target = (target, port)
        self.interval, self.timeout = interval, timeout
        self.ports = ports
        self.tries = []

    def open(self):
        self._selector = selectors.DefaultSelector()
        self._open = {}  # socket -> Connection, oldest first
        self._due = now()

    def work(self):
        moment = now()
        if moment >= self._due:
            self._attempt(moment)
            self._due = max(self._due + self.interval, moment)
        for key, _ in self._selector.select(max(0, self._due - now())):
            self._progress(key)
        self._expire()

    def _attempt(self, moment):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        if self.ports:
            sock.bind(("", next(self.ports)))
        attempt = Connection(moment)
        self.tries.append(attempt)
        self._open[sock] = attempt
        code = sock.connect_ex(self.target)
        if code not in (0, errno.EINPROGRESS):
            self._finish(sock, error=os.strerror(code))
            return
        self._selector.register(sock, selectors.EVENT_READ)

    def _progress(self, key):
        try:
            line = key.fileobj.recv(64)
        except BlockingIOError:
            return
        except OSError as error:
            self._finish(key.fileobj, error=error.strerror)
            return
        if line:
            self._finish(key.fileobj, source=line.decode().strip())
        else:
            self._finish(key.fileobj, error="closed at once")

    def _finish(self, sock, source=None, error=None):
        attempt = self._open.pop(sock)
        attempt.ended, attempt.source = now(), source
        attempt.error = error
        try:
            self._selector.unregister(sock)
        except KeyError:
            pass
        sock.close()

    def _expire(self):
        limit = now() - self.timeout
        for sock, attempt in list(self._open.items()):
            if attempt.began > limit:
                break
            self._finish(sock, error="no answer within %g ms"
                         % (1000 * self.timeout))

    def close(self):
        for sock in self._open:
            sock.close()
        self._selector.close()

    # what was seen

    def since(self, moment, until=None):
        """The finished attempts that began in that time."""
        tries = self.tries[bisect.bisect_left(self.tries, moment,
                                              key=_began):]
        return [t for t in tries if t.ended
                and (until is None or t.began < until)]

    def settled(self, moment):
        """Every attempt that began before `moment` has ended."""
        end = bisect.bisect_left(self.tries, moment, key=_began)
        return all(t.ended for t in self.tries[max(0, end - 50):end])

    def failed(self, moment, until=None):
        return [t for t in self.since(moment, until) if not t.ok()]

    def first(self, source, moment):
        """The first attempt after `moment` that was seen as `source`."""
        for attempt in self.since(moment):
            if attempt.source == source:
                return attempt
        return None

    def last_before(self, attempt):
        """The last one that worked before `attempt` began."""
        worked = [t for t in self.since(0, attempt.began) if t.ok()]
        return worked[-1] if worked else None


class Session:
    """One long TCP connection."""

    def __init__(self, sock):
        self.sock, self.source, self.error = sock, None, None
        self.sent = self.received = 0
        self.answers = []  # times

    def alive(self):
        return self.error is None


class Sessions(Worker):
    """Long TCP connections with a small request every `period`.

    A request is sent when the last one was answered or not: as a person
    types on a terminal."""

    def __init__(self, netns, target, port, count=1, period=0.2):
        super().__init__(netns, "%d sessions" % count)
        self.target, self.count = (target, port), count
        self.period = period
        self.sessions = []

    def open(self):
        self._selector = selectors.DefaultSelector()
        for _ in range(self.count):
            self.add()
        self._due = now()

    def add(self):
        sock = socket.create_connection(self.target, timeout=5)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = Session(sock)
        session.source = sock.makefile("rb", buffering=0).readline() \
            .decode().strip()
        sock.setblocking(False)
        session.answers.append(now())
        self.sessions.append(session)
        self._selector.register(sock, selectors.EVENT_READ, session)

    def work(self):
        if now() >= self._due:
            self._due += self.period
            for session in self.sessions:
                self._request(session)
        for key, _ in self._selector.select(
                min(0.2, max(0, self._due - now()))):
            self._answer(key.data)

    def _request(self, session):
        if not session.alive():
            return
        try:
            session.sent += session.sock.send(b"x" * 16)
        except BlockingIOError:
            pass
        except OSError as error:
            self._lost(session, error.strerror)

    def _answer(self, session):
        try:
            data = session.sock.recv(4096)
        except OSError as error:
            self._lost(session, error.strerror)
            return
        if not data:
            self._lost(session, "closed by the other side")
            return
        session.received += len(data)
        session.answers.append(now())

    def _lost(self, session, why):
        session.error = why
        self._selector.unregister(session.sock)

    def close(self):
        for session in self.sessions:
            session.sock.close()
        self._selector.close()

    # what was seen

    def alive(self):
        return sum(session.alive() for session in self.sessions)

    def answered_since(self, moment):
        """How many live sessions had an answer after that moment."""
        return sum(s.alive() and s.answers[-1] >= moment
                   for s in self.sessions)

    def longest_gap(self, moment, until):
        """The longest time without an answer, of any session, between."""
        return max(_gap(list(s.answers), moment, until)
                   for s in self.sessions)


def _gap(times, moment, until):
    inside = [moment] + [t for t in times if moment <= t <= until] + [until]
    return max(b - a for a, b in zip(inside, inside[1:]))


def _numbers(times, moment, until):
    end = len(times) if until is None else bisect.bisect_left(times, until)
    return range(bisect.bisect_left(times, moment), end)


def _lost(worker, moment, until, patience=2.0):
    """What was sent in that time and never answered: late on a busy machine is
    not lost, so what should have come by `until` is waited for."""
    limit = now() + (patience if until else 0.0)
    while True:
        lost = [n for n in worker.numbers(moment, until)
                if n not in worker.answered]
        if not lost or now() >= limit or not worker.is_alive():
            return lost
        time.sleep(0.05)


class Datagrams(Worker):
    """UDP at a steady rate, numbered, each echoed by the server."""

    def __init__(self, netns, target, port, rate=200):
        super().__init__(netns, "datagrams")
        self.target, self.period = (target, port), 1.0 / rate
        self.stream = os.urandom(8)
        self.sent = []  # times, by number
        self.answered = {}  # number -> (time, seen as)

    def open(self):
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.connect(self.target)
        self._due = now()

    def work(self):
        moment = now()
        if moment >= self._due:
            self._due += self.period
            self._send(moment)
        self._sock.settimeout(max(0.0002, self._due - now()))
        try:
            self._note(self._sock.recv(2048))
        except (TimeoutError, BlockingIOError, ConnectionRefusedError):
            pass

    def _send(self, moment):
        self.sent.append(moment)
        data = self.stream + struct.pack("!I", len(self.sent) - 1) + b"." * 100
        try:
            self._sock.send(data)
        except OSError:
            pass  # an ICMP error of an earlier one; this one counts as lost

    def _note(self, data):
        if data[4:12] == self.stream:
            number = struct.unpack("!I", data[12:16])[0]
            self.answered.setdefault(
                number, (now(), socket.inet_ntoa(data[:4])))

    def close(self):
        self._sock.close()

    # what was seen

    def numbers(self, moment, until=None):
        """The datagrams sent in that time."""
        return _numbers(self.sent, moment, until)

    def lost(self, moment, until=None):
        return _lost(self, moment, until)

    def lost_there(self, server, moment, until=None):
        """Those of the lost that did not even reach the server."""
        return [n for n in self.lost(moment, until) if self.stream
                + struct.pack("!I", n) not in server.datagrams]

    def outage(self, moment, until=None):
        """The longest time in which nothing that was sent came back."""
        answered = [self.sent[n] for n in self.numbers(moment, until)
                    if n in self.answered]
        if not answered:
            return (until or now()) - moment
        return max(b - a for a, b in zip([moment] + answered, answered))

    def seen_as(self, moment):
        return {self.answered[n][1] for n in self.numbers(moment)
                if n in self.answered}


class Pings(Worker):
    """ICMP echo at a steady rate."""

    def __init__(self, netns, target, interval=0.1):
        super().__init__(netns, "pings")
        self.target, self.interval = target, interval
        self.identifier = int.from_bytes(os.urandom(2), "big")
        self.sent = []
        self.answered = {}

    def open(self):
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                   socket.IPPROTO_ICMP)
        self._due = now()

    def work(self):
        moment = now()
        if moment >= self._due:
            self._due += self.interval
            self._send(moment)
        self._sock.settimeout(max(0.0002, self._due - now()))
        try:
            self._note(self._sock.recv(2048))
        except (TimeoutError, BlockingIOError):
            pass

    def _send(self, moment):
        self.sent.append(moment)
        number = (len(self.sent) - 1) & 0xffff
        text = struct.pack("!BBHHH", 8, 0, 0, self.identifier, number)
        total = int.from_bytes(text, "big") % 0xffff
        text = struct.pack("!BBHHH", 8, 0, 0xffff - total, self.identifier,
                           number)
        try:
            self._sock.sendto(text, (self.target, 0))
        except OSError:
            pass  # no route at this moment: counts as lost

    def _note(self, packet):
        text = packet[4 * (packet[0] & 15):]
        kind, _, _, identifier, number = struct.unpack("!BBHHH", text[:8])
        if kind == 0 and identifier == self.identifier:
            self.answered.setdefault(number, now())

    def close(self):
        self._sock.close()

    # what was seen

    def numbers(self, moment, until=None):
        """The pings sent in that time."""
        return _numbers(self.sent, moment, until)

    def lost(self, moment, until=None):
        return _lost(self, moment, until)

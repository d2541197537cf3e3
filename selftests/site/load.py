# SPDX-License-Identifier: GPL-2.0-or-later
"""Live sessions by the thousand, and what watches over them.

Owns: which traffic a scenario consists of, where it is measured, and how its
generators get names and ports of their own.  It judges nothing; figures.py
reads what was seen.

    h1, h2   TCP sessions, half to an open server and half to one behind a
             stateful firewall, some of them silent; UDP streams; new
             connections
    h3       pings, from behind the inner router
    core     the servers
    pe-a,b   captures of all that leaves the site; h1, h2: of what comes back
"""

import itertools

from .figures import PATIENCE, Seen
from .netns import SiteError
from .processes import wait_for
from .tools import Load, Tool
from .topology import SERVER, SIDES
from .traffic import now

OPEN, GUARDED = 7077, 7079
RATE = 5000  # requests a second of all sessions together
PERIOD = 0.2  # the shortest, of one session
STREAMS, DATAGRAMS = 20, 200  # endpoints; a second
PINGS = 50  # a second
EVERY = 0.01  # a new connection
LONGEST = 90.0  # seconds that a scenario may take

# A segment in the middle of a connection that the server's side does not
# know is dropped there without a word: who changed its address would hang.
FIREWALL = """table inet guard {
    chain input {
        type filter hook input priority 0;
        tcp dport %d jump guarded
    }
    chain guarded {
        ct state established accept
        ct state new tcp flags & (fin | syn | rst | ack) == syn accept
        drop
    }
}
""" % GUARDED


class Elsewhere(SiteError):
    """Sessions did not begin where the scenario needs them."""


class Measure:
    """Servers, captures and clients of a site, for all its scenarios."""

    def __init__(self, site):
        self.site, self.tools = site, []
        self.names = itertools.count(1)
        # One that is used again soon belongs where it was.
        self.identifiers = itertools.cycle(range(1000, 60000))

    def _tool(self, name, netns, *words):
        tool = Tool(self.site, name, netns, words)
        self.tools.append(tool)
        return tool

    def begin(self):
        """When the cables are there: before a gateway can say anything."""
        netns = self.site.netns
        netns("core").nft(FIREWALL)
        self.server = self._tool("echo-core", netns("core"), "echo", SERVER,
                                 OPEN, GUARDED)
        self.taps = {side.letter: self._tool(
            "wire-" + side.pe, netns(side.pe), "wire", "eth0")
            for side in SIDES.values()}
        self.hosts = {name: self._tool("wire-" + name, netns(name), "wire",
                                       "eth0") for name in ("h1", "h2")}
        self.watch = self._tool("watch", None, "watch", *(
            word for gateway in self.site.gateways.values() for word in (
                gateway.twinpathd.pins,
                self.site.processes.log(gateway.twinpathd.name))))
        self.loads = {name: Load(self.site, netns(name))
                      for name in ("h1", "h2", "h3")}
        self.tools += self.loads.values()

    def end(self):
        tools, self.tools = self.tools, []
        for tool in tools:
            tool.end()

    def quiet(self):
        """No traffic any more."""
        for load in self.loads.values():
            load.end_all()
        self.server.ask("drop")

    def lags(self):
        """[(when, how long)] a tool came late, because the machine was busy."""
        return [tuple(lag) for tool in self.tools for lag in tool.ask("lags")]

    def clear(self):
        """What is remembered of an earlier scenario's conversations."""
        for tap in list(self.taps.values()) + list(self.hosts.values()):
            tap.ask("clear")

    def changes(self, since):
        """[(time, gateway's letter, what, is)] in the data planes; and what
        the daemons said, as "log"."""
        letters = list(self.site.gateways)
        return [(time, letters[plane], what, becomes) for time, plane, what,
                becomes in self.watch.ask("report") if time >= since]

    def wires(self):
        """{where: what the capture saw} of all captures."""
        taps = {SIDES[letter].pe: tap for letter, tap in self.taps.items()}
        return {name: tap.ask("report")
                for name, tap in {**taps, **self.hosts}.items()}


class Burden:
    """The traffic of one scenario, from its first packet to its last."""

    def __init__(self, measure, sessions, source, talking=True):
        """Sessions that begin under the address `source`; a tenth of them
        only listens, or all."""
        self.measure, self.source = measure, source
        self.opened = 0
        self.period = max(PERIOD, sessions / RATE)
        self.h1, self.h2, self.h3 = (measure.loads[name] for name in
                                     ("h1", "h2", "h3"))
        measure.clear()
        self.names = []  # (host, first, count) of TCP sessions
        self._sessions(sessions, talking)
        self._others()
        self.began = now()
        wait_for("every kind of traffic is answered", self._answered, 10)
        self._at_home()

    def _named(self, count):
        return [next(self.measure.names) for _ in range(count)][0]

    def _open(self, load, name, port, count, period):
        first = self._named(count)
        self.names.append((load.host, first, count))
        self.opened += count
        load.tcp(name, SERVER, port, count, period, first)

    def _sessions(self, count, talking):
        silent = count // 20 if talking else count // 2
        for load, port in ((self.h1, OPEN), (self.h2, GUARDED)):
            if talking:
                self._open(load, "talking", port, count // 2 - silent,
                           self.period)
            self._open(load, "silent", port, silent, 0)
        wait_for("every session is open", lambda: all(
            one["open"] == one["count"] for one in self._states().values()),
            60)

    def _others(self):
        for load in (self.h1, self.h3):
            load.ping("pings", SERVER, PINGS,
                      next(self.measure.identifiers))
        for load in (self.h1, self.h2):
            load.udp("streams", SERVER, OPEN, STREAMS, DATAGRAMS,
                     self._named(STREAMS))
        self.h2.attempts("attempts", SERVER, OPEN, EVERY, PATIENCE,
                         int(LONGEST / EVERY))

    def _states(self, since=0.0, kinds=("talking", "silent"),
                hosts=("h1", "h2")):
        """{(host, kind): state} of TCP sessions."""
        return {(load.host, kind): state for load in (self.h1, self.h2)
                if load.host in hosts
                for kind, state in load.state(since).items()
                if kind in kinds}

    def _answered(self):
        return all(one["answered"] == one["count"] for one in self._states(
            kinds=("talking",)).values()) and all(
                load.state(self.began)[kind]["answered"] > 5
                for load, kind in ((self.h1, "pings"), (self.h3, "pings"),
                                   (self.h1, "streams"),
                                   (self.h2, "streams")))

    def _at_home(self):
        """A scenario of sessions that are elsewhere would show nothing."""
        elsewhere = {host: {source: count for source, count in seen.items()
                            if source != self.source}
                     for host, seen in self._sources().items()}
        if any(elsewhere.values()):
            raise Elsewhere("not all sessions began at %s: %s"
                            % (self.source, elsewhere))

    def _sources(self):
        """{host: {address: sessions that an ISP saw under it}}."""
        sources = {}
        for host, first, count in self.names:
            seen = sources.setdefault(host, {})
            for tap in self.measure.taps.values():
                for source, number in tap.ask("seen", first, count).items():
                    seen[source] = seen.get(source, 0) + number
        return sources

    # while it runs

    def alive(self, kinds=("talking", "silent"), hosts=("h1", "h2")):
        return sum(one["alive"] for one in
                   self._states(0.0, kinds, hosts).values())

    def works(self, since, kinds=("talking",), hosts=("h1", "h2")):
        """Every session asked after that moment, and has its answer."""
        return all(one["answered"] == one["count"] for one in
                   self._states(since, kinds, hosts).values())

    def talk(self):
        """The silent ones too, once around."""
        for load in (self.h1, self.h2):
            load.talk("silent", 1.0)

    def newest(self, since):
        """As whom the last new connection that worked was seen; or ""."""
        return self.h2.state(since)["attempts"]["newest"]

    def moved(self, source, since, seconds=30):
        """New connections are seen there."""
        wait_for("new connections go by " + source,
                 lambda: self.newest(since) == source, seconds, 0.01)

    # at its end

    def seen(self):
        """All that was seen of it."""
        reports = {name: load.report()
                   for name, load in self.measure.loads.items()}
        handshakes = {name: tap.ask("handshakes", "%.6f" % self.began)
                      for name, tap in self.measure.hosts.items()}
        return Seen(self.source, reports, self.measure.wires(),
                    self._sources(),
                    self.measure.server.ask("report"), handshakes,
                    self.measure.lags())

    def told(self, moment):
        """{(host, port): (reset, first sent after the moment or 0, last sent
        before the reset)} of each port that got a reset."""
        return {(name, int(port)): tuple(times)
                for name, tap in self.measure.hosts.items()
                for port, times in tap.ask("told", "%.6f" % moment).items()}

    def end(self):
        self.measure.quiet()

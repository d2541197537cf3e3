# SPDX-License-Identifier: GPL-2.0-or-later
"""make bench BENCH=growth: what more sessions, uplinks and routes cost.

Owns: the gateways that have more of something, each beside one that has not, and
their rows.  What grows is measured in turns with what does not.
"""

import random

from ..site.processes import wait_for
from . import extras, measure, rows
from .gateways import NEAR
from .measure import Anew, Figure, Stream, interleave
from .twinpath import Xdp

BITS = {"1": (0, 0, 0), "64k": (15, 0, 1), "1M": (15, 0, 5),
        "4M": (15, 0, 7)}
# With this or that many routes.  It is their change that takes the time.
ROUNDS, TIMES = 9, 3
IDLE, PAUSE = 0.002, 0.05  # s of a CPU in so many seconds: that is rest


class Huge(Xdp):
    """Half full with four million sessions."""

    kind = "xdp-huge"
    sessions = 8388608


class Uplinks(Xdp):
    kind = "uplinks16"
    keys = "max-addresses = 16"
    more = 15


class Routes(Xdp):
    """A big IGP's gateway: its subnets, behind the router at lan1, come and go.

    One gateway all the time: two that are the same differ by where their tables
    lie in memory.
    """

    kind = "routes"

    def __init__(self, prefix, run, pump):
        super().__init__(prefix, run, pump)
        self.there, self.few = [], 0

    def ready(self):
        if not super().ready():
            return False
        self.few = self.entries()
        return True

    def entries(self):
        return self.pump.ask("count", self.pins(), "routes")["entries"]

    def route(self, wanted):
        """These prefixes, and no others, for the data plane as well."""
        more, less = set(wanted), set(self.there)
        changes = (["route del %s via %s" % (prefix, NEAR)
                    for prefix in self.there if prefix not in more]
                   + ["route add %s via %s" % (prefix, NEAR)
                      for prefix in wanted if prefix not in less])
        if changes:
            self.gw.ip(changes)
        self.there = wanted
        wait_for("%d routes are known" % len(wanted), lambda: self.entries()
                 == self.few + len(wanted), 60)
        self.rest()

    def rest(self):
        """Until the daemon has nothing left to do about them."""
        pid = self.run.pid(self.kind)
        seen = [-1.0]

        def idle():
            seen.append(extras.cpu_seconds(pid))
            return seen[-1] - seen[-2] < IDLE

        wait_for("%s rests" % self.kind, idle, 20, PAUSE)


def prefixes(count, beside=False):
    """Half around the sources of the streams, half all over the place; `beside`:
    some of them in the region of the destinations, which is looked into then."""
    draw = random.Random(count)
    found = {"10.%d.%d.%d/25" % (n >> 9 & 255, n >> 1 & 255, (n & 1) << 7)
             for n in range(count // 2)}
    if beside:
        found.update("198.18.%d.0/24" % n for n in range(1, 256))
    while len(found) < count:
        first = draw.randrange(1, 224)
        if first not in (10, 127, 169, 172, 192):
            second = draw.randrange(256)
            if (first, second) not in ((198, 18), (198, 19)):
                found.add("%d.%d.%d.0/24" % (first, second,
                                             draw.randrange(256)))
    return sorted(found)


def sessions(pump, bare, huge, rounds, packets):
    table = {}
    for load, bits in BITS.items():
        streams = {name: Stream(gateway, "out", bits, packets)
                   for name, gateway in (("bare", bare),
                                         ("twinpath", huge))}
        for name, figure in interleave(pump, streams, rounds).items():
            table[name, load, "out"] = figure
    measure.check(pump, "more sessions")
    return table


class Routed:
    """Streams through a gateway that is given so many routes first."""

    def __init__(self, gateway, wanted, streams):
        self.gateway, self.wanted, self.streams = gateway, wanted, streams

    def round(self, pump):
        """(load, case), ns; a stream that needs sessions wakes them first."""
        self.gateway.route(self.wanted)
        for _ in range(TIMES):
            for key, stream in self.streams.items():
                yield key, stream.round(pump)


def routes(pump, gateway, packets):
    """As `compared`, but of one gateway that has more routes and fewer in turn.

    All loads at once, for what takes time are the routes; each state comes after
    another, also the one without any.
    """
    states = {"no routes": (0,), "10k routes": (10000,),
              "the same again": (0,), "100k routes": (100000,),
              "10k, beside it": (10000, True)}
    rounds, table = {}, {}
    for name, wanted in states.items():
        streams = {(load, "out"): Anew(gateway, "out", BITS[load], packets)
                   for load in ("1", "64k")}
        streams.update({(kind, "out"): rows.Fresh(gateway, *load)
                        for kind, load in rows.OPENINGS.items()})
        rounds[name] = Routed(gateway, prefixes(*wanted), streams)
    for _ in range(ROUNDS):
        for name, routed in rounds.items():
            for key, time_taken in routed.round(pump):
                table.setdefault((name,) + key, Figure()).rounds.append(
                    time_taken)
    gateway.route([])
    measure.check(pump, "more routes")
    return {(name, load, "out"): table[name, load, "out"]
            for load in ("1", "64k", *rows.OPENINGS)
            for name in ("no routes", "the same again", "10k routes",
                         "100k routes", "10k, beside it")}


def compared(pump, gateways, rounds, packets):
    """gateways: {name: gateway}.  Live sessions, and new ones."""
    table = {}
    for load in ("1", "64k"):
        streams = {name: Stream(gateway, "out", BITS[load], packets)
                   for name, gateway in gateways.items()}
        for name, figure in interleave(pump, streams, rounds).items():
            table[name, load, "out"] = figure
    names = {gateway.kind: name for name, gateway in gateways.items()}
    for key, figure in rows.openings(pump, list(gateways.values()),
                                     rounds).items():
        table[(names[key[0]],) + key[1:]] = figure
    return table


def tables(bench, count, packets, say):
    """{title: (table, the row that the others are compared with)}"""
    some = bench.gateways
    found = {}
    say("more uplinks")
    found["uplinks"] = compared(bench.pump, {
        "one uplink": some["xdp"], "16 uplinks": some["uplinks16"]}, count,
        packets), "one uplink"
    say("more routes")
    found["routes"] = routes(bench.pump, some["routes"],
                             packets), "no routes"
    say("more sessions")
    found["sessions"] = sessions(bench.pump, some["bare"], some["xdp-huge"],
                                 count, packets), "bare"
    return found

# SPDX-License-Identifier: GPL-2.0-or-later
"""make bench BENCH=growth: what more sessions, uplinks and routes cost.

Owns: the gateways that have more of something, each beside one that has not, and
their rows.  What grows is measured in turns with what does not.
"""

import random

from . import measure, rows
from .gateways import NEAR
from .measure import Stream, interleave
from .twinpath import Xdp

BITS = {"1": (0, 0, 0), "64k": (15, 0, 1), "1M": (15, 0, 5),
        "4M": (15, 0, 7)}


class Huge(Xdp):
    """Half full with four million sessions."""

    kind = "xdp-huge"
    sessions = 8388608


class Uplinks(Xdp):
    kind = "uplinks16"
    keys = "max-addresses = 16"
    more = 15


class Routes(Xdp):
    """A big IGP: so many subnets behind the router at lan1."""

    kind = "routes10k"
    count = 10000

    def make(self):
        self.gw.ip(["route add %s via %s" % (prefix, NEAR)
                    for prefix in prefixes(self.count)])
        super().make()


class ManyRoutes(Routes):
    kind = "routes100k"
    count = 100000


def prefixes(count):
    """Half around the sources of the streams, half all over the place, so that
    neither source nor destination is found at once."""
    draw = random.Random(count)
    found = {"10.%d.%d.%d/25" % (n >> 9 & 255, n >> 1 & 255, (n & 1) << 7)
             for n in range(count // 2)}
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
    found["routes"] = compared(bench.pump, {
        "no routes": some["xdp"], "the same again": some["xdp-twin"],
        "10k routes": some["routes10k"],
        "100k routes": some["routes100k"]}, count, packets), "no routes"
    say("more sessions")
    found["sessions"] = sessions(bench.pump, some["bare"], some["xdp-huge"],
                                 count, packets), "bare"
    return found

# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured: one function a table.

Owns: the loads, the rows and their names.  A table is {name: Figure}; what the
figures must be is judged in targets.py, how they look is report.py's.
"""

from ..site.netns import SiteError
from . import measure
from .measure import Mixed, Pair, Stream, interleave

# (inside endpoints, remotes of each, ports of each of these) as powers of two.
OTHER = "198.18.0.2"  # REMOTE's neighbour: the second of two remotes
LOADS = {"1": (0, 0, 0), "8k": (12, 0, 1), "64k": (15, 0, 1), "1M": (15, 0, 5),
         "64k to two remotes": (15, 1, 0)}

# The bits of a stream, and its first packet that counts.
OPENINGS = {"new endpoint": ((15, 0), 0), "known endpoint": ((10, 5), 1 << 10)}


def streams(gateways, load, packets):
    """One load through everything: out, in, and both in turn."""
    bits = LOADS[load]
    found = {(gw.kind, load, side): Stream(gw, side, bits, packets)
             for side in ("out", "in") for gw in gateways}
    found.update({(gw.kind, load, "mixed"): Mixed(
        Stream(gw, "out", bits, packets // 2),
        Stream(gw, "in", bits, packets // 2)) for gw in gateways})
    return found


def forward(pump, groups, rounds, packets):
    """groups: {load: gateways}; a round goes through all loads."""
    everything = {}
    for load, gateways in groups.items():
        everything.update(streams(gateways, load, packets))
    for stream in everything.values():
        stream.warm(pump)
        if isinstance(stream, Stream) and stream.gateway.translates:
            measure.prove(pump, stream)
    table = interleave(pump, everything, rounds)
    measure.check(pump, "forwarding")
    return table


class Fresh:
    """A stream whose every packet opens a session, from an empty table."""

    def __init__(self, gateway, bits, first):
        self.gateway, self.bits, self.first = gateway, bits, first
        self.packets = (1 << sum(bits)) - first

    def warm(self, pump):
        pass

    def round(self, pump):
        self.gateway.empty()
        if self.first:
            self._send(pump, 0, self.first)
        return self._send(pump, self.first, self.packets) / self.packets

    def _send(self, pump, first, packets):
        plan = self.gateway.plan("out", *self.bits, next=first, shuffle=0)
        answer = pump.run((measure.CPU, self.gateway.entry("out"), packets,
                           plan))
        if answer["seen"] < packets * (1 - measure.LOST):
            raise SiteError("%s: %d of %d new sessions refused%s" % (
                self.gateway.kind, packets - answer["seen"], packets,
                self.gateway.why()))
        return answer["ns"][0]


def openings(pump, gateways, rounds):
    """New sessions: new endpoints, and known ones with new destinations."""
    table = {}
    for name, load in OPENINGS.items():
        streams = {gw.kind: Fresh(gw, *load) for gw in gateways}
        for kind, figure in interleave(pump, streams, rounds).items():
            table[kind, name, "out"] = figure
    measure.check(pump, "new sessions")
    return table


def two_cpus(pump, gateways, rounds, packets):
    """The same flows on one CPU, and half of them on each of two.

    Half as many as elsewhere: each endpoint has two remotes, one for each CPU.
    """
    table = {}
    streams = {}
    for gw in gateways:
        one = Stream(gw, "out", (14, 0), packets)
        two = Stream(gw, "out", (14, 0), packets, remote=OTHER)
        streams[gw.kind, "32k", "one CPU"] = Stream(gw, "out", (14, 1),
                                                    packets)
        streams[gw.kind, "32k", "two CPUs"] = Pair(one, two)
    # One CPU's sessions are just too many for its own cache: more rounds, for
    # the least of one row not to be luck.
    table.update(interleave(pump, streams, 3 * rounds))
    measure.check(pump, "two CPUs")
    return table


def live(pump, gateway, load):
    """That many sessions, and no others; how many."""
    gateway.empty()
    Stream(gateway, "out", LOADS[load], 0).warm(pump)
    return 1 << sum(LOADS[load])

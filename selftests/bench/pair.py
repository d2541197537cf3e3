# SPDX-License-Identifier: GPL-2.0-or-later
"""Two gateways that are each other's partner, joined by a cable.

Owns: that site, and the rows of what crosses the cable.

    in [lan1]--[lan0] gw-a [wan0]--[wan1] out
                     [mate]
                        |
                     [mate]
    in [lan1]--[lan0] gw-b [wan0]--[wan1] out
                     [wan1]
                        |
    in [lan1]--[lan0]  hop: a bare redirect, and then gw-b

A packet that gw-a hands over goes one hop more than one that it serves: what is
compared with is a packet that a bare redirect sends to gw-b.
"""

import os
import secrets

from ..site.netns import SiteError
from ..site.processes import wait_for
from . import measure
from .gateways import QUEUES, Bare
from .measure import Stream, interleave
from .twinpath import Xdp

SUBNET = "10.255.1"
THEIRS = "10.16.0.0"  # inside endpoints of gw-b's sessions
# A gateway that only has a neighbour's entry: nobody is there.
BESIDE, BESIDE_MAC = "192.168.0.3", "02:00:00:00:be:51"
LOADS = {"1": (0, 0), "32k": (15, 0)}


class Mate(Xdp):
    """One of the two; `letter` says which."""

    letter = None

    def __init__(self, prefix, run, pump):
        super().__init__(prefix, run, pump)
        self.uplink = "isp-" + self.letter
        number = "ab".index(self.letter)
        self.ours, self.theirs = ("%s.%d" % (SUBNET, 1 + n)
                                  for n in (number, 1 - number))
        self.keys = """partner {
    address   = %s
    interface = mate
    key       = "%s"
}""" % (self.theirs, shared_key(run.path("partner.key")))

    def make(self):
        self.cable()
        self.gw.ip(["addr add %s/30 dev mate" % self.ours,
                    "link set mate up"])
        self.gw.run(["ethtool", "-K", "mate", "gro", "on"])
        self.own_queues("mate")
        super().make()

    def cable(self):
        """The device mate, before the daemon starts."""
        raise NotImplementedError

    def answered(self):
        return self.status()["partner"]["data_plane"]["state"] == "alive"

    def heard(self):
        """It has said as well what it can be used for."""
        return self.answered() and self.status()["partner"]["heartbeat"][
            "fresh"]


class MateA(Mate):
    kind = "gw-a"
    letter = "a"

    def cable(self):
        queues = "numrxqueues %d numtxqueues %d" % (QUEUES, QUEUES)
        self.gw.ip(["link add mate %s type veth peer name spare %s"
                    % (queues, queues)])


class MateB(Mate):
    """And the hop in front of it."""

    kind = "gw-b"
    letter = "b"
    lans = "lan0, wan1"

    def cable(self):
        self.run.gateways["gw-a"].gw.ip(
            ["link set spare netns %s name mate" % self.gw.full])
        self.run.up(Hop)


class Hop(Bare):
    kind = "hop"

    def __init__(self, prefix, run, pump):
        super().__init__(prefix, run, pump)
        self.far = run.gateways["gw-b"].gw

    def spaces(self):
        return (self.near, self.gw)

    def number(self, inside):
        """The redirects of all bare gateways stand in one table, by index."""
        return "index %d" % {"lan0": 31, "wan0": 32}[inside]

    def address(self):
        """Nobody looks: both ends of it are redirects."""

    def ports(self):
        self.pump.port("hop.lan", self.near.full, "lan1")


def shared_key(path):
    """The same for both gateways."""
    if not os.path.exists(path):
        handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
        os.write(handle, secrets.token_hex(32).encode() + b"\n")
        os.close(handle)
    return path


def acquaint(one, other):
    for mate in (one, other):
        wait_for("%s hears its partner" % mate.kind, mate.heard, 20)


class Partnered:
    """A stream through a gateway that is given this or that partner first."""

    def __init__(self, stream, words, ready):
        self.stream, self.words, self.ready = stream, words, ready
        self.gateway = stream.gateway

    def settle(self):
        self.gateway.keys = self.words
        self.gateway.reload()
        wait_for("%s has its partner, or none" % self.gateway.kind,
                 lambda: self.ready(self.gateway), 20)

    def warm(self, pump):
        self.settle()
        self.stream.warm(pump)

    def round(self, pump):
        self.settle()
        return self.stream.round(pump)


def alone(gateway):
    return not gateway.status().get("partner")


def beside(gateway):
    return gateway.status()["partner"]["reachable"]


def idle(pump, gateway, partner, rounds, packets):
    """Packets that the partner has no part in: with one, and without.

    It is one gateway all the time, with another configuration: two that are the
    same differ by where their tables lie.
    """
    acquaint(gateway, partner)
    gateway.flip(gateway.uplink)
    gateway.gw.ip(["neigh replace %s lladdr %s dev lan0 nud permanent"
                   % (BESIDE, BESIDE_MAC)])
    cable, table = gateway.keys, {}
    lan = cable.replace(gateway.theirs, BESIDE).replace("mate", "lan0")
    states = {"no partner": ("", alone), "the same again": ("", alone),
              "by a cable": (cable, Mate.answered), "on the LAN": (lan, beside)}
    for load, bits in LOADS.items():
        streams = {name: Partnered(Stream(gateway, "out", bits, packets),
                                   *state) for name, state in states.items()}
        # Ten nanoseconds more would count: it takes more rounds than the rest.
        for name, figure in interleave(pump, streams, 2 * rounds).items():
            table[name, load, "out"] = figure
    streams["by a cable"].settle()
    measure.check(pump, "cost of a partner")
    return table


def handover(pump, a, b, hop, rounds, packets):
    """Packets that gw-a hands over, and the same behind a bare redirect."""
    table = {}
    acquaint(a, b)  # a's configuration was another
    a.flip("partner")  # new sessions are gw-b's ...
    b.selects(b.uplink)
    _across(pump, a, hop, "take", rounds, packets, table)
    a.flip(a.uplink)  # ... and remain so when gw-a takes new ones again
    b.selects("partner")
    _across(pump, a, hop, "question", rounds, packets, table)
    measure.check(pump, "handover")
    return table


def _across(pump, a, hop, how, rounds, packets, table):
    for load, bits in LOADS.items():
        streams = {gateway.kind: Stream(gateway, "out", bits, packets,
                                        inside=THEIRS)
                   for gateway in (hop, a)}
        before = a.reasons().get(how, 0)
        for name, figure in interleave(pump, streams, rounds).items():
            table[{"gw-a": "handed over"}.get(name, "bare hop"),
                  load, how] = figure
        handed = a.reasons().get(how, 0) - before
        if handed < rounds * packets:
            raise SiteError("gw-a: %d of %d packets were handed over as %s"
                            % (handed, rounds * packets, how))

# SPDX-License-Identifier: GPL-2.0-or-later
"""make bench BENCH=parts: what each part of the core costs.

Owns: the variants, built from a copy of the sources, and their rows.  They are
daemons that take over one gateway from each other, round by round, with the maps
as they are: two gateways that are the same differ by where their tables lie in
memory, and by more than most parts cost.
"""

import contextlib
import os
import shutil

from ..mutants.sources import Copy
from ..site.netns import SiteError
from . import extras, measure, rows
from .measure import Anew, Figure, Stream
from .omitted import BOTH, HIT, OPENING, PARTS, Part
from .twinpath import Xdp

ROUNDS, TIMES = 5, 2
WHOLE, AGAIN, PEERS = "unchanged", "the same again", ("bare", "nft")
ALL, ALL_HIT = "all of these", "all of these, of a hit"
PROOF = (13, 0, 0)  # so many new sessions, of which every packet is verified


class Changeable(Xdp):
    kind = "parts"
    daemon = None  # the installed one

    def program(self):
        return self.daemon or super().program()


def together(name, loads):
    """All parts of these loads left out at once."""
    chosen = [part for part in PARTS if set(part.loads) & set(loads)]
    return Part(name, loads, tuple(change for part in chosen
                                   for change in part.changes))


def variants():
    return PARTS + [together(ALL, OPENING), together(ALL_HIT, HIT)]


def build(place, say):
    """{part: its daemon}"""
    copy, daemons = Copy(os.path.join(place, "sources")), {}
    for number, part in enumerate(variants()):
        before = {}
        for change in part.changes:
            path, text = copy.change(change)
            before.setdefault(path, text)
        problem = copy.make(["build/twinpathd"])
        if problem:
            raise SiteError("without '%s' it does not compile:\n%s"
                            % (part.what, problem))
        daemons[part] = os.path.join(place, "twinpathd-%d" % number)
        shutil.copy2(copy.place / "build/twinpathd", daemons[part])
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")
        say("built without: " + part.what)
    return daemons


class Variant:
    """A gateway, and what of it is measured in each of its turns."""

    def __init__(self, gateway, loads, packets, daemon=None):
        self.gateway, self.daemon = gateway, daemon
        self.streams = {load: rows.Fresh(gateway, *rows.OPENINGS[load])
                        if load in OPENING else
                        Anew(gateway, "out", rows.LOADS[load], packets)
                        for load in BOTH if load in loads}

    def settle(self):
        if isinstance(self.gateway, Changeable):
            self.gateway.daemon = self.daemon
            extras.restart(self.gateway)

    def prove(self, pump):
        """Not a right gateway, but these packets are right."""
        self.settle()
        self.gateway.empty()
        measure.prove(pump, Stream(self.gateway, "out", PROOF, 0),
                      1 << sum(PROOF))

    def round(self, pump):
        self.settle()
        for _ in range(TIMES):
            for load, stream in self.streams.items():
                yield load, stream.round(pump)


def turns(gateways, daemons, packets):
    """{name: its variant}: two that lack nothing, one of them between others."""
    gateway = gateways["parts"]
    found = {name: Variant(gateways[name], BOTH, packets) for name in PEERS}
    found[WHOLE] = Variant(gateway, BOTH, packets)
    for number, (part, daemon) in enumerate(daemons.items()):
        if number == len(daemons) // 2:
            found[AGAIN] = Variant(gateway, BOTH, packets)
        found[part.what] = Variant(gateway, part.loads, packets, daemon)
    return found


def one_round(pump, names, in_turn, found):
    for name in names:
        with named(name):
            for load, time_taken in in_turn[name].round(pump):
                found.setdefault((name, load, "out"), Figure()).rounds.append(
                    time_taken)


@contextlib.contextmanager
def named(name):
    """Which variant it is that fails: all are one gateway."""
    try:
        yield
    except SiteError as error:
        raise SiteError("%s: %s" % (name, error)) from error


def table(bench, daemons, packets):
    in_turn, found = turns(bench.gateways, daemons, packets), {}
    names = list(in_turn)
    for name, variant in in_turn.items():
        if name not in PEERS:
            with named(name):
                variant.prove(bench.pump)
    for number in range(ROUNDS):
        # Another begins each time: who comes after nft finds its caches.
        first = number * len(in_turn) // ROUNDS
        one_round(bench.pump, names[first:] + names[:first], in_turn, found)
    measure.check(bench.pump, "parts")
    top = [*PEERS, WHOLE, AGAIN]
    return {(name, load, "out"): found[name, load, "out"]
            for name in top + [name for name in names if name not in top]
            for load in BOTH if (name, load, "out") in found}


def sums(found):
    """What would be left without all of it, and what that is to the peers."""
    for load in BOTH:
        rest = ALL if load in OPENING else ALL_HIT
        bare, nft, ours, less = (found[name, load, "out"].least
                                 for name in (*PEERS, WHOLE, rest))
        yield "%-14s %5.0f ns: %.2f of nft's, %.2f of bare;  all left " \
              "out: %.0f ns: %.2f of nft's, %.2f of bare" % (
                  load, ours, ours / nft, ours / bare, less, less / nft,
                  less / bare)

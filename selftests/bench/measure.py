# SPDX-License-Identifier: GPL-2.0-or-later
"""Rounds: every row once, then every row again, on one CPU.

Owns: the interleaving.  A machine changes its mind within seconds; two rows that
are measured in the same round change with it, and their ratio does not.
"""

import statistics

from ..site.netns import SiteError

CPU = 1
LOST = 1e-3  # of a round: a row that loses more has no figure
BUSY = 1 << 16  # so many sessions can all be busy in such short rounds


class Figure:
    """The rounds of one row: nanoseconds a packet."""

    def __init__(self):
        self.rounds = []

    @property
    def least(self):
        return min(self.rounds)

    @property
    def quarter(self):
        """A quarter of the rounds took no longer: not one lucky round's word."""
        return sorted(self.rounds)[len(self.rounds) // 4]

    @property
    def median(self):
        return statistics.median(self.rounds)

    def json(self):
        return {"min": self.least, "median": self.median,
                "rounds": self.rounds}


class Stream:
    """One stream through one gateway, continued from round to round."""

    def __init__(self, gateway, side, bits, packets, **more):
        self.gateway, self.side, self.packets = gateway, side, packets
        self.bits, self.more, self.next = bits, more, 0
        self.sessions = 1 << sum(bits)

    def words(self, cpu, packets):
        plan = self.gateway.plan(self.side, *self.bits, next=self.next,
                                 **self.more)
        self.next += packets
        return (cpu, self.gateway.entry(self.side), packets, plan)

    def warm(self, pump):
        """Open every session once; outbound, also for what then comes in."""
        plan = self.gateway.plan("out", *self.bits, next=0, **self.more)
        pump.run((CPU, self.gateway.entry("out"), max(self.sessions, 256),
                  plan))

    def wake(self, pump):
        """Every session sends once, unmeasured: in a busy gateway none has been
        silent for as long as the other rows took."""
        if self.sessions <= BUSY:
            pump.run(self.words(CPU, self.sessions))

    def round(self, pump):
        self.wake(pump)
        answer = pump.run(self.words(CPU, self.packets))
        lost = self.packets - answer["seen"]
        if lost > LOST * self.packets:
            raise SiteError("%s: %d of %d packets lost (%s)%s" % (
                self.gateway.kind, lost, self.packets, self.side,
                self.gateway.why()))
        return answer["ns"][0] / self.packets


class Anew(Stream):
    """A stream that finds no sessions but its own: others have been before."""

    def round(self, pump):
        self.gateway.empty()
        return super().round(pump)


class Mixed:
    """Both directions, turn by turn."""

    def __init__(self, out, back):
        self.out, self.back = out, back
        self.gateway = out.gateway

    def warm(self, pump):
        self.out.warm(pump)

    def round(self, pump):
        return (self.out.round(pump) + self.back.round(pump)) / 2


class Pair:
    """The same stream on two CPUs at once, each its half of the flows."""

    def __init__(self, one, two):
        self.one, self.two = one, two
        self.gateway = one.gateway

    def warm(self, pump):
        self.one.warm(pump)
        self.two.warm(pump)

    def round(self, pump):
        packets = self.one.packets
        self.one.wake(pump)
        self.two.wake(pump)
        answer = pump.run(self.one.words(0, packets),
                          self.two.words(1, packets))
        if answer["seen"] < 2 * packets * (1 - LOST):
            raise SiteError("%s: lost on two CPUs: %d of %d seen%s" % (
                self.gateway.kind, answer["seen"], 2 * packets,
                self.gateway.why()))
        return max(answer["ns"]) / (2 * packets)


def interleave(pump, streams, rounds):
    """streams: {name: something with warm() and round()} → {name: Figure}."""
    figures = {name: Figure() for name in streams}
    for stream in streams.values():
        stream.warm(pump)
    for _ in range(rounds):
        for name, stream in streams.items():
            figures[name].rounds.append(stream.round(pump))
    return figures


def in_turns(sections, rounds, turns, say):
    """One table after the other, and all of them again: what a machine's other
    guests leave of its cache changes within minutes, and no table shall have the bad
    ones for itself.

    sections: {title: (what measures so many rounds, word)} → {title: (table, word)}
    """
    tables = {title: ({}, word) for title, (_, word) in sections.items()}
    share = -(-rounds // turns)
    for turn in range(turns):
        for title, (run, _) in sections.items():
            say("%s (%d of %d)" % (title, turn + 1, turns) if turns > 1
                else title)
            for key, figure in run(share).items():
                tables[title][0].setdefault(
                    key, Figure()).rounds.extend(figure.rounds)
    return tables


def check(pump, what):
    """What the sinks saw since the last time; wrong bytes fail the run."""
    seen = pump.ask("seen")
    pump.ask("clear")
    if seen["bad"]:
        raise SiteError("%s: %d of %d verified packets had a wrong checksum"
                        % (what, seen["bad"], seen["verified"]))
    return seen["verified"]


def prove(pump, stream, packets=8192):
    """Look at every packet of a short stream: checksums, and no inside source."""
    pump.ask("clear")
    pump.ask("look", 0, 10 if stream.gateway.translates else 0)
    pump.run(stream.words(CPU, packets))
    seen = pump.ask("seen")
    pump.ask("look", 63, 0)
    pump.ask("clear")
    if seen["untranslated"] or seen["bad"] or seen["verified"] < packets:
        raise SiteError("%s, %s: of %d packets %d arrived, %d with a wrong "
                        "checksum, %d untranslated" % (
                            stream.gateway.kind, stream.side, packets,
                            seen["verified"], seen["bad"],
                            seen["untranslated"]))

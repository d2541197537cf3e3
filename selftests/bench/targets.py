# SPDX-License-Identifier: GPL-2.0-or-later
"""What the figures must be: one line a target, met or not met.

Owns: the targets.  A ratio is of the least of each row's rounds in the same run, but
where a row must be as another; absolute figures mean nothing on another machine.
"""

import statistics


class Target:
    """`most`: the figure must be at most `must`; else at least."""

    def __init__(self, name, must, aim, figure, most=True, unit=""):
        self.name, self.must, self.aim = name, must, aim
        self.figure, self.most, self.unit = figure, most, unit

    def met(self):
        """None: it was not measured, as in a quick run."""
        if self.figure is None:
            return None
        return (self.figure <= self.must if self.most
                else self.figure >= self.must)

    def line(self):
        figure = ("-" if self.figure is None
                  else "%.2f%s" % (self.figure, self.unit))
        verdict = {True: "met", False: "not met", None: "skipped"}[self.met()]
        sign = "<=" if self.most else ">="
        return "%-8s %-58s %12s   must %s %g%s, aim %g%s" % (
            verdict, self.name, figure, sign, self.must, self.unit, self.aim,
            self.unit)

    def json(self):
        return {"target": self.name, "met": self.met(), "figure": self.figure,
                "must": self.must, "aim": self.aim, "unit": self.unit,
                "bound": "most" if self.most else "least"}


def ratio(table, row, against, *rest):
    """least(row) / least(against); None where one was not measured."""
    a, b = table.get((row,) + rest), table.get((against,) + rest)
    return a.least / b.least if a and b else None


def inverse(value):
    return None if value is None else 1 / value


def difference(table, row, *rest):
    """Nanoseconds above the bare redirect."""
    ours, limit = table.get((row,) + rest), table.get(("bare",) + rest)
    return ours.least - limit.least if ours and limit else None


def forwarding(table):
    for load, must, aim in (("1", 1.2, 1.1), ("64k", 1.75, 1.6),
                            ("1M", 2.3, 2.1)):
        yield Target("XDP against a bare redirect, %s sessions" % load, must,
                     aim, ratio(table, "xdp", "bare", load, "out"))
    for load, must, aim in (("1", 5, 5.5), ("64k", 5, 5.5), ("1M", 6.5, 7)):
        yield Target("packets/s against nft masquerade, %s sessions" % load,
                     must, aim,
                     inverse(ratio(table, "xdp", "nft", load, "out")),
                     most=False, unit="x")


def programs(table):
    for load, must, aim in (("1", 25, 15), ("64k", 90, 70)):
        yield Target("test run, NAT minus bare, %s sessions" % load, must, aim,
                     difference(table, "twinpath", load, "out"), unit=" ns")
    yield Target("test run, inbound minus bare, endpoint-independent", 15, 10,
                 difference(table, "open", "1", "in"), unit=" ns")
    # One look-up of a session: what the way out does as well.
    load = "64k to two remotes"
    out = difference(table, "twinpath", load, "out")
    yield Target("the same, address-dependent, %s" % load, out, out,
                 difference(table, "twinpath", load, "in"), unit=" ns")


def openings(table):
    for kind in ("new endpoint", "known endpoint"):
        yield Target("new sessions/s against conntrack, %s" % kind, 5, 6,
                     inverse(ratio(table, "xdp", "nft", kind, "out")),
                     most=False, unit="x")


def two_cpus(table):
    one = table.get(("xdp", "32k", "one CPU"))
    two = table.get(("xdp", "32k", "two CPUs"))
    yield Target("two CPUs against one", 1.8, 1.95,
                 one.least / two.least if one and two else None, most=False,
                 unit="x")


def memory(session, conntrack):
    """Bytes of each."""
    yield Target("bytes a session", 192, 160, session, unit=" B")
    yield Target("bytes a session against conntrack", 0.5, 0.5,
                 session / conntrack if conntrack else None)


def tcp(segments, frames):
    """{gateway: bits a second, round by round} of both."""
    one, two = ({kind: statistics.median(values)
                 for kind, values in table.items()}
                for table in (segments, frames))
    yield Target("bulk TCP over veth, tc against nft", 0.95, 1.0,
                 one["tc"] / one["nft"], most=False, unit="x")
    yield Target("TCP at MTU-size frames, XDP against nft", 1.5, 1.7,
                 two["xdp"] / two["nft"], most=False, unit="x")


def moments(table):
    yield Target("from a decision to the first packet on the new exit", 1000,
                 200, table["flip", "decision"].median, unit=" us")
    yield Target("from a link's end to the first packet on the new exit",
                 10000, 10000, table["link down", "event"].median, unit=" us")


CHANCE = 0.03  # of a ratio: two gateways that are the same differ by as much


def unchanged(name, table, row, against, load):
    """Not measurable: no more than what chance does to its equal."""
    def alike(other):
        """Of the two ratios the one nearer to 1: what is there shows in both."""
        one, two = table[against, load, "out"], table[other, load, "out"]
        return min(two.least / one.least, two.quarter / one.quarter,
                   key=lambda ratio: abs(ratio - 1))

    chance = abs(alike("the same again") - 1)
    return Target("%s, %s sessions" % (name, load),
                  round(1 + max(CHANCE, chance), 3), 1.0, alike(row))


def partner(table):
    for where in ("by a cable", "on the LAN"):
        for load in ("1", "32k"):
            yield unchanged("cost of a partner %s when nothing moves" % where,
                            table, where, "no partner", load)


def life(plain):
    yield Target("reload with a million sessions" if plain["sessions"] > 9e5
                 else "reload with live sessions", 1000, 1000,
                 plain["reload_ms"], unit=" ms")
    yield Target("start over them", 1000, 1000, plain["restart_ms"],
                 unit=" ms")


def growth(table):
    """What must not grow, or not by more."""
    for routes in ("10k", "100k"):
        for load in ("1", "64k"):
            yield unchanged("hit path with %s routes" % routes, table,
                            routes + " routes", "no routes", load)
    for routes, must in (("10k", 1.2), ("100k", 2)):
        for kind in ("new endpoint", "known endpoint"):
            yield Target("new sessions with %s routes, %s" % (routes, kind),
                         must, must,
                         ratio(table, routes + " routes", "no routes", kind,
                               "out"))

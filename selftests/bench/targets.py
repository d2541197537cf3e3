# SPDX-License-Identifier: GPL-2.0-or-later
"""What the figures must be: one line a target, met or not met.

Owns: the targets.  A ratio is of the least of each row's rounds in the same run;
absolute figures mean nothing on another machine.
"""


class Target:
    """`most`: the figure must be at most `must`; else at least."""

    def __init__(self, name, must, aim, figure, most=True, unit=""):
        self.name, self.must, self.aim = name, must, aim
        self.figure, self.most, self.unit = figure, most, unit

    def met(self):
        if self.figure is None:
            return False
        return (self.figure <= self.must if self.most
                else self.figure >= self.must)

    def line(self):
        figure = ("not measured" if self.figure is None
                  else "%.2f%s" % (self.figure, self.unit))
        sign = "<=" if self.most else ">="
        return "%-8s %-58s %12s   must %s %g%s, aim %g%s" % (
            "met" if self.met() else "not met", self.name, figure, sign,
            self.must, self.unit, self.aim, self.unit)

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


def difference(table, *rest):
    ours, limit = table.get(("twinpath",) + rest), table.get(("bare",) + rest)
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
                     difference(table, load, "out"), unit=" ns")
    yield Target("test run, inbound minus bare, filtering by endpoint", 15, 10,
                 difference(table, "1", "in"), unit=" ns")


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

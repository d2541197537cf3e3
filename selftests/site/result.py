# SPDX-License-Identifier: GPL-2.0-or-later
"""What became of one scenario, and the table of all.

Owns: the bounds that must hold, and the comparison of a figure with its own.
"""

TOLD = 0.05  # after the session's next packet
TOLD_SILENT = 2.0  # a session whose host only receives
NEW = 0.01  # from the first SYN after the decision to its answer

COLUMNS = ("lost", "hung", "stalled", "moved", "udp lost", "pings lost",
           "twice", "refused", "new after", "told after", "silent told",
           "outage", "election", "untranslated")
NAME = 34  # columns of a scenario's name


class Result:
    """The figures of one scenario, and those that are not as they must be."""

    def __init__(self, name, sessions):
        self.name, self.sessions = name, sessions
        self.figures, self.wrong, self.notes = {}, [], []

    def note(self, figure, value):
        self.figures[figure] = value

    def zero(self, figures):
        self.figures.update(figures)
        self.wrong += ["%s: %s, not 0" % (figure, value)
                       for figure, value in figures.items() if value]

    def within(self, figure, seconds, most):
        """A time; None never happened."""
        self.figures[figure] = seconds
        if seconds is None or seconds > most:
            self.wrong.append("%s: %s, not at most %.3f s" % (
                figure, "never" if seconds is None else "%.3f s" % seconds,
                most))

    def equal(self, figure, value, expected):
        self.figures[figure] = value
        if value != expected:
            self.wrong.append("%s: %s, not %s" % (figure, value, expected))

    def line(self):
        cells = [self.name.ljust(NAME), str(self.sessions).rjust(8)]
        cells += [_cell(self.figures.get(column)).rjust(len(column))
                  for column in COLUMNS]
        return "  ".join(cells + ["ok" if not self.wrong else "WRONG"])

    def explained(self):
        """What is wrong, and all that was noted, a line each."""
        return "\n".join(self.wrong + self.notes)

    def json(self):
        return {"scenario": self.name, "sessions": self.sessions,
                "figures": self.figures, "wrong": self.wrong,
                "notes": self.notes}


def head():
    return "  ".join(["scenario".ljust(NAME), "sessions"] + list(COLUMNS))


def _cell(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return "%.2f s" % value if value >= 1 else "%.0f ms" % (1000 * value)
    return str(value)

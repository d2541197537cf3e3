# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures as they are measured, and the table of them at the end.

Owns: the comparison of a measured value with its bound.  There is no way to
add a row without a value.
"""

import sys
import time


def duration(seconds):
    if seconds is None:
        return "never"
    if seconds >= 1:
        return "%.3g s" % seconds
    return "%.0f ms" % (1000 * seconds)


class Row:
    """good: True, False, or None where nothing is judged."""

    def __init__(self, figure, measured="", expected="", good=None):
        self.figure, self.measured = figure, measured
        self.expected, self.good = expected, good


class Report:
    def __init__(self, out=sys.stdout):
        self.rows = []
        self._out = out
        self._began = time.monotonic()

    def say(self, text):
        """A line of the story, with the time since the beginning."""
        print("%5.1f s  %s" % (time.monotonic() - self._began, text),
              file=self._out, flush=True)

    def chapter(self, title, text):
        """Rows from here on stand below this title in the table."""
        self.rows.append(Row(title))
        print(file=self._out)
        self.say(text)

    def check(self, figure, measured, expected, good):
        """A row: `good` says whether measured is as expected."""
        self.rows.append(Row(figure, str(measured), str(expected),
                             bool(good)))
        self.say("%s: %s (expected %s)%s" % (
            figure, measured, expected, "" if good else "   <-- WRONG"))
        return good

    def equal(self, figure, measured, expected):
        return self.check(figure, measured, expected, measured == expected)

    def within(self, figure, seconds, most, least=0.0):
        """A time; None never happened, which is always wrong."""
        bound = ("%s to %s" % (duration(least), duration(most))
                 if least else "at most " + duration(most))
        return self.check(figure, duration(seconds), bound,
                          seconds is not None and least <= seconds <= most)

    def at_least(self, figure, count, least):
        return self.check(figure, count, "at least %s" % least,
                          count >= least)

    def note(self, figure, measured):
        """A figure without a bound: it is shown and judges nothing."""
        self.rows.append(Row(figure, str(measured), "-"))
        self.say("%s: %s" % (figure, measured))

    def judged(self):
        return [row for row in self.rows if row.good is not None]

    def wrong(self):
        return [row for row in self.rows if row.good is False]

    def table(self):
        verdicts = {True: "ok", False: "WRONG", None: ""}
        lines = [("", "measured", "expected", "")]
        for row in self.rows:
            figure = "  " + row.figure if row.measured else row.figure
            lines.append((figure, row.measured, row.expected,
                          verdicts[row.good]))
        widths = [max(len(line[i]) for line in lines) for i in range(3)]
        print("", file=self._out)
        for line in lines:
            print("  ".join([line[i].ljust(widths[i]) for i in range(3)]
                            + [line[3]]).rstrip(), file=self._out)
        print("", file=self._out, flush=True)

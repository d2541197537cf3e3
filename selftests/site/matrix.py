# SPDX-License-Identifier: GPL-2.0-or-later
"""The matrix: everything that happens to a site, under live sessions.

Owns: what one scenario is measured by and the bounds that must hold; the
table and build/scenarios.json.  What happens in each is scenarios.py.
"""

import json
import os
import time

from .figures import between, failed_over, outages, unharmed
from .load import Burden, Measure
from .processes import wait_for
from .topology import HOSTS, SIDES, VIRTUAL
from .traffic import now

A, B = SIDES["a"].wan, SIDES["b"].wan
LATE = 0.4  # an answer that is not there by then is lost
TOLD = 0.05  # after the session's next packet
TOLD_SILENT = 2.0  # a host that only receives
NEW = 0.01  # new connections, after the decision
COLUMNS = ("lost", "hung", "stalled", "moved", "udp lost", "pings lost",
           "twice", "refused", "new after", "told after", "silent told",
           "election", "untranslated")


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
        cells = [self.name.ljust(34), str(self.sessions).rjust(6)]
        cells += [cell(self.figures.get(column)).rjust(len(column))
                  for column in COLUMNS]
        return "  ".join(cells + ["ok" if not self.wrong else "WRONG"])

    def json(self):
        return {"scenario": self.name, "sessions": self.sessions,
                "figures": self.figures, "wrong": self.wrong,
                "notes": self.notes}


def head():
    return "  ".join(["scenario".ljust(34), "sessions"[:6]] + list(COLUMNS))


def cell(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return "%.2f s" % value if value >= 1 else "%.0f ms" % (1000 * value)
    return str(value)


class Matrix:
    """A site, its traffic, and the scenarios that it has been through.

    patience: seconds more than the bounds, for a machine that does other
    things as well; a count that must be zero stays so."""

    def __init__(self, site, sessions, patience=0.0):
        self.site, self.sessions = site, sessions
        self.patience = patience
        self.measure = Measure(site)
        self.results = []
        self.burden, self.result = None, None
        self.addresses = {side.pe: {side.wan} for side in SIDES.values()}

    # a scenario's steps

    def gateway(self, letter):
        return self.site.gateway(letter).twinpathd

    def selects(self, letter, exit_name, seconds=10):
        wait_for("gw-%s sends new sessions by %s" % (letter, exit_name),
                 lambda: (self.gateway(letter).status(check=False) or {})
                 .get("selector") == exit_name, seconds, 0.01)

    def master(self, name, seconds=10):
        wait_for(name + " is the VRRP master, alone",
                 lambda: self.site.masters() == [name], seconds, 0.05)

    def load(self, source):
        """All the traffic begins; the sessions under this address."""
        self.burden = Burden(self.measure, self.sessions, source)
        self.burden.h2.ping("election", VIRTUAL, 100, 4002)
        self.run(1.0)
        self._reasons = self._dropped()
        return self.burden

    def _dropped(self):
        """{gateway hook reason: packets} of all that was not forwarded."""
        return {"gw-%s %s %s" % (letter, line["hook"], line["reason"]):
                line["packets"] for letter in SIDES
                for line in self.gateway(letter).ask("reasons", check=False)
                or () if line["fate"] != "forwarded"}

    def run(self, seconds):
        time.sleep(seconds)

    def decided(self, since, *wanted):
        """When all these (gateway, what, is) were so in the data planes."""
        def found():
            changes = self.measure.changes(since)
            times = [max((time for time, letter, what, becomes in changes
                          if (letter, what, becomes) == one), default=None)
                     for one in wanted]
            return None if None in times else max(times)
        return wait_for("the data planes are told: %s" % (wanted,), found, 15,
                        0.02)

    def settled(self, seconds=30):
        """As it is when nothing is wrong."""
        for letter, exit_name in (("a", "isp-a"), ("b", "partner")):
            self.selects(letter, exit_name, seconds)
        for letter in SIDES:
            wait_for("isp-%s is up, and gw-%s sees the other's marker"
                     % (letter, letter), lambda: self._good(letter), seconds)
        self.master("gw-a", seconds)
        for host in HOSTS:
            wait_for(host + " reaches the server",
                     lambda: self.site.ping(host), seconds)

    def _good(self, letter):
        status = self.gateway(letter).status(check=False)
        return status and status["uplinks"][0]["state"] == "up" \
            and status["partner"]["marker"]

    # judging

    def finish(self, since):
        """Let the last answers come: (what was seen, until, excused)."""
        asked = now()
        self.run(self.burden.period + 0.2)
        until = now()
        self.run(LATE)
        seen = self.burden.seen()
        elections = outages(seen.elections())
        self.result.note("election", max(
            (end - begin for begin, end in
             between(elections, since, until)), default=0.0))
        excused = [(begin, end + 0.02) for begin, end in elections]
        if self.patience:
            excused += [(at - 0.3, at + length + 0.3)
                        for at, length in seen.lags()]
        return seen, asked, until, excused

    def unharmed(self, since, silent=True, but=()):
        """Nobody was to notice anything; `but`: figures that may be more."""
        seen, asked, until, excused = self.finish(since)
        during = unharmed(seen, since, until)
        after = unharmed(seen, since, until, excused)
        self.result.zero({figure: count for figure, count in after.items()
                          if figure not in but})
        for figure in but:
            self.result.note(figure, after[figure])
        for figure, count in during.items():
            if count != after[figure]:
                self.result.note(figure + " in elections",
                                 count - after[figure])
        self._times(seen, since, until)
        if not during["lost"]:
            self.result.equal("work at the end",
                              self.burden.works(asked), True)
        if silent and not during["lost"]:
            self._silent_work()
        return seen

    def _silent_work(self):
        asked = now()
        self.burden.talk()
        try:
            wait_for("the silent ones are answered", lambda:
                     self.burden.works(asked, ("silent",)), 4)
        except Exception as error:
            self.result.wrong.append(str(error))

    def _times(self, seen, since, until):
        """When it happened, to explain what was not zero."""
        for what, times in (("h1's stalled", seen.stalls("h1")),
                            ("h2's stalled", seen.stalls("h2")),
                            ("udp of h1 lost", seen.datagrams_lost("h1")),
                            ("udp of h2 lost", seen.datagrams_lost("h2")),
                            ("udp moved", seen.datagrams_moved(seen.source)),
                            ("pings of h1 lost", seen.pings_lost("h1")),
                            ("pings of h3 lost", seen.pings_lost("h3")),
                            ("refused: " + seen.why(), seen.refused()),
                            ("machine late", [at for at, _ in seen.lags()])):
            found = between(times, since, until)
            if found:
                self.result.notes.append("%s at %s" % (what, ", ".join(
                    "%.3f s" % (moment - since)
                    for moment in sorted(found)[:20])))
        after = self._dropped()
        self.result.notes.append("not forwarded: " + ", ".join(
            "%s %d" % (name, count - self._reasons.get(name, 0))
            for name, count in sorted(after.items())
            if count > self._reasons.get(name, 0)))

    def failed_over(self, since, decided, source, silent=TOLD_SILENT):
        """The sessions' uplink died: everyone is told; the rest is at the
        address `source` with its next packet."""
        try:
            wait_for("every session that talks is told", lambda:
                     not self.burden.alive(("talking",)), 6)
        except Exception as error:
            self.result.wrong.append(str(error))
        if silent is None:
            self.burden.talk()
        self.run(max(0, decided + (silent or 2.0) + 0.5 - now()))
        seen, _, until, excused = self.finish(since)
        told = self.burden.told(decided)
        figures, times = failed_over(seen, told, since, decided, until,
                                     excused, source)
        self.result.zero(figures)
        self._times(seen, since, until)
        self.result.within("new after", times["new after"],
                           NEW + 0.01 + self.patience)
        self.result.within("told after", times["told after"],
                           TOLD + self.patience)
        if silent:
            self.result.within("silent told", times["silent told"],
                               silent + self.patience)
        self.result.note("decided after", decided - since)
        self.result.note("outage of new connections", times["outage"])
        return seen

    def strangers(self, seen):
        """At the ISPs, in every scenario."""
        self.result.zero(seen.wrong(self.addresses))

    # all of it

    def play(self, scenario):
        """One scenario, from a good day to a good day."""
        self.result = Result(scenario.__name__.replace("_", " "),
                             self.sessions)
        try:
            scenario(self)
            self.strangers(self.burden.seen())
        finally:
            if self.burden:
                self.burden.end()
                self.burden = None
        self.results.append(self.result)
        return self.result

    def write(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as out:
            json.dump([result.json() for result in self.results], out,
                      indent=1)
            out.write("\n")

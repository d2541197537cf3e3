# SPDX-License-Identifier: GPL-2.0-or-later
"""The matrix: everything that happens to a site, under live sessions.

Owns: the steps that scenarios consist of, and how a site is put right again
after one.  What happens is scenarios.py; what is a figure, figures.py; what
must hold, result.py.
"""

import json
import os
import time

from . import accidents
from .figures import (RESET, all_told, between, outages, resumed, silent_told,
                      unharmed)
from .load import Burden, Elsewhere, Measure
from .netns import SiteError
from .processes import wait_for
from .result import NEW, TOLD, TOLD_SILENT, Result
from .topology import HOSTS, SIDES, VIRTUAL
from .traffic import now

A, B = SIDES["a"].wan, SIDES["b"].wan
RESETS_A_SECOND = 16384  # bpf/reset.h
PORTS = 36000  # of a gateway, but for what new connections take
LATE = 1.0  # an answer that is not there by then is lost


class Matrix:
    """A site, its traffic, and the scenarios that it has been through.

    patience: seconds more than the bounds, for a machine that does other
    things as well; a count that must be zero stays so."""

    def __init__(self, site, sessions, patience=0.0):
        self.site, self.sessions = site, sessions
        self.patience = patience
        # What was withheld is told with TCP's next repetition but one.
        self.paced = 2.0 * (sessions // RESETS_A_SECOND)
        self.measure = Measure(site)
        self.results = []
        self.burden, self.result = None, None
        self._reasons, self._queue = {}, 0
        self.addresses = {side.pe: {side.wan} for side in SIDES.values()}
        self.off, self.cut, self.redial = set(), (), None

    # a scenario's steps

    def gateway(self, letter):
        return self.site.gateway(letter).twinpathd

    def run(self, seconds):
        time.sleep(max(0.0, seconds))

    def selects(self, letter, exit_name, seconds=10):
        wait_for("gw-%s sends new sessions by %s" % (letter, exit_name),
                 lambda: (self.gateway(letter).status(check=False) or {})
                 .get("selector") == exit_name, seconds, 0.01)

    def master(self, name, seconds=10):
        wait_for(name + " is the VRRP master, alone",
                 lambda: self.site.masters() == [name], seconds, 0.05)

    def load(self, source, talking=True, tries=3):
        """All the traffic begins; the sessions under this address.  A port of
        which the other gateway still holds a binding goes there: the next
        ones, then."""
        self._ports_are_free()
        try:
            self.burden = Burden(self.measure, self.sessions, source, talking)
        except Elsewhere:
            self.measure.quiet()
            if tries == 1:
                raise
            return self.load(source, talking, tries - 1)
        self.burden.h2.ping("election", VIRTUAL, 100,
                            next(self.measure.identifiers))
        self.run(1.0)
        self._reasons, self._queue = self._not_forwarded(), _overrun()
        return self.burden

    def _ports_are_free(self):
        """A closed session has its port for four minutes (RFC 5382, REQ-5): many
        sessions in a few scenarios would leave none."""
        for gateway in self.site.gateways.values():
            table = os.path.join(gateway.twinpathd.pins, "bindings")
            wait_for("%s has ports for %d more" % (table, self.sessions),
                     lambda: _lines(table) + self.sessions < PORTS, 300, 1)

    def decided(self, since, *wanted):
        """When all these (gateway, what, is) were so in the data planes; of
        a "log", the end of a line."""
        def found():
            changes = self.measure.changes(since)
            times = [max((time for time, letter, what, becomes in changes
                          if (letter, what) == one[:2]
                          and becomes.endswith(one[2])), default=None)
                     for one in wanted]
            return None if None in times else max(times)
        return wait_for("the data planes are told: %s" % (wanted,), found, 15,
                        0.02)

    def power_off(self, letter):
        self.off.add(letter)
        accidents.power_off(self.site, letter)

    def power_on(self, letter):
        accidents.power_on(self.site, letter)
        self.off.discard(letter)

    def split(self, *ports):
        self.cut = ports
        accidents.split(self.site, ports)

    def join(self):
        accidents.heal(self.site, self.cut)
        self.cut = ()

    # judging

    def finish(self, since):
        """Let the last answers come: (what was seen, from when on everyone
        has asked again, until, excused)."""
        asked = now()
        self.run(self.burden.period + 0.2)
        until = now()
        self._caught_up()
        seen = self.burden.seen()
        elections = outages(seen.elections())
        self.result.note("election", max(
            (end - begin for begin, end in
             between(elections, since, until)), default=0.0))
        excused = [(begin, end + 0.02) for begin, end in elections]
        self._explain(seen, since, until)
        return seen, asked, until, excused

    def _caught_up(self, seconds=15):
        """Answers may be on the way for as long as the machine is busy."""
        self.run(LATE)
        limit = now() + seconds
        while now() < limit and any(at + length > now() - LATE for at, length
                                    in self.measure.lags()):
            self.run(LATE / 4)

    def unharmed(self, since, hosts=tuple(HOSTS), but=(), known=None):
        """These hosts were to notice nothing; `but`: figures that may be
        more than zero.  Until the other gateway was `known` to be gone, what
        is new may have been asked of it."""
        seen, asked, until, excused = self.finish(since)
        seen = seen.of(*hosts)
        if known:
            self.result.note("asked in vain", len(between(
                seen.refused(), since, known)))
            seen.known = known
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
        if during["lost"]:
            return
        self._answered(asked, ("talking",), hosts)
        asked = now()
        self.burden.talk()
        self._answered(asked, ("silent",), hosts)

    def _answered(self, asked, kinds, hosts):
        """Whoever asked since then has an answer: it works at the end."""
        self._wait("%s sessions work at the end" % kinds, lambda:
                   self.burden.works(asked, kinds, hosts), 4)

    def _wait(self, what, condition, seconds):
        try:
            wait_for(what, condition, seconds)
        except SiteError as error:
            self.result.wrong.append(str(error))

    def told(self, seen, decided, silent=TOLD_SILENT):
        """Each of these sessions got its reset, in time."""
        zero, waited = all_told(seen, self.burden.told(decided))
        self.result.zero(zero)
        self.result.within("told after", waited,
                           TOLD + self.patience + self.paced)
        if silent:
            self.result.within("silent told", silent_told(seen, decided),
                               silent + self.patience + self.paced)

    def failed_over(self, since, decided, source, hosts=tuple(HOSTS),
                    silent=TOLD_SILENT):
        """The sessions' uplink died: everyone is told; the rest is at the
        address `source` with its next packet.  Without a bound for the
        silent ones they have to speak before they are told."""
        self._wait("every session that talks is told", lambda:
                   not self.burden.alive(("talking",), hosts),
                   6 + 2 * self.paced)
        if silent is None:
            self.burden.talk()
        self.run(decided + TOLD_SILENT + 0.5 + self.paced - now())
        seen, _, until, excused = self.finish(since)
        seen = seen.of(*hosts)
        self.told(seen, decided, silent)
        zero, new, outage = resumed(seen, since, decided, until, excused,
                                    source)
        self.result.zero(zero)
        self.result.within("new after", new, NEW + self.patience)
        self.result.note("decided after", decided - since)
        self.result.note("outage", outage)

    def went_on(self, since, *hosts):
        """Whatever these hosts have now, they lost nothing since then; and
        who has nothing was told."""
        seen, _, until, excused = self.finish(since)
        seen = seen.of(*hosts)
        self.result.zero({
            "hung": seen.hung(until),
            "not by a reset": sum(not one.alive() and one.error != RESET
                                  for one in seen.sessions),
            "lost afterwards": sum(one.ended >= since
                                   for one in seen.sessions)})
        self.result.note("told until then", sum(
            not one.alive() for one in seen.sessions))
        self.result.zero({
            "%s afterwards" % figure: len(between(times, since, until,
                                                  excused))
            for figure, times in (("udp lost", seen.datagrams_lost()),
                                  ("pings lost", seen.pings_lost()),
                                  ("refused", seen.refused()))})

    def _not_forwarded(self):
        """{gateway hook reason: packets} of all that was not forwarded."""
        return {"gw-%s %s %s" % (letter, line["hook"], line["reason"]):
                line["packets"] for letter in SIDES
                for line in self.gateway(letter).ask("reasons", check=False)
                or () if line["fate"] != "forwarded"}

    def _explain(self, seen, since, until):
        """What was not as usual, and when."""
        times = [("refused", seen.refused()),
                 ("machine late", [at for at, _ in seen.lags])]
        for host in HOSTS:
            one = seen.of(host)
            times += [("stalled of " + host, one.stalls()),
                      ("udp lost of " + host, one.datagrams_lost()),
                      ("udp moved of " + host,
                       one.datagrams_moved(seen.source)),
                      ("pings lost of " + host, one.pings_lost())]
        for error in {one.error for one in seen.sessions} - {"", RESET}:
            times.append(("sessions ended by " + error,
                          [one.ended for one in seen.sessions
                           if one.error == error]))
        for what, moments in times:
            found = sorted(between(moments, since, until))
            if found:
                self.result.notes.append("%s: %d from %.3f s to %.3f s" % (
                    what, len(found), found[0] - since, found[-1] - since))
        if _overrun() > self._queue:
            self.result.notes.append(
                "the machine's own queues lost %d packets, of all namespaces"
                % (_overrun() - self._queue))
        self.result.notes.append("not forwarded: " + ", ".join(
            "%s %d" % (name, count - self._reasons.get(name, 0))
            for name, count in sorted(self._not_forwarded().items())
            if count > self._reasons.get(name, 0)))

    def flipped(self, since):
        """From the first SYN after each change of the selector to the first
        answer of one: the slowest."""
        handshakes = self.burden.seen().new()
        waited = []
        for at, _, what, _ in self.measure.changes(since):
            late = [row for row in handshakes if row[0] >= at]
            if what == "selector" and late:
                waited.append(min((answer for _, answer in late if answer),
                                  default=now()) - late[0][0])
        self.result.within("new after", max(waited, default=None),
                           NEW + self.patience)

    def forget(self, letter, *addresses):
        """This gateway has never sent anything to these."""
        gateway = self.site.netns(SIDES[letter].gateway)
        for address in addresses:
            gateway.run(["ip", "neigh", "del", address, "dev", "eth0"],
                        check=False)

    # all of it

    def play(self, scenario):
        """One scenario, from a good day to a good day."""
        self.result = Result(scenario.__name__.replace("_", " "),
                             self.sessions)
        try:
            scenario(self)
            self.result.zero(self.burden.seen().wrong(self.addresses))
        finally:
            if self.burden:
                self.burden.end()
                self.burden = None
            self._put_right()
        self.results.append(self.result)
        return self.result

    def _put_right(self):
        """Whatever a scenario left: all of the site works again."""
        if self.cut:
            self.join()
        if self.redial:
            self.redial.undo()
            self.redial = None
        for letter in sorted(self.off):
            self.power_on(letter)
        for letter, gateway in self.site.gateways.items():
            self.site.isp(letter).heal()
            if not self.site.processes.pid(gateway.twinpathd.name):
                gateway.twinpathd.start()
            if not self.site.processes.pid(gateway.keepalived.name):
                self.site.start_keepalived(gateway)
            gateway.twinpathd.wait_ready()
            gateway.twinpathd.flip("auto")
        self.settled()

    def settled(self, seconds=40):
        """As it is when nothing is wrong."""
        for letter, exit_name in (("a", "isp-a"), ("b", "partner")):
            self.selects(letter, exit_name, seconds)
        for letter in SIDES:
            wait_for("isp-%s is up, and gw-%s sees the other's marker"
                     % (letter, letter), lambda: self._good(letter), seconds)
        self.master("gw-a", seconds)
        # gw-b may have announced one before gw-a did.  Until that is withdrawn
        # OSPF would hold back its next one (RFC 2328, MinLSInterval).
        wait_for("gw-b's default is not there any more",
                 lambda: not self._foreign_default(), seconds, 0.1)
        for host in HOSTS:
            wait_for(host + " reaches the server",
                     lambda: self.site.ping(host), seconds)

    def _foreign_default(self):
        """A default that gw-a has learned."""
        return [route for route in self.site.netns("gw-a").run(
            ["ip", "-o", "route", "show", "default"]).stdout.splitlines()
                if "dev eth0" in route]

    def _good(self, letter):
        status = self.gateway(letter).status(check=False)
        return status and status["uplinks"][0]["state"] == "up" \
            and status["partner"]["marker"]

    def write(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as out:
            json.dump([result.json() for result in self.results], out,
                      indent=1)
            out.write("\n")


def _lines(path):
    if not os.path.exists(path):
        return 0  # that gateway is without power
    with open(path, encoding="ascii") as text:
        return sum(1 for _ in text)


def _overrun():
    """Packets that found a CPU's backlog full, since the machine runs."""
    with open("/proc/net/softnet_stat", encoding="ascii") as text:
        return sum(int(line.split()[1], 16) for line in text)

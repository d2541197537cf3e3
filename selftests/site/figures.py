# SPDX-License-Identifier: GPL-2.0-or-later
"""From what the tools saw to the figures of a scenario.

Owns: what counts as lost, hung, stalled, twice, moved.  Pure: it asks nobody.
"""

HUNG = 1.0  # seconds without an answer, of a session that lives
STALL = 0.2  # the least time TCP waits before it repeats
PATIENCE = 0.25  # of who connects
AROUND = 0.3  # seconds in which a late tool's figures are of no use
RESET = "Connection reset by peer"


class Session:
    """One TCP session at its end."""

    def __init__(self, host, kind, row):
        self.host, self.kind = host, kind
        (self.name, self.port, self.source, self.sent, self.answered,
         self.waits_since, self.ended, self.error) = row

    def alive(self):
        return not self.ended


class Seen:
    """What was seen of a scenario's traffic.

    sources: {host: {address: sessions that an ISP saw under it}};
    handshakes: {host: [(SYN, its answer or 0)]}, as a capture saw them;
    lags: [(when, how long)] a tool came late, because the machine was busy."""

    def __init__(self, source, reports, wires, sources, server, handshakes,
                 lags):
        self.source, self.reports, self.lags = source, reports, lags
        self.handshakes = handshakes
        self.wires, self.sources, self.server = wires, sources, server
        self.known = None  # since then nobody is asked who is gone
        self.sessions = [
            Session(host, kind, row) for host, report in reports.items()
            for kind in ("talking", "silent") if kind in report
            for row in report[kind]["sessions"]]

    def of(self, *hosts):
        """The same of some hosts alone."""
        def only(seen):
            return {host: seen[host] for host in hosts if host in seen}
        return Seen(self.source, only(self.reports), self.wires,
                    only(self.sources), self.server,
                    only(self.handshakes), self.lags)

    # each as a list of times

    def stalls(self, host=None):
        """When requests were sent that were answered late, or not yet."""
        times = [sent for name, report in self.reports.items()
                 for kind in ("talking", "silent") if kind in report
                 for _, sent, _ in report[kind]["stalls"]
                 if host in (None, name)]
        return times + [one.waits_since for one in self.sessions
                        if one.alive() and one.waits_since
                        and host in (None, one.host)]

    def datagrams(self):
        """(host, stream, sent, answered, answers, source) of each."""
        for host, report in self.reports.items():
            for row in report.get("streams", {}).get("datagrams", ()):
                yield (host, *row)

    def datagrams_lost(self, host=None):
        return [row[2] for row in self.datagrams() if not row[4]
                and host in (None, row[0])]

    def datagrams_moved(self, source):
        return [row[2] for row in self.datagrams()
                if row[4] and row[5] != source]

    def pings(self):
        """(sent, answered, answers, host) of each."""
        for host, report in self.reports.items():
            for row in report.get("pings", {}).get("echoes", ()):
                yield (*row, host)

    def pings_lost(self, host=None):
        return [sent for sent, _, answers, source in self.pings()
                if not answers and host in (None, source)]

    def elections(self):
        """(sent, answered or not) of pings to the hosts' gateway, which no
        NAT has a part in."""
        return [(sent, bool(answers)) for sent, _, answers in
                self.reports["h2"].get("election", {}).get("echoes", ())]

    def new(self):
        """(SYN, its answer or 0) of each new connection, in their order."""
        return sorted(tuple(row) for rows in self.handshakes.values()
                      for row in rows)

    def refused(self):
        """When those began that were not answered in time."""
        return [syn for syn, answer in self.new()
                if not 0 <= answer - syn <= PATIENCE]

    # counts

    def resets_forged(self):
        """Resets that left the site and that no host had sent."""
        left = sum(len(wire["resets"]) for name, wire in self.wires.items()
                   if name.startswith("pe-"))
        sent = sum(wire["resets_sent"] for name, wire in self.wires.items()
                   if not name.startswith("pe-"))
        return max(0, left - sent)

    def hung(self, until):
        return sum(one.alive() and 0 < one.waits_since < until - HUNG
                   for one in self.sessions)

    def twice(self):
        """Datagrams and pings that came twice, here or at the server."""
        return sum(row[4] - 1 for row in self.datagrams() if row[4]) + sum(
            answers - 1 for _, _, answers, _ in self.pings() if answers) + sum(
                twice for _, twice in self.server["udp"].values())

    def elsewhere(self):
        """Sessions that an ISP saw under another address than at first."""
        return sum(count for seen in self.sources.values()
                   for source, count in seen.items()
                   if source != self.source)

    def wrong(self, allowed):
        """Packets at the ISPs: not from the gateway's own address, or with a
        wrong checksum; and what a capture missed."""
        strangers = bad = dropped = 0
        for name, wire in self.wires.items():
            bad += wire["bad"]
            dropped += wire["dropped"]
            if name in allowed:
                strangers += sum(
                    count for source, count in wire["incoming"].items()
                    if source not in allowed[name])
        return {"untranslated": strangers, "bad sums": bad,
                "not captured": dropped}


def between(times, since, until, excused=()):
    """Those of that time which no excuse covers; of times, or of pairs that
    begin with one."""
    def when(item):
        return item[0] if isinstance(item, tuple) else item
    return [item for item in times if since <= when(item) < until
            and not any(begin <= when(item) <= end
                        for begin, end in excused)]


def outages(pings):
    """[(begin, end)] of the times in which pings were not answered: from the
    last that was to the next that was."""
    found, last, missing = [], None, False
    for sent, answered in pings:
        if answered:
            if missing:
                found.append((last if last is not None else sent, sent))
            last, missing = sent, False
        else:
            missing = True
    if missing:
        found.append((last or pings[0][0], pings[-1][0]))
    return found


def unharmed(seen, since, until, excused=()):
    """Everything that must be zero where nobody is to notice anything.  A
    machine that is busy makes an answer late, but it loses nothing."""
    late = list(excused) + [(at - AROUND, at + length + AROUND)
                            for at, length in seen.lags]

    def count(times, excuses=excused):
        return len(between(times, since, until, excuses))
    return {
        "lost": sum(not one.alive() for one in seen.sessions),
        "hung": seen.hung(until),
        "stalled": count(seen.stalls(), late),
        "moved": seen.elsewhere(),
        "udp lost": count(seen.datagrams_lost()),
        "udp moved": count(seen.datagrams_moved(seen.source)),
        "pings lost": count(seen.pings_lost()),
        "twice": seen.twice(),
        "refused": count([syn for syn in seen.refused()
                          if syn >= (seen.known or since)]),
        "resets forged": seen.resets_forged(),
    }


def all_told(seen, told):
    """Every session ended, by a reset; and how long each waited for it, from
    its first packet after the decision, or from the one before if the reset
    came first."""
    zero = {
        "hung": sum(one.alive() for one in seen.sessions),
        "not by a reset": sum(not one.alive() and one.error != RESET
                              for one in seen.sessions),
    }
    waited = []
    for one in seen.sessions:
        reset, first, newest = told.get((one.host, one.port), (0, 0, 0))
        if one.kind == "talking" and newest:
            waited.append(reset - (first or newest))
    return zero, max(waited, default=None)


def silent_told(seen, decided):
    """When the last session that only receives was told; None: not all."""
    silent = [one for one in seen.sessions if one.kind == "silent"]
    if any(one.alive() for one in silent):
        return None
    return max((one.ended - decided for one in silent), default=0.0)


def resumed(seen, since, decided, until, excused, source):
    """All else goes on at another address with its next packet: what must be
    zero; from the first SYN after the decision to the first answer; for how
    long no new connection worked."""
    before = [answer for _, answer in seen.new()
              if since - 1 < answer < decided]
    late = [row for row in seen.new() if row[0] >= decided]
    works = min((answer for _, answer in late if answer), default=None)
    zero = {
        "udp lost": len(between(seen.datagrams_lost(), decided, until,
                                excused)),
        "udp elsewhere": len([row for row in seen.datagrams()
                              if row[4] and decided <= row[2] < until
                              and row[5] != source]),
        "twice": seen.twice(),
        "refused": len(between(seen.refused(), decided + 0.01, until,
                               excused)),
        "resets forged": seen.resets_forged(),
    }
    if works is None:
        return zero, None, None
    return zero, works - late[0][0], works - max(before, default=since)

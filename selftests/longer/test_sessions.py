# SPDX-License-Identifier: GPL-2.0-or-later
"""Live sessions while the site moves: nothing is lost; the dead are told.

Hundreds of TCP sessions (TWINPATH_SESSIONS says how many), half of them to a
server behind a stateful firewall, where a session that changed its address
would hang for ever; UDP streams with numbers; pings from behind an inner
router; new connections.  Each is followed at the host and at both ISPs.
"""
import contextlib
import itertools
import os

import pytest

from conftest import (ECHO, Traffic, served, settled, site_of, uplink)
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.sessions import Conversations, Streams, Tap
from selftests.site.topology import SERVER, SIDES, VIRTUAL
from selftests.site.traffic import Pings, Prober, now

A, B = SIDES["a"].wan, SIDES["b"].wan
COUNT = int(os.environ.get("TWINPATH_SESSIONS", "300"))
SILENT = COUNT // 10
GUARDED = 9  # the port behind the firewall
TIMERS = Timers(delay_up=1.0)
DETECTION = TIMERS.detection() + 0.1
TOLD = 0.05  # after the host's next packet
TOLD_SILENT = 2.0  # a host that only receives
LATE = 0.4  # an answer that is not there by then is lost
# No port twice in a whole run: a connection from a port whose last session is
# only just closing belongs where that was (docs/ownership.md, 3).
PORTS = itertools.count(5000)
RESET = "Connection reset by peer"
ZERO = dict.fromkeys(("lost", "hung", "stalled", "moved", "udp lost",
                      "udp twice", "udp moved", "pings lost", "refused",
                      "resets outside"), 0)
# A segment in the middle of a connection that the server's side does not
# know is dropped there without a word.
FIREWALL = """table inet guard {
    chain input {
        type filter hook input priority 0;
        tcp dport %d jump guarded
    }
    chain guarded {
        ct state established accept
        ct state new tcp flags & (fin | syn | rst | ack) == syn accept
        drop
    }
}
""" % GUARDED


class Watch:
    """Captures and servers, for the whole module."""

    def __init__(self, site):
        self.site, self.workers = site, Traffic()
        self.taps = {}

    def begin(self):
        """When the cables are there: before a gateway can say anything."""
        core = self.site.netns("core")
        core.nft(FIREWALL)
        self.workers.begin(Server(core, SERVER, GUARDED))
        for side in SIDES.values():
            self.taps[side.letter] = self.workers.begin(
                Tap(self.site.netns(side.pe), "eth0"))
        self.hosts = {name: self.workers.begin(
            Tap(self.site.netns(name), "eth0")) for name in ("h1", "h2")}

    def seen_as(self, name):
        """All public addresses that a conversation had at the ISPs."""
        return {source for tap in self.taps.values()
                for _, source in list(tap.addresses.get(name, ()))}

    def resets(self):
        return sum(sum(tap.reset_sources.values())
                   for tap in self.taps.values())


@pytest.fixture(scope="module")
def site():
    with site_of(timers=TIMERS) as made:
        made.watch = Watch(made)
        try:
            made.up(made.watch.begin)
            settled(made)
            with served(made):
                yield made
        finally:
            made.watch.workers.end()


@pytest.fixture(autouse=True)
def good_day(site, traffic):
    """Each test begins and ends with gw-a on ISP A, and no wish."""
    yield
    traffic.end()
    site.isp("a").heal()
    for letter in SIDES:
        gateway(site, letter).flip("auto")
    settled(site)


def gateway(site, letter):
    return site.gateway(letter).twinpathd


def selects(site, letter, exit_name, seconds=10):
    wait_for("gw-%s sends new sessions by %s" % (letter, exit_name),
             lambda: gateway(site, letter).selector() == exit_name, seconds,
             0.01)


class Load:
    """All that h1, h2 and h3 do; `source`: at which address it began."""

    def __init__(self, site, traffic, source, silent=0):
        self.site, self.traffic, self.source = site, traffic, source
        self.watch = site.watch
        self.groups = [
            traffic.begin(Conversations(site.netns(host), SERVER, port,
                                        COUNT // 2, ports=PORTS))
            for host, port in (("h1", ECHO), ("h2", GUARDED))]
        self.silent = traffic.begin(Conversations(
            site.netns("h1"), SERVER, GUARDED, silent, talking=False,
            ports=PORTS)) \
            if silent else None
        self.streams = traffic.begin(Streams(site.netns("h1"), SERVER, ECHO,
                                             ports=PORTS))
        self.pings = traffic.begin(Pings(site.netns("h3"), SERVER, 0.02))
        self.prober = traffic.begin(Prober(site.netns("h2"), SERVER, ECHO,
                                           ports=PORTS))
        wait_for("every conversation has an answer", lambda: all(
            one.answered() for one in self.talking()), 5)
        assert {one.source for one in self.all()} == {source}
        assert self.streams.moved(0, now(), source) == []
        self.resets = self.watch.resets()

    def talking(self):
        return [one for group in self.groups for one in group.all]

    def all(self):
        return self.talking() + (self.silent.all if self.silent else [])

    def first(self, source, since, seconds=10):
        """The first new connection there."""
        return wait_for("new connections go by " + source,
                        lambda: self.prober.first(source, since), seconds,
                        0.005)

    def figures(self, since, until, excused):
        """Everything of that time that should be zero."""
        def counts(moments):
            return sum(not any(begin <= moment <= end
                               for begin, end in excused)
                       for moment in moments)
        return {
            "lost": sum(not one.alive() for one in self.all()),
            "hung": sum(len(group.hung(until - 1)) for group in self.groups),
            "stalled": counts(sent for group in self.groups for sent, _ in
                              group.stalled(since, until)),
            "moved": sum(self.watch.seen_as(one.name) != {self.source}
                         for one in self.talking()),
            "udp lost": counts(self.streams.lost(since, until)),
            "udp twice": self.streams.twice(),
            "udp moved": len(self.streams.moved(since, until, self.source)),
            "pings lost": counts(self.pings.sent[n] for n in
                                 self.pings.lost(since, until)),
            "refused": counts(t.began for t in
                              self.prober.failed(since, until)),
            "resets outside": self.watch.resets() - self.resets,
        }

    def unharmed(self, since, excused=()):
        """Nothing of all this was hurt, `excused` times apart; and all of
        it still works."""
        asked = self.traffic.run(1.2)  # everyone has its turn
        until = now()
        self.traffic.run(LATE)
        figures = self.figures(since, until, excused)
        if figures != ZERO:
            self.explain(since, until)
        assert figures == ZERO
        assert sum(group.answered_since(asked) for group in self.groups) \
            == len(self.talking())
        if self.silent:
            self.silent.talk()
            wait_for("the silent ones are answered too", lambda: self.silent
                     .answered_since(asked) == len(self.silent.all), 3)

    def explain(self, since, until):
        """What was not zero, with times since the beginning."""
        for stream in self.streams.moved(since, until, self.source):
            print("UDP from port %d was seen: %s" % (
                stream.sock.getsockname()[1], ", ".join(
                    "%s at %.2f s" % (source, moment - since)
                    for moment, source in stream.changes())))
        for what, moments in (
                ("stalled (sent)", [sent for group in self.groups for sent, _
                                    in group.stalled(since, until)]),
                ("datagrams lost", self.streams.lost(since, until)),
                ("pings lost", [self.pings.sent[n] for n in
                                self.pings.lost(since, until)]),
                ("refused", [t.began for t in
                             self.prober.failed(since, until)])):
            print("%s: %s" % (what, ", ".join(
                "%.2f s" % (moment - since) for moment in moments[:20])))

    def new_ones_at(self, source, since):
        seen = {t.source for t in self.prober.since(since) if t.ok()}
        assert seen == {source}

    def told(self, decided):
        """Every session was reset within its time; the longest times."""
        wait_for("every conversation is told", lambda: not any(
            one.alive() for one in self.all()), 4)
        assert {one.error for one in self.all()} == {RESET}
        times = [(self.watch.hosts[host].told_after(one.port, decided), one)
                 for host, group in zip(("h1", "h2"), self.groups)
                 for one in group.all]
        assert [one.port for time, one in times if time is None] == []
        assert ["told at %.3f s, %.3f s after its packet"
                % (one.ended - decided, time)
                for time, one in times if time > TOLD] == []
        if self.silent:
            assert max(one.ended for one in self.silent.all) - decided \
                <= TOLD_SILENT
        return max(time for time, _ in times)


def on_b(site, traffic, **options):
    """Traffic by ISP B, because ISP A is black."""
    site.isp("a").black()
    selects(site, "a", "partner")
    selects(site, "b", "isp-b")
    return Load(site, traffic, B, **options)


def flipped_to_b(site, traffic, **options):
    gateway(site, "a").flip("partner")
    selects(site, "b", "isp-b")
    return Load(site, traffic, B, **options)


# ---- nothing is lost ---------------------------------------------------------

def test_failback(site, traffic):
    load = on_b(site, traffic, silent=SILENT)
    began = now()
    site.isp("a").heal()
    first = load.first(A, began)
    selects(site, "b", "partner")
    wait_for("gw-a is the VRRP master", lambda: site.masters() == ["gw-a"],
             10)
    load.unharmed(began)
    load.new_ones_at(A, first.ended + 0.1)


@pytest.mark.parametrize("where, there", [("a", "partner"), ("b", "isp-b")])
def test_flip_there_and_back_twice(site, traffic, where, there):
    """From either gateway; the other one is told by the heartbeat."""
    load = Load(site, traffic, A, silent=SILENT)
    began = now()
    for _ in range(2):
        for to, source in ((there, B), ("auto", A)):
            flipped = now()
            gateway(site, where).flip(to)
            first = load.first(source, flipped)
            traffic.run(1)
            load.new_ones_at(source, first.ended + 0.1)
    load.unharmed(began)


@contextlib.contextmanager
def election(site, traffic):
    """The times in which nobody was the hosts' gateway: pings to the virtual
    address, which no NAT has a part in, are not answered then."""
    pings = traffic.begin(Pings(site.netns("h2"), VIRTUAL, 0.01))
    traffic.run(0.2)
    began, gaps = now(), []
    yield gaps
    traffic.run(0.5)
    for n in pings.lost(began, now() - LATE):
        gaps.append((pings.sent[n - 1], pings.sent[n] + 0.02))


def test_vrrp_moves_in_each_direction(site, traffic):
    """Hosts send to the gateway that does not own their sessions."""
    load = Load(site, traffic, A, silent=SILENT)
    keepalived = site.gateway("a").keepalived
    began = now()
    with election(site, traffic) as gaps:
        site.processes.signal(keepalived.name, 15)
        wait_for("gw-b is the VRRP master", lambda: site.masters()
                 == ["gw-b"], 5)
        traffic.run(2)
        keepalived.start(SIDES["a"], gateway(site, "a").track_file,
                         TIMERS.advert)
        wait_for("gw-a is the VRRP master", lambda: site.masters()
                 == ["gw-a"], 8)
        traffic.run(1)
    load.unharmed(began, gaps)
    load.new_ones_at(A, began)


def test_daemons_die_and_the_next_ones_fail_back(site, traffic):
    """Both killed; ISP A returns unseen; what they left goes on."""
    load = on_b(site, traffic, silent=SILENT)
    began = now()
    for letter in SIDES:
        gateway(site, letter).kill()
    site.isp("a").heal()
    traffic.run(2.5)
    load.new_ones_at(B, began)
    for letter in SIDES:
        gateway(site, letter).start()
    for letter in SIDES:
        gateway(site, letter).wait_ready()
    first = load.first(A, began)
    load.unharmed(began)
    load.new_ones_at(A, first.ended + 0.1)


def test_daemon_of_the_owner_restarts(site, traffic):
    """gw-b owns everything; its daemon ends, in each way, and is back."""
    load = flipped_to_b(site, traffic, silent=SILENT)
    began = now()
    for end in (gateway(site, "b").stop, gateway(site, "b").kill):
        end()
        traffic.run(1.5)  # longer than its leases
        gateway(site, "b").start()
        gateway(site, "b").wait_ready()
        traffic.run(0.5)
    load.unharmed(began)
    load.new_ones_at(B, began)


def test_probe_target_dead_while_the_path_lives(site, traffic):
    load = Load(site, traffic, A, silent=SILENT)
    began = now()
    site.isp("a").target_dead()
    wait_for("isp-a is to be avoided", lambda: uplink(
        gateway(site, "a"))["state"] == "avoid", 5, 0.01)
    load.first(B, began)
    traffic.run(2)
    assert uplink(gateway(site, "a"))["state"] == "avoid"
    healed = now()
    site.isp("a").heal()
    load.first(A, healed)
    load.unharmed(began)


# ---- an uplink dies ----------------------------------------------------------

def fail_over(site, traffic, fail):
    load = Load(site, traffic, A, silent=SILENT)
    traffic.run(1)
    began = now()
    fail()
    first = load.first(B, began)
    outage = first.ended - load.prober.last_before(first).ended
    assert outage <= DETECTION
    longest = load.told(first.ended)
    traffic.run(1)
    until = now()
    traffic.run(LATE)
    # UDP is there with its next packet; new connections work.
    assert load.streams.lost(first.ended, until) == []
    assert load.streams.moved(first.ended, until, B) == []
    assert load.streams.twice() == 0
    assert load.prober.failed(first.ended, until) == []
    assert load.watch.resets() == load.resets
    print("outage of new connections %.0f ms; sessions told within %.0f ms"
          % (1000 * outage, 1000 * longest))


def test_black_hole(site, traffic):
    fail_over(site, traffic, site.isp("a").black)


def test_link_down(site, traffic):
    fail_over(site, traffic, site.isp("a").link_down)


def test_same_address_back(site, traffic):
    """The link flaps; who said nothing meanwhile has lost nothing."""
    silent = traffic.begin(Conversations(site.netns("h1"), SERVER, GUARDED,
                                         COUNT, talking=False,
                                         ports=PORTS))
    assert {one.source for one in silent.all} == {A}
    site.isp("a").link_down()
    selects(site, "a", "partner")
    site.isp("a").link_up()
    selects(site, "a", "isp-a")
    asked = now()
    silent.talk()
    wait_for("every one has its turn", lambda: all(
        one.sent or not one.alive() for one in silent.all), 3)
    traffic.run(LATE)
    assert len(silent.alive()) == COUNT
    assert silent.answered_since(asked) == COUNT


# ---- at the end --------------------------------------------------------------

def test_nothing_strange_was_seen(site):
    """Of all the above: at the ISPs and at the hosts."""
    site.watch.workers.end()
    for side in SIDES.values():
        tap = site.watch.taps[side.letter]
        assert tap.packets() > 1000
        assert tap.strangers({side.wan}) == {}
    for tap in [*site.watch.taps.values(), *site.watch.hosts.values()]:
        assert tap.dropped == 0
        assert (tap.bad_count, tap.bad) == (0, [])

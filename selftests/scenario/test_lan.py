# SPDX-License-Identifier: GPL-2.0-or-later
"""The LAN between the gateways: frames are lost one way, or it falls apart with
hosts on both sides, and is whole again.
"""
import itertools
import json

import pytest

from conftest import ECHO, log_of, served, settled, site_of
from selftests.site.accidents import heal, split
from selftests.site.daemons import Timers
from selftests.site.netns import run
from selftests.site.processes import wait_for
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import Datagrams, Prober, Sessions, now

A, B = SIDES["a"].wan, SIDES["b"].wan
TIMERS = Timers(delay_up=0.3)
PORTS = itertools.count(5000)
COUNT = 10
OTHER_SIDE = ("gw-b", "h2")
RESET = "Connection reset by peer"


@pytest.fixture(scope="module")
def site():
    with site_of(timers=TIMERS) as made:
        made.up()
        settled(made)
        with served(made):
            yield made


@pytest.fixture(autouse=True)
def good_day(site):
    yield
    settled(site, 40)


def status(site, letter):
    return site.gateway(letter).twinpathd.status()["partner"]


class Load:
    """Of one host: TCP sessions, datagrams, new connections."""

    def __init__(self, site, traffic, host):
        netns = site.netns(host)
        self.traffic = traffic
        self.sessions = traffic.begin(Sessions(netns, SERVER, ECHO, COUNT))
        self.udp = traffic.begin(Datagrams(netns, SERVER, ECHO))
        self.prober = traffic.begin(Prober(netns, SERVER, ECHO, ports=PORTS))
        wait_for("datagrams are answered", lambda: self.udp.seen_as(0), 5)
        assert {s.source for s in self.sessions.sessions} == {A}
        self.began = now()

    def unharmed(self, until, lost, known):
        """Since the partner was lost, but for what was being asked about until
        that was known; and for one turn more, if it was silent till then and
        speaks now, as one that boots does."""
        settled_by = known + 0.2
        assert self.sessions.longest_gap(self.began, until) < 1
        assert self.udp.lost(self.began, known - 0.1) == []
        assert len(self.udp.lost(known - 0.1, settled_by)) <= 25
        assert self.udp.lost(settled_by, until) == []
        assert self.prober.failed(self.began, lost - 0.3) == []
        assert self.prober.failed(settled_by, until) == []


def known(site, letter):
    """From now on this gateway binds without asking."""
    wait_for("gw-%s has no answers" % letter, lambda: status(
        site, letter)["data_plane"]["state"] != "alive", 5, 0.01)
    return now()


def deaf(site, letter, drop):
    """Unicast frames to this gateway's own MAC are lost on the switch."""
    gateway = site.netns(SIDES[letter].gateway)
    mac = json.loads(run(["ip", "-n", gateway.full, "-j", "link", "show",
                          "eth0"]).stdout)[0]["address"]
    text = "table netdev deaf\ndelete table netdev deaf\n"
    if drop:
        other = "gw-a" if letter == "b" else "gw-b"
        text += ("table netdev deaf {\nchain in {\ntype filter hook ingress "
                 "device \"%s\" priority 0;\nether daddr %s drop\n}\n}\n"
                 % (other, mac))
    site.netns("lan").nft(text)


@pytest.mark.parametrize("letter", ["a", "b"])
def test_lost_one_way(site, traffic, letter):
    """gw-a goes on serving all that it serves, whichever way is lost; both say
    so, and find each other again."""
    load = Load(site, traffic, "h1")
    begins = {side: len(log_of(site, side)) for side in SIDES}
    heard = "b" if letter == "a" else "a"  # the one whom nobody hears
    lost = now()
    deaf(site, letter, True)
    try:
        asks_not = known(site, "a")
        for side in SIDES:
            wait_for("gw-%s holds the other for gone" % side, lambda: status(
                site, side)["data_plane"]["state"] == "gone", 5, 0.05)
        wait_for("it is said which way", lambda: "is heard, but does not "
                 "hear this gateway" in log_of(site, heard)[begins[heard]:],
                 10)
        wait_for("and at the other side", lambda: "the partner is not heard"
                 in log_of(site, letter)[begins[letter]:], 5)
        assert not status(site, heard)["heartbeat"]["two_way"]
        assert not status(site, "a")["quiet"]
        load.traffic.run(1)
    finally:
        deaf(site, letter, False)
    for side in SIDES:
        wait_for("gw-%s is answered again" % side, lambda: status(
            site, side)["data_plane"]["state"] == "alive", 5, 0.05)
        wait_for("they hear each other", lambda: status(site, side)[
            "heartbeat"]["two_way"], 5, 0.05)
    wait_for("gw-b need not be asked", lambda: status(site, "a")["quiet"], 10)
    load.traffic.run(0.5)
    assert load.sessions.alive() == COUNT
    load.unharmed(now() - 0.4, lost, asks_not)
    # It holds on to its own exit until the other one answers.
    # (Its kernel may lose the other's MAC once more, by ARP that was lost.)
    held, _, freed = log_of(site, "b")[begins["b"]:].partition(
        "-> alive, because it answers")
    assert "selector: isp-b -> partner" not in held
    assert "selector: isp-b -> partner" in freed


def test_split_and_heal(site, traffic):
    """S17: each side serves its hosts by its own uplink; h1 never notices.
    The sessions of h2 are gw-a's, which it cannot reach: they are told, and
    what it opens then is gw-b's, and stays so when the LAN is whole again."""
    near, far = Load(site, traffic, "h1"), Load(site, traffic, "h2")
    began = now()
    split(site, OTHER_SIDE)
    try:
        asks_not = known(site, "a")
        wait_for("gw-b is a master on its side",
                 lambda: "gw-b" in site.masters(), 10, 0.05)
        wait_for("h2 is served by gw-b",
                 lambda: far.prober.first(B, began), 10, 0.02)
        wait_for("the sessions of h2 are told",
                 lambda: far.sessions.alive() == 0, 10, 0.05)
        assert {s.error for s in far.sessions.sessions} == {RESET}
        assert B in far.udp.seen_as(now() - 0.5)
        later = traffic.begin(Sessions(site.netns("h2"), SERVER, ECHO, COUNT))
        assert {s.source for s in later.sessions} == {B}
        far.traffic.run(1)
        assert near.sessions.alive() == COUNT
    finally:
        heal(site, OTHER_SIDE)
    healed = now()
    settled(site, 40)
    near.traffic.run(0.5)  # for the last answers
    near.unharmed(healed - 0.2, began, asks_not)
    wait_for("h2 opens new sessions by gw-a",
             lambda: far.prober.first(A, healed), 10, 0.02)
    far.traffic.run(1)
    assert later.alive() == COUNT
    assert later.answered_since(now() - 0.5) == COUNT
    # Until gw-b knows that gw-a is back, what VRRP has left with it is told
    # (docs/ownership.md, lost all the same): an instant, and once.
    ended = [s.answers[-1] for s in near.sessions.sessions if not s.alive()]
    assert not ended or max(ended) < healed + 0.2
    assert near.prober.failed(healed + 0.5, now() - 0.4) == []
    assert near.udp.lost(healed + 0.5, now() - 0.4) == []

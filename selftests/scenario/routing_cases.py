# SPDX-License-Identifier: GPL-2.0-or-later
"""What a routing daemon makes of our routes, and we of its: announce, floating
backup, the partner learned, equal routes to two gateways, routes that vanish
without a word, an uplink switched off and on, thieves, daemons that die on either
side, the pace of announcing.

A module that imports these and the fixture has a ROUTING, Frr or Bird, SLACK: how
long its OSPF may need for a change, in seconds, and GROUP: the words of a route
with two next hops.
"""
import signal
from datetime import datetime

import pytest

from conftest import ECHO, log_of, served, settled, site_of
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import Prober, now

A, B = SIDES["a"], SIDES["b"]
PACE = 5
FLOATING = 250 << 24 | 10
INNER = "192.168.0.30"


@pytest.fixture(scope="module", name="site")
def routing_site(request):
    """With next hops that routes do not repeat, where there are next-hop
    objects: a route then says "nhid" and no more."""
    with site_of(timers=Timers(delay_up=0.3),
                 routing=request.module.ROUTING) as made:
        made.slack, made.group = request.module.SLACK, request.module.GROUP

        def watch():
            for name in ("gw-a", "gw-b", "ir"):
                made.netns(name).sysctl(
                    {"net.ipv4.nexthop_compat_mode": 0})
        made.up(watch)
        settled(made)
        with served(made):
            yield made


@pytest.fixture(name="prober")
def a_prober(site, traffic):
    """New connections of h1's, fifty a second; those that failed."""
    prober = traffic.begin(Prober(site.netns("h1"), SERVER, ECHO))
    traffic.run(0.3)
    return prober


def defaults(site, name):
    """Routes of its main table, each with what its next-hop object says."""
    netns = site.netns(name)
    lines = netns.run(["ip", "-o", "route", "show",
                       "default"]).stdout.splitlines()
    return [line + nexthops(netns, line) for line in lines]


def nexthops(netns, line):
    words = line.split()
    if "nhid" not in words:
        return ""
    shown = netns.run(["ip", "nexthop", "get", "id",
                       words[words.index("nhid") + 1]], check=False).stdout
    for member in shown.partition("group ")[2].partition(" ")[0].split("/"):
        if member:
            shown += netns.run(["ip", "nexthop", "get", "id",
                                member.partition(",")[0]],
                               check=False).stdout
    return " " + " ".join(shown.split())


def inner_uses(site, *sides, seconds=None):
    """Wait until the inner router has just these gateways."""
    def so():
        text = "\n".join(defaults(site, "ir"))
        return {side.lan for side in (A, B) if side.lan + " " in text} \
            == {side.lan for side in sides}
    wait_for("ir uses %s" % [side.gateway for side in sides], so,
             seconds or PACE + site.slack, 0.05)


def ours(site, name):
    return [line for line in defaults(site, name) if "proto 201" in line]


def selects(site, letter, exit_name, seconds=2):
    wait_for("gw-%s sends new sessions by %s" % (letter, exit_name),
             lambda: site.gateway(letter).twinpathd.selector() == exit_name,
             seconds, 0.02)


def quiet(site):
    settled(site)
    inner_uses(site, A)


def announcements(site):
    """When gw-a changed what it announces."""
    return [datetime.fromisoformat(event["time"])
            for event in site.gateway("a").twinpathd.ask("events")
            if event["what"] == "announced default"]


def gap(prober, since):
    """The longest time in which no connection was made, in seconds."""
    failed = prober.failed(since)
    return max((one.began for one in failed), default=0) - min(
        (one.began for one in failed), default=0)


# ---- a good day --------------------------------------------------------------------

def test_announced_and_learned(site):
    """gw-a's default is the best everywhere; gw-b's floats below the one that
    it has learned, by whatever route that is."""
    inner_uses(site, A)
    # Not before its pace: one change of the announcement in five seconds.
    wait_for("gw-a's default is the best, and the only one", lambda: [
        "metric" in line for line in ours(site, "gw-a")] == [False], 10)
    wait_for("gw-b's default floats, and is the only one", lambda: [
        "metric %d" % FLOATING in line for line in ours(site, "gw-b")
        ] == [True], 10)
    learned = wait_for("gw-b has learned one", lambda: [
        line for line in defaults(site, "gw-b") if "proto 201" not in line], 10)
    assert len(learned) == 1 and "via %s dev eth0" % A.lan in learned[0]
    partner = site.gateway("b").twinpathd.status()["partner"]
    assert partner["offers_default"] and partner["marker"]
    # While its own is the best, the partner's is nowhere: its marker is.
    partner = site.gateway("a").twinpathd.status()["partner"]
    assert partner["marker"] and not partner["offers_default"]


# ---- two equal ones ----------------------------------------------------------------

def test_two_equal_defaults(site):
    """ECMP, as while an area converges: the partner is one of two next hops, and
    is seen there.  The floating default stays below it."""
    def partner():
        return site.gateway("b").twinpathd.status()["partner"]
    quiet(site)
    router = site.gateway("b").frr
    router.merge(True)
    site.inner.originate(True)
    try:
        wait_for("gw-b has two next hops", lambda: any(
            all(words in line for words in site.group + (
                "via %s " % A.lan, "via %s " % INNER))
            for line in defaults(site, "gw-b")), 10, 0.1)
        assert partner()["offers_default"]
        assert site.gateway("b").twinpathd.selector() == "partner"
        assert site.ping("h2")
        assert "metric %d" % FLOATING in ours(site, "gw-b")[0]
    finally:
        site.inner.originate(False)
        router.merge(False)
    wait_for("gw-b has one next hop", lambda: not any(
        INNER in line for line in defaults(site, "gw-b")), 10, 0.1)
    assert partner()["offers_default"]


# ---- what goes without a word --------------------------------------------------------

def test_address_lost_and_found(site, prober):
    """A lease that ends: the kernel drops our default and tells nobody.  It is
    withdrawn everywhere, and announced again with the address."""
    gateway, began = site.netns("gw-a"), now()
    gateway.ip(["addr flush dev eth1"])
    selects(site, "a", "partner")
    inner_uses(site, B)
    assert ours(site, "gw-a") == []
    assert gap(prober, began) < 1
    gateway.ip(["addr add %s/30 dev eth1" % A.wan])
    began = now()
    quiet(site)
    assert gap(prober, began) < 1


def test_switched_off_and_on(site, prober):
    """S29: the same by "ip link set down"; up again, the route is put back."""
    gateway, began = site.netns("gw-a"), now()
    gateway.ip(["link set eth1 down"])
    selects(site, "a", "partner")
    inner_uses(site, B)
    assert ours(site, "gw-a") == []
    gateway.ip(["link set eth1 up"])
    quiet(site)
    assert len(ours(site, "gw-a")) == 1
    assert gap(prober, began) < 1


# ---- who takes it away ---------------------------------------------------------------

def test_a_thief(site, prober):
    """S30: our default is deleted as soon as it is back, for two seconds.
    It is put back as often as it may be, and said less often than that."""
    gateway, began = site.netns("gw-a"), now()
    begins = len(log_of(site, "a"))
    route = "default via %s dev eth1 proto 201" % A.next_hop
    taken = 0
    while now() < began + 2:
        taken += not gateway.run(["ip", "route", "del"] + route.split(),
                                 check=False).returncode
    wait_for("our default is back", lambda: ours(site, "gw-a"), 3, 0.02)
    said = log_of(site, "a")[begins:].count("put back")
    assert 2 <= taken <= 8, taken
    assert 1 <= said <= taken
    quiet(site)
    assert gap(prober, began) < 1


# ---- who dies ----------------------------------------------------------------------------

def test_the_routing_daemon_dies(site, prober):
    """S18, S19: what we announce is untouched, and believed again."""
    gateway, began = site.gateway("a"), now()
    for name in gateway.frr.names:
        site.processes.signal(name, signal.SIGKILL)
    before = ours(site, "gw-a")
    assert len(before) == 1
    gateway.frr.remove()
    gateway.frr.start(["eth0"], side=gateway.side)
    wait_for("OSPF of gw-a is full with both others",
             lambda: gateway.frr.full_neighbours() == 2, 30, 0.2)
    quiet(site)
    assert ours(site, "gw-a") == before
    assert gap(prober, began) < 1


def test_our_daemon_dies(site, prober):
    """S32: nothing is withdrawn, and nobody hears of it."""
    twinpathd, began = site.gateway("a").twinpathd, now()
    before = ours(site, "gw-a")
    twinpathd.kill()
    prober_run(prober, 0.5)
    assert ours(site, "gw-a") == before
    inner_uses(site, A)
    twinpathd.start()
    twinpathd.wait_ready()
    quiet(site)
    assert ours(site, "gw-a") == before
    assert prober.failed(began, now() - 0.3) == []


def prober_run(prober, seconds):
    """Until it has tried for so long."""
    until = now() + seconds
    wait_for("more connections", lambda: prober.tries
             and prober.tries[-1].began > until, seconds + 5, 0.02)


# ---- the pace ----------------------------------------------------------------------------

def test_the_pace(site, prober):
    """Flips a few a second: the data plane follows each, others hear of one
    in five seconds at most."""
    twinpathd, began = site.gateway("a").twinpathd, now()
    try:
        for _ in range(2):
            for to, exit_name in (("partner", "partner"), ("auto", "isp-a")):
                twinpathd.flip(to)
                selects(site, "a", exit_name, 0.5)
                prober_run(prober, 0.2)
    finally:
        twinpathd.flip("auto")
    quiet(site)
    assert gap(prober, began) < 1
    moments = announcements(site)
    assert all((later - sooner).total_seconds() > PACE - 0.1
               for sooner, later in zip(moments, moments[1:]))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Six levels across two gateways: examples/levels-gw-*.conf, as they are.

Only the times are shorter, and the paths are this machine's.  Every test begins
and ends with a whole site, and counts how often each gateway changed its exit.
"""
import re

import pytest

from conftest import ROOT, log_of, served, settled, site_of, uplink
from selftests.site.daemons import Timers, _shared_key
from selftests.site.processes import wait_for
from selftests.site.topology import HOSTS, SIDES
from selftests.site.traffic import now

TIMERS = Timers(delay_up=2.0)
STEADY = 2.5  # longer than any time of the configuration
SETTLE = 1.0


def example(site, letter):
    """The file of examples/ with this run's paths and times."""
    text = (ROOT / "examples" / ("levels-gw-%s.conf" % letter)).read_text()
    twinpathd = site.gateway(letter).twinpathd
    for was, becomes in (
            ("/etc/twinpath/partner.key", _shared_key(
                site.processes.path("partner.key"))),
            ("interval = 1s", "interval = 100ms"),
            ("timeout  = 200ms", "timeout  = 60ms"),
            ("delay-down = 5s", "delay-down = 0s"),
            ("delay-up   = 20s", "delay-up   = 2s"),
            ("half-life = 1m", "half-life = 1s")):
        assert was in text
        text = text.replace(was, becomes)
    return text + 'mode = tc\nvrrp-file = "%s"\n' % twinpathd.track_file


def configure(site, letter):
    twinpathd = site.gateway(letter).twinpathd

    def as_the_example(*_):
        path = site.processes.write(twinpathd.name + ".conf",
                                    example(site, letter))
        twinpathd.command = twinpathd.netns.command(
            [str(site.build) + "/twinpathd", "--instance", twinpathd.instance,
             "--config", path])
    twinpathd.configure = as_the_example


@pytest.fixture(scope="module")
def site():
    with site_of(timers=TIMERS) as made:
        for letter in SIDES:
            configure(made, letter)
        made.up()
        with served(made):
            yield made


@pytest.fixture
def whole(site):
    at_rest(site)
    began = changes(site)
    yield began
    for letter in SIDES:
        site.isp(letter).heal()
    at_rest(site)


def at_rest(site):
    settled(site)
    for letter, level in (("a", 1), ("b", 2)):
        stands(site, letter, level, "isp-a" if letter == "a" else "partner")
    # Announcements have a pace: the next one goes out at once again.
    wait_for("gw-a announces its default as the best", lambda:
             announced(site, "a") and "metric" not in announced(site, "a"), 20)


def stands(site, letter, level, selector, seconds=8):
    """This gateway's uplink is a candidate of this level; who is taken."""
    twinpathd = site.gateway(letter).twinpathd

    def so():
        status = twinpathd.status()
        return status["selector"] == selector and \
            status["uplinks"][0]["level_now"] == level
    wait_for("gw-%s: level %s, new sessions by %s" % (letter, level, selector),
             so, seconds, 0.02)


def changes(site):
    """How often each gateway has changed its exit."""
    return {letter: len(re.findall(r"^twinpathd: selector: ",
                                   log_of(site, letter), re.M))
            for letter in SIDES}


def announced(site, letter):
    """The default of ours in main, which the routing daemon redistributes."""
    return site.netns(SIDES[letter].gateway).run(
        ["ip", "route", "show", "default", "proto", "201"]).stdout.strip()


def ghosts(site):
    """Defaults that the inner router was told of, by whom."""
    return re.findall(r"via (\S+)", site.netns("ir").run(
        ["ip", "route", "show", "default"]).stdout)


def steady(site, seconds=STEADY):
    """Nothing moves any more."""
    before = changes(site)
    began = now()
    while now() < began + seconds:
        assert changes(site) == before
        for host in HOSTS:
            site.ping(host)


def moved(site, began, **at_most):
    counted = changes(site)
    for letter, most in at_most.items():
        assert counted[letter] - began[letter] <= most, (letter, counted,
                                                         began)


def test_good_day(site, whole):
    stands(site, "a", 1, "isp-a")
    stands(site, "b", 2, "partner")
    steady(site, 1)
    moved(site, whole, a=0, b=0)
    says = site.gateway("b").twinpathd.status()["partner"]["says"]
    assert says["uplinks"][0]["level"] == 1
    assert says["uplinks"][0]["level_now"] == 1


def test_dark_beyond_the_next_hop(site, whole):
    """S2: level 2, and back after delay-up."""
    site.isp("a").black_beyond()
    stands(site, "b", 2, "isp-b")
    stands(site, "a", 3, "partner")
    assert site.ping("h1") and site.ping("h3")
    # What was on the uplink is told that it is dead: the cable is no reason
    # to keep it in a black hole.
    assert uplink(site.gateway("a").twinpathd)["state"] == "dead"
    site.isp("a").heal()
    stands(site, "a", 1, "isp-a")
    stands(site, "b", 2, "partner")
    moved(site, whole, a=2, b=2)


def test_the_target_dies_for_both(site, whole):
    """S22: it stays with ISP A by its next hop, and nobody oscillates."""
    for letter in SIDES:
        site.isp(letter).target_dead()
    stands(site, "a", 3, "isp-a")
    stands(site, "b", 4, "partner")
    assert site.ping("h1")
    assert "by track router" in site.gateway("a").twinpathd.status()["reason"]
    # To B and back at most: whose target is found dead first is chance.
    moved(site, whole, a=2, b=2)
    steady(site)
    assert announced(site, "a") and ghosts(site) == [SIDES["a"].lan]
    # S23: and A's next hop dies, too.
    site.isp("a").black()
    stands(site, "a", 5, "partner")
    stands(site, "b", 4, "isp-b")
    assert site.ping("h1")
    moved(site, whole, a=3, b=3)
    steady(site)


def test_both_isps_down(site, whole):
    """S21: the cable, then the last resort; the first to recover is taken."""
    for letter in SIDES:
        site.isp(letter).black()
    stands(site, "a", 5, "isp-a")
    stands(site, "b", 6, "partner")
    moved(site, whole, a=2, b=2)
    steady(site)
    site.isp("a").link_down()
    stands(site, "b", 6, "isp-b")
    stands(site, "a", None, "partner")
    for letter in SIDES:
        wait_for("gw-%s announces nothing" % letter,
                 lambda: not announced(site, letter), 8)
    assert not site.gateway("b").twinpathd.status()["marker"]
    gateway = site.netns(SIDES["b"].gateway)
    assert SIDES["b"].next_hop in gateway.run(
        ["ip", "route", "show", "table", "253"]).stdout
    wait_for("the inner router has no default", lambda: not ghosts(site), 10)
    steady(site)
    assert ghosts(site) == []
    # No delay-up where the rest is a cable at best.
    began = now()
    site.isp("b").heal()
    stands(site, "b", 2, "isp-b")
    assert now() - began < TIMERS.recovery()
    assert "change delayed" not in log_of(site, "b").split("isp-b/core")[-1]
    wait_for("gw-b announces its default", lambda: announced(site, "b"), 8)
    site.isp("a").heal()
    stands(site, "a", 1, "isp-a")

# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists of tracks, delays and dampening, on one gateway with two uplinks."""
import re

import pytest

from conftest import ECHO, log_of, single_of
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.topology import SERVER, SIDES, TARGET

TIMERS = Timers(delay_up=0.3)
DELAY_DOWN, DELAY_UP = 1.5, 2.0

PROBE = ("icmp %s { target = %s  interval = 100ms  timeout = 60ms  misses = 3"
         "  hits = 3 }\n")
UPLINKS = """
uplink isp-a {
    interface = eth1
    next-hop  = 172.16.1.2
    level     = 1
    """ + PROBE % ("core", TARGET) + PROBE % ("server", SERVER) + PROBE % (
        "router", SIDES["a"].next_hop) + """
    all    path   { tracks = { beyond, router, some } }
    any    beyond { tracks = { core, server } }
    weight some   { tracks = { core:20, server:20, router:10 } up = 30 down = 9 }
    not    never  { tracks = path }
    track      = path
    delay-down = 1500ms
    delay-up   = 2s
    dampening { half-life = 2s suppress = 1200 reuse = 600 max-suppress = 8s }
}
uplink isp-b {
    interface = eth2
    next-hop  = 172.17.3.2
    level     = 2
    """ + PROBE % ("core", TARGET) + """
    delay-up  = 300ms
}
"""


@pytest.fixture(scope="module")
def site():
    with single_of(timers=TIMERS) as made:
        twinpathd = made.twinpathd

        def configure(*_):
            path = made.processes.write(
                twinpathd.name + ".conf", 'mode = tc\nlan = { eth0 }\n'
                'settle = 0s\nvrrp-file = "%s"\n' % twinpathd.track_file
                + UPLINKS)
            twinpathd.command = twinpathd.netns.command(
                [made.build + "/twinpathd", "--instance", twinpathd.instance,
                 "--config", path])
        twinpathd.configure = configure
        made.up()
        server = Server(made.netns("core"), SERVER, ECHO).begin()
        try:
            yield made
        finally:
            server.stop()


@pytest.fixture
def since(site):
    """What the daemon has said since the test began."""
    selects(site, "isp-a")
    wait_for("nothing is held against isp-a",
             lambda: track(site, "path")["penalty"] < 150, 20, 0.1)
    for name in ("core", "server", "router", "path", "some"):
        becomes(site, name, "up")
    length = len(log_of(site, "a"))
    yield lambda: log_of(site, "a")[length:]
    for letter in SIDES:
        site.isp(letter).heal()


def track(site, name):
    return next(one for one in site.uplink("a")["tracks"]
                if one["name"] == name)


def becomes(site, name, state, seconds=8):
    wait_for("track %s is %s" % (name, state),
             lambda: track(site, name)["state"] == state, seconds, 0.02)


def selects(site, name, seconds=20):
    wait_for("new sessions go by " + name,
             lambda: site.twinpathd.selector() == name, seconds, 0.02)


def says(since, text, seconds=8):
    wait_for("the log says: " + text, lambda: re.search(text, since()),
             seconds, 0.02)


def test_one_target_dies(site, since):
    """The others vouch for the path; with the last one it goes, delayed."""
    site.isp("a").target_dead()
    becomes(site, "core", "down")
    assert track(site, "beyond")["state"] == "up"
    assert (track(site, "some")["weight"],
            track(site, "some")["weight_of"]) == (30, 50)
    assert site.twinpathd.selector() == "isp-a"
    changes = track(site, "path")["changes"]
    site.isp("a").black_beyond()
    becomes(site, "server", "down")
    says(since, r"track isp-a/path: beyond down, router up, some up; "
         r"down: change delayed for 1s\d+ms|change delayed for 1s500ms")
    # Between the thresholds what weighs is as it was.
    assert track(site, "some")["weight"] == 10
    assert track(site, "some")["state"] == "up"
    assert site.twinpathd.selector() == "isp-a"
    assert 0 < track(site, "path")["pending_s"] <= DELAY_DOWN
    selects(site, "isp-b")
    path = track(site, "path")
    assert path["changes"] == changes + 1 and path["since_s"] < 2
    assert track(site, "never")["state"] == "up"
    says(since, "track isp-a/path: up -> down, because beyond down, router up,"
         " some up, and the delay is over")


def test_it_answers_while_booting(site, since):
    """S9: up for a moment is not up."""
    site.isp("a").black()
    selects(site, "isp-b")
    site.isp("a").heal()
    says(since, "track isp-a/path: .*; up: change delayed for 2s")
    assert 0 < track(site, "path")["pending_s"] <= DELAY_UP
    site.isp("a").black()
    says(since, "track isp-a/path: .*; still down: change delay cancelled")
    assert site.twinpathd.selector() == "isp-b"
    site.isp("a").heal()
    selects(site, "isp-a")


def test_carrier_loss_acts_at_once(site, since):
    """Lists, too; delay-down is for what might be a mistake."""
    site.isp("a").link_down()
    selects(site, "isp-b")
    says(since, "track isp-a/path: up -> down")
    assert "down: change delayed" not in since()


def test_a_line_that_flaps_is_left_alone(site, since):
    for _ in range(3):
        site.isp("a").link_down()
        becomes(site, "path", "down")
        site.isp("a").link_up()
        wait_for("the path answers again",
                 lambda: track(site, "path")["raw"] == "up", 8, 0.02)
    held = track(site, "path")
    assert held["penalty"] > 1000 and held["suppressed_s"] > 1
    assert "(flaps)" in site.twinpathd.cli("status").stdout
    says(since, r"up: change delayed for \d+s.*: it flaps, its penalty is \d+")
    selects(site, "isp-b", 0.5)
    # Quiet for as long as it takes: the penalty halves, and it is back.
    selects(site, "isp-a", held["suppressed_s"] + 3)
    back = track(site, "path")
    assert back["penalty"] <= 600 and back["suppressed_s"] is None
    assert back["changes"] < held["changes"] + 4

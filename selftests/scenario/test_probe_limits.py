# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits over a window of probes, slow answers, and an uplink on standby."""
import pytest

from conftest import log_of
from probe_site import FAST, begin, heal, probed, selects, track, turns
from selftests.site.answers import NameServer
from selftests.site.processes import wait_for
from selftests.site.topology import SERVER, TARGET
from selftests.site.traffic import now

# As seldom a row of 100 as may be: the window alone decides.
LOSS = """icmp core { target = %s  interval = 50ms  misses = 100  window = 40
        loss-down = 30  loss-up = 5 }
    track = core""" % TARGET
SLOW = """icmp core { target = %s  interval = 50ms }
    dns state { target = %s  interval = 200ms  timeout = 190ms
        threshold = 50ms  facet = state  hits = 2 }
    dns reached { target = %s  interval = 200ms  timeout = 190ms
        threshold = 50ms }
    dns average { target = %s  interval = 200ms  timeout = 190ms
        window = 4  rtt-down = 60ms  rtt-up = 30ms  hits = 2 }
    track = core""" % (TARGET, SERVER, SERVER, SERVER)
SPARED = """icmp core { target = %s  interval = 100ms  standby-interval = 1s }
    track = core
    metered = true""" % TARGET

@pytest.fixture(scope="module")
def site():
    with probed() as made:
        yield made


@pytest.fixture(autouse=True)
def good_day(site):
    yield
    heal(site)


def test_a_lossy_path_is_one_change(site):
    begin(site, LOSS)
    changes = track(site, "core")["changes"]
    site.isp("a").loss(40)  # each way
    turns(site, "core", "down", 10)
    sent = track(site, "core")["sent"]
    wait_for("it stays lossy for a while",
             lambda: track(site, "core")["sent"] > sent + 60, 10)
    lossy = track(site, "core")
    assert lossy["changes"] == changes + 1
    assert lossy["probe"]["loss_percent"] > 30
    assert "of the last 40 probes lost (down from 30%, up to 5%)" \
        in log_of(site, "a")
    site.isp("a").heal()
    turns(site, "core", "up", 10)
    assert track(site, "core")["probe"]["loss_percent"] <= 5.0


def test_slow_answers(site):
    """S6: reachability and state are two things."""
    names = NameServer(site.netns("core"), SERVER).begin()
    try:
        begin(site, SLOW)
        for name in ("state", "reached", "average"):
            turns(site, name, "up")
        names.delay = 0.08
        turns(site, "state", "down")
        turns(site, "average", "down")
        wait_for("slow answers are counted", lambda: track(
            site, "reached")["probe"]["slow"] > 3, 5)
        assert track(site, "reached")["state"] == "up"
        log = log_of(site, "a")
        assert "3 probes in a row took more than 50ms" in log
        assert "an average of" in log
        names.delay = 0.0
        turns(site, "state", "up")
        turns(site, "average", "up")
    finally:
        names.stop()


def pace(site, letter, seconds=2.0):
    """Probes a second."""
    before, began = track(site, "core", letter)["sent"], now()
    wait_for("some time has passed", lambda: now() > began + seconds,
             seconds + 1)
    return (track(site, "core", letter)["sent"] - before) / (now() - began)


def test_standby(site):
    """An uplink that carries nothing is asked once a second, and ten times as
    soon as it has to carry."""
    begin(site, FAST, SPARED)
    assert pace(site, "b") < 3
    site.twinpathd.cli("flip", "isp-b")
    assert pace(site, "b") > 5
    site.twinpathd.flip("auto")
    selects(site, "isp-a")
    assert pace(site, "b") < 3

# SPDX-License-Identifier: GPL-2.0-or-later
"""Another configuration for a running daemon: what did not change goes on with
its history, sessions live on, and what is wrong changes nothing.
"""
import json
import os
import re
import signal

import pytest

from conftest import ECHO, log_of, settled, single_of, site_of
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import Sessions, now

TIMERS = Timers(delay_up=0.3)
SESSIONS = 10


@pytest.fixture(scope="module")
def site():
    with single_of(timers=TIMERS) as made:
        made.up()
        server = Server(made.netns("core"), SERVER, ECHO).begin()
        both_up(made)
        try:
            yield made
        finally:
            server.stop()


@pytest.fixture(autouse=True)
def good_day(site):
    yield
    write(site, text_of(site))
    site.twinpathd.cli("reload")
    both_up(site)


def text_of(site):
    """The configuration as the site wrote it."""
    site.twinpathd.configure(site.mode, site.timers, site.also)
    return open(path_of(site), encoding="utf-8").read()


def path_of(site):
    return site.twinpathd.command[-1]


def write(site, text):
    with open(path_of(site), "w", encoding="utf-8") as out:
        out.write(text)


def reload(site, text, check=True):
    write(site, text)
    return site.twinpathd.cli("reload", check=check)


def both_up(site):
    wait_for("both uplinks are up", lambda: [
        uplink["state"] for uplink in site.twinpathd.status()["uplinks"]]
        == ["up", "up"], 10, 0.02)
    wait_for("new sessions go by isp-a",
             lambda: site.twinpathd.selector() == "isp-a", 10, 0.02)


def core(site, letter="a"):
    return next(track for track in site.uplink(letter)["tracks"]
                if track["name"] == "core")


def picture(site):
    """What a reload that changes nothing leaves alone."""
    status = site.twinpathd.status()
    return [status[key] for key in ("selector", "event", "mode", "announce")] + [
        (uplink["name"], uplink["exit"], uplink["state"], uplink["level"],
         [(track["name"], track["state"], track["changes"])
          for track in uplink["tracks"]]) for uplink in status["uplinks"]]


def attached(site):
    """The interfaces that carry our programs, by the pins of their links."""
    links = json.loads(site.netns("gw-a").run(["ip", "-j", "link"]).stdout)
    pins = os.listdir(site.twinpathd.pins)
    return sorted(link["ifname"] for link in links
                  if "in_%d" % link["ifindex"] in pins
                  and "out_%d" % link["ifindex"] in pins)


@pytest.fixture
def sessions(site, traffic):
    """Live ones, by isp-a."""
    return traffic.begin(Sessions(site.netns("h1"), SERVER, ECHO, SESSIONS))


def all_answered(sessions):
    asked = now()
    wait_for("every session is answered", lambda: sessions.answered_since(
        asked) == SESSIONS, 5)
    assert sessions.alive() == SESSIONS


# ---- what is the same --------------------------------------------------------

def test_the_same_file_changes_nothing(site, sessions):
    text, before, sent = text_of(site), picture(site), core(site)["sent"]
    outcome = reload(site, text)
    assert outcome.stdout.endswith("%s is in force\n" % path_of(site))
    assert picture(site) == before
    assert core(site)["sent"] >= sent
    assert "configuration: in force -> reloaded, because uid 0 asked for it" \
        in log_of(site, "a")
    all_answered(sessions)


def test_a_timer_changes_and_its_track_goes_on(site, sessions):
    wait_for("some probes were sent", lambda: core(site)["sent"] > 5, 5)
    before, old = picture(site), core(site)
    reload(site, text_of(site).replace("interval = 100ms", "interval = 80ms")
           .replace("delay-up   = 300ms", "delay-up = 200ms"))
    new = core(site)
    assert picture(site) == before
    assert new["sent"] >= old["sent"] and new["answered"] >= old["answered"]
    assert new["lost"] == old["lost"] and new["since_s"] >= old["since_s"]
    wait_for("probes are sent", lambda: core(site)["sent"] > new["sent"] + 3, 5)
    assert core(site)["lost"] == old["lost"]
    all_answered(sessions)


def test_sighup(site):
    both_up(site)
    write(site, text_of(site).replace("level     = 2", "level     = 3"))
    site.twinpathd.processes.signal(site.twinpathd.name, signal.SIGHUP)
    wait_for("the level is the new one",
             lambda: site.uplink("b")["level"] == 3, 5)
    assert "because of SIGHUP" in log_of(site, "a")


def test_a_warning_is_said_once(site):
    """Every line of the log says its severity; that of a file says no more."""
    text = "exclude = { 10.8.0.0/16, 10.8.0.0/16 }\n" + text_of(site)
    outcome = reload(site, text)
    words = "%s:1: %sexclude: 10.8.0.0/16 is listed twice\n"
    assert words % (path_of(site), "warning: ") in outcome.stdout
    assert ("twinpathd: warning: reload: " + words) % (path_of(site), "") \
        in log_of(site, "a")
    site.twinpathd.stop()
    site.twinpathd.start()
    site.twinpathd.wait_ready()
    assert ("twinpathd: warning: " + words) % (path_of(site), "") \
        in log_of(site, "a")


# ---- another site ------------------------------------------------------------

def levels_exchanged(text):
    return text.replace("level     = 1", "level     = X").replace(
        "level     = 2", "level     = 1").replace("level     = X",
                                                  "level     = 2")


def test_levels_decide_at_once_and_sessions_stay(site, sessions):
    all_answered(sessions)
    reload(site, levels_exchanged(text_of(site)))
    assert site.twinpathd.selector() == "isp-b"
    all_answered(sessions)
    assert {one.source for one in sessions.sessions} == {SIDES["a"].wan}


def test_the_order_of_the_file_is_no_identity(site, sessions):
    """isp-b first: every index is another one, and nothing else."""
    head, a, b = text_of(site).partition("uplink isp-a")[0], *[
        "uplink isp-" + part for part in text_of(site).split("uplink isp-")[1:]]
    old = core(site), core(site, "b")
    reload(site, head + b + a)
    status = site.twinpathd.status()
    assert [uplink["name"] for uplink in status["uplinks"]] == ["isp-b",
                                                                "isp-a"]
    assert status["selector"] == "isp-a"
    for was, letter in zip(old, "ab"):
        assert core(site, letter)["changes"] == was["changes"]
        assert core(site, letter)["state"] == "up"
        assert core(site, letter)["sent"] >= was["sent"]
    all_answered(sessions)


def test_an_uplink_leaves_and_comes_back(site, sessions):
    gateway, text = site.netns("gw-a"), text_of(site)
    all_answered(sessions)
    only_b = text[:text.index("uplink isp-a")] + text[
        text.index("uplink isp-b"):]
    reload(site, only_b)
    status = site.twinpathd.status()
    assert [uplink["name"] for uplink in status["uplinks"]] == ["isp-b"]
    assert status["selector"] == "isp-b"
    wait_for("the sessions that it had are told",
             lambda: sessions.alive() == 0, 10)
    assert site.ping("h1")
    # Nothing of ours is left on it, in the kernel's routes or settings.
    assert attached(site) == ["eth0", "eth2"]
    assert "dev eth1" not in gateway.run(
        ["ip", "route", "show", "table", "all", "proto", "201"]).stdout
    assert "oif eth1" not in gateway.run(["ip", "rule"]).stdout
    assert gateway.run(["cat", "/proc/sys/net/ipv4/conf/eth1/forwarding"]
                       ).stdout.strip() == "0"
    assert "eth1: attached -> released" in log_of(site, "a")
    exit_of_b = site.uplink("b")["exit"]
    reload(site, text)
    both_up(site)
    assert site.uplink("b")["exit"] == exit_of_b
    assert site.ping("h1")


def route_kind(site, prefix):
    table = site.twinpathd.cli("routes").stdout
    return dict(line.split()[:2] for line in table.splitlines()).get(prefix)


def test_a_new_lan(site):
    gateway = site.netns("gw-a")
    gateway.ip(["link add lan9 type veth peer name far9", "addr add 10.9.0.1/24 dev lan9",
                "link set lan9 up",
                "link set far9 up"])
    try:
        reload(site, text_of(site).replace("{ eth0 }", "{ eth0, lan9 }"))
        assert "lan9" in attached(site)
        wait_for("its subnet is inside", lambda: route_kind(
            site, "10.9.0.0/24") == "inside", 5)
        reload(site, text_of(site))
        assert "lan9" not in attached(site)
        assert route_kind(site, "10.9.0.0/24") == "kernel"
    finally:
        gateway.ip(["link del lan9"])


def test_an_interface_that_is_to_come(site):
    gateway = site.netns("gw-a")
    reload(site, text_of(site).replace("{ eth0 }", "{ eth0, lan8 }"))
    assert "lan8: no such interface: waited for" in log_of(site, "a")
    gateway.ip(["link add lan8 type veth peer name far8"])
    try:
        wait_for("it has its programs", lambda: "lan8" in attached(site), 5)
    finally:
        reload(site, text_of(site))
        gateway.ip(["link del lan8"])


def test_the_track_file_moves(site):
    text, old = text_of(site), site.twinpathd.track_file
    reload(site, text.replace(old, old + ".new"))
    assert not os.path.exists(old) and os.path.exists(old + ".new")
    reload(site, text)
    assert os.path.exists(old) and not os.path.exists(old + ".new")


# ---- with a partner ----------------------------------------------------------

def test_the_partner_is_the_same_one():
    with site_of(timers=TIMERS) as pair:
        pair.up()
        settled(pair)
        gateway = pair.gateway("a").twinpathd
        wait_for("the heartbeat is heard both ways", lambda: gateway.status()
                 ["partner"]["heartbeat"]["two_way"], 10)
        event = gateway.status()["event"]
        gateway.cli("reload")
        status = gateway.status()
        assert status["partner"]["heartbeat"]["two_way"]
        assert status["partner"]["data_plane"]["state"] == "alive"
        assert (status["selector"], status["event"]) == ("isp-a", event)
        assert log_of(pair, "a").count("the partner speaks") == 1
        # And as another one: an ordinary router has no heartbeat.
        path = gateway.command[-1]
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r" *key *=.*\n", "    kind = router\n", text))
        gateway.cli("reload")
        assert gateway.status()["partner"]["type"] == "router"
        assert gateway.status()["partner"]["heartbeat"] is None
        assert pair.ping("h1")


# ---- what is refused ---------------------------------------------------------

@pytest.mark.parametrize("edit, error", [
    (lambda text: text.replace("next-hop ", "next-hopp "), "next-hopp"),
    (lambda text: text + "uplink isp-c {\n", "'}' is missing"),
    (lambda text: text.replace("mode = tc", "mode = xdp"),
     ":1: error: mode: a reload cannot change it: restart twinpathd"),
    (lambda text: "sessions = 1024\n" + text,
     ":1: error: sessions: the tables keep their size"),
    (lambda text: "max-addresses = 3\n" + text,
     ":1: error: max-addresses: the tables keep their size"),
    (lambda text: text.replace("{ eth0 }", "{ eth0, lo }"),
     "twinpathd's log says what is in the way"),
], ids=["unknown-key", "unclosed", "mode", "sessions", "addresses", "attach"])
def test_what_is_wrong_changes_nothing(site, sessions, edit, error):
    before = picture(site)
    carriers = attached(site)
    outcome = reload(site, edit(text_of(site)), check=False)
    assert outcome.returncode == 1
    assert error in outcome.stdout and "nothing was changed" in outcome.stdout
    assert picture(site) == before
    assert attached(site) == carriers
    all_answered(sessions)


def test_no_file_at_all(site):
    before = picture(site)
    os.rename(path_of(site), path_of(site) + ".away")
    outcome = site.twinpathd.cli("reload", check=False)
    os.rename(path_of(site) + ".away", path_of(site))
    assert outcome.returncode == 1
    assert "No such file" in outcome.stdout
    assert picture(site) == before

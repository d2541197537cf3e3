# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of live sessions when a better exit is back, or the operator
wants another one: sticky, drain, now; flips; maintenance.

Sessions here go by ISP B, through gw-b, while gw-a has no exit or was flipped
away; when gw-a takes over again it is gw-b's uplink that is left, by the policy
in gw-b's configuration.  Half of the sessions only listen: nothing that they
send could tell them.

The host's router is gw-a's own address, so that VRRP has no part in this.
"""
import json
import re
import signal
import subprocess
import time

import pytest

from conftest import ECHO, log_of, served, settled, site_of, uplink
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import Datagrams, Prober, Sessions, now

A, B = SIDES["a"].wan, SIDES["b"].wan
RESET = "Connection reset by peer"
TIMERS = Timers(delay_up=0.3)
TALKING = SILENT = 50
DRAIN = "failback = drain\n    drain = 4s"


@pytest.fixture(scope="module")
def site():
    with site_of(timers=TIMERS) as made:
        made.up()
        settled(made)
        made.netns("h1").ip(["route replace default via %s"
                             % SIDES["a"].lan])
        made.policy = ""
        with served(made):
            yield made


@pytest.fixture(autouse=True)
def good_day(site):
    """Each test begins and ends with gw-a on ISP A, and no wish."""
    yield
    site.isp("a").heal()
    for letter in SIDES:
        site.gateway(letter).twinpathd.flip("auto")
    settled(site)


def gateway(site, letter):
    return site.gateway(letter).twinpathd


def policy(site, keys):
    """gw-b's.  Another one means another configuration: a new daemon."""
    if site.policy == keys:
        return
    twinpathd = gateway(site, "b")
    twinpathd.configure(site.modes["b"], TIMERS, keys)
    twinpathd.stop()
    start(site, "b")
    settled(site)
    site.policy = keys


def start(site, letter):
    twinpathd = gateway(site, letter)
    twinpathd.start()
    twinpathd.wait_ready()


def selects(site, letter, exit_name, seconds=10):
    wait_for("gw-%s sends new sessions by %s" % (letter, exit_name),
             lambda: gateway(site, letter).selector() == exit_name, seconds,
             0.01)


class Load:
    """A hundred TCP sessions, half of them silent, and a UDP stream."""

    def __init__(self, site, traffic, source):
        self.traffic = traffic
        host = site.netns("h1")
        self.talking = traffic.begin(Sessions(host, SERVER, ECHO, TALKING))
        self.silent = traffic.begin(Sessions(host, SERVER, ECHO, SILENT,
                                             period=3600))
        self.udp = traffic.begin(Datagrams(host, SERVER, ECHO))
        self.prober = traffic.begin(Prober(host, SERVER, ECHO))
        wait_for("every session has its first answer", lambda: min(
            len(s.answers) for s in self.talking.sessions) > 1, 5)
        wait_for("datagrams are answered", lambda: self.udp.answered, 5)
        assert self.sources() == {source}
        assert self.udp.seen_as(0) == {source}

    def sessions(self):
        return self.talking.sessions + self.silent.sessions

    def sources(self):
        return {s.source for s in self.sessions()}

    def alive(self):
        return self.talking.alive() + self.silent.alive()

    def ends(self):
        return {s.error for s in self.sessions()}

    def lives_on(self, moment):
        """None lost since then, none stalled, and the silent ones work."""
        assert self.alive() == TALKING + SILENT
        assert self.talking.longest_gap(moment, now() - 0.2) < 1
        asked = now()
        for session in self.silent.sessions:
            session.sock.send(b"are you there?")
        wait_for("every silent session is answered", lambda: self.silent
                 .answered_since(asked) == SILENT, 3)

    def all_reset(self, seconds):
        wait_for("every session was told", lambda: self.alive() == 0, seconds)
        assert self.ends() == {RESET}

    def moved(self, source, since):
        """New connections and UDP go there, and nothing was lost."""
        wait_for("new connections go by " + source,
                 lambda: self.prober.first(source, since), 5)
        self.traffic.run(0.5)
        until = now()
        self.traffic.run(0.4)  # for the last answers
        assert self.prober.failed(since, until) == []
        assert {t.source for t in self.prober.since(until - 0.4)} == {source}
        assert self.udp.lost(since, until) == []


def flipped_to_b(site, traffic):
    """gw-a is flipped away, and traffic goes by ISP B."""
    gateway(site, "a").flip("partner")
    selects(site, "b", "isp-b")
    return Load(site, traffic, B)


def back_to_a(site):
    """gw-a takes over again; when gw-b left its uplink, at the latest."""
    began = now()
    gateway(site, "a").flip("auto")
    selects(site, "b", "partner")
    return began


# ---- the policies ------------------------------------------------------------

def test_sticky_loses_nothing(site, traffic):
    policy(site, "")
    site.isp("a").black()
    selects(site, "a", "partner")
    selects(site, "b", "isp-b")
    load = Load(site, traffic, B)
    began = now()
    site.isp("a").heal()
    selects(site, "a", "isp-a")
    selects(site, "b", "partner")
    traffic.run(3)
    until = now()
    load.lives_on(began)
    assert load.udp.lost(began, until - 0.3) == []
    assert load.udp.seen_as(until - 1) == {B}  # for half an hour
    assert load.prober.failed(began, until - 0.3) == []
    assert {t.source for t in load.prober.since(until - 1)} == {A}
    left = uplink(gateway(site, "b"))
    assert left["state"] == "up" and left["cut_in_s"] is None
    assert 1790 < left["home_in_s"] < 1800
    assert left["tcp_sessions"] >= TALKING + SILENT
    assert left["bindings"] >= TALKING + SILENT + 1


def test_drain_keeps_them_until_the_deadline(site, traffic):
    policy(site, DRAIN)
    load = flipped_to_b(site, traffic)
    began = back_to_a(site)
    draining = uplink(gateway(site, "b"))
    assert draining["state"] == "drain"
    assert 2.5 < draining["cut_in_s"] <= 4
    wait_for("the sessions that drain are counted", lambda: uplink(gateway(
        site, "b"))["tcp_sessions"] >= TALKING + SILENT, 1.5)
    traffic.run(2)
    load.lives_on(began)
    load.all_reset(5)
    assert now() - began > 4
    load.moved(A, began + 1)
    cut = uplink(gateway(site, "b"))
    assert (cut["state"], cut["cut_in_s"], cut["sessions"]) == ("up", None, 0)
    assert "sessions of isp-b: kept -> cut, because the drain's time is over" \
        in log_of(site, "b")


def test_a_drain_is_cancelled_by_need(site, traffic):
    policy(site, DRAIN)
    load = flipped_to_b(site, traffic)
    back_to_a(site)
    began = now()
    gateway(site, "a").flip("partner")
    selects(site, "b", "isp-b")
    traffic.run(4.5)
    load.lives_on(began)
    assert uplink(gateway(site, "b"))["state"] == "up"


def test_a_drain_outlives_the_daemon(site, traffic):
    policy(site, DRAIN)
    load = flipped_to_b(site, traffic)
    back_to_a(site)
    gateway(site, "b").kill()
    start(site, "b")
    draining = uplink(gateway(site, "b"))
    assert draining["state"] == "drain"
    assert 0 < draining["cut_in_s"] < 4
    assert load.alive() == TALKING + SILENT
    gateway(site, "b").kill()
    traffic.run(4)
    assert load.alive() == TALKING + SILENT  # nobody is there to cut them
    start(site, "b")
    load.all_reset(3)


def test_now_means_now(site, traffic):
    policy(site, "failback = now")
    load = flipped_to_b(site, traffic)
    back_to_a(site)
    left = now()  # the answers that were on their way when it was cut are lost
    load.all_reset(2)
    load.moved(A, left)
    assert "because the uplink's failback is now" in log_of(site, "b")


# ---- flips --------------------------------------------------------------------

def test_a_flip_returns_by_itself(site):
    twinpathd = gateway(site, "a")
    twinpathd.cli("flip", "partner", "--for", "4s")
    began = now()
    assert twinpathd.selector() == "partner"
    assert 0 < twinpathd.status()["intent"]["left_s"] <= 4
    # Over a restart, too.
    twinpathd.kill()
    start(site, "a")
    assert twinpathd.selector() == "partner"
    selects(site, "a", "isp-a", 6)
    assert 3.8 < now() - began < 5
    assert twinpathd.status()["intent"]["kind"] == "auto"
    # Whichever gateway's clock comes first tells the other.
    assert re.search("the operator's wish: .* -> auto, because ",
                     log_of(site, "a"))


def test_a_flip_with_its_own_drain(site, traffic):
    load = Load(site, traffic, A)
    twinpathd = gateway(site, "a")
    twinpathd.cli("flip", "partner", "--drain", "3s")
    began = now()
    assert uplink(twinpathd)["state"] == "drain"
    traffic.run(1.5)
    load.lives_on(began)
    load.all_reset(4)
    load.moved(B, began + 0.5)


def test_a_dead_exit_needs_force(site):
    twinpathd = gateway(site, "a")
    site.isp("a").black()
    wait_for("isp-a is dead", lambda: uplink(twinpathd)["state"] == "dead", 5)
    refused = twinpathd.cli("flip", "isp-a", check=False)
    assert refused.returncode == 1
    assert "isp-a is dead, not up: track core down" in refused.stdout
    assert twinpathd.selector() == "partner"
    forced = twinpathd.cli("flip", "isp-a", "--force")
    assert "DEGRADED" in forced.stdout
    status = twinpathd.status()
    assert (status["selector"], status["degraded"]) == ("isp-a", True)
    assert status["announce"]["uplink"] is None
    assert uplink(twinpathd)["state"] == "avoid"
    assert "DEGRADED: new sessions leave by isp-a: the operator forces isp-a" \
        in twinpathd.cli("status").stdout
    twinpathd.flip("auto")
    assert not twinpathd.status()["degraded"]
    log = log_of(site, "a")
    assert "warning: DEGRADED: the operator forces isp-a: track core down" \
        in log
    assert "no longer degraded" in log


# ---- maintenance ----------------------------------------------------------------

def waiting(site, *words):
    """`twinpath drain isp-a --wait`, as a process."""
    twinpathd = gateway(site, "a")
    return subprocess.Popen(
        twinpathd.netns.command(twinpathd.cli_command(
            "drain", "isp-a", "--wait", *words)),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_drain_says_when_it_is_safe(site, traffic):
    load = Load(site, traffic, A)
    process = waiting(site, "--drain", "3s")
    began = time.monotonic()
    out, _ = process.communicate(timeout=15)
    assert process.returncode == 0
    assert 2.5 < time.monotonic() - began < 6
    lines = out.splitlines()
    assert lines[0].startswith("new sessions leave by partner: isp-a: the "
                               "operator drains it")
    assert lines[1].startswith("isp-a: ") and "sessions, cut in " in lines[1]
    assert lines[-1].startswith("isp-a: safe to unplug: the time of its "
                                "sessions is over")
    load.all_reset(3)
    assert uplink(gateway(site, "a"))["state"] == "drain"  # it stays out
    # Over a restart, too; and then it is not cut again.
    gateway(site, "a").kill()
    start(site, "a")
    state = uplink(gateway(site, "a"))
    assert (state["state"], state["cut"]) == ("drain", True)
    assert gateway(site, "a").selector() == "partner"
    gateway(site, "a").cli("undrain")
    selects(site, "a", "isp-a")
    assert uplink(gateway(site, "a"))["state"] == "up"


def test_whoever_stops_waiting_does_not_stop_the_drain(site, traffic):
    traffic.begin(Sessions(site.netns("h1"), SERVER, ECHO, 3))
    process = waiting(site)
    assert "new sessions leave by partner" in process.stdout.readline()
    assert "isp-a: " in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=5)
    assert process.returncode != 0
    status = gateway(site, "a").status()
    assert status["intent"]["kind"] == "drain"
    assert status["uplinks"][0]["state"] == "drain"
    assert status["uplinks"][0]["cut_in_s"] is None  # it is sticky


def test_drain_without_a_successor(site):
    site.isp("b").link_down()
    wait_for("gw-b has no exit", lambda: not gateway(site, "b")
             .status()["marker"], 5)
    twinpathd = gateway(site, "a")
    wait_for("gw-a knows", lambda: not any(
        twinpathd.status()["partner"][what]
        for what in ("marker", "offers_default")), 20)
    refused = twinpathd.cli("drain", "isp-a", check=False)
    assert refused.returncode == 1 and "no other exit is up" in refused.stdout
    # By force: it goes on being used while nothing else is.
    forced = json.loads(twinpathd.cli("drain", "isp-a", "--force",
                                      "--json").stdout)
    assert forced["selector"] == "isp-a"
    assert "nothing else is up" in forced["reason"]
    assert site.ping("h1")
    site.isp("b").link_up()
    selects(site, "a", "partner", 20)
    assert uplink(twinpathd)["state"] == "drain"

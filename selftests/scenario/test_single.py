# SPDX-License-Identifier: GPL-2.0-or-later
"""One gateway with two uplinks and no partner: failover, failback, drain, flip
and hold between its own uplinks, with live sessions.
"""
import itertools
import subprocess

import pytest

from conftest import ECHO, log_of, single_of
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import (Datagrams, Pings, Prober, Sessions, now)

A, B = SIDES["a"].wan, SIDES["b"].wan
TIMERS = Timers(delay_up=0.3)
PORTS = itertools.count(5000)
MARGIN = 1.0  # a busy machine's
DETECTION = TIMERS.detection() + MARGIN
TALKING = SILENT = 20
RESET = "Connection reset by peer"
HOLD = {"a": "hold = 10s"}


@pytest.fixture(scope="module")
def site():
    with single_of(timers=TIMERS) as made:
        made.up()
        server = Server(made.netns("core"), SERVER, ECHO).begin()
        try:
            yield made
        finally:
            server.stop()


@pytest.fixture(autouse=True)
def good_day(site):
    yield
    for letter in SIDES:
        site.isp(letter).heal()
    site.twinpathd.flip("auto")
    selects(site, "isp-a")
    for letter in SIDES:
        is_in(site, letter, "up")


def selects(site, name, seconds=10):
    wait_for("new sessions go by " + name,
             lambda: site.twinpathd.selector() == name, seconds, 0.02)


def is_in(site, letter, state, seconds=10):
    wait_for("isp-%s is %s" % (letter, state),
             lambda: site.uplink(letter)["state"] == state, seconds, 0.02)


class Load:
    """TCP sessions, half of them silent; datagrams, pings, connections."""

    def __init__(self, site, traffic, source=A):
        host = site.netns("h1")
        self.traffic = traffic
        self.talking = traffic.begin(Sessions(host, SERVER, ECHO, TALKING))
        self.silent = traffic.begin(Sessions(host, SERVER, ECHO, SILENT,
                                             period=3600))
        self.udp = traffic.begin(Datagrams(host, SERVER, ECHO))
        self.pings = traffic.begin(Pings(site.netns("h3"), SERVER, 0.05))
        self.prober = traffic.begin(Prober(host, SERVER, ECHO, ports=PORTS))
        wait_for("datagrams are answered", lambda: self.udp.seen_as(0), 5)
        wait_for("pings are answered", lambda: self.pings.answered, 5)
        wait_for("a new connection works",
                 lambda: self.prober.first(source, 0), 5, 0.01)
        assert {s.source for s in self.talking.sessions
                + self.silent.sessions} == {source}
        self.source, self.began = source, now()

    def alive(self):
        return self.talking.alive() + self.silent.alive()

    def all_told(self, seconds=5):
        wait_for("every session was told", lambda: self.alive() == 0, seconds)
        assert {s.error for s in self.talking.sessions
                + self.silent.sessions} == {RESET}

    def all_alive(self, since, pause=1.0):
        """None was lost; none waited longer than that; the silent work."""
        assert self.alive() == TALKING + SILENT
        asked = now()
        for session in self.silent.sessions:
            session.sock.send(b"are you there?")
        wait_for("every session is answered", lambda: self.talking
                 .answered_since(asked) + self.silent.answered_since(asked)
                 == TALKING + SILENT, 5)
        assert self.talking.longest_gap(since, now() - 0.3) < pause

    def moved(self, source, since, most):
        """All that can move is there within the bound, and stays there."""
        first = wait_for("a connection is seen as " + source,
                         lambda: self.prober.first(source, since), 10, 0.01)
        assert first.ended - self.prober.last_before(first).ended <= most
        self.traffic.run(0.5)
        until = now() - 0.3
        assert self.prober.failed(first.began, until) == []
        assert self.udp.seen_as(until - 0.2) == {source}
        assert self.udp.outage(since - 0.1, until) <= most
        assert self.pings.lost(first.ended + 0.2, until) == []

    def nothing_lost(self, since):
        self.traffic.run(0.5)
        until = now() - 0.3
        assert self.prober.failed(since, until) == []
        assert self.udp.lost(since, until) == []
        assert self.pings.lost(since, until) == []


# ---- failover and failback ------------------------------------------------------

def test_failover_and_failback(site, traffic):
    site.reconfigure({})
    load = Load(site, traffic)
    began = now()
    site.isp("a").black()
    load.moved(B, began, DETECTION)
    load.all_told()
    status = site.twinpathd.status()
    assert status["selector"] == "isp-b" and status["partner"] is None
    assert "track core down" in status["last_switch"]["reason"]
    assert site.uplink("a")["state"] == "dead"
    assert site.uplink("a")["waits_s"] is None
    # Failback: new sessions go home, what was opened stays until it ends.
    traffic.end()
    load = Load(site, traffic, B)
    healed = now()
    site.isp("a").heal()
    first = wait_for("a connection is seen as " + A,
                     lambda: load.prober.first(A, healed), 10, 0.01)
    load.traffic.run(1)
    load.all_alive(healed)
    load.nothing_lost(healed)
    assert load.udp.seen_as(first.ended) == {B}
    left = site.uplink("b")
    assert left["state"] == "up" and 1700 < left["home_in_s"] < 1800
    assert left["tcp_sessions"] >= TALKING + SILENT


def test_both_are_dead(site, traffic):
    load = Load(site, traffic)
    for letter in SIDES:
        site.isp(letter).black()
    for letter in SIDES:
        is_in(site, letter, "dead")
    load.traffic.run(1.2)  # until the host is told that there is no way
    healed = now()
    site.isp("b").heal()
    first = wait_for("a connection works by " + B,
                     lambda: load.prober.first(B, healed), 10, 0.01)
    # No delay-up where there is nothing else.
    assert first.ended - healed < TIMERS.recovery() + MARGIN
    load.all_told()


# ---- on purpose -------------------------------------------------------------------

def test_flip_there_and_back(site, traffic):
    load = Load(site, traffic)
    began = now()
    site.twinpathd.cli("flip", "isp-b", "--for", "3s")
    first = wait_for("a connection is seen as " + B,
                     lambda: load.prober.first(B, began), 5, 0.01)
    assert first.ended - began < 1
    selects(site, "isp-a", 6)
    assert 2.8 < now() - began < 5
    load.traffic.run(0.5)
    load.all_alive(began)
    load.nothing_lost(began)
    assert "its time is over" in log_of(site, "a")


def test_drain_then_unplug(site, traffic):
    """When it says that it is safe, it is: the cable is pulled, and nobody who
    is still there notices."""
    load = Load(site, traffic)
    process = subprocess.Popen(
        site.twinpathd.netns.command(site.twinpathd.cli_command(
            "drain", "isp-a", "--wait", "--drain", "2s")),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    began = now()
    out, _ = process.communicate(timeout=15)
    assert process.returncode == 0 and 1.5 < now() - began < 6
    assert "isp-a: safe to unplug" in out
    load.all_told()
    load.moved(B, began, 0.5)
    after = traffic.begin(Sessions(site.netns("h2"), SERVER, ECHO, 10))
    assert {s.source for s in after.sessions} == {B}
    load.traffic.run(0.5)
    unplugged = now()
    site.isp("a").link_down()
    wait_for("its carrier is gone", lambda: not site.uplink("a")["carrier"],
             5)
    load.nothing_lost(unplugged)
    assert after.alive() == 10
    assert after.longest_gap(unplugged, now() - 0.3) < 1
    site.isp("a").link_up()
    site.twinpathd.cli("undrain")
    selects(site, "isp-a")
    load.nothing_lost(unplugged)


# ---- hold ---------------------------------------------------------------------------

def test_hold_waits_for_it(site, traffic):
    """Down for three seconds, back with the same address: no session is lost,
    and what can move did not wait."""
    site.reconfigure(HOLD)
    load = Load(site, traffic)
    began = now()
    site.isp("a").link_down()
    load.moved(B, began, DETECTION)
    waiting = site.uplink("a")
    assert waiting["state"] == "dead" and 5 < waiting["waits_s"] < 10
    assert "wait for it" in site.twinpathd.cli("status").stdout
    assert "its TCP sessions wait 10s for it" in log_of(site, "a")
    load.traffic.run(max(0, began + 3 - now()))
    assert load.alive() == TALKING + SILENT
    healed = now()
    site.isp("a").link_up()
    is_in(site, "a", "up")
    wait_for("every session goes on", lambda: load.talking.answered_since(
        healed) == TALKING, 8)
    load.all_alive(healed + 4)  # TCP repeats ever more rarely
    load.nothing_lost(healed)
    assert "sessions of isp-a: waiting -> kept, because the uplink is back" \
        in log_of(site, "a")
    assert site.uplink("a")["waits_s"] is None


def test_hold_is_not_for_ever(site, traffic):
    site.reconfigure({"a": "hold = 2s"})
    load = Load(site, traffic)
    began = now()
    site.isp("a").black()
    is_in(site, "a", "dead")
    load.traffic.run(1)
    assert load.alive() == TALKING + SILENT
    load.all_told(8)
    assert now() - began > 2
    assert "sessions of isp-a: waiting -> lost, because the uplink has not " \
        "come back in time" in log_of(site, "a")


def test_hold_outlives_the_daemon(site, traffic):
    """It stands in the data plane, and ends there; a new daemon goes on."""
    site.reconfigure({"a": "hold = 8s"})
    load = Load(site, traffic)
    began = now()
    site.isp("a").black()
    is_in(site, "a", "dead")
    site.twinpathd.kill()
    load.traffic.run(1)
    assert load.alive() == TALKING + SILENT
    site.twinpathd.start()
    site.twinpathd.wait_ready()
    assert 0 < site.uplink("a")["waits_s"] < began + 8 - now() + 1
    assert load.alive() == TALKING + SILENT
    load.all_told(12)
    assert now() - began > 7.5

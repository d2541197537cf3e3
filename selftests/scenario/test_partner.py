# SPDX-License-Identifier: GPL-2.0-or-later
"""Two gateways meet: they boot in either order, one of them reboots under live
sessions, both claim one level, their keys differ.
"""
import itertools
import os
import secrets
import signal

import pytest

from conftest import (ECHO, log_of, reasons, served, settled, site_of, uplink)
from selftests.site.accidents import power_off, power_on
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.topology import HOSTS, SERVER, SIDES
from selftests.site.traffic import Datagrams, Prober, Sessions, now

A, B = SIDES["a"].wan, SIDES["b"].wan
TIMERS = Timers(delay_up=0.3)
PORTS = itertools.count(5000)
COUNT = 20
FRAME = """
import sys
from scapy.all import Ether, IP, TCP, getmacbyip, sendp
gateway, source, target = sys.argv[1:]
sendp(Ether(dst=getmacbyip(gateway)) / IP(src=source, dst=target)
      / TCP(sport=7777, dport=7, flags="A", seq=1, ack=1), iface="eth0",
      verbose=0)
"""


@pytest.fixture(scope="module")
def site():
    with site_of(timers=TIMERS) as made:
        made.up()
        settled(made)
        with served(made):
            yield made


@pytest.fixture(autouse=True)
def good_day(site):
    settled(site, 40)
    yield


def daemon(site, letter):
    return site.gateway(letter).twinpathd


def selects(site, letter, exit_name, seconds=20):
    wait_for("gw-%s sends new sessions by %s" % (letter, exit_name),
             lambda: (daemon(site, letter).status(check=False) or {}).get(
                 "selector") == exit_name, seconds, 0.02)


def works(site, seconds=20):
    wait_for("h1 reaches the server", lambda: site.ping("h1"), seconds, 0.1)


class Load:
    """TCP sessions, datagrams and new connections of h1."""

    def __init__(self, site, traffic, source):
        host = site.netns("h1")
        self.traffic = traffic
        self.sessions = traffic.begin(Sessions(host, SERVER, ECHO, COUNT))
        self.udp = traffic.begin(Datagrams(host, SERVER, ECHO))
        self.prober = traffic.begin(Prober(host, SERVER, ECHO, ports=PORTS))
        wait_for("datagrams are answered", lambda: self.udp.seen_as(0), 5)
        assert {s.source for s in self.sessions.sessions} == {source}
        self.source, self.began = source, now()

    def unharmed(self):
        """Not one lost, not one moved, not one refused."""
        self.traffic.run(0.5)
        until = now() - 0.4
        assert self.sessions.alive() == COUNT
        assert self.sessions.longest_gap(self.began, until) < 1
        assert self.prober.failed(self.began, until) == []
        assert self.udp.lost(self.began, until) == []
        assert self.udp.seen_as(self.began) == {self.source}


# ---- power -------------------------------------------------------------------

@pytest.mark.parametrize("first, second, source", [("b", "a", B),
                                                   ("a", "b", A)])
def test_cold_start(site, traffic, first, second, source):
    """Each serves the site alone; what it holds stays its own when the other
    one boots, empty, into a live site."""
    for letter in SIDES:
        power_off(site, letter)
    power_on(site, first)
    selects(site, first, "isp-" + first)
    works(site)
    load = Load(site, traffic, source)
    power_on(site, second)
    settled(site, 40)
    load.traffic.run(1)
    load.unharmed()
    # The new sessions are the better gateway's.
    assert load.prober.last_before(load.prober.tries[-1]).source == A
    assert log_of(site, first).count("gone") >= 1


# ---- time ----------------------------------------------------------------------

def test_daemons_that_stand_still(site, traffic):
    """S44: two seconds without a turn are nobody's silence but their own: no
    track falls, nobody is gone, no selector moves."""
    load = Load(site, traffic, A)
    begins = {letter: len(log_of(site, letter)) for letter in SIDES}
    pids = [site.processes.pid(daemon(site, letter).name) for letter in SIDES]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        load.traffic.run(2)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    load.traffic.run(1)
    settled(site, 5)
    load.unharmed()
    for letter in SIDES:
        said = log_of(site, letter)[begins[letter]:]
        for line in ("track", "data plane", "selector"):
            assert line not in said


# ---- one level -----------------------------------------------------------------

def relevel(site, letter, level):
    """Another level in its configuration, and a new daemon."""
    twinpathd = daemon(site, letter)
    path = site.processes.path(twinpathd.name + ".conf")
    with open(path, encoding="ascii") as file:
        text = file.read()
    site.processes.write(twinpathd.name + ".conf", text.replace(
        "level     = %d" % SIDES[letter].level, "level     = %d" % level))
    restart(site, letter)


def restart(site, letter):
    daemon(site, letter).stop()
    daemon(site, letter).start()
    daemon(site, letter).wait_ready()


def test_both_of_level_one(site, traffic):
    """Who carries goes on; the other gives way, and both say so."""
    relevel(site, "b", 1)
    try:
        for letter, who in (("a", "isp-a"), ("b", "partner")):
            wait_for("gw-%s has noticed" % letter, lambda: "best uplink is "
                     "of level 1: the one that carries goes on; when both "
                     "would, the one with the higher address, 192.168.0.4"
                     in log_of(site, letter), 10)
            selects(site, letter, who)
        wait_for("the uplink of gw-b is up", lambda: uplink(
            daemon(site, "b"))["state"] == "up", 5)
        wait_for("gw-b says why", lambda: "has one, too, and carries "
                 "already" in daemon(site, "b").status()["reason"], 5)
        assert daemon(site, "b").status()["vrrp"] == 95
        works(site)
        load = Load(site, traffic, A)
        load.traffic.run(1)
        load.unharmed()
        site.isp("a").black()
        selects(site, "b", "isp-b")
        selects(site, "a", "partner")
        site.isp("a").heal()
        wait_for("the uplink of gw-a is up", lambda: uplink(
            daemon(site, "a"))["state"] == "up", 10)
        # gw-b carries now, so it is gw-a that gives way.
        load.traffic.run(1)
        selects(site, "a", "partner")
        selects(site, "b", "isp-b")
        assert "has one, too" in daemon(site, "a").status()["reason"]
    finally:
        site.isp("a").heal()
        site.processes.write(daemon(site, "b").name + ".conf", "")
        site.gateway("b").twinpathd.configure(site.modes["b"], TIMERS)
        restart(site, "b")


# ---- keys ------------------------------------------------------------------------

def test_keys_that_differ(site):
    """They cannot understand each other: each serves for itself, says so, and
    nothing goes to and fro, not even without their daemons."""
    twinpathd, key = daemon(site, "b"), site.processes.path("other.key")
    with open(key, "w", encoding="ascii",
              opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(secrets.token_hex(32) + "\n")
    path = site.processes.path(twinpathd.name + ".conf")
    with open(path, encoding="ascii") as file:
        text = file.read()
    site.processes.write(twinpathd.name + ".conf", text.replace(
        site.processes.path("partner.key"), key))
    try:
        restart(site, "b")
        for letter in SIDES:
            selects(site, letter, "isp-" + letter)
            assert "do both gateways have the same key file?" \
                in log_of(site, letter)
        assert daemon(site, "a").status()["partner"]["heartbeat"]["forged"]
        works(site)
        for letter in SIDES:
            daemon(site, letter).kill()
        killed = now()
        before = {letter: reasons(daemon(site, letter)) for letter in SIDES}
        wait_for("the leases are over", lambda: now() > killed + 1.2, 2)
        site.netns("h1").run(["/usr/bin/python3", "-c", FRAME,
                              SIDES["a"].lan, HOSTS["h1"], SERVER])
        after = {letter: reasons(daemon(site, letter)) for letter in SIDES}
        for letter in SIDES:
            asked = sum(count - before[letter].get(which, 0)
                        for which, count in after[letter].items()
                        if "question" in which[1])
            assert asked < 10
        works(site)
    finally:
        twinpathd.configure(site.modes["b"], TIMERS)
        for letter in SIDES:
            if site.processes.pid(daemon(site, letter).name):
                daemon(site, letter).stop()
            daemon(site, letter).start()
            daemon(site, letter).wait_ready()

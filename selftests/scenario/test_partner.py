# SPDX-License-Identifier: GPL-2.0-or-later
"""What the configurations of the two make of each other: one waits for its uplink,
both claim one level, their keys differ.
"""
import os
import secrets

import pytest

from conftest import (ECHO, log_of, reasons, served, settled, site_of, uplink)
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.topology import HOSTS, SERVER, SIDES
from selftests.site.traffic import Sessions, now

A, B = SIDES["a"].wan, SIDES["b"].wan
TIMERS = Timers(delay_up=0.3)
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


# ---- hold ----------------------------------------------------------------------

def test_held_while_the_hosts_are_elsewhere(site, traffic):
    """W: gw-a's uplink is dead for three seconds, VRRP moves, gw-b asks gw-a
    about its sessions, and must not be told that they are nobody's."""
    twinpathd = daemon(site, "a")
    twinpathd.configure(site.modes["a"], TIMERS, "hold = 20s")
    restart(site, "a")
    settled(site, 20)
    sessions = traffic.begin(Sessions(site.netns("h1"), SERVER, ECHO, COUNT))
    assert {s.source for s in sessions.sessions} == {A}
    try:
        began = now()
        site.isp("a").link_down()
        wait_for("gw-b is the master", lambda: site.masters() == ["gw-b"], 15,
                 0.05)
        traffic.run(max(1, began + 3 - now()))
        counts = reasons(twinpathd)
        assert sum(count for (_, reason), count in counts.items()
                   if reason == "hold") > 0
        assert sessions.alive() == COUNT
        assert uplink(twinpathd)["waits_s"] > 0
        healed = now()
        site.isp("a").link_up()
        wait_for("every session goes on", lambda: sessions.answered_since(
            healed) == COUNT, 15, 0.05)
    finally:
        site.isp("a").link_up()
        twinpathd.configure(site.modes["a"], TIMERS)
        restart(site, "a")
    assert sessions.alive() == COUNT


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
        sessions = traffic.begin(Sessions(site.netns("h1"), SERVER, ECHO,
                                          COUNT))
        assert {s.source for s in sessions.sessions} == {A}
        site.isp("a").black()
        selects(site, "b", "isp-b")
        selects(site, "a", "partner")
        site.isp("a").heal()
        wait_for("the uplink of gw-a is up", lambda: uplink(
            daemon(site, "a"))["state"] == "up", 10)
        # gw-b carries now, so it is gw-a that gives way.
        traffic.run(1)
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

# SPDX-License-Identifier: GPL-2.0-or-later
"""Load sharing across two gateways: a host crosses the same uplink whichever
gateway it uses, for all destinations; a dead exit moves its own hosts alone.
"""
import re
import socket

import pytest

from conftest import ECHO, log_of, site_of
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.topology import SERVER, SIDES, TARGET

TIMERS = Timers(delay_up=0.5)
SHARES = {"a": 3, "b": 1}
HOSTS = ["192.168.0.%d" % last for last in range(64, 224)]
A, B = SIDES["a"].wan, SIDES["b"].wan


def shared(site, letter):
    """Both uplinks are of level 1, and have a share."""
    twinpathd = site.gateway(letter).twinpathd
    configure = twinpathd.configure

    def also_shares(mode, timers):
        configure(mode, timers, "share = %d" % SHARES[letter])
        path = twinpathd.command[-1]
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"level +=.*", "level = 1", file.read())
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    twinpathd.configure = also_shares


@pytest.fixture(scope="module")
def site():
    with site_of(timers=TIMERS) as made:
        for letter in SIDES:
            shared(made, letter)
        made.up()
        made.netns("h1").ip(["addr add %s/32 dev eth0" % host
                             for host in HOSTS])
        servers = [Server(made.netns("core"), address, ECHO).begin()
                   for address in (SERVER, TARGET)]
        try:
            shares(made, SHARES)
            yield made
        finally:
            for server in servers:
                server.stop()


def shares(site, wanted, seconds=10):
    """What both gateways say that each exit has."""
    for letter in SIDES:
        twinpathd = site.gateway(letter).twinpathd
        expected = {} if len(wanted) < 2 else {
            "isp-" + letter: wanted[letter],
            "partner": wanted["b" if letter == "a" else "a"]}
        wait_for("gw-%s shares %s" % (letter, expected), lambda: {
            share["exit"]: share["weight"]
            for share in twinpathd.status()["shares"]} == expected,
            seconds, 0.02)


def through(site, letter):
    """The hosts' router, from now on."""
    site.netns("h1").ip(["route replace default via " + SIDES[letter].lan])


def connect(source, target):
    """A connection, and as whom the server sees it."""
    sock = socket.create_connection((target, ECHO), 3, (source, 0))
    seen = sock.recv(64).decode().strip()
    return sock, seen


def seen_as(site, target=SERVER):
    """{host: external address} of a new connection of each."""
    def all_of_them():
        found = {}
        for host in HOSTS:
            sock, found[host] = connect(host, target)
            sock.close()
        return found
    return site.netns("h1").call(all_of_them)


def test_by_the_host(site):
    through(site, "a")
    by_a = seen_as(site)
    part = list(by_a.values()).count(A) / len(HOSTS)
    assert set(by_a.values()) == {A, B}
    # The tables meet the weights (test_share); 160 hosts are a sample.
    assert 0.62 < part < 0.88
    assert seen_as(site, TARGET) == by_a
    through(site, "b")
    assert seen_as(site) == by_a
    assert seen_as(site, TARGET) == by_a
    for letter in SIDES:
        cli = site.gateway(letter).twinpathd.cli("status").stdout
        assert "shared, by the inside host: isp-%s %d%%, partner %d%%" % (
            (letter,) + ((75, 25) if letter == "a" else (25, 75))) in cli
        assert "of level 1: the one that carries" not in log_of(site, letter)


def test_a_dead_exit_moves_its_own(site):
    through(site, "b")
    before = seen_as(site)
    lives = next(host for host in HOSTS if before[host] == B)
    sock, _ = site.netns("h1").call(connect, lives, SERVER)
    site.isp("a").black()
    shares(site, {})
    assert set(seen_as(site).values()) == {B}
    through(site, "a")
    assert set(seen_as(site).values()) == {B}
    site.isp("a").heal()
    shares(site, SHARES)
    # As it was, to the host; and nobody who was on B had to notice.
    assert seen_as(site) == before
    sock.settimeout(3)
    sock.send(b"still there?")
    assert sock.recv(64)
    sock.close()


def test_the_operator_ends_it(site):
    through(site, "a")
    before = seen_as(site)
    gateway = site.gateway("a").twinpathd
    gateway.flip("isp-b")
    shares(site, {})
    assert set(seen_as(site).values()) == {B}
    gateway.flip("auto")
    shares(site, SHARES)
    assert seen_as(site) == before

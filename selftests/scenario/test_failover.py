# SPDX-License-Identifier: GPL-2.0-or-later
"""A path fails, in every way it can; and comes back.

Bounds are of what a host sees: the time between the last connection that
worked and the first that works again.
"""
import itertools
import socket
import struct

import pytest

from conftest import (ECHO, SSH, log_of, served, settled, site_of, uplink)
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import (Datagrams, Pings, Prober, Sessions, now)

A, B = SIDES["a"].wan, SIDES["b"].wan
TIMERS = Timers(delay_up=1.0)
PACE = 5.2  # a default is announced or withdrawn once in 5 s, not oftener
OSPF_DEAD = 4
# A busy machine's; the demo judges the tight figures.
MARGIN = 1.0
DETECTION = TIMERS.detection() + MARGIN
CARRIER = 1.0  # the kernel reports carriers about once a second
SSH_GAP = 0.5  # a request every 100 ms
# No port twice in a whole run: what a port that is used again may bring
# along is a test of its own.
PORTS = itertools.count(5000)


@pytest.fixture(scope="module")
def site():
    with site_of(timers=TIMERS) as made:
        made.up()
        settled(made)
        with served(made):
            yield made


@pytest.fixture
def host(site, traffic):
    """h1 and what it sends; every test begins and ends with a whole site."""
    settled(site)
    began = Host(site, traffic)
    traffic.run(0.5)
    assert began.seen(began.began) == {A}
    yield began
    traffic.end()
    for letter in SIDES:
        site.isp(letter).heal()
    settled(site)


@pytest.fixture
def calm(site, host):
    """Nothing was announced for so long that a withdrawal goes out at once:
    the bounds below are of a switch, not of two in a row."""
    gateway = site.netns(SIDES["a"].gateway)
    wait_for("gw-a announces its default", lambda: "eth1 proto 201" in
             gateway.run(["ip", "route", "show", "default"]).stdout, 10)
    began = host.traffic.run(PACE)
    assert host.failed(began) == [] and host.seen(began) == {A}
    assert host.datagrams.lost(began, now() - 0.3) == []
    assert host.pings.lost(began, now() - 0.3) == []
    return host


class Host:
    def __init__(self, site, traffic):
        self.site, self.traffic = site, traffic
        self.prober = traffic.begin(Prober(site.netns("h1"), SERVER, ECHO,
                                           ports=PORTS))
        self.datagrams = traffic.begin(Datagrams(site.netns("h1"), SERVER,
                                                 ECHO))
        self.pings = traffic.begin(Pings(site.netns("h3"), SERVER, 0.02))
        self.ssh = {letter: traffic.begin(
            Sessions(site.netns("core"), side.wan, SSH, period=0.1))
                    for letter, side in SIDES.items()}
        self.began = now()

    def open(self, count=5):
        """TCP sessions of h2."""
        return self.traffic.begin(Sessions(
            self.site.netns("h2"), SERVER, ECHO, count=count, period=0.1))

    def seen(self, since):
        return {t.source for t in self.prober.since(since) if t.ok()}

    def first(self, source, since, seconds=10):
        def found():
            for worker in self.traffic.workers:
                assert worker.error is None, worker.error
            return self.prober.first(source, since)
        return wait_for("a connection is seen as " + source, found, seconds,
                        0.005)

    def outage(self, since, seconds=10):
        """Of new connections that move to ISP B; and the first that did."""
        first = self.first(B, since, seconds)
        return first.ended - self.prober.last_before(first).ended, first

    def failed(self, since):
        """Connections that were refused or not answered, but the last."""
        return [t.error for t in self.prober.failed(since, now() - 0.3)]

    def moves(self, since, most):
        """All of it is at ISP B within the bound, and stays there."""
        outage, first = self.outage(since)
        assert outage <= most
        self.traffic.run(1)
        assert self.datagrams.outage(since - 0.2, since + 1) <= most
        assert self.failed(first.began) == []
        assert self.seen(first.began) == {B}
        assert self.datagrams.seen_as(first.ended + 0.1) == {B}
        assert self.pings.lost(first.ended + 0.1, now() - 0.3) == []

    def returns(self, since, slower=0):
        """New connections are at ISP A again, after delay-up, and none is
        lost on the way."""
        first = self.first(A, since)
        assert TIMERS.delay_up <= first.began - since \
            <= TIMERS.recovery() + 1.5 + slower
        self.traffic.run(1)
        assert self.failed(since) == []
        assert self.seen(first.ended) == {A}

    def ssh_held(self, letter, since):
        """The session to the gateway's own ISP address never noticed."""
        sessions = self.ssh[letter]
        assert sessions.alive() == 1
        assert sessions.longest_gap(since, now()) <= SSH_GAP


def selector(site, letter="a"):
    return site.gateway(letter).twinpathd.selector()


def weight(site, letter):
    """What keepalived reads."""
    with open(site.gateway(letter).twinpathd.track_file,
              encoding="ascii") as file:
        return int(file.read())


def weighs(site, letter, value):
    wait_for("the track file of gw-%s says %d" % (letter, value),
             lambda: weight(site, letter) == value, 3)


# ---- dead -------------------------------------------------------------------

def test_black_hole_behind_a_live_link(site, calm):
    began = now()
    site.isp("a").black()
    calm.moves(began, DETECTION)
    assert selector(site) == "partner"
    assert uplink(site.gateway("a").twinpathd)["state"] == "dead"
    assert uplink(site.gateway("a").twinpathd)["carrier"] is True
    calm.ssh_held("b", began)
    healed = now()
    site.isp("a").heal()
    calm.returns(healed)
    calm.ssh_held("b", began)


def test_black_hole_beyond_the_next_hop(site, calm):
    """The PE answers ARP and pings; what is behind it does not."""
    began = now()
    site.isp("a").black_beyond()
    calm.moves(began, DETECTION)
    healed = now()
    site.isp("a").heal()
    calm.returns(healed)


def test_link_down(site, calm):
    """Known from the carrier, before any probe."""
    began = now()
    site.isp("a").link_down()
    calm.moves(began, DETECTION)
    status = site.gateway("a").twinpathd.status()
    assert "no carrier on eth1" in status["last_switch"]["reason"]
    healed = now()
    site.isp("a").link_up()
    calm.returns(healed, CARRIER)


def test_next_hop_gone(site, calm):
    """Its port is off; the switch in between keeps our carrier up."""
    pe = site.netns(SIDES["a"].pe)
    began = now()
    pe.ip(["link set eth0 down"])
    try:
        calm.moves(began, DETECTION)
        assert uplink(site.gateway("a").twinpathd)["carrier"] is True
    finally:
        healed = now()
        pe.ip(["link set eth0 up"])
    calm.returns(healed)


def test_interface_set_down_and_up(site, calm):
    """The kernel drops routes without a word, and nobody else puts the
    default route back."""
    gateway = site.netns(SIDES["a"].gateway)
    began = now()
    gateway.ip(["link set eth1 down"])
    calm.moves(began, DETECTION)
    healed = now()
    gateway.ip(["link set eth1 up"])
    calm.returns(healed, CARRIER)
    wait_for("our default is announced again", lambda: "default via %s dev "
             "eth1 proto 201" % SIDES["a"].next_hop in gateway.run(
                 ["ip", "route", "show", "default"]).stdout, PACE)


def test_address_lost_and_found(site, calm):
    gateway = site.netns(SIDES["a"].gateway)
    began = now()
    gateway.ip(["addr del %s/30 dev eth1" % A])
    calm.moves(began, DETECTION)
    healed = now()
    gateway.ip(["addr add %s/30 dev eth1" % A])
    calm.returns(healed)


def test_the_standby_path_fails(site, host):
    """Nobody's traffic is there; nobody may notice."""
    sessions = host.open()
    began = now()
    site.isp("b").black()
    wait_for("isp-b is dead", lambda: uplink(
        site.gateway("b").twinpathd)["state"] == "dead", 5)
    host.traffic.run(0.5)
    site.isp("b").heal()
    wait_for("isp-b is up", lambda: uplink(
        site.gateway("b").twinpathd)["state"] == "up", 5)
    host.traffic.run(0.5)
    assert host.failed(began) == [] and host.seen(began) == {A}
    assert host.datagrams.lost(began, now() - 0.3) == []
    assert sessions.alive() == 5
    assert sessions.longest_gap(began, now()) < SSH_GAP


def test_both_paths_fail_and_return(site, host):
    for letter in SIDES:
        site.isp(letter).black()
    for letter in SIDES:
        wait_for("isp-%s is dead" % letter, lambda: uplink(site.gateway(
            letter).twinpathd)["state"] == "dead", 5)
    host.traffic.run(0.5)
    healed = now()
    for letter in SIDES:
        site.isp(letter).heal()
    first = wait_for("a connection works again", lambda: next(
        (t for t in host.prober.since(healed) if t.ok()), None), 10)
    assert first.began - healed <= TIMERS.recovery() + 1.5
    host.first(A, healed)
    host.traffic.run(1)
    assert host.failed(first.ended + 0.5) == []


def test_a_short_outage_moves_nobody_twice(site, calm):
    """The path dies again before delay-up is over: still at ISP B."""
    began = now()
    site.isp("a").black()
    _, first = calm.outage(began)
    site.isp("a").heal()
    calm.traffic.run(0.6)
    site.isp("a").black()
    calm.traffic.run(1.2)
    assert calm.seen(first.began) == {B}
    assert calm.failed(first.began) == []
    healed = now()
    site.isp("a").heal()
    calm.returns(healed)


def test_partner_loses_power(site, calm):
    """gw-a is gone at once, with both cables; its daemon cannot say so."""
    lan, segment = site.netns("lan"), site.netns(SIDES["a"].segment)
    began = now()
    lan.ip(["link set gw-a down"])
    segment.ip(["link set gw down"])
    try:
        outage, first = calm.outage(began, 15)
        # Until then gw-b sees gw-a's default in its routes.
        assert outage <= OSPF_DEAD + 2.5
        calm.traffic.run(1)
        assert calm.failed(first.began + 0.2) == []
    finally:
        lan.ip(["link set gw-a up"])
        segment.ip(["link set gw up"])


# ---- avoid ------------------------------------------------------------------

def test_probe_target_dead_while_the_path_is_alive(site, calm):
    """Nobody is reset, no session moves; new ones go where all is well."""
    sessions = calm.open()
    twinpathd = site.gateway("a").twinpathd
    began = now()
    site.isp("a").target_dead()
    wait_for("the track is down", lambda: uplink(twinpathd)["state"] != "up",
             5, 0.01)
    calm.traffic.run(2)
    assert uplink(twinpathd)["state"] == "avoid"
    assert selector(site) == "partner"
    assert sessions.alive() == 5
    assert sessions.longest_gap(began, now()) < SSH_GAP
    assert {s.source for s in sessions.sessions} == {A}
    assert calm.failed(began) == []
    assert calm.datagrams.lost(began, now() - 0.3) == []
    calm.ssh_held("a", began)
    healed = now()
    site.isp("a").heal()
    calm.returns(healed)
    assert sessions.alive() == 5
    assert sessions.longest_gap(began, now()) < SSH_GAP


# ---- on purpose -------------------------------------------------------------

@pytest.mark.parametrize("there, back", [("partner", "auto"),
                                         ("backup", "primary")])
def test_flip_there_and_back(site, calm, there, back):
    """Not one connection fails, not one session ends."""
    twinpathd = site.gateway("a").twinpathd
    old = calm.open()
    began = now()
    try:
        twinpathd.flip(there)
        first = calm.first(B, began)
        assert first.ended - began < 1
        middle = calm.open()
        calm.traffic.run(PACE)
        assert {s.source for s in middle.sessions} == {B}
        assert calm.seen(first.ended) == {B}
        back_at = now()
        twinpathd.flip(back)
        first = calm.first(A, back_at)
        assert first.ended - back_at < 1
        calm.traffic.run(1)
        assert calm.seen(first.ended) == {A}
        assert calm.failed(began) == []
        for sessions in (old, middle):
            assert sessions.alive() == 5
            assert sessions.longest_gap(began, now()) < SSH_GAP
        for letter in SIDES:
            calm.ssh_held(letter, began)
    finally:
        twinpathd.flip("auto")


def test_flips_in_quick_succession(site, calm):
    """Faster than they can be announced: the announcement waits, the hosts
    do not."""
    twinpathd = site.gateway("a").twinpathd
    sessions = calm.open()
    began = now()
    try:
        for _ in range(3):
            for to, source in (("partner", B), ("auto", A)):
                flipped = now()
                twinpathd.flip(to)
                first = calm.first(source, flipped)
                # The partner's own selector follows what is announced:
                # VRRP moves them, or a hand-over, not the map alone.
                assert first.ended - flipped < 1
                calm.traffic.run(0.8)
                assert calm.seen(first.ended) == {source}
    finally:
        twinpathd.flip("auto")
    assert calm.failed(began) == []
    assert sessions.alive() == 5
    assert sessions.longest_gap(began, now()) < SSH_GAP


def from_port(port):
    """One connection from this port, closed by the server's side last."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        sock.settimeout(2)
        sock.bind(("", port))
        sock.connect((SERVER, ECHO))
        return sock.recv(64).decode().strip()


def test_port_used_again_after_a_flip(site, calm):
    """A SYN goes by the selector, also where the session that its port had
    before is still owned: its owner forgets that one first, or both gateways
    would answer for it."""
    h2, twinpathd = site.netns("h2"), site.gateway("a").twinpathd
    assert h2.call(from_port, 2222) == A
    began = now()
    try:
        twinpathd.flip("partner")
        calm.first(B, began)
        calm.traffic.run(1.5)  # VRRP follows
        assert h2.call(from_port, 3333) == B
        assert h2.call(from_port, 2222) == B
        began = now()
        twinpathd.flip("auto")
        calm.first(A, began)
        assert h2.call(from_port, 3333) == A
        assert h2.call(from_port, 2222) == A
    finally:
        twinpathd.flip("auto")


def test_flip_to_what_is_dead_is_refused(site, host):
    del host
    site.isp("b").black()
    twinpathd = site.gateway("b").twinpathd
    wait_for("isp-b is dead",
             lambda: uplink(twinpathd)["state"] == "dead", 5)
    done = twinpathd.cli("flip", "isp-b", check=False)
    assert done.returncode != 0
    assert "isp-b is dead" in done.stdout
    assert twinpathd.status()["intent"]["kind"] == "auto"


# ---- VRRP -------------------------------------------------------------------

def test_track_file(site, host):
    """What keepalived is told; the base priorities are 50 and 40."""
    del host
    weighs(site, "a", 100)
    weighs(site, "b", 90)
    site.isp("a").black()
    weighs(site, "a", 10)
    weighs(site, "b", 90)
    wait_for("gw-b is the master", lambda: site.masters() == ["gw-b"], 8)
    site.isp("a").heal()
    weighs(site, "a", 100)
    wait_for("gw-a is the master", lambda: site.masters() == ["gw-a"], 12)
    site.isp("b").black()
    weighs(site, "b", 10)
    site.isp("b").heal()
    weighs(site, "b", 90)
    wait_for("gw-a sees the marker of gw-b", lambda: site.gateway(
        "a").twinpathd.status()["partner"]["marker"], 12)
    wait_for("gw-a knows that isp-b is up", lambda: [
        uplink["state"] for uplink in site.gateway(
            "a").twinpathd.status()["partner"]["says"]["uplinks"]
        ] == ["up"], 3)
    site.gateway("a").twinpathd.flip("partner")
    weighs(site, "a", 10)
    site.gateway("a").twinpathd.flip("auto")
    weighs(site, "a", 100)


def test_every_switch_is_said_once(site, host):
    """One event, with its reason, in the log and in the status."""
    begins = len(log_of(site, "a"))
    site.isp("a").black()
    host.first(B, now() - 1)
    switch = site.gateway("a").twinpathd.status()["last_switch"]
    assert (switch["from"], switch["to"]) == ("isp-a", "partner")
    assert "track core down" in switch["reason"]
    event = "[event %d]" % switch["event"]
    lines = [line for line in log_of(site, "a")[begins:].splitlines()
             if "selector: " in line]
    assert len(lines) == 1 and lines[0].endswith(event)
    assert "isp-a -> partner" in lines[0]

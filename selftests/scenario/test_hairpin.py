# SPDX-License-Identifier: GPL-2.0-or-later
"""From inside to the site's own public addresses: a host asks a server that its
neighbour has published, or that it knows from outside, and gets there.

Neither may see an inside address of the other, and nothing of it may leave by
an uplink: both are looked at on the wire.
"""
import errno
import select
import socket

import pytest

# pylint: disable=unused-import
from publish_site import (A, B, WEB, gateway, good_day, selects, servers, site)
from conftest import reasons
from selftests.site.processes import wait_for
from selftests.site.topology import HOSTS, SERVER, SIDES
from selftests.site.traffic import Datagrams, Sessions, ask_tcp, ask_udp, now
from selftests.site.wire import Wire

ECHO = 7


class Escapes(Wire):
    """Packets between our own addresses, where only the Internet should be."""

    def __init__(self, netns, device):
        super().__init__(netns, device)
        self.escaped = []

    def _packet(self, packet, outgoing):
        super()._packet(packet, outgoing)
        source, target = (socket.inet_ntoa(packet[i:i + 4]) for i in (12, 16))
        if not outgoing and target in (A, B) and (
                source == target or source.startswith("192.168.")):
            self.escaped.append((source, target))


@pytest.fixture(autouse=True)
def nothing_leaves(site, traffic):
    """By either uplink, whatever the test does."""
    wires = {letter: traffic.begin(Escapes(site.netns(side.pe), "eth0"))
             for letter, side in SIDES.items()}
    yield wires
    for letter, side in SIDES.items():
        assert wires[letter].escaped == []
        assert wires[letter].strangers({side.wan}) == {}
        assert wires[letter].bad == []


def turned(site, letter):
    return sum(count for (_, reason), count in
               reasons(gateway(site, letter)).items() if reason == "hairpin")


@pytest.mark.parametrize("host", ["h2", "h3", "h1"])
def test_a_published_server(site, host):
    """h3 is behind an inner router; h1 is the server itself."""
    before = turned(site, "a")
    netns = site.netns(host)
    assert netns.call(ask_tcp, A, WEB) == A
    assert netns.call(ask_udp, A, WEB) == A
    assert turned(site, "a") >= before + 8
    # The partner's address: by the partner, or by the Internet to it.
    assert netns.call(ask_tcp, B, WEB) in (A, B)
    assert netns.call(ask_udp, B, WEB) in (A, B)


def test_with_tc_on_both_sides(site):
    """GW-A runs XDP, which passes such packets up; GW-B runs tc."""
    netns = site.netns("h2")
    netns.ip(["route replace default via " + SIDES["b"].lan])
    try:
        before = turned(site, "b")
        assert netns.call(ask_tcp, B, WEB) == B
        assert netns.call(ask_udp, B, WEB) == B
        assert turned(site, "b") > before
    finally:
        netns.ip(["route replace default via 192.168.0.1"])


def test_nobody_there(site):
    """Where no host has the port, the gateway itself answers: at once."""
    netns = site.netns("h2")
    began = now()
    assert "refused" in netns.call(ask_tcp, A, 4444)
    assert now() - began < 1
    assert site.ping("h2", A)


def test_an_error_comes_back(site):
    """A published port whose server is down: its host says so to the asker."""
    def ask():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(2)
            sock.connect((A, 27000))
            sock.send(b"anybody?")
            try:
                return sock.recv(64)
            except OSError as error:
                return error.errno
    assert site.netns("h2").call(ask) == errno.ECONNREFUSED


def test_the_host_is_found(site):
    """Nobody on the gateway knows the server's MAC address."""
    gw = site.netns("gw-a")
    # The kernel on the host would tell it by itself: not while it is asked so.
    gw.ip(["neigh flush dev eth0 to " + HOSTS["h1"]])
    assert site.netns("h2").call(ask_tcp, A, WEB) == A


def test_connections_stay(site, traffic):
    """Over flips, and while the asker's default gateway is the other one."""
    sessions = traffic.begin(Sessions(site.netns("h2"), A, WEB, 20))
    udp = traffic.begin(Datagrams(site.netns("h2"), A, WEB, 50))
    wait_for("datagrams are answered", lambda: udp.answered, 5)
    began = now()
    gateway(site, "a").flip("partner")
    selects(site, "b", "isp-b")
    traffic.run(0.5)
    site.netns("h2").ip(["route replace default via " + SIDES["b"].lan])
    traffic.run(0.5)
    gateway(site, "a").flip("auto")
    selects(site, "b", "partner")
    traffic.run(0.5)
    site.netns("h2").ip(["route replace default via 192.168.0.1"])
    traffic.run(0.5)
    until = now() - 0.3
    assert sessions.alive() == 20
    assert sessions.longest_gap(began, until) < 1
    assert {s.source for s in sessions.sessions} == {A}
    assert udp.lost(began, until) == [] and udp.seen_as(began) == {A}


def test_two_hosts_by_their_mappings(site):
    """As peers do that know each other from a server outside: the first to send
    is filtered, and from then on both get through (RFC 4787 REQ-9, REQ-8)."""
    def mapped(host):
        def learn():
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind(("", 0))
            sock.settimeout(2)
            sock.sendto(b"where am I?", (SERVER, 4000))
            return sock
        return site.netns(host).call(learn)

    def serve():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((SERVER, 4000))
        sock.settimeout(2)
        return sock

    server = site.netns("core").call(serve)
    peers, places = [], []
    try:
        for host in ("h1", "h2"):
            peers.append(mapped(host))
            places.append(server.recvfrom(64)[1])
        assert {place[0] for place in places} == {A}
        peers[0].sendto(b"first", places[1])
        assert not select.select([peers[1]], [], [], 0.3)[0]
        for sender, target in ((1, 0), (0, 1)):
            peers[sender].sendto(b"hello", places[target])
            data, seen = peers[target].recvfrom(64)
            assert (data, seen) == (b"hello", places[sender])
    finally:
        for sock in peers + [server]:
            sock.close()

# SPDX-License-Identifier: GPL-2.0-or-later
"""No packet with an inside source reaches an ISP untranslated, ever.

The inside never stops sending, from before the first daemon to after the
last: everything that the fast path takes, and everything that it leaves to
the kernel.  It is put on the LAN as frames to each gateway's own MAC address
and to the virtual one, so that no missing route or router keeps it from a
gateway that would let it through.  The ISPs look at every source.
"""
import contextlib
import socket
import time

import pytest
from scapy.all import (ICMP, IP, TCP, UDP, IPOption_LSRR,
                       IPOption_Router_Alert, Raw, fragment)

from conftest import plug, served, settled, site_of, uplink, unplug
from selftests.site.daemons import Timers
from selftests.site.netns import Worker
from selftests.site.processes import wait_for
from selftests.site.topology import HOSTS, SERVER, SIDES
from selftests.site.wire import Wire

VIRTUAL_MAC = "00:00:5e:00:01:33"
H1, DEEP, NOBODY = HOSTS["h1"], "192.168.50.77", "10.9.9.9"
PES = [side.next_hop for side in SIDES.values()]
DIRECTED = [side.wan[:-1] + "3" for side in SIDES.values()]
PAUSE = 0.02


class IspWire(Wire):
    """Keeps the first untranslated packets, to say what they were."""

    def __init__(self, netns, allowed):
        super().__init__(netns, "eth0")
        self.allowed, self.kept = allowed, []

    def _packet(self, packet, outgoing):
        super()._packet(packet, outgoing)
        if not outgoing and len(self.kept) < 20 \
                and socket.inet_ntoa(packet[12:16]) != self.allowed:
            self.kept.append(IP(packet).summary())


def tries(source, target):
    """One of each kind of packet, from this source to this target."""
    ip = IP(src=source, dst=target)
    quoted = IP(src=target, dst=source) / UDP(sport=7, dport=999) / b"quoted!!"
    lost = IP(src=target, dst=source) / TCP(sport=7, dport=1099, flags="A")
    yield from (ip / UDP(sport=port, dport=7) / (b"x" * 40)
                for port in (1001, 1002, 1003))
    yield ip / UDP(sport=1004, dport=7, chksum=0) / b"no checksum"
    yield from (ip / TCP(sport=port, dport=7, flags="S")
                for port in (1011, 1012))
    yield from (ip / TCP(sport=1013, dport=7, flags=flags)
                for flags in ("A", "R", "FA", "SF", ""))
    yield ip / ICMP(id=77) / b"ping"
    yield ip / ICMP(type=13, id=78) / (b"\0" * 12)
    yield from fragment(ip / ICMP(id=79) / (b"p" * 3000))
    yield from fragment(ip / UDP(sport=1021, dport=7) / (b"u" * 3000))
    for option in (IPOption_Router_Alert(),
                   IPOption_LSRR(routers=[PES[0], PES[1]])):
        options = IP(src=source, dst=target, options=[option])
        yield options / UDP(sport=1031, dport=7) / b"options"
        yield options / ICMP(id=80)
    yield from (IP(src=source, dst=target, proto=proto) / Raw(b"\0" * 24)
                for proto in (47, 50, 4, 132, 253))
    for ttl in (0, 1, 2):
        short = IP(src=source, dst=target, ttl=ttl)
        yield short / UDP(sport=1041 + ttl, dport=7) / b"short"
        yield short / ICMP(id=81 + ttl)
        yield IP(src=source, dst=target, ttl=ttl, proto=47) / Raw(b"\0" * 24)
    for code in (1, 3, 4):
        yield ip / ICMP(type=3, code=code, nexthopmtu=1400) / quoted
    yield ip / ICMP(type=11) / lost
    yield ip / ICMP(type=5, gw=PES[0]) / quoted
    yield ip / UDP(sport=1051, dport=7) / (b"long" * 360)  # over 1400 bytes


def packets():
    for source in (H1, DEEP, NOBODY):
        for target in [SERVER] + PES:
            yield from tries(source, target)
    for target in DIRECTED + ["224.0.1.1", "255.255.255.255"]:
        yield IP(src=H1, dst=target, ttl=9) / UDP(sport=1061, dport=7)


class Noise(Worker):
    """Sends it all, again and again, to whoever might forward it."""

    def __init__(self, netns, macs):
        super().__init__(netns, "noise")
        kinds = [bytes(packet) for packet in packets()]
        self.frames = [bytes.fromhex(mac.replace(":", "")) + body
                       for body in self._framed(kinds) for mac in macs]
        self.rounds = 0

    def _framed(self, kinds):
        mac = self.netns.run(["ip", "-br", "link", "show", "dev", "eth0"]) \
            .stdout.split()[2]
        source = bytes.fromhex(mac.replace(":", "")) + b"\x08\x00"
        return [source + kind for kind in kinds]

    def open(self):
        self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self._sock.bind(("eth0", 0))

    def work(self):
        for number, frame in enumerate(self.frames):
            self._sock.send(frame)
            if number % 64 == 63:
                time.sleep(PAUSE / 4)
        self.rounds += 1
        time.sleep(PAUSE)

    def close(self):
        self._sock.close()

    def wait(self, rounds=3):
        """Until everything has been sent so often from now on."""
        goal = self.rounds + rounds + 1
        wait_for("the noise goes on", lambda: self.rounds >= goal, 20, 0.02)


def mac_of(netns):
    return netns.run(["ip", "-br", "link", "show", "dev",
                      "eth0"]).stdout.split()[2]


class Guarded:
    """A site whose ISPs are watched and whose inside never stops."""

    def __init__(self, site):
        self.site, self.wires, self.noise = site, {}, None

    def begin(self):
        self.wires = {letter: IspWire(self.site.netns(side.pe),
                                      side.wan).begin()
                      for letter, side in SIDES.items()}
        macs = [mac_of(self.site.netns(side.gateway))
                for side in SIDES.values()] + [VIRTUAL_MAC]
        self.noise = Noise(self.site.netns("h1"), macs).begin()

    def end(self):
        if self.noise:
            self.noise.stop()
        for wire in self.wires.values():
            wire.stop()

    def strangers(self):
        return {letter: wire.strangers([wire.allowed])
                for letter, wire in self.wires.items()}

    def translated(self, letter):
        wire = self.wires[letter]
        return wire.incoming.get(wire.allowed, 0)

    @contextlib.contextmanager
    def holds(self):
        """All through the block, and for some rounds after it."""
        before = self.strangers()
        for wire in self.wires.values():
            wire.kept.clear()
        yield
        self.noise.wait()
        kept = {letter: wire.kept for letter, wire in self.wires.items()}
        assert self.strangers() == before, kept
        for wire in self.wires.values():
            assert wire.error is None


@pytest.fixture(scope="module")
def guarded():
    with site_of(timers=Timers(delay_up=0.3)) as site:
        watched = Guarded(site)
        try:
            site.up(watched.begin)
            with served(site):
                yield watched
        finally:
            watched.end()


@pytest.fixture
def twinpathd(guarded, letter):
    return guarded.site.gateway(letter).twinpathd


both = pytest.mark.parametrize("letter", sorted(SIDES))


def test_cold_boot(guarded):
    """From before zebra, keepalived and twinpathd ran at all."""
    settled(guarded.site)
    guarded.noise.wait()
    kept = {letter: wire.kept for letter, wire in guarded.wires.items()}
    assert guarded.strangers() == {"a": {}, "b": {}}, kept
    # It was not silence: what can be translated does arrive.
    before = guarded.translated("a")
    wait_for("what can be translated arrives",
             lambda: guarded.translated("a") > before + 10, 20)


@both
def test_daemon_stops_and_starts(guarded, twinpathd):
    with guarded.holds():
        twinpathd.stop()
        guarded.noise.wait(2)
        twinpathd.start()
        twinpathd.wait_ready()
    settled(guarded.site)


@both
def test_daemon_killed_and_started(guarded, twinpathd):
    with guarded.holds():
        twinpathd.kill()
        guarded.noise.wait(2)
        twinpathd.start()
        twinpathd.wait_ready()
    settled(guarded.site)


@both
def test_sessions_leave_by_the_partner(guarded, letter, twinpathd):
    """The uplink lives, and new sessions must not take it."""
    other = {"a": "partner", "b": "isp-b"}[letter]
    with guarded.holds():
        twinpathd.flip(other)
        guarded.noise.wait(2)
        twinpathd.flip("auto")
    settled(guarded.site)


@both
def test_the_path_is_black(guarded, letter):
    isp = guarded.site.isp(letter)
    with guarded.holds():
        isp.black_beyond()
        wait_for("the uplink is dead", lambda: uplink(
            guarded.site.gateway(letter).twinpathd)["state"] == "dead", 5)
        guarded.noise.wait(2)
        isp.heal()
    settled(guarded.site)


@both
def test_uplink_has_no_address_for_a_while(guarded, letter):
    side = SIDES[letter]
    gateway = guarded.site.netns(side.gateway)
    with guarded.holds():
        gateway.ip(["addr del %s/30 dev eth1" % side.wan])
        guarded.noise.wait(2)
        gateway.ip(["addr add %s/30 dev eth1" % side.wan])
    settled(guarded.site)


@both
def test_uplink_made_anew(guarded, letter):
    with guarded.holds():
        for _ in range(3):
            unplug(guarded.site, letter)
            guarded.noise.wait(1)
            plug(guarded.site, letter)
            guarded.noise.wait(1)
    settled(guarded.site)


@both
def test_uplink_made_anew_while_the_daemon_is_dead(guarded, letter,
                                                   twinpathd):
    """The maps still say that the old uplink is up."""
    with guarded.holds():
        twinpathd.kill()
        unplug(guarded.site, letter)
        guarded.noise.wait(1)
        plug(guarded.site, letter)
        guarded.noise.wait(2)
        twinpathd.start()
        twinpathd.wait_ready()
    settled(guarded.site)


@both
def test_uplink_made_anew_when_the_daemon_died_without_it(guarded, letter,
                                                          twinpathd):
    """The maps say that there is no uplink: nothing marks slow packets."""
    with guarded.holds():
        unplug(guarded.site, letter)
        wait_for("the uplink is dead",
                 lambda: uplink(twinpathd)["state"] == "dead", 5)
        twinpathd.kill()
        plug(guarded.site, letter)
        guarded.noise.wait(2)
        twinpathd.start()
        twinpathd.wait_ready()
    settled(guarded.site)


@both
def test_detach_and_start(guarded, twinpathd, letter):
    """Nothing is forwarded before the guard is there, nor after."""
    site = guarded.site
    with guarded.holds():
        twinpathd.cli("detach")
        wait_for("the daemon has ended",
                 lambda: site.processes.pid(twinpathd.name) is None, 5)
        guarded.noise.wait(2)
        unplug(site, letter)
        plug(site, letter)
        guarded.noise.wait(1)
        twinpathd.start()
        twinpathd.wait_ready()
    settled(site)


def test_the_captures_missed_nothing(guarded):
    """The last one that needs them: a capture counts its losses at its end."""
    guarded.noise.stop()
    guarded.noise = None
    for wire in guarded.wires.values():
        wire.stop()
        assert wire.dropped == 0
        assert wire.packets() > 1000
    wires, guarded.wires = guarded.wires, {}
    assert {letter: wire.strangers([wire.allowed])
            for letter, wire in wires.items()} == {"a": {}, "b": {}}


def test_an_unguarded_gateway_is_caught(guarded):
    """The same noise through the same gateways, as a plain kernel routes it:
    a test that could not see that would prove nothing."""
    site = guarded.site
    for letter, side in SIDES.items():
        gateway = site.gateway(letter)
        gateway.twinpathd.cli("detach")
        gateway.netns.sysctl({"net.ipv4.ip_forward": 1})
        gateway.netns.ip(["route replace default via " + side.next_hop])
    guarded.begin()
    guarded.noise.wait()
    for letter in SIDES:
        assert {H1, DEEP, NOBODY} <= set(guarded.strangers()[letter])

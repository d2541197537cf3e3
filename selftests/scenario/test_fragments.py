# SPDX-License-Identifier: GPL-2.0-or-later
"""Datagrams that are larger than a packet, and packets that are too large.

Real hosts and a real server, by gw-a with XDP and by gw-b with tc.  In order
the kernels send them; out of order, interleaved and as a flood we do, with
the same result demanded: what arrives is what was sent, or a size is told.
"""
import itertools
import os
import socket
import struct

import pytest

from conftest import ECHO, reasons, served, settled, site_of
from selftests.site.daemons import Timers
from selftests.site.fragments import Sender, mac_of, pieces, udp
from selftests.site.netns import Worker
from selftests.site.processes import wait_for
from selftests.site.topology import HOSTS, SERVER, SIDES
from selftests.site.traffic import Datagrams, ask_tcp

MIRROR = 11  # UDP: the same bytes back
SINK = 12  # TCP: says how much it got
HOOKS = {"xdp": "a", "tc": "b"}
SIZES = (3000, 60000)
IP_MTU_DISCOVER, IP_MTU = 10, 14
DONT, DO = 0, 2  # IP_PMTUDISC_*
# No ID twice: what became of its first is known for ten seconds.
IDENTS = itertools.count(0x4711)


class Mirror(Worker):
    """Large datagrams come back; peers: as whom each client was seen."""

    def open(self):
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        # What is too large for the way back comes in fragments.
        self._udp.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, DONT)
        self._udp.bind((SERVER, MIRROR))
        self._udp.settimeout(0.2)
        self.peers = []

    def work(self):
        try:
            data, peer = self._udp.recvfrom(65535)
        except TimeoutError:
            return
        self.peers.append(peer)
        self._udp.sendto(data, peer)

    def send(self, data, peer):
        self._udp.sendto(data, peer)

    def close(self):
        self._udp.close()


class Sink(Worker):
    """Takes a TCP connection's bytes, then says how many they were."""

    def open(self):
        self._sock = socket.socket()
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._sock.bind((SERVER, SINK))
        self._sock.listen(8)
        self._sock.settimeout(0.2)

    def work(self):
        try:
            client, _ = self._sock.accept()
        except TimeoutError:
            return
        with client:
            client.settimeout(5)
            size = 0
            try:
                while True:
                    data = client.recv(1 << 16)
                    if not data:
                        break
                    size += len(data)
                client.sendall(b"%d" % size)
            except OSError:
                pass  # the client says what it saw

    def close(self):
        self._sock.close()


class Offers(Worker):
    """The MSS of each SYN that comes by a device: {SYN or SYN+ACK: MSS}."""

    def __init__(self, netns, device):
        super().__init__(netns, "offers")
        self.device, self.seen = device, {}

    def open(self):
        self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                   socket.htons(0x0800))
        self._sock.bind((self.device, 0x0800))
        self._sock.settimeout(0.2)

    def work(self):
        try:
            packet = self._sock.recv(2048)
        except TimeoutError:
            return
        tcp = packet[4 * (packet[0] & 15):]
        if packet[9] == socket.IPPROTO_TCP and tcp[13] & 2 \
                and tcp[20:22] == b"\x02\x04":
            kind = "SYN+ACK" if tcp[13] & 16 else "SYN"
            self.seen[kind] = struct.unpack("!H", tcp[22:24])[0]

    def close(self):
        self._sock.close()


@pytest.fixture(scope="module")
def site():
    """Each gateway by its own uplink."""
    with site_of(timers=Timers(delay_up=0.3), heartbeat=False) as made:
        made.up()
        settled(made)
        made.gateway("b").twinpathd.flip("isp-b")
        wait_for("gw-b uses its uplink", lambda: made.gateway(
            "b").twinpathd.selector() == "isp-b", 5)
        made.mirror = Mirror(made.netns("core"), "mirror").begin()
        sink = Sink(made.netns("core"), "sink").begin()
        with served(made):
            yield made
        for worker in (made.mirror, sink):
            worker.stop()


@pytest.fixture
def mirror(site):
    return site.mirror


@pytest.fixture(params=sorted(HOOKS))
def way(site, request):
    """The gateway that h1 and h2 use, and its side."""
    side = SIDES[HOOKS[request.param]]
    for host in ("h1", "h2"):
        site.netns(host).ip(["route replace default via " + side.lan])
    wait_for("h1 gets through",
             lambda: site.netns("h1").call(ask_tcp, SERVER, ECHO)
             == side.wan, 5)
    return side


def client(netns, discover=None):
    """A UDP socket of this host, to the mirror."""
    def inside():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        if discover is not None:
            sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, discover)
        sock.connect((SERVER, MIRROR))
        sock.settimeout(2)
        return sock
    return netns.call(inside)


def comes_back(sock, data):
    sock.send(data)
    return sock.recv(65535) == data


def grew(site, side, before, reason):
    after = reasons(site.gateway(side.letter).twinpathd)
    return sum(count - before.get(key, 0) for key, count in after.items()
               if key[1] == reason)


# ---- there and back ---------------------------------------------------------

@pytest.mark.parametrize("size", SIZES)
def test_datagrams_there_and_back(site, way, mirror, size):
    with client(site.netns("h1")) as sock:
        for _ in range(3):
            assert comes_back(sock, os.urandom(size))
    assert mirror.peers[-1][0] == way.wan


def test_ping(site, way):
    for size in (3000, 20000):
        done = site.netns("h1").run(["ping", "-n", "-c", "3", "-i", "0.1",
                                     "-W", "1", "-s", str(size), SERVER])
        assert "3 received" in done.stdout, way.uplink


@pytest.mark.parametrize("size", SIZES)
def test_last_fragment_first_outward(site, way, size):
    gateway = site.gateway(way.letter)
    before = reasons(gateway.twinpathd)
    out = Sender(site.netns("h1"), "eth0", mac_of(gateway.netns, "eth0"))
    data = os.urandom(size)
    with client(site.netns("h1")) as sock:
        body = udp(HOSTS["h1"], sock.getsockname()[1], SERVER, MIRROR, data)
        parts = pieces(HOSTS["h1"], SERVER, next(IDENTS), body)
        for part in reversed(parts):
            out.send(part)
        assert sock.recv(65535) == data
    out.close()
    assert grew(site, way, before, "fragment_held") == len(parts) - 1


@pytest.mark.parametrize("size", SIZES)
def test_last_fragment_first_inward(site, way, mirror, size):
    pe = site.netns(way.pe)
    before = reasons(site.gateway(way.letter).twinpathd)
    back = Sender(pe, "eth0", mac_of(site.gateway(way.letter).netns, "eth1"))
    data = os.urandom(size)
    with client(site.netns("h1")) as sock:
        assert comes_back(sock, b"open")
        address, port = mirror.peers[-1]
        assert address == way.wan
        parts = pieces(SERVER, way.wan, next(IDENTS),
                       udp(SERVER, MIRROR, way.wan, port, data))
        for part in reversed(parts):
            back.send(part)
        assert sock.recv(65535) == data
    back.close()
    assert grew(site, way, before, "fragment_held") == len(parts) - 1


def test_two_hosts_one_id(site, way):
    """Interleaved, to one server, out of order: each has its own back."""
    gateway = site.gateway(way.letter)
    senders, socks, parts, sent = [], [], [], []
    ident = next(IDENTS)
    for host in ("h1", "h2"):
        netns = site.netns(host)
        senders.append(Sender(netns, "eth0", mac_of(gateway.netns, "eth0")))
        socks.append(client(netns))
        sent.append(os.urandom(8000))
        parts.append(pieces(HOSTS[host], SERVER, ident, udp(
            HOSTS[host], socks[-1].getsockname()[1], SERVER, MIRROR,
            sent[-1])))
    order = [5, 0, 3, 1, 4, 2]
    assert len(order) == len(parts[0]) == len(parts[1])
    for one, other in zip(order, order[1:] + order[:1]):
        senders[0].send(parts[0][one])
        senders[1].send(parts[1][other])
    for sock, data in zip(socks, sent):
        assert sock.recv(65535) == data
        sock.close()
    for sender in senders:
        sender.close()


def test_at_the_wrong_gateway(site, way, mirror):
    """Last fragment first to the gateway that does not own the session: the
    other one serves it, all of it, as who it was."""
    other = SIDES["b" if way.letter == "a" else "a"]
    data = os.urandom(20000)
    with client(site.netns("h1")) as sock:
        assert comes_back(sock, b"open")
        out = Sender(site.netns("h1"), "eth0", mac_of(
            site.gateway(other.letter).netns, "eth0"))
        for part in reversed(pieces(HOSTS["h1"], SERVER, next(IDENTS), udp(
                HOSTS["h1"], sock.getsockname()[1], SERVER, MIRROR, data))):
            out.send(part)
        out.close()
        assert sock.recv(65535) == data
        assert {peer[0] for peer in mirror.peers[-2:]} == {way.wan}


# ---- a flood ----------------------------------------------------------------

def test_a_flood_harms_nobody(site, way, traffic):
    """Later fragments without a first, of one source and of many."""
    gateway = site.gateway(way.letter)
    before = reasons(gateway.twinpathd)
    stream = traffic.begin(Datagrams(site.netns("h1"), SERVER, ECHO))
    began = traffic.run(0.3)
    flood = Sender(site.netns(way.pe), "eth0", mac_of(gateway.netns, "eth1"))
    body = os.urandom(2900)
    for number in range(5000):
        source = "203.0.113.99" if number % 2 else \
            "100.%d.%d.%d" % tuple(os.urandom(3))
        flood.send(pieces(source, way.wan, number, body)[1])
    flood.close()
    with client(site.netns("h1")) as sock:  # in order, right behind it
        assert comes_back(sock, os.urandom(20000))
    until = traffic.run(0.3) + 0.2
    assert stream.lost(began, until) == []
    assert 64 <= grew(site, way, before, "fragment_held") <= 512 + 64
    assert grew(site, way, before, "fragment_full") > 4000


# ---- sizes ------------------------------------------------------------------

def exits_of(gateway):
    """What the data plane knows of its exits, as text."""
    return gateway.netns.run(["bpftool", "map", "dump", "pinned",
                              gateway.twinpathd.pins + "/exits"]).stdout


def neighbours_of(gateway):
    return gateway.netns.run(["bpftool", "map", "dump", "pinned",
                              gateway.twinpathd.pins + "/neighbours"]).stdout


def make_uplink(site, side, keys, mtu):
    """The keys of an uplink, if any, over a restart of the daemon; and the
    MTU of its cable."""
    gateway = site.gateway(side.letter)
    if keys:
        gateway.twinpathd.configure(site.modes[side.letter], site.timers,
                                    keys)
        gateway.twinpathd.kill()
        gateway.twinpathd.start()
        gateway.twinpathd.wait_ready(30)
    gateway.netns.ip(["link set eth1 mtu %d" % mtu])
    site.netns(side.pe).ip(["link set eth0 mtu %d" % mtu])
    told = 1400 if "mtu" in keys else mtu
    wait_for("the exit's MTU is %d" % told,
             lambda: '"mtu": %d' % told in exits_of(gateway), 5)


def finds_out(sock):
    """DF set and too large: the host is told the size."""
    sock.send(b"x" * 1472)
    wait_for("h1 knows the path MTU", lambda: sock.getsockopt(
        socket.IPPROTO_IP, IP_MTU) == 1400, 2)
    with pytest.raises(OSError):
        sock.recv(1)  # the error that told it


def upload():
    """Bytes by TCP; the path MTU at the end, and what the server got."""
    with socket.create_connection((SERVER, SINK), 3) as sock:
        sock.settimeout(5)
        sock.sendall(b"x" * 300000)
        sock.shutdown(socket.SHUT_WR)
        got = int(sock.recv(64))
        return got, sock.getsockopt(socket.IPPROTO_IP, IP_MTU)


@pytest.fixture
def secondary(site, way):
    """A gateway whose own packets leave by the other one, if it is gw-b: its
    sessions stay, and new ones are the partner's."""
    gateway = site.gateway(way.letter)

    def leave():
        if way.letter == "b":
            gateway.twinpathd.flip("auto")
            wait_for("gw-b's default is by gw-a", lambda: SIDES["a"].lan in
                     gateway.netns.run(["ip", "route", "show",
                                        "default"]).stdout, 10)
    yield leave
    gateway.netns.ip(["link set eth0 mtu 1500"])
    if way.letter == "b":
        gateway.twinpathd.flip("isp-b")
        wait_for("gw-b uses its uplink", lambda:
                 gateway.twinpathd.selector() == "isp-b", 5)


def asked_by(core, peer):
    """A socket of the server that sets DF, to this client."""
    def inside():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, DO)
        sock.bind((SERVER, 0))
        sock.connect(peer)
        return sock
    return core.call(inside)


def test_smaller_lan(site, way, mirror, secondary):
    """The server is told what the LAN takes, by the uplink that it sent to,
    whoever is primary; what may be cut up arrives."""
    gateway = site.gateway(way.letter)
    with client(site.netns("h1")) as sock:
        assert comes_back(sock, b"open")
        peer = mirror.peers[-1]
        assert peer[0] == way.wan
        secondary()
        gateway.netns.ip(["link set eth0 mtu 1300"])
        wait_for("the neighbours have the new MTU",
                 lambda: '"mtu": 1300' in neighbours_of(gateway), 5)
        before = reasons(gateway.twinpathd)
        with asked_by(site.netns("core"), peer) as server:
            server.send(b"x" * 1400)
            wait_for("the server knows the path MTU", lambda:
                     server.getsockopt(socket.IPPROTO_IP, IP_MTU) == 1300, 3)
        assert grew(site, way, before, "translated_slow_out") == 1
        data = os.urandom(1400)
        mirror.send(data, peer)
        assert sock.recv(65535) == data


NARROW = {  # keys of the uplink, MTU of its cable, MSS that is offered
    "interface": ("", 1400, 1360),
    "key": ("mtu = 1400\n    mss-clamp = off", 1500, 1460),
    "clamp": ("mtu = 1400\n    mss-clamp = 1200", 1500, 1200),
}


# The last one: the uplinks stay as they are then.  What needs no restart of
# the daemon comes first.
@pytest.mark.parametrize("way, kind", [
    ("xdp", "interface"), ("tc", "interface"), ("xdp", "key"),
    ("tc", "clamp")], indirect=["way"])
def test_narrow_uplink(site, way, kind, traffic):
    """It takes 1,400 bytes: who sends more is told, or cut up, or never does."""
    keys, mtu, most = NARROW[kind]
    make_uplink(site, way, keys, mtu)
    host = site.netns("h1")
    for netns in (host, site.netns("core")):
        netns.ip(["route flush cache"])
    there = traffic.begin(Offers(site.netns(way.pe), "eth0"))
    here = traffic.begin(Offers(host, "eth0"))
    with client(host, DONT) as sock:  # it arrives, if only in fragments
        assert comes_back(sock, os.urandom(1472))
        assert comes_back(sock, os.urandom(20000))
    # TCP finds out, or never needs to.
    got, mtu = host.call(upload)
    assert (got, mtu) == (300000, 1400 if most == 1460 else 1500)
    wait_for("both offers were seen", lambda: "SYN" in there.seen
             and "SYN+ACK" in here.seen, 3)
    assert (there.seen["SYN"], here.seen["SYN+ACK"]) == (most, most)
    with client(host, DO) as sock:
        if mtu == 1500:
            finds_out(sock)
        assert comes_back(sock, os.urandom(1372))

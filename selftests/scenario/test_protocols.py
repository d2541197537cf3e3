# SPDX-License-Identifier: GPL-2.0-or-later
"""Protocols without ports, through both kinds of gateway and to the wire: who
is served, who is refused, and that the gateway's own tunnels go on working.
And what no router forwards.
"""
import contextlib
import select
import socket
import struct
import time

import pytest
from scapy.all import ICMP, IP, UDP, Ether, Raw

from alone import two_alone
from conftest import Traffic
from selftests.site.processes import wait_for
from selftests.site.topology import SERVER, TARGET
from selftests.site.wire import Wire

NAMES = {4: "ipip", 41: "6in4", 47: "gre", 50: "esp", 97: "etherip", 115: "l2tp",
         132: "sctp", 137: "mpls"}
REFUSED = {51: "AH", 33: "DCCP", 136: "UDP-Lite", 139: "HIP", 253: "unknown"}
GRE = 47
SECOND = {"a": "192.168.0.77", "b": "192.168.0.78"}  # another host each


@pytest.fixture(scope="module")
def gateways():
    with two_alone() as made:
        for gateway in made.values():
            gateway.client.ip(["addr add %s/24 dev eth0"
                               % SECOND[gateway.letter]])
        yield made


@pytest.fixture(params=["a", "b"], ids=["xdp", "tc"])
def gateway(gateways, request):
    return gateways[request.param]


class Raw4:
    """A raw socket of one protocol inside a namespace."""

    def __init__(self, netns, proto, address=None):
        self.netns = netns
        self.sock = netns.call(socket.socket, socket.AF_INET,
                               socket.SOCK_RAW, proto)
        if address:
            self.sock.bind((address, 0))

    def send(self, to, payload):
        self.sock.sendto(payload, (to, 0))

    def receive(self, payload, seconds=1.0):
        """As whom that payload came; None: it did not."""
        deadline = time.monotonic() + seconds
        while select.select([self.sock], [], [],
                            max(0, deadline - time.monotonic()))[0]:
            packet, peer = self.sock.recvfrom(65535)
            if packet[4 * (packet[0] & 15):] == payload:
                return peer[0]
        return None


@contextlib.contextmanager
def raw(*ends):
    """One for each (netns, protocol[, address])."""
    sockets = [Raw4(*end) for end in ends]
    try:
        yield sockets
    finally:
        for one in sockets:
            one.sock.close()


def core(gateway):
    return gateway.site.netns("core")


def pair(gateway, proto, source=None, remote=SERVER):
    return raw((gateway.client, proto, source or gateway.address),
               (core(gateway), proto, remote))


# ---- served -----------------------------------------------------------------

@pytest.mark.parametrize("proto", sorted(NAMES))
def test_there_and_back(gateway, proto):
    with pair(gateway, proto) as (inside, outside):
        for text in (b"first", b"second"):
            inside.send(SERVER, text * 9)
            assert outside.receive(text * 9) == gateway.side.wan
            outside.send(gateway.side.wan, text * 7)
            assert inside.receive(text * 7) == SERVER
    lines = [line for line in gateway.twinpathd.ask("sessions")
             if line["proto"] == NAMES[proto]]
    assert [line["remote"] for line in lines] == [SERVER + ":0"]
    assert lines[0]["inside"] == gateway.address + ":0"
    bindings = [line for line in gateway.twinpathd.ask("bindings")
                if line["proto"] == NAMES[proto]]
    assert [line["external"] for line in bindings] \
        == [gateway.side.wan + ":0"]


def test_larger_than_a_packet(gateway):
    """Each fragment is served by itself, and the other end puts them
    together."""
    with pair(gateway, GRE) as (inside, outside):
        payload = bytes(range(250)) * 16
        inside.send(SERVER, payload)
        assert outside.receive(payload) == gateway.side.wan
        outside.send(gateway.side.wan, payload)
        assert inside.receive(payload) == SERVER


def test_errors_name_the_inside(gateway):
    """The server's kernel has no GRE: protocol unreachable, with a quote."""
    with raw((gateway.client, GRE, gateway.address),
             (gateway.client, socket.IPPROTO_ICMP)) as (inside, errors):
        inside.send(TARGET, b"anybody there?")
        assert select.select([errors.sock], [], [], 2)[0]
        packet = IP(errors.sock.recv(65535))
    assert (packet[ICMP].type, packet[ICMP].code) == (3, 2)
    quoted = IP(bytes(packet[ICMP].payload))
    assert (quoted.src, quoted.dst, quoted.proto) \
        == (gateway.address, TARGET, GRE)


# ---- one inside host a remote -------------------------------------------------

def test_second_host_is_refused(gateway):
    before = gateway.reasons()
    with pair(gateway, 132) as (first, outside), \
            raw((gateway.client, 132, SECOND[gateway.letter])) as (second,):
        first.send(SERVER, b"first")
        assert outside.receive(b"first") == gateway.side.wan
        second.send(SERVER, b"second")
        assert outside.receive(b"second", 0.2) is None
        assert gateway.counted("remote_taken", before) >= 1
        # What comes is still the first one's.
        outside.send(gateway.side.wan, b"answer")
        assert first.receive(b"answer") == SERVER
        # Another remote is another matter.
        with raw((core(gateway), 132, TARGET)) as (other,):
            second.send(TARGET, b"second")
            assert other.receive(b"second") == gateway.side.wan
            other.send(gateway.side.wan, b"for the second")
            assert second.receive(b"for the second") == TARGET


# ---- refused ------------------------------------------------------------------

@pytest.mark.parametrize("proto", sorted(REFUSED), ids=REFUSED.get)
def test_what_cannot_be_translated(gateway, proto):
    before = gateway.reasons()
    with pair(gateway, proto) as (inside, outside):
        inside.send(SERVER, b"\0" * 40)
        assert outside.receive(b"\0" * 40, 0.2) is None
    assert gateway.counted("protocol", before) == 1


# ---- the gateway's own tunnels -------------------------------------------------

def test_own_tunnel_beside_a_hosts(gateway):
    """The same protocol, by the same uplink, for longer than the second in
    which a line is looked at once."""
    with pair(gateway, 4, remote=TARGET) as (inside, outside), \
            raw((gateway.netns, 4, gateway.side.wan),
                (core(gateway), 4, SERVER)) as (own, far):
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            own.send(SERVER, b"own")
            assert far.receive(b"own") == gateway.side.wan
            far.send(gateway.side.wan, b"for the gateway")
            assert own.receive(b"for the gateway") == SERVER
            inside.send(TARGET, b"host's")
            assert outside.receive(b"host's") == gateway.side.wan
            outside.send(gateway.side.wan, b"for the host")
            assert inside.receive(b"for the host") == TARGET
            time.sleep(0.1)


def test_own_tunnel_wins(gateway):
    """What the gateway needs it takes, and a host is told so by a counter."""
    with pair(gateway, 97, remote=TARGET) as (inside, outside), \
            raw((gateway.netns, 97, gateway.side.wan)) as (own,):
        inside.send(TARGET, b"host's")
        assert outside.receive(b"host's") == gateway.side.wan
        own.send(TARGET, b"own")
        assert outside.receive(b"own") == gateway.side.wan
        outside.send(gateway.side.wan, b"for the gateway")
        assert own.receive(b"for the gateway") == TARGET

        before = gateway.reasons()

        def refused():
            inside.send(TARGET, b"host's")
            return gateway.counted("remote_taken", before)
        wait_for("the host is refused", refused, 3)


def test_server_begins(gateway):
    """The gateway answers a tunnel that somebody outside begins."""
    with raw((gateway.netns, 115, gateway.side.wan),
             (core(gateway), 115, TARGET)) as (own, far):
        far.send(gateway.side.wan, b"hello")
        assert own.receive(b"hello") == TARGET
        own.send(TARGET, b"welcome")
        assert far.receive(b"welcome") == gateway.side.wan


# ---- what no router forwards -----------------------------------------------------

def mac_of(netns, device):
    return netns.run(["ip", "-br", "link", "show", "dev", device]) \
        .stdout.split()[2]


def put_on(netns, device, to, packets):
    """As frames, whatever the kernel there thinks of them."""
    def send():
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind((device, 0))
            for packet in packets:
                sock.send(bytes(Ether(dst=to, src=mac_of(netns, device))
                                / packet))
    netns.call(send)


def udp(source, target):
    return IP(src=source, dst=target) / UDP(sport=999, dport=999) / b"martian"


@pytest.mark.parametrize("reason, source, target", [
    ("martian", "127.0.0.1", SERVER), ("martian", "0.1.2.3", SERVER),
    ("martian", "224.0.0.1", SERVER), ("martian", "240.0.0.1", SERVER),
    ("martian", None, "127.0.0.1"), ("martian", None, "240.0.0.1"),
    ("martian", None, "0.0.0.0"),
    ("link_local", "169.254.3.4", SERVER),
    ("link_local", None, "169.254.3.4"),
    ("spoofed", "GATEWAY", SERVER), ("spoofed", "WAN", SERVER),
    ("spoofed", "192.168.0.255", SERVER),
    ("group", None, "224.0.1.1"), ("group", None, "255.255.255.255"),
    ("local", None, "192.168.0.255"), ("local", None, "WAN-BROADCAST")])
def test_from_the_lan(gateway, reason, source, target):
    names = {"GATEWAY": gateway.side.lan, "WAN": gateway.side.wan,
             "WAN-BROADCAST": gateway.side.wan[:-1] + "3"}
    source, target = (names.get(name, name) for name in (source, target))
    traffic = Traffic()
    wire = traffic.begin(Wire(gateway.site.netns(gateway.side.pe), "eth0"))
    before = gateway.reasons()
    put_on(gateway.client, "eth0", mac_of(gateway.netns, "eth0"),
           [udp(source or gateway.address, target)] * 3)
    wait_for("counted", lambda: gateway.counted(reason, before) >= 3, 2)
    # By then it would have been there: what comes after it is.
    gateway.client.run(["ping", "-n", "-q", "-c", "1", "-W", "1", SERVER])
    traffic.end()
    assert set(wire.incoming) <= {gateway.side.wan, SERVER}


@pytest.mark.parametrize("reason, source", [
    ("martian", "127.0.0.1"), ("martian", "240.9.9.9"),
    ("spoofed", "HOST"), ("spoofed", "WAN"), ("spoofed", "GATEWAY")])
def test_from_an_uplink(gateway, reason, source):
    source = {"HOST": gateway.address, "WAN": gateway.side.wan,
              "GATEWAY": gateway.side.lan}.get(source, source)
    before = gateway.reasons()
    put_on(gateway.site.netns(gateway.side.pe), "eth0",
           mac_of(gateway.netns, "eth1"),
           [IP(src=source, dst=gateway.side.wan, proto=47) / Raw(bytes(8))] * 3)
    wait_for("counted", lambda: gateway.counted(reason, before) == 3, 2)


def test_link_local_is_for_the_link(gateway):
    """A modem's page on the cable to the ISP, for the gateway alone."""
    pe = gateway.site.netns(gateway.side.pe)
    gateway.netns.ip(["addr add 169.254.1.2/30 dev eth1 scope link"])
    pe.ip(["addr add 169.254.1.1/30 dev eth0"])
    try:
        wait_for("the gateway reaches it", lambda: gateway.netns.run(
            ["ping", "-n", "-q", "-c", "1", "-W", "1", "169.254.1.1"],
            check=False).returncode == 0, 5)
        assert gateway.client.run(
            ["ping", "-n", "-q", "-c", "1", "-W", "1", "169.254.1.1"],
            check=False).returncode
    finally:
        gateway.netns.ip(["addr del 169.254.1.2/30 dev eth1"])
        pe.ip(["addr del 169.254.1.1/30 dev eth0"])


def test_checksums_are_right(gateway):
    """Of everything here: nobody's kernel is asked."""
    wires = Traffic()
    wire = wires.begin(Wire(gateway.site.netns(gateway.side.pe), "eth0"))
    with pair(gateway, GRE) as (inside, outside):
        for size in (0, 1, 24, 1000):
            payload = struct.pack("!H", size) + b"x" * size
            inside.send(SERVER, payload)
            assert outside.receive(payload) == gateway.side.wan
            outside.send(gateway.side.wan, payload)
            assert inside.receive(payload) == SERVER
    wait_for("all is captured", lambda: wire.packets() >= 8, 5)
    wires.end()
    assert wire.bad == []

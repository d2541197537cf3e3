# SPDX-License-Identifier: GPL-2.0-or-later
"""Real tunnels from a host inside to a server outside, through both kinds of
gateway: GRE, IP in IP and 6in4 devices, ESP of the kernel's IPsec, and SCTP.

A kernel that has none of them cannot show it, and says so; the VMs of `make
conformance-vm` have all.  test_protocols shows the same with raw sockets,
anywhere.
"""
import contextlib
import re
import socket
import subprocess
import threading

import pytest

from alone import SLOW, two_alone
from selftests.site.topology import SERVER

DEVICES = {"gre": "gre", "ipip": "ipip", "sit": "6in4"}
INNER = {"v4": ("10.77.0.1", "10.77.0.2", 30),
         "v6": ("fd77::1", "fd77::2", 64)}
PIECE = 30_000  # bytes
BULK = 10 * PIECE  # many super-packets, where the sender makes them
SCTP = 132
KEYS = ["enc", "cbc(aes)", "0x" + "5a" * 16, "auth", "hmac(sha256)",
        "0x" + "a5" * 32]


@pytest.fixture(scope="module")
def gateways():
    if subprocess.run(["modprobe", "-q", "ip_gre"], check=False).returncode:
        pytest.skip("this kernel has no GRE, to begin with")
    with two_alone() as made:
        yield made


@pytest.fixture(params=["a", "b"], ids=["xdp", "tc"])
def gateway(gateways, request):
    return gateways[request.param]


def core(gateway):
    return gateway.site.netns("core")


def command(netns, *words):
    """Exit status and output; the kernel's modules load by themselves."""
    done = netns.run(list(words), check=False)
    return done.returncode, done.stdout


def need(netns, *words):
    status, text = command(netns, *words)
    if status:
        pytest.skip("this kernel has no %s: %s" % (words[4], text.strip()))


def ping(gateway, address, size=56):
    """How many of five came back."""
    _, text = command(gateway.client, "ping", "-c", "5", "-i", "0.2", "-W",
                      "%d" % (2 * SLOW), "-s", "%d" % size, address)
    found = re.search(r"(\d+) received", text)
    return int(found.group(1)) if found else text


def transfer(sender, receiver, address, proto=0, source=None):
    """Bytes of one connection that came to the other end."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    got = []

    def serve(listener):
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(10 * SLOW)
            while len(got) < 1 or got[-1]:
                got.append(len(peer.recv(65536)))

    with receiver.call(socket.socket, family, socket.SOCK_STREAM,
                       proto) as listener, \
            sender.call(socket.socket, family, socket.SOCK_STREAM,
                        proto) as client:
        listener.settimeout(10 * SLOW)
        client.settimeout(10 * SLOW)
        listener.bind((address, 7000))
        listener.listen(1)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            if source:
                client.bind((source, 0))
            client.connect((address, 7000))
            for _ in range(BULK // PIECE):  # SCTP takes no more at a time
                client.sendall(bytes(PIECE))
        finally:
            client.close()
            thread.join(20 * SLOW)
    return sum(got)


@contextlib.contextmanager
def tunnel(gateway, kind):
    """A device at each end, named like the gateway's letter."""
    name = "t" + gateway.letter
    ends = [(gateway.client, gateway.address, SERVER, 0),
            (core(gateway), SERVER, gateway.side.wan, 1)]
    inner = INNER["v6" if kind == "sit" else "v4"]
    try:
        for netns, local, remote, which in ends:
            need(netns, "ip", "link", "add", name, "type", kind, "local",
                 local, "remote", remote, "ttl", "64")
            if kind == "sit":
                netns.sysctl({"net.ipv6.conf.%s.disable_ipv6" % name: 0})
            netns.ip(["addr add %s/%d dev %s%s"
                      % (inner[which], inner[2], name,
                         " nodad" if kind == "sit" else ""),
                      "link set %s up" % name])
        yield inner[0], inner[1]
    finally:
        for netns, *_ in ends:
            command(netns, "ip", "link", "del", name)


@contextlib.contextmanager
def ipsec(gateway):
    """An SA each way and the policies that lead there, in tunnel mode."""
    inside, outside, _ = INNER["v4"]
    spi = "0x10%d" % ord(gateway.letter)
    ends = [(gateway.client, gateway.address, SERVER, inside, outside),
            (core(gateway), SERVER, gateway.side.wan, outside, inside)]
    try:
        for netns, local, remote, mine, theirs in ends:
            for one, other in ((local, remote), (remote, local)):
                need(netns, "ip", "xfrm", "state", "add", "src", one, "dst",
                     other, "proto", "esp", "spi", spi, "mode", "tunnel",
                     *KEYS)
            netns.ip(["addr add %s/32 dev lo" % mine])
            for way, src, dst, one, other in (
                    ("out", mine, theirs, local, remote),
                    ("in", theirs, mine, remote, local)):
                netns.ip(["xfrm policy add src %s dst %s dir %s tmpl src %s "
                          "dst %s proto esp mode tunnel"
                          % (src, dst, way, one, other)])
        gateway.client.ip(["route add %s via %s src %s"
                           % (outside, gateway.side.lan, inside)])
        core(gateway).ip(["route add %s via %s src %s"
                          % (inside, core_next_hop(gateway), outside)])
        yield inside, outside
    finally:
        for netns, _, _, mine, theirs in ends:
            command(netns, "ip", "route", "del", theirs)
            command(netns, "ip", "addr", "del", mine + "/32", "dev", "lo")
            command(netns, "ip", "xfrm", "policy", "flush")
            command(netns, "ip", "xfrm", "state", "flush")


def core_next_hop(gateway):
    """Where the core sends what is for the gateway's ISP."""
    _, text = command(core(gateway), "ip", "route", "get", gateway.side.wan)
    return re.search(r"via (\S+)", text).group(1)


def session(gateway, name):
    return [line["external"] for line in gateway.twinpathd.ask("sessions")
            if line["proto"] == name and line["remote"] == SERVER + ":0"]


@pytest.mark.parametrize("kind", sorted(DEVICES))
def test_tunnel_device(gateway, kind):
    with tunnel(gateway, kind) as (inside, outside):
        assert ping(gateway, outside) == 5
        # Larger than the tunnel: fragments, within it or of it.
        assert ping(gateway, outside, 3000) == 5
        assert transfer(gateway.client, core(gateway), outside) == BULK
        assert transfer(core(gateway), gateway.client, inside) == BULK
    assert session(gateway, DEVICES[kind]) == [gateway.side.wan + ":0"]


def test_ipsec(gateway):
    with ipsec(gateway) as (inside, outside):
        assert ping(gateway, outside) == 5
        assert transfer(gateway.client, core(gateway), outside) == BULK
        assert transfer(core(gateway), gateway.client, inside) == BULK
    assert session(gateway, "esp") == [gateway.side.wan + ":0"]


def test_sctp(gateway):
    """Its checksum leaves the addresses out: it is right as it was."""
    try:
        gateway.client.call(socket.socket, socket.AF_INET,
                            socket.SOCK_STREAM, SCTP).close()
    except OSError as problem:
        pytest.skip("this kernel has no SCTP: %s" % problem)
    assert transfer(gateway.client, core(gateway), SERVER, SCTP,
                    gateway.address) == BULK
    assert session(gateway, "sctp") == [gateway.side.wan + ":0"]

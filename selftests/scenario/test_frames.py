# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames that are not as most are: jumbo ones through XDP, and packets with IP
options through both hooks.
"""
import os
import socket

import pytest

from conftest import reasons
from selftests.site import small
from selftests.site.bulk import bulk
from selftests.site.processes import SLOW
from selftests.site.small import OURS
from selftests.site.topology import SERVER
from selftests.site.wire import Arriving, Wire
from small_site import ECHO, IP_OPTIONS, Endpoint, site_of

SIZE = 1 << 20
JUMBO = 9000
RECORD_ROUTE = bytes([7, 7, 4, 0, 0, 0, 0, 0])
IP_MTU_DISCOVER, IP_PMTUDISC_DO = 10, 2


# ---- jumbo frames -----------------------------------------------------------

def by_xdp(site, reason):
    return sum(packets for (hook, name), packets in reasons(
        site.twinpathd).items() if name == reason and hook.startswith("xdp"))


def ask_large(size):
    """A datagram of so many bytes, not to be cut: its echo."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5 * SLOW)
        sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
        data = os.urandom(size)
        sock.sendto(data, (SERVER, ECHO))
        return sock.recv(65535)[4:] == data


def kernel():
    return tuple(int(word) for word in os.uname().release.split(".")[:2])


@pytest.mark.skipif(kernel() < (6, 3), reason="no XDP redirect of frames in "
                    "several buffers before Linux 6.3: see limits.md")
def test_jumbo_by_xdp():
    with site_of(lan=lambda site: small.lan_cable(site, JUMBO),
                 uplink=lambda site: small.wan_cable(site, JUMBO),
                 mode="xdp") as site:
        host = site.netns["h"]
        wire = Arriving(site.netns["world"], "wan0").begin()
        before = by_xdp(site, "translated_out")
        for size in (3000, 4000, 8000, JUMBO - 28 - 4):
            assert host.call(ask_large, size), size
        assert by_xdp(site, "translated_out") >= before + 4
        assert by_xdp(site, "translated_in") >= 4
        assert " 0% packet loss" in site.ping("-c", "1", "-M", "do", "-s",
                                              "8000", SERVER)
        wire.stop()
        assert wire.bad_count == 0, wire.bad[0]
        assert not wire.strangers({OURS})
        assert host.call(bulk, SERVER, SIZE) == (SIZE, True)
        assert by_xdp(site, "translated_out") > SIZE // JUMBO
        # Too big for the uplink: the kernel behind XDP answers.
        site.gateway.ip(["link set wan0 mtu 1500"])
        said = site.ping("-c", "2", "-M", "do", "-s", "4000", SERVER)
        assert "mtu = 1500" in said, said


# ---- IP options (RFC 791, 7126) ---------------------------------------------

def loose_route(by):
    return bytes([131, 7, 4]) + socket.inet_aton(by) + b"\0"


def ask_with(options):
    """The echo of a datagram with these IP options; None: there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.5 * SLOW)
        sock.setsockopt(socket.IPPROTO_IP, IP_OPTIONS, options)
        sock.sendto(b"options", (SERVER, ECHO))
        try:
            return sock.recv(100)
        except TimeoutError:
            return None


@pytest.mark.parametrize("mode", ["tc", "xdp"])
def test_ip_options(mode):
    """Translated by the kernel's way; a source route goes nowhere."""
    with site_of(mode=mode) as site:
        host = site.netns["h"]
        said = site.ping("-R", "-c", "1", SERVER)
        assert " 0% packet loss" in said and OURS in said, said
        assert host.call(ask_with, RECORD_ROUTE) == socket.inet_aton(OURS) \
            + b"options"
        endpoint = Endpoint(site)
        assert endpoint.ask() == OURS
        assert endpoint.arrives(OURS)
        assert endpoint.arrives(OURS, RECORD_ROUTE)
        assert not endpoint.arrives(OURS, loose_route(OURS))
        assert not endpoint.arrives(small.HOST, loose_route(OURS))
        wire = Wire(site.netns["world"], "wan0").begin()
        assert host.call(ask_with, loose_route("172.16.1.2")) is None
        wire.stop()
        assert not wire.incoming.get(small.HOST)
        endpoint.close()
        counts = reasons(site.twinpathd)
        assert counts[("tc_lan", "options")] >= 2
        assert counts[("tc_out", "translated_slow_out")] >= 2
        # The source routes too: it is the kernel that drops them.
        assert counts[("tc_wan", "translated_slow_in")] >= 4

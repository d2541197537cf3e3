# SPDX-License-Identifier: GPL-2.0-or-later
"""Checksums that a sender leaves to its card: host and gateway, on and off,
through both hooks.

A receiver's kernel is no judge of a checksum between virtual devices, so
both ends of the path are captured and every sum is computed anew.  A cable
carries no unfinished sum: what leads to a capture always finishes them.

XDP with a host that leaves its sums unfinished is no row of the matrix: an
XDP program sees the frame without the kernel's note on where the sum is yet
to be made, and what it redirects loses that note.  There is no such frame on
a real wire; between virtual devices mode = auto takes tc.  Both is tested.
"""
import os

import pytest

from conftest import (ECHO, log_of, reasons, served, settled, site_of)
from selftests.site.bulk import Mirror, bulk
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import Datagrams, Pings, ask_udp
from selftests.site.wire import Arriving

SIZE = 4 << 20
HOOKS = {"xdp": "a", "tc": "b"}
CELLS = [(hook, host, egress) for hook in HOOKS for host in (False, True)
         for egress in (False, True) if (hook, host) != ("xdp", True)]


@pytest.fixture(scope="module")
def site():
    """h1's way is gw-a with XDP, or gw-b with tc: each by its own uplink."""
    with site_of(timers=Timers(delay_up=0.3), heartbeat=False) as made:
        made.up()
        settled(made)
        made.gateway("b").twinpathd.flip("isp-b")
        wait_for("gw-b uses its uplink", lambda: made.gateway(
            "b").twinpathd.selector() == "isp-b", 5)
        with served(made):
            mirror = Mirror(made.netns("core"), SERVER).begin()
            yield made
            mirror.stop()


def offload(netns, device, on):
    netns.run(["ethtool", "-K", device, "tx", "on" if on else "off"])
    shown = netns.run(["ethtool", "-k", device]).stdout
    assert ("tx-checksumming: " + ("on" if on else "off")) in shown


def prepare(site, letter, host, egress):
    side = SIDES[letter]
    offload(site.netns("h1"), "eth0", host)
    offload(site.netns("lan"), side.gateway, host)
    for device in ("eth0", "eth1"):
        offload(site.netns(side.gateway), device, egress)
    site.netns("h1").ip(["route replace default via " + side.lan])


@pytest.fixture
def cell(site, request):
    """The offloads of one cell; all off again afterwards."""
    hook, host, egress = request.param
    letter = HOOKS[hook]
    prepare(site, letter, host, egress)
    yield hook, letter
    prepare(site, letter, False, False)


@pytest.fixture
def wires(site, cell, traffic):
    """At the receivers: the ISP's side, and the host's."""
    del cell
    return [traffic.begin(Arriving(site.netns(SIDES[letter].pe), "eth0"))
            for letter in sorted(SIDES)] + [
                traffic.begin(Arriving(site.netns("h1"), "eth0"))]


def name(cell):
    hook, host, egress = cell
    return "%s-host %s-gateway %s" % (hook, "on" if host else "off",
                                      "on" if egress else "off")


@pytest.mark.parametrize("cell", CELLS, indirect=True, ids=map(name, CELLS))
def test_cell(site, cell, wires, traffic):
    hook, letter = cell
    host, twinpathd = site.netns("h1"), site.gateway(letter).twinpathd
    before = reasons(twinpathd)
    assert host.call(ask_udp, SERVER, ECHO) == SIDES[letter].wan
    assert host.call(bulk, SERVER, SIZE) == (SIZE, True)
    streams = [traffic.begin(Datagrams(host, SERVER, ECHO, rate=500)),
               traffic.begin(Pings(host, SERVER, 0.01))]
    began = traffic.run(0.7)
    until = began + 0.6
    traffic.run(0.3)
    for stream in streams:
        assert len(stream.numbers(began, until)) > 30
        assert stream.lost(began, until) == []
    traffic.end()
    for wire in wires:
        assert wire.bad == [] and wire.bad_count == 0
        assert wire.dropped == 0
    to_server = wires[sorted(SIDES).index(letter)]
    assert to_server.incoming[SIDES[letter].wan] > 100
    assert wires[2].incoming[SERVER] > SIZE / 1500
    # By the hook that the cell is about, and not by the kernel behind it.
    after = reasons(twinpathd)

    def grew(reason):
        return sum(after.get(("%s_%s" % (hook, way), reason), 0)
                   - before.get(("%s_%s" % (hook, way), reason), 0)
                   for way in ("lan", "wan"))
    assert grew("translated_out") > 100 and grew("translated_in") > 100


@pytest.mark.parametrize("cell", [("xdp", True, False)], indirect=True,
                         ids=name)
def test_unfinished_sums_through_xdp_are_seen(site, cell, wires, traffic):
    """The row that is none, and why; and the proof that these captures see
    a wrong sum."""
    _, letter = cell
    site.netns("h1").call(ask_udp, SERVER, ECHO, 0.3)
    traffic.run(0.1)
    traffic.end()
    wire = wires[sorted(SIDES).index(letter)]
    assert wire.bad_count > 0
    assert "protocol 17" in wire.bad[0]


def test_auto_takes_tc_between_virtual_devices():
    """And then the host's offload does no harm."""
    with site_of(timers=Timers(delay_up=0.3), modes=("auto", "auto"),
                 host_offload=True, gateway_offload=True) as made:
        made.up()
        settled(made)
        for letter in SIDES:
            status = made.gateway(letter).twinpathd.status()
            assert status["mode"] == "auto"
            log = log_of(made, letter)
            for role in ("lan", "uplink"):
                assert "programs attached (%s, tc, " % role in log
            assert "xdp and tc" not in log
            pins = os.listdir(made.gateway(letter).twinpathd.pins)
            assert not [pin for pin in pins if pin.startswith("xdp_")]
        wire = Arriving(made.netns(SIDES["a"].pe), "eth0").begin()
        with served(made):
            mirror = Mirror(made.netns("core"), SERVER).begin()
            assert made.netns("h1").call(bulk, SERVER, SIZE) == (SIZE, True)
            mirror.stop()
        wire.stop()
        assert (wire.bad, wire.bad_count, wire.dropped) == ([], 0, 0)
        assert wire.incoming[SIDES["a"].wan] > 100

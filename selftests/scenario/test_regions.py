# SPDX-License-Identifier: GPL-2.0-or-later
"""Which regions of addresses have routes: what the daemon tells the data plane as
routes come and go, so that it looks for them there and nowhere else.
"""
import ipaddress
import json

import pytest

from alone import two_alone
from conftest import run
from selftests.site.processes import wait_for

INNER = "10.9.8.0/24"  # no route of the site is near
VIA = "192.168.0.10"
SPAN = 1 << 16


@pytest.fixture(scope="module")
def gateway():
    with two_alone() as gateways:
        yield gateways["a"]


def known(gateway):
    """The regions that have routes, by number."""
    shown = json.loads(run(["bpftool", "-j", "map", "dump", "pinned",
                            gateway.twinpathd.pins + "/regions"]).stdout)
    words = shown[0].get("formatted", shown[0])["value"]["word"]
    return {64 * i + bit for i, word in enumerate(words)
            for bit in range(64) if int(word) >> bit & 1}


def wanted(gateway):
    """Those of the routes that the data plane has."""
    regions = set()
    for route in gateway.twinpathd.ask("routes"):
        prefix = ipaddress.ip_network(route["prefix"])
        first = int(prefix[0]) >> prefix.max_prefixlen - 16
        last = int(prefix[-1]) >> prefix.max_prefixlen - 16
        family = SPAN if prefix.version == 6 else 0
        regions.update(range(family + first, family + last + 1))
    return regions


def region(address):
    return int(ipaddress.ip_address(address)) >> 16


def kind_becomes(gateway, kind):
    wait_for("%s is %s" % (INNER, kind),
             lambda: gateway.route("10.9.8.7") == kind, 10)


def test_those_of_its_routes_and_no_others(gateway):
    assert known(gateway) == wanted(gateway)
    assert region("192.168.0.7") in known(gateway)
    assert region("10.9.8.7") not in known(gateway)


def test_a_route_comes_and_goes(gateway):
    before = known(gateway)
    gateway.netns.ip(["route add %s via %s" % (INNER, VIA)])
    kind_becomes(gateway, "inside")
    assert known(gateway) == wanted(gateway) == before | {region("10.9.0.0")}
    gateway.netns.ip(["route del %s via %s" % (INNER, VIA)])
    kind_becomes(gateway, "default")
    wait_for("its region is clear", lambda: known(gateway) == before, 10)


def test_a_route_that_goes_while_no_daemon_is_there(gateway):
    before = known(gateway)
    gateway.netns.ip(["route add %s via %s" % (INNER, VIA)])
    kind_becomes(gateway, "inside")
    gateway.twinpathd.stop()
    assert region("10.9.8.7") in known(gateway)
    gateway.netns.ip(["route del %s via %s" % (INNER, VIA)])
    gateway.start()
    kind_becomes(gateway, "default")
    wait_for("its region is clear", lambda: known(gateway) == before, 10)


def test_a_large_subnet_has_many(gateway):
    before = known(gateway)
    gateway.netns.ip(["route add 11.0.0.0/8 via %s" % VIA])
    wait_for("it is inside",
             lambda: gateway.route("11.200.3.4") == "inside", 10)
    assert known(gateway) - before == set(range(11 << 8, 12 << 8))
    gateway.netns.ip(["route del 11.0.0.0/8 via %s" % VIA])
    wait_for("they are clear", lambda: known(gateway) == before, 10)

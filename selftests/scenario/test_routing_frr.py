# SPDX-License-Identifier: GPL-2.0-or-later
"""A routing daemon and twinpath: FRR, whose routes say "nhid" alone."""
# They run in this order.  pylint: disable=unused-import
from routing_cases import (A, a_prober, defaults, quiet,
                           routing_site, test_announced_and_learned,
                           test_address_lost_and_found,
                           test_switched_off_and_on, test_a_thief,
                           test_the_routing_daemon_dies, test_our_daemon_dies,
                           test_the_pace)
from selftests.site.daemons import Frr as ROUTING
from selftests.site.netns import run
from selftests.site.processes import wait_for

SLACK = 2
INNER = "192.168.0.30"


def test_two_equal_defaults(site):
    """ECMP, as while an area converges: the partner is one of the next hops of
    a group, and is seen there.  The floating default stays below it."""
    def originate(negation=""):
        run(["vtysh", "-N", site.inner.netns.full, "-c", "configure terminal",
             "-c", "router ospf", "-c", negation
             + "default-information originate always metric 10"])

    def partner():
        return site.gateway("b").twinpathd.status()["partner"]
    quiet(site)
    originate()
    try:
        wait_for("gw-b has two next hops", lambda: any(
            "nhid" in line and "group" in line and "via %s " % A.lan in line
            and "via %s " % INNER in line
            for line in defaults(site, "gw-b")), 10, 0.1)
        assert partner()["offers_default"]
        assert site.gateway("b").twinpathd.selector() == "partner"
        assert site.ping("h2")
    finally:
        originate("no ")
    wait_for("gw-b has one next hop", lambda: not any(
        INNER in line for line in defaults(site, "gw-b")), 10, 0.1)
    assert partner()["offers_default"]

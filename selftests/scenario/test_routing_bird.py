# SPDX-License-Identifier: GPL-2.0-or-later
"""A routing daemon and twinpath: BIRD; what it learns, and what it loses."""
# They run in this order.  pylint: disable=unused-import
from routing_cases import (INNER, a_prober, defaults, quiet, routing_site,
                           test_announced_and_learned,
                           test_address_lost_and_found,
                           test_switched_off_and_on, test_two_equal_defaults)
from selftests.site.bird import Bird as ROUTING
from selftests.site.processes import wait_for

SLACK = 4
GROUP = ("nexthop",)


def test_one_of_two_equal_defaults(site):
    """Without "merge external" BIRD takes one of them, here not the partner's;
    that the partner is there, its marker says."""
    quiet(site)
    site.inner.originate(True)
    try:
        wait_for("gw-b has the other one", lambda: any(
            "via %s dev eth0 proto bird" % INNER in line
            for line in defaults(site, "gw-b")), 10, 0.1)
        twinpathd = site.gateway("b").twinpathd
        assert twinpathd.status()["partner"]["marker"]
        assert twinpathd.selector() == "partner"
        assert site.ping("h2")
    finally:
        site.inner.originate(False)
    quiet(site)

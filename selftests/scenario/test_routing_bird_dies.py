# SPDX-License-Identifier: GPL-2.0-or-later
"""A routing daemon and twinpath: BIRD; thieves, deaths, and the pace."""
# They run in this order.  pylint: disable=unused-import
from routing_cases import (a_prober, routing_site, test_a_thief,
                           test_the_routing_daemon_dies, test_our_daemon_dies,
                           test_the_pace)
from selftests.site.bird import Bird as ROUTING

SLACK = 4
GROUP = ("nexthop",)

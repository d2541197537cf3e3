# SPDX-License-Identifier: GPL-2.0-or-later
"""A routing daemon and twinpath: FRR, whose routes say "nhid" alone."""
# They run in this order.  pylint: disable=unused-import
from routing_cases import (a_prober, routing_site, test_announced_and_learned,
                           test_address_lost_and_found,
                           test_switched_off_and_on, test_a_thief,
                           test_the_routing_daemon_dies, test_our_daemon_dies,
                           test_the_pace, test_two_equal_defaults)
from selftests.site.daemons import Frr as ROUTING

SLACK = 2
GROUP = ("nhid", "group")

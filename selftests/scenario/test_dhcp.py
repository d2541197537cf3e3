# SPDX-License-Identifier: GPL-2.0-or-later
"""next-hop = dhcp with ISC's dhclient, with the hooks of examples/."""
# They run in this order.  pylint: disable=unused-import
from dhcp_cases import (dhcp_site, test_a_lease, test_renewed_without_an_event,
                        test_another_address_by_another_router,
                        test_the_router_alone, test_lost_and_back,
                        test_dialled_anew, test_in_the_main_table)
from selftests.site.dhcp import Dhclient as CLIENT

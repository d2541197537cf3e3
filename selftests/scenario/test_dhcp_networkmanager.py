# SPDX-License-Identifier: GPL-2.0-or-later
"""next-hop = dhcp with NetworkManager, with ipv4.route-table."""
# They run in this order.  pylint: disable=unused-import,wrong-import-position
from conftest import log_of
from dhcp_cases import (A, ROUTER, TABLE, carries, dhcp_site, test_a_lease,
                        test_renewed_without_an_event)
from selftests.site.dhcp import NetworkManager as CLIENT


def test_what_is_ours_stays(site):
    """When it makes the device what its connection says, once more."""
    begins = len(log_of(site, "a"))
    site.line.client.reapply()
    for table in (TABLE, "main"):
        assert any("proto 201" in line and "via " + ROUTER in line
                   for line in site.line.routes(table))
    carries(site, A, ROUTER)
    assert "put back" not in log_of(site, "a")[begins:]


from dhcp_cases import (test_another_address_by_another_router,
                        test_the_router_alone, test_lost_and_back,
                        test_dialled_anew, test_in_the_main_table)

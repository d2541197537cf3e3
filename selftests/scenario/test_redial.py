# SPDX-License-Identifier: GPL-2.0-or-later
"""An uplink that is dialled: its device goes with the call, and the next one is
another device of the same name.  PPPoE, where the kernel has it, and a tunnel,
which behaves so anywhere.
"""
import time

import pytest

from conftest import reasons
from selftests.site import small
from selftests.site.processes import SLOW, wait_for
from selftests.site.small import OTHER, OURS
from small_site import Endpoint, site_of

DIALLED = {"tunnel": small.wan_peer, "PPPoE": small.wan_pppoe}
AGAIN = 1.0  # seconds from the device to an uplink that is used


def log_of(site):
    with open(site.processes.log(site.twinpathd.name),
              encoding="utf-8") as text:
        return text.read()


def state_of(site):
    return site.twinpathd.status()["uplinks"][0]["state"]


def index_of(site):
    text = site.gateway.run(["ip", "-o", "link", "show", site.uplink]).stdout
    return int(text.split(":")[0])


def dial_again(site, dial, address):
    """Another device: programs on it, probes by it, within a second."""
    was = index_of(site)
    site.hang_up()
    wait_for("the uplink is dead", lambda: state_of(site) == "dead", 5)
    assert not site.has("gw", site.uplink)
    dial(site, address)
    began = time.monotonic()
    wait_for("the uplink is up", lambda: state_of(site) == "up", 5, 0.02)
    assert time.monotonic() - began < AGAIN * SLOW
    assert index_of(site) != was
    assert "%s: programs attached (uplink, tc, ifindex %d)" % (
        site.uplink, index_of(site)) in log_of(site)


@pytest.mark.parametrize("dial", DIALLED.values(), ids=DIALLED)
def test_redial(dial):
    with site_of(uplink=dial, mode="auto") as site:
        endpoint = Endpoint(site)
        assert endpoint.ask() == OURS and endpoint.arrives(OURS)
        # The same address: all that was bound is.
        dial_again(site, dial, OURS)
        assert endpoint.arrives(OURS)
        assert endpoint.ask() == OURS
        # Another: what was bound to the first one is dead, and bound anew.
        dial_again(site, dial, OTHER)
        assert not endpoint.arrives(OTHER)
        assert endpoint.ask() == OTHER
        assert endpoint.arrives(OTHER)
        site.netns["world"].ip(["route add %s dev %s" % (OURS, site.uplink)])
        assert not endpoint.arrives(OURS)
        assert ("tc_out", "untranslated") not in reasons(site.twinpathd)
        endpoint.close()

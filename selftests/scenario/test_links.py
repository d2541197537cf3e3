# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of link as LAN and as uplink: what a host does over them, and what
the world's wire sees of it.  What this kernel cannot make is skipped; Debian's
kernels make all of them.
"""
import pytest

from conftest import reasons
from selftests.site import small
from selftests.site.bulk import bulk
from selftests.site.processes import wait_for
from selftests.site.small import OURS
from selftests.site.topology import SERVER
from selftests.site.traffic import ask_udp
from selftests.site.wire import Arriving
from small_site import ECHO, site_of

SIZE = 1 << 20
SMALL = 60000  # what a tunnel of threads carries in good time

LANS = {"cable": small.lan_cable, "bridge with VRRP": small.lan_bridge,
        "VLAN": small.lan_vlan, "tunnel": small.lan_tunnel}
UPLINKS = {"cable": small.wan_cable, "VLAN": small.wan_vlan,
           "tunnel": small.wan_tunnel, "tunnel to a peer": small.wan_peer,
           "GRE": small.wan_gre, "PPPoE": small.wan_pppoe}
# Each LAN with a plain uplink, each uplink with a plain LAN, and no MAC at all.
PAIRS = [(lan, "cable") for lan in LANS] \
    + [("cable", uplink) for uplink in UPLINKS if uplink != "cable"] \
    + [("tunnel", "tunnel")]


def fast(site):
    """How many packets the programs sent on themselves, each way."""
    counts = reasons(site.twinpathd)
    return [sum(packets for (_, reason), packets in counts.items()
                if reason == name)
            for name in ("translated_out", "translated_in")]


def use(site, size=SIZE):
    host = site.netns["h"]
    wires = [Arriving(site.netns["world"], far_end(site)).begin(),
             Arriving(host, near_end(site)).begin()]
    before = fast(site)
    assert host.call(ask_udp, SERVER, ECHO) == OURS
    assert host.call(bulk, SERVER, size) == (size, True)
    after = fast(site)
    for wire, source in zip(wires, (OURS, SERVER)):
        wire.stop()
        assert wire.packets() > 10 and not wire.dropped
        assert wire.bad_count == 0, wire.bad[0]
        assert not wire.strangers({source})
    # Two pieces of 64 KiB at least; a redirect, not the kernel's way.
    least = size // 65536 + 2
    assert min(b - a for a, b in zip(before, after)) >= least


def far_end(site):
    """The world's end of the uplink is called as the gateway's, but where there
    is a switch between."""
    return "isp0" if site.kinds[2] else site.uplink


def near_end(site):
    route = site.netns["h"].run(["ip", "-o", "route", "get", SERVER]).stdout
    return route.split(" dev ")[1].split()[0]


def errors(site):
    """The kernel's own answers find the host, also from behind NAT."""
    said = site.ping("-c", "1", "-t", "1", SERVER)
    assert "Time to live exceeded" in said, said
    mtu = link_mtu(site)
    if mtu < 1500:
        said = site.ping("-c", "2", "-M", "do", "-s", str(mtu - 28 + 4),
                         SERVER)
        assert "mtu = %d" % mtu in said, said
        assert " 0% packet loss" in site.ping("-c", "1", "-M", "do", "-s",
                                              str(mtu - 28), SERVER)


def link_mtu(site):
    text = site.gateway.run(["ip", "-o", "link", "show", site.uplink]).stdout
    return int(text.split(" mtu ")[1].split()[0])


@pytest.mark.parametrize("lan, uplink", PAIRS,
                         ids=["%s LAN, %s uplink" % pair for pair in PAIRS])
def test_link(lan, uplink):
    slow = "tunnel" in lan + uplink
    with site_of(lan=LANS[lan], uplink=UPLINKS[uplink], mode="auto") as site:
        use(site, SMALL if slow else SIZE)
        errors(site)
        if uplink in ("tunnel", "tunnel to a peer", "GRE", "PPPoE"):
            state = site.twinpathd.status()["uplinks"][0]
            assert state["next_hop_mac"] is None and state["carrier"]


@pytest.mark.parametrize("offload", [False, True],
                         ids=["sums made", "sums left to the NIC"])
@pytest.mark.parametrize("both", [small.stick, small.sticks],
                         ids=["LAN untagged", "both tagged"])
def test_router_on_a_stick(both, offload):
    with site_of(both=both, mode="auto", offload=offload) as site:
        use(site)
        errors(site)


def test_a_vlan_comes_to_an_xdp_interface():
    """XDP would take the VLAN's frames for the LAN's, and its hosts would have
    the LAN's way out: it has to go."""
    with site_of(mode="xdp") as site:
        log = site.processes.log(site.twinpathd.name)
        assert "lan0: programs attached (lan, xdp and tc" in text_of(log)
        small.make(site, "gw", "link add lan0.7 link lan0 type vlan id 7")
        wait_for("XDP is taken off the LAN", lambda: "lan0: xdp and tc -> tc, "
                 "because XDP would take frames of lan0.7" in text_of(log), 5)
        assert "xdp" not in site.gateway.run(["ip", "link", "show",
                                              "lan0"]).stdout
        assert "xdp" in site.gateway.run(["ip", "link", "show",
                                          "wan0"]).stdout
        other_vlan(site).run(["ping", "-c", "2", "-W", "1", SERVER],
                             check=False)
        assert "192.168.0.77" not in site.twinpathd.cli("sessions").stdout
        site.split()  # and no XDP sends to the LAN: it could not be received
        use(site)


def other_vlan(site):
    """A host with an address of the LAN's, on its cable, but in VLAN 7, which
    the gateway serves nobody on."""
    small.make(site, "h", "link add lan0.7 link lan0 type vlan id 7")
    site.netns["h"].ip(["link set lan0.7 netns " + site.netns["switch"].full])
    small.furnish(site, "switch", "lan0.7", "192.168.0.77/24")
    shown = site.gateway.run(["ip", "-o", "link", "show", "lan0.7"]).stdout
    mac = shown.split("link/ether ")[1].split()[0]
    site.gateway.ip(["link set lan0.7 up"])
    site.netns["switch"].ip([
        "neigh add %s lladdr %s dev lan0.7" % (small.ROUTER, mac),
        "route add default via " + small.ROUTER])
    return site.netns["switch"]


def test_a_bond_loses_a_leg():
    with site_of(uplink=small.wan_bond, mode="auto") as site:
        use(site)
        site.netns["world"].ip(["link set leg0 down"])
        wait_for("the other leg carries",
                 lambda: " 0% packet loss" in site.ping("-c", "1", SERVER), 5)
        use(site)


def test_a_tunnel_to_the_partner_cannot_tell_kinds():
    """The reload says so, and what to do, and nothing of it is in force."""
    with site_of() as site:
        site.tunnel("gw", "world", "tun9", ("10.255.9.1 peer 10.255.9.2",
                                            "10.255.9.2 peer 10.255.9.1"))
        with open(site.processes.path("gw.conf"), "a",
                  encoding="utf-8") as config:
            config.write("""partner {
    address = 10.255.9.2
    interface = tun9
}
""")
        said = site.twinpathd.cli("reload", check=False)
        assert said.returncode, said.stdout
        assert "tun9: it has no MAC addresses to tell the kinds of handover " \
            "by" in text_of(site.processes.log(site.twinpathd.name))
        assert "tun9" not in site.twinpathd.cli("status").stdout
        use(site)


def text_of(path):
    with open(path, encoding="utf-8") as text:
        return text.read()

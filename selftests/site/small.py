# SPDX-License-Identifier: GPL-2.0-or-later
"""The smallest site: a host, a gateway with one uplink, the world; and the
links between them, of any kind.

    h ---- LAN link ---- gw ---- uplink ---- world (172.29.0.80 and its probe
                                                    target 172.29.0.1)

A kind of link is a function of the site that makes it and says what the
gateway's configuration has to know of it.  What this kernel cannot make raises
Missing.
"""

import os

from .daemons import Twinpathd
from .links import Tunnel, cable
from .netns import CommandError, Netns, SiteError, run
from .pppoe import pppoe
from .processes import SLOW, Processes, wait_for
from .topology import SERVER, TARGET

HOST, ROUTER, MASK = "192.168.0.10", "192.168.0.1", "/24"
OURS, OTHER = "172.16.1.1", "172.16.1.5"
NEXT, WAN_MASK = "172.16.1.2", "/30"
VIRTUAL = "00:00:5e:00:01:33"
MODULES = ("8021q", "bonding", "ppp_generic", "pppoe", "ip_gre", "tun")
QUIET = {"net.ipv6.conf.all.disable_ipv6": 1,
         "net.ipv6.conf.default.disable_ipv6": 1,
         "net.ipv4.conf.all.rp_filter": 0,
         "net.ipv4.conf.default.rp_filter": 0}


class Missing(SiteError):
    """This kernel has no such link."""


def make(site, netns, line):
    """A device of a kind that the kernel may lack."""
    try:
        site.netns[netns].ip([line])
    except CommandError as error:
        if "Unknown device type" in str(error) or "not supported" in str(
                error):
            raise Missing(line) from error
        raise


def furnish(site, netns, device, address):
    site.netns[netns].ip(["addr add %s dev %s" % (address, device),
                          "link set %s up" % device])


# ---- LANs: what the gateway calls it ----------------------------------------

def lan_cable(site, mtu=1500):
    site.cable("h", "gw", "lan0", (HOST + MASK, ROUTER + MASK), mtu)
    return "lan0"


def lan_bridge(site):
    """A bridge with two ports; the hosts' router is VRRP's macvlan on it."""
    site.cable("h", "gw", "port0", (HOST + MASK, None))
    gateway = site.netns["gw"]
    gateway.ip(["link add port1 type veth peer name far1", "link set far1 up",
                "link set port1 up",
                "link add br0 type bridge stp_state 0 mcast_snooping 0",
                "link set port0 master br0", "link set port1 master br0",
                "addr add 192.168.0.3/24 dev br0", "link set br0 up",
                "link add vrrp51 link br0 address %s type macvlan mode private"
                % VIRTUAL, "link set vrrp51 up",
                "addr add %s/32 dev vrrp51" % ROUTER])
    return "br0"


def lan_vlan(site):
    """A tagged LAN; what is not tagged is somebody else's."""
    site.cable("h", "gw", "nic0")
    for netns, address in (("h", HOST), ("gw", ROUTER)):
        make(site, netns, "link add nic0.10 link nic0 type vlan id 10")
        furnish(site, netns, "nic0.10", address + MASK)
    return "nic0.10"


def lan_tunnel(site):
    site.tunnel("h", "gw", "tun0", (HOST + " peer " + ROUTER,
                                    ROUTER + " peer " + HOST))
    return "tun0"


# ---- uplinks: interface and next hop ----------------------------------------

def wan_cable(site, mtu=1500):
    site.cable("gw", "world", "wan0", (OURS + WAN_MASK, NEXT + WAN_MASK), mtu)
    return "wan0", NEXT


def wan_vlan(site):
    site.cable("gw", "world", "nic1")
    for netns, address in (("gw", OURS), ("world", NEXT)):
        make(site, netns, "link add nic1.100 link nic1 type vlan id 100")
        furnish(site, netns, "nic1.100", address + WAN_MASK)
    return "nic1.100", NEXT


def wan_tunnel(site):
    site.tunnel("gw", "world", "tun1", (OURS + WAN_MASK, NEXT + WAN_MASK),
                1400)
    return "tun1", "none"


def wan_peer(site, address=OURS):
    """The next hop is the other end of a point-to-point address."""
    site.tunnel("gw", "world", "tun1", (address + " peer " + NEXT,
                                        NEXT + " peer " + address))
    return "tun1", NEXT


def wan_gre(site):
    site.cable("gw", "world", "under0", ("10.0.0.1/30", "10.0.0.2/30"))
    for netns, own, far, address in (("gw", 1, 2, OURS),
                                     ("world", 2, 1, NEXT)):
        make(site, netns, "link add gre1 type gre local 10.0.0.%d remote "
             "10.0.0.%d" % (own, far))
        furnish(site, netns, "gre1", address + WAN_MASK)
    return "gre1", "none"


def wan_bond(site):
    """Two cables, of which one carries: a switch in the world has both."""
    make(site, "gw", "link add bond0 type bond mode active-backup miimon 50")
    make(site, "world", "link add bond0 type bridge stp_state 0")
    for leg in ("leg0", "leg1"):
        site.cable("gw", "world", leg)
        site.netns["gw"].ip(["link set %s down" % leg])
        for netns in ("gw", "world"):
            site.netns[netns].ip(["link set %s master bond0" % leg,
                                  "link set %s up" % leg])
    furnish(site, "gw", "bond0", OURS + WAN_MASK)
    furnish(site, "world", "bond0", NEXT + WAN_MASK)
    return "bond0", NEXT


def wan_pppoe(site, address=OURS):
    if not site.has("gw", "eth9"):
        site.cable("gw", "world", "eth9")
    try:
        site.keep += pppoe(site.netns["gw"], site.netns["world"], "eth9",
                           address, NEXT)
    except OSError as error:
        raise Missing("PPPoE: %s" % error) from error
    return "ppp0", "none"


# ---- both by one port -------------------------------------------------------

def stick(site, lan=None):
    """A router on a stick: the uplink is VLAN 100, the LAN `lan`, or untagged."""
    site.cable("gw", "switch", "nic0")
    site.cable("h", "switch", "eth0", (HOST + MASK, None))
    site.cable("world", "switch", "isp0", (NEXT + WAN_MASK, None))
    inside = switched(site, lan, "eth0")
    uplink = switched(site, 100, "isp0")
    furnish(site, "gw", inside, ROUTER + MASK)
    furnish(site, "gw", uplink, OURS + WAN_MASK)
    return inside, uplink, NEXT


def switched(site, vlan, port):
    """The switch's port is of that VLAN; what the gateway calls it."""
    trunk, bridge = "nic0", "br-" + port
    if vlan:
        trunk = "nic0.%d" % vlan
        for netns in ("gw", "switch"):
            make(site, netns, "link add %s link nic0 type vlan id %d"
                 % (trunk, vlan))
    site.netns["switch"].ip([
        "link add %s type bridge stp_state 0" % bridge,
        "link set %s up" % bridge, "link set %s up" % trunk,
        "link set %s master %s" % (trunk, bridge),
        "link set %s master %s" % (port, bridge)])
    return trunk


def sticks(site):
    """Both tagged, and what is not tagged is nobody's."""
    return stick(site, 10)


# ---- the site ---------------------------------------------------------------

class Small:
    """`lan` and `uplink` are of the functions above, or `both` is."""

    def __init__(self, prefix, build, lan=lan_cable, uplink=wan_cable,
                 both=None, mode="tc", offload=False):
        self.offload = offload
        self.build, self.mode = build, mode
        self.kinds = lan, uplink, both
        self.processes = Processes(prefix)
        self.netns = {name: Netns(prefix, name)
                      for name in ("h", "gw", "world", "switch")}
        self.gateway = self.netns["gw"]
        self.twinpathd = Twinpathd(self.processes, self.gateway, None, build)
        self.workers, self.keep = [], []
        self.uplink = None  # the interface

    def cable(self, one, other, device, addresses=(None, None), mtu=1500):
        cable(self.netns[one], self.netns[other], device, addresses)
        for netns in (one, other):
            self.netns[netns].ip(["link set %s mtu %d" % (device, mtu)])

    def tunnel(self, one, other, device, addresses, mtu=1500):
        self.workers.append(Tunnel(self.netns[one], self.netns[other], device,
                                   addresses, mtu).begin())

    def has(self, netns, device):
        return not self.netns[netns].run(["ip", "link", "show", device],
                                         check=False).returncode

    def hang_up(self):
        """The links that somebody holds are gone, as at the end of a call."""
        for worker in self.workers:
            worker.stop()
        for handle in self.keep:
            os.close(handle)
        self.workers, self.keep = [], []

    def up(self):
        self.processes.open()
        for netns in self.netns.values():
            netns.add()
            netns.sysctl(QUIET)
            netns.ip(["link set lo up"])
        self.gateway.sysctl({"net.ipv4.ip_forward": 0})
        lan, uplink, both = self.kinds
        if both:
            inside, self.uplink, next_hop = both(self)
        else:
            inside = lan(self)
            self.uplink, next_hop = uplink(self)
        if self.mode != "xdp":
            self.split()
        if self.offload:
            self.unfinished()
        self.netns["world"].sysctl({"net.ipv4.ip_forward": 1})
        for address in (SERVER, TARGET):
            self.netns["world"].ip(["addr add %s/32 dev lo" % address])
        self.netns["h"].ip(["route add default via " + ROUTER])
        self.start(inside, next_hop)

    def split(self):
        """What an end puts together again says nothing of the wire.  (But XDP
        redirects into a veth only where its other end can receive so.)"""
        for netns in (self.netns["h"], self.netns["world"]):
            for device in netns.devices():
                netns.run(["ethtool", "-K", device, "gro", "off"], check=False)

    def unfinished(self):
        """Host and gateway leave checksums to the NIC, as most do; the other end
        of the wire finishes them."""
        for name in ("h", "gw"):
            netns = self.netns[name]
            for device in netns.devices():
                netns.run(["ethtool", "-K", device, "tx", "on"], check=False)

    def start(self, inside, next_hop):
        path = self.processes.write("gw.conf", """mode = %s
lan = { "%s" }
vrrp-file = "%s"
uplink isp {
    interface = "%s"
    next-hop = %s
    icmp core { target = %s interval = %dms timeout = %dms }
    delay-up = 0s
}
""" % (self.mode, inside, self.twinpathd.track_file, self.uplink, next_hop,
       TARGET, 100 * SLOW, 80 * SLOW))
        self.twinpathd.command = self.gateway.command(
            [os.path.join(self.build, "twinpathd"), "--instance",
             self.twinpathd.instance, "--config", path])
        self.twinpathd.start()
        self.twinpathd.wait_ready()
        wait_for("the uplink is up", lambda: self.twinpathd.status()[
            "uplinks"][0]["state"] == "up", 10)

    def ping(self, *words):
        """What ping says, of the host."""
        return self.netns["h"].run(["ping", "-n", "-W", "1", *words],
                                   check=False).stdout

    def down(self):
        self.processes.end_all()
        self.hang_up()
        self.twinpathd.remove()
        for netns in self.netns.values():
            netns.delete()
        self.processes.close()


def modules():
    """Load what a kernel of modules may not have loaded yet."""
    for name in MODULES:
        run(["modprobe", "-q", name], check=False)

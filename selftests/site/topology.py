# SPDX-License-Identifier: GPL-2.0-or-later
"""The site's namespaces and links, and the ways a path in it can fail.

            core   172.29.0.1 (probe target), 172.29.0.80 (servers)
           /    \\
       pe-a      pe-b             no route to the inside at all
        |          |
      seg-a      seg-b            L2 segments: fail with both carriers up
        |          |
       gw-a      gw-b             172.16.1.1, 172.17.3.1
         \\        /
    -------- lan ---------        192.168.0.0/24, a switch
     |      |      |
    h1     h2     ir - h3         .10, .20, .30; 192.168.50.0/24 behind ir

Owns: devices, addresses, static routes, sysctls and offloads of everything
but the gateways' own forwarding, which is twinpathd's to switch on.
"""

from .netns import Netns, run

VIRTUAL = "192.168.0.1"
TARGET = "172.29.0.1"
SERVER = "172.29.0.80"
HOSTS = {"h1": "192.168.0.10", "h2": "192.168.0.20", "h3": "192.168.50.10"}


class Side:
    """What belongs to one ISP: names and addresses, nothing that runs."""

    def __init__(self, letter, lan, wan, marker, level, transit):
        self.letter = letter
        self.gateway, self.segment = "gw-" + letter, "seg-" + letter
        self.pe, self.uplink = "pe-" + letter, "isp-" + letter
        self.lan, self.marker, self.level = lan, marker, level
        self.wan, self.next_hop = wan + ".1", wan + ".2"
        self.wan_net = wan + ".0/30"
        self.pe_core, self.core_pe = transit + ".1", transit + ".2"


SIDES = {
    "a": Side("a", "192.168.0.3", "172.16.1", "10.255.0.1/32", 1,
              "198.51.100"),
    "b": Side("b", "192.168.0.4", "172.17.3", "10.255.0.2/32", 2,
              "203.0.113"),
}
NODES = ("h1", "h2", "h3", "ir", "lan", "gw-a", "gw-b", "seg-a", "seg-b",
         "pe-a", "pe-b", "core")


def _links():
    """(node, device, address or None) twice: the two ends of each cable."""
    links = [
        (("h1", "eth0", "192.168.0.10/24"), ("lan", "h1", None)),
        (("h2", "eth0", "192.168.0.20/24"), ("lan", "h2", None)),
        (("ir", "eth0", "192.168.0.30/24"), ("lan", "ir", None)),
        (("h3", "eth0", "192.168.50.10/24"), ("ir", "eth1",
                                              "192.168.50.1/24")),
    ]
    for side in SIDES.values():
        links += [
            ((side.gateway, "eth0", side.lan + "/24"),
             ("lan", side.gateway, None)),
            ((side.gateway, "eth1", side.wan + "/30"),
             (side.segment, "gw", None)),
            ((side.pe, "eth0", side.next_hop + "/30"),
             (side.segment, "pe", None)),
            ((side.pe, "eth1", side.pe_core + "/30"),
             ("core", side.pe, side.core_pe + "/30")),
        ]
    return links


def _routes():
    yield "h1", "route add default via " + VIRTUAL
    yield "h2", "route add default via " + VIRTUAL
    yield "h3", "route add default via 192.168.50.1"
    yield "core", "addr add %s/32 dev lo" % TARGET
    yield "core", "addr add %s/32 dev lo" % SERVER
    for side in SIDES.values():
        yield side.pe, "route add default via " + side.core_pe
        yield "core", "route add %s via %s" % (side.wan_net, side.pe_core)


class Topology:
    """Namespaces and cables.  Offloads: whether the gateways are sent
    unfinished checksums by the inside, and whether they send such."""

    nodes = NODES

    def __init__(self, prefix, host_offload=False, gateway_offload=False):
        self.prefix = prefix
        self.host_offload = host_offload
        self.gateway_offload = gateway_offload
        self.netns = {name: Netns(prefix, name) for name in self.nodes}

    def links(self):
        return _links()

    def routes(self):
        return _routes()

    def up(self):
        for netns in self.netns.values():
            netns.add()
        self._sysctls()
        self._cables()
        for name in ("lan", "seg-a", "seg-b"):
            self._bridge(name)
        for name, line in self.routes():
            self.netns[name].ip([line])

    def down(self):
        for netns in self.netns.values():
            netns.delete()

    def _sysctls(self):
        for netns in self.netns.values():
            netns.sysctl({"net.ipv6.conf.all.disable_ipv6": 1,
                          "net.ipv6.conf.default.disable_ipv6": 1,
                          "net.ipv4.conf.all.rp_filter": 0,
                          "net.ipv4.conf.default.rp_filter": 0,
                          "net.ipv4.conf.all.send_redirects": 0,
                          "net.ipv4.conf.default.send_redirects": 0})
        for name in ("ir", "pe-a", "pe-b", "core"):
            self.netns[name].sysctl({"net.ipv4.ip_forward": 1})
        for name in ("gw-a", "gw-b"):
            if name in self.netns:
                self.netns[name].sysctl({"net.ipv4.ip_forward": 0})

    def _cables(self):
        lines = []
        for one, other in self.links():
            lines.append("link add %s netns %s type veth peer name %s netns %s"
                         % (one[1], self.prefix + one[0],
                            other[1], self.prefix + other[0]))
        run(["ip", "-batch", "-"], input_text="\n".join(lines) + "\n")
        for netns in self.netns.values():
            netns.ip(["link set lo up"])
        for ends in self.links():
            for node, device, address in ends:
                self._end(node, device, address)

    def _end(self, node, device, address):
        netns = self.netns[node]
        lines = ["addr add %s dev %s" % (address, device)] if address else []
        netns.ip(lines + ["link set %s up" % device])
        if not self._offload(node, device):
            netns.run(["ethtool", "-K", device, "tx", "off"])
        # A veth receives redirected frames only with NAPI, which GRO switches
        # on, and only when asked for after the device is up.
        if device in ("gw", "gw-a", "gw-b"):
            netns.run(["ethtool", "-K", device, "gro", "on"])

    def _offload(self, node, device):
        """May this end send unfinished checksums?  What leads to a place
        where we capture never may: a wire carries none."""
        if node in ("gw-a", "gw-b"):
            return self.gateway_offload
        if node in ("h1", "h2", "h3", "ir") or device in ("gw-a", "gw-b"):
            return self.host_offload
        return False

    def _bridge(self, name):
        netns = self.netns[name]
        ports = [end[1] for ends in self.links() for end in ends
                 if end[0] == name]
        netns.ip(["link add br0 type bridge stp_state 0 mcast_snooping 0"]
                 + ["link set %s master br0" % port for port in ports]
                 + ["link set br0 up"])
        # Not there at all where br_netfilter is a module: as good as 0.
        netns.run(["sysctl", "-q", "-e", "-w",
                   "net.bridge.bridge-nf-call-iptables=0"])


class Isp:
    """The outside path of one side, and how it fails."""

    def __init__(self, topology, letter):
        self.side = SIDES[letter]
        self._segment = topology.netns[self.side.segment]
        self._pe = topology.netns[self.side.pe]
        self._core = topology.netns["core"]

    def black(self):
        """The segment drops every frame; both carriers stay up."""
        self.loss(100)

    def loss(self, percent):
        """The segment drops so many of a hundred frames, both ways."""
        _drop(self._segment, ("gw", "pe"), percent)

    def black_beyond(self):
        """The PE lives and answers, but nothing behind it does."""
        _drop(self._pe, ("eth1",), 100)
        _drop(self._core, (self.side.pe,), 100, self.side.pe)

    def target_dead(self):
        """Only the probe target is silent on this side."""
        _drop(self._core, (self.side.pe,), 100, self.side.pe,
              "ip daddr %s " % TARGET)

    def link_down(self):
        """The gateway's port loses its carrier."""
        self._segment.ip(["link set gw down"])

    def link_up(self):
        self._segment.ip(["link set gw up"])

    def heal(self):
        """Undo every failure above, link_down() included."""
        for netns, table in ((self._segment, "fail"), (self._pe, "fail"),
                             (self._core, "fail-" + self.side.pe)):
            netns.nft("table netdev %s\ndelete table netdev %s\n"
                      % (table, table))
        self.link_up()


def _drop(netns, devices, percent, suffix="", match=""):
    """Drop on ingress, in one nft transaction; replaces an earlier one."""
    table = "fail-" + suffix if suffix else "fail"
    if percent < 100:
        match += "numgen random mod 100 < %d " % percent
    text = "table netdev %s\ndelete table netdev %s\n" % (table, table)
    text += "table netdev %s {\n" % table
    for device in devices:
        text += ("chain %s {\ntype filter hook ingress device \"%s\" "
                 "priority 0;\n%sdrop\n}\n" % (device, device, match))
    netns.nft(text + "}\n")

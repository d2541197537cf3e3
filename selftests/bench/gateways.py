# SPDX-License-Identifier: GPL-2.0-or-later
"""The gateways that are compared: each alone between an inside and an outside.

Owns: three namespaces a gateway (in, gw, out), joined by two veth pairs, and
what makes it a gateway.  They differ in that alone; nobody knows of another.

        in [lan1]---[lan0] gw [wan0]---[wan1] out
     192.168.0.2    .1      172.16.1.1      .2

The inside endpoints are behind the router at lan1, so that no neighbour table
is part of what is measured.
"""

import os

from ..site import netns

INSIDE, REMOTE = "10.0.0.0", "198.18.0.1"
NEAR, FAR = "192.168.0.2", "172.16.1.2"
EXTERNAL = "172.16.1.1"
FIRST_PORT = 16384
QUEUES = 2  # of each veth: two CPUs must not meet in one


class Gateway:
    """A gateway of one kind; `kind` names the row in the tables."""

    kind = None
    translates = False
    redirects = False  # by XDP

    def __init__(self, prefix, run, pump):
        self.pump, self.run, self.prefix = pump, run, prefix
        self.near = netns.Netns(prefix, self.kind + "-in")
        self.gw = netns.Netns(prefix, self.kind)
        self.far = netns.Netns(prefix, self.kind + "-out")
        self.macs = {}  # of the gateway's devices and their peers

    def spaces(self):
        return (self.near, self.gw, self.far)

    def up(self):
        for space in self.spaces():
            space.add()
            space.sysctl({"net.ipv6.conf.all.disable_ipv6": 1})
        self.join(self.near, "lan1", "lan0")
        self.join(self.far, "wan1", "wan0")
        self.address()
        self.make()
        self.ports()

    def address(self):
        self.near.ip(["addr add 192.168.0.2/24 dev lan1",
                      "route add default via 192.168.0.1"])
        self.far.ip(["addr add 172.16.1.2/30 dev wan1",
                     "addr add 198.18.0.1/16 dev wan1",
                     "route add 192.168.0.0/24 via " + EXTERNAL])
        self.gw.ip(["addr add 192.168.0.1/24 dev lan0",
                    "addr add 172.16.1.1/30 dev wan0",
                    "route add 10.0.0.0/8 via " + NEAR])
        self._neighbours()

    def join(self, outer, outside, inside):
        """A cable between a namespace and the gateway."""
        outer.ip(["link add %s numrxqueues %d numtxqueues %d type veth peer "
                  "name %s %s numrxqueues %d numtxqueues %d netns %s"
                  % (outside, QUEUES, QUEUES, inside, self.number(inside),
                     QUEUES, QUEUES, self.gw.full),
                  "link set %s up" % outside, "link set lo up"])
        self.gw.ip(["link set %s up" % inside])
        # A veth takes redirected frames only with NAPI on: GRO is that.
        outer.run(["ethtool", "-K", outside, "gro", "on"])
        self.gw.run(["ethtool", "-K", inside, "gro", "on"])
        self.own_queues(inside)
        self.macs[inside] = link_mac(self.gw, inside)
        self.macs[outside] = link_mac(outer, outside)

    def number(self, _inside):
        """Words of `ip link` about the index of a device of the gateway."""
        return ""

    def own_queues(self, device):
        """Each CPU sends by its own queue, as redirects do by themselves."""
        netns.run(["ip", "netns", "exec", self.gw.full, "sh", "-c",
                   "for n in 0 1; do echo $((1 << n)) > "
                   "/sys/class/net/%s/queues/tx-$n/xps_cpus || exit 1; done"
                   % device])

    def _neighbours(self):
        """Both sides of both links, for good: ARP is not measured."""
        for space, device, address, other in (
                (self.near, "lan1", "192.168.0.1", "lan0"),
                (self.gw, "lan0", NEAR, "lan1"),
                (self.far, "wan1", EXTERNAL, "wan0"),
                (self.gw, "wan0", FAR, "wan1")):
            self.neighbour(space, device, address, other)

    def neighbour(self, space, device, address, other):
        space.ip(["neigh replace %s lladdr %s dev %s nud permanent"
                  % (address, self.macs[other], device)])

    def ports(self):
        """The sinks, once the devices are as they stay."""
        self.pump.port(self.kind + ".lan", self.near.full, "lan1")
        self.pump.port(self.kind + ".wan", self.far.full, "wan1")

    def make(self):
        """Make it a gateway of its kind."""
        raise NotImplementedError

    def empty(self):
        """Forget every session."""

    def why(self):
        """Words for a message that something did not come through."""
        return ""

    def down(self):
        for space in self.spaces():
            space.delete()

    def plan(self, side, endpoints, remotes, ports=0, **more):
        """The words of a stream through it, but for the CPU and the count."""
        words = {
            "side": side, "inside": INSIDE, "remote": REMOTE,
            "external": EXTERNAL, "first-port": FIRST_PORT,
            "remote-port": 443, "endpoints": endpoints, "remotes": remotes,
            "ports": ports,
            "shuffle": 1,
            "destination": self.macs["lan0" if side == "out" else "wan0"],
        }
        words.update({key.replace("_", "-"): value
                      for key, value in more.items()})
        return words

    def entry(self, side):
        return self.kind + (".lan" if side == "out" else ".wan")


def link_mac(space, device):
    text = netns.run(["ip", "-n", space.full, "-o", "link", "show", "dev",
                      device]).stdout
    return text.split("link/ether ")[1].split()[0]


class Generator(Gateway):
    """None at all: the sinks stand where the gateway would be."""

    kind = "generator"

    def make(self):
        pass

    def ports(self):
        self.pump.port("generator.in", self.gw.full, "lan0")
        self.pump.port("generator.out", self.gw.full, "wan0")
        super().ports()


class Bare(Gateway):
    """XDP redirect with other MACs: nothing can be faster."""

    kind = "bare"

    def make(self):
        index = {device: int(netns.run(
            ["ip", "-n", self.gw.full, "-o", "link", "show", "dev", device]
        ).stdout.split(":")[0]) for device in ("lan0", "wan0")}
        for device, out, peer in (("lan0", "wan0", "wan1"),
                                  ("wan0", "lan0", "lan1")):
            self.pump.ask("bare", self.gw.full, device, index[out],
                          self.macs[peer], self.macs[out])


class Kernel(Gateway):
    """The kernel forwards, and translates nothing."""

    kind = "kernel"

    def plan(self, side, endpoints, remotes, ports=0, **more):
        """Nothing is translated back: what comes in is for the inside."""
        words = super().plan(side, endpoints, remotes, ports, **more)
        if not self.translates:
            words["external"] = NEAR
        return words

    def make(self):
        self.gw.sysctl({"net.ipv4.ip_forward": 1,
                        "net.ipv4.conf.all.rp_filter": 0})
        self.gw.ip(["route add default via " + FAR])


class Nft(Kernel):
    """nftables masquerade, as a careful admin writes it."""

    kind = "nft"
    translates = True
    rules = """
table ip bench {
    chain post {
        type nat hook postrouting priority srcnat; policy accept;
        oifname "wan0" masquerade
    }
}
"""

    def make(self):
        super().make()
        self.gw.nft(self.rules)

    def empty(self):
        self.gw.call(flush_conntrack)


class Flowtable(Nft):
    """The same with a flowtable, where the kernel has one."""

    kind = "flowtable"
    rules = Nft.rules + """
table ip bench {
    flowtable fast { hook ingress priority filter; devices = { lan0, wan0 }; }
    chain forward {
        type filter hook forward priority filter; policy accept;
        ip protocol { tcp, udp } flow add @fast
    }
}
"""


def flush_conntrack():
    """IPCTNL_MSG_CT_DELETE with no tuple: all of this namespace's entries."""
    import socket
    import struct
    kind = (1 << 8) | 2
    message = struct.pack("=IHHIIBBH", 20, kind, 0x5, 1, 0, 0, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as link:
        link.bind((0, 0))
        link.send(message)
        reply = link.recv(4096)
    error = struct.unpack_from("=i", reply, 16)[0]
    if error:
        raise OSError(-error, os.strerror(-error), "conntrack flush")

# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to a whole gateway, or to the LAN between the two.

Owns: power off and on, a LAN that falls apart, a re-dial.  How a path to an
ISP fails is topology.Isp.
"""

import os
import signal

from .topology import SIDES

OTHER = "br1"  # the part of the LAN that was cut off


def power_off(site, letter):
    """Both cables go dark and everything stops at once; nobody is told.  Of
    what it knew nothing is left, as after a reboot."""
    gateway = site.gateway(letter)
    _cables(site, letter, "down")
    for name in (gateway.twinpathd.name, gateway.keepalived.name,
                 *gateway.frr.names):
        site.processes.signal(name, signal.SIGKILL)
    gateway.netns.run([os.path.join(site.build, "twinpathd"), "--detach",
                       "--instance", gateway.twinpathd.instance])
    gateway.netns.run(["sh", "-c", "ip link del vrrp51; ip neigh flush all; "
                       "ip route flush proto ospf; ip route flush proto bird;"
                       " ip nexthop flush proto zebra; rm -f "
                       + gateway.twinpathd.track_file], check=False)
    gateway.twinpathd.remove()
    gateway.frr.remove()


def power_on(site, letter):
    """It boots, in the order that systemd/twinpath@.service asks for: others
    know its old routes and find them again when its routing daemons speak."""
    gateway = site.gateway(letter)
    _cables(site, letter, "up")
    site.start_twinpathd(gateway)
    gateway.twinpathd.wait_ready()
    gateway.frr.start(["eth0"], side=gateway.side)
    site.start_keepalived(gateway)


def _cables(site, letter, state):
    side = SIDES[letter]
    site.netns("lan").ip(["link set %s %s" % (side.gateway, state)])
    site.netns(side.segment).ip(["link set gw %s" % state])


def split(site, ports):
    """These ports of the switch and the others do not see each other."""
    site.netns("lan").ip(
        ["link add %s type bridge stp_state 0 mcast_snooping 0" % OTHER,
         "link set %s up" % OTHER]
        + ["link set %s master %s" % (port, OTHER) for port in ports])


def heal(site, ports):
    site.netns("lan").ip(["link set %s master br0" % port for port in ports]
                         + ["link del " + OTHER])


class Redial:
    """An uplink's address becomes another one, of a larger subnet."""

    def __init__(self, site, letter):
        side = SIDES[letter]
        self.old, self.other = side.wan, side.wan.rsplit(".", 1)[0] + ".5"
        self._gateway = site.netns(side.gateway)
        self._pe, self._core = site.netns(side.pe), site.netns("core")
        self._net = side.wan_net.replace("/30", "/29")
        self._next_hop, self._by = side.next_hop, side.pe_core
        self._pe.ip(["addr add %s/29 dev eth0" % self._next_hop])
        self._core.ip(["route add %s via %s" % (self._net, self._by)])

    def dial(self):
        """The next lease is there before the last one ends."""
        self._gateway.ip(["addr add %s/29 dev eth1" % self.other,
                          "addr del %s/30 dev eth1" % self.old])

    def undo(self):
        self._gateway.ip(["addr flush dev eth1",
                          "addr add %s/30 dev eth1" % self.old])
        self._pe.ip(["addr del %s/29 dev eth0" % self._next_hop])
        self._core.ip(["route del %s via %s" % (self._net, self._by)])

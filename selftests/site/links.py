# SPDX-License-Identifier: GPL-2.0-or-later
"""Links that a site may have beside its cables: between the gateways, or of
a kind without MAC addresses.

Owns: how they are made.  A Tunnel is two tun devices and a thread that carries
packets from the one to the other, as a point-to-point link does; it needs no
kernel module that a small kernel lacks.
"""

import fcntl
import os
import selectors
import struct

from .netns import Worker, run

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 0x0001, 0x1000


def cable(one, other, device, addresses=(None, None)):
    """A veth pair between two namespaces, of one name in both."""
    run(["ip", "link", "add", device, "netns", one.full, "type", "veth",
         "peer", "name", device, "netns", other.full])
    for netns, address in zip((one, other), addresses):
        netns.ip(["link set %s up" % device] + (
            ["addr add %s dev %s" % (address, device)] if address else []))
        # As on any cable of the site: see topology.py.
        netns.run(["ethtool", "-K", device, "tx", "off"])
        netns.run(["ethtool", "-K", device, "gro", "on"])


def _tun(device):
    handle = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(handle, TUNSETIFF, struct.pack("16sH22x", device.encode(),
                                               IFF_TUN | IFF_NO_PI))
    return handle


class Tunnel(Worker):
    """A link without MAC addresses, of one name at both ends."""

    def __init__(self, one, other, device, addresses=(None, None), mtu=1500):
        super().__init__(one, "tunnel " + device)
        self.ends = (one, other)
        self.device, self.addresses, self.mtu = device, addresses, mtu
        self.up = True
        self._handles = []

    def open(self):
        self._handles = [end.call(_tun, self.device) for end in self.ends]
        self._selector = selectors.DefaultSelector()
        for handle, far in zip(self._handles, reversed(self._handles)):
            self._selector.register(handle, selectors.EVENT_READ, far)
        for end, address in zip(self.ends, self.addresses):
            end.ip((["addr add %s dev %s" % (address, self.device)]
                    if address else [])
                   + ["link set %s mtu %d up" % (self.device, self.mtu)])

    def work(self):
        for key, _ in self._selector.select(0.2):
            try:
                packet = os.read(key.fd, 65535)
                if self.up:
                    os.write(key.data, packet)
            except OSError:
                pass  # the device is down: a packet is lost

    def close(self):
        for handle in self._handles:
            os.close(handle)

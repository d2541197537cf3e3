# SPDX-License-Identifier: GPL-2.0-or-later
"""PPPoE between two namespaces, without discovery and without negotiation: the
kernel's own sessions (RFC 2516), with what LCP and IPCP would have agreed on.

Owns: the calls that ppp_generic wants.  A device lives as long as its handles.
"""

import ctypes
import fcntl
import os
import socket
import struct

AF_PPPOX, PX_PROTO_OE = 24, 0
PPPIOCGCHAN, PPPIOCATTCHAN, PPPIOCCONNECT = 0x80047437, 0x40047438, 0x4004743a
PPPIOCNEWUNIT, PPPIOCSNPMODE = 0xc004743e, 0x4008744b
PPP_IP, NPMODE_PASS = 0x21, 0
SESSION = 1
MTU = 1492

_libc = ctypes.CDLL(None, use_errno=True)


def _word(value=0):
    return struct.pack("i", value)


def _ioctl(handle, request, value=0):
    return struct.unpack("i", fcntl.ioctl(handle, request, _word(value)))[0]


def _session(device, far):
    """A socket that is a PPPoE session on the device, to that MAC address."""
    handle = _libc.socket(AF_PPPOX, socket.SOCK_STREAM, PX_PROTO_OE)
    # struct sockaddr_pppox, packed: family, protocol, session, MAC, device.
    address = struct.pack("=HIH6s16s", AF_PPPOX, PX_PROTO_OE,
                          socket.htons(SESSION), far, device.encode())
    if handle < 0 or _libc.connect(handle, address, len(address)):
        error = ctypes.get_errno()
        if handle >= 0:
            os.close(handle)
        raise OSError(error, os.strerror(error))
    return handle


def _end(device, far):
    """One end, inside its namespace: the handles that hold it."""
    session = _session(device, far)
    channel = os.open("/dev/ppp", os.O_RDWR | os.O_CLOEXEC)
    unit = os.open("/dev/ppp", os.O_RDWR | os.O_CLOEXEC)
    _ioctl(channel, PPPIOCATTCHAN, _ioctl(session, PPPIOCGCHAN))
    number = _ioctl(unit, PPPIOCNEWUNIT, 0)
    _ioctl(channel, PPPIOCCONNECT, number)
    fcntl.ioctl(unit, PPPIOCSNPMODE, struct.pack("ii", PPP_IP, NPMODE_PASS))
    return [session, channel, unit]


def _mac(netns, device):
    text = netns.run(["ip", "-o", "link", "show", device]).stdout
    text = text.split("link/ether ")[1]
    return bytes.fromhex(text.split()[0].replace(":", ""))


def pppoe(one, other, device, own, far):
    """ppp0 in both namespaces, over `device`; the handles that hold it."""
    macs = [_mac(netns, device) for netns in (one, other)]
    handles = one.call(_end, device, macs[1])
    handles += other.call(_end, device, macs[0])
    for netns, address, peer in ((one, own, far), (other, far, own)):
        netns.ip(["addr add %s peer %s dev ppp0" % (address, peer),
                  "link set ppp0 mtu %d up" % MTU])
    return handles

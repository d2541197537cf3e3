# SPDX-License-Identifier: GPL-2.0-or-later
"""Datagrams in fragments, cut and sent by hand: in any order, with any ID.

Owns: how a UDP datagram looks in pieces (RFC 791), and the sockets that send
them as they are.  What a receiver makes of them is its own kernel's business.
"""

import socket
import struct

ETH_P_IP = 0x0800
MTU = 1500
MORE = 0x2000


def _sum(data):
    """RFC 1071, as it is written into a header."""
    if len(data) % 2:
        data += b"\0"
    return 0xffff - int.from_bytes(data, "big") % 0xffff


def udp(source, port, destination, to, data):
    """A UDP datagram without its IP header."""
    head = struct.pack("!HHH", port, to, 8 + len(data))
    pseudo = (socket.inet_aton(source) + socket.inet_aton(destination)
              + struct.pack("!BBH", 0, socket.IPPROTO_UDP, 8 + len(data)))
    return head + struct.pack("!H", _sum(pseudo + head + data)) + data


def pieces(source, destination, ident, body, mtu=MTU):
    """The fragments of a UDP datagram, in order, each with its IP header."""
    size = (mtu - 20) // 8 * 8
    found = []
    for at in range(0, len(body), size):
        part = body[at:at + size]
        more = MORE if at + size < len(body) else 0
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(part), ident,
                           more | at // 8, 64, socket.IPPROTO_UDP, 0)
        head += socket.inet_aton(source) + socket.inet_aton(destination)
        head = head[:10] + struct.pack("!H", _sum(head)) + head[12:]
        found.append(head + part)
    return found


class Sender:
    """Sends IP packets as they are to one next hop, without the kernel."""

    def __init__(self, netns, device, mac):
        self._to = bytes.fromhex(mac.replace(":", ""))
        self._sock = netns.call(self._open, device)

    def _open(self, device):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        sock.bind((device, 0))
        self._from = sock.getsockname()[4]
        return sock

    def send(self, packet):
        self._sock.send(self._to + self._from
                        + struct.pack("!H", ETH_P_IP) + packet)

    def close(self):
        self._sock.close()


def mac_of(netns, device):
    return netns.run(["ip", "-br", "link", "show", "dev",
                      device]).stdout.split()[2]

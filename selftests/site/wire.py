# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture that computes every checksum itself.

Owns: what counts as a good IPv4 packet on a wire.  A receiver's kernel is no
judge of that: between virtual devices it takes a packet whose checksum was
never finished.  So the bytes are read raw, and the sums are made here.
"""

import socket
import struct

from .netns import Worker

ETH_P_IP = 0x0800
SOL_PACKET = 263
PACKET_STATISTICS = 6
PACKET_OUTGOING = 4
SO_RCVBUFFORCE = 33
MAX_BAD = 20  # kept with their reasons; all are counted


def checksum_good(data):
    """RFC 1071: with the field in place, the ones' complement sum is all
    ones, which is divisible by 65535; all zero bytes are no packet."""
    if len(data) % 2:
        data += b"\0"
    value = int.from_bytes(data, "big")
    return value != 0 and value % 0xffff == 0


def _pseudo(header, protocol, length):
    return header[12:20] + struct.pack("!BBH", 0, protocol, length)


def check_ipv4(packet):
    """What is wrong with the packet's lengths or checksums; None: nothing.

    `packet` begins with the IPv4 header and may end in Ethernet padding."""
    if len(packet) < 20 or packet[0] >> 4 != 4:
        return "no IPv4 header"
    size = 4 * (packet[0] & 15)
    total = struct.unpack("!H", packet[2:4])[0]
    if size < 20 or total < size or total > len(packet):
        return "wrong IPv4 length"
    header = packet[:size]
    if not checksum_good(header):
        return "wrong IPv4 header checksum"
    fragment = struct.unpack("!H", packet[6:8])[0]
    if fragment & 0x3fff:
        return None  # its sum covers bytes that are in other packets
    return _check_payload(header, packet[9], packet[size:total])


def _check_payload(header, protocol, data):
    if protocol == socket.IPPROTO_ICMP:
        good = len(data) >= 8 and checksum_good(data)
    elif protocol == socket.IPPROTO_TCP:
        good = len(data) >= 20 and checksum_good(
            _pseudo(header, protocol, len(data)) + data)
    elif protocol == socket.IPPROTO_UDP:
        if len(data) < 8 or struct.unpack("!H", data[4:6])[0] != len(data):
            return "wrong UDP length"
        good = data[6:8] == b"\0\0" or checksum_good(
            _pseudo(header, protocol, len(data)) + data)
    else:
        return None
    return None if good else "wrong checksum, protocol %d" % protocol


class Wire(Worker):
    """Counts and checks all IPv4 on one device of one namespace.

    incoming, outgoing: {source address: packets}, as that device sees them;
    bad: the first packets that are wrong, each as a sentence."""

    def __init__(self, netns, device):
        super().__init__(netns, "capture on " + device)
        self.device = device
        self.incoming, self.outgoing = {}, {}
        self.bad, self.bad_count, self.dropped = [], 0, 0

    def open(self):
        self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                   socket.htons(ETH_P_IP))
        self._sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        # Only the protocol ALL is shown what this device sends.
        self._sock.bind((self.device, 3))
        self._sock.settimeout(0.2)

    def work(self):
        try:
            packet, address = self._sock.recvfrom(65535)
        except TimeoutError:
            return
        if address[1] == ETH_P_IP:
            self._packet(packet, address[2] == PACKET_OUTGOING)

    def _packet(self, packet, outgoing):
        source = socket.inet_ntoa(packet[12:16].ljust(4, b"\0"))
        counts = self.outgoing if outgoing else self.incoming
        counts[source] = counts.get(source, 0) + 1
        wrong = check_ipv4(packet)
        if wrong:
            self.bad_count += 1
            if len(self.bad) < MAX_BAD:
                self.bad.append("%s on %s %s: %s: %s" % (
                    "sent" if outgoing else "received", self.netns.name,
                    self.device, wrong, packet[:64].hex()))

    def close(self):
        statistics = self._sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        self.dropped += struct.unpack("II", statistics)[1]
        self._sock.close()

    def packets(self):
        return sum(self.incoming.values()) + sum(self.outgoing.values())

    def strangers(self, allowed):
        """{source: packets} of what came in from anyone not allowed."""
        return {source: count for source, count in self.incoming.items()
                if source not in allowed}


class Arriving(Wire):
    """What this end receives: what it sends may be unfinished here."""

    def _packet(self, packet, outgoing):
        if not outgoing:
            super()._packet(packet, outgoing)

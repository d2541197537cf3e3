# SPDX-License-Identifier: GPL-2.0-or-later
"""Two gateways side by side, neither knowing the other: gw-a with XDP is h1's,
gw-b with tc is h2's.  No router, no keepalived, no probe: what a test sees is
one gateway's doing, and it is there at once.

Owns: their configuration, and how a test changes it.
"""
import contextlib
import os

from conftest import bare_site, log_of
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.topology import SIDES

SLOW = int(os.environ.get("TWINPATH_SLOW", "1"))  # an emulated machine
MODES = {"a": "xdp", "b": "tc"}
CLIENTS = {"a": "h1", "b": "h2"}
CLIENT_ADDRESSES = {"a": "192.168.0.10", "b": "192.168.0.20"}


class Gateway:
    """One of them, with its host and its uplink."""

    def __init__(self, site, letter, root, uplink):
        self.site, self.letter, self.side = site, letter, SIDES[letter]
        self.root, self.uplink = root, uplink
        self.netns = site.netns(self.side.gateway)
        self.client = site.netns(CLIENTS[letter])
        self.address = CLIENT_ADDRESSES[letter]
        self.twinpathd = site.gateway(letter).twinpathd

    def configure(self, root="", mode=None):
        """More keys than those that it always has, as text."""
        self.twinpathd.configure("tc", Timers())
        with open(self.twinpathd.command[-1], "w", encoding="ascii") as out:
            out.write("mode = %s\nlan = { eth0 }\n%s\nuplink %s {\n"
                      "    interface = eth1\n    next-hop = %s\n"
                      "    delay-up = 0s\n    %s\n}\n"
                      % (mode or MODES[self.letter], self.root + root,
                         self.side.uplink, self.side.next_hop, self.uplink))

    def start(self, **keys):
        self.configure(**keys)
        self.twinpathd.start()
        self.twinpathd.wait_ready(30 * SLOW)
        wait_for("%s uses its uplink" % self.side.gateway,
                 lambda: self.twinpathd.selector() == self.side.uplink, 10 * SLOW)

    @contextlib.contextmanager
    def configured(self, **keys):
        """With another configuration for as long as the block lasts."""
        self.twinpathd.stop()
        self.start(**keys)
        try:
            yield
        finally:
            self.twinpathd.stop()
            self.start()

    def reasons(self):
        """{reason: packets} over all hooks."""
        sums = {}
        for line in self.twinpathd.ask("reasons"):
            sums[line["reason"]] = sums.get(line["reason"], 0) \
                + line["packets"]
        return sums

    def counted(self, reason, before):
        """How often that was the reason since `before`, a reasons()."""
        return self.reasons().get(reason, 0) - before.get(reason, 0)

    def log(self):
        return log_of(self.site, self.letter)

    def says(self, text, since=0, seconds=5):
        """Wait until its log has a line with this text."""
        wait_for("%s says %r" % (self.side.gateway, text),
                 lambda: text in self.log()[since:], seconds)

    def route(self, address):
        """What the data plane takes a destination to be: the longest match
        among the routes that it was given."""
        def bits(text):
            value = 0
            for byte in text.split("."):
                value = value << 8 | int(byte)
            return value
        best, kind = -1, "default"
        for route in self.twinpathd.ask("routes"):
            prefix, _, length = route["prefix"].partition("/")
            length = int(length or 32)
            if length > best and (bits(prefix) ^ bits(address)) >> 32 - length \
                    == 0:
                best, kind = length, route["kind"]
        return kind


@contextlib.contextmanager
def two_alone(root="", uplink=""):
    """{letter: Gateway}, both running; keys outside of all sections, and in
    that of the uplink."""
    with bare_site() as site:
        gateways = {letter: Gateway(site, letter, root, uplink)
                    for letter in SIDES}
        for gateway in gateways.values():
            gateway.client.ip(["route replace default via "
                               + gateway.side.lan])
            gateway.start()
        yield gateways

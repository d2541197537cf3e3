# SPDX-License-Identifier: GPL-2.0-or-later
"""The simpler site: one gateway with two uplinks, no partner, no router.

           core
          /    \\
       pe-a    pe-b
         |       |
       seg-a   seg-b
          \\     /
   eth1 -- gw-a -- eth2           isp-a, isp-b
             |
    -------- lan --------
     |     |       |
    h1    h2      ir - h3

Owns: what of the redundant site is left out, and the configuration of the one
gateway.  Hosts, ISPs and their failures are those of topology.py.
"""

import os

from .daemons import Timers, Twinpathd
from .netns import SiteError
from .processes import Processes, wait_for
from .topology import (HOSTS, NODES, SERVER, SIDES, TARGET, VIRTUAL, Isp,
                       Topology)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
UPLINKS = {"a": "eth1", "b": "eth2"}  # interfaces of gw-a, by side


class SingleTopology(Topology):
    """The same namespaces and cables, but for gw-b: its cable to ISP B is
    gw-a's second one, and the hosts' router is gw-a's own address."""

    nodes = tuple(name for name in NODES if name != "gw-b")

    def links(self):
        for one, other in super().links():
            if one == ("gw-b", "eth1", SIDES["b"].wan + "/30"):
                yield ("gw-a", UPLINKS["b"], one[2]), other
            elif one == ("gw-a", "eth0", SIDES["a"].lan + "/24"):
                yield ("gw-a", "eth0", VIRTUAL + "/24"), other
            elif one[0] != "gw-b":
                yield one, other

    def routes(self):
        yield from super().routes()
        yield "ir", "route add default via " + VIRTUAL
        yield "gw-a", "route add 192.168.50.0/24 via 192.168.0.30"


class SingleTwinpathd(Twinpathd):
    """twinpathd with both uplinks.  also: more keys of each, as text; probes:
    what each is tracked by, instead of an icmp probe; next_hops: words in the
    place of the addresses."""

    next_hops = {}

    def configure(self, mode, timers, also=None, probes=None):
        also, probes = also or {}, probes or {}
        text = "mode = %s\nlan  = { eth0 }\nvrrp-file = \"%s\"\n" % (
            mode, self.track_file)
        for letter, side in SIDES.items():
            text += _uplink(side, self.next_hops.get(letter, side.next_hop),
                            probes.get(letter) or _core(timers), timers,
                            also.get(letter, ""))
        path = self.processes.write(self.name + ".conf", text)
        self.command = self.netns.command(
            [os.path.join(self.build, "twinpathd"), "--instance",
             self.instance, "--config", path])


def _core(timers):
    return """icmp core {
        target   = %s
        interval = %dms
        timeout  = %dms
        misses   = %d
        hits     = %d
    }
    track      = core""" % (TARGET, 1000 * timers.interval,
                            1000 * timers.timeout, timers.misses, timers.hits)


def _uplink(side, next_hop, probes, timers, also):
    return """uplink %s {
    interface = %s
    next-hop  = %s
    level     = %d
    %s
    delay-down = %dms
    delay-up   = %dms
    %s
}
""" % (side.uplink, UPLINKS[side.letter], next_hop, side.level, probes,
       1000 * timers.delay_down, 1000 * timers.delay_up, also)


class OneGateway:
    """What runs on it."""

    def __init__(self, site):
        self.side = SIDES["a"]
        self.netns = site.netns("gw-a")
        self.twinpathd = SingleTwinpathd(site.processes, self.netns,
                                         self.side, site.build)


class Single:
    """The site.  mode: the gateway's; also, probes: see SingleTwinpathd."""

    def __init__(self, prefix, timers=None, mode="tc", build=None, also=None,
                 probes=None):
        self.prefix, self.also, self.mode = prefix, also or {}, mode
        self.probes = probes
        self.timers = timers or Timers()
        self.build = build or os.path.join(ROOT, "build")
        self.processes = Processes(prefix)
        self.topology = SingleTopology(prefix)
        self.gateways = {"a": OneGateway(self)}
        self.twinpathd = self.gateways["a"].twinpathd
        self.isps = {letter: Isp(self.topology, letter) for letter in SIDES}

    def netns(self, name):
        return self.topology.netns[name]

    def gateway(self, letter):
        return self.gateways[letter]

    def isp(self, letter):
        return self.isps[letter]

    def up(self, before=None):
        """Build and start everything; returns when it carries traffic.
        before: called when the cables are there."""
        self.processes.open()
        try:
            self.topology.up()
            if before:
                before()
            self.twinpathd.configure(self.mode, self.timers, self.also,
                                     self.probes)
            self.twinpathd.start()
            self.twinpathd.wait_ready()
            self.settled()
            for host in HOSTS:
                wait_for("%s reaches %s" % (host, SERVER),
                         lambda: self.ping(host), 20, 0.1)
        except (SiteError, OSError) as error:
            raise SiteError("%s\n%s; logs: %s" % (
                error, self.processes.tail(self.twinpathd.name),
                self.processes.logs)) from error

    def settled(self, seconds=20):
        """As it is when nothing is wrong: from now on only a change is a change.
        A track that the uplink does not go by may be down, but has its verdict."""
        for letter, side in SIDES.items():
            wait_for("%s is up, and proved" % side.uplink,
                     lambda: self.uplink(letter)["state"] == "up"
                     and all(track["state"] != "unknown" for track
                             in self.uplink(letter)["tracks"]), seconds, 0.02)
        wait_for("new sessions go by isp-a", lambda: self.twinpathd.selector()
                 == "isp-a", seconds, 0.02)

    def reconfigure(self, also, probes=None):
        """Other keys, and a new daemon that adopts what the old one left."""
        also = also or {}
        if (also, probes) == (self.also, self.probes):
            return
        self.also, self.probes = also, probes
        self.twinpathd.configure(self.mode, self.timers, also, probes)
        self.twinpathd.stop()
        self.twinpathd.start()
        self.twinpathd.wait_ready()
        self.settled()

    def uplink(self, letter):
        """What the status says of it."""
        return next(uplink for uplink in self.twinpathd.status()["uplinks"]
                    if uplink["name"] == SIDES[letter].uplink)

    def ping(self, host, target=SERVER):
        return self.netns(host).run(
            ["ping", "-n", "-q", "-c", "1", "-W", "1", target],
            check=False).returncode == 0

    def down(self):
        """Remove everything of this prefix, whatever is left of it."""
        self.processes.end_all()
        self.twinpathd.remove()
        self.topology.down()
        self.processes.close()

# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole site: topology, routers, gateways; up, down, and its handles.

Owns: the order in which things start and end.  down() also removes what a
crashed run of the same prefix left, and what is half missing.
"""

import os
import secrets

from . import processes
from .daemons import FRR, Frr, Keepalived, Timers, Twinpathd
from .netns import SiteError
from .processes import Held, Processes, wait_for
from .topology import HOSTS, SERVER, SIDES, Isp, Topology

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
LAB = "tplab-"
TOOLS = ("ip", "nft", "ethtool", "nsenter", "sysctl", "vtysh", "keepalived",
         "ping", FRR + "/zebra", FRR + "/ospfd")


def new_prefix():
    """tp<4 hex>-: one for each run, so that runs do not meet."""
    while True:
        prefix = "tp%s-" % secrets.token_hex(2)
        if not Processes(prefix).exists():
            return prefix


def check_machine(build):
    """Say in one line what is missing, before anything is made."""
    if os.geteuid() != 0:
        raise SiteError("the site is made of network namespaces: be root")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    os.environ["PATH"] = path
    for tool in TOOLS:
        places = [tool] if "/" in tool else [
            os.path.join(place, tool) for place in path.split(":")]
        if not any(os.access(place, os.X_OK) for place in places):
            raise SiteError("%s is not installed: run make deps" % tool)
    for binary in ("twinpathd", "twinpath"):
        if not os.access(os.path.join(build, binary), os.X_OK):
            raise SiteError("%s/%s does not exist: run make" % (build,
                                                                binary))


class Gateway:
    """Everything that runs on one gateway."""

    def __init__(self, site, letter):
        self.side = SIDES[letter]
        self.netns = site.netns(self.side.gateway)
        self.frr = site.routing(site.processes, self.netns)
        self.keepalived = Keepalived(site.processes, self.netns)
        self.twinpathd = Twinpathd(site.processes, self.netns, self.side,
                                   site.build, site.heartbeat)

    def dump(self, directory):
        """Write the gateway's state into files, to explain a failure."""
        commands = {
            "status.json": self.twinpathd.cli_command("status", "--json"),
            "sessions.json": self.twinpathd.cli_command("sessions", "--json"),
            "reasons.json": self.twinpathd.cli_command("reasons", "--json"),
            "network.txt": ["sh", "-c", "ip addr; ip neigh; ip rule; "
                            "ip route show table all; nft list ruleset; "
                            "tc qdisc; sysctl -a 2>&1 | grep forwarding"],
            "frr.txt": ["vtysh", "-N", self.netns.full, "-c",
                        "show ip route", "-c", "show ip ospf database"],
        }
        for name, command in commands.items():
            path = os.path.join(directory, "%s-%s" % (self.netns.name, name))
            with open(path, "w", encoding="utf-8") as out:
                out.write(self.netns.run(command, check=False).stdout)


class Site:
    """A site.  modes: of gw-a and gw-b; offloads: see Topology; routing: of
    all its routers, Frr or Bird."""

    def __init__(self, prefix, timers=None, modes=("xdp", "tc"), build=None,
                 host_offload=False, gateway_offload=False, heartbeat=True,
                 routing=Frr):
        """Without the heartbeat each gateway has its operator's wish alone."""
        self.prefix, self.heartbeat = prefix, heartbeat
        self.routing = routing
        self.timers = timers or Timers()
        self.modes = dict(zip("ab", modes))
        self.build = build or os.path.join(ROOT, "build")
        self.processes = Processes(prefix)
        self.topology = Topology(prefix, host_offload, gateway_offload)
        self.gateways = {letter: Gateway(self, letter) for letter in SIDES}
        self.isps = {letter: Isp(self.topology, letter) for letter in SIDES}
        self.inner = routing(self.processes, self.netns("ir"))

    def netns(self, name):
        return self.topology.netns[name]

    def gateway(self, letter):
        return self.gateways[letter]

    def isp(self, letter):
        return self.isps[letter]

    def routers(self):
        return [self.inner] + [g.frr for g in self.gateways.values()]

    def up(self, watch=None):
        """Build and start everything; returns when it carries traffic.
        watch() is called when the cables are there, before any daemon."""
        self.processes.open()
        try:
            self.topology.up()
            if watch:
                watch()
            self.start_routers()
            for gateway in self.gateways.values():
                self.start_gateway(gateway)
            self.wait_converged()
        except (SiteError, OSError) as error:
            raise SiteError("%s\n%s" % (error, self.ended())) from error

    def start_routers(self):
        self.inner.start(["eth0"], ["eth1"])
        for gateway in self.gateways.values():
            gateway.frr.start(["eth0"], side=gateway.side)

    def start_gateway(self, gateway):
        self.start_twinpathd(gateway)
        self.start_keepalived(gateway)

    def start_twinpathd(self, gateway):
        gateway.twinpathd.configure(self.modes[gateway.side.letter],
                                    self.timers)
        gateway.twinpathd.start()

    def start_keepalived(self, gateway):
        gateway.keepalived.start(gateway.side, gateway.twinpathd.track_file,
                                 self.timers.advert)

    def wait_converged(self, seconds=60):
        for gateway in self.gateways.values():
            gateway.twinpathd.wait_ready()
        for router in self.routers():
            wait_for("OSPF of %s is full with both others"
                     % router.netns.name,
                     lambda: router.full_neighbours() == 2, seconds, 0.3)
        wait_for("gw-a is the VRRP master and gw-b is not",
                 lambda: self.masters() == ["gw-a"], seconds, 0.1)
        for host in HOSTS:
            wait_for("%s reaches %s" % (host, SERVER),
                     lambda: self.ping(host), seconds, 0.1)

    def wait_settled(self, seconds=30):
        """Until nothing is about to move.  The gateway whose probes are answered
        first is the better one for a moment, and VRRP follows it some adverts
        later: three and a skew below one (RFC 5798, 6.1)."""
        wait_for("both uplinks are up, gw-a selects its own, gw-b the partner, "
                 "and gw-a stays the VRRP master, alone",
                 Held(self.is_settled, 4 * self.timers.advert), seconds)

    def is_settled(self):
        for letter, exit_name in (("a", "isp-a"), ("b", "partner")):
            status = self.gateway(letter).twinpathd.status()
            if (status["selector"] != exit_name
                    or status["uplinks"][0]["state"] != "up"):
                return False
        return self.masters() == ["gw-a"]

    def masters(self):
        return [gateway.netns.name for gateway in self.gateways.values()
                if gateway.keepalived.is_master()]

    def ping(self, host, target=SERVER):
        return self.netns(host).run(
            ["ping", "-n", "-q", "-c", "1", "-W", "1", target],
            check=False).returncode == 0

    def missing(self, also=()):
        """Names of namespaces and processes that should be there; `also`
        names processes that the caller added."""
        names = [*self.inner.names, *also]
        for gateway in self.gateways.values():
            names += [*gateway.frr.names, gateway.keepalived.name,
                      gateway.twinpathd.name]
        return [netns.full for netns in self.topology.netns.values()
                if not netns.exists()] + [
                    name for name in names
                    if self.processes.pid(name) is None]

    def ended(self):
        """Which of our daemons ended by itself, for an error's text."""
        names = self.processes.ended()
        return ("ended by itself: %s" % ", ".join(names) if names
                else "all daemons still run") + "; logs: " \
            + self.processes.logs

    def down(self):
        """Remove everything of this prefix, whatever is left of it."""
        self.processes.end_all()
        for gateway in self.gateways.values():
            gateway.twinpathd.remove()
        self.topology.down()
        for router in self.routers():
            router.remove()
        self.processes.close()


def remove_crashed():
    """Remove every run whose owner is gone; never the lab, never another
    run that is alive.  Returns their names."""
    crashed = [name for name in processes.runs() if name + "-" != LAB
               and not Processes(name).owner_alive()]
    for name in crashed:
        Site(name + "-").down()
    return crashed

# SPDX-License-Identifier: GPL-2.0-or-later
"""twinpath as a gateway of the benchmark: the daemon, as it is installed.

Owns: its configuration in the sizes and kinds that are compared, its start and
its end.  What a kind does not name is the default, as most users have it.
"""

import json
import os
import shutil

from ..site import processes
from .gateways import FAR, Gateway


class Twinpath(Gateway):
    """`mode` is xdp or tc; `more`: so many uplinks beside the first."""

    mode = None
    translates = True
    sessions = 131072
    lans = "lan0"
    uplink = "isp"
    keys = ""
    more = 0

    def instance(self):
        return self.gw.full

    def config(self):
        return """mode     = %s
lan      = { %s }
sessions = %d
ports    = 16384-60999
%s
limits { # all endpoints are one host's
    host-sessions  = 0
    host-ports     = 0
    host-questions = 0
}
uplink %s {
    interface = wan0
    next-hop  = %s
    level     = 1
    delay-up  = 0s
}
""" % (self.mode, self.lans, self.sessions, self.keys, self.uplink,
       FAR) + "".join(
            """uplink up%d {
    interface = up%d
    next-hop  = 172.16.%d.2
    level     = %d
}
""" % (n, n, n + 1, n + 1) for n in range(1, self.more + 1))

    def make(self):
        for n in range(1, self.more + 1):
            self._uplink(n)
        self.launch()
        processes.wait_for(self.kind + " is ready", self.ready, 30)

    def _uplink(self, n):
        """One more: its far end is far1, far2, … beside wan1."""
        device, peer = "up%d" % n, "far%d" % n
        ours, theirs = "172.16.%d.1" % (n + 1), "172.16.%d.2" % (n + 1)
        self.join(self.far, peer, device)
        self.gw.ip(["addr add %s/30 dev %s" % (ours, device)])
        self.far.ip(["addr add %s/30 dev %s" % (theirs, peer)])
        self.neighbour(self.gw, device, theirs, peer)
        self.neighbour(self.far, peer, ours, device)

    def configure(self):
        return self.run.write(self.kind + ".conf", self.config())

    def program(self):
        return os.path.join(self.run.build, "twinpathd")

    def launch(self):
        self.run.spawn(self.kind, self.gw.command(
            [self.program(), "--instance", self.instance(), "--config",
             self.configure()]))

    def reload(self):
        self.configure()
        self.cli("reload")

    def cli(self, *words, check=True):
        return self.gw.run([os.path.join(self.run.build, "twinpath"),
                            "--instance", self.instance()] + list(words),
                           check=check)

    def status(self):
        """None: no daemon answers."""
        done = self.cli("status", "--json", check=False)
        return json.loads(done.stdout) if not done.returncode else None

    def ready(self):
        self.run.check_alive(self.kind)
        return (self.status() or {}).get("ready")

    def flip(self, to):
        self.cli("flip", to)
        self.selects(to)

    def selects(self, to):
        processes.wait_for("%s sends new sessions by %s" % (self.kind, to),
                           lambda: self.status()["selector"] == to, 10)

    def pins(self):
        return "/sys/fs/bpf/twinpath/" + self.instance()

    def control(self):
        return "/run/twinpath/%s/control" % self.instance()

    def _reasons(self):
        return json.loads(self.cli("reasons", "--json").stdout)

    def reasons(self):
        """{reason: packets}, all hooks together."""
        counts = {}
        for row in self._reasons():
            counts[row["reason"]] = (counts.get(row["reason"], 0)
                                     + row["packets"])
        return counts

    def why(self):
        return "; dropped since it started: " + (", ".join(
            "%s %d" % (row["reason"], row["packets"])
            for row in self._reasons()
            if row["fate"] == "dropped" and row["packets"]) or "nothing")

    def empty(self):
        """As if just made: nothing lives, nothing is held back."""
        self.pump.ask("empty", self.pins())

    def down(self):
        super().down()
        for path in (self.pins(), "/run/twinpath/" + self.instance(),
                     "/var/lib/twinpath/" + self.instance()):
            shutil.rmtree(path, ignore_errors=True)


class Xdp(Twinpath):
    kind = mode = "xdp"
    redirects = True


class Tc(Twinpath):
    kind = mode = "tc"


class LargeXdp(Xdp):
    """With room for the millionth session; small tables stay in caches."""

    kind = "xdp-large"
    sessions = 2097152


class LargeTc(Tc):
    kind = "tc-large"
    sessions = 2097152


class Open(Xdp):
    """Whoever knows the port may send to it."""

    kind = "xdp-open"
    keys = "filtering = endpoint-independent"


class Switch(Xdp):
    """With a second uplink, to change to."""

    kind = "switch"
    more = 1

    def ports(self):
        super().ports()
        self.pump.port("switch.far1", self.far.full, "far1", timed=True)

    def back(self):
        """On the first uplink again, and empty."""
        self.flip(self.uplink)
        self.empty()

# SPDX-License-Identifier: GPL-2.0-or-later
"""BIRD of one router, in the place of FRR.

Owns: its configuration, as examples/bird.conf has it, and how it is started and
asked.  It offers what daemons.Frr does.
"""

import os

from .netns import run
from .topology import SIDES


class Bird:
    """bird of one router, with a control socket of its own."""

    def __init__(self, processes, netns):
        self.processes, self.netns = processes, netns
        self.names = ("bird-" + netns.name,)
        self.control = processes.path("bird-%s.ctl" % netns.name)

    def start(self, interfaces, passive=(), side=None):
        name = self.names[0]
        self.text = _bird(self.netns, interfaces, passive, side)
        path = self.processes.write(name + ".conf", self.text)
        self.processes.spawn(name, self.netns.command(
            ["bird", "-f", "-c", path, "-s", self.control]))

    def merge(self, external):
        """Are equal defaults of two routers one route with two next hops?
        BIRD's own answer is no."""
        self.processes.write(self.names[0] + ".conf", self.text.replace(
            "ospf v2 {", "ospf v2 {\n    ecmp yes;\n    merge external yes;"
            if external else "ospf v2 {"))
        self._birdc("configure")

    def full_neighbours(self):
        """How many OSPF neighbours are in state Full."""
        text = run(["birdc", "-s", self.control, "show", "ospf",
                    "neighbors"], check=False).stdout
        return text.count("Full/")

    def originate(self, default):
        """A default route of its own, as good as gw-a's; or none again."""
        self._birdc("enable" if default else "disable", "own")

    def _birdc(self, *words):
        run(["birdc", "-s", self.control, *words])

    def remove(self):
        if os.path.exists(self.control):
            os.unlink(self.control)


def _bird(netns, interfaces, passive, side):
    address = side.lan if side else netns.call(_first_address, interfaces[0])
    return """router id %s;
protocol device { scan time 1; }
protocol direct { ipv4; %s}
protocol kernel {
    %s
    scan time 10;
    ipv4 {
        import filter {
            if krt_source != 201 then reject;
            if net ~ [ 0.0.0.0/0, %s ] then {
                preference = 200;
                if krt_metric > 0 then preference = 100;
                accept;
            }
            reject;
        };
        export filter {
            if source ~ [ RTS_OSPF, RTS_OSPF_IA, RTS_OSPF_EXT1,
                          RTS_OSPF_EXT2 ] then accept;
            reject;
        };
    };
}
protocol static own {
    disabled;
    ipv4;
    route 0.0.0.0/0 blackhole;
}
protocol ospf v2 {
    ipv4 {
        import all;
        export filter {
            if source ~ [ RTS_INHERIT, RTS_STATIC ] then { ospf_metric2 = %d; accept; }
            reject;
        };
    };
    area 0 {
%s    };
}
""" % (address, "".join('interface "%s"; ' % device for device in interfaces),
       "learn;" if side else "",
       ", ".join(one.marker for one in SIDES.values()),
       10 * side.level if side else 10,
       "".join(_interface(device, device in passive)
               for device in list(interfaces) + list(passive)))


def _interface(device, stub):
    if stub:
        return '        interface "%s" { stub; };\n' % device
    return ('        interface "%s" { type broadcast; hello 1; dead count 4; '
            '};\n' % device)


def _first_address(device):
    words = run(["ip", "-o", "-4", "addr", "show", "dev", device]).stdout
    return words.split("inet ")[1].split("/")[0]

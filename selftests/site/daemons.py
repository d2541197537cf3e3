# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemons of the site: FRR's zebra and ospfd, keepalived, twinpathd.

Owns: their configuration files and how each is started and asked.  The
keepalived and FRR texts here are what the README's recipes show.
"""

import json
import os
import shutil
import signal

from .netns import CommandError, SiteError, run
from .processes import wait_for
from .topology import SIDES, VIRTUAL

FRR = "/usr/lib/frr"
FRR_RUN = "/var/run/frr"
ROUTER_ID = 51  # the virtual MAC is 00:00:5e:00:01:33


class Timers:
    """All times of a site, in seconds.  The defaults keep a demo short."""

    def __init__(self, interval=0.1, timeout=0.06, misses=3, hits=3,
                 delay_down=0.0, delay_up=3.0, advert=0.1):
        self.interval, self.timeout = interval, timeout
        self.misses, self.hits = misses, hits
        self.delay_down, self.delay_up = delay_down, delay_up
        self.advert = advert

    def detection(self):
        """The longest time from a path's end to the track's "down"."""
        return self.interval * self.misses + self.timeout + self.delay_down

    def recovery(self):
        """The longest time from a path's return to the track's "up"."""
        return self.interval * self.hits + self.timeout + self.delay_up


def _duration(seconds):
    return "%dms" % round(seconds * 1000)


class Frr:
    """zebra and ospfd of one router, in its own FRR name space."""

    def __init__(self, processes, netns):
        self.processes, self.netns = processes, netns
        self.names = tuple("%s-%s" % (daemon, netns.name)
                           for daemon in ("zebra", "ospfd"))
        self.directory = os.path.join(FRR_RUN, netns.full)

    def start(self, interfaces, passive=(), side=None):
        for directory in (FRR_RUN, self.directory):
            if not os.path.isdir(directory):
                os.mkdir(directory)
                shutil.chown(directory, "frr", "frr")
        self._start("zebra", "")
        wait_for("zebra of %s listens" % self.netns.name,
                 lambda: os.path.exists(self.directory + "/zserv.api"), 10)
        self._start("ospfd", _ospf(interfaces, passive, side))

    def _start(self, daemon, text):
        name = "%s-%s" % (daemon, self.netns.name)
        path = self.processes.write(name + ".conf", "hostname %s\n%s"
                                    % (self.netns.name, text))
        self.processes.spawn(name, self.netns.command(
            ["%s/%s" % (FRR, daemon), "-N", self.netns.full, "-f", path,
             "-i", "%s/%s.pid" % (self.directory, daemon), "-P", "0",
             "--log", "stdout", "--log-level", "informational"]))

    def show(self, what):
        """The answer to a show command that knows json; {}: not yet."""
        try:
            text = run(["vtysh", "-N", self.netns.full, "-c",
                        "show %s json" % what]).stdout
            return json.loads(text[text.index("{"):])  # after vtysh's own
        except (CommandError, ValueError):
            return {}

    def full_neighbours(self):
        """How many OSPF neighbours are in state Full."""
        count = 0
        for entries in self.show("ip ospf neighbor").get("neighbors",
                                                         {}).values():
            count += any(entry.get("nbrState", "").startswith("Full")
                         for entry in entries)
        return count

    def originate(self, default):
        """A default route of its own, as good as gw-a's; or none again."""
        run(["vtysh", "-N", self.netns.full, "-c", "configure terminal",
             "-c", "router ospf", "-c", "%sdefault-information originate "
             "always metric 10" % ("" if default else "no ")])

    def merge(self, external):
        """Equal defaults of two routers are one route without a word."""

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)


def _ospf(interfaces, passive, side):
    """ospfd's file.  Point-to-multipoint has no election to wait for; an
    unthrottled LSA is safe here because twinpathd paces what it announces."""
    text = ""
    for device in list(interfaces) + list(passive):
        text += "interface %s\n ip ospf area 0\n" % device
        if device in passive:
            text += " ip ospf passive\n"
            continue
        text += (" ip ospf network point-to-multipoint\n"
                 " ip ospf hello-interval 1\n ip ospf dead-interval 4\n")
    text += "router ospf\n timers throttle spf 0 50 1000\n"
    text += " timers throttle lsa all 0\n timers lsa min-arrival 0\n"
    if not side:
        return text
    return text + (
        " ospf router-id %s\n redistribute kernel route-map exported\n"
        " default-information originate metric %d\n"
        "ip prefix-list exported seq 5 permit 0.0.0.0/0\n"
        "ip prefix-list exported seq 10 permit %s\n"
        "route-map exported permit 10\n"
        " match ip address prefix-list exported\n"
        % (side.lan, 10 * side.level, side.marker))


class Keepalived:
    """keepalived of one gateway, with the RFC 5798 virtual MAC."""

    def __init__(self, processes, netns):
        self.processes, self.netns = processes, netns
        self.name = "keepalived-" + netns.name

    def start(self, side, track_file, advert):
        text = """global_defs {
    vrrp_version 3
}
track_file twinpath {
    file "%s"
    weight 1
}
vrrp_instance lan {
    state BACKUP
    interface eth0
    use_vmac vrrp%d
    virtual_router_id %d
    priority %d
    advert_int %g
    track_file {
        twinpath
    }
    virtual_ipaddress {
        %s/32
    }
}
""" % (track_file, ROUTER_ID, ROUTER_ID, 60 - 10 * side.level, advert,
       VIRTUAL)
        path = self.processes.write(self.name + ".conf", text)
        pid = self.processes.path(self.name)
        self.processes.spawn(self.name, self.netns.command(
            ["keepalived", "--dont-fork", "--log-console", "--vrrp",
             "--use-file", path, "--pid", pid + ".pid",
             "--vrrp_pid", pid + ".vrrp.pid"]))

    def is_master(self):
        text = run(["ip", "-n", self.netns.full, "-j", "-4", "addr", "show",
                    "dev", "vrrp%d" % ROUTER_ID], check=False).stdout
        return VIRTUAL in text


class Twinpathd:
    """The daemon of one gateway and the CLI that talks to it."""

    def __init__(self, processes, netns, side, build, heartbeat=True):
        self.processes, self.netns, self.side = processes, netns, side
        self.heartbeat = heartbeat
        self.build, self.instance = build, netns.full
        self.name = "twinpathd-" + netns.name
        self.pins = "/sys/fs/bpf/twinpath/" + self.instance
        self.track_file = processes.path(netns.name + ".vrrp")
        self.partner = None  # keys of the section; None: by the LAN

    def configure(self, mode, timers, also="", more=""):
        """`also`: more keys of the uplink, `more`: more sections, as text."""
        path = self.processes.write(self.name + ".conf", _twinpath(
            self.side, mode, timers, self.track_file,
            self.heartbeat and _shared_key(
                self.processes.path("partner.key")), also,
            self.partner) + more)
        self.command = self.netns.command(
            [os.path.join(self.build, "twinpathd"), "--instance",
             self.instance, "--config", path])

    def start(self):
        self.processes.spawn(self.name, self.command)

    def wait_ready(self, seconds=30):
        def ready():
            self.processes.check_alive(self.name)
            return (self.status(check=False) or {}).get("ready")
        return wait_for("%s is ready" % self.name, ready, seconds, 0.02)

    def kill(self):
        return self.processes.signal(self.name, signal.SIGKILL)

    def stop(self):
        return self.processes.signal(self.name, signal.SIGTERM)

    def cli_command(self, *words):
        return [os.path.join(self.build, "twinpath"), "--instance",
                self.instance] + list(words)

    def cli(self, *words, check=True):
        return self.netns.run(self.cli_command(*words), check=check)

    def ask(self, *words, check=True):
        """The JSON answer to a command; None: no answer, if not checked."""
        done = self.cli(*words, "--json", check=check)
        try:
            return json.loads(done.stdout)
        except ValueError:
            if check:
                raise SiteError("twinpath %s --json did not print JSON:\n%s"
                                % (" ".join(words), done.stdout)) from None
        return None

    def status(self, check=True):
        return self.ask("status", check=check)

    def selector(self):
        return self.status()["selector"]

    def flip(self, to):
        return self.cli("flip", to)

    def remove(self):
        """What a daemon that is gone leaves on purpose."""
        for path in (self.pins, "/run/twinpath/" + self.instance,
                     "/var/lib/twinpath/" + self.instance):
            shutil.rmtree(path, ignore_errors=True)


def _shared_key(path):
    """The same key for both gateways, as an operator would copy it."""
    if not os.path.exists(path):
        handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
        os.write(handle, os.urandom(32).hex().encode() + b"\n")
        os.close(handle)
    return path


def _twinpath(side, mode, timers, track_file, key, also, link):
    partner = SIDES["b" if side.letter == "a" else "a"]
    return """mode      = %s
lan       = { eth0 }
marker    = %s
vrrp-file = "%s"
partner {
    %s
    marker  = %s
    %s
}
uplink %s {
    interface = eth1
    next-hop  = %s
    level     = %d
    icmp core {
        target   = 172.29.0.1
        interval = %s
        timeout  = %s
        misses   = %d
        hits     = %d
    }
    track      = core
    delay-down = %s
    delay-up   = %s
    %s
}
""" % (mode, side.marker, track_file, link or "address = " + partner.lan,
       partner.marker,
       'key     = "%s"' % key if key else "", side.uplink, side.next_hop,
       side.level, _duration(timers.interval), _duration(timers.timeout),
       timers.misses, timers.hits,
       _duration(timers.delay_down), _duration(timers.delay_up), also)

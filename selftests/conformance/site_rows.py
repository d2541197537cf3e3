#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of the conformance table that take running daemons: the namespace
site with two gateways, gw-a in XDP and gw-b in tc, each row on both.

Owns: what these rows mean.  It also shows, first of all, that the site works on
this kernel at all: one session each way, and a failover.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

# pylint: disable=wrong-import-position
from selftests.site.daemons import Timers
from selftests.site.netns import Netns, SiteError, Worker
from selftests.site.processes import SLOW, wait_for
from selftests.site.servers import Server
from selftests.site.site import Site, check_machine, new_prefix
from selftests.site.topology import SERVER, SIDES, TARGET
from selftests.site.traffic import Datagrams, Prober, Sessions, now

ECHO, SSH = 7, 22
PACE = min(SLOW, 4.0)  # of what is sent, and of the probes
HOOKS = {"a": "xdp", "b": "tc"}
HOSTS = {"a": "h1", "b": "h2"}  # each by its own gateway


def require(condition, text, *values):
    if not condition:
        raise SiteError(text % values if values else text)


class Workers:
    """What sends and listens, ended with the block."""

    def __init__(self):
        self.all = []

    def __enter__(self):
        return self

    def begin(self, worker):
        self.all.append(worker)
        return worker.begin()

    def run(self, seconds):
        """Let them, for so long; when that began."""
        began = now()
        while now() < began + seconds:
            for worker in self.all:
                if worker.error:
                    worker.stop()
            time.sleep(0.05)
        return began

    def __exit__(self, *_):
        for worker in reversed(self.all):
            worker.stop()


class Rows:
    """The site, and the rows that are shown on it."""

    def __init__(self, build):
        self.site = Site(new_prefix(), modes=("xdp", "tc"), build=str(build),
                         heartbeat=False,
                         timers=Timers(interval=0.1 * PACE, timeout=0.06 * PACE,
                                       delay_up=0.3 * PACE))
        self.servers = Workers()

    def up(self):
        """Both gateways carry their own traffic, whoever VRRP elects."""
        self.site.up()
        self.own_uplinks()
        for letter, host in HOSTS.items():
            self.site.netns(host).ip(["route replace default via %s"
                                      % SIDES[letter].lan])
        self.servers.begin(Server(self.site.netns("core"), SERVER, ECHO))
        for side in SIDES.values():
            self.servers.begin(Server(self.site.netns(side.gateway), side.wan,
                                      SSH, udp=False))

    def down(self):
        try:
            self.servers.__exit__()
        finally:
            self.site.down()

    def daemon(self, letter):
        return self.site.gateway(letter).twinpathd

    def own_uplinks(self):
        for letter, side in SIDES.items():
            wait_for("isp-%s is up" % letter, lambda: self.daemon(
                letter).status()["uplinks"][0]["state"] == "up", 20)
            self.daemon(letter).flip(side.uplink)
            wait_for("gw-%s uses its uplink" % letter, lambda: self.daemon(
                letter).selector() == side.uplink, 10)

    def log_of(self, letter):
        with open(self.site.processes.log(self.daemon(letter).name),
                  encoding="utf-8") as log:
            return log.read()

    # ---- the site works at all ----------------------------------------------

    def smoke(self, letter):
        """One session each way, and failover; not a row of the table."""
        side, other = SIDES[letter], SIDES["b" if letter == "a" else "a"]
        with Workers() as workers:
            out = workers.begin(Sessions(self.site.netns(HOSTS[letter]), SERVER,
                                         ECHO))
            back = workers.begin(Sessions(self.site.netns("core"), side.wan,
                                          SSH))
            prober = workers.begin(Prober(self.site.netns(HOSTS[letter]),
                                          SERVER, ECHO, interval=0.1 * PACE,
                                          timeout=0.5 * PACE))
            workers.run(1 * PACE)
            require(out.alive() == back.alive() == 1, "a session was lost")
            require({s.source for s in out.sessions} == {side.wan},
                    "seen as another address than %s", side.wan)
            began = now()
            self.site.isp(letter).black()
            try:
                wait_for("new connections go by the other side",
                         lambda: prober.first(other.wan, began), 20)
                wait_for("the session on the dead uplink is told",
                         lambda: not out.alive(), 10)
            finally:
                self.site.isp(letter).heal()
        self.own_uplinks()

    # ---- the rows -----------------------------------------------------------

    def c6(self, letter):
        """What the daemon logs by default names no destination."""
        with Workers() as workers:
            workers.begin(Prober(self.site.netns(HOSTS[letter]), SERVER, ECHO))
            workers.run(0.5 * PACE)
        require(SERVER not in self.log_of(letter), "%s is in the log", SERVER)

    def m8(self, letter):
        """From a detach to ready: no default of ours while no program is
        attached, no weight for VRRP while it is not ready."""
        gateway, daemon = self.site.gateway(letter), self.daemon(letter)
        daemon.cli("detach")
        wait_for("the daemon has ended", lambda: self.site.processes.pid(
            daemon.name) is None, 10)
        require(not announced(gateway), "a default is left after a detach")
        require(not weight(daemon), "VRRP is attracted after a detach")
        daemon.start()
        deadline = time.monotonic() + 20 * SLOW
        while time.monotonic() < deadline:
            attracts = announced(gateway) or weight(daemon)
            attached = os.path.exists(daemon.pins + "/layout")
            require(attached or not attracts, "it attracts, and no program "
                    "is attached")
            if attracts and (daemon.status(check=False) or {}).get("ready"):
                break
            time.sleep(0.02)
        else:
            raise SiteError("it is not ready after %g s" % (20 * SLOW))
        self.own_uplinks()

    def m14(self, letter):
        """With the uplink dead and the default at the partner, probes still
        leave by their own uplink and by no other interface."""
        gateway = self.site.gateway(letter)
        other = "b" if letter == "a" else "a"
        self.site.isp(letter).black()
        try:
            self.daemon(letter).flip("auto")
            wait_for("gw-%s sends by its partner" % letter, lambda: self.daemon(
                letter).selector() == "partner", 20)
            with Workers() as workers:
                own, lan = (workers.begin(Echoes(gateway.netns, device))
                            for device in ("eth1", "eth0"))
                workers.run(1 * PACE)
                require(own.count > 0, "no probe left by the uplink")
                require(lan.count == 0, "%d probes left by the LAN", lan.count)
            require(self.daemon(letter).status()["uplinks"][0]["state"]
                    != "up", "it came up through gw-%s" % other)
        finally:
            self.site.isp(letter).heal()
        self.own_uplinks()

    def m15(self, letter):
        """A flip to the partner and back: nothing of what lives is lost."""
        netns, daemon = self.site.netns(HOSTS[letter]), self.daemon(letter)
        side, other = SIDES[letter], SIDES["b" if letter == "a" else "a"]
        with Workers() as workers:
            held = workers.begin(Sessions(netns, SERVER, ECHO, count=5,
                                          period=0.1 * PACE))
            stream = workers.begin(Datagrams(netns, SERVER, ECHO,
                                             rate=50 / PACE))
            prober = workers.begin(Prober(netns, SERVER, ECHO,
                                          interval=0.1 * PACE,
                                          timeout=1 * PACE))
            began = workers.run(0.5 * PACE)
            for to, seen in (("partner", other.wan), (side.uplink, side.wan)):
                moment = now()
                daemon.flip(to)
                wait_for("new connections are seen as %s" % seen,
                         lambda: prober.first(seen, moment), 10)
            until = now()
            workers.run(1 * PACE)
            require(held.alive() == 5, "%d of 5 sessions live", held.alive())
            require({s.source for s in held.sessions} == {side.wan},
                    "a session has changed its address")
            require(not stream.lost(began, until), "%d datagrams lost",
                    len(stream.lost(began, until)))
            require(not prober.failed(began, until), "%d connections failed",
                    len(prober.failed(began, until)))

    def m18(self, letter):
        """Killed, and started again: what lives goes on, on the same maps."""
        netns, daemon = self.site.netns(HOSTS[letter]), self.daemon(letter)
        with Workers() as workers:
            held = workers.begin(Sessions(netns, SERVER, ECHO, count=5,
                                          period=0.1 * PACE))
            prober = workers.begin(Prober(netns, SERVER, ECHO,
                                          interval=0.1 * PACE,
                                          timeout=1 * PACE))
            began = workers.run(0.5 * PACE)
            pins = os.stat(daemon.pins + "/session_table").st_ino
            daemon.kill()
            workers.run(1 * PACE)
            daemon.start()
            daemon.wait_ready(20)
            workers.run(0.5 * PACE)
            until = now()
            workers.run(1 * PACE)
            require(held.alive() == 5, "%d of 5 sessions live", held.alive())
            require(not prober.failed(began, until), "%d connections failed",
                    len(prober.failed(began, until)))
            require(os.stat(daemon.pins + "/session_table").st_ino == pins,
                    "its sessions are on another map")
        self.own_uplinks()


def announced(gateway):
    """Is there a default route of ours in the main table?"""
    return "default" in gateway.netns.run(
        ["ip", "route", "show", "default", "proto", "201"]).stdout


def weight(daemon):
    """What keepalived reads; none: 0."""
    try:
        with open(daemon.track_file, encoding="ascii") as text:
            return int(text.read() or 0)
    except OSError:
        return 0


class Echoes(Worker):
    """Counts the echo requests to the probes' target that leave a device."""

    def __init__(self, netns, device):
        super().__init__(netns, "echoes on " + device)
        self.device, self.count = device, 0

    def open(self):
        self._process = subprocess.Popen(
            ["tcpdump", "-i", self.device, "-n", "-l", "-Q", "out",
             "icmp[0] == 8 and dst host " + TARGET],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        os.set_blocking(self._process.stdout.fileno(), False)

    def work(self):
        text = self._process.stdout.read()
        self.count += text.count(b"\n") if text else 0
        time.sleep(0.05)

    def close(self):
        self._process.terminate()
        self._process.wait()


def u10(build, mode):
    """An uplink with the LAN's own subnet: the operator is told."""
    prefix = new_prefix()
    netns = Netns(prefix, "gw")
    instance = netns.full
    path = "/run/%s.conf" % instance
    with open(path, "w", encoding="ascii") as out:
        out.write("lan = { lan0 }\nmode = %s\nuplink isp {\n interface = wan0\n"
                  " next-hop = 192.168.0.254\n}\n" % mode)
    netns.add()
    try:
        netns.ip(["link add lan0 type veth peer name lan1",
                  "link add wan0 type veth peer name wan1"]
                 + ["link set %s up" % name
                    for name in ("lan0", "lan1", "wan0", "wan1")]
                 + ["addr add 192.168.0.3/24 dev lan0",
                    "addr add 192.168.0.77/24 dev wan0"])
        with open(path + ".log", "w+", encoding="utf-8") as log, \
                subprocess.Popen(netns.command(
                    [str(build / "twinpathd"), "--instance", instance,
                     "--config", path]), stdout=log, stderr=log) as daemon:
            try:
                wait_for("it tells of 192.168.0.0/24 on wan0 and lan0",
                         lambda: told(path + ".log"), 15)
            finally:
                daemon.terminate()
    finally:
        netns.run([str(build / "twinpathd"), "--detach", "--instance",
                   instance], check=False)
        netns.delete()
        os.unlink(path)
        os.unlink(path + ".log")


def told(path):
    """One line names the subnet and both interfaces."""
    with open(path, encoding="utf-8") as log:
        return any("192.168.0.0/24" in line and "wan0" in line
                   and "lan0" in line for line in log)


ROWS = (
    ("U10", "4787", "REQ-7", "MUST",
     "an uplink with the LAN's own subnet is told of", None),
    ("C6", "6888", "REQ-12", "SHOULD NOT",
     "destinations are logged by default", Rows.c6),
    ("M8", "", "", "own",
     "a gateway that starts attracts nothing before it is ready", Rows.m8),
    ("M14", "", "", "own",
     "probes leave by their own uplink, always", Rows.m14),
    ("M15", "", "", "own", "a flip loses no packet of a session", Rows.m15),
    ("M18", "", "", "own",
     "without its daemon the data plane goes on, and is adopted", Rows.m18),
)


def attempt(name, function, *arguments):
    """Why it failed; "": it did not."""
    began = time.monotonic()
    try:
        function(*arguments)
        why = ""
    except SiteError as error:
        why = str(error)
    print("%-7s %s  %.1f s%s" % ("ok" if not why else "not ok", name,
                                 time.monotonic() - began,
                                 "\n" + why if why else ""), flush=True)
    return why


def show(build, wanted):
    """The results of all rows, and whether the site works."""
    results, sound = [], True
    rows = Rows(build)
    try:
        try:
            rows.up()
        except SiteError:
            for letter in SIDES:
                print(rows.site.processes.tail(rows.daemon(letter).name, 30))
            raise
        for letter, hook in HOOKS.items():
            sound &= not attempt("%s: one session each way, failover" % hook,
                                 rows.smoke, letter)
            for row_id, rfc, req, level, shows, function in ROWS:
                if wanted and row_id not in wanted:
                    continue
                name = "%s: %s" % (hook, row_id)
                why = attempt(name, function, rows, letter) if function else \
                    attempt(name, u10, build, hook)
                results.append({
                    "id": row_id, "rfc": rfc, "req": req, "level": level,
                    "kernel": platform.release(), "hook": hook,
                    "result": "fail" if why else "pass",
                    "note": why.splitlines()[0] if why else "",
                    "shows": shows})
    finally:
        rows.down()
    return results, sound


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", default=ROOT / "build", type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("row", nargs="*")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    check_machine(str(build))
    results, sound = show(build, arguments.row)
    if arguments.output:
        arguments.output.write_text(json.dumps(results, indent=1),
                                    encoding="utf-8")
    return 0 if sound and all(r["result"] == "pass" for r in results) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SiteError as problem:
        sys.exit(str(problem))

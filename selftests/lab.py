#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The site of the demo, left running to play with.

    lab.py up        build it, and say which commands to try
    lab.py status    is it whole?  and the same commands
    lab.py isp a black|beyond|down|heal
    lab.py down      remove it, whatever is left of it

Owns: the site with the fixed prefix "tplab-", of which there is one.  It
must never touch another run's.
"""

import argparse
import os
import shutil
import signal
import sys
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

# pylint: disable=wrong-import-position
from selftests.site.netns import SiteError
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.site import LAB, Site, check_machine
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import ask_tcp

SERVERS = "servers"  # the name of our own process among the site's
ECHO, SSH = 7, 22

COMMANDS = """
Hosts h1, h2 and h3, the last behind an inner router; as whom are they seen?
  nsenter --net=/run/netns/{p}h1 ping {server}
  nsenter --net=/run/netns/{p}h1 bash -c 'head -n 1 </dev/tcp/{server}/7'
From outside to each gateway's own ISP address:
  nsenter --net=/run/netns/{p}core bash -c 'head -n 1 </dev/tcp/{a}/22'
  nsenter --net=/run/netns/{p}core bash -c 'head -n 1 </dev/tcp/{b}/22'
The gateways; every command also with {p}gw-b:
  {build}/twinpath --instance {p}gw-a status
  {build}/twinpath --instance {p}gw-a sessions
  {build}/twinpath --instance {p}gw-a reasons
  {build}/twinpath --instance {p}gw-a flip partner      and back: flip auto
  cat /sys/fs/bpf/twinpath/{p}gw-a/sessions
  vtysh -N {p}gw-a -c 'show ip route'
Break ISP A and heal it (also: beyond, down; also ISP b):
  {lab} isp a black
  {lab} isp a heal
Watch what the ISPs see:
  nsenter --net=/run/netns/{p}pe-a tcpdump -ni eth0 host {a}
  nsenter --net=/run/netns/{p}pe-b tcpdump -ni eth0 host {b}
Logs and configuration files: {directory}
Remove it: make lab-down
"""


class Lab:
    def __init__(self, build):
        self.build = build
        self.site = Site(LAB, build=build)

    def up(self):
        missing = self.missing()
        if not missing:
            print("the lab is already up")
            self.commands()
            return 0
        if self.site.processes.exists():
            raise SiteError("it is up, but not whole (missing: %s): first "
                            "%s down" % (", ".join(missing), sys.argv[0]))
        check_machine(self.build)
        self.site.down()  # what a lost run directory does not know
        print("building the lab in network namespaces %s*" % LAB, flush=True)
        good = False
        try:
            self.site.up()
            self.start_servers()
            good = True
        finally:
            if not good and self.site.processes.opened:
                self.give_up()
        print("the lab is up: two gateways, two ISPs, three hosts")
        self.commands()
        return 0

    def give_up(self):
        logs = os.path.join(self.build, "lab")
        shutil.rmtree(logs, ignore_errors=True)
        shutil.copytree(self.site.processes.logs, logs)
        self.site.down()
        print("the logs were kept in %s" % logs, file=sys.stderr)

    def start_servers(self):
        """A process of its own, because this one ends."""
        self.site.processes.spawn(SERVERS, [
            sys.executable, os.path.abspath(__file__), "--build", self.build,
            "serve"])
        wait_for("the servers answer", lambda: self.site.netns("h1").call(
            ask_tcp, SERVER, ECHO) in [side.wan for side in SIDES.values()],
                 10)

    def serve(self):
        netns = self.site.netns
        servers = [Server(netns("core"), SERVER, ECHO)] + [
            Server(netns(side.gateway), side.wan, SSH, udp=False)
            for side in SIDES.values()]
        end = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: end.set())
        for server in servers:
            server.begin()
        end.wait()
        for server in servers:
            server.stop()
        return 0

    def missing(self):
        """Names of what should be there and is not."""
        return self.site.missing([SERVERS])

    def status(self):
        missing = self.missing()
        if not self.site.processes.exists():
            print("the lab is not up")
            return 1
        if missing:
            print("the lab is not whole; missing: %s" % ", ".join(missing))
            return 1
        print("the lab is up; VRRP master: %s"
              % " ".join(self.site.masters()))
        for gateway in self.site.gateways.values():
            status = gateway.twinpathd.status()
            print("%s: new sessions leave by %s: %s" % (
                gateway.netns.name, status["selector"], status["reason"]))
        self.commands()
        return 0

    def isp(self, letter, what):
        if not self.site.netns("core").exists():
            raise SiteError("the lab is not up: first %s up" % sys.argv[0])
        isp = self.site.isp(letter)
        {"black": isp.black, "beyond": isp.black_beyond,
         "down": isp.link_down, "heal": isp.heal}[what]()
        print("ISP %s: %s" % (letter.upper(), {
            "black": "its segment drops everything, the link stays up",
            "beyond": "the PE answers, nothing behind it does",
            "down": "the gateway's port has no carrier",
            "heal": "as it should be"}[what]))
        return 0

    def down(self):
        self.site.down()
        print("the lab is gone")
        return 0

    def commands(self):
        print(COMMANDS.format(
            p=LAB, server=SERVER, a=SIDES["a"].wan,
            b=SIDES["b"].wan, build=self.build, lab=os.path.abspath(__file__),
            directory=self.site.processes.directory), end="")


def main():
    parser = argparse.ArgumentParser(
        description="The site of the demo, left running to play with.")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"),
                        help="where twinpathd and twinpath were built")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("up", "build it and say what to try"),
                       ("status", "is it whole, and what to try"),
                       ("down", "remove it, whatever is left of it")):
        commands.add_parser(name, help=text)
    commands.add_parser("serve")  # what answers in the lab; see up()
    isp = commands.add_parser("isp", help="break an ISP's path or heal it")
    isp.add_argument("letter", choices=sorted(SIDES))
    isp.add_argument("what", choices=("black", "beyond", "down", "heal"))
    args = parser.parse_args()
    lab = Lab(os.path.abspath(args.build))
    try:
        if os.geteuid() != 0:
            raise SiteError("the lab is made of network namespaces: be root")
        if args.command == "isp":
            return lab.isp(args.letter, args.what)
        return getattr(lab, args.command)()
    except SiteError as error:
        sys.exit("lab: %s" % error)
    except KeyboardInterrupt:
        sys.exit("lab: interrupted")
    except BrokenPipeError:  # whoever read our lines has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())

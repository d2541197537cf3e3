#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The redundant site, told as a story; every figure in it is measured.

Owns: what happens, in which order, and the bound of each figure.  How a site
is built and how traffic measures is selftests/site/.  Exit status 0: every
figure was as expected; 1: one was not, or something did not work.
"""

import argparse
import os
import shutil
import signal
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

# pylint: disable=wrong-import-position
from selftests.site.netns import SiteError
from selftests.site.processes import wait_for
from selftests.site.report import Report, duration
from selftests.site.servers import Server
from selftests.site.sessions import Population
from selftests.site.site import (Site, check_machine, new_prefix,
                                 remove_crashed)
from selftests.site.timeline import draw
from selftests.site.topology import HOSTS, SERVER, SIDES
from selftests.site.traffic import (Datagrams, Pings, Prober, Sessions,
                                    ask_tcp, ask_udp, now)
from selftests.site.wire import Wire

ECHO, SSH = 7, 22
A, B = SIDES["a"].wan, SIDES["b"].wan
MARGIN = 0.04  # two intervals of the prober, on top of the timers
FLIP = 0.25  # starting the command is most of it
SSH_GAP = 0.5  # a request every 200 ms


class Demo:
    def __init__(self, site, report):
        self.site, self.report = site, report
        self.workers = []
        self.black, self.answered_again = None, None
        self.events = []  # of the timeline: (time, text)

    def mark(self, text):
        """An event of the timeline, now; when that is."""
        self.events.append((now(), text))
        return self.events[-1][0]

    def begin(self, worker):
        self.workers.append(worker)
        return worker.begin()

    def stop(self):
        """Stop all traffic; once stopped, it can be read at leisure."""
        workers, self.workers = self.workers, []
        errors = []
        for worker in reversed(workers):
            try:
                worker.stop()
            except SiteError as error:
                errors.append(str(error))
        if errors:
            raise SiteError("; ".join(errors))

    def story(self):
        for chapter in (self.site_is_up, self.ssh_works, self.isp_a_black,
                        self.isp_a_returns, self.flips, self.daemon_killed,
                        self.throughout):
            chapter()

    def watch(self):
        """Captures first, before a gateway can say anything; and servers."""
        netns = self.site.netns
        self.wires = {letter: self.begin(Wire(netns(side.pe), "eth0"))
                      for letter, side in SIDES.items()}
        self.begin(Server(netns("core"), SERVER, ECHO))
        for side in SIDES.values():
            self.begin(Server(netns(side.gateway), side.wan, SSH, udp=False))

    # ---- 1 ----------------------------------------------------------------

    def site_is_up(self):
        site, report = self.site, self.report
        report.chapter("the site is up", "Two gateways, two ISPs, hosts: is "
                       "everything up?")
        site.wait_settled()
        for router in site.routers():
            report.equal("OSPF neighbours of %s in state Full"
                         % router.netns.name, router.full_neighbours(), 2)
        report.equal("VRRP master", " ".join(site.masters()), "gw-a")
        for letter, exit_name in (("a", "isp-a"), ("b", "partner")):
            report.equal("exit of new sessions on gw-%s (mode %s)"
                         % (letter, site.modes[letter]),
                         self.selector(letter), exit_name)
        for host in HOSTS:
            netns = site.netns(host)
            seen = [netns.call(ask_tcp, SERVER, ECHO),
                    netns.call(ask_udp, SERVER, ECHO),
                    "answered" if site.ping(host) else "no answer"]
            report.equal("%s: TCP seen as, UDP seen as, ping" % host,
                         ", ".join(seen), "%s, %s, answered" % (A, A))

    def selector(self, letter):
        return self.site.gateway(letter).twinpathd.selector()

    # ---- 2 ----------------------------------------------------------------

    def ssh_works(self):
        site, report = self.site, self.report
        report.chapter("traffic, nothing happening", "From outside to each "
                       "gateway's own ISP address, port 22: kept to the end.")
        self.ssh = {letter: self.begin(Sessions(site.netns("core"), side.wan,
                                                SSH))
                    for letter, side in SIDES.items()}
        report.say("From inside: h1 opens 50 connections/s and sends 200 "
                   "datagrams/s, h2 holds 10 TCP sessions, h3 pings; a "
                   "hundred sessions of h1 live for 10 s each.")
        self.prober = self.begin(Prober(site.netns("h1"), SERVER, ECHO))
        self.datagrams = self.begin(Datagrams(site.netns("h1"), SERVER,
                                              ECHO))
        self.sessions = self.begin(Sessions(site.netns("h2"), SERVER, ECHO,
                                            count=10))
        self.pings = self.begin(Pings(site.netns("h3"), SERVER))
        self.population = self.begin(Population(site.netns("h1"), SERVER,
                                                ECHO))
        began = self.observe(8)
        for letter, ssh in self.ssh.items():
            report.within("longest wait for an answer, SSH to gw-%s"
                          % letter, ssh.longest_gap(began, now()), SSH_GAP)
        self.nothing_lost(began)
        report.equal("new connections seen as", self.seen(began), A)

    def observe(self, seconds):
        """Let the traffic run; when that began."""
        began = now()
        while now() < began + seconds:
            self.check_workers()
            time.sleep(0.1)
        return began

    def check_workers(self):
        """A measurement that died would go on showing its last figures."""
        for worker in self.workers:
            if worker.error:
                worker.stop()

    def seen(self, since):
        return " ".join(sorted({t.source for t in self.prober.since(since)
                                if t.ok()}))

    def nothing_lost(self, since, when=""):
        """Everything that was sent since then was answered."""
        until, report = now(), self.report
        wait_for("the last of them are answered, or late",
                 lambda: now() > until + 0.5 or self.all_answered(since,
                                                                  until), 2)
        report.equal("failed new connections" + when,
                     "%d of %d" % (len(self.prober.failed(since, until)),
                                   len(self.prober.since(since, until))),
                     "0 of %d" % len(self.prober.since(since, until)))
        for name, stream in (("datagrams", self.datagrams),
                             ("pings", self.pings)):
            report.equal("lost %s%s" % (name, when),
                         "%d of %d" % (len(stream.lost(since, until)),
                                       len(stream.numbers(since, until))),
                         "0 of %d" % len(stream.numbers(since, until)))

    def all_answered(self, since, until):
        return (self.prober.settled(until)
                and not self.datagrams.lost(since, until)
                and not self.pings.lost(since, until))

    # ---- 3 ----------------------------------------------------------------

    def isp_a_black(self):
        site, report = self.site, self.report
        most = site.timers.detection() + MARGIN
        report.chapter("ISP A black behind a live link", "The path behind ISP "
                       "A's live link goes black (probes every %s, %d misses)."
                       % (duration(site.timers.interval),
                          site.timers.misses))
        self.black = self.mark("ISP A goes black")
        site.isp("a").black()
        first = self.wait_seen(B, self.black, 10)
        report.within("outage for new connections of h1",
                      first.ended - self.prober.last_before(first).ended,
                      most)
        self.observe(2)
        report.within("outage for datagrams of h1",
                      self.datagrams.outage(self.black - 0.5), most)
        report.equal("new connections seen as", self.seen(first.began), B)
        report.equal("exit of new sessions on gw-a", self.selector("a"),
                     "partner")
        report.equal("TCP sessions of h2 through ISP A that were told",
                     10 - self.sessions.alive(), 10)
        self.on_b = self.begin(Sessions(site.netns("h2"), SERVER, ECHO,
                                        count=10))
        self.observe(2)
        report.equal("new TCP sessions of h2 that work, seen as %s" % B,
                     len([s for s in self.on_b.sessions if s.source == B
                          and s.answers[-1] > now() - 0.5]), 10)
        report.equal("failed new connections after the outage",
                     len(self.prober.failed(first.began, now() - 0.3)), 0)

    def wait_seen(self, source, since, seconds):
        def seen():
            self.check_workers()
            return self.prober.first(source, since)
        return wait_for("a new connection is seen as " + source, seen,
                        seconds, 0.005)

    # ---- 4 ----------------------------------------------------------------

    def isp_a_returns(self):
        site, report = self.site, self.report
        timers = site.timers
        report.chapter("ISP A returns", "ISP A comes back; delay up is %s."
                       % duration(timers.delay_up))
        site.isp("a").heal()
        healed = self.mark("ISP A is back")
        first = self.wait_seen(A, healed, timers.recovery() + 10)
        report.within("new connections through ISP A again after",
                      first.began - healed, timers.recovery() + 0.25,
                      timers.delay_up)
        self.mark("failback")
        wait_for("gw-a is the VRRP master again",
                 lambda: site.masters() == ["gw-a"], 15)
        wait_for("SSH to gw-a answers again",
                 lambda: self.ssh["a"].answered_since(healed), 20)
        self.answered_again = now()
        self.observe(8)
        report.equal("failed new connections at the return",
                     len(self.prober.failed(healed, now() - 0.3)), 0)
        report.equal("new connections seen as", self.seen(first.ended), A)
        report.equal("TCP sessions begun through ISP B that go on",
                     self.on_b.answered_since(now() - 0.5), 10)
        report.equal("datagrams lost at the return", len(
            self.datagrams.lost(healed, now() - 0.3)), 0)

    # ---- 5 ----------------------------------------------------------------

    def flips(self):
        report = self.report
        twinpathd = self.site.gateway("a").twinpathd
        for to, source in (("partner", B), ("auto", A)):
            report.chapter("flip " + to, "twinpath flip %s, on gw-a" % to)
            began = self.mark("flip " + to)
            twinpathd.flip(to)
            first = self.wait_seen(source, began, 10)
            report.within("new connections move within",
                          first.ended - began, FLIP)
            self.observe(8)
            report.equal("failed new connections",
                         len(self.prober.failed(began, now() - 0.3)), 0)
            report.equal("new connections seen as",
                         self.seen(first.ended), source)
            report.equal("datagrams lost", len(
                self.datagrams.lost(began, now() - 0.3)), 0)

    # ---- 6 ----------------------------------------------------------------

    def daemon_killed(self):
        site, report = self.site, self.report
        twinpathd = site.gateway("a").twinpathd
        wait_for("gw-a is the VRRP master", lambda: site.masters()
                 == ["gw-a"], 15)
        report.chapter("the daemon of gw-a killed, traffic running",
                       "kill -9 of gw-a's twinpathd; its packets go on.")
        through = self.begin(Sessions(site.netns("h2"), SERVER, ECHO,
                                      count=10))
        began = self.observe(3)
        pid = twinpathd.kill()
        self.mark("kill -9 of gw-a's daemon")
        report.say("process %d is gone" % pid)
        self.observe(10)
        self.nothing_lost(began, " with no daemon")
        began = self.mark("daemon started")
        twinpathd.start()
        twinpathd.wait_ready()
        report.note("twinpathd started again, ready after",
                    duration(now() - began))
        self.observe(8)
        self.nothing_lost(began, " while it starts")
        report.equal("TCP sessions that lived through both",
                     through.answered_since(now() - 0.5), 10)
        report.equal("exit of new sessions on gw-a", self.selector("a"),
                     "isp-a")

    # ---- 7 ----------------------------------------------------------------

    def throughout(self):
        report, ended = self.report, now()
        report.chapter("the whole demo", "What was so during the whole demo:")
        self.stop()
        self.ssh_throughout(ended)
        lost = [one.ended for one in self.population.lost]
        dead = [moment for moment in lost
                if self.black <= moment < self.black + 5]
        report.note("sessions of 10 s that were told that ISP A is dead",
                    len(dead))
        report.equal("sessions of 10 s that were lost at any other time",
                     len(lost) - len(dead), 0)
        for letter, side in SIDES.items():
            wire = self.wires[letter]
            name = "PE of ISP %s: " % letter.upper()
            report.at_least(name + "packets captured", wire.packets(), 1000)
            report.equal(name + "packets the capture missed", wire.dropped,
                         0)
            report.equal(name + "sources from the gateway",
                         " ".join(sorted(wire.incoming)), side.wan)
            report.equal(name + "packets with a wrong checksum",
                         wire.bad_count, 0)
            for line in wire.bad:
                report.say("  " + line)

    def ssh_throughout(self, ended):
        began = self.ssh["b"].sessions[0].answers[0]
        gaps = {"b": self.ssh["b"].longest_gap(began, ended),
                "a": max(self.ssh["a"].longest_gap(began, self.black),
                         self.ssh["a"].longest_gap(self.answered_again,
                                                   ended))}
        for letter, but in (("a", ", ISP A black apart"), ("b", "")):
            report, ssh = self.report, self.ssh[letter]
            report.equal("SSH to gw-%s: the same connection still answers"
                         % letter, ssh.answered_since(ended - SSH_GAP), 1)
            report.within("SSH to gw-%s: longest wait for an answer%s"
                          % (letter, but), gaps[letter], SSH_GAP)


def picture(demo, path):
    """The timeline of the run; without matplotlib there is none."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        draw(path, demo.population.samples, demo.events,
             [(side.wan, "ISP " + side.letter.upper())
              for side in SIDES.values()],
             "Live sessions of 10 s, ten new ones a second")
    except ImportError as error:
        demo.report.say("no timeline: %s (make deps installs "
                        "python3-matplotlib)" % error)
    else:
        demo.report.say("the timeline: " + path)


def save_logs(site, directory):
    """Keep what explains a failure, and print the ends of the daemons'."""
    shutil.copytree(site.processes.directory, directory, dirs_exist_ok=True)
    for gateway in site.gateways.values():
        gateway.dump(directory)
        print("---- %s, the end of its log" % gateway.twinpathd.name)
        print(site.processes.tail(gateway.twinpathd.name, 25))
    print("all logs and the state of both gateways: " + directory)


def tell(site, report, logs):
    """Up, the story, down; whether every figure was as expected."""
    demo, good = Demo(site, report), None
    try:
        report.say("building the site %s* in network namespaces"
                   % site.prefix)
        site.up(demo.watch)
        report.say("the site is up and carries traffic")
        demo.story()
        good = not report.wrong()
        picture(demo, os.path.join(logs, "timeline.svg"))
    except SiteError as error:
        report.say("FAILED: %s" % error)
        good = report.check("the rest of the story", "not told", "told",
                            False)
    finally:
        handle_signals(signal.SIG_IGN)  # the commands below inherit it
        try:
            if good is False:
                save_logs(site, logs)
            demo.stop()
        finally:
            site.down()
    return good


def handle_signals(handler):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def interrupt(*_):
    """Only the first signal counts: one more must not stop the cleaning."""
    handle_signals(lambda *_: None)
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build"),
                        help="where twinpathd and twinpath were built")
    build = os.path.abspath(parser.parse_args().build)
    handle_signals(interrupt)
    logs = os.path.join(build, "demo")
    shutil.rmtree(logs, ignore_errors=True)  # of an earlier run
    report = Report()
    try:
        check_machine(build)
        for name in remove_crashed():
            report.say("removed %s, left by a run that crashed" % name)
        good = tell(Site(new_prefix(), build=build), report, logs)
    except SiteError as error:
        sys.exit("demo: %s" % error)
    except KeyboardInterrupt:
        sys.exit("demo: interrupted; the site is removed")
    except BrokenPipeError:  # whoever read our lines has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    report.table()
    wrong = len(report.wrong())
    print("%d of %d figures as expected%s" % (
        len(report.judged()) - wrong, len(report.judged()),
        "" if good else ": the demo FAILED"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

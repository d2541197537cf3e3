# SPDX-License-Identifier: GPL-2.0-or-later
"""make bench: every gateway against the limit and against each other.

Owns: the order of the sections and the end of everything that was started.  A
wrong checksum or a lost packet fails the run; a target that is not met does not,
it is said.
"""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile

from ..mutants.sources import Broken
from ..site.netns import CommandError, SiteError
from ..site.processes import Processes
from . import (extras, gateways, growth, measure, moments, pair, parts,
               report, rows, targets, twinpath)
from .pump import Pump

SYSCTL = "/proc/sys/net/netfilter/nf_conntrack_max"
ROOM = 4 << 20  # conntrack entries: a million sessions and their like
SIZES = {  # rounds, packets a round, loads, bulk milliseconds
    "full": (7, 200000, ("1", "64k", "1M"), 1000),
    "quick": (5, 60000, ("1", "64k"), 300),
    "growth": (7, 200000, (), 0),
    "parts": (parts.ROUNDS, 200000, (), 0),
}
TURNS = {"full": 3}  # through the first tables, each with its share of rounds
TCP_ROUNDS = {"full": 9, "quick": 5}  # these differ more
KINDS = ("generator", "bare", "xdp", "tc", "kernel", "nft", "flowtable")


class Bench(Processes):
    def __init__(self, build):
        self.prefix = "tpb%s-" % secrets.token_hex(2)
        super().__init__(self.prefix)
        self.build = build
        self.pump = Pump(os.path.join(build, "selftests/bench/pump"))
        self.gateways = {}
        self.conntrack = None

    def up(self, *kinds):
        for kind in kinds:
            gateway = kind(self.prefix, self, self.pump)
            self.gateways[gateway.kind] = gateway
            gateway.up()

    def some(self, *kinds):
        return [self.gateways[kind] for kind in kinds
                if kind in self.gateways]

    def room_for_conntrack(self):
        """The one setting of the whole machine: put back at the end."""
        with open(SYSCTL, encoding="ascii") as now:
            self.conntrack = now.read().strip()
        if int(self.conntrack) < ROOM:
            with open(SYSCTL, "w", encoding="ascii") as later:
                later.write(str(ROOM))

    def down(self):
        self.pump.close()
        self.end_all()
        for gateway in self.gateways.values():
            gateway.down()
        if self.conntrack:
            with open(SYSCTL, "w", encoding="ascii") as before:
                before.write(self.conntrack)
        self.close()


def has_flowtable(bench):
    """Does this kernel have nft flowtables?"""
    probe = gateways.netns.Netns(bench.prefix, "probe")
    probe.add()
    try:
        probe.ip(["link add lan0 type veth peer name wan0"])
        return not probe.nft(gateways.Flowtable.rules, check=False).returncode
    finally:
        probe.delete()


def forwarding(bench, size):
    """A million sessions: after all else, for the kernel has one table of
    connections for all gateways, and what is in it is in everybody's way."""
    count, packets, _, _ = SIZES[size]
    some = bench.some(*KINDS)
    large = [bench.gateways.get(gw.kind + "-large", gw) for gw in some]
    say("forwarding, a million sessions")
    found = rows.forward(bench.pump, {"1M": large}, count, packets)
    for gateway in some:
        gateway.empty()
    return {(key[0].replace("-large", ""),) + key[1:]: figure
            for key, figure in found.items()}


def sections(bench, size):
    """{title: (what measures so many rounds, the row to compare with)}"""
    _, packets, loads, _ = SIZES[size]
    pump, some = bench.pump, bench.some
    small = {load: some(*KINDS) for load in loads if load != "1M"}
    return {
        "forwarding": (lambda rounds: rows.forward(
            pump, small, rounds, packets), "bare"),
        "new sessions": (lambda rounds: rows.openings(
            pump, some("xdp", "tc", "nft"), rounds), "nft"),
        "two CPUs": (lambda rounds: rows.two_cpus(
            pump, some("bare", "xdp", "tc", "nft"), rounds, packets), "bare"),
        "programs": (lambda rounds: extras.programs(
            pump, *some("bare", "xdp", "xdp-open"), rounds, 2 * packets),
            "bare"),
        "a partner": (lambda rounds: pair.idle(
            pump, *some("gw-a", "gw-b"), rounds, packets), "no partner"),
    }


def small_packets(bench, size):
    """{title: (table, the row that the others are compared with)}"""
    count, packets, loads, _ = SIZES[size]
    found = measure.in_turns(sections(bench, size), count,
                             TURNS.get(size, 1), say)
    if "1M" in loads:
        found["forwarding"][0].update(forwarding(bench, size))
    say("handover")
    found["handover"] = pair.handover(
        bench.pump, *bench.some("gw-a", "gw-b", "hop"), count,
        packets), "bare hop"
    return found


def the_rest(bench, size):
    """TCP, memory, moments, the daemon: plain figures."""
    milliseconds = SIZES[size][3]
    binary = os.path.join(bench.build, "selftests/bench/bulk")
    plain = {}
    say("lines of memory")
    plain["line_ns"] = {
        load: figure.json() for load, figure in extras.lines(
            bench.pump, SIZES[size][2] + ("8k",), SIZES[size][0]).items()}
    say("bulk TCP")
    plain["bulk_tcp_bits_per_second"] = extras.bulk(
        bench.pump, binary, bench.some("kernel", "nft", "tc"),
        TCP_ROUNDS[size], milliseconds, False)
    plain["bulk_tcp_at_mtu_bits_per_second"] = extras.bulk(
        bench.pump, binary, bench.some("nft", "xdp"), TCP_ROUNDS[size],
        milliseconds, True)
    say("memory, the daemon")
    biggest = bench.gateways.get("xdp-large", bench.gateways["xdp"])
    sessions = rows.live(bench.pump, biggest, SIZES[size][2][-1])
    plain.update(extras.life(bench.pump, biggest, bench.gateways["switch"],
                             sessions))
    return plain


def judge(tables, moved, plain):
    yield from targets.forwarding(tables["forwarding"][0])
    yield from targets.programs(tables["programs"][0])
    yield from targets.openings(tables["new sessions"][0])
    yield from targets.memory(plain["memory"]["bytes_per_session"],
                              plain["conntrack_bytes"])
    yield from targets.tcp(plain["bulk_tcp_bits_per_second"],
                           plain["bulk_tcp_at_mtu_bits_per_second"])
    yield from targets.two_cpus(tables["two CPUs"][0])
    yield from targets.moments(moved)
    yield from targets.partner(tables["a partner"][0])
    yield from targets.life(plain)


def say(text):
    print("  " + text, file=sys.stderr, flush=True)


def one_line(error):
    """With all that a command printed: what failed is the last line of a log."""
    return "; ".join(line.strip() for line in str(error).splitlines())


def stem(results, size):
    """bench.json of the whole run; of another, bench-SIZE.json beside it."""
    return os.path.join(results, "bench" if size == "full"
                        else "bench-" + size)


def compare(bench, size, results):
    """Against the limit and the kernel's own ways."""
    bench.up(gateways.Generator, gateways.Bare, twinpath.Xdp, twinpath.Tc,
             gateways.Kernel, gateways.Nft, twinpath.Open,
             twinpath.Switch, pair.MateA, pair.MateB)
    if size == "full":
        bench.up(twinpath.LargeXdp, twinpath.LargeTc)
    if has_flowtable(bench):
        bench.up(gateways.Flowtable)
    tables = small_packets(bench, size)
    say("another exit")
    moved = moments.moments(bench.pump, bench.gateways["switch"],
                            SIZES[size][0])
    plain = the_rest(bench, size)
    plain["moments_us"] = {" ".join(key): figure.json()
                           for key, figure in moved.items()}
    verdicts = list(judge(tables, moved, plain))
    report.chart(stem(results, size) + ".svg", tables["forwarding"][0],
                 KINDS[1:])
    return tables, plain, verdicts


def grow(bench, size):
    bench.up(gateways.Bare, twinpath.Xdp, growth.Uplinks, growth.Routes,
             growth.Huge)
    tables = growth.tables(bench, *SIZES[size][:2], say)
    return tables, {}, list(targets.growth(tables["routes"][0]))


def omit(bench, size):
    """The text, and what report.write_json wants."""
    with tempfile.TemporaryDirectory(prefix="twinpath-parts.") as place:
        daemons = parts.build(place, say)
        bench.up(gateways.Bare, gateways.Nft, parts.Changeable)
        say("all in turn")
        table = parts.table(bench, daemons, SIZES[size][1])
        bench.end_all()  # before what they were started from is gone
    text = report.parts(table, parts.WHOLE, parts.sums(table))
    return text, ({"parts": (table, parts.WHOLE)}, {}, [])


def run(bench, size, results):
    bench.open()
    name = stem(results, size)
    if size != "growth":
        bench.room_for_conntrack()
    if size == "parts":
        text, outcome = omit(bench, size)
    else:
        outcome = (grow(bench, size) if size == "growth"
                   else compare(bench, size, results))
        text = report.text(*outcome)
    print(text)
    with open(name + ".txt", "w", encoding="utf-8") as out:
        out.write(text + "\n")
    report.write_json(name + ".json", *outcome)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--size", choices=sorted(SIZES), default="full")
    options = parser.parse_args()
    if os.geteuid():
        sys.exit("bench: it makes network namespaces: be root")
    bench = Bench(os.path.abspath(options.build))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended"))
    try:
        run(bench, options.size, options.build)
    except (Broken, SiteError, CommandError,
            subprocess.SubprocessError) as error:
        sys.exit("bench: failed: " + one_line(error))
    finally:
        bench.down()


main()

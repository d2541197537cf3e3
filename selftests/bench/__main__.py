# SPDX-License-Identifier: GPL-2.0-or-later
"""make bench: every gateway against the limit and against each other.

Owns: the order of the sections and the end of everything that was started.  A
wrong checksum or a lost packet fails the run; a target that is not met does not,
it is said.
"""

import argparse
import os
import secrets
import subprocess
import sys

from ..site.netns import CommandError, SiteError
from ..site.processes import Processes
from . import extras, gateways, report, rows, targets
from .pump import Pump

SYSCTL = "/proc/sys/net/netfilter/nf_conntrack_max"
ROOM = 4 << 20  # conntrack entries: a million sessions and their like
SIZES = {  # rounds, packets a round, loads, bulk milliseconds
    "full": (9, 200000, ("1", "64k", "1M"), 1000),
    "quick": (5, 60000, ("1", "64k"), 400),
}


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


def small_packets(bench, size):
    """The tables of 64-byte packets: {name: table}."""
    count, packets, loads, _ = SIZES[size]
    everything = bench.some("generator", "bare", "xdp", "tc", "kernel", "nft",
                            "flowtable")
    large = [bench.gateways.get(gw.kind + "-large", gw) for gw in everything]
    forward = {}
    for load in loads:
        say("forwarding, %s session%s" % (load, "" if load == "1" else "s"))
        group = large if load == "1M" else everything
        for key, figure in rows.forward(bench.pump, group, load, count,
                                        packets).items():
            forward[(key[0].replace("-large", ""),) + key[1:]] = figure
    say("new sessions")
    opened = rows.openings(bench.pump, bench.some("xdp", "tc", "nft"),
                           max(count, 5))
    say("two CPUs")
    both = rows.two_cpus(bench.pump, bench.some("bare", "xdp", "tc", "nft"),
                         count, packets)
    say("programs alone")
    alone = extras.programs(bench.pump, *bench.some("bare", "xdp"), count)
    return {"forwarding": forward, "new sessions": opened, "two CPUs": both,
            "programs": alone}


def the_rest(bench, size):
    """TCP, memory, the daemon: plain figures and their targets."""
    count, _, _, milliseconds = SIZES[size]
    binary = os.path.join(bench.build, "selftests/bench/bulk")
    say("bulk TCP")
    segments = extras.bulk(bench.pump, binary, bench.some("kernel", "nft",
                                                          "tc"),
                           count, milliseconds, False)
    frames = extras.bulk(bench.pump, binary, bench.some("nft", "xdp"), count,
                         milliseconds, True)
    say("memory, the daemon")
    biggest = bench.gateways.get("xdp-large", bench.gateways["xdp"])
    milliseconds, lines = extras.iterate(biggest)
    return {
        "bulk_tcp_bits_per_second": segments,
        "bulk_tcp_at_mtu_bits_per_second": frames,
        "memory": extras.memory(biggest),
        "conntrack_bytes": extras.conntrack_memory(),
        "iterator": {"ms": milliseconds, "lines": lines},
        "daemon_cpu_per_cent": extras.daemon_cpu(biggest, 3),
        "restart_ms": extras.restart(biggest),
    }


def judge(tables, plain):
    import statistics

    yield from targets.forwarding(tables["forwarding"])
    yield from targets.programs(tables["programs"])
    yield from targets.openings(tables["new sessions"])
    yield targets.Target("bytes a session", 192, 160,
                         plain["memory"]["bytes_per_session"], unit=" B")
    middle = {name: {kind: statistics.median(values)
                     for kind, values in plain[name].items()}
              for name in ("bulk_tcp_bits_per_second",
                           "bulk_tcp_at_mtu_bits_per_second")}
    one, two = middle.values()
    yield targets.Target("bulk TCP over veth, tc against nft", 0.95, 1.0,
                         one["tc"] / one["nft"], most=False, unit="x")
    yield targets.Target("TCP at MTU-size frames, XDP against nft", 1.5, 1.7,
                         two["xdp"] / two["nft"], most=False, unit="x")
    yield from targets.two_cpus(tables["two CPUs"])


def say(text):
    print("  " + text, file=sys.stderr, flush=True)


def run(bench, size, results):
    bench.open()
    bench.room_for_conntrack()
    bench.up(gateways.Generator, gateways.Bare, gateways.Xdp, gateways.Tc,
             gateways.Kernel, gateways.Nft)
    if size == "full":
        bench.up(gateways.LargeXdp, gateways.LargeTc)
    if has_flowtable(bench):
        bench.up(gateways.Flowtable)
    tables = small_packets(bench, size)
    plain = the_rest(bench, size)
    verdicts = list(judge(tables, plain))
    kinds = ("generator", "bare", "xdp", "tc", "kernel", "nft", "flowtable",
             "twinpath")
    print(report.machine())
    print("each cell: ratio to the first named row, least ns (median ns)")
    for name, table in tables.items():
        against = "nft" if name == "new sessions" else "bare"
        print(report.table_text("%s, against %s" % (name, against), table,
                                kinds, against))
    print("\nplain figures")
    for name, value in plain.items():
        print("  %-34s %s" % (name, value))
    print()
    for verdict in verdicts:
        print(verdict.line())
    report.write_json(os.path.join(results, "bench.json"), tables, plain,
                      verdicts)
    report.chart(os.path.join(results, "bench.svg"), tables["forwarding"],
                 ("bare", "xdp", "tc", "kernel", "nft", "flowtable"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--size", choices=sorted(SIZES), default="full")
    options = parser.parse_args()
    if os.geteuid():
        sys.exit("bench: it makes network namespaces: be root")
    bench = Bench(os.path.abspath(options.build))
    try:
        run(bench, options.size, options.build)
    except (SiteError, CommandError, subprocess.SubprocessError) as error:
        sys.exit("bench: failed: %s" % error)
    finally:
        bench.down()


main()

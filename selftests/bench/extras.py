# SPDX-License-Identifier: GPL-2.0-or-later
"""What is not a stream of small packets: programs alone, TCP, memory, moves.

Owns: those measurements; each gives plain numbers in the unit its name ends with.
"""

import json
import os
import time

from ..site.netns import CommandError, SiteError, run
from ..site.processes import wait_for
from . import measure
from .measure import Figure
from .rows import LOADS


LEASE = 1.2  # s: after a second a packet moves its session's life on
# How many lines are in use, and of how many: as sessions are in their tables.
CHAINS = {"1": (1, 131072), "8k": (8192, 131072), "64k": (65536, 131072),
          "1M": (1048576, 2097152)}


def ifindex(space, device):
    text = run(["ip", "-n", space.full, "-o", "link", "show", "dev",
                device]).stdout
    return int(text.split(":")[0])


def programs(pump, bare, gateway, opened, rounds, repeat):
    """BPF_PROG_TEST_RUN, in turn: ours, the bare redirect, and that with one
    line of memory for each packet.

    gateway, opened: of address-dependent and of endpoint-independent filtering.
    """
    table = {}
    for load in ("1", "8k", "64k", "64k to two remotes"):
        for gw in (gateway, opened):
            gw.empty()
            pump.run((measure.CPU, gw.entry("out"), 1 << sum(LOADS[load]),
                      gw.plan("out", *LOADS[load])))
        for side, device in (("out", "lan0"), ("in", "wan0")):
            runs = {row: (gw, name, ifindex(gw.gw, device))
                    for row, gw, name in (
                        ("bare", bare, "bare"), ("floor", bare, "floor"),
                        ("floor, in turn", bare, "floor-in-turn"),
                        ("twinpath", gateway, None),
                        ("open", opened, None))
                    if side == "out" and row != "open"
                    or side == "in" and not row.startswith("floor")}
            for row, figure in _in_turn(pump, runs, side, load, rounds,
                                        repeat):
                table[row, load, side] = figure
            if (load, side) == ("64k", "out"):
                table.update(renewal(pump, gateway, rounds))
    measure.check(pump, "programs")
    return table


def _in_turn(pump, runs, side, load, rounds, repeat):
    figures = {row: Figure() for row in runs}
    for _ in range(rounds):
        for row, (gw, name, index) in runs.items():
            name = name or "%s/xdp_%d" % (gw.pins(), index)
            # Every session has just sent: see Stream.wake.
            for count in (1 << sum(LOADS[load]), repeat):
                time_taken = pump.test(measure.CPU, gw.gw.full, index, name,
                                       count, gw.plan(side, *LOADS[load]))
            figures[row].rounds.append(time_taken)
    return figures.items()


def lines(pump, loads, rounds):
    """{load: ns to wait for a line of memory where so many are in use}."""
    figures = {load: Figure() for load in CHAINS if load in loads}
    for _ in range(rounds):
        for load, figure in figures.items():
            used, of = CHAINS[load]
            figure.rounds.append(pump.ask("chain", measure.CPU, of, used,
                                          2 * max(used, 65536))["ns"])
    return figures


def renewal(pump, gateway, rounds, load="64k"):
    """Packets of sessions that have all been silent for more than a second."""
    index = ifindex(gateway.gw, "lan0")
    figure = Figure()
    for _ in range(rounds):
        time.sleep(LEASE)  # what is measured, not a wait for something
        figure.rounds.append(pump.test(
            measure.CPU, gateway.gw.full, index,
            "%s/xdp_%d" % (gateway.pins(), index), 1 << sum(LOADS[load]),
            gateway.plan("out", *LOADS[load])))
    return {("twinpath, silent", load, "out"): figure}


def bulk(pump, run_bulk, gateways, rounds, milliseconds, wire_size):
    """One TCP stream through each gateway in turn, bits a second.

    wire_size: frames of the size of the MTU all the way, instead of the
    super-packets that a veth carries and that GRO would make again.
    """
    table = {gw.kind: [] for gw in gateways}
    for gw in gateways:
        for side in ("lan", "wan"):
            pump.ask("close", "%s.%s" % (gw.kind, side))
        segments(gw, "off" if wire_size else "on")
    try:
        for _ in range(rounds):
            for gw in gateways:
                table[gw.kind].append(stream(run_bulk, gw, milliseconds))
    finally:
        for gw in gateways:
            segments(gw, "on")
            for side in ("lan", "wan"):
                pump.ask("open", "%s.%s" % (gw.kind, side))
    return table


def segments(gateway, state):
    """Super-packets between the hosts and the gateway, or none.

    Without them checksums are complete as well, as a wire delivers them; and a
    gateway that does not redirect by XDP does not put them together again.
    """
    for space, device in ((gateway.near, "lan1"), (gateway.far, "wan1")):
        space.run(["ethtool", "-K", device, "tx", state, "tso", state,
                   "gso", state])
    if not gateway.redirects:
        for device in ("lan0", "wan0"):
            gateway.gw.run(["ethtool", "-K", device, "gro", state])


def stream(run_bulk, gateway, milliseconds):
    try:
        done = run([run_bulk, gateway.far.full, "198.18.0.1", "5001",
                    gateway.near.full, str(milliseconds)], timeout=60)
    except CommandError as error:
        raise SiteError("%s%s" % (error, gateway.why())) from error
    answer = json.loads(done.stdout)
    if gateway.translates and answer["source"] != "172.16.1.1":
        raise SiteError("%s: the server saw %s" % (gateway.kind,
                                                   answer["source"]))
    return answer["bits_per_second"]


def memory(gateway):
    """Bytes a session: every table that grows with the sessions."""
    total, tables = 0, {}
    for name in ("session_table", "tags", "endpoints", "permits"):
        done = run(["bpftool", "-j", "map", "show", "pinned",
                    os.path.join(gateway.pins(), name)])
        tables[name] = int(json.loads(done.stdout)["bytes_memlock"])
        total += tables[name]
    return {"bytes_per_session": total / gateway.sessions, "tables": tables}


def conntrack_memory():
    """Bytes that a conntrack entry takes, by the slab allocator."""
    with open("/proc/slabinfo", encoding="ascii") as slabs:
        for line in slabs:
            words = line.split()
            if words[0] == "nf_conntrack":
                return int(words[5]) * 4096 / int(words[4])
    return None


def iterate(gateway):
    """Milliseconds to print every session through the pinned iterator."""
    start = time.monotonic()
    lines = 0
    with open(os.path.join(gateway.pins(), "sessions"), "rb") as table:
        while True:
            chunk = table.read(1 << 20)
            if not chunk:
                break
            lines += chunk.count(b"\n")
    return (time.monotonic() - start) * 1e3, lines


def cpu_seconds(pid):
    with open("/proc/%d/schedstat" % pid, encoding="ascii") as stat:
        return int(stat.read().split()[0]) / 1e9


def daemon_cpu(gateways, seconds):
    """{case: per cent of one CPU that the daemon takes}; gateways: {case: one}"""
    pids = {case: gateway.run.pid(gateway.kind)
            for case, gateway in gateways.items()}
    before = {case: cpu_seconds(pid) for case, pid in pids.items()}
    time.sleep(seconds)  # the measure itself, not a wait for something
    return {case: 100 * (cpu_seconds(pid) - before[case]) / seconds
            for case, pid in pids.items()}


def restart(gateway):
    """Milliseconds from the start of a new daemon until it is ready."""
    gateway.run.signal(gateway.kind, 15)
    start = time.monotonic()
    gateway.launch()
    wait_for("%s is ready again" % gateway.kind, gateway.ready, 30, 0.005)
    return (time.monotonic() - start) * 1e3


def reload(gateway):
    """Milliseconds until another configuration is in force."""
    gateway.run.write(gateway.kind + ".conf", gateway.config().replace(
        "level     = 1", "level     = 2"))
    start = time.monotonic()
    gateway.cli("reload")
    return (time.monotonic() - start) * 1e3


def live(gateway):
    """How many sessions the daemon counts."""
    return sum(uplink["sessions"] for uplink in gateway.status()["uplinks"])


def life(pump, gateway, idle, sessions):
    """The daemon and its tables with so many live sessions; another gateway's
    daemon has none to look after."""
    wait_for("%d sessions live" % sessions,
             lambda: live(gateway) > 0.99 * sessions, 20, 0.5)
    milliseconds, lines = iterate(gateway)
    found = {
        "sessions": sessions,
        "memory": memory(gateway),
        "conntrack_bytes": conntrack_memory(),
        "iterator": {"ms": milliseconds, "lines": lines},
        "census": pump.ask("census", gateway.pins()),
        "daemon_cpu_per_cent": daemon_cpu({"with sessions": gateway,
                                           "idle": idle}, 5),
        "restart_ms": restart(gateway),
        "reload_ms": reload(gateway),
    }
    found["sweep"] = pump.ask("sweep", gateway.pins())
    return found

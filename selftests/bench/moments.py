# SPDX-License-Identifier: GPL-2.0-or-later
"""How long until the first packet leaves by the other uplink.

Owns: what happens, round by round, and the way back.  Frames of new flows go in
one after the other all the time; moment.c does that, and looks at the clock.
"""

import json
import os

from .measure import CPU, Figure

BITS = (15, 0)


def _moment(pump, gateway, *event):
    """{name: microseconds until the first frame on the new uplink}"""
    plan = gateway.plan("out", *BITS, shuffle=0)
    pump.ask("clear")
    seen = pump.ask("moment", CPU, gateway.pins(), gateway.entry("out"),
                    *event, *pump.words(plan))
    # Between two looks at a link the daemon may have been faster.
    return {since: max(0, seen["first"] - seen[when]) / 1e3
            for since, when in (("event", "began"), ("decision", "before"))}


def _figures(rounds):
    figures = {}
    for measured in rounds:
        for name, microseconds in measured.items():
            figures.setdefault(name, Figure()).rounds.append(microseconds)
    return figures


def _flip(pump, gateway):
    line = json.dumps({"command": "flip", "to": "up1"},
                      separators=(",", ":"))
    measured = _moment(pump, gateway, "ask", gateway.control(), line)
    gateway.back()
    return measured


def _unplug(pump, gateway):
    measured = _moment(pump, gateway, "down", gateway.far.full, "wan1",
                       gateway.gw.full, "wan0")
    gateway.far.ip(["link set wan1 up"])
    gateway.selects(gateway.uplink)
    gateway.empty()
    return measured


def moments(pump, gateway, rounds):
    """{(event, from when on): Figure}, in microseconds.

    "decision": from the last look at the map that showed the old uplink; so
    never less than it was.
    """
    table = {}
    # The one who looks must not be interrupted by the one who decides.
    daemon = gateway.run.pid(gateway.kind)
    os.sched_setaffinity(daemon, {0})
    for name, once in (("flip", _flip), ("link down", _unplug)):
        for since, figure in _figures(
                once(pump, gateway) for _ in range(rounds)).items():
            table[name, since] = figure
    os.sched_setaffinity(daemon, range(os.cpu_count()))
    pump.ask("clear")
    return table

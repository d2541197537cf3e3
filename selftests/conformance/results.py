# SPDX-License-Identifier: GPL-2.0-or-later
"""The results of conformance runs: parts, the merged file, the table.

Owns: the form of build/conformance.json, an array of {id, rfc, req, level,
kernel, hook, result: pass|fail|n/a, note}, and how it is shown; beside it, in
build/conformance.rows.json, what each row shows.  It never changes a result.
"""

import json
import os
import re

FIELDS = ("id", "rfc", "req", "level", "kernel", "hook", "result", "note")
HOOKS = ("xdp", "tc", "nft")
SECTIONS = {
    "U": "UDP (RFC 4787)", "T": "TCP (RFC 5382)", "V": "Updates (RFC 7857)",
    "I": "ICMP (RFC 5508)", "C": "Carrier-grade (RFC 6888)",
    "S": "TCP states (RFC 6146, as RFC 7857 has them)",
    "F": "Fragments (RFC 791, 1858, 4787, 6864, 8900)",
    "M": "Several uplinks, two gateways (our own)",
}


def place(row_id):
    """Where a row stands: U2 before U10, I9 before I9b."""
    letter, number, rest = re.fullmatch(r"([A-Z])(\d+)(.*)", row_id).groups()
    return list(SECTIONS).index(letter), int(number), rest


def load(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as text:
        return json.load(text)


def merge(old, new):
    """What `new` says of a row, kernel and hook replaces what `old` says."""
    key = lambda entry: (entry["id"], entry["kernel"], entry["hook"])
    merged = {key(entry): entry for entry in old + new}
    order = lambda entry: (place(entry["id"]), entry["kernel"],
                           HOOKS.index(entry["hook"]))
    return [{field: entry[field] for field in FIELDS}
            for entry in sorted(merged.values(), key=order)]


def save(path, results):
    with open(path, "w", encoding="utf-8") as out:
        json.dump(results, out, indent=1)
        out.write("\n")


def finish(build, new):
    """Put results where all are kept; what every row is about, too."""
    path = os.path.join(build, "conformance.rows.json")
    shows = dict(load(path))
    shows.update({entry["id"]: entry["shows"] for entry in new})
    with open(path, "w", encoding="utf-8") as out:
        json.dump(sorted(shows.items()), out, indent=1)
    path = os.path.join(build, "conformance.json")
    save(path, merge(load(path), new))
    return path


def with_others(new):
    """A row of our own daemons is none of another translator's."""
    compared = {(e["id"], e["kernel"]) for e in new if e["hook"] == "nft"}
    return new + [dict(entry, hook="nft", result="n/a",
                       note="takes our daemons")
                  for entry in new if entry["hook"] == "tc" and
                  (entry["id"], entry["kernel"]) not in compared]


def faults(results):
    """(entry, why) of all that must not be: what failed, and each MUST that
    was not shown on both hooks."""
    found = [(entry, entry["note"]) for entry in results
             if entry["hook"] != "nft" and entry["result"] == "fail"]
    kernels = sorted({entry["kernel"] for entry in results})
    for kernel in kernels:
        shown = {}
        for entry in results:
            if entry["kernel"] == kernel and entry["hook"] != "nft":
                shown.setdefault(entry["id"], {})[entry["hook"]] = entry
        for row in shown.values():
            for hook in ("xdp", "tc"):
                entry = row.get(hook) or dict(next(iter(row.values())),
                                              hook=hook, result="n/a")
                if entry["level"].startswith("MUST") and \
                        entry["result"] == "n/a":
                    found.append((entry, "a %s that was not shown"
                                  % entry["level"]))
    return found


def over_kernels(results, row_id, hook):
    """One word for a row on a hook: the worst of all kernels; "": none."""
    words = {entry["result"] for entry in results
             if entry["id"] == row_id and entry["hook"] == hook}
    for word in ("fail", "n/a", "pass"):
        if word in words:
            return word
    return ""


def table(results, shows):
    """The rows as text, for a terminal."""
    lines = []
    rows = {entry["id"]: entry for entry in results}
    section = ""
    for row_id in sorted(rows, key=place):
        row = rows[row_id]
        if row_id[0] != section:
            section = row_id[0]
            lines += ["", "%-58s %-5s %-5s %-5s" % (
                (SECTIONS[section],) + HOOKS)]
        rfc = ("%s %s" % (row["rfc"], row["req"])).strip()
        lines.append("%-4s %-13s %-11s %-27.27s %-5s %-5s %-5s" % (
            row_id, rfc, row["level"], shows.get(row_id, ""),
            *(over_kernels(results, row_id, hook) for hook in HOOKS)))
    return "\n".join(lines)

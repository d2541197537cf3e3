# SPDX-License-Identifier: GPL-2.0-or-later
"""How the figures look: text, JSON, a bar chart.

Owns: layout only.  Ratios come first; nanoseconds stand beside them, for whoever
wants to see that the machine was itself.
"""

import json
import os
import platform
import statistics


def machine():
    """What was measured on, named as what it is."""
    model = "unknown CPU"
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    virtual = os.path.exists("/sys/hypervisor") or "hypervisor" in open(
        "/proc/cpuinfo", encoding="ascii", errors="replace").read()
    return "%s, %d CPUs%s, Linux %s" % (
        model, os.cpu_count(), ", virtual" if virtual else "",
        platform.release())


WIDE = 3  # columns beside each other; more are put under one another


def table_text(title, table, against):
    """A row of each name, a column of each load and case: ratio and ns."""
    columns = list(dict.fromkeys(key[1:] for key in table))
    groups = [columns]
    if len(columns) > WIDE:
        groups = [[column for column in columns if column[0] == load]
                  for load in dict.fromkeys(load for load, _ in columns)]
    lines = ["", title]
    for group in groups:
        lines.append("%-16s" % "" + "".join("%23s" % " ".join(column)
                                            for column in group))
        lines += [line for line in (row_text(table, row, group, against)
                                    for row in dict.fromkeys(
                                        key[0] for key in table)) if line]
    return "\n".join(lines)


def row_text(table, row, columns, against):
    """None: it has no figure in these columns."""
    line = "%-16s" % row
    for column in columns:
        figure = table.get((row,) + column)
        limit = table.get((against,) + column)
        if not figure:
            line += "%23s" % "-"
            continue
        ratio = "%.2fx" % (figure.least / limit.least) if limit else ""
        line += "%23s" % ("%s %5.0f (%5.0f)" % (ratio, figure.least,
                                                figure.median))
    return line if any((row,) + column in table for column in columns) else None


def parts_text(table, against):
    """A row of each name, a column of each load: least ns, and by how many
    the least and the median differ."""
    loads = list(dict.fromkeys(load for _, load, _ in table))
    lines = ["%-36s" % "" + "".join("%20s" % load for load in loads)]
    for row in dict.fromkeys(row for row, _, _ in table):
        line = "%-36s" % row
        for load in loads:
            figure = table.get((row, load, "out"))
            whole = table[against, load, "out"]
            if not figure:
                line += "%20s" % "-"
                continue
            line += "%7.0f %+5.0f (%+5.0f)" % (
                figure.least, figure.least - whole.least,
                figure.median - whole.median)
        lines.append(line)
    return lines


def plain_text(plain):
    """A line of each figure, without its rounds."""
    for name, title in (("bulk_tcp_bits_per_second",
                         "bulk TCP, Gbit/s (median)"),
                        ("bulk_tcp_at_mtu_bits_per_second",
                         "the same at MTU-size frames")):
        yield title, "  ".join("%s %.1f" % (row, statistics.median(rounds)
                                            / 1e9)
                               for row, rounds in plain[name].items())
    for name, figure in plain["moments_us"].items():
        yield ("until another exit, us: " + name,
               "%.0f (%.0f)" % (figure["min"], figure["median"]))
    lines = plain["line_ns"]
    yield "a line in memory, ns, of " + " / ".join(lines), " / ".join(
        "%.0f (%.0f)" % (figure["min"], figure["median"])
        for figure in lines.values())
    live = "%d sessions" % plain["sessions"]
    yield "bytes a session, conntrack's", "%.0f  %.0f" % (
        plain["memory"]["bytes_per_session"], plain["conntrack_bytes"] or 0)
    yield "print %s" % live, "%.0f ms" % plain["iterator"]["ms"]
    yield "count %s" % live, "%.1f ms" % plain["census"]["ms"]
    yield "sweep %d lines" % plain["sweep"]["sessions"], (
        "%.1f ms, in %d calls" % (plain["sweep"]["ms"],
                                  plain["sweep"]["calls"]))
    for case, share in plain["daemon_cpu_per_cent"].items():
        yield "daemon's CPU time, " + case, "%.1f %%" % share
    yield "daemon started over %s" % live, "%.0f ms" % plain["restart_ms"]
    yield "configuration reloaded", "%.0f ms" % plain["reload_ms"]


def text(tables, plain, verdicts):
    lines = [machine(),
             "each cell: ratio to the row that is named, least ns (median ns)"]
    lines += [table_text("%s, against %s" % (name, against), table, against)
              for name, (table, against) in tables.items()]
    if plain:
        lines += ["", "plain figures"]
        lines += ["  %-38s %s" % line for line in plain_text(plain)]
    return "\n".join(lines + [""] + [verdict.line() for verdict in verdicts])


def parts(table, against, sums):
    return "\n".join(
        [machine(), "each cell: least ns a packet, how far from '%s' (and the "
         "median from its median)" % against, ""]
        + parts_text(table, against) + [""] + list(sums))


def write_json(path, tables, plain, targets):
    rows = [dict(table=name, row=key[0], load=key[1], case=key[2],
                 unit="ns a packet", **figure.json())
            for name, (table, _) in tables.items()
            for key, figure in table.items()]
    document = {"machine": machine(), "rows": rows, "figures": plain,
                "targets": [target.json() for target in targets]}
    with open(path, "w", encoding="utf-8") as out:
        json.dump(document, out, indent=1)
        out.write("\n")


COLOURS = {"bare": "#9aa5b1", "xdp": "#1f77b4", "tc": "#5fa2dd",
           "kernel": "#c7c7c7", "nft": "#d9822b", "flowtable": "#e8b36b"}


LABELS = {"bare": "bare redirect (the limit)", "xdp": "twinpath by XDP",
          "tc": "twinpath by tc", "kernel": "kernel, no NAT",
          "nft": "nft masquerade", "flowtable": "nft with a flow table"}


def chart(path, table, kinds):
    """Nanoseconds a packet, outbound, by load: shorter is better."""
    loads = [load for load in ("1", "64k", "1M")
             if any((kind, load, "out") in table for kind in kinds)]
    widest = max(figure.least for key, figure in table.items()
                 if key[2] == "out" and key[0] in kinds)
    left, bar, gap, width = 190, 18, 26, 500
    y, parts = 46, []
    for load in loads:
        parts.append('<text x="8" y="%d" font-weight="bold">%s session%s'
                     '</text>' % (y + 2, load, "" if load == "1" else "s"))
        y += 12
        for kind in kinds:
            figure = table.get((kind, load, "out"))
            if not figure:
                continue
            size = width * figure.least / widest
            parts.append('<text x="%d" y="%d" text-anchor="end">%s</text>'
                         % (left - 8, y + 13, LABELS.get(kind, kind)))
            parts.append('<rect x="%d" y="%d" width="%.1f" height="%d" '
                         'fill="%s"/>' % (left, y, size, bar - 3,
                                          COLOURS.get(kind, "#888")))
            parts.append('<text x="%.1f" y="%d">%.0f ns</text>'
                         % (left + size + 6, y + 13, figure.least))
            y += bar
        y += gap
    head = ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'font-family="sans-serif" font-size="12">'
            '<rect width="100%%" height="100%%" fill="white"/>'
            '<text x="8" y="20" font-size="14">Inside to outside, nanoseconds '
            'a packet of 64 bytes (less is better)</text>'
            % (left + width + 80, y))
    foot = ('<text x="8" y="%d" font-size="10">%s; veth in namespaces, '
            'generator included</text></svg>' % (y - 8, machine()))
    with open(path, "w", encoding="utf-8") as out:
        out.write(head + "".join(parts) + foot + "\n")

# SPDX-License-Identifier: GPL-2.0-or-later
"""How the figures look: a text table, bench.json, a bar chart.

Owns: layout only.  Ratios come first; nanoseconds stand beside them, for whoever
wants to see that the machine was itself.
"""

import json
import os
import platform


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


def table_text(title, table, kinds, against):
    """Rows of kinds, a column for each (load, side): ns and the ratio."""
    columns = []
    for key in table:
        if key[1:] not in columns:
            columns.append(key[1:])
    lines = ["", title, "%-12s" % "" + "".join(
        "%22s" % " ".join(column) for column in columns)]
    for kind in kinds:
        cells = []
        for column in columns:
            figure = table.get((kind,) + column)
            limit = table.get((against,) + column)
            if not figure:
                cells.append("%22s" % "-")
                continue
            ratio = ("%.2fx" % (figure.least / limit.least) if limit else "")
            cells.append("%9s %5.0f (%5.0f)" % (ratio, figure.least,
                                                figure.median))
        if any(cell.strip() != "-" for cell in cells):
            lines.append("%-12s" % kind + "".join(cells))
    return "\n".join(lines)


def write_json(path, tables, plain, targets):
    rows = [dict(table=name, row=key[0], load=key[1], case=key[2],
                 unit="ns a packet", **figure.json())
            for name, table in tables.items()
            for key, figure in table.items()]
    document = {"machine": machine(), "rows": rows, "figures": plain,
                "targets": [target.json() for target in targets]}
    with open(path, "w", encoding="utf-8") as out:
        json.dump(document, out, indent=1)
        out.write("\n")


COLOURS = {"bare": "#9aa5b1", "xdp": "#1f77b4", "tc": "#5fa2dd",
           "kernel": "#c7c7c7", "nft": "#d9822b", "flowtable": "#e8b36b"}


def chart(path, table, kinds):
    """Nanoseconds a packet, outbound, by load: shorter is better."""
    loads = [load for load in ("1", "64k", "1M")
             if any((kind, load, "out") in table for kind in kinds)]
    widest = max(figure.least for key, figure in table.items()
                 if key[2] == "out" and key[0] in kinds)
    left, bar, gap, width = 130, 18, 26, 560
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
                         % (left - 8, y + 13, kind))
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

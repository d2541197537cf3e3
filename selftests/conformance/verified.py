# SPDX-License-Identifier: GPL-2.0-or-later
"""What the verifier walks through: programs by kernel and compiler.

Owns: build/verified.json, a list of {kernel, compiler, program, instructions,
stack}, and its table.  The bounds are test_verified.c's.
"""

import json
import os
import subprocess

COMPILERS = ("clang", "clang-16", "clang-19")


def name_of(compiler):
    """clang 14, whatever it is called here; None: it is not installed."""
    try:
        text = subprocess.run([compiler, "--version"], text=True,
                              stdout=subprocess.PIPE, check=True).stdout
    except OSError:
        return None
    word = text.split("version ")[1].split(".")[0]
    return "clang-" + word


def objects(build):
    """{compiler's name: object} of all that were built."""
    found = {}
    for compiler in COMPILERS:
        path = os.path.join(build, "" if compiler == "clang" else compiler,
                            "twinpath.bpf.o")
        name = name_of(compiler)
        if name and os.path.exists(path):
            found[name] = path
    return found


def load(path):
    """test_verified adds one line of JSON for each program."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def save(build, figures):
    """Over what was known of these kernels; the others stay."""
    path = os.path.join(build, "verified.json")
    key = lambda f: (f["kernel"], f["compiler"], f["program"])
    known = {key(f): f for f in load(path)}
    known.update({key(f): f for f in figures})
    with open(path, "w", encoding="utf-8") as out:
        for figure in known.values():
            out.write(json.dumps(figure) + "\n")


def table(figures):
    """Verified instructions, one line for each program."""
    columns = sorted({(f["kernel"], f["compiler"]) for f in figures})
    programs = list(dict.fromkeys(f["program"] for f in figures))
    at = {(f["program"], f["kernel"], f["compiler"]): f for f in figures}
    lines = ["", "%-16s" % "verified" + "".join(
        "%14.13s" % kernel for kernel, _ in columns),
             "%-16s" % "instructions" + "".join(
                 "%14s" % compiler for _, compiler in columns)]
    for program in programs:
        line = "%-16s" % program
        for column in columns:
            figure = at.get((program,) + column)
            line += "%14s" % ("{:,}".format(figure["instructions"])
                              if figure else "-")
        lines.append(line)
    stack = "%-16s" % "stack, most"
    for kernel, compiler in columns:
        stack += "%14d" % max(f["stack"] for f in figures
                              if f["kernel"] == kernel
                              and f["compiler"] == compiler)
    return "\n".join(lines + [stack])

# SPDX-License-Identifier: GPL-2.0-or-later
"""A copy of the sources, in which the core may be changed and built.

Owns: that copy, and the finding of what is to be changed: a text below bpf/ that
is there exactly once, however it is wrapped.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("Makefile", "bpf", "include", "loader", "tools", "selftests")


class Broken(Exception):
    """Something is wrong that no change explains."""


class Copy:
    """The sources in a place of their own, where they may be broken."""

    def __init__(self, place):
        self.place = Path(place)
        self.place.mkdir(exist_ok=True)
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.place / name)
            else:
                shutil.copy2(ROOT / name, self.place)

    def make(self, targets):
        """None, or the compiler's words."""
        done = subprocess.run(
            ["make", "-s", "-C", self.place, "O=build", "warnings=-w",
             "-j%d" % os.cpu_count()] + targets, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout if done.returncode else None

    def change(self, change):
        """`new` in the place of `old`; what the file was before."""
        path = self.place / "bpf" / change.path
        text = path.read_text(encoding="utf-8")
        changed, times = re.subn(pattern_of(change.old),
                                 lambda _: change.new, text)
        if times != 1:
            raise Broken("%s: what to change is there %d times, not once: %s"
                         % (change.path, times, change.old))
        path.write_text(changed, encoding="utf-8")
        return path, text


def pattern_of(text):
    return r"\s*".join(re.escape(word) for word in text.split())


def placed(changes):
    """Every change has its place: the core may have moved on."""
    for change in changes:
        text = (ROOT / "bpf" / change.path).read_text(encoding="utf-8")
        times = len(re.findall(pattern_of(change.old), text))
        if times != 1:
            raise Broken("%s: what to change is there %d times, not once: %s"
                         % (change.path, times, change.old))

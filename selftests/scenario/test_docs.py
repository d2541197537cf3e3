# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents against the code: links, reasons, keys, examples, man pages.

Prose ages; what can be compared with its source is compared here.  Each
comparison is first shown something wrong, because one that finds nothing to
compare would pass for ever.
"""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("TWINPATH_BUILD", ROOT / "build")).resolve()
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
MANUALS = sorted((ROOT / "man").glob("*.[58]"))

FENCE = re.compile(r"^ *```(\S*)[^\n]*\n(.*?)^ *```$", re.M | re.S)


def by_name(paths):
    return [pytest.param(path, id=path.name) for path in paths]


def prose(path):
    """A page without its fenced blocks."""
    return FENCE.sub("", path.read_text())


# ---- links ------------------------------------------------------------------

def anchors(path):
    """The anchors of a page's headings, as a forge makes them."""
    found = set()
    for heading in re.findall(r"^#+ +(.*)$", prose(path), re.M):
        text = re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        number = sum(1 for one in found if re.fullmatch(
            re.escape(anchor) + r"(-\d+)?", one))
        found.add("%s-%d" % (anchor, number) if number else anchor)
    return found


def broken_links(path, text):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or not file.is_relative_to(ROOT):
            broken.append(target)
        elif anchor and anchor not in anchors(file):
            broken.append(target)
    return broken


def test_a_broken_link_is_found():
    text = "[a](docs/nothing.md) [b](#no-such-place) [c](Makefile) [d](#limits)"
    assert broken_links(README, text) == ["docs/nothing.md", "#no-such-place"]


@pytest.mark.parametrize("path", by_name(PAGES))
def test_every_relative_link_leads_somewhere(path):
    assert not broken_links(path, prose(path))


def test_the_readme_leads_to_every_page():
    text = prose(README)
    missing = [path.name for path in PAGES[1:]
               if "(docs/%s" % path.name not in text]
    assert PAGES[1:] and not missing


# ---- reasons ----------------------------------------------------------------

def reasons_of_the_code():
    """{name: fate}"""
    text = (ROOT / "include/twinpath/reasons.h").read_text()
    found = dict(re.findall(r"REASON\((\w+), ([A-Z]+),", text))
    assert len(found) > 40
    return found


def reasons_of_the_readme():
    """{name: fate}, from the tables below "Forwarded", "Passed", "Dropped"."""
    found, fate = {}, None
    text = prose(README).partition("\n## Troubleshooting\n")[2]
    text = text.partition("\n## ")[0]
    for line in text.splitlines():
        word = re.search(r"\*(Forwarded|Passed|Dropped)\*", line)
        if word:
            fate = word[1].upper()
        cell = re.match(r"\| ((?:`\w+` ?)+)\|", line)
        if cell and fate:
            found.update({name: fate
                          for name in re.findall(r"`(\w+)`", cell[1])})
    return found


def test_the_readme_explains_the_reasons_that_there_are():
    code, readme = reasons_of_the_code(), reasons_of_the_readme()
    assert len(readme) > 40
    unknown = {name: fate for name, fate in readme.items()
               if code.get(name) != fate}
    assert not unknown, "not in reasons.h, or with another fate"
    unexplained = [name for name in code if name not in readme]
    assert not unexplained, "in reasons.h, and not in the README's tables"


@pytest.mark.parametrize("path", by_name(PAGES))
def test_a_reason_named_in_a_page_exists(path):
    named = re.findall(r"\breasons? `(\w+)`", prose(path))
    assert not set(named) - set(reasons_of_the_code())


# ---- keys of the configuration ----------------------------------------------

def grammar():
    """{(section, key)}; "" is the section of the keys outside of all."""
    text = "".join(path.read_text() for path in sorted(
        (ROOT / "loader").glob("config_*.[ch]")))
    # Keys that several sections share stand in a macro.
    shared = dict(re.findall(r"#define (\w+_KEYS)\s((?:.*\\\n)*.*)", text))
    keys = set()
    for name, body in re.findall(
            r"cfg_opt_t (?:config_)?(\w+)_keys\[\] = \{(.*?)\};", text, re.S):
        section = {"root": "", "timer": "timers", "limit": "limits",
                   "list": "any", "damp": "dampening"}.get(name, name)
        body = re.sub(r"\w+_KEYS", lambda match: shared[match[0]], body)
        for key in re.findall(r'(?:VALUE|LIST|NAMED|CFG_SEC)\("([\w-]+)"',
                              body):
            keys.add((section, key))
    assert {("", "lan"), ("icmp", "target"), ("icmp", "hits"),
            ("timers", "hold")} <= keys
    return keys


def test_the_keys_of_the_readme_exist():
    rows = re.findall(r"^\| (?:–|`([\w-]+)`) \| `([\w-]+)` \|.*\|.*\|$",
                      prose(README).partition("| Section | Key |")[2], re.M)
    assert len(rows) > 25
    assert not set(rows) - grammar()


def test_the_keys_of_the_manual_exist():
    text = (ROOT / "man/twinpath.conf.5").read_text().replace("\\-", "-")
    keys, section = set(), ""
    lines = text.splitlines()
    for before, line in zip(lines, lines[1:]):
        heading = re.match(r"\.S[HS] (?:SECTIONS? )?(.*)", line)
        if heading:
            section = {"TIMERS": "timers", "LIMITS": "limits",
                       "PARTNER": "partner",
                       "UPLINK": "uplink", "Keys of every probe": "icmp",
                       "Dampening": "dampening",
                       "PUBLISH": "publish"}.get(
                           heading[1], None if heading[1] == "Probes" else "")
        key = re.match(r'\.(?:BI|BR) "([\w-]+) = ', line)
        row = re.match(r"([\w-]+)\t\d", line)
        if (key and before == ".TP") or (row and section == "timers"):
            name = (key or row)[1]
            # Of kinds of probes: which has what is said in the text.
            keys.add((section, name) if section is not None else next(
                (known for known in grammar() if known[1] == name),
                ("a probe", name)))
    assert len(keys) > 25
    assert not keys - grammar()


# ---- configurations shown ---------------------------------------------------

def check(text, path):
    path.write_text(text)
    return subprocess.run([BUILD / "twinpath", "check", path],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=30)


def configurations():
    for path in PAGES:
        for kind, text in FENCE.findall(path.read_text()):
            if kind == "twinpath":
                yield pytest.param(text, id=path.name)
    manual = (ROOT / "man/twinpath.conf.5").read_text().replace("\\-", "-")
    for text in re.findall(r"^\.EX\n(.*?)^\.EE$", manual, re.M | re.S):
        yield pytest.param(text, id="twinpath.conf.5")


def test_there_are_configurations():
    names = [one.id for one in configurations()]
    assert "README.md" in names and names.count("twinpath.conf.5") >= 2


@pytest.mark.parametrize("text", configurations())
def test_a_configuration_shown_is_accepted(text, tmp_path):
    done = check(text, tmp_path / "shown.conf")
    assert done.returncode == 0, done.stdout
    done = check(text.replace("next-hop", "next-hope"),
                 tmp_path / "broken.conf")
    assert done.returncode != 0


def test_the_readme_quotes_what_check_says():
    """Lines of output in the README are lines that check prints."""
    text = README.read_text()
    done = subprocess.run([BUILD / "twinpath", "check",
                           "examples/gw-a.conf"], cwd=ROOT, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=30)
    quoted = [block for _, block in FENCE.findall(text)
              if block.startswith("# memory: ")]
    assert len(quoted) == 1
    printed = [line.strip() for line in done.stdout.splitlines()]
    for line in quoted[0].splitlines():
        assert line.strip() in printed


# ---- manual pages -----------------------------------------------------------

def complaints(path):
    """What a formatter has against a page; None: there is no formatter."""
    if shutil.which("mandoc"):
        command = ["mandoc", "-T", "lint", "-W", "error", str(path)]
    elif shutil.which("groff"):
        command = ["groff", "-man", "-t", "-ww", "-Tutf8", "-z", str(path)]
    else:
        return None
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=30)
    return done.stdout + ("" if done.returncode == 0 else
                          "exit status %d" % done.returncode)


@pytest.mark.skipif(complaints(MANUALS[0]) is None,
                    reason="neither mandoc nor groff here")
@pytest.mark.parametrize("path", by_name(MANUALS))
def test_the_manual_page_is_well_formed(path, tmp_path):
    assert complaints(path) == ""
    broken = tmp_path / path.name
    broken.write_text(path.read_text() + ".TS\nlb lb\n")
    assert complaints(broken) != ""

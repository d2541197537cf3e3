# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/nat-compliance.md says what the rows say: the same rows, at the same
levels, with the same results on this kernel.  After a change of either run
`make compliance`."""
import importlib.machinery
import importlib.util
import json
import os
import re
import subprocess
import sys

import pytest
from conftest import BUILD, ROOT

sys.path.insert(0, str(ROOT / "selftests/conformance"))
import site_rows  # pylint: disable=wrong-import-position,import-error

LOADER = importlib.machinery.SourceFileLoader(
    "document", str(ROOT / "selftests/conformance/document"))
document = importlib.util.module_from_spec(
    importlib.util.spec_from_loader("document", LOADER))
LOADER.exec_module(document)

ROW = re.compile(r"^\| ([A-Z]\d+b?) \| .*? \| (.*?) \| .* \| (.*?) \| (.*?) \| "
                 r".*? \|$", re.M)
STALE = "docs/nat-compliance.md is stale: run make compliance"


@pytest.fixture(scope="module")
def said():
    """{row: (level, XDP's word, tc's word)} of the page."""
    text = document.PAGE.read_text(encoding="utf-8")
    return {row: words for row, *words in ROW.findall(text)}


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What the rows that need no daemon say here and now."""
    part = tmp_path_factory.mktemp("rows") / "rows.json"
    subprocess.run([BUILD / "selftests/test_conformance"], check=False,
                   env=dict(os.environ, TWINPATH_CONFORMANCE=str(part)),
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads(part.read_text(encoding="utf-8"))


def differences(said, shown, kernel):
    """Where the page and the rows do not agree."""
    levels = {entry["id"]: entry["level"] for entry in shown}
    levels.update({row[0]: row[3] for row in site_rows.ROWS})
    found = ["%s is on one side only" % row for row in set(levels) ^ set(said)]
    for row in set(levels) & set(said):
        if levels[row] != said[row][0]:
            found.append("%s is %s, not %s" % (row, levels[row], said[row][0]))
    for entry in shown:
        word = said.get(entry["id"], ("", "", ""))[
            1 if entry["hook"] == "xdp" else 2]
        odd = {where: what for what, where in
               re.findall(r"(\S+) on (\S+?)(?:,|$)", word)}
        if odd.get(kernel, word.split(",")[0]) != entry["result"]:
            found.append("%s, %s: %s here, '%s' there" % (
                entry["id"], entry["hook"], entry["result"], word))
    return sorted(found)


def test_the_page_says_what_is_shown(said, shown):
    kernel = document.kernel_of(os.uname().release)
    assert not differences(said, shown, kernel), STALE


def test_a_stale_page_is_noticed(said, shown):
    kernel = document.kernel_of(os.uname().release)
    first = shown[0]["id"]

    def with_other(**words):
        return [dict(entry, **words) if entry["id"] == first else entry
                for entry in shown]

    assert differences(said, with_other(level="MAY"), kernel)
    assert differences(said, with_other(result="n/a"), kernel)
    assert differences({row: words for row, words in said.items()
                        if row != first}, shown, kernel)


def test_every_must_is_met_or_said(said):
    """A MUST that is not met says so, below its table."""
    text = document.PAGE.read_text(encoding="utf-8")
    for row, (level, *words) in said.items():
        if level.startswith("MUST") and any("fail" in word for word in words):
            assert "- %s: " % row in text, row

# SPDX-License-Identifier: GPL-2.0-or-later
"""A few seconds of both fuzzers, from the kept corpus on; `make fuzz` is the
long one.  Chance has a fixed beginning here, so that a failure comes again."""
import importlib.machinery
import importlib.util

from conftest import BUILD, ROOT

LOADER = importlib.machinery.SourceFileLoader(
    "fuzz", str(ROOT / "selftests/fuzz/run"))
fuzz = importlib.util.module_from_spec(
    importlib.util.spec_from_loader("fuzz", LOADER))
LOADER.exec_module(fuzz)


def test_the_native_core_holds(tmp_path):
    """Also: the kept corpus still means something."""
    (tmp_path / "selftests").symlink_to(BUILD / "selftests")
    assert fuzz.native(tmp_path, 6, "-seed=1") > 10_000


def test_every_hook_holds(tmp_path):
    (tmp_path / "selftests").symlink_to(BUILD / "selftests")
    (tmp_path / "fuzz").mkdir()
    assert fuzz.hooks(tmp_path, 4, "-s", "1") > 10_000

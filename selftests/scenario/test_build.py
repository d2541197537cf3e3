# SPDX-License-Identifier: GPL-2.0-or-later
"""The Makefile and the test runner, on a toy tree in a directory of its own.

What is looked at is what make says that it does, and what is there afterwards:
a header makes exactly its users out of date, and a test that crashes, stops
early or hangs can never count as passed.
"""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TREE = {
    "bpf/limit.h": "#define LIMIT 1\n",
    "bpf/twinpath.bpf.c": """
        #include <linux/bpf.h>
        #include <linux/icmp.h>
        #include <bpf/bpf_helpers.h>
        #include "limit.h"
        int limit = LIMIT;
        SEC("xdp") int pass(struct xdp_md *ctx)
        {
            return ctx->data ? XDP_PASS : XDP_DROP;
        }
        char _license[] SEC("license") = "GPL";
        """,
    "loader/decide.h": "int decide(int fact);\n",
    "loader/decide.c": """
        #include "decide.h"
        int decide(int fact) { return fact + 1; }
        """,
    "loader/main.c": """
        #include "decide.h"
        #include "twinpath.skel.h"
        int main(void) { return decide(-1) + !twinpath__open(); }
        """,
    "tools/twinpath.c": "int main(void) { return 0; }\n",
    "selftests/test_decide.c": """
        #include <setjmp.h>
        #include <stdarg.h>
        #include <stddef.h>
        #include <cmocka.h>
        #include "decide.h"
        static void adds(void **state)
        {
            (void)state;
            assert_int_equal(decide(1), 2);
        }
        int main(void)
        {
            const struct CMUnitTest tests[] = { cmocka_unit_test(adds) };
            return cmocka_run_group_tests(tests, NULL, NULL);
        }
        """,
    "selftests/test_packet.c": """
        #include "twinpath.skel.h"
        int main(void) { return !twinpath__open(); }
        """,
    "README.md": "a toy\n",
    "man/twinpath.8": ".TH TWINPATH 8\n",
    "man/twinpath.conf.5": ".TH TWINPATH.CONF 5\n",
    "completion/twinpath": "complete twinpath\n",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    top = tmp_path_factory.mktemp("toy")
    for name, text in TREE.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)
    for name in ("address", "doctor_find", "duration", "instance_name", "log",
                 "track", "track_damp", "track_list", "share"):
        (top / f"loader/{name}.c").write_text(f'extern int toy_{name};\n'
                                              f'int toy_{name};\n')
    for name in ("Makefile", "COPYING"):
        shutil.copy(ROOT / name, top)
    for name in ("systemd", "examples"):
        shutil.copytree(ROOT / name, top / name)
    shutil.copy(ROOT / "selftests/run", top / "selftests")
    make(top, "-j2", "tests")
    return top


def make(tree, *words, status=0):
    """Run make; return the set of files that it said it made."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("MAKE", "MFLAGS", "DESTDIR"))}
    done = subprocess.run(["make", *words], cwd=tree, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=120)
    assert done.returncode == status, done.stdout
    return {made.removeprefix("build/")
            for made in re.findall(r"^  [A-Z]+ +(\S+)$", done.stdout, re.M)}


def touch(path):
    """Make `path` newer than anything that was built, without waiting."""
    newest = max(file.stat().st_mtime_ns
                 for file in path.parents[1].rglob("*") if file.is_file())
    os.utime(path, ns=(newest + 1_000_000, newest + 1_000_000))


def test_nothing_to_do(tree):
    assert make(tree, "tests") == set()


def test_header_of_the_loader(tree):
    touch(tree / "loader/decide.h")
    assert make(tree, "tests") == {
        "loader/decide.o", "loader/main.o", "twinpathd",
        "selftests/test_decide.o", "selftests/test_decide",
        "asan/loader/decide.o", "asan/selftests/test_decide.o",
        "asan/selftests/test_decide"}
    assert make(tree, "tests") == set()


def test_header_of_the_programs(tree):
    touch(tree / "bpf/limit.h")
    assert make(tree, "tests") == {
        "bpf/twinpath.bpf.o", "twinpath.bpf.o", "twinpath.skel.h",
        "loader/main.o", "twinpathd",
        "selftests/test_packet.o", "selftests/test_packet"}
    assert make(tree, "tests") == set()


def test_header_that_went_away(tree):
    (tree / "loader/old.h").write_text("\n")
    main = tree / "loader/main.c"
    text = main.read_text()
    main.write_text('#include "old.h"\n' + text)
    make(tree)
    (tree / "loader/old.h").unlink()
    main.write_text(text)
    touch(main)
    assert make(tree) == {"loader/main.o", "twinpathd"}


def test_other_flags(tree):
    assert "loader/log.o" in make(tree, "CFLAGS=-O1")
    assert make(tree, "CFLAGS=-O1") == set()
    assert "loader/log.o" in make(tree, "tests")
    assert make(tree, "tests") == set()


def test_warnings_are_errors(tree):
    for name in ("loader/log.c", "bpf/twinpath.bpf.c"):
        text = (tree / name).read_text()
        (tree / name).write_text(text + "static int unused;\n")
        touch(tree / name)
        make(tree, status=2)
        (tree / name).write_text(text)
        touch(tree / name)
        make(tree, "tests")


def test_another_build_directory(tree, tmp_path):
    before = sorted((tree / "build").rglob("*"))
    make(tree, f"O={tmp_path}/out", "-j2")
    assert (tmp_path / "out/twinpathd").exists()
    (tmp_path / "out/mine").write_text("not twinpath's\n")
    make(tree, f"O={tmp_path}/out", "clean")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]
    assert sorted((tree / "build").rglob("*")) == before


def test_install_and_uninstall(tree, tmp_path):
    where = [f"DESTDIR={tmp_path}/root", "PREFIX=/usr"]
    make(tree, "install", *where)
    root = tmp_path / "root"
    for name in ("usr/sbin/twinpathd", "usr/sbin/twinpath",
                 "usr/share/man/man8/twinpath.8",
                 "usr/share/man/man5/twinpath.conf.5",
                 "usr/share/bash-completion/completions/twinpath",
                 "usr/lib/sysusers.d/twinpath.conf",
                 "usr/share/doc/twinpath/examples/gw-a.conf",
                 "etc/iproute2/rt_protos.d/twinpath.conf",
                 "etc/dhcp/dhclient-enter-hooks.d/twinpath",
                 "etc/dhcp/dhclient-exit-hooks.d/twinpath"):
        assert (root / name).is_file(), name
    unit = (root / "usr/lib/systemd/system/twinpath@.service").read_text()
    assert "ExecStart=/usr/sbin/twinpathd " in unit
    assert " /etc/twinpath/%i.conf" in unit and "@PREFIX@" not in unit
    (root / "etc/twinpath/default.conf").write_text("the user's\n")
    make(tree, "uninstall", *where)
    assert [path.name for path in root.rglob("*") if path.is_file()] == [
        "default.conf"]


def run_toy(tree, script):
    """The runner's last line and status, with `script` as test_decide."""
    binary = tree / "fake/selftests/test_decide"
    for path in (binary, tree / "fake/asan/selftests/test_decide"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
    runner = (tree / "selftests/run").read_text()
    for name in ("TIMEOUT_C", "GRACE"):
        runner = re.sub(rf"^{name} = \d+", f"{name} = 1", runner, flags=re.M)
    (tree / "selftests/run-fast").write_text(runner)
    done = subprocess.run(
        ["/usr/bin/python3", "selftests/run-fast", "--build", "fake",
         "decide"], cwd=tree, stdout=subprocess.PIPE, text=True, timeout=60)
    return done.stdout.splitlines()[-1], done.returncode


@pytest.mark.parametrize("script, last, status", [
    ("echo 1..2; echo ok 1 - a; echo ok 2 - b", "4 passed, 0 failed", 0),
    ("echo 1..2; echo ok 1 - a; echo not ok 2 - b; exit 1",
     "2 passed, 2 failed", 1),
    ("echo 1..2; echo ok 1 - a; echo 'not ok 2 # SKIP b'",
     "2 passed, 0 failed", 0),
    ("echo 1..2; echo ok 1 - a; kill -9 $$", "2 passed, 2 failed", 1),
    ("echo 1..2; echo ok 1 - a", "2 passed, 2 failed", 1),
    ("echo 1..1; echo ok 1 - a; exit 3", "2 passed, 2 failed", 1),
    ("echo 1..1; sleep 60", "0 passed, 2 failed", 1),
    ("true", "0 passed, 2 failed", 1),
], ids=["passes", "fails", "skips", "crashes", "stops-early", "lies",
        "hangs", "says-nothing"])
def test_runner(tree, script, last, status):
    assert run_toy(tree, script) == (last, status)


def test_runner_with_nothing_to_run(tree):
    done = subprocess.run(["/usr/bin/python3", "selftests/run", "no-such"],
                          cwd=tree, stdout=subprocess.PIPE, text=True)
    assert done.stdout.splitlines()[-1] == "0 passed, 0 failed"
    assert done.returncode == 1

# SPDX-License-Identifier: GPL-2.0-or-later
"""The files in examples/ and systemd/, read by the programs they are for.

Each parser is first shown a broken copy: a check that accepts anything would
prove nothing.
"""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
BUILD = Path(os.environ.get("TWINPATH_BUILD", ROOT / "build"))

PARSERS = {
    "frr.conf.*": ["vtysh", "-C", "-f"],
    "keepalived.conf.*": ["keepalived", "--config-test", "--use-file"],
    "bird.conf": ["bird", "-p", "-c"],
    "dhclient-*": ["sh", "-n"],
    "gw-*.conf": [str(BUILD / "twinpath"), "check"],
    "levels-gw-*.conf": [str(BUILD / "twinpath"), "check"],
    "two-uplinks.conf": [str(BUILD / "twinpath"), "check"],
}
# A word of the file, and what no parser can take for it.
BREAK = {
    "frr.conf.*": ("match ip address", "match ip colour"),
    "keepalived.conf.*": ("priority", "prioritee"),
    "bird.conf": ("protocol kernel", "protocol colonel"),
    "dhclient-*": ("; then", ""),
    "gw-*.conf": ("next-hop", "next-hope"),
    "levels-gw-*.conf": ("fallback", "fallbeck"),
    "two-uplinks.conf": ("next-hop", "next-hope"),
}


def parse(command, path):
    return subprocess.run(command + [str(path)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=30)


def files():
    for pattern in PARSERS:
        for path in sorted(EXAMPLES.glob(pattern)):
            yield pytest.param(pattern, path, id=path.name)


@pytest.mark.parametrize("pattern", PARSERS)
def test_there_is_an_example(pattern):
    assert list(EXAMPLES.glob(pattern))


@pytest.mark.parametrize("pattern, path", files())
def test_its_program_accepts_it(pattern, path, tmp_path):
    copy = tmp_path / path.name
    shutil.copyfile(path, copy)
    done = parse(PARSERS[pattern], copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("pattern, path", files())
def test_its_program_refuses_a_broken_copy(pattern, path, tmp_path):
    text = path.read_text()
    good, bad = BREAK[pattern]
    assert good in text
    copy = tmp_path / path.name
    copy.write_text(text.replace(good, bad))
    assert parse(PARSERS[pattern], copy).returncode != 0


def test_frr_never_touches_forwarding():
    """zebra would write the sysctl that twinpathd owns, at every start."""
    for path in EXAMPLES.glob("frr.conf.*"):
        assert not re.search(r"^\s*(no )?ip forwarding", path.read_text(), re.M)


def test_the_gateways_differ_where_they_must():
    def only(name, expression):
        found = [re.findall(expression, path.read_text(), re.M)
                 for path in sorted(EXAMPLES.glob(name))]
        assert len(found) == 2 and len(found[0]) == len(found[1]) == 1
        return found[0][0], found[1][0]

    cost_a, cost_b = only("frr.conf.*", r"originate metric (\d+)$")
    assert int(cost_a) < int(cost_b)
    router_a, router_b = only("frr.conf.*", r"ospf router-id (\S+)$")
    assert router_a != router_b
    weight_a, weight_b = only("keepalived.conf.*", r"^\s*priority (\d+)$")
    # The lowest weight that twinpathd gives is 10: the base must not be able
    # to outvote a step of it.
    assert 0 < int(weight_a) - int(weight_b) <= 10
    group_a, group_b = only("keepalived.conf.*", r"virtual_router_id (\d+)$")
    assert group_a == group_b


def test_protocol_number_is_the_daemons():
    model = (ROOT / "loader/model.h").read_text()
    number = re.search(r"#define MODEL_RTPROT (\d+)", model)[1]
    names = (EXAMPLES / "rt_protos.d-twinpath.conf").read_text()
    assert re.findall(r"^(\d+)\s+(\w+)$", names, re.M) == [(number, "twinpath")]
    assert f"krt_source != {number}" in (EXAMPLES / "bird.conf").read_text()


def unit_text():
    text = (ROOT / "systemd/twinpath@.service").read_text()
    return (text.replace("@PREFIX@/sbin/twinpathd", "/bin/true")
            .replace("@PREFIX@/sbin/twinpath", "/bin/true")
            .replace("@SYSCONFDIR@", "/etc")
            .replace("Documentation=", "# Documentation="))


@pytest.mark.skipif(not shutil.which("systemd-analyze"),
                    reason="no systemd-analyze here")
def test_systemd_accepts_the_unit(tmp_path):
    unit = tmp_path / "twinpath@test.service"
    unit.write_text(unit_text())
    done = parse(["systemd-analyze", "verify"], unit)
    assert (done.returncode, done.stdout) == (0, "")
    unit.write_text(unit_text().replace("Restart=", "Restarts="))
    assert parse(["systemd-analyze", "verify"], unit).stdout


@pytest.mark.skipif(not shutil.which("systemd-sysusers"),
                    reason="no systemd-sysusers here")
def test_systemd_accepts_the_group():
    done = parse(["systemd-sysusers", "--dry-run"],
                 ROOT / "systemd/twinpath.sysusers")
    assert done.returncode == 0, done.stdout

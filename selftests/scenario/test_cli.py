# SPDX-License-Identifier: GPL-2.0-or-later
"""The command twinpath: how it reads its line and finds its instance, what it
says when something is not there, and its exit status.
"""
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from cli_place import BUILD, Outcome, daemon, failed, place, twinpath  # noqa: F401

# ---- the line ---------------------------------------------------------------

def test_usage_names_every_command(twinpath):
    outcome = twinpath("help")
    assert outcome.status == 0 and outcome.err == ""
    for command in ("status", "watch", "events",
                    "explain SRC DST [PROTO [PORTS]]", "simulate down UPLINK",
                    "doctor", "flip TO", "drain UPLINK", "undrain", "sessions",
                    "bindings", "routes", "reasons", "hosts", "pressure",
                    "check FILE", "genkey", "reload", "detach", "help",
                    "version"):
        assert f"\n  {command}" in outcome.out
    assert twinpath("--help").out == outcome.out
    nothing = twinpath()
    assert nothing.status == 2 and nothing.err == outcome.out


def test_version(twinpath):
    outcome = twinpath("version")
    assert outcome.status == 0
    word, version = outcome.out.split()
    assert word == "twinpath"
    assert twinpath("--version").out == outcome.out
    assert twinpath("version", "--json").json == {"version": version}


@pytest.mark.parametrize("words, parts", [
    (["stauts"], ['unknown command "stauts"', 'perhaps "status"']),
    (["flipp", "auto"], ['perhaps "flip"']),
    (["x" * 5000], ["unknown command"]),
    (["flip"], ["flip needs TO"]),
    (["check"], ["check needs FILE"]),
    (["drain"], ["drain needs UPLINK"]),
    (["explain", "192.168.0.10"], ["explain needs SRC DST [PROTO [PORTS]]"]),
    (["explain", "a", "b", "tcp", "1", "x"], ['explain: "x" is too much']),
    (["undrain", "isp-a"], ['undrain: "isp-a" is too much']),
    (["flip", "isp-a", "--wait"], ["flip takes no --wait"]),
    (["status", "--force"], ["status takes no --force"]),
    (["flip", "isp-a", "--for"], ["--for needs DURATION"]),
    (["status", "now"], ['status: "now" is too much']),
    (["flip", "a", "b"], ['"b" is too much']),
    (["status", "--follow"], ["status takes no --follow"]),
    (["status", "--count"], ["status takes no --count"]),
    (["reasons", "--count", "--all"], ["reasons takes no --count"]),
    (["--colour", "status"], ["unknown option --colour"]),
    (["-q", "status"], ["unknown option -q"]),
    (["--json=1", "status"], ["--json takes no value"]),
    (["status", "--instance"], ["--instance needs NAME"]),
])
def test_misuse(twinpath, words, parts):
    assert failed(twinpath(*words), *parts, status=2)


def test_a_wild_guess_is_no_suggestion(twinpath):
    assert "perhaps" not in twinpath("xyzzy").err
    assert "perhaps" not in twinpath("ab").err


# ---- which instance ---------------------------------------------------------

@pytest.mark.parametrize("name", ["a.b", "-a", "GW", "", "a/b", "a" * 32])
def test_names_that_cannot_be(twinpath, name):
    assert failed(twinpath("--instance", name, "status"), "no instance name")


def test_without_any_instance_it_is_default(twinpath, place):
    assert failed(twinpath("status"),
                  "twinpathd (instance default) is not running",
                  f"no one listens on {place}/run/default/control",
                  "forwarding goes on", "systemctl start twinpath@default")


def test_the_only_instance_is_meant(twinpath, place):
    (place / "pins" / "gw-b").mkdir()
    (place / "pins" / "gw-b" / "layout").touch()
    (place / "run" / "empty").mkdir()  # a daemon that never came to listen
    assert failed(twinpath("status"), "(instance gw-b) is not running")


def test_between_several_there_is_no_guess(twinpath, place, daemon):
    (place / "pins" / "gw-b").mkdir()
    (place / "pins" / "gw-b" / "layout").touch()
    outcome = twinpath("flip", "auto")
    assert failed(outcome, "gw-a", "gw-b", "--instance NAME")
    assert daemon.asked == []
    assert failed(twinpath("status", "--instance", "gw-b"), "instance gw-b")


# ---- permissions ------------------------------------------------------------

def test_permission_denied():
    """As nobody, in a directory that nobody can enter."""
    if os.geteuid() != 0:
        pytest.skip("giving up root needs root")
    with tempfile.TemporaryDirectory() as name, \
            socket.socket(socket.AF_UNIX) as listener:
        place = Path(name)
        place.chmod(0o755)
        shutil.copy(BUILD / "twinpath", place)
        (place / "gw-a").mkdir()
        (place / "gw-a" / "sessions").touch(0o600)
        listener.bind(str(place / "gw-a" / "control"))
        (place / "gw-a" / "control").chmod(0o600)
        listener.listen()
        for command, part in (("sessions", "this needs root"),
                              ("status", "member of the group twinpath")):
            done = subprocess.run(
                [place / "twinpath", "--run", name, "--bpffs", name, command],
                capture_output=True, text=True, timeout=30,
                user=65534, group=65534, extra_groups=[])
            assert failed(Outcome(done.returncode, done.stdout, done.stderr),
                          "permission denied", part)


# ---- check ----------------------------------------------------------------------

GOOD = """\
lan = { eth0 }
uplink isp-a {
    interface = eth1
    next-hop = 172.16.1.2
    level = 1
}
"""


def test_check(twinpath, place):
    path = place / "gw.conf"
    path.write_text(GOOD)
    outcome = twinpath("check", str(path))
    assert outcome.status == 0
    assert "isp-a" in outcome.out
    assert twinpath("check", "--json", str(path)).json["ok"] is True


def test_check_of_a_wrong_file(twinpath, place):
    path = place / "gw.conf"
    path.write_text(GOOD.replace("level", "levle"))
    outcome = twinpath("check", str(path))
    assert outcome.status == 1 and outcome.out == ""
    assert f"{path}:5: error: " in outcome.err
    outcome = twinpath("--json", "check", str(path))
    assert outcome.status == 1 and outcome.json["ok"] is False
    outcome = twinpath("check", str(place / "none.conf"))
    assert outcome.status == 1 and "none.conf" in outcome.err


# ---- genkey -----------------------------------------------------------------

def test_genkey(twinpath):
    keys = [twinpath("genkey") for _ in range(4)]
    for outcome in keys:
        assert outcome.status == 0 and outcome.err == ""
        assert len(outcome.out) == 65 and outcome.out.endswith("\n")
        assert set(outcome.out[:-1]) <= set("0123456789abcdef")
    assert len({outcome.out for outcome in keys}) == len(keys)
    assert len(twinpath("genkey", "--json").json["key"]) == 64


@pytest.mark.parametrize("mode, warned", [(0o600, False), (0o640, True),
                                          (0o604, True)])
def test_genkey_into_a_file(place, mode, warned):
    path = place / "partner.key"
    path.touch()
    path.chmod(mode)
    with path.open("w") as out:
        done = subprocess.run([BUILD / "twinpath", "genkey"], stdout=out,
                              stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 0 and len(path.read_text()) == 65
    assert bool(done.stderr) == warned
    assert ("umask 077" in done.stderr) == warned

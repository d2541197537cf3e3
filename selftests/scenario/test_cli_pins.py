# SPDX-License-Identifier: GPL-2.0-or-later
"""The command twinpath: "sessions" and "bindings", whose iterators are plain files
here.
"""
import subprocess

import pytest

from cli_place import BUILD, failed, place, twinpath  # noqa: F401

SESSIONS = """\
# proto inside external remote exit state idle left
tcp 192.168.0.10:5000 172.16.1.1:5000 172.29.0.80:80 isp-a established 12 7428
udp 192.168.0.10:53 172.16.1.1:1053 172.29.0.53:53 isp-a - 0 300
icmp 192.168.1.7:77 172.17.3.1:77 172.29.0.1:0 isp-b - 3 57
"""


@pytest.fixture
def pins(place):
    pins = place / "pins" / "gw-a"
    pins.mkdir()
    (pins / "layout").touch()
    (pins / "sessions").write_text(SESSIONS)
    return pins


def test_sessions(twinpath, pins):
    outcome = twinpath("sessions")
    assert outcome.status == 0 and outcome.err == ""
    assert [line.split() for line in outcome.lines] == [
        line.lstrip("# ").split() for line in SESSIONS.splitlines()]
    column = outcome.lines[0].index("remote")
    assert [line[column:].split()[0] for line in outcome.lines[1:]] == [
        "172.29.0.80:80", "172.29.0.53:53", "172.29.0.1:0"]
    assert len({len(line) for line in outcome.lines}) == 1


def test_sessions_json(twinpath, pins):
    rows = twinpath("sessions", "--json").json
    assert len(rows) == 3
    assert rows[0] == {
        "proto": "tcp", "inside": "192.168.0.10:5000",
        "external": "172.16.1.1:5000", "remote": "172.29.0.80:80",
        "exit": "isp-a", "state": "established", "idle": 12, "left": 7428}
    assert rows[1]["state"] is None


@pytest.mark.parametrize("words, count", [
    ([], 3),
    (["--inside", "192.168.0.10"], 2),
    (["--inside", "192.168.1.0/24"], 1),
    (["--inside", "192.168.0.1"], 0),
    (["--exit", "isp-b"], 1),
    (["--exit", "isp"], 0),
    (["--exit", "isp-a", "--inside", "192.168.1.7"], 0),
])
def test_sessions_filters(twinpath, pins, words, count):
    assert len(twinpath("sessions", "--json", *words).json) == count
    assert twinpath("sessions", "--count", *words).out == f"{count}\n"
    assert twinpath("sessions", "--json", "--count", *words).json == {
        "count": count}
    lines = twinpath("sessions", *words).lines
    assert len(lines) == (count + 1 if count else 1)


def test_bindings_have_columns_of_their_own(twinpath, pins):
    (pins / "bindings").write_text("# proto external made\ntcp [2001::1]:5 9\n")
    assert twinpath("bindings", "--json").json == [
        {"proto": "tcp", "external": "[2001::1]:5", "made": 9}]
    assert failed(twinpath("bindings", "--exit", "isp-a"), "form")


def test_an_ipv6_endpoint_is_filtered_too(twinpath, pins):
    (pins / "sessions").write_text(
        "# inside exit\n[2001:db8::1]:80 a\n10.0.0.1:80 a\n")
    assert twinpath("sessions", "--count",
                    "--inside", "10.0.0.1").out == "1\n"


@pytest.mark.parametrize("text", ["tcp 1 2\n", "# a b\n1 2 3\n", "# a b\n1\n",
                                  "#\n", "# " + "x " * 21 + "\n"])
def test_a_table_in_another_form(twinpath, pins, text):
    (pins / "sessions").write_text(text)
    outcome = twinpath("sessions", "--count")
    assert failed(outcome, "not in a form")


def test_no_sessions(twinpath, pins):
    for text in ("", SESSIONS.splitlines()[0] + "\n"):
        (pins / "sessions").write_text(text)
        assert twinpath("sessions").out == "no sessions\n"
        assert twinpath("sessions", "--json").json == []
        assert twinpath("sessions", "--count").out == "0\n"


@pytest.mark.parametrize("prefix", ["foo", "10.0.0.0/33", "10.0.0.1/8", ""])
def test_bad_filters(twinpath, pins, prefix):
    assert failed(twinpath("sessions", "--inside", prefix), "--inside")


def test_missing_pins(twinpath, pins):
    for command in ("sessions", "bindings", "routes", "reasons", "hosts",
                    "pressure"):
        assert failed(twinpath("--instance", "gw-x", command),
                      "twinpathd never attached here for instance gw-x")
    (pins / "sessions").unlink()
    assert failed(twinpath("sessions"), "sessions is missing")


def test_the_output_must_be_written(pins, place):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [BUILD / "twinpath", "--bpffs", place / "pins", "--run",
             place / "run", "sessions"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1
    assert "cannot write" in done.stderr

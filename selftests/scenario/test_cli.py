# SPDX-License-Identifier: GPL-2.0-or-later
"""The command twinpath: what it prints, what it says when something is not
there, and its exit status.

No daemon runs here.  The socket is answered by a thread, the iterators are
plain files, and the maps are made with libbpf in a bpffs of our own, in a mount
namespace of this process: it leaves nothing behind.
"""
import ctypes
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

BUILD = Path(os.environ.get("TWINPATH_BUILD", "build")).resolve()
CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
HASH, ARRAY, PERCPU_ARRAY, LPM_TRIE = 1, 2, 6, 11
BPF_F_NO_PREALLOC = 1


class Outcome:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def place(tmp_path):
    """Where the instances are: `run` and `pins`."""
    for name in ("run", "pins"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def twinpath(place):
    def run(*words):
        done = subprocess.run(
            [BUILD / "twinpath", "--run", place / "run",
             "--bpffs", place / "pins", *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=30)
        assert "\x1b" not in done.stdout + done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)
    return run


class Daemon:
    """Answers each connection with one line, and keeps what it was asked."""

    def __init__(self, path):
        self.asked = []
        self.answer = {"ok": True}
        path.parent.mkdir(exist_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, client.makefile() as lines:
                self.asked.append(json.loads(lines.readline()))
                answer = self.answer
                if callable(answer):
                    answer = answer(self.asked[-1])
                if not isinstance(answer, bytes):
                    answer = json.dumps(answer).encode() + b"\n"
                client.sendall(answer)

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()


@pytest.fixture
def daemon(place):
    daemon = Daemon(place / "run" / "gw-a" / "control")
    yield daemon
    daemon.stop()


def failed(outcome, *parts, status=1):
    """One line on stderr that has all these parts, nothing on stdout."""
    assert outcome.status == status
    assert outcome.out == ""
    assert outcome.err.startswith("twinpath: ")
    assert outcome.err.count("\n") == 1 and outcome.err.endswith("\n")
    for part in parts:
        assert part in outcome.err
    return True


# ---- the line ---------------------------------------------------------------

def test_usage_names_every_command(twinpath):
    outcome = twinpath("help")
    assert outcome.status == 0 and outcome.err == ""
    for command in ("status", "watch", "events", "explain SRC DST [PROTO [PORTS]]", "simulate down UPLINK", "doctor", "flip TO", "drain UPLINK", "undrain", "sessions", "bindings", "routes",
                    "reasons", "hosts", "pressure", "check FILE", "genkey", "reload", "detach", "help", "version"):
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


# ---- the socket ------------------------------------------------------------

STATUS = {
    "instance": "gw-a", "version": "9.9", "ready": True, "mode": "xdp",
    "selector": "isp-a", "reason": "isp-a has level 1", "event": 7,
    "degraded": False,
    "intent": {"kind": "auto", "uplink": None, "since_s": 0.0,
               "left_s": None, "drain_s": None, "force": False},
    "last_switch": {"event": 7, "from": "partner", "to": "isp-a",
                    "reason": "isp-a is back", "ago_s": 65.25},
    "uplinks": [{
        "name": "isp-a", "interface": "eth1", "exit": 1, "level": 1,
        "state": "up", "address": "172.16.1.1", "next_hop": "172.16.1.2",
        "next_hop_mac": "02:00:00:00:00:02", "carrier": True,
        "sessions": 42, "tcp_sessions": 40, "bindings": 7, "metered": False,
        "failback": "sticky", "cut_in_s": None, "cut": False,
        "home_in_s": None, "waits_s": None,
        "tracks": [
            {"name": "eth1", "kind": "interface", "target": None,
             "state": "up", "raw": "up", "changes": 1, "since_s": 3600.5,
             "pending_s": None, "sent": 0, "answered": 0, "late": 0,
             "lost": 0, "rtt_ms": None, "probe": None},
            {"name": "core", "kind": "icmp", "target": "172.29.0.1",
             "state": "up", "raw": "down", "changes": 3, "since_s": 60.0,
             "pending_s": 4.0, "sent": 10, "answered": 8, "late": 1,
             "lost": 1, "rtt_ms": 1.25, "probe": {
                 "window": 20, "probes": 10, "loss_percent": 20.0,
                 "rtt_ms": 1.5, "jitter_ms": 0.25, "slow": 0,
                 "duplicates": 0, "foreign": 0, "excused": 0,
                 "armed": "armed"}},
        ]}],
    "partner": {"type": "router", "address": "192.168.0.4",
                "interface": "eth0", "mac": None, "reachable": False,
                "marker": True, "offers_default": False},
    "announce": {"uplink": "isp-a", "metric": 0}, "last_resort": None,
    "marker": True, "vrrp": 50, "uptime_s": 7260.0,
}


def words_of(outcome, *first):
    """The words of the one line that begins with these."""
    found = [line.split() for line in outcome.lines
             if line.split()[:len(first)] == list(first)]
    assert len(found) == 1
    return found[0]


def test_status_fits_a_screen(twinpath, daemon):
    daemon.answer = {"ok": True, "status": STATUS}
    outcome = twinpath("status")
    assert outcome.status == 0 and outcome.err == ""
    assert daemon.asked == [{"command": "status"}]
    assert len(outcome.lines) < 24
    assert max(map(len, outcome.lines)) < 120
    assert all(line == line.rstrip() for line in outcome.lines)
    assert "up for 2h1m" in outcome.lines[0]
    assert "NOT READY" not in outcome.out
    assert outcome.lines[1] == \
        "new sessions leave by isp-a: isp-a has level 1 (event 7)"
    assert "partner -> isp-a, 1m5s ago" in outcome.out
    assert words_of(outcome, "isp-a", "eth1", "1")[3:] == [
        "1", "up", "yes", "172.16.1.1", "172.16.1.2", "02:00:00:00:00:02"]
    assert words_of(outcome, "isp-a", "eth1", "interface")[3:] == [
        "-", "up", "1h", "1", "0", "0", "0", "0", "-", "-", "-"]
    assert words_of(outcome, "isp-a", "42") == [
        "isp-a", "42", "40", "7", "sticky", "stay"]
    core = words_of(outcome, "isp-a", "core")
    assert core[2:8] == ["icmp", "172.29.0.1", "up,", "down", "in", "4s"]
    assert core[-3:] == ["20.0", "1.5", "0.25"]
    assert "192.168.0.4 (router) by eth0, MAC not known yet, marker seen, " \
           "default not offered" in outcome.out
    assert "default by isp-a, metric 0; marker yes; VRRP weight 50" \
        in outcome.out


def test_status_of_nothing(twinpath, daemon):
    daemon.answer = {"ok": True, "status": dict(
        STATUS, selector=None, partner=None, last_switch=None, ready=False,
        intent={"kind": "uplink", "uplink": "isp-b", "since_s": 30.0},
        announce={"uplink": None, "metric": 0})}
    outcome = twinpath("status")
    assert outcome.status == 0
    assert "NOT READY" in outcome.lines[0]
    assert outcome.lines[1].startswith("new sessions leave by none: ")
    assert "wish: isp-b, for 30s" in outcome.out
    assert "partner: none" in outcome.out
    assert "announced: no default" in outcome.out
    assert "last switch" not in outcome.out


@pytest.mark.parametrize("words", [("--json", "status"), ("status", "--json")])
def test_status_json(twinpath, daemon, words):
    daemon.answer = {"ok": True, "status": STATUS}
    outcome = twinpath(*words)
    assert outcome.status == 0
    assert outcome.json == STATUS


def test_flip(twinpath, daemon):
    daemon.answer = {"ok": True, "selector": "partner", "event": 8,
                     "reason": "the operator wants partner"}
    outcome = twinpath("flip", "partner")
    assert outcome.status == 0
    assert daemon.asked == [{"command": "flip", "to": "partner"}]
    assert outcome.out == "new sessions leave by partner: " \
                          "the operator wants partner (event 8)\n"
    assert twinpath("flip", "partner", "--json").json == daemon.answer


@pytest.mark.parametrize("fields, words", [
    ({"cut_in_s": 31.2}, "drain cut in 31s"),
    ({"cut": True}, "drain cut"),
    ({"home_in_s": 1800.0}, "drain UDP and ICMP move in 30m"),
    ({"waits_s": 7.2}, "drain wait for it, 7s"),
    ({"sessions": None}, "isp-a - 40"),
])
def test_status_says_what_becomes_of_sessions(twinpath, daemon, fields, words):
    changed = dict(STATUS["uplinks"][0], failback="drain", **fields)
    daemon.answer = {"ok": True, "status": dict(STATUS, uplinks=[changed])}
    outcome = twinpath("status")
    assert words in " ".join(outcome.out.split())


@pytest.mark.parametrize("intent, text", [
    ({"kind": "drain", "uplink": "isp-a", "since_s": 5.0},
     "wish: drain isp-a, for 5s (twinpath"),
    ({"kind": "partner", "uplink": None, "since_s": 5.0, "left_s": 60.0},
     "wish: partner, for 5s, 1m left (twinpath"),
    ({"kind": "uplink", "uplink": "isp-b", "since_s": 5.0, "force": True},
     "wish: isp-b, by force, for 5s (twinpath"),
])
def test_status_says_what_is_wished(twinpath, daemon, intent, text):
    daemon.answer = {"ok": True, "status": dict(STATUS, intent=intent)}
    assert text in twinpath("status").out


def test_status_is_loud_when_forced(twinpath, daemon):
    daemon.answer = {"ok": True, "status": dict(STATUS, degraded=True)}
    assert twinpath("status").lines[1].startswith("DEGRADED: new sessions")


@pytest.mark.parametrize("command", ["flip", "drain"])
def test_wishes_have_options(twinpath, daemon, command):
    daemon.answer = {"ok": True, "selector": "isp-b", "event": 8,
                     "reason": "the operator asked for isp-b",
                     "degraded": False}
    outcome = twinpath(command, "isp-b", "--for", "2h", "--drain", "1m30s",
                       "--force")
    assert outcome.status == 0
    assert daemon.asked == [{"command": command, "to": "isp-b", "force": True,
                             "for_ms": 7200000, "drain_ms": 90000}]
    assert twinpath(command, "isp-b", "--json").json == daemon.answer


@pytest.mark.parametrize("words, part", [
    (["--for", "5"], "--for: '5' is no duration"),
    (["--for", "0s"], "--for: '0s' is no duration"),
    (["--drain", "999ms"], "--drain: '999ms' is no duration"),
    (["--drain", "10 m"], "--drain: '10 m' is no duration"),
    (["--for", "9000h"], "--for: '9000h' is no duration"),
])
def test_durations_that_are_none(twinpath, daemon, words, part):
    assert failed(twinpath("flip", "isp-b", *words), part, status=2)
    assert daemon.asked == []


def test_a_forced_flip_is_loud(twinpath, daemon):
    daemon.answer = {"ok": True, "selector": "isp-b", "event": 8,
                     "reason": "by force", "degraded": True}
    assert "DEGRADED" in twinpath("flip", "isp-b", "--force").out


def test_undrain_is_flip_auto(twinpath, daemon):
    daemon.answer = {"ok": True, "selector": "isp-a", "event": 8,
                     "reason": "isp-a has level 1", "degraded": False}
    assert twinpath("undrain").status == 0
    assert daemon.asked == [{"command": "flip", "to": "auto"}]


class Draining:
    """What a daemon answers while isp-a drains, one look after the other."""

    def __init__(self, *looks):
        self.looks = list(looks)

    def __call__(self, asked):
        if asked["command"] == "drain":
            return {"ok": True, "selector": "partner", "event": 8,
                    "reason": "isp-a: the operator drains it",
                    "degraded": False}
        look = dict(self.looks.pop(0))
        intent = look.pop("intent", {"kind": "drain", "uplink": "isp-a",
                                     "since_s": 1.0})
        selector = look.pop("selector", "partner")
        uplink = dict(STATUS["uplinks"][0], state="drain")
        uplink.update(look)
        return {"ok": True, "status": dict(
            STATUS, selector=selector, intent=intent, uplinks=[uplink])}


@pytest.mark.parametrize("last, because", [
    ({"sessions": 0}, "no session is left there"),
    ({"sessions": 3, "cut": True}, "the time of its sessions is over"),
    ({"sessions": 3, "state": "dead"}, "it is dead"),
])
def test_drain_waits_until_it_is_safe(twinpath, daemon, last, because):
    daemon.answer = Draining({"sessions": 42, "cut_in_s": 2.0},
                             {"sessions": 0, "selector": "isp-a"}, last)
    outcome = twinpath("drain", "isp-a", "--wait")
    assert outcome.status == 0 and outcome.err == ""
    assert outcome.lines[0].startswith("new sessions leave by partner: ")
    assert outcome.lines[1:3] == [
        "isp-a: 42 sessions, cut in 2s",
        "isp-a: 0 sessions, and new ones: nothing else is up"]
    assert outcome.lines[3].startswith("isp-a: safe to unplug: " + because)
    assert len(outcome.lines) == 4


def test_drain_waits_in_json(twinpath, daemon):
    daemon.answer = Draining({"sessions": 1}, {"sessions": 0})
    assert twinpath("drain", "isp-a", "--wait", "--json").json == {
        "ok": True, "uplink": "isp-a", "sessions": 0, "safe": True}


@pytest.mark.parametrize("intent", [
    {"kind": "auto", "uplink": None, "since_s": 1.0},
    {"kind": "drain", "uplink": "isp-b", "since_s": 1.0},
    {"kind": "uplink", "uplink": "isp-a", "since_s": 1.0},
])
def test_a_drain_that_another_ends(twinpath, daemon, intent):
    daemon.answer = Draining({"sessions": 42}, {"sessions": 0,
                                                "intent": intent})
    outcome = twinpath("drain", "isp-a", "--wait")
    assert outcome.status == 1
    assert "safe" not in outcome.out
    assert "isp-a is not drained any more" in outcome.err


def test_what_cannot_be_counted_is_not_safe(twinpath, daemon):
    daemon.answer = Draining({"sessions": None}, {"sessions": 0})
    outcome = twinpath("drain", "isp-a", "--wait")
    assert outcome.status == 0 and len(outcome.lines) == 3
    assert outcome.lines[1] == "isp-a: an unknown number of sessions"


def test_a_refusal_is_said_and_fails(twinpath, daemon):
    daemon.answer = {"ok": False, "error": 'flip x: there is no uplink "x"'}
    outcome = twinpath("flip", "x")
    assert failed(outcome)
    assert outcome.err == 'twinpath: flip x: there is no uplink "x"\n'


def test_detach(twinpath, daemon):
    outcome = twinpath("detach")
    assert outcome.status == 0
    assert daemon.asked == [{"command": "detach"}]
    assert "has withdrawn" in outcome.out


@pytest.mark.parametrize("answer, part", [
    (b"", "ended before it answered"),
    (b'{"ok":true', "ended before it answered"),
    (b"hello\n", "no JSON"),
    (b"{}\n", "does not say why"),
    (b'{"ok":true}\n', "of another version"),
])
def test_answers_that_make_no_sense(twinpath, daemon, answer, part):
    daemon.answer = answer
    assert failed(twinpath("status"), part)


def test_a_dead_daemon_left_its_socket(twinpath, place):
    path = place / "run" / "gw-a" / "control"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    assert failed(twinpath("status"), "instance gw-a", "is not running")
    assert failed(twinpath("detach"), "twinpathd --detach --instance gw-a")


# ---- sessions and bindings -----------------------------------------------------

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


# ---- maps ----------------------------------------------------------------------

class Maps:
    """Maps of the data plane's layout, pinned where nobody else looks."""

    def __init__(self, directory):
        self.directory = directory
        self.libbpf = ctypes.CDLL("libbpf.so.1", use_errno=True)
        self.cpus = self.libbpf.libbpf_num_possible_cpus()

    def create(self, name, kind, key_size, value_size, entries, flags=0):
        # struct bpf_map_create_opts: its size, BTF fd and three type ids,
        # inner map's fd, flags; what follows stays 0.
        options = struct.pack("=QIIIIII", 64, 0, 0, 0, 0, 0, flags)
        fd = self.libbpf.bpf_map_create(kind, None, key_size, value_size,
                                        entries, options.ljust(64, b"\0"))
        assert fd >= 0, os.strerror(-fd)
        path = str(self.directory / name).encode()
        assert self.libbpf.bpf_obj_pin(fd, path) == 0
        return fd

    def put(self, fd, key, value):
        assert self.libbpf.bpf_map_update_elem(fd, key, value,
                                               ctypes.c_uint64(0)) == 0


@pytest.fixture(scope="module")
def own_mounts():
    """What is mounted from here on is seen by this process alone."""
    if os.geteuid() != 0:
        pytest.skip("making maps needs root")
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(CLONE_NEWNS) == 0
    assert libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0
    return libc


@pytest.fixture
def maps(own_mounts, place):
    target = str(place / "pins").encode()
    assert own_mounts.mount(b"bpf", target, b"bpf", 0, None) == 0
    (place / "pins" / "gw-a").mkdir()
    maps = Maps(place / "pins" / "gw-a")
    maps.create("layout", HASH, 4, 16, 1)
    yield maps
    assert own_mounts.umount2(target, 2) == 0


def route(maps, fd, prefix, length, kind, interface=0, via=None):
    mapped = b"\0" * 10 + b"\xff\xff"
    key = struct.pack("=I16s", 96 + length, mapped + socket.inet_aton(prefix))
    hop = mapped + socket.inet_aton(via) if via else bytes(16)
    maps.put(fd, key, struct.pack("=IBBxx16s", interface, kind,
                                  1 if via else 0, hop))


def test_routes(twinpath, maps):
    fd = maps.create("routes", LPM_TRIE, 20, 24, 64, BPF_F_NO_PREALLOC)
    assert twinpath("routes").out == "no routes\n"
    assert twinpath("routes", "--json").json == []
    loopback = socket.if_nametoindex("lo")
    route(maps, fd, "192.168.0.0", 24, 1, loopback)
    route(maps, fd, "10.1.0.0", 16, 1, 999999, via="192.168.0.9")
    route(maps, fd, "192.168.0.3", 32, 2)
    route(maps, fd, "10.0.0.0", 8, 3)
    outcome = twinpath("routes")
    assert outcome.status == 0
    assert [line.split() for line in outcome.lines] == [
        ["prefix", "kind", "via", "interface"],
        ["10.0.0.0/8", "kernel", "-", "-"],
        ["10.1.0.0/16", "inside", "192.168.0.9", "if999999"],
        ["192.168.0.0/24", "inside", "-", "lo"],
        ["192.168.0.3/32", "local", "-", "-"],
    ]
    rows = twinpath("--json", "routes").json
    assert rows[1] == {"prefix": "10.1.0.0/16", "kind": "inside",
                       "via": "192.168.0.9", "interface": "if999999"}
    assert rows[2] == {"prefix": "192.168.0.0/24", "kind": "inside",
                       "via": None, "interface": "lo"}


def test_many_routes(twinpath, maps):
    fd = maps.create("routes", LPM_TRIE, 20, 24, 2048, BPF_F_NO_PREALLOC)
    for i in range(1500):
        route(maps, fd, f"10.{i >> 8}.{i & 255}.0", 24, 1, 1)
    rows = [row["prefix"] for row in twinpath("--json", "routes").json]
    assert rows == [f"10.{i >> 8}.{i & 255}.0/24" for i in range(1500)]


def test_a_map_of_another_layout(twinpath, maps):
    maps.create("routes", LPM_TRIE, 20, 28, 64, BPF_F_NO_PREALLOC)
    assert failed(twinpath("routes"), "another layout")
    maps.create("reasons", HASH, 4, 8, 64)
    assert failed(twinpath("reasons"), "another layout")


def test_reasons(twinpath, maps, reasons_size):
    fd = maps.create("reasons", PERCPU_ARRAY, 4, reasons_size, 6)
    assert twinpath("reasons").out == "no packets yet\n"
    assert twinpath("reasons", "--json").json == []
    every = twinpath("reasons", "--all", "--json").json
    assert len(every) == 6 * reasons_size // 8
    assert {row["packets"] for row in every} == {0}
    names = [row["reason"] for row in every[:reasons_size // 8]]
    values = bytearray(reasons_size * maps.cpus)
    for cpu in range(maps.cpus):  # another count on each CPU
        struct.pack_into("=Q", values, cpu * reasons_size
                         + 8 * names.index("unsolicited"), 10 ** cpu)
    maps.put(fd, struct.pack("=I", 1), bytes(values))
    total = sum(10 ** cpu for cpu in range(maps.cpus))
    outcome = twinpath("reasons")
    assert [line.split()[:4] for line in outcome.lines] == [
        ["hook", "fate", "reason", "packets"],
        ["xdp_wan", "dropped", "unsolicited", str(total)]]
    assert outcome.lines[1].endswith("from outside, to nothing")
    assert twinpath("reasons", "--json").json == [{
        "hook": "xdp_wan", "reason": "unsolicited", "fate": "dropped",
        "packets": total, "text": "from outside, to nothing"}]
    assert len(twinpath("reasons", "--all").lines) == len(every) + 1


@pytest.fixture
def reasons_size():
    """8 bytes for each REASON(...) in the header."""
    header = (Path(__file__).parents[2] / "include" / "twinpath"
              / "reasons.h").read_text()
    return 8 * header.count("\tREASON(")


BPF_F_MMAPABLE = 1 << 10


def test_hosts(twinpath, maps):
    fd = maps.create("rations", ARRAY, 4, 64, 16384, BPF_F_MMAPABLE)
    outcome = twinpath("hosts")
    assert (outcome.out, outcome.err) == ("no hosts yet\n", "")
    assert twinpath("hosts", "--json").json == []
    held = {"192.168.0.10": (3, 5), "192.168.0.20": (9, 5),
            "10.0.0.1": (1, 40000), "10.0.0.2": (0, 0)}
    for n, (host, (sessions, ports)) in enumerate(held.items()):
        address = b"\0" * 10 + b"\xff\xff" + socket.inet_aton(host)
        line = struct.pack("=Q16s40x", sessions | ports << 24 | 7 << 48,
                           address)
        maps.put(fd, struct.pack("=I", 100 * n), line)
    # One that is being made is nobody's yet.
    maps.put(fd, struct.pack("=I", 5000),
             struct.pack("=Q56x", 1 << 63 | 5))
    assert [line.split() for line in twinpath("hosts").lines] == [
        ["host", "ports", "sessions"], ["10.0.0.1", "40000", "1"],
        ["192.168.0.20", "5", "9"], ["192.168.0.10", "5", "3"]]
    assert twinpath("hosts", "--json").json[0] == {
        "host": "10.0.0.1", "sessions": 1, "ports": 40000}


def test_pressure(twinpath, maps):
    header = (Path(__file__).parents[2] / "include" / "twinpath"
              / "pressure.h").read_text()
    size = 8 * header.count("\tPRESSURE(")
    fd = maps.create("pressure", PERCPU_ARRAY, 4, size, 1)
    values = bytearray(size * maps.cpus)
    for cpu in range(maps.cpus):
        struct.pack_into("=Q", values, cpu * size, 10 ** cpu)
    maps.put(fd, struct.pack("=I", 0), bytes(values))
    total = sum(10 ** cpu for cpu in range(maps.cpus))
    outcome = twinpath("pressure")
    assert [line.split()[:2] for line in outcome.lines[:3]] == [
        ["pressure", "count"], ["ports_ripened", str(total)],
        ["sessions_ripened", "0"]]
    rows = twinpath("pressure", "--json").json
    assert len(rows) == size // 8
    assert rows[0] == {"pressure": "ports_ripened", "count": total,
                       "text": "ports of finished connections freed early"}


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


# ---- events -----------------------------------------------------------------

EVENT = {"serial": 1, "time": "2026-03-01T12:00:00.123+0100", "event": 7,
         "kind": "selector", "what": "selector", "from": "isp-a",
         "to": "partner", "because": "isp-a is dead"}
LINE = "2026-03-01 12:00:00.123  selector: isp-a -> partner, because isp-a is " \
    "dead [event 7]"


def test_events(twinpath, daemon):
    daemon.answer = {"ok": True, "events": [
        EVENT, dict(EVENT, event=None, because="", what="eth1")]}
    outcome = twinpath("events")
    assert outcome.lines == [LINE, "2026-03-01 12:00:00.123  eth1: isp-a -> "
                             "partner"]
    assert daemon.asked == [{"command": "events"}]
    assert twinpath("events", "--json").json == daemon.answer["events"]
    daemon.answer = {"ok": True, "events": []}
    assert twinpath("events").out == ""
    assert twinpath("events", "--json").json == []


def test_events_are_followed_until_the_daemon_ends(twinpath, daemon):
    daemon.answer = "".join(json.dumps(line) + "\n" for line in (
        {"ok": True, "events": [EVENT]}, EVENT)).encode()
    outcome = twinpath("events", "--follow")
    assert (outcome.status, outcome.lines) == (1, [LINE, LINE])
    assert outcome.err == "twinpath: twinpathd has ended\n"
    assert daemon.asked == [{"command": "events", "follow": True}]
    assert [json.loads(line) for line in twinpath(
        "events", "--follow", "--json").lines] == [EVENT, EVENT]
    daemon.answer = {"ok": False, "error": "events: no"}
    assert failed(twinpath("events", "--follow"), "events: no")


# ---- reload -----------------------------------------------------------------

def test_reload(twinpath, daemon):
    daemon.answer = {"ok": True, "file": "/etc/twinpath/gw-a.conf",
                     "warnings": ["/etc/twinpath/gw-a.conf:3: warning: hm"]}
    outcome = twinpath("reload")
    assert outcome.out == "/etc/twinpath/gw-a.conf is in force\n"
    assert outcome.err == "/etc/twinpath/gw-a.conf:3: warning: hm\n"
    assert daemon.asked == [{"command": "reload"}]
    daemon.answer = {"ok": False, "error": "gw-a.conf:3: error: no",
                     "errors": ["gw-a.conf:3: error: no"]}
    assert failed(twinpath("reload"), "gw-a.conf:3: error: no")

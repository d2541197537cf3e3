# SPDX-License-Identifier: GPL-2.0-or-later
"""The command twinpath: what it prints of the daemon's answers, and what it says
of those that make no sense.
"""
import json
import socket

import pytest

from cli_place import STATUS, daemon, failed, place, twinpath, words_of  # noqa: F401


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

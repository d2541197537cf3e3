# SPDX-License-Identifier: GPL-2.0-or-later
"""The command twinpath: "flip", "drain" and "undrain", and when it is safe to
unplug.
"""
import pytest

from cli_place import STATUS, daemon, failed, place, twinpath  # noqa: F401


def test_flip(twinpath, daemon):
    daemon.answer = {"ok": True, "selector": "partner", "event": 8,
                     "reason": "the operator wants partner"}
    outcome = twinpath("flip", "partner")
    assert outcome.status == 0
    assert daemon.asked == [{"command": "flip", "to": "partner"}]
    assert outcome.out == "new sessions leave by partner: " \
                          "the operator wants partner (event 8)\n"
    assert twinpath("flip", "partner", "--json").json == daemon.answer


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

# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the command twinpath is run, for the tests of it: directories for sockets
and pins, and a thread that answers in the daemon's place.

No daemon runs here, and nothing is left behind.  It is no test: the files that
use it import what they name.
"""
import json
import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

BUILD = Path(os.environ.get("TWINPATH_BUILD", "build")).resolve()


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

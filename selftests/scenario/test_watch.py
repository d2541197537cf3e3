# SPDX-License-Identifier: GPL-2.0-or-later
"""twinpath watch, on a pseudo terminal of 80 x 24, and where there is none."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

from cli_place import BUILD, STATUS, Daemon, failed, place, twinpath  # noqa: F401

UPLINK = dict(STATUS["uplinks"][0], name="isp-a", state="up", out_bytes=0,
              in_bytes=0, sessions=42, tcp_sessions=40)


def status(**changes):
    return {"ok": True, "status": dict(STATUS, **changes)}


@pytest.fixture
def daemon(place):  # noqa: F811
    daemon = Daemon(place / "run" / "gw-a" / "control")
    daemon.answer = status()
    yield daemon
    daemon.stop()


class Terminal:
    """What is on it, as a terminal of that size would show it."""

    def __init__(self, place, rows=24, columns=80, term="xterm"):  # noqa: F811
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))
        self.columns, self.text, self.slave = columns, "", slave
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [BUILD / "twinpath", "--run", place / "run", "--bpffs",
             place / "pins", "watch"], stdin=slave, stdout=slave, stderr=slave,
            env=dict(os.environ, TERM=term), start_new_session=True)

    def sees(self, *parts, seconds=8):
        deadline = time.monotonic() + seconds
        while not all(part in self.text for part in parts):
            assert time.monotonic() < deadline, (parts, self.text)
            if select.select([self.master], [], [], 0.1)[0]:
                raw = os.read(self.master, 65536).decode(errors="replace")
                # Where the cursor is put is of no interest; nor is colour.
                self.text += re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|[()][A-Z0-9]|[=>])",
                                    " ", raw)

    def press(self, key):
        os.write(self.master, key.encode())

    def end(self):
        """Its exit status; and the terminal is as it was."""
        result = self.process.wait(10)
        assert termios.tcgetattr(self.slave) == self.before
        os.close(self.master)
        os.close(self.slave)
        return result


def test_a_screen(place, daemon):  # noqa: F811
    daemon.answer = status(uplinks=[UPLINK], last_switch={
        "event": 6, "from": "partner", "to": "isp-a", "ago_s": 61.0,
        "reason": "it is back"})
    terminal = Terminal(place)
    terminal.sees("twinpath gw-a: up for", "q quits", "new sessions leave by",
                  "last switch partner -> isp-a, 1m1s ago (event 6): it is back",
                  "uplink", "loss%", "isp-a", "track", "pending", "partner")
    asked = len(daemon.asked)
    terminal.press("x")  # a look at once
    deadline = time.monotonic() + 5
    while len(daemon.asked) <= asked:
        assert time.monotonic() < deadline
        terminal.sees()
        time.sleep(0.02)
    terminal.press("q")
    assert terminal.end() == 0


def test_rates_and_changes_are_shown(place, daemon):  # noqa: F811
    count = [0]

    def answer(_):
        count[0] += 1
        return status(uplinks=[dict(UPLINK, out_bytes=10 ** 7 * count[0],
                                    state="up" if count[0] < 4 else "dead")])
    daemon.answer = answer
    terminal = Terminal(place)
    terminal.sees("M", "dead", seconds=12)
    terminal.press("q")
    assert terminal.end() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_terminal_as_it_was(place, daemon, number):  # noqa: F811
    terminal = Terminal(place)
    terminal.sees("new sessions leave by")
    terminal.process.send_signal(number)
    assert terminal.end() == 0


def test_a_daemon_that_goes_and_comes(place, daemon):  # noqa: F811
    terminal = Terminal(place)
    terminal.sees("new sessions leave by")
    daemon.answer = b"\n"
    terminal.sees("twinpathd does not answer; forwarding goes on without it")
    terminal.text, daemon.answer = "", status(reason="it is back again")
    terminal.sees("it is back again")
    terminal.press("q")
    assert terminal.end() == 0


def test_a_small_terminal(place, daemon):  # noqa: F811
    terminal = Terminal(place, rows=5, columns=30)
    terminal.sees("the terminal is too small")
    terminal.press("q")
    assert terminal.end() == 0


def test_no_terminal(place, daemon, twinpath):  # noqa: F811
    assert failed(twinpath("watch"), "no terminal that a screen can be drawn",
                  "see twinpath status")
    terminal = Terminal(place, term="dumb")
    terminal.sees("watch: this is no terminal that a screen can be drawn on "
                  "(TERM=dumb): see twinpath status")
    assert terminal.end() == 1

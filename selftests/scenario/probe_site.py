# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of probes share: one gateway with two uplinks, whose probes are
configured anew for each test.
"""
import contextlib

from conftest import ECHO, single_of
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.topology import SERVER, SIDES, TARGET

TIMERS = Timers(delay_up=0.3)
FAST = """icmp core { target = %s  interval = 50ms }
    track = core""" % TARGET
ECHOES = """echo near { interval = 50ms }
    track = near"""


@contextlib.contextmanager
def probed():
    with single_of(timers=TIMERS, probes={"a": ECHOES, "b": FAST}) as made:
        made.up()
        server = Server(made.netns("core"), SERVER, ECHO).begin()
        try:
            yield made
        finally:
            server.stop()


def heal(site):
    for letter in SIDES:
        site.isp(letter).heal()
    site.twinpathd.flip("auto")


def begin(site, a, b=FAST, also=None):
    site.reconfigure(also or {}, {"a": a, "b": b})
    for letter in SIDES:
        # The uplink is what it was before the new daemon: ask its track.
        wait_for("isp-%s is up" % letter, lambda: site.uplink(letter)[
            "tracks"][1]["state"] == "up", 15, 0.02)
    selects(site, "isp-a")


def armed(site, state="armed"):
    wait_for("near is " + state, lambda: track(
        site, "near")["probe"]["armed"] == state, 10, 0.02)


def selects(site, name, seconds=10):
    wait_for("new sessions go by " + name,
             lambda: site.twinpathd.selector() == name, seconds, 0.02)


def track(site, name, letter="a"):
    return next(track for track in site.uplink(letter)["tracks"]
                if track["name"] == name)


def turns(site, name, state, seconds=5, letter="a"):
    return wait_for("%s of isp-%s is %s" % (name, letter, state),
                    lambda: track(site, name, letter)["state"] == state,
                    seconds, 0.02)

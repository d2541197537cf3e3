# SPDX-License-Identifier: GPL-2.0-or-later
"""Two gateways boot, in either order, and one of them into a live site; and two
daemons stand still.
"""
import itertools
import os
import signal

import pytest

from conftest import ECHO, log_of, served, settled, site_of
from selftests.site.accidents import power_off, power_on
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import Datagrams, Prober, Sessions, now

A, B = SIDES["a"].wan, SIDES["b"].wan
TIMERS = Timers(delay_up=0.3)
PORTS = itertools.count(5000)
COUNT = 20


@pytest.fixture(scope="module")
def site():
    with site_of(timers=TIMERS) as made:
        made.up()
        settled(made)
        with served(made):
            yield made


@pytest.fixture(autouse=True)
def good_day(site):
    settled(site, 40)
    yield


def daemon(site, letter):
    return site.gateway(letter).twinpathd


def selects(site, letter, exit_name, seconds=20):
    wait_for("gw-%s sends new sessions by %s" % (letter, exit_name),
             lambda: (daemon(site, letter).status(check=False) or {}).get(
                 "selector") == exit_name, seconds, 0.02)


def works(site, seconds=20):
    wait_for("h1 reaches the server", lambda: site.ping("h1"), seconds, 0.1)


class Load:
    """TCP sessions, datagrams and new connections of h1."""

    def __init__(self, site, traffic, source):
        host = site.netns("h1")
        self.traffic = traffic
        self.sessions = traffic.begin(Sessions(host, SERVER, ECHO, COUNT))
        self.udp = traffic.begin(Datagrams(host, SERVER, ECHO))
        self.prober = traffic.begin(Prober(host, SERVER, ECHO, ports=PORTS))
        wait_for("datagrams are answered", lambda: self.udp.seen_as(0), 5)
        assert {s.source for s in self.sessions.sessions} == {source}
        self.source, self.began = source, now()

    def unharmed(self):
        """Not one lost, not one moved, not one refused."""
        self.traffic.run(0.5)
        until = now() - 0.4
        assert self.sessions.alive() == COUNT
        assert self.sessions.longest_gap(self.began, until) < 1
        assert self.prober.failed(self.began, until) == []
        assert self.udp.lost(self.began, until) == []
        assert self.udp.seen_as(self.began) == {self.source}


# ---- power -------------------------------------------------------------------

@pytest.mark.parametrize("first, second, source", [("b", "a", B),
                                                   ("a", "b", A)])
def test_cold_start(site, traffic, first, second, source):
    """Each serves the site alone; what it holds stays its own when the other
    one boots, empty, into a live site."""
    for letter in SIDES:
        power_off(site, letter)
    power_on(site, first)
    selects(site, first, "isp-" + first)
    works(site)
    load = Load(site, traffic, source)
    wait_for("it knows that it is alone", lambda: daemon(site, first).status()
             ["partner"]["data_plane"]["state"] in ("nobody", "gone"), 5)
    power_on(site, second)
    settled(site, 40)
    load.traffic.run(1)
    load.unharmed()
    # The new sessions are the better gateway's.
    assert load.prober.last_before(load.prober.tries[-1]).source == A


# ---- time ----------------------------------------------------------------------

def test_daemons_that_stand_still(site, traffic):
    """S44: two seconds without a turn are nobody's silence but their own: no
    track falls, nobody is gone, no selector moves."""
    load = Load(site, traffic, A)
    begins = {letter: len(log_of(site, letter)) for letter in SIDES}
    pids = [site.processes.pid(daemon(site, letter).name) for letter in SIDES]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        load.traffic.run(2)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    load.traffic.run(1)
    settled(site, 5)
    load.unharmed()
    for letter in SIDES:
        said = log_of(site, letter)[begins[letter]:]
        for line in ("track", "data plane", "selector"):
            assert line not in said

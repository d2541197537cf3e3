# SPDX-License-Identifier: GPL-2.0-or-later
"""A site whose hosts serve, for the tests of published servers.

Owns: the configuration of the gateways and how it is changed; the servers on the
hosts; connections and datagrams from the core to both public addresses.  It is
no test: the files that use it import what they name.
"""
import pytest

from conftest import served, settled, site_of
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.topology import HOSTS, SIDES
from selftests.site.traffic import Datagrams, Sessions, now

A, B = SIDES["a"].wan, SIDES["b"].wan
# As whom the core asks: its address towards the side that it asks.
CLIENT = {"a": SIDES["a"].core_pe, "b": SIDES["b"].core_pe}
TIMERS = Timers(delay_up=0.3)
WEB, HIGH = 443, 8080
PUBLISH = """
publish web { protocol = both  port = 443  to = 192.168.0.10:443 }
publish high { port = 8080  to = 192.168.0.20:80 }
publish range {
    protocol = udp
    port     = 27000-27009
    to       = 192.168.0.10:30000-30009
}
"""


@pytest.fixture(scope="module")
def site():
    with site_of(timers=TIMERS) as made:
        made.up()
        settled(made)
        made.config = {}
        with served(made):
            for letter in SIDES:
                configure(made, letter)
            settled(made)
            yield made


@pytest.fixture(scope="module", autouse=True)
def servers(site):
    """What the hosts serve, for as long as the site is there."""
    inside = [Server(site.netns("h1"), HOSTS["h1"], WEB).begin(),
              Server(site.netns("h1"), HOSTS["h1"], 30009).begin(),
              Server(site.netns("h2"), HOSTS["h2"], 80).begin()]
    yield inside
    for server in reversed(inside):
        server.stop()


@pytest.fixture(autouse=True)
def good_day(site):
    """Each test begins and ends with gw-a on ISP A.  The configuration stays
    as the test has left it: a test that needs another says so."""
    yield
    for letter in SIDES:
        site.isp(letter).heal()
        gateway(site, letter).flip("auto")
    settled(site)


def gateway(site, letter):
    return site.gateway(letter).twinpathd


def configure(site, letter, also="", more=PUBLISH):
    """Another configuration means another daemon."""
    if site.config.get(letter) == (also, more):
        return
    twinpathd = gateway(site, letter)
    twinpathd.configure(site.modes[letter], TIMERS, also, more)
    twinpathd.stop()
    start(site, letter)
    site.config[letter] = also, more
    for other in SIDES:
        wait_for("gw-%s is heard again" % letter, lambda: gateway(
            site, other).status()["partner"]["heartbeat"]["two_way"], 10)


def start(site, letter):
    twinpathd = gateway(site, letter)
    twinpathd.start()
    twinpathd.wait_ready()


def selects(site, letter, exit_name, seconds=10):
    wait_for("gw-%s sends new sessions by %s" % (letter, exit_name),
             lambda: gateway(site, letter).selector() == exit_name, seconds,
             0.01)


def published(site, letter, name, protocol="tcp"):
    for item in gateway(site, letter).status()["published"]:
        if (item["name"], item["protocol"]) == (name, protocol):
            return item
    return None


def ask(site, what, *where):
    return site.netns("core").call(what, *where)


class Load:
    """Connections and datagrams from the core to both public addresses."""

    def __init__(self, site, traffic):
        core = site.netns("core")
        self.traffic = traffic
        self.sessions = {
            letter: traffic.begin(Sessions(core, side.wan, WEB, 20))
            for letter, side in SIDES.items()}
        self.udp = {letter: traffic.begin(Datagrams(core, side.wan, WEB, 50))
                    for letter, side in SIDES.items()}
        for letter in SIDES:
            wait_for("every session by %s has an answer" % letter,
                     lambda: min(len(s.answers) for s in self.sessions[
                         letter].sessions) > 1, 5)
            wait_for("datagrams by %s are answered" % letter,
                     lambda: self.udp[letter].answered, 5)

    def lives_on(self, moment, letters="ab"):
        """None lost since then, none stalled, none seen as another."""
        for letter in letters:
            sessions, udp = self.sessions[letter], self.udp[letter]
            until = now() - 0.3
            assert sessions.alive() == 20, letter
            assert sessions.longest_gap(moment, until) < 1, letter
            assert {s.source for s in sessions.sessions} == {CLIENT[letter]}
            assert udp.lost(moment, until) == [], letter
            assert udp.seen_as(moment) == {CLIENT[letter]}

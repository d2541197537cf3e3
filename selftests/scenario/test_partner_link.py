# SPDX-License-Identifier: GPL-2.0-or-later
"""The partner on a link of its own: one cable, a cable for each kind of
handover, or tunnels, which have no MAC addresses to tell the kinds by.

The sessions are those of a host whose gateway and whose exit change places:
nothing of them may be lost, and what the gateways hand over must go by those
links, not by the LAN.
"""
import json

import pytest

from conftest import ECHO, reasons, served, settled, site_of
from selftests.site.daemons import Timers
from selftests.site.links import Tunnel, cable
from selftests.site.processes import wait_for
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import Datagrams, Pings, Sessions, now

A, B = SIDES["a"].wan, SIDES["b"].wan
TIMERS = Timers(delay_up=0.3)
TALKING = 10
KINDS = ("take", "question", "session_question", "returned")
KEYS = ("interface", "question", "session-question", "returned")
SMALL = 1300  # the tunnels' MTU
ELECTION = 1  # what a VRRP move may cost
SPLIT = 2  # until nobody is asked for the middle of a session, and a retry


class Link:
    """One way to link the gateways: subnet and devices, by kind."""

    def __init__(self, name, subnet, devices):
        self.name, self.devices = name, devices
        self.address = {"a": subnet + ".1", "b": subnet + ".2"}

    def keys(self, letter):
        """Of the section `partner`, for this gateway."""
        lines = ["address = " + self.address["b" if letter == "a" else "a"]]
        lines += ["%s = %s" % pair for pair in zip(KEYS, self.devices)]
        return "\n    ".join(lines)

    def ends(self):
        return tuple(address + "/30" for address in self.address.values())


CABLE = Link("one cable", "10.255.1", ["gw0"])
CABLES = Link("a cable for each kind", "10.255.2",
              ["kt0", "kq0", "ks0", "kr0"])
TUNNELS = Link("a tunnel for each kind", "10.255.3",
               ["tt0", "tq0", "ts0", "tr0"])


def lay(site, tunnels):
    """All links at once; which of them is used says the configuration."""
    gateways = [site.netns(side.gateway) for side in SIDES.values()]
    for link in (CABLE, CABLES):
        for device in link.devices:
            cable(*gateways, device, link.ends()
                  if device == link.devices[0] else (None, None))
    for device in TUNNELS.devices:
        tunnels.append(Tunnel(*gateways, device, TUNNELS.ends()
                              if device == "tt0" else (None, None),
                              SMALL).begin())


@pytest.fixture(scope="module")
def site():
    tunnels = []
    with site_of(timers=TIMERS) as made:
        made.start_routers = lambda: start_routers(made)
        for letter in SIDES:
            made.gateway(letter).twinpathd.partner = CABLE.keys(letter)
        made.up(watch=lambda: lay(made, tunnels))
        made.link = CABLE
        made.tunnels = tunnels
        settled(made)
        try:
            with served(made):
                yield made
        finally:
            for tunnel in tunnels:
                tunnel.stop()


def start_routers(site):
    """The IGP runs over the links of takes as well: the routes there."""
    site.inner.start(["eth0"], ["eth1"])
    for gateway in site.gateways.values():
        gateway.frr.start(["eth0"] + [link.devices[0] for link in
                                      (CABLE, CABLES, TUNNELS)],
                          side=gateway.side)


@pytest.fixture(scope="module", params=[CABLE, CABLES, TUNNELS],
                ids=lambda link: link.name)
def linked(site, request):
    """The site with this link in use."""
    if site.link is not request.param:
        site.link = request.param
        for letter in SIDES:
            twinpathd = site.gateway(letter).twinpathd
            twinpathd.stop()
            twinpathd.partner = site.link.keys(letter)
            twinpathd.configure(site.modes[letter], TIMERS)
            twinpathd.start()
        for letter in SIDES:
            site.gateway(letter).twinpathd.wait_ready()
        settled(site)
    answered(site)
    return site


@pytest.fixture(autouse=True)
def good_day(linked):
    """Each test begins and ends with gw-a on ISP A."""
    yield
    linked.isp("a").heal()
    for letter in SIDES:
        linked.gateway(letter).twinpathd.flip("auto")
    settled(linked)


def answered(site):
    for letter in SIDES:
        wait_for("gw-%s is answered" % letter, lambda: data_plane(
            site, letter) == "alive", 10)


def data_plane(site, letter):
    return site.gateway(letter).twinpathd.status()["partner"]["data_plane"][
        "state"]


def selects(site, letter, exit_name):
    wait_for("gw-%s sends new sessions by %s" % (letter, exit_name),
             lambda: site.gateway(letter).twinpathd.selector() == exit_name,
             10, 0.01)


def handed(site):
    """{kind: handovers}, both gateways together."""
    counts = dict.fromkeys(KINDS, 0)
    for letter in SIDES:
        for (_, reason), packets in reasons(
                site.gateway(letter).twinpathd).items():
            if reason in counts:
                counts[reason] += packets
    return counts


def carried(site):
    """{device: packets} that gw-b sent and received by each link."""
    out = site.netns("gw-b").run(["ip", "-j", "-s", "link"]).stdout
    return {link["ifname"]: link["stats64"]["rx"]["packets"]
            + link["stats64"]["tx"]["packets"] for link in json.loads(out)}


class Load:
    def __init__(self, site, traffic, source):
        host = site.netns("h1")
        self.traffic = traffic
        self.tcp = traffic.begin(Sessions(host, SERVER, ECHO, TALKING,
                                          period=0.1))
        self.udp = traffic.begin(Datagrams(host, SERVER, ECHO))
        self.pings = traffic.begin(Pings(host, SERVER))
        wait_for("all is answered", lambda: self.udp.answered
                 and self.pings.answered, 5)
        assert {s.source for s in self.tcp.sessions} == {source}
        assert self.udp.seen_as(0) == {source}

    def lives_on(self, began, source, pause=0):
        """Nothing was lost since then but in a pause of so many seconds, and
        all of it is still seen as coming from there."""
        self.traffic.run(0.5)
        until = now() - 0.4
        assert self.tcp.alive() == TALKING
        wait_for("every session is answered",
                 lambda: self.tcp.answered_since(until) == TALKING, 3)
        assert self.tcp.longest_gap(began, until) < 1 + pause
        assert len(self.udp.lost(began, until)) <= 200 * pause
        assert len(self.pings.lost(began, until)) <= 10 * pause
        assert self.udp.seen_as(until - 0.3) == {source}


def test_exit_and_router_change_places(linked, traffic):
    """Sessions of A, of B, and both routers before each of them."""
    site = linked
    keepalived = site.gateway("a").keepalived
    before, links = handed(site), carried(site)
    of_a = Load(site, traffic, A)
    began = now()
    site.gateway("a").twinpathd.flip("partner")
    selects(site, "b", "isp-b")
    of_b = Load(site, traffic, B)
    of_a.lives_on(began, A)

    began = now()
    site.gateway("a").twinpathd.flip("auto")  # the failback
    selects(site, "b", "partner")
    of_b.lives_on(began, B)
    of_a.lives_on(began, A)

    began = now()
    site.processes.signal(keepalived.name, 15)
    wait_for("gw-b is the VRRP master", lambda: site.masters() == ["gw-b"],
             10, 0.02)
    of_a.lives_on(began, A, ELECTION)
    of_b.lives_on(began, B, ELECTION)

    began = now()
    keepalived.start(site.gateway("a").side,
                     site.gateway("a").twinpathd.track_file, TIMERS.advert)
    wait_for("gw-a is the VRRP master", lambda: site.masters() == ["gw-a"],
             10, 0.02)
    of_a.lives_on(began, A, ELECTION)
    of_b.lives_on(began, B, ELECTION)

    by_the_links(site, before, links)


def by_the_links(site, before, links):
    """Each kind by its own device."""
    after, now_carried = handed(site), carried(site)
    each = {kind: after[kind] - before[kind] for kind in KINDS}
    assert min(each[kind] for kind in ("take", "question", "returned")) > 0
    devices = site.link.devices
    for kind, device in zip(KINDS, devices * (1 if len(devices) > 1 else 4)):
        assert now_carried[device] - links[device] >= each[kind], kind


def test_fail_over_and_back(linked, traffic):
    """ISP A goes dark: TCP is told, the rest moves; then all comes home."""
    site = linked
    load = Load(site, traffic, A)
    site.isp("a").black()
    selects(site, "b", "isp-b")
    wait_for("every session was told", lambda: load.tcp.alive() == 0, 5)
    assert {s.error for s in load.tcp.sessions} == {"Connection reset by peer"}
    wait_for("datagrams go by B", lambda: load.udp.seen_as(now() - 0.3) == {B},
             5)
    moved = Load(site, traffic, B)
    began = now()
    site.isp("a").heal()
    selects(site, "a", "isp-a")
    selects(site, "b", "partner")
    moved.lives_on(began, B)


def test_the_link_is_cut(linked, traffic):
    """Nobody to ask: own sessions go on once that is sure, and the link is used
    again after it heals."""
    site = linked
    load = Load(site, traffic, A)
    began = now()
    cut(site, True)
    try:
        wait_for("gw-a takes the partner for gone",
                 lambda: data_plane(site, "a") != "alive", 5)
        load.lives_on(began, A, SPLIT)
        assert site.ping("h2")
    finally:
        cut(site, False)
    answered(site)
    load.lives_on(began, A, SPLIT)


def cut(site, gone):
    if site.link is TUNNELS:
        for tunnel in site.tunnels:
            tunnel.up = not gone
        return
    site.netns("gw-b").ip(["link set %s %s" % (
        device, "down" if gone else "up") for device in site.link.devices])


def test_a_packet_that_the_tunnel_cannot_carry(linked, traffic):
    """The asker answers with the tunnel's MTU, and the host obeys."""
    site = linked
    if site.link is not TUNNELS:
        pytest.skip("as wide as the LAN")
    site.gateway("a").twinpathd.flip("partner")
    selects(site, "b", "isp-b")
    ping = ["ping", "-n", "-M", "do", "-s", "1372", "-c", "2", "-W", "1",
            SERVER]
    said = site.netns("h1").run(ping, check=False).stdout
    assert "mtu" in said and str(SMALL) in said, said
    load = Load(site, traffic, B)
    for session in load.tcp.sessions:
        session.sock.send(bytes(4000))
    load.lives_on(now(), B)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of probe as a real tracker, against real targets: it comes up,
goes down for its own reason, and leaves by no other interface.
"""
import pytest

from conftest import ECHO, log_of, single_of
from selftests.site.answers import (NO_ERROR, NO_NAME, SERVER_FAILURE,
                                    NameServer, WebServer)
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.topology import SERVER, SIDES, TARGET, VIRTUAL
from selftests.site.wire import Wire

TIMERS = Timers(delay_up=0.3)
PACE = "interval = 100ms  timeout = 60ms"
REFUSED = ECHO + 1  # a port without a listener
# One probe of each kind; the same targets on both uplinks.
KINDS = """icmp core { target = %s  %s }
    echo near { interval = 50ms }
    arp cable { %s }
    tcp port { target = %s  port = %d  %s }
    tcp closed { target = %s  port = %d  %s }
    dns names { target = %s  name = example.org  %s }
    http web { target = %s  host = example.org  path = "/ok?x=1"  status = 204
        %s }
    route there { prefix = 203.0.113.64/26 }
    track = core""" % (TARGET, PACE, PACE, SERVER, ECHO, PACE, SERVER, REFUSED,
                       PACE, SERVER, PACE, SERVER, PACE)
NEAR = ("near", "cable")  # these ask the next hop
BEYOND = ("core", "port", "names", "web")
ROUTE = "route add 203.0.113.64/26 via %s dev eth1" % SIDES["a"].next_hop


@pytest.fixture(scope="module", params=("tc", "xdp"))
def site(request):
    with single_of(timers=TIMERS, mode=request.param,
                   probes={"a": KINDS, "b": KINDS}) as made:
        made.workers = []
        made.up()
        core = made.netns("core")
        try:
            for worker in (Server(core, SERVER, ECHO),
                           NameServer(core, SERVER), WebServer(core, SERVER)):
                made.workers.append(worker.begin())
            _, made.names, made.web = made.workers
            yield made
        finally:
            for worker in made.workers:
                worker.stop()


def track(site, name, letter="a"):
    return next(track for track in site.uplink(letter)["tracks"]
                if track["name"] == name)


def turns(site, name, state, seconds=5, letter="a"):
    return wait_for("%s of isp-%s is %s" % (name, letter, state),
                    lambda: track(site, name, letter)["state"] == state,
                    seconds, 0.02)


def all_up(site):
    for letter in SIDES:
        for name in NEAR + BEYOND:
            turns(site, name, "up", letter=letter)


@pytest.fixture(autouse=True)
def good_day(site):
    all_up(site)
    yield
    for letter in SIDES:
        site.isp(letter).heal()


def test_all_are_up(site):
    """And each has asked by its own uplink's address."""
    for letter in SIDES:
        turns(site, "there", "down", letter=letter)
        turns(site, "closed", "down", letter=letter)
    for server in (site.names.questions, site.web.requests):
        assert {source for source, _ in server} == {
            side.wan for side in SIDES.values()}
    assert {name for _, name in site.names.questions} == {"example.org."}
    assert site.web.requests[0][1].startswith(
        "GET /ok?x=1 HTTP/1.1\r\nHost: example.org\r\n")
    assert "track isp-a/closed: unknown -> down, because %s says: Connection " \
        "refused" % SERVER in log_of(site, "a")
    assert track(site, "near")["probe"]["armed"] == "armed"
    for name in NEAR + BEYOND:
        probe = track(site, name)["probe"]
        assert probe["rtt_ms"] < 50 and probe["jitter_ms"] is not None


def test_a_route_comes_and_goes(site):
    gateway = site.netns("gw-a")
    gateway.ip([ROUTE])
    turns(site, "there", "up")
    assert track(site, "there", "b")["state"] == "down"
    gateway.ip([ROUTE.replace("add", "del")])
    turns(site, "there", "down")
    assert "there is no route to 203.0.113.64/26 by eth1" in log_of(site, "a")


def test_servers_that_answer_wrongly(site):
    site.names.code, site.web.status = SERVER_FAILURE, 302
    turns(site, "names", "down")
    turns(site, "web", "down")
    log = log_of(site, "a")
    assert "%s says: server failure" % SERVER in log
    assert "%s says: status 302" % SERVER in log
    site.names.code, site.web.status = NO_NAME, 204
    turns(site, "names", "up")
    turns(site, "web", "up")
    site.names.code, site.web.status = NO_ERROR, 0
    turns(site, "web", "down")
    site.web.status = 204


def test_forged_and_late_answers(site):
    """They are counted, and ignored."""
    before = track(site, "names")
    site.names.forge = True
    turns(site, "names", "down")
    assert track(site, "names")["probe"]["foreign"] \
        > before["probe"]["foreign"]
    site.names.forge, site.names.delay = False, 0.07
    wait_for("late answers are counted", lambda: track(
        site, "names")["late"] > before["late"] + 3, 5)
    assert track(site, "names")["state"] == "down"
    site.names.delay = 0.0


def test_a_path_that_is_black_beyond_its_next_hop(site):
    """S2: what asks the next hop stays up."""
    site.isp("a").black_beyond()
    for name in BEYOND:
        turns(site, name, "down")
    assert [track(site, name)["state"] for name in NEAR] == ["up", "up"]
    assert [track(site, name, "b")["state"] for name in BEYOND] == ["up"] * 4


def test_no_probe_leaves_by_another_interface(site):
    """S24: with the path black, every route leads elsewhere; and there the
    targets could be reached."""
    gateway = site.netns("gw-a")
    wires = [Wire(gateway, device).begin() for device in ("eth0", "eth2")]
    # The guard would stop what leaves by the other uplink; here it is none.
    detours = ["route add %s/32 via %s dev eth2" % (TARGET,
                                                    SIDES["b"].next_hop),
               "route add %s/32 via 192.168.0.10 dev eth0" % SERVER]
    site.isp("a").black()
    try:
        gateway.ip(detours)
        for name in NEAR + BEYOND:
            turns(site, name, "down")
        sent = {name: track(site, name)["sent"] for name in BEYOND}
        for name in BEYOND:
            wait_for("more probes of " + name, lambda: track(
                site, name)["sent"] > sent[name] + 5, 5)
            assert track(site, name)["state"] == "down"
    finally:
        gateway.ip([line.replace("add", "del") for line in detours])
        for wire in wires:
            wire.stop()
    for wire in wires:
        assert wire.dropped == 0
        assert SIDES["a"].wan not in wire.outgoing
    # The other uplink's own probes, and nothing else of this gateway.
    assert set(wires[1].outgoing) == {SIDES["b"].wan}
    assert wires[0].outgoing.get(VIRTUAL, 0) == 0

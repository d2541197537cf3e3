# SPDX-License-Identifier: GPL-2.0-or-later
"""The address of an uplink goes and comes: the same one keeps all mappings (M10),
another one voids them at their next packet (M9, S26).  One gateway, two uplinks;
where a test says so, the other one is dead.
"""
import socket
import threading

import pytest

from conftest import ECHO, log_of, plug, single_of, unplug
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.topology import SERVER, SIDES, TARGET
from selftests.site.traffic import Datagrams, Sessions, ask_tcp, now
from selftests.site.wire import Wire

A, B = SIDES["a"].wan, SIDES["b"].wan
OTHER = "172.16.1.5"  # on the same wire, when that is a /29
TIMERS = Timers(delay_up=0.3)
# A probe a second: whatever is known sooner is not known from a probe.
SLOW = Timers(interval=1.0, timeout=0.3, delay_up=0.0)
HOLD = {"a": "hold = 10s"}
COUNT = 20
RESET = "Connection reset by peer"
GENERATIONS = """
import json, subprocess, sys
dump = subprocess.run(["bpftool", "-j", "map", "dump", "pinned", sys.argv[1]],
                      stdout=subprocess.PIPE, check=True).stdout
for entry in json.loads(dump):
    value = entry.get("formatted", entry)["value"]
    if value["exit"] == 1:
        print(value["generation"])
"""


class Lease:
    """The address of isp-a, as a DHCP client would change it."""

    def __init__(self, site):
        self.gateway, side = site.netns("gw-a"), SIDES["a"]
        net = side.wan_net.replace("/30", "/29")
        site.netns(side.pe).ip(["addr add %s/29 dev eth0" % side.next_hop])
        site.netns("core").ip(["route add %s via %s" % (net, side.pe_core)])

    def lose(self):
        self.gateway.ip(["addr flush dev eth1"])

    def get(self, address):
        """The old one ends, and the next one comes a moment later."""
        self.gateway.ip(["addr flush dev eth1",
                         "addr add %s/29 dev eth1" % address])


@pytest.fixture(scope="module")
def site():
    with single_of(timers=TIMERS) as made:
        made.up()
        made.lease = Lease(made)
        server = Server(made.netns("core"), SERVER, ECHO).begin()
        try:
            yield made
        finally:
            server.stop()


@pytest.fixture(autouse=True)
def good_day(site):
    yield
    site.isp("b").heal()
    gateway = site.netns("gw-a")
    if not gateway.run(["ip", "link", "show", "eth1"],
                       check=False).returncode:
        site.lease.get(A)
    is_in(site, "a", "up")
    is_in(site, "b", "up")
    wait_for("new sessions go by isp-a",
             lambda: site.twinpathd.selector() == "isp-a", 10, 0.02)
    wait_for("h1 works", lambda: site.ping("h1"), 10, 0.1)


def is_in(site, letter, state, seconds=15):
    wait_for("isp-%s is %s" % (letter, state),
             lambda: site.uplink(letter)["state"] == state, seconds, 0.02)


def alone(site):
    """ISP B is dead: nothing can go elsewhere."""
    site.isp("b").black()
    is_in(site, "b", "dead")


def generation(site):
    done = site.twinpathd.netns.run(["/usr/bin/python3", "-c", GENERATIONS,
                                     site.twinpathd.pins + "/addresses"])
    return int(done.stdout)


def has_address(site, address):
    wait_for("isp-a has " + str(address),
             lambda: site.uplink("a")["address"] == address, 5, 0.01)


class Load:
    """TCP sessions that talk, that are silent, and a UDP stream."""

    def __init__(self, site, traffic, period=0.2):
        host, self.traffic = site.netns("h1"), traffic
        self.talking = traffic.begin(Sessions(host, SERVER, ECHO, COUNT,
                                              period))
        self.silent = traffic.begin(Sessions(host, SERVER, ECHO, COUNT,
                                             period=3600))
        self.udp = traffic.begin(Datagrams(host, SERVER, ECHO))
        wait_for("datagrams are answered", lambda: self.udp.seen_as(0), 5)
        assert {s.source for s in self.talking.sessions
                + self.silent.sessions} == {A}

    def silent_work(self):
        assert self.silent.alive() == COUNT
        asked = now()
        for session in self.silent.sessions:
            session.sock.send(b"are you there?")
        wait_for("every silent session is answered", lambda: self.silent
                 .answered_since(asked) == COUNT, 5)

    def all_work(self):
        self.silent_work()
        moment = now()
        wait_for("every session is answered", lambda: self.talking
                 .answered_since(moment) == COUNT, 8)

    def all_told(self, seconds=5):
        for sessions in (self.talking, self.silent):
            wait_for("every session was told",
                     lambda: sessions.alive() == 0, seconds)
            assert {s.error for s in sessions.sessions} == {RESET}


# ---- the same address ------------------------------------------------------------

def test_lost_and_found_at_once(site, traffic):
    """M10: whoever sent nothing meanwhile has lost nothing; it is not reset
    when it sends next, nor later."""
    load = Load(site, traffic, period=3600)
    before = generation(site)
    alone(site)
    site.lease.lose()
    has_address(site, None)
    site.lease.get(A)
    is_in(site, "a", "up")
    load.traffic.run(1.5)  # the nudge would be now
    load.silent_work()
    assert load.udp.seen_as(now() - 0.5) == {A}
    assert generation(site) == before


def test_lost_and_found_twice(site, traffic):
    """Dead again when the nudge of the first time would be: a new second
    begins."""
    load = Load(site, traffic, period=3600)
    alone(site)
    link, began = site.isp("a"), now()
    link.link_down()
    is_in(site, "a", "dead")
    link.link_up()
    is_in(site, "a", "up")
    wait_for("most of the second is over", lambda: now() > began + 0.6, 2)
    link.link_down()
    is_in(site, "a", "dead")
    wait_for("the first second is over", lambda: now() > began + 1.15, 2)
    link.link_up()
    is_in(site, "a", "up")
    load.traffic.run(1)
    load.silent_work()


def test_back_but_black(site, traffic):
    """What came before the carrier did says nothing of the link that it has."""
    load = Load(site, traffic)
    link, before = site.isp("a"), len(log_of(site, "a"))
    link.link_down()
    is_in(site, "a", "dead")
    link.black()
    link.link_up()
    try:
        wait_for("it has a carrier", lambda: "isp-a/interface: down -> up"
                 in log_of(site, "a")[before:], 5, 0.01)
        load.traffic.run(1)
        assert "isp-a: dead ->" not in log_of(site, "a")[before:]
    finally:
        link.heal()


@pytest.mark.parametrize("away", ["address", "link", "interface"])
def test_held_and_back(site, traffic, away):
    """With hold, those that talk as well; by whatever it was away."""
    site.reconfigure(HOLD)
    load = Load(site, traffic)
    before = generation(site)
    gateway = site.netns("gw-a")
    if away == "address":
        site.lease.lose()
    elif away == "link":
        gateway.ip(["link set eth1 down"])
    else:
        unplug(site, "a")
    is_in(site, "a", "dead")
    load.traffic.run(1)
    assert load.talking.alive() == COUNT
    assert load.udp.seen_as(now() - 0.3) == {B}  # it did not wait
    if away == "address":
        site.lease.get(A)
    elif away == "link":
        gateway.ip(["link set eth1 up"])
    else:
        plug(site, "a")
    is_in(site, "a", "up")
    load.all_work()
    assert {s.source for s in load.talking.sessions} == {A}
    assert generation(site) == before
    assert "waiting -> kept" in log_of(site, "a")


def test_a_second_address_is_no_news(site, traffic):
    load = Load(site, traffic)
    before, gateway = generation(site), site.netns("gw-a")
    began = now()
    gateway.ip(["addr add 172.16.1.6/29 dev eth1"])
    load.traffic.run(0.5)
    gateway.ip(["addr del 172.16.1.6/29 dev eth1"])
    load.traffic.run(0.5)
    load.all_work()
    assert load.udp.lost(began, now() - 0.3) == []
    assert (site.uplink("a")["address"], generation(site)) == (A, before)


# ---- another address ---------------------------------------------------------------

def asks_from(sock):
    """Send one datagram; as whom the server saw it: address, or None."""
    sock.send(b"keepalive")
    try:
        return socket.inet_ntoa(sock.recv(64)[:4])
    except OSError:
        return None


def test_another_address(site, traffic):
    """M9, S26: TCP is told, also where hold would have waited; the next
    datagram has a new mapping, and the old one answers nothing."""
    site.reconfigure(HOLD)
    load = Load(site, traffic)
    before = generation(site)
    alone(site)
    began = now()
    site.lease.get(OTHER)
    has_address(site, OTHER)
    assert now() - began < 1
    assert generation(site) == (before + 1) & 0xffff
    load.all_told(3)
    wait_for("datagrams come from the new address", lambda: load.udp.seen_as(
        now() - 0.2) == {OTHER}, 3, 0.02)
    # Not one in between was seen as another.
    assert load.udp.seen_as(began) <= {A, OTHER}
    assert site.netns("h1").call(ask_tcp, SERVER, ECHO) == OTHER
    # And back: what the first address had once is not valid again.
    site.lease.get(A)
    has_address(site, A)
    assert generation(site) == (before + 2) & 0xffff
    assert site.netns("h1").call(ask_tcp, SERVER, ECHO) == A


def test_what_waited_is_lost(site, traffic):
    """The uplink was away and comes back as somebody else: what waited for it
    is told, and the log says so."""
    site.reconfigure(HOLD)
    load = Load(site, traffic)
    begins = len(log_of(site, "a"))
    site.lease.lose()
    is_in(site, "a", "dead")
    assert load.talking.alive() == COUNT
    site.lease.get(OTHER)
    load.all_told(3)
    said = log_of(site, "a")[begins:]
    assert said.count("sessions of isp-a: waiting -> lost, because the uplink "
                      "has another address") == 1
    assert "waiting -> kept" not in said


def test_the_next_datagram_has_a_new_mapping(site):
    """A tunnel with a keepalive: the first one after the re-dial."""
    alone(site)

    def tunnel():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(1)
            sock.connect((SERVER, ECHO))
            seen.append(asks_from(sock))
            dialled.wait(10)
            seen.append(asks_from(sock))

    seen, dialled = [], threading.Event()
    thread = threading.Thread(target=site.netns("h1").call, args=(tunnel,))
    thread.start()
    wait_for("the tunnel is up", lambda: seen, 5)
    site.lease.get(OTHER)
    has_address(site, OTHER)
    wait_for("new sessions go by isp-a",
             lambda: site.twinpathd.selector() == "isp-a", 5, 0.02)
    dialled.set()
    thread.join()
    assert seen == [A, OTHER]


class Probes(Wire):
    """Echo requests to the probe target: (time, source)."""

    def __init__(self, netns, device):
        super().__init__(netns, device)
        self.seen = []

    def _packet(self, packet, outgoing):
        if (not outgoing and packet[9] == socket.IPPROTO_ICMP
                and packet[20] == 8
                and socket.inet_ntoa(packet[16:20]) == TARGET):
            self.seen.append((now(), socket.inet_ntoa(packet[12:16])))


def test_probes_have_the_new_address_within_a_second(site, traffic):
    """S26, with a probe a second; and none has the old one any more."""
    wire = traffic.begin(Probes(site.netns("pe-a"), "eth0"))
    site.twinpathd.configure(site.mode, SLOW)
    site.also = None
    site.twinpathd.stop()
    site.twinpathd.start()
    site.twinpathd.wait_ready()
    try:
        is_in(site, "a", "up", 10)
        site.lease.get(OTHER)
        dialled = now()
        first = wait_for("a probe has the new address", lambda: next(
            (time for time, source in wire.seen
             if source == OTHER), None), 5, 0.01)
        assert first - dialled < 1
        is_in(site, "a", "up", 10)
        assert {source for time, source in wire.seen
                if time > dialled} == {OTHER}
    finally:
        site.lease.get(A)
        site.twinpathd.configure(site.mode, TIMERS)
        site.twinpathd.stop()
        site.twinpathd.start()
        site.twinpathd.wait_ready()

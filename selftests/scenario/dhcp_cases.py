# SPDX-License-Identifier: GPL-2.0-or-later
"""next-hop = dhcp with real clients and a real server: a lease, its renewal
(S25), another address by another router (S26), none (S27), and an uplink that is
dialled anew, with another ifindex (S28).  One gateway; isp-b never fails.

A module that imports these and the fixture has a CLIENT, a class of
selftests.site.dhcp.
"""
import socket

import pytest

from conftest import ECHO, log_of, plug, single_of, unplug
from selftests.site import dhcp
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.topology import SERVER, SIDES, TARGET
from selftests.site.traffic import Datagrams, Sessions, ask_tcp, now
from selftests.site.wire import Wire

A, B = SIDES["a"].wan, SIDES["b"].wan
ROUTER = SIDES["a"].next_hop
# The ISP's other router, on the same wire, with a MAC address of its own.
ROUTER_2, OTHER, THIRD = "172.16.1.3", "172.16.1.5", "172.16.1.6"
MASK, TABLE = "255.255.255.248", 20101
TIMERS = Timers(interval=0.5, timeout=0.2, delay_up=0.0)
COUNT = 10
RESET = "Connection reset by peer"
GENERATION = """
import json, subprocess, sys
dump = subprocess.run(["bpftool", "-j", "map", "dump", "pinned", sys.argv[1]],
                      stdout=subprocess.PIPE, check=True).stdout
for entry in json.loads(dump):
    value = entry.get("formatted", entry)["value"]
    if value["exit"] == 1:
        print(value["generation"])
"""


class Line:
    """ISP A's: its routers, its server, and the gateway's client."""

    def __init__(self, site, client):
        self.site, self.gateway = site, site.netns("gw-a")
        self.pe = site.netns("pe-a")
        self.server = dhcp.Server(site.processes, self.pe, "eth0", MASK)
        self.client = client(site.processes, self.gateway, "eth1", TABLE)

    def build(self):
        """The client has its lease when twinpathd starts, as at a boot."""
        self.gateway.ip(["addr flush dev eth1"])
        # Each router answers for its own address alone.
        self.pe.sysctl({"net.ipv4.conf.all.arp_ignore": 1})
        self.pe.ip(["addr flush dev eth0",
                    "addr add %s/29 dev eth0" % ROUTER,
                    "link add second link eth0 type macvlan mode bridge",
                    "addr add %s/32 dev second" % ROUTER_2,
                    "link set second up"])
        self.site.netns("core").ip(["route replace 172.16.1.0/29 via "
                                    + SIDES["a"].pe_core])
        self.server.start(A, ROUTER)
        self.client.start()
        dhcp.has(self.gateway, "eth1", A)

    def lease(self, address, router):
        """From now on the server gives these, and no others."""
        self.server.stop()
        self.server.start(address, router)

    def renewed(self):
        before = self.server.renewals()
        wait_for("the lease is renewed",
                 lambda: self.server.renewals() > before, 10)

    def mac_of(self, router):
        device = "eth0" if router == ROUTER else "second"
        words = self.pe.run(["ip", "-o", "link", "show", device]).stdout
        return words.split("link/ether ")[1].split()[0]

    def routes(self, table):
        return self.gateway.run(["ip", "route", "show", "table",
                                 str(table)]).stdout.splitlines()


@pytest.fixture(scope="module", name="site")
def dhcp_site(request):
    with single_of(timers=TIMERS) as made:
        made.twinpathd.next_hops = {"a": "dhcp"}
        made.line = Line(made, request.module.CLIENT)
        made.up(made.line.build)
        server = Server(made.netns("core"), SERVER, ECHO).begin()
        try:
            yield made
        finally:
            server.stop()


def is_in(site, state, seconds=20):
    wait_for("isp-a is " + state,
             lambda: site.uplink("a")["state"] == state, seconds, 0.02)


def carries(site, address, router):
    """New sessions leave from the address, by that very router."""
    is_in(site, "up")
    wait_for("new sessions go by isp-a",
             lambda: site.twinpathd.selector() == "isp-a", 10, 0.02)
    wait_for("the MAC of %s is known" % router,
             lambda: site.uplink("a")["next_hop_mac"]
             == site.line.mac_of(router), 5, 0.02)
    uplink = site.uplink("a")
    assert (uplink["address"], uplink["next_hop"], uplink["next_hop_by"]) \
        == (address, router, "dhcp")
    assert site.netns("h1").call(ask_tcp, SERVER, ECHO) == address


def generation(site):
    done = site.twinpathd.netns.run(["/usr/bin/python3", "-c", GENERATION,
                                     site.twinpathd.pins + "/addresses"])
    return int(done.stdout)


class Probes(Wire):
    """Echo requests to the probe target, as the ISP gets them: (time,
    source)."""

    def __init__(self, netns, device):
        super().__init__(netns, device)
        self.seen = []

    def _packet(self, packet, outgoing):
        if (not outgoing and packet[9] == socket.IPPROTO_ICMP
                and packet[20] == 8
                and socket.inet_ntoa(packet[16:20]) == TARGET):
            self.seen.append((now(), socket.inet_ntoa(packet[12:16])))

    def first(self, address, since):
        return wait_for("a probe from " + address, lambda: next(
            (time for time, source in self.seen
             if source == address and time >= since), None), 10, 0.01)


# ---- what there is ---------------------------------------------------------------

def test_a_lease(site):
    """The client's default is in the uplink's table, ours is in main."""
    carries(site, A, ROUTER)
    main = [line for line in site.line.routes("main") if "default" in line]
    assert len(main) == 1 and "proto 201" in main[0]
    own = site.line.routes(TABLE)
    assert any("proto dhcp" in line and "via " + ROUTER in line
               for line in own)
    assert any("proto 201" in line and "via " + ROUTER in line
               for line in own)
    said = site.twinpathd.cli("doctor", check=False).stdout
    assert "isp-a" not in said and "eth1" not in said


def test_renewed_without_an_event(site, traffic):
    """S25; nor is a flushed table one, and what was ours is put back."""
    udp = traffic.begin(Datagrams(site.netns("h1"), SERVER, ECHO))
    wait_for("datagrams are answered", lambda: udp.seen_as(0), 5)
    before, events = generation(site), len(site.twinpathd.ask("events"))
    began = now()
    site.line.gateway.run(["ip", "route", "flush", "table", str(TABLE)])
    site.line.renewed()
    traffic.run(0.3)
    assert udp.lost(began, now() - 0.3) == []
    assert generation(site) == before
    assert len(site.twinpathd.ask("events")) == events
    # "flush" goes on until it finds nothing: what is put back meanwhile, it takes.
    wait_for("ours is there again", lambda: any(
        "proto 201" in line and "via " + ROUTER in line
        for line in site.line.routes(TABLE)), 3)
    carries(site, A, ROUTER)


# ---- another one -------------------------------------------------------------------

def test_another_address_by_another_router(site, traffic):
    """S26: the sessions are told, the probes go from the new address within a
    second and by the new router, and so does what begins now."""
    talking = traffic.begin(Sessions(site.netns("h1"), SERVER, ECHO, COUNT,
                                     0.1))
    wire = traffic.begin(Probes(site.netns("pe-a"), "eth0"))
    assert {session.source for session in talking.sessions} == {A}
    before = generation(site)
    site.line.lease(OTHER, ROUTER_2)
    dhcp.has(site.line.gateway, "eth1", OTHER)
    leased = now()
    assert wire.first(OTHER, 0) - leased < 1
    wait_for("every session was told", lambda: talking.alive() == 0, 5)
    assert {session.error for session in talking.sessions} == {RESET}
    assert generation(site) == (before + 1) & 0xffff
    carries(site, OTHER, ROUTER_2)
    said = log_of(site, "a")
    assert "address isp-a: %s -> %s" % (A, OTHER) in said
    assert "-> %s, because so says the default route by eth1 in table %d" \
        % (ROUTER_2, TABLE) in said
    wire.first(OTHER, leased + 0.5)
    assert {source for time, source in wire.seen if time > leased + 0.5} \
        == {OTHER}


def test_the_router_alone(site, traffic):
    """Nobody is told anything: the address is the same."""
    talking = traffic.begin(Sessions(site.netns("h1"), SERVER, ECHO, COUNT,
                                     0.1))
    before = generation(site)
    site.line.gateway.ip(["route replace default via %s dev eth1 proto dhcp "
                          "metric %d table %d" % (
                              ROUTER, site.line.client.metric, TABLE)])
    carries(site, OTHER, ROUTER)
    moment = now()
    wait_for("every session is answered", lambda: talking
             .answered_since(moment) == COUNT, 5)
    assert generation(site) == before


# ---- none --------------------------------------------------------------------------

def test_lost_and_back(site, traffic):
    """S27: the uplink is dead with its address; where sessions wait, they are
    kept when the lease is back."""
    site.reconfigure({"a": "hold = 30s"})
    address = site.uplink("a")["address"]
    talking = traffic.begin(Sessions(site.netns("h1"), SERVER, ECHO, COUNT,
                                     0.2))
    udp = traffic.begin(Datagrams(site.netns("h1"), SERVER, ECHO))
    assert {session.source for session in talking.sessions} == {address}
    before = generation(site)
    site.line.server.stop()
    dhcp.has(site.line.gateway, "eth1", None)
    lost = now()
    is_in(site, "dead", 1)
    assert site.uplink("a")["next_hop"] is None
    wait_for("datagrams go by isp-b",
             lambda: udp.seen_as(now() - 0.2) == {B}, 2, 0.02)
    assert now() - lost < 2
    assert talking.alive() == COUNT
    assert "no address on eth1" in log_of(site, "a")
    site.line.server.start(address, ROUTER)
    dhcp.has(site.line.gateway, "eth1", address)
    carries(site, address, ROUTER)
    moment = now()
    wait_for("every session is answered", lambda: talking
             .answered_since(moment) == COUNT, 8)
    assert generation(site) == before


def test_dialled_anew(site, traffic):
    """S28: the interface goes and comes, as a PPPoE session's does: another
    ifindex, another MAC, another address."""
    wire = traffic.begin(Probes(site.netns("pe-a"), "eth0"))
    before, index = generation(site), ifindex(site)
    unplug(site, "a")
    is_in(site, "dead", 2)
    site.line.server.stop()
    site.line.server.start(THIRD, ROUTER)
    plug(site, "a", address=False)
    if isinstance(site.line.client, dhcp.Dhclient):
        site.line.client.stop()  # it knows of its interface's end alone
        site.line.client.start()
    dhcp.has(site.line.gateway, "eth1", THIRD)
    leased = now()
    assert wire.first(THIRD, 0) - leased < 1
    carries(site, THIRD, ROUTER)
    assert generation(site) == (before + 1) & 0xffff
    assert ifindex(site) != index
    assert "ifindex %d)" % ifindex(site) in log_of(site, "a")


def ifindex(site):
    """Of the last line: ip complains on the same stream of strangers' names."""
    words = site.line.gateway.run(["ip", "-o", "link", "show", "eth1"]).stdout
    return int(words.splitlines()[-1].split(":")[0])


# ---- in the wrong place --------------------------------------------------------------

def test_in_the_main_table(site):
    """S31: a client without the recipe.  What is wrong is said, and what to
    type; nothing is taken from there."""
    gateway = site.line.gateway
    site.line.client.stop()
    site.twinpathd.stop()
    gateway.run(["ip", "route", "flush", "table", str(TABLE)])
    gateway.ip(["addr replace %s/29 dev eth1 valid_lft forever "
                "preferred_lft forever" % THIRD,
                "route add default via %s dev eth1 onlink proto dhcp metric "
                "100" % ROUTER])
    site.twinpathd.start()
    site.twinpathd.wait_ready()
    is_in(site, "dead")
    assert "isp-a: the default route by eth1 is in the main table, and " \
        "belongs into %d" % TABLE in log_of(site, "a")
    done = site.twinpathd.cli("doctor", check=False)
    assert done.returncode
    assert "uplink isp-a: no next hop from DHCP: no default route by eth1 in " \
        "table %d" % TABLE in done.stdout
    typed = "ip route del default via %s dev eth1 metric 100" % ROUTER
    assert typed in done.stdout
    gateway.ip([typed.partition("ip ")[2],
                "route add default via %s dev eth1 onlink table %d"
                % (ROUTER, TABLE)])  # without a metric: 0
    carries(site, THIRD, ROUTER)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Which way packets take on the whole site: inner subnets, several LANs, the
gateways' own traffic, and what belongs to others.
"""
import socket
import threading

import pytest

from conftest import (ECHO, SSH, log_of, reasons, served, settled,
                      site_of)
from selftests.site.daemons import Timers
from selftests.site.netns import Netns, run
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.topology import HOSTS, SERVER, SIDES
from selftests.site.traffic import (Prober, Sessions, ask_tcp, ask_udp, now)
from selftests.site.wire import Wire

A, B = SIDES["a"].wan, SIDES["b"].wan
H4, GATE = "192.168.60.10", "192.168.60.3"
INSIDE = 7777
both = pytest.mark.parametrize("letter", sorted(SIDES))


@pytest.fixture(scope="module")
def site():
    """With a second LAN at gw-a: h4 on eth2."""
    with site_of(timers=Timers(delay_up=0.3)) as made:
        h4 = Netns(made.prefix, "h4")
        try:
            made.up(lambda: second_lan(made, h4))
            settled(made)
            with served(made):
                yield made
        finally:
            h4.delete()


def second_lan(site, h4):
    """Cables, and a configuration that knows of it."""
    gateway = site.netns("gw-a")
    site.topology.netns["h4"] = h4
    h4.add()
    run(["ip", "link", "add", "eth2", "netns", gateway.full, "type", "veth",
         "peer", "name", "eth0", "netns", h4.full])
    for netns, device, address in ((gateway, "eth2", GATE),
                                   (h4, "eth0", H4)):
        netns.ip(["link set lo up",
                  "addr add %s/24 dev %s" % (address, device),
                  "link set %s up" % device])
        netns.run(["ethtool", "-K", device, "tx", "off"])
    h4.run(["ethtool", "-K", "eth0", "gro", "on"])
    h4.ip(["route add default via " + GATE])
    twinpathd = site.gateway("a").twinpathd
    configure = twinpathd.configure

    def with_second(mode, timers):
        configure(mode, timers)
        path = twinpathd.command[-1]
        with open(path, encoding="ascii") as text:
            config = text.read()
        assert "{ eth0 }" in config
        with open(path, "w", encoding="ascii") as out:
            out.write(config.replace("{ eth0 }", "{ eth0, eth2 }"))
    twinpathd.configure = with_second
    frr = site.gateway("a").frr
    start = frr.start
    # The partner must know it too, or what it is asked has no inside source.
    frr.start = lambda devices, side: start(devices, ["eth2"], side)


def reaches(site, host, seen):
    netns = site.netns(host)
    assert netns.call(ask_tcp, SERVER, ECHO) == seen
    assert netns.call(ask_udp, SERVER, ECHO) == seen
    assert site.ping(host)


# ---- where the inside is ----------------------------------------------------

@pytest.mark.parametrize("host", sorted(HOSTS) + ["h4"])
def test_every_host_gets_out(site, host):
    reaches(site, host, A)


@pytest.mark.parametrize("host", ["h1", "h2", "h3"])
def test_every_host_gets_out_by_the_standby(site, host):
    """gw-b with tc serves the inner subnet as gw-a with XDP does."""
    twinpathd = site.gateway("a").twinpathd
    twinpathd.flip("partner")
    try:
        wait_for("new sessions go to ISP B", lambda: site.netns("h1").call(
            ask_tcp, SERVER, ECHO) == B, 5)
        reaches(site, host, B)
    finally:
        twinpathd.flip("auto")
        settled(site)


def test_inner_subnet_goes_and_comes_by_its_router(site, traffic):
    """Both ways pass ir, and the gateway answers for it by its route."""
    wire = traffic.begin(Wire(site.netns("ir"), "eth0"))
    reaches(site, "h3", A)
    traffic.run(0.3)
    assert wire.outgoing[HOSTS["h3"]] >= 5
    assert wire.incoming[SERVER] >= 5
    # Not the address of ir, nor one of the gateways': nobody translated it
    # twice.
    assert A not in wire.incoming


@pytest.mark.parametrize("source, target", [
    ("h1", "h3"), ("h3", "h1"), ("h1", "h4"), ("h4", "h1"), ("h4", "h3"),
    ("h3", "h4")])
def test_inside_to_inside_is_untouched(site, traffic, source, target):
    """Through the gateway, and seen as what it is."""
    addresses = dict(HOSTS, h4=H4)
    server = traffic.begin(Server(site.netns(target), addresses[target],
                                  INSIDE))
    netns = site.netns(source)
    assert netns.call(ask_tcp, addresses[target], INSIDE) \
        == addresses[source]
    assert netns.call(ask_udp, addresses[target], INSIDE) \
        == addresses[source]
    assert server.sources["tcp"] == {addresses[source]: 1}
    for session in site.gateway("a").twinpathd.ask("sessions"):
        assert not session["remote"].startswith(addresses[target] + ":")


def test_a_second_lan_is_served_by_the_same_hook(site):
    """XDP from and to eth2, and not the kernel behind it."""
    twinpathd = site.gateway("a").twinpathd
    assert "eth2: programs attached (lan, xdp and tc" in log_of(site, "a")
    reaches(site, "h4", A)
    before = reasons(twinpathd)
    for _ in range(5):
        reaches(site, "h4", A)
    after = reasons(twinpathd)
    for key in (("xdp_lan", "translated_out"), ("xdp_wan", "translated_in")):
        assert after[key] - before[key] >= 15


def test_source_that_is_not_inside(site, traffic):
    """No route by a LAN interface leads back to it: nobody's."""
    wire = traffic.begin(Wire(site.netns("pe-a"), "eth0"))
    h1, twinpathd = site.netns("h1"), site.gateway("a").twinpathd
    before = reasons(twinpathd).get(("xdp_lan", "not_inside"), 0)
    h1.ip(["addr add 10.9.9.9/32 dev lo"])
    try:
        h1.run(["ping", "-n", "-c", "3", "-i", "0.05", "-W", "1", "-I",
                "10.9.9.9", SERVER], check=False)
    finally:
        h1.ip(["addr del 10.9.9.9/32 dev lo"])
    assert reasons(twinpathd)[("xdp_lan", "not_inside")] - before == 3
    traffic.end()
    assert set(wire.incoming) == {A}


# ---- what the partner sees --------------------------------------------------

def partner(site, letter):
    return site.gateway(letter).twinpathd.status()["partner"]


@both
def test_marker_is_seen(site, letter):
    other = SIDES["b" if letter == "a" else "a"]
    routes = site.netns(SIDES[letter].gateway).run(
        ["ip", "route", "show", other.marker]).stdout
    assert "via %s " % other.lan in routes and "proto ospf" in routes
    assert partner(site, letter)["marker"] is True
    own = site.netns(SIDES[letter].gateway).run(
        ["ip", "route", "show", SIDES[letter].marker]).stdout
    assert own.startswith("blackhole") and "proto 201" in own


def test_marker_goes_with_the_last_uplink(site):
    """And a live partner on standby is known before it is needed."""
    wait_for("gw-b's default floats, and is told nobody",
             lambda: not partner(site, "a")["offers_default"], 15)
    site.isp("b").black()
    try:
        wait_for("gw-a sees no marker of gw-b",
                 lambda: not partner(site, "a")["marker"], 12)
    finally:
        site.isp("b").heal()
    wait_for("gw-a sees the marker of gw-b",
             lambda: partner(site, "a")["marker"], 20)
    settled(site)


def test_the_lan_follows_the_announced_default(site):
    def next_hop():
        return site.netns("ir").run(["ip", "route", "show",
                                     "default"]).stdout
    wait_for("ir uses gw-a", lambda: "via " + SIDES["a"].lan in next_hop(),
             10)
    site.isp("a").black()
    try:
        wait_for("ir uses gw-b",
                 lambda: "via " + SIDES["b"].lan in next_hop(), 10)
        assert SIDES["a"].lan not in next_hop()
    finally:
        site.isp("a").heal()
    wait_for("ir uses gw-a", lambda: "via " + SIDES["a"].lan in next_hop(),
             20)
    settled(site)


# ---- others change our routes -----------------------------------------------

def test_our_default_deleted_by_somebody(site, traffic):
    gateway = site.netns("gw-a")
    wait_for("gw-a announces its default", lambda: "proto 201" in gateway.run(
        ["ip", "route", "show", "default"]).stdout, 10)
    route = gateway.run(["ip", "route", "show", "default", "proto",
                         "201"]).stdout
    prober = traffic.begin(Prober(site.netns("h1"), SERVER, ECHO))
    traffic.run(0.3)
    began = now()
    begins = len(log_of(site, "a"))
    gateway.ip(["route del default via %s dev eth1 proto 201"
                % SIDES["a"].next_hop])
    wait_for("our default is back", lambda: gateway.run(
        ["ip", "route", "show", "default", "proto", "201"]).stdout == route,
        1, 0.01)
    traffic.run(0.5)
    assert prober.failed(began, now() - 0.3) == []
    assert "put back" in log_of(site, "a")[begins:]


def test_our_default_replaced_by_somebody(site):
    """A DHCP client's default, or a careless hand: ours is there again."""
    gateway = site.netns("gw-a")
    gateway.ip(["route replace default via 192.168.0.30 dev eth0"])
    try:
        wait_for("our default is back", lambda: "via %s dev eth1 proto 201"
                 % SIDES["a"].next_hop in gateway.run(
                     ["ip", "route", "show", "default"]).stdout, 2, 0.02)
    finally:
        gateway.run(["ip", "route", "del", "default", "via", "192.168.0.30",
                     "dev", "eth0"], check=False)
    settled(site)
    reaches(site, "h1", A)


@pytest.mark.parametrize("what", ["fwmark", "from", "oif"])
def test_our_rule_deleted_by_somebody(site, what):
    gateway = site.netns("gw-b")

    def rules():
        return [line for line in gateway.run(["ip", "rule"]).stdout
                .splitlines() if "proto 201" in line]
    before = rules()
    mine = [line for line in before if (what + " ") in line
            and (what != "from" or "from all" not in line)]
    assert mine
    for line in mine:
        gateway.ip(["rule del pref " + line.partition(":")[0]])
    # That they were gone nobody can count on to see.
    wait_for("our rules are back", lambda: rules() == before, 2, 0.02)


def test_our_table_flushed_by_somebody(site):
    gateway = site.netns("gw-b")
    table = "20101"

    def routes():
        return gateway.run(["ip", "route", "show", "table", table]).stdout
    before = routes()
    assert "default via " + SIDES["b"].next_hop in before
    gateway.run(["ip", "route", "flush", "table", table])
    wait_for("our table is back", lambda: routes() == before, 2, 0.02)


# ---- the gateway's own traffic ----------------------------------------------

@both
def test_ssh_to_the_gateways_own_address(site, letter, traffic):
    """Whoever is primary; the answer leaves by the uplink it came by."""
    wire = traffic.begin(Wire(site.netns(SIDES[letter].pe), "eth0"))
    sessions = traffic.begin(Sessions(site.netns("core"), SIDES[letter].wan,
                                      SSH, period=0.05))
    traffic.run(0.5)
    assert sessions.alive() == 1 and len(sessions.sessions[0].answers) > 5
    traffic.end()
    assert wire.incoming[SIDES[letter].wan] > 5


@both
@pytest.mark.parametrize("how", ["from", "oif", "mark"])
def test_routes_of_an_uplink(site, letter, how):
    side = SIDES[letter]
    words = {"from": ["from", side.wan], "oif": ["oif", "eth1"],
             "mark": ["mark", "0x810000"]}[how]
    netns = site.netns(side.gateway)
    shown = netns.run(["ip", "route", "get", SERVER] + words).stdout
    assert "via %s dev eth1" % side.next_hop in shown
    shown = netns.run(["ip", "route", "get", HOSTS["h3"]] + words,
                      check=False).stdout
    if how == "from":
        assert "dev eth0" in shown  # the inside is not behind an uplink


def bound_to(device):
    """As ask_tcp, from a socket bound to a device."""
    with socket.socket() as sock:
        sock.settimeout(2)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                        device.encode())
        sock.connect((SERVER, ECHO))
        return sock.recv(64).decode().strip()


@both
def test_gateways_own_connections(site, letter):
    side = SIDES[letter]
    netns = site.netns(side.gateway)
    # By the default route: gw-b's is gw-a, which translates it.
    assert netns.call(ask_tcp, SERVER, ECHO) == A
    assert netns.call(ask_udp, SERVER, ECHO) == A
    assert netns.call(bound_to, "eth1") == side.wan
    assert netns.run(["ping", "-n", "-q", "-c", "1", "-W", "1", "-I",
                      side.wan, SERVER], check=False).returncode == 0


def test_inside_reaches_the_gateways(site):
    """Its LAN addresses, the virtual one, and its ISP's address."""
    for target in (SIDES["a"].lan, SIDES["b"].lan, "192.168.0.1", A, GATE):
        assert site.ping("h1", target), target
        assert site.ping("h3", target), target


# ---- IPv6 -------------------------------------------------------------------

V6 = {"h1": "2001:db8:1::10", "lan": "2001:db8:1::3", "wan": "2001:db8:2::1",
      "pe": "2001:db8:2::2"}


def listen6(listener):
    client, peer = listener.accept()
    with client:
        client.sendall(peer[0].encode())


def ask6(target, port):
    with socket.create_connection((target, port), 2) as sock:
        return sock.recv(64).decode()


@both
def test_ipv6_passes_untouched(site, letter):
    """Neither switched nor translated: the kernel routes it as before."""
    side = SIDES[letter]
    nodes = {"h1": ("eth0", V6["h1"]), side.pe: ("eth0", V6["pe"])}
    gateway = site.netns(side.gateway)
    for name, (device, address) in list(nodes.items()) + [
            (side.gateway, ("eth0", V6["lan"])),
            (side.gateway, ("eth1", V6["wan"]))]:
        netns = site.netns(name)
        netns.sysctl({"net.ipv6.conf.%s.disable_ipv6" % device: 0})
        netns.ip(["addr add %s/64 dev %s nodad" % (address, device)])
    gateway.sysctl({"net.ipv6.conf.all.forwarding": 1})
    site.netns("h1").ip(["route replace 2001:db8:2::/64 via " + V6["lan"]])
    site.netns(side.pe).ip(["route replace 2001:db8:1::/64 via "
                            + V6["wan"]])
    try:
        assert site.netns("h1").run(
            ["ping", "-n", "-q", "-c", "3", "-i", "0.05", "-W", "2",
             V6["pe"]], check=False).returncode == 0
        assert seen_by_ipv6(site, side) == V6["h1"]
    finally:
        gateway.sysctl({"net.ipv6.conf.all.forwarding": 0})
        for name in ("h1", side.pe, side.gateway):
            for device in ("eth0", "eth1"):
                site.netns(name).run(
                    ["sysctl", "-q", "-w",
                     "net.ipv6.conf.%s.disable_ipv6=1" % device],
                    check=False)
    counted = reasons(site.gateway(letter).twinpathd)
    assert any(reason == "ipv6" for _, reason in counted)


def seen_by_ipv6(site, side):
    """The source that a TCP server at the PE sees."""
    def server():
        sock = socket.create_server((V6["pe"], 5555),
                                    family=socket.AF_INET6)
        sock.settimeout(3)
        return sock
    listener = site.netns(side.pe).call(server)
    thread = threading.Thread(target=listen6, args=(listener,))
    thread.start()
    try:
        return site.netns("h1").call(ask6, V6["pe"], 5555)
    finally:
        thread.join()
        listener.close()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Published servers when something changes: the configuration, what the gateway
and its hosts do with a port, the public address; and who is let in.
"""
import socket
import struct

import pytest

# pylint: disable=unused-import
from conftest import ECHO, log_of, reasons, uplink
from publish_site import (A, B, CLIENT, HIGH, PUBLISH, WEB, Load, ask,
                          configure, gateway, good_day, published, selects,
                          servers, site)
from selftests.site.netns import Worker
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.topology import HOSTS, SERVER, SIDES, TARGET
from selftests.site.traffic import ask_tcp, ask_udp, now

LATE = 9000


# ---- what the operator changes ---------------------------------------------------

def test_withdrawn_its_connections_are_told(site, traffic):
    configure(site, "a")
    load = Load(site, traffic)
    began = now()
    configure(site, "a", more=PUBLISH.replace("8080", "8081"))
    traffic.run(0.5)
    load.lives_on(began)
    assert ask(site, ask_tcp, A, 8081) == CLIENT["a"]
    assert "timed out" in ask(site, ask_tcp, A, HIGH, 0.3)
    assert "published tcp port 8080: 192.168.0.20:80 -> closed, because the " \
        "configuration has it no more" in log_of(site, "a")
    configure(site, "a", more="")
    assert "timed out" in ask(site, ask_tcp, A, WEB, 0.3)
    assert load.sessions["b"].alive() == 20
    assert gateway(site, "a").status()["published"] == []


def test_another_server(site, servers):
    before = dict(servers[2].sources.get("tcp", {}))
    configure(site, "a", more=PUBLISH.replace("192.168.0.10:443",
                                              "192.168.0.20:80"))
    assert ask(site, ask_tcp, A, WEB) == CLIENT["a"]
    assert published(site, "a", "web")["to"] == HOSTS["h2"]
    assert servers[2].sources["tcp"] != before


def test_the_gateways_own_listener_comes_first(site, traffic):
    """Found at the start; and when it ends, the port is the server's."""
    more = PUBLISH + "publish own { port = 2200-2202  to = 192.168.0.20:80-82 }"
    own = Server(site.netns(SIDES["a"].gateway), A, 2201, udp=False).begin()
    try:
        configure(site, "a", more=more)
        item = published(site, "a", "own")
        assert item["open"] == 2
        assert item["state"] == "2 of 3 open, 2201 not"
        assert item["why"] == "the gateway itself listens there"
        assert ask(site, ask_tcp, A, 2201) == CLIENT["a"]
        assert ask(site, ask_tcp, A, 2200) == CLIENT["a"]
        assert "published" in gateway(site, "a").cli("status").stdout
    finally:
        own.stop()
    late = traffic.begin(Server(site.netns("h2"), HOSTS["h2"], 81, udp=False))
    wait_for("the port is the server's",
             lambda: published(site, "a", "own")["state"] == "open", 10)
    ask(site, ask_tcp, A, 2201)
    assert late.sources == {"tcp": {CLIENT["a"]: 1}}
    assert "2 of 3 open, 2201 not -> open, because it is configured" \
        in log_of(site, "a")


class Keeper(Worker):
    """Datagrams from one port of h2; as whom and from where they are seen."""

    def open(self):
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("", LATE))
        self._sock.connect((SERVER, ECHO))
        self._sock.settimeout(0.05)
        self.answers = []

    def work(self):
        self._sock.send(b"x")
        try:
            self._sock.recv(64)
            self.answers.append(now())
        except (TimeoutError, ConnectionRefusedError):
            pass

    def close(self):
        self._sock.close()


def test_a_port_is_taken_from_a_host(site, traffic):
    keeper = traffic.begin(Keeper(site.netns("h2"), "keeper"))
    wait_for("h2 has the port", lambda: keeper.answers, 5)
    server = traffic.begin(Server(site.netns("h1"), HOSTS["h1"], 9001))
    configure(site, "a", more=PUBLISH + "publish late { protocol = udp "
              " port = %d  to = 192.168.0.10:9001 }" % LATE)
    wait_for("the port is the server's",
             lambda: published(site, "a", "late", "udp")["state"] == "open", 5)
    assert "is taken from 192.168.0.20:9000" in log_of(site, "a")
    assert ask(site, ask_udp, A, LATE) == CLIENT["a"]
    began = now()
    wait_for("h2 goes on by another port", lambda: keeper.answers[-1] > began
             + 0.2, 3)
    assert set(server.sources) == {"udp"} and len(server.sources["udp"]) == 1


# ---- another public address -------------------------------------------------------

def test_it_follows_the_address(site):
    """A new lease: no daemon is told, and what is published is there."""
    configure(site, "a")
    gw, pe = (site.netns(name) for name in ("gw-a", "pe-a"))
    other = "172.16.1.5"  # .3 is the broadcast address of what is there
    way = "172.16.1.0/29 via %s" % SIDES["a"].pe_core
    site.netns("core").ip(["route add " + way])
    pe.ip(["addr add 172.16.1.2/29 dev eth0", "addr del 172.16.1.2/30 dev eth0"])
    gw.ip(["addr add %s/29 dev eth1" % other, "addr del %s/30 dev eth1" % A])
    try:
        wait_for("the new address serves", lambda: ask(
            site, ask_tcp, other, WEB, 0.5) == CLIENT["a"], 10)
        assert ask(site, ask_udp, other, WEB) == CLIENT["a"]
        assert uplink(gateway(site, "a"))["address"] == other
        assert published(site, "a", "web")["state"] == "open"
    finally:
        pe.ip(["addr add 172.16.1.2/30 dev eth0",
               "addr del 172.16.1.2/29 dev eth0"])
        site.netns("core").ip(["route del " + way])
        gw.ip(["addr add %s/30 dev eth1" % A,
               "addr del %s/29 dev eth1" % other])
    wait_for("the old address serves again", lambda: ask(
        site, ask_tcp, A, WEB, 0.5) == CLIENT["a"], 10)


# ---- filtering, on the wire --------------------------------------------------------

def heard(site, target, sources):
    """h1 sends to the core by one port; which (address, port) of the core's can
    send back to where that was seen from?"""
    host, core = site.netns("h1"), site.netns("core")

    def bound(address, port=0):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address, port))
        sock.settimeout(1)
        return sock

    inside = host.call(bound, "0.0.0.0")
    known = core.call(bound, *target)
    outside = [core.call(bound, *source) for source in sources]
    try:
        inside.sendto(b"hello", target)
        _, seen = known.recvfrom(64)
        for number, sock in enumerate(outside):
            sock.sendto(struct.pack("!I", number), seen)
        known.sendto(b"end", seen)
        numbers = []
        while True:
            data = inside.recv(64)
            if data == b"end":
                return seen, [sources[n] for n in numbers]
            numbers.append(struct.unpack("!I", data)[0])
    finally:
        for sock in [inside, known] + outside:
            sock.close()


KNOWN, PORT, STRANGER = (SERVER, 5001), (SERVER, 5002), (TARGET, 5001)


@pytest.mark.parametrize("filtering, lets_in", [
    ("address-dependent", [PORT]),
    ("endpoint-independent", [PORT, STRANGER]),
    ("address-and-port-dependent", []),
])
def test_filtering_of_an_uplink(site, filtering, lets_in):
    configure(site, "a", also="filtering = " + filtering)
    seen, numbers = heard(site, KNOWN, [PORT, STRANGER])
    assert seen[0] == A
    assert numbers == lets_in
    if lets_in == [PORT]:
        return
    # The other gateway's uplink is as it was.
    gateway(site, "a").flip("partner")
    selects(site, "b", "isp-b")
    seen, numbers = heard(site, KNOWN, [PORT, STRANGER])
    assert seen[0] == B
    assert numbers == [PORT]


def test_filtering_of_a_server(site):
    """Only those that it has sent to: it sends to the core, by its port."""
    dns = "publish knock { protocol = udp  port = 5300 to = 192.168.0.10:5301 " \
        "filtering = address-dependent }"
    configure(site, "a", more=PUBLISH + dns)
    server = Server(site.netns("h1"), HOSTS["h1"], 5301).begin()
    try:
        before = reasons(gateway(site, "a"))
        assert "timed out" in ask(site, ask_udp, A, 5300, 0.3)
        assert server.sources == {}
        after = reasons(gateway(site, "a"))
        assert sum(n for (_, reason), n in after.items()
                   if reason == "filtered") > \
            sum(n for (_, reason), n in before.items() if reason == "filtered")
    finally:
        server.stop()

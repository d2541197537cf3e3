# SPDX-License-Identifier: GPL-2.0-or-later
"""The house and its rules: what the fast path goes past, it must not undo.

nftables' forward rules, IPsec policies, ip rules by address and by mark,
exclusions, shapers and the gateway's own ports, each made by its own tool, on
a gateway with XDP and on one with tc.
"""
import contextlib
import json
import socket
import time

import pytest

from alone import two_alone
from conftest import ECHO, Traffic
from selftests.site.netns import Netns, run
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.topology import SERVER, TARGET
from selftests.site.traffic import Datagrams, Sessions, ask_tcp, ask_udp
from selftests.site.wire import Wire

OTHER = 8  # a port that no rule here is about
VPN = "10.8.0.1"  # a server behind a tunnel of the gateway's, excluded
ELSEWHERE = "10.6.0.1"  # another there
EXCLUDED = "172.29.0.81"  # a server outside
CONFIG = """exclude = { 10.8.0.0/16, %s/32 }
local = { udp/4100-4102 }
ports = 1024-49999
local-ports = 50000-50999
""" % EXCLUDED
KERNEL = "the kernel sees each session's first packet"
TIMEOUT = "timed out"


@pytest.fixture(scope="module")
def gateways():
    with two_alone(root=CONFIG, uplink="local = { 4105 }") as made:
        servers = Traffic()
        core = made["a"].site.netns("core")
        core.ip(["addr add %s/32 dev lo" % EXCLUDED])
        for address in (SERVER, TARGET, EXCLUDED):
            for port in (ECHO, OTHER):
                servers.begin(Server(core, address, port))
        try:
            yield made
        finally:
            servers.end()


@pytest.fixture(params=["a", "b"], ids=["xdp", "tc"])
def gateway(gateways, request):
    """As it is without any rule, before and after."""
    one = gateways[request.param]
    yield one
    one.netns.run(["sh", "-c", "nft flush ruleset; ip xfrm policy flush; "
                   "tc qdisc del dev eth1 root 2>/dev/null; "
                   "for pref in $(ip rule | sed -n "
                   "'/proto 201/d; s/^\\(3[01]...\\):.*/\\1/p'); do "
                   "ip rule del pref $pref; done; ip route flush table 100 2>&1; "
                   "true"])
    wait_for("nothing is left of it", lambda: state(one) == {
        "firewall": False, "to": 0, "from": 0, "shaped": []}, 10)


def state(gateway):
    """What status says of the machine's rules, in short."""
    rules = gateway.twinpathd.status()["rules"]
    return {"firewall": rules["first_packets"], "to": len(rules["to"]),
            "from": len(rules["from"]),
            "shaped": [one["interface"] for one in rules["shaped"]]}


def becomes(gateway, **wanted):
    wait_for("status says %s" % wanted,
             lambda: wanted.items() <= state(gateway).items(), 5)


def ask(gateway, target=SERVER, port=ECHO, timeout=3):
    """As whom the server sees the host, or why it does not."""
    return gateway.client.call(ask_tcp, target, port, timeout)


def ask_by_udp(gateway, target=SERVER, port=ECHO, timeout=3):
    return gateway.client.call(ask_udp, target, port, timeout)


def counter(gateway, name="seen"):
    """Packets that a named counter of table `inet house` saw."""
    text = gateway.netns.run(["nft", "-j", "list", "counter", "inet",
                              "house", name]).stdout
    return [one["counter"]["packets"] for one in json.loads(text)["nftables"]
            if "counter" in one][0]


FORWARD = """table inet house {
    counter seen { }
    counter dropped { }
    chain forward {
        type filter hook forward priority 0; policy %s;
        counter name seen
        %s
    }
}
"""


def firewall(gateway, rules, policy="accept"):
    gateway.netns.nft(FORWARD % (policy, rules))
    becomes(gateway, firewall=True)


# ---- nftables ------------------------------------------------------------------

def test_without_rules_the_kernel_sees_nothing(gateway):
    """Only what decides about forwarded packets counts."""
    gateway.netns.nft("table inet mine { chain input { type filter hook "
                      "input priority 0; counter; }; }")
    before = gateway.reasons()
    assert ask(gateway) == gateway.side.wan
    assert gateway.counted("firewall", before) == 0
    assert state(gateway)["firewall"] is False


def test_forward_drop(gateway):
    begins = len(gateway.log())
    firewall(gateway, "tcp dport %d counter name dropped drop\n"
             "udp dport %d counter name dropped drop" % (OTHER, OTHER))
    gateway.says("firewall: the kernel sees none of them -> %s, because nft "
                 "table inet house, chain forward: has rules" % KERNEL,
                 begins)
    assert ask(gateway, port=OTHER, timeout=0.4) == TIMEOUT
    assert ask_by_udp(gateway, port=OTHER, timeout=0.4) == TIMEOUT
    assert counter(gateway, "dropped") >= 2
    assert ask(gateway) == gateway.side.wan
    assert ask_by_udp(gateway) == gateway.side.wan
    gateway.netns.nft("flush ruleset")
    becomes(gateway, firewall=False)
    assert ask(gateway, port=OTHER) == gateway.side.wan


def test_first_packets_only(gateway):
    """And the rest by the fast path: that is what it is for."""
    firewall(gateway, "accept")
    before = gateway.reasons()
    traffic = Traffic()
    sessions = traffic.begin(Sessions(gateway.client, SERVER, ECHO, count=5,
                                      period=0.02))
    datagrams = traffic.begin(Datagrams(gateway.client, SERVER, ECHO))
    wait_for("they are at work", lambda: sessions.alive() == 5 and all(
        len(one.answers) > 20 for one in sessions.sessions), 10)
    traffic.end()
    assert datagrams.lost(0, time.monotonic() - 0.5) == []
    # 5 SYNs and a datagram, or a few more that left before its session was.
    assert 6 <= counter(gateway) <= 10
    assert gateway.counted("translated_out", before) > 200


def test_stateful_firewall(gateway):
    """What everybody has: the answers are the sessions' business."""
    firewall(gateway, "ct state established,related accept\n"
             "ct state invalid counter name dropped drop\n"
             "iifname eth0 oifname eth1 accept", policy="drop")
    traffic = Traffic()
    sessions = traffic.begin(Sessions(gateway.client, SERVER, ECHO, count=5,
                                      period=0.05))
    wait_for("they live", lambda: sessions.alive() == 5 and all(
        len(one.answers) > 5 for one in sessions.sessions), 10)
    traffic.end()
    assert ask_by_udp(gateway) == gateway.side.wan
    assert gateway.site.ping(gateway.client.name)
    assert counter(gateway, "dropped") == 0


def test_sessions_that_live_go_on(gateway):
    """A rule that comes later is about later sessions."""
    traffic = Traffic()
    sessions = traffic.begin(Sessions(gateway.client, SERVER, OTHER,
                                      period=0.02))
    wait_for("it lives", lambda: sessions.alive() == 1
             and len(sessions.sessions[0].answers) > 5, 5)
    firewall(gateway, "drop")
    so_far = len(sessions.sessions[0].answers)
    wait_for("it goes on",
             lambda: len(sessions.sessions[0].answers) > so_far + 20, 5)
    assert ask(gateway, port=OTHER, timeout=0.4) == TIMEOUT
    traffic.end()


def test_reject_is_told(gateway):
    firewall(gateway, "tcp dport %d reject with tcp reset" % OTHER)
    assert "refused" in ask(gateway, port=OTHER)


def test_not_to_be_asked(gateway):
    """firewall = none although there are rules: then the log says so."""
    gateway.netns.nft(FORWARD % ("drop", ""))
    begins = len(gateway.log())
    with gateway.configured(root="firewall = none"):
        gateway.says("firewall = none: what is forwarded goes past nft table "
                     "inet house, chain forward: policy drop", begins)
        assert state(gateway)["firewall"] is False
        assert ask(gateway) == gateway.side.wan
        assert counter(gateway) == 0


@contextlib.contextmanager
def host_port(gateway, port):
    """A UDP socket of the host's, known outside by its own port."""
    sock = gateway.client.call(socket.socket, socket.AF_INET,
                               socket.SOCK_DGRAM)
    with sock:
        sock.bind(("", port))
        sock.settimeout(3)
        sock.sendto(b"open", (SERVER, ECHO))
        assert sock.recv(64)[4:] == b"open"
        yield sock


def from_outside(gateway, port, text):
    """A datagram to the external port from an address never asked."""
    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((TARGET, 4444))
            sock.sendto(text, (gateway.side.wan, port))
    gateway.site.netns("core").call(send)


def arrives(sock, seconds=3):
    sock.settimeout(seconds)
    try:
        return sock.recv(64)
    except TimeoutError:
        return None


def test_from_outside_too(gateway):
    """Let in by the filtering, and yet a rule's to decide."""
    with gateway.configured(root="filtering = endpoint-independent"):
        with host_port(gateway, 4001) as sock:
            from_outside(gateway, 4001, b"without rules")
            assert arrives(sock) == b"without rules"
            firewall(gateway, "iifname eth1 udp dport 4001 counter name "
                     "dropped drop")
            from_outside(gateway, 4001, b"dropped")
            from_outside(gateway, 4001, b"dropped again")
            assert arrives(sock, 0.3) is None
            assert counter(gateway, "dropped") == 2
            gateway.netns.nft("flush chain inet house forward\n"
                              "add rule inet house forward counter name seen")
            before = gateway.reasons()
            for number in range(5):
                from_outside(gateway, 4001, b"%d" % number)
                assert arrives(sock) == b"%d" % number
            # The first opened a session, by which the host answers as well.
            assert gateway.counted("translated_in", before) >= 4
            seen = counter(gateway)
            sock.sendto(b"answer", (TARGET, 4444))
            from_outside(gateway, 4001, b"more")
            assert arrives(sock) == b"more"
            assert counter(gateway) == seen


# ---- IPsec ---------------------------------------------------------------------

def test_ipsec_block(gateway):
    """What lives is under it at once."""
    traffic = Traffic()
    sessions = traffic.begin(Sessions(gateway.client, SERVER, ECHO,
                                      period=0.02))
    wait_for("it lives", lambda: sessions.alive() == 1
             and len(sessions.sessions[0].answers) > 5, 5)
    begins = len(gateway.log())
    gateway.netns.run(["ip", "xfrm", "policy", "add", "dir", "out", "dst",
                       SERVER + "/32", "action", "block"])
    becomes(gateway, to=1)
    gateway.says("to %s/32: ours -> left to the kernel, because an IPsec "
                 "policy" % SERVER, begins)
    wait_for("nothing is answered any more", lambda: not sessions.sessions[0]
             .answers or time.monotonic() - sessions.sessions[0].answers[-1]
             > 0.3, 3)
    assert ask(gateway, timeout=0.4) == TIMEOUT
    assert gateway.route(SERVER) == "kernel"
    assert ask(gateway, TARGET) == gateway.side.wan
    gateway.netns.run(["ip", "xfrm", "policy", "flush"])
    becomes(gateway, to=0)
    assert ask(gateway) == gateway.side.wan
    traffic.end()


def test_ipsec_of_a_tunnel_leaves_the_lan_inside(gateway):
    """Its policies name our own subnet as well."""
    tunnel = "tmpl src %s dst %s proto esp mode tunnel" % (gateway.side.wan,
                                                          TARGET)
    for line in ("dir out src 192.168.0.0/24 dst 10.9.0.0/16 ",
                 "dir fwd src 10.9.0.0/16 dst 192.168.0.0/24 "):
        gateway.netns.run(["sh", "-c", "ip xfrm policy add " + line + tunnel])
    becomes(gateway, to=2)
    assert gateway.route("10.9.1.1") == "kernel"
    assert gateway.route(gateway.address) == "inside"
    assert ask(gateway) == gateway.side.wan


# ---- ip rules, and a tunnel -----------------------------------------------------

@pytest.fixture
def vpn(gateway):
    """A place that the gateway reaches by an interface of its own, where the
    inside is known by its own addresses."""
    netns = Netns(gateway.site.topology.prefix, "vpn-" + gateway.letter)
    netns.add()
    try:
        run(["ip", "link", "add", "vpn0", "netns", gateway.netns.full, "type",
             "veth", "peer", "name", "eth0", "netns", netns.full])
        gateway.netns.ip(["addr add 10.8.255.1/30 dev vpn0",
                          "link set vpn0 up"])
        netns.ip(["link set lo up", "addr add 10.8.255.2/30 dev eth0",
                  "link set eth0 up", "addr add %s/32 dev lo" % VPN,
                  "addr add %s/32 dev lo" % ELSEWHERE,
                  "addr add %s/32 dev lo" % SERVER,
                  "route add default via 10.8.255.1"])
        gateway.netns.sysctl({"net.ipv4.conf.vpn0.forwarding": 1,
                              "net.ipv4.conf.vpn0.rp_filter": 0})
        traffic = Traffic()
        for address in (VPN, ELSEWHERE, SERVER):
            for port in (ECHO, OTHER):
                traffic.begin(Server(netns, address, port))
        yield netns
        traffic.end()
    finally:
        netns.delete()


BY_VPN = "default via 10.8.255.2 dev vpn0"


def rule(gateway, text):
    gateway.netns.ip(["route replace table 100 " + BY_VPN, "rule add pref "
                      "31000 " + text])


def test_exclude(gateway, vpn):
    """To the tunnel, untranslated; and all of it, not only the first."""
    assert gateway.route(VPN) == "kernel"
    gateway.netns.ip(["route add 10.8.0.0/16 via 10.8.255.2"])
    by_the_tunnel(gateway, vpn, VPN)


def by_the_tunnel(gateway, vpn, target):
    traffic = Traffic()
    wire = traffic.begin(Wire(vpn, "eth0"))
    before = gateway.reasons()
    assert ask(gateway, target) == gateway.address
    assert ask_by_udp(gateway, target) == gateway.address
    assert ask(gateway) == gateway.side.wan
    wait_for("captured", lambda: gateway.address in wire.incoming, 2)
    assert gateway.counted("excluded", before) >= 5
    traffic.end()


def test_routes_that_lead_elsewhere(gateway, vpn):
    """What main sends by an interface that is none of ours, or nowhere."""
    assert gateway.route(ELSEWHERE) == "default"
    gateway.netns.ip(["route add 10.6.0.0/16 via 10.8.255.2",
                      "route add unreachable %s/32" % TARGET])
    try:
        wait_for("it is known", lambda: gateway.route(ELSEWHERE) == "kernel"
                 and gateway.route(TARGET) == "kernel", 5)
        by_the_tunnel(gateway, vpn, ELSEWHERE)
        assert "No route to host" in ask(gateway, TARGET)
    finally:
        gateway.netns.ip(["route del unreachable %s/32" % TARGET])
    wait_for("it is forgotten", lambda: gateway.route(TARGET) == "default", 5)


def test_excluded_and_yet_by_an_uplink(gateway):
    """Where the kernel finds no other way: translated, never as it is."""
    before = gateway.reasons()
    for _ in range(3):
        assert ask(gateway, EXCLUDED) == gateway.side.wan
        assert ask_by_udp(gateway, EXCLUDED) == gateway.side.wan
    assert gateway.counted("excluded", before) > 12
    assert gateway.counted("translated_slow_out", before) > 12
    assert gateway.counted("translated_out", before) == 0


def test_rule_by_destination(gateway, vpn):
    begins = len(gateway.log())
    rule(gateway, "to %s lookup 100" % SERVER)
    becomes(gateway, to=1)
    gateway.says("to %s/32: ours -> left to the kernel, because an ip rule"
                 % SERVER, begins)
    assert ask(gateway) == gateway.address
    assert vpn.exists()
    assert ask(gateway, TARGET) == gateway.side.wan
    gateway.netns.ip(["rule del pref 31000"])
    becomes(gateway, to=0)
    assert ask(gateway) == gateway.side.wan


def test_rule_by_source(gateway, vpn):
    other = gateway.address[:-1] + "5"
    gateway.client.ip(["addr add %s/24 dev eth0" % other])
    try:
        rule(gateway, "from %s lookup 100" % other)
        becomes(gateway, **{"from": 1, "to": 0})
        assert ask(gateway) == gateway.side.wan
        gateway.client.ip(["route add %s via %s src %s"
                           % (SERVER, gateway.side.lan, other)])
        assert ask(gateway) == other and vpn.exists()
    finally:
        gateway.client.ip(["addr del %s/24 dev eth0" % other])


def test_rule_by_mark(gateway, vpn):
    """A mark that nftables sets: nobody can know which packets get it, so
    each session's first goes through the kernel, and the rule decides."""
    gateway.netns.nft("table ip marks { chain pre { type filter hook "
                      "prerouting priority -150; tcp dport %d meta mark set 1;"
                      " }; }" % OTHER)
    rule(gateway, "fwmark 1 lookup 100")
    becomes(gateway, firewall=True)
    assert gateway.twinpathd.status()["rules"]["because"] \
        == "ip rule 31000: fwmark lookup 100"
    assert ask(gateway, port=OTHER) == gateway.address and vpn.exists()
    assert ask(gateway) == gateway.side.wan
    before = gateway.reasons()
    assert ask_by_udp(gateway) == gateway.side.wan
    assert ask_by_udp(gateway) == gateway.side.wan
    assert gateway.counted("firewall", before) >= 1


def test_always_asked(gateway, vpn):
    """firewall = kernel without rules.  And a rule of the user's decides also
    about what we have marked, wherever it stands."""
    with gateway.configured(root="firewall = kernel"):
        assert state(gateway)["firewall"] is True
        before = gateway.reasons()
        assert ask(gateway) == gateway.side.wan
        assert gateway.counted("firewall", before) >= 1
        rule(gateway, "iif eth0 ipproto tcp dport %d lookup 100" % OTHER)
        wait_for("it is seen", lambda: gateway.twinpathd.status()["rules"][
            "any"] == "ip rule 31000: iif lookup 100", 5)
        assert ask(gateway, port=OTHER) == gateway.address and vpn.exists()
        assert ask(gateway) == gateway.side.wan


# ---- shaping -------------------------------------------------------------------

def sent_by_qdisc(gateway):
    text = gateway.netns.run(["tc", "-s", "-j", "qdisc", "show", "dev",
                              "eth1", "root"]).stdout
    return json.loads(text)[0].get("bytes", 0)


def blast(gateway, seconds):
    """As fast as it goes from the host; the bytes that arrived outside."""
    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((SERVER, 9))
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for _ in range(10):
                    try:
                        sock.send(b"x" * 1000)
                    except OSError:
                        pass
                time.sleep(0.002)
    with gateway.site.netns("core").call(
            socket.socket, socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((SERVER, 9))
        sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
        sock.settimeout(0.3)
        gateway.client.call(send)
        total = 0
        try:
            while True:
                total += len(sock.recv(2048))
        except TimeoutError:
            return total


def test_shaper(gateway):
    """Two million bits a second are what leaves, whichever hook it was."""
    unshaped = blast(gateway, 0.5)
    assert unshaped > 500000
    begins = len(gateway.log())
    gateway.netns.run("tc qdisc add dev eth1 root tbf rate 2mbit burst 20k "
                      "latency 20ms".split())
    becomes(gateway, shaped=["eth1"])
    if gateway.letter == "a":
        gateway.says("eth1: sent to by: XDP -> tc, because its qdisc tbf "
                     "shapes", begins)
    before, reasons = sent_by_qdisc(gateway), gateway.reasons()
    arrived = blast(gateway, 0.5)
    # A full bucket and a queue more than the rate of that half second.
    assert 80000 < arrived < 230000
    assert sent_by_qdisc(gateway) - before >= arrived
    if gateway.letter == "a":
        assert gateway.counted("not_xdp", reasons) > 300
    assert ask(gateway) == gateway.side.wan
    gateway.netns.run("tc qdisc del dev eth1 root".split())
    becomes(gateway, shaped=[])
    assert blast(gateway, 0.5) > 500000


def test_shaper_decides_the_mode(gateways):
    """With mode = auto tc from the start; here it is tc anyway, for veth is
    no NIC, but a shaper must not make it XDP."""
    gateway = gateways["a"]
    gateway.netns.run("tc qdisc add dev eth1 root tbf rate 9mbit burst 20k "
                      "latency 20ms".split())
    try:
        begins = len(gateway.log())
        with gateway.configured(mode="auto"):
            gateway.says("eth1: programs attached (uplink, tc,", begins)
            assert ask(gateway) == gateway.side.wan
    finally:
        gateway.netns.run("tc qdisc del dev eth1 root".split())


# ---- the gateway's own ports ------------------------------------------------------

def external_port(gateway, port):
    """Which external port the host's port has."""
    for line in gateway.twinpathd.ask("bindings"):
        if line["inside"] == "%s:%d" % (gateway.address, port):
            return int(line["external"].rpartition(":")[2])
    return None


def test_ports_that_are_kept(gateway):
    for port, kept in ((4100, True), (4102, True), (4103, False),
                       (4105, True)):
        with host_port(gateway, port):
            assert (external_port(gateway, port) != port) is kept


def own_service(gateway, port):
    return Server(gateway.netns, gateway.side.wan, port)


def test_service_that_starts_late(gateway):
    """NAT has given its port away: the host keeps whom it talks to, and the
    service has everybody else."""
    core = gateway.site.netns("core")
    with host_port(gateway, 4200) as sock:
        assert external_port(gateway, 4200) == 4200
        traffic = Traffic()
        traffic.begin(own_service(gateway, 4200))
        assert core.call(asked_from, TARGET, gateway.side.wan, 4200) == TARGET
        sock.sendto(b"still here", (SERVER, ECHO))
        assert sock.recv(64)[4:] == b"still here"
        # Of TCP nobody has the port: the service does.
        assert core.call(ask_tcp, gateway.side.wan, 4200) != TIMEOUT
        traffic.end()


def asked_from(source, target, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(1)
        sock.bind((source, 0))
        sock.sendto(b"who am I?", (target, port))
        return socket.inet_ntoa(sock.recv(64)[:4])


def test_service_that_is_there(gateway):
    """Its port is never given away, and its clients reach it."""
    traffic = Traffic()
    traffic.begin(own_service(gateway, 4300))
    with host_port(gateway, 4300):
        assert external_port(gateway, 4300) not in (4300, None)
        assert gateway.site.netns("core").call(
            ask_tcp, gateway.side.wan, 4300) != TIMEOUT
    traffic.end()


def test_own_connections_have_ports_of_their_own(gateway):
    """Set apart while it runs, and with any port that the host uses."""
    def ports():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((SERVER, ECHO))
            return sock.getsockname()[1]
    for _ in range(5):
        assert 50000 <= gateway.netns.call(ports) <= 50999
    assert gateway.netns.call(ask_udp, SERVER, ECHO) == gateway.side.wan
    assert gateway.netns.call(ask_tcp, SERVER, ECHO) == gateway.side.wan


def test_sysctl_is_given_back(gateways):
    gateway = gateways["b"]
    path = ["sysctl", "-n", "net.ipv4.ip_local_port_range"]
    assert gateway.netns.run(path).stdout.split() == ["50000", "50999"]
    gateway.twinpathd.cli("detach")
    wait_for("the daemon has ended", lambda: gateway.site.processes.pid(
        gateway.twinpathd.name) is None, 5)
    assert gateway.netns.run(path).stdout.split() == ["32768", "60999"]
    gateway.start()

# SPDX-License-Identifier: GPL-2.0-or-later
"""A partner that holds nothing of a host is not asked about its new sessions
(docs/ownership.md, quiet); and is asked again before that could go wrong.
"""
import itertools
import os
import signal
import socket
import struct

import pytest

from conftest import ECHO, reasons, served, settled, site_of
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import Datagrams, Prober, ask_tcp, ask_udp, now
from selftests.site.wire import Wire

A, B = SIDES["a"].wan, SIDES["b"].wan
TIMERS = Timers(delay_up=0.3)
PORTS = itertools.count(5000)
HEARTBEAT = 5370
# Of a message (loader/heartbeat_message.c): where it says what, and how.
BOOT, COUNTER, ECHOED, FLAGS, SELECTOR = 8, 16, 32, 40, 41
ASK, QUIET = 2, 4
SELF, PARTNER = 1, 2


@pytest.fixture(scope="module")
def site():
    with site_of(timers=TIMERS) as made:
        made.up()
        settled(made)
        # VRRP has no part in this: both hosts enter at gw-a, always.  And
        # they are new: what was sent while the site came up is gw-b's.
        for host, address in (("h1", "192.168.0.11"), ("h2", "192.168.0.21")):
            made.netns(host).ip([
                "addr add %s/24 dev eth0" % address,
                "route replace default via %s src %s" % (SIDES["a"].lan,
                                                         address)])
        with served(made):
            yield made


@pytest.fixture(autouse=True)
def good_day(site):
    becomes_quiet(site)
    yield
    daemon(site, "a").flip("auto")
    settled(site)


def daemon(site, letter):
    return site.gateway(letter).twinpathd


def quiet(site, letter):
    """Does it know that its partner need not be asked?"""
    return daemon(site, letter).status()["partner"]["quiet"]


def becomes_quiet(site):
    wait_for("gw-b need not be asked", lambda: quiet(site, "a"), 10, 0.05)


def asked(site):
    """How often gw-a has asked gw-b, or handed over, up to now."""
    counts = reasons(daemon(site, "a"))
    return sum(count for (_, reason), count in counts.items()
               if reason in ("question", "session_question", "take"))


def opens(site, host, count=20):
    """So many TCP connections and UDP sessions, each from a new port."""
    for _ in range(count):
        assert site.netns(host).call(ask_tcp, SERVER, ECHO) == A
        assert site.netns(host).call(ask_udp, SERVER, ECHO) == A


def test_nothing_is_asked(site):
    assert not quiet(site, "b")  # gw-a is in use
    before = asked(site)
    opens(site, "h1")
    assert asked(site) == before


def test_asked_about_its_own_hosts_alone(site, traffic):
    """h2 has a session at gw-b; that is known before any bit of it."""
    daemon(site, "a").flip("partner")
    wait_for("gw-b sends new sessions itself", lambda: daemon(
        site, "b").selector() == "isp-b", 5, 0.02)
    stream = traffic.begin(Datagrams(site.netns("h2"), SERVER, ECHO, 20))
    wait_for("h2 is seen by ISP B", lambda: stream.seen_as(0) == {B}, 5)
    daemon(site, "a").flip("auto")
    wait_for("gw-a sends new sessions itself", lambda: daemon(
        site, "a").selector() == "isp-a", 5, 0.02)
    becomes_quiet(site)
    before = asked(site)
    opens(site, "h1")
    # The stream of h2 crosses: it is gw-b's, and asked for packet by packet.
    traffic.end()
    between = asked(site)
    assert site.netns("h1").call(ask_tcp, SERVER, ECHO) == A
    assert asked(site) == between
    opens(site, "h2", 5)
    assert asked(site) >= between + 10
    assert between - before <= len(stream.sent) + 1
    # Its binding ends; h2 is a host like the others again.


def test_a_daemon_that_dies_has_to_be_asked(site):
    """Its lease ends with it, a second later at most."""
    daemon(site, "b").kill()
    died = now()
    try:
        wait_for("gw-a asks again", lambda: asks_now(site), 5, 0.02)
        assert now() - died < 2.5
    finally:
        daemon(site, "b").start()
        daemon(site, "b").wait_ready()
    before = asked(site)
    opens(site, "h1", 3)
    assert asked(site) > before  # its daemon has just begun to look
    becomes_quiet(site)
    before = asked(site)
    opens(site, "h1", 3)
    assert asked(site) == before


def asks_now(site):
    before = asked(site)
    assert site.netns("h1").call(ask_tcp, SERVER, ECHO) == A
    return asked(site) > before


def test_my_own_daemon_dies(site):
    """So does its lease, and new sessions are asked about, and served."""
    daemon(site, "a").kill()
    died = now()
    try:
        wait_for("gw-a asks again", lambda: asks_now(site), 5, 0.02)
        assert now() - died < 2.5
    finally:
        daemon(site, "a").start()
        daemon(site, "a").wait_ready()


class Heartbeats(Wire):
    """What the two tell each other, in the order of gw-b's interface."""

    def __init__(self, netns, device):
        super().__init__(netns, device)
        self.heard = []  # (time, from gw-b?, bytes of the message)

    def _packet(self, packet, outgoing):
        head = 4 * (packet[0] & 15)
        if packet[9] == socket.IPPROTO_UDP and HEARTBEAT == int.from_bytes(
                packet[head + 2:head + 4], "big"):
            self.heard.append((now(), outgoing, packet[head + 8:]))

    def of(self, outgoing):
        return [bytes for _, out, bytes in self.heard if out == outgoing]


def number(message, at):
    return struct.unpack_from("!Q", message, at)[0]


def test_taken_back_before_the_selector_changes(site, traffic):
    """gw-b says that it must be asked, hears that gw-a knows, and only then
    is its selector its own."""
    wire = traffic.begin(Heartbeats(site.netns("gw-b"), "eth0"))
    wait_for("heartbeats", lambda: wire.of(True), 5)
    assert wire.of(True)[-1][FLAGS] & QUIET
    daemon(site, "a").flip("partner")
    wait_for("gw-b says that it selects itself", lambda: wire.of(True)[-1][
        SELECTOR] == SELF, 5, 0.01)
    traffic.end()
    order = [message for _, _, message in wire.heard]
    mine = [out for _, out, _ in wire.heard]
    took = next(i for i, message in enumerate(order) if mine[i]
                and message[SELECTOR] == PARTNER
                and message[FLAGS] & (ASK | QUIET) == ASK)
    turned = next(i for i, message in enumerate(order) if mine[i]
                  and message[SELECTOR] == SELF)
    knew = next(i for i, message in enumerate(order) if not mine[i]
                and number(message, ECHOED)
                >= number(order[took], COUNTER))
    assert took < knew < turned
    assert not any(message[FLAGS] & QUIET for message, out
                   in zip(order[took:], mine[took:]) if out)
    # It cost the time of an answer, not of a missing one.
    assert wire.heard[turned][0] - wire.heard[took][0] < 0.5


def test_a_partner_that_does_not_answer_is_not_waited_for(site, traffic):
    """gw-a's daemon stands still: gw-b takes over all the same, soon."""
    pid = site.processes.pid(daemon(site, "a").name)
    prober = traffic.begin(Prober(site.netns("h1"), SERVER, ECHO,
                                  ports=PORTS))
    wait_for("a connection works", lambda: prober.first(A, 0), 5)
    os.kill(pid, signal.SIGSTOP)
    try:
        began = now()
        daemon(site, "b").flip("isp-b")
        wait_for("gw-b sends new sessions itself", lambda: daemon(
            site, "b").selector() == "isp-b", 5, 0.01)
        assert now() - began < 0.5
        traffic.run(0.5)
    finally:
        os.kill(pid, signal.SIGCONT)
    daemon(site, "b").flip("auto")
    traffic.run(1)
    assert prober.failed(began, now() - 0.4) == []

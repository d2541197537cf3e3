# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers inside, published on both gateways: h1 and h2 serve, the core asks.

GW-A is the primary all the time unless a test says otherwise, and the hosts'
default gateway; a connection to ISP B's address must be answered by GW-B all
the same.  The client's kernel is the judge: an answer from another address is
none.
"""
import re

# pylint: disable=unused-import
from conftest import log_of
from publish_site import (A, B, CLIENT, HIGH, WEB, Load, ask, gateway,
                          good_day, published, selects, servers, site, start)
from selftests.site.processes import wait_for
from selftests.site.topology import HOSTS, SIDES
from selftests.site.traffic import Prober, ask_tcp, ask_udp, now
from selftests.site.wire import Wire


# ---- what is published -------------------------------------------------------

def test_both_addresses_lead_to_the_server(site):
    for letter, side in SIDES.items():
        for what in (ask_tcp, ask_udp):
            assert ask(site, what, side.wan, WEB) == CLIENT[letter]
        assert ask(site, ask_tcp, side.wan, HIGH) == CLIENT[letter]
        assert ask(site, ask_udp, side.wan, 27009) == CLIENT[letter]


def test_nothing_else_is_open(site):
    assert "timed out" in ask(site, ask_tcp, A, 80, 0.3)
    assert "timed out" in ask(site, ask_udp, A, HIGH, 0.3)
    assert "timed out" in ask(site, ask_udp, A, 27010, 0.3)


def test_it_is_shown(site):
    for letter, side in SIDES.items():
        item = published(site, letter, "range", "udp")
        assert item["ports"] == [27000, 27009] and item["open"] == 10
        assert (item["to"], item["to_ports"]) == (HOSTS["h1"],
                                                  [30000, 30009])
        assert (item["state"], item["why"], item["inside"]) == ("open", None,
                                                                True)
        twinpathd = gateway(site, letter)
        assert re.search(r"web +%s +tcp +443 +192.168.0.10:443 .* open"
                         % side.uplink, twinpathd.cli("status").stdout)
        row = [row for row in twinpathd.ask("bindings") if row["proto"] ==
               "tcp" and row["external"] == "%s:443" % side.wan]
        assert len(row) == 1 and row[0]["kind"] == "published"
        assert row[0]["left"] is None
        assert row[0]["inside"] == HOSTS["h1"] + ":443"


# ---- answers leave by the way the question came ---------------------------------

def test_both_at_once(site, traffic):
    """Also what GW-A, which has the hosts, must hand to GW-B."""
    wires = {letter: traffic.begin(Wire(site.netns(side.pe), "eth0"))
             for letter, side in SIDES.items()}
    began = now()
    load = Load(site, traffic)
    traffic.run(1)
    load.lives_on(began)
    for letter, side in SIDES.items():
        assert wires[letter].strangers({side.wan}) == {}
        assert wires[letter].bad == []


def test_flips_lose_nothing(site, traffic):
    load = Load(site, traffic)
    began = now()
    for _ in range(3):
        gateway(site, "a").flip("partner")
        selects(site, "b", "isp-b")
        traffic.run(0.4)
        gateway(site, "a").flip("auto")
        selects(site, "b", "partner")
        traffic.run(0.4)
    traffic.run(0.5)
    load.lives_on(began)


def test_a_move_of_the_default_gateway_loses_nothing(site, traffic):
    load = Load(site, traffic)
    began = now()
    for lan in (SIDES["b"].lan, SIDES["a"].lan):
        site.netns("h1").ip(["route replace default via " + lan])
        traffic.run(0.7)
    site.netns("h1").ip(["route replace default via 192.168.0.1"])
    traffic.run(0.5)
    load.lives_on(began)


def test_daemons_die_and_come_back(site, traffic):
    load = Load(site, traffic)
    before = {letter: log_of(site, letter) for letter in SIDES}
    began = now()
    for letter in SIDES:
        gateway(site, letter).kill()
    traffic.run(1)
    assert [ask(site, ask_tcp, side.wan, WEB) for side in SIDES.values()] \
        == list(CLIENT.values())
    for letter in SIDES:
        start(site, letter)
    traffic.run(1)
    load.lives_on(began)
    for letter in SIDES:  # found as it should be: nothing to say
        log = log_of(site, letter)[len(before[letter]):]
        assert "publish" not in log
        assert published(site, letter, "web")["state"] == "open"


def test_one_address_dies_the_other_serves(site, traffic):
    load = Load(site, traffic)
    site.isp("a").black()
    selects(site, "a", "partner")
    began = now()
    prober = traffic.begin(Prober(site.netns("core"), B, WEB))
    traffic.run(1)
    load.lives_on(began, "b")
    assert prober.failed(began, now() - 0.3) == []
    site.isp("a").heal()
    selects(site, "a", "isp-a")
    wait_for("ISP A's address serves again", lambda: ask(
        site, ask_tcp, A, WEB, 0.5) == CLIENT["a"], 5)
    assert ask(site, ask_udp, A, WEB) == CLIENT["a"]
    load.lives_on(began, "b")

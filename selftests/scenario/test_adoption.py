# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing depends on the daemon being alive; and a detach leaves nothing.

Each end of a daemon is looked at under traffic: what was sent, what became
of the sessions, and whether links and maps are the same ones afterwards.
"""
import json
import os
import shutil
import subprocess

import pytest

from conftest import (BUILD, ECHO, bare_site, log_of, machine, same_machine,
                      served, settled, site_of, uplink)
from selftests.site.daemons import Timers
from selftests.site.netns import run
from selftests.site.processes import wait_for
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import (Datagrams, Pings, Prober, Sessions,
                                    ask_udp, now)

both = pytest.mark.parametrize("letter", sorted(SIDES))


@pytest.fixture(scope="module")
def site():
    """Both gateways carry traffic by their own uplink, so that both hooks
    are looked at; h2's way is gw-b.  Without the heartbeat, which would make
    the operator's wish at one of them the other's too."""
    with site_of(timers=Timers(delay_up=0.3), heartbeat=False) as made:
        made.up()
        settled(made)
        made.gateway("b").twinpathd.flip("isp-b")
        made.netns("h2").ip(["route replace default via %s"
                             % SIDES["b"].lan])
        with served(made):
            yield made


@pytest.fixture
def load(site, traffic):
    """Traffic through both gateways, and the judgement on it."""
    return Load(site, traffic)


class Load:
    def __init__(self, site, traffic):
        self.site, self.traffic = site, traffic
        for letter, selector in (("a", "isp-a"), ("b", "isp-b")):
            twinpathd = site.gateway(letter).twinpathd
            wait_for("gw-%s uses its uplink" % letter,
                     lambda: twinpathd.selector() == selector, 10)
        self.sessions, self.streams = {}, []
        for letter, host in (("a", "h1"), ("b", "h2")):
            netns = site.netns(host)
            self.sessions[letter] = traffic.begin(
                Sessions(netns, SERVER, ECHO, count=5, period=0.1))
            self.streams += [traffic.begin(Datagrams(netns, SERVER, ECHO)),
                             traffic.begin(Pings(netns, SERVER, 0.02))]
            self.streams.append(traffic.begin(Prober(netns, SERVER, ECHO,
                                                     timeout=0.9)))
        self.began = now()

    def nothing_lost(self):
        """From the beginning to a moment ago."""
        self.traffic.run(0.5)
        until = now()
        self.traffic.run(0.5)  # for the answers to the last ones
        assert self.missing(until) == [0] * len(self.streams)
        for letter, sessions in self.sessions.items():
            assert sessions.alive() == 5
            assert sessions.longest_gap(self.began, until) < 1
            assert {s.source for s in sessions.sessions} == {
                SIDES[letter].wan}

    def missing(self, until):
        return [len(s.failed(self.began, until) if isinstance(s, Prober)
                    else s.lost(self.began, until)) for s in self.streams]


def links_of(twinpathd):
    """{pin: (its link's number, its program's)}"""
    shown = {}
    for name in sorted(pins_of(twinpathd)):
        if name.split("_")[0] in ("xdp", "in", "out"):
            line = json.loads(run(["bpftool", "-j", "link", "show", "pinned",
                                   "%s/%s" % (twinpathd.pins, name)]).stdout)
            shown[name] = (line["id"], line["prog_id"])
    return shown


def maps_of(twinpathd):
    """{pin: the map's number} of those that hold state."""
    return {name: json.loads(run(["bpftool", "-j", "map", "show", "pinned",
                                  "%s/%s" % (twinpathd.pins, name)])
                             .stdout)["id"]
            for name in ("session_table", "binding_table", "seed", "tags",
                         "endpoints", "permits", "layout", "exits", "selector")}


def programs_of(twinpathd):
    """Where its programs are pinned: one place, whoever was there before."""
    (place,) = [name for name in pins_of(twinpathd)
                if name.startswith("programs-")]
    return "%s/%s" % (twinpathd.pins, place)


def pins_of(twinpathd):
    return run(["ls", twinpathd.pins]).stdout.split()


def tcp_sessions(twinpathd):
    """What must not change: the tuples of the long TCP sessions."""
    return {(s["inside"], s["external"], s["remote"], s["exit"])
            for s in twinpathd.ask("sessions")
            if s["proto"] == "tcp" and s["state"] == "established"}


def starts_again(site, letter):
    """Start it, and wait until it knows as much as before."""
    twinpathd = site.gateway(letter).twinpathd
    twinpathd.start()
    twinpathd.wait_ready()
    wait_for("its uplink is up",
             lambda: uplink(twinpathd)["state"] == "up", 5)


@both
@pytest.mark.parametrize("way", ["kill", "stop"])
def test_end_and_restart(site, load, letter, way):
    twinpathd = site.gateway(letter).twinpathd
    links, maps = links_of(twinpathd), maps_of(twinpathd)
    load.traffic.run(0.5)
    mine = {s.sock.getsockname()[1]
            for s in load.sessions[letter].sessions}
    before = {s for s in tcp_sessions(twinpathd)
              if int(s[0].rpartition(":")[2]) in mine}
    assert len(before) == 5
    getattr(twinpathd, way)()
    load.traffic.run(1)
    assert links_of(twinpathd) == links
    load.nothing_lost()
    starts_again(site, letter)
    load.nothing_lost()
    assert links_of(twinpathd) == links  # the very same programs
    assert maps_of(twinpathd) == maps
    assert before <= tcp_sessions(twinpathd)
    assert "twinpathd: tables adopted in" in log_of(site, letter)
    assert "programs as they are" in log_of(site, letter)


@both
def test_upgrade(site, load, letter, tmp_path):
    """Another binary takes over; its programs replace the old ones, which
    were another version's."""
    twinpathd = site.gateway(letter).twinpathd
    links = links_of(twinpathd)
    place = programs_of(twinpathd)
    other_place = place[:-1] + ("0" if place[-1] != "0" else "1")
    command = list(twinpathd.command)
    other = tmp_path / "twinpathd"
    shutil.copy(BUILD / "twinpathd", other)
    twinpathd.stop()
    os.rename(place, other_place)
    twinpathd.command = [str(other) if word.endswith("/twinpathd") else word
                         for word in command]
    assert twinpathd.command != command
    try:
        starts_again(site, letter)
        load.nothing_lost()
        now_there = links_of(twinpathd)
        for name, (number, program) in links.items():
            assert now_there[name][0] == number
            assert now_there[name][1] != program
        assert programs_of(twinpathd) == place
    finally:
        twinpathd.stop()
        twinpathd.command = command
        starts_again(site, letter)
    load.nothing_lost()


def test_an_operators_wish_survives(site):
    twinpathd = site.gateway("b").twinpathd
    assert twinpathd.status()["intent"]["uplink"] == "isp-b"
    twinpathd.kill()
    starts_again(site, "b")
    status = twinpathd.status()
    assert status["intent"]["kind"] == "uplink"
    assert status["intent"]["uplink"] == "isp-b"
    assert status["selector"] == "isp-b"


@pytest.fixture
def dead(site, load):
    """gw-a's daemon is gone, its traffic is not."""
    load.traffic.run(0.3)
    twinpathd = site.gateway("a").twinpathd
    twinpathd.kill()
    yield twinpathd
    starts_again(site, "a")


def test_what_can_be_read_without_a_daemon(dead, load):
    port = load.sessions["a"].sessions[0].sock.getsockname()[1]
    inside = "192.168.0.10:%d" % port
    text = run(["cat", dead.pins + "/sessions"]).stdout
    assert any(inside in line and SERVER in line
               for line in text.splitlines())
    text = run(["cat", dead.pins + "/bindings"]).stdout
    assert any(inside in line for line in text.splitlines())
    assert inside in dead.cli("sessions").stdout
    assert {"hook", "reason", "fate", "packets", "text"} == set(
        dead.ask("reasons")[0])
    assert dead.cli("bindings").stdout and dead.cli("routes").stdout


@pytest.mark.parametrize("name, fields", [
    ("layout", {"magic", "version", "buckets", "addresses"}),
    ("settings", {"port_min", "port_max", "timers"}),
    ("selector", {"exit", "event"}),
    ("exits", {"ifindex", "mtu", "mark", "kind", "state", "name"}),
    ("addresses", {"address", "generation", "exit", "filtering"}),
    ("partner", {"type", "exit", "reachable", "quiet", "way"}),
    ("links", {"ifindex", "role", "exit"}),
    ("neighbours", {"ifindex", "valid", "destination", "address"}),
    ("routes", {"ifindex", "kind", "via", "next_hop"}),
])
def test_bpftool_shows_named_fields(dead, name, fields):
    shown = json.loads(run(["bpftool", "-j", "map", "dump", "pinned",
                            "%s/%s" % (dead.pins, name)]).stdout)
    entry = shown[0].get("formatted", shown[0])
    assert fields <= set(entry["value"])


def test_per_cpu_counters_have_names(dead):
    shown = json.loads(run(["bpftool", "-j", "map", "dump", "pinned",
                            dead.pins + "/reasons"]).stdout)
    entry = shown[0].get("formatted", shown[0])
    assert "translated_out" in entry["values"][0]["value"]


@pytest.mark.parametrize("command", [["status"], ["flip", "partner"],
                                     ["detach"], ["status", "--json"]])
def test_commands_to_a_dead_daemon(dead, command):
    done = subprocess.run(dead.netns.command(dead.cli_command(*command)),
                          capture_output=True, text=True, timeout=20,
                          check=False)
    assert done.returncode != 0 and done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "twinpathd" in done.stderr and "not run" in done.stderr


# ---- detach -----------------------------------------------------------------

def test_partner_is_detached(site, load):
    """What is left serves alone: every kind of new session, though the other
    gateway's address still answers."""
    twinpathd = site.gateway("b").twinpathd
    site.netns("h2").ip(["route replace default via %s" % SIDES["a"].lan])
    try:
        twinpathd.cli("detach")
        wait_for("the daemon has ended", lambda: site.processes.pid(
            twinpathd.name) is None, 5)
        # Three unanswered questions over a second and the partner is silent.
        load.traffic.begin(Prober(site.netns("h2"), SERVER, ECHO))
        load.traffic.run(2)
        began = now()
        fresh = [load.traffic.begin(Datagrams(site.netns("h2"), SERVER, ECHO)),
                 load.traffic.begin(Pings(site.netns("h2"), SERVER, 0.02)),
                 load.traffic.begin(Prober(site.netns("h2"), SERVER, ECHO))]
        load.traffic.run(3)
        until = now()
        load.traffic.run(0.5)
        lost = [len(s.failed(began, until) if isinstance(s, Prober)
                    else s.lost(began, until)) for s in fresh]
        assert lost == [0, 0, 0]
    finally:
        starts_again(site, "b")
        site.netns("h2").ip(["route replace default via %s"
                             % SIDES["b"].lan])


@pytest.fixture(scope="module")
def lonely():
    """One gateway, nobody else: nothing but twinpathd changes anything."""
    with bare_site() as made:
        made.netns("lan").ip(["link set gw-b down"])
        made.netns("h1").ip(["route replace default via 192.168.0.3"])
        yield made


def up(site, mode):
    twinpathd = site.gateway("a").twinpathd
    twinpathd.configure(mode, site.timers)
    twinpathd.start()
    twinpathd.wait_ready()
    wait_for("it announces its uplink", lambda: twinpathd.status()[
        "announce"]["uplink"] == "isp-a", 10)
    # Of a million lines none is in use: that can be read, too, by a reader
    # whose buffer the titles have filled.
    for name in ("sessions", "bindings"):
        assert run(["dd", "bs=16", "status=none", "if=%s/%s" % (
            twinpathd.pins, name)]).stdout.startswith("# proto inside")
        assert twinpathd.cli(name).stdout == "no %s\n" % name
    with served(site):
        assert site.netns("h1").call(ask_udp, SERVER, ECHO) \
            == SIDES["a"].wan
    return twinpathd


@pytest.mark.parametrize("mode", ["xdp", "tc"])
@pytest.mark.parametrize("how", ["asked", "dead", "stopped, as upgraded"])
def test_detach_leaves_the_machine_as_it_was(lonely, mode, how):
    before = machine(lonely, "a")
    assert before[1] == []
    twinpathd = up(lonely, mode)
    during = machine(lonely, "a")
    assert during[0] != before[0] and "layout" in during[1]
    assert "proto 201" in during[0] and "32765:" in during[0]
    if how == "asked":
        twinpathd.cli("detach")
        wait_for("the daemon has ended", lambda: lonely.processes.pid(
            twinpathd.name) is None, 5)
    else:
        if how == "dead":
            twinpathd.kill()
        else:
            twinpathd.stop()
        binary = str(BUILD / "twinpathd")
        done = twinpathd.netns.run([binary, "--detach", "--instance",
                                    twinpathd.instance], check=False)
        assert (done.returncode, done.stdout) == (0, "")
    same_machine(before, machine(lonely, "a"))


def test_no_cleaning_under_a_living_daemon(lonely):
    twinpathd = up(lonely, "tc")
    before = machine(lonely, "a")
    done = twinpathd.netns.run([str(BUILD / "twinpathd"), "--detach",
                                "--instance", twinpathd.instance],
                               check=False)
    assert done.returncode != 0
    assert "another twinpathd" in done.stdout
    assert "twinpath --instance %s detach" % twinpathd.instance \
        in done.stdout
    same_machine(before, machine(lonely, "a"))
    twinpathd.cli("detach")
    wait_for("the daemon has ended", lambda: lonely.processes.pid(
        twinpathd.name) is None, 5)

# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator sees of a running gateway, and what it tells his programs."""
import json
import os
import re
import subprocess
import time

import pytest

from conftest import ECHO, log_of, single_of
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import Sessions

HOST = "192.168.0.10"

TIMERS = Timers(delay_up=0.3)


@pytest.fixture(scope="module")
def site():
    with single_of(timers=TIMERS) as made:
        made.up()
        is_settled(made)
        yield made


@pytest.fixture(autouse=True)
def good_day(site):
    yield
    for letter in "ab":
        site.isp(letter).heal()
    with_hooks(site, "")
    is_settled(site)


def is_settled(site):
    wait_for("both uplinks are up", lambda: [
        uplink["state"] for uplink in site.twinpathd.status()["uplinks"]]
        == ["up", "up"], 10, 0.02)
    wait_for("new sessions go by isp-a",
             lambda: site.twinpathd.selector() == "isp-a", 10, 0.02)


def fail_over(site):
    site.isp("a").black()
    wait_for("new sessions go by isp-b",
             lambda: site.twinpathd.selector() == "isp-b", 10, 0.02)


# ---- events ------------------------------------------------------------------

def test_events_tell_the_failover(site):
    before = len(site.twinpathd.ask("events"))
    fail_over(site)
    new = site.twinpathd.ask("events")[before:]
    selector = [one for one in new if one["what"] == "selector"][-1]
    assert (selector["from"], selector["to"]) == ("isp-a", "isp-b")
    assert selector["event"] == site.twinpathd.status()["last_switch"]["event"]
    assert selector["kind"] == "selector" and selector["because"]
    track = next(one for one in new if one["what"] == "track isp-a/core")
    assert track["kind"] == "track" and track["serial"] < selector["serial"]
    text = site.twinpathd.cli("events").stdout.splitlines()
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  selector: isp-a -> "
                    r"isp-b, because .* \[event %d\]$" % selector["event"],
                    next(line for line in reversed(text)
                         if "  selector: " in line))


def test_events_are_followed_as_they_happen(site):
    follower = subprocess.Popen(
        site.twinpathd.netns.command(site.twinpathd.cli_command(
            "events", "--follow", "--json")),
        stdout=subprocess.PIPE, text=True)
    try:
        known = [json.loads(follower.stdout.readline()) for _ in
                 site.twinpathd.ask("events")]
        site.twinpathd.flip("isp-b")
        while True:
            event = json.loads(follower.stdout.readline())
            if event["what"] == "selector":
                break
        assert (event["from"], event["to"]) == ("isp-a", "isp-b")
        assert event["serial"] > known[-1]["serial"]
    finally:
        site.twinpathd.flip("auto")
        follower.terminate()
        follower.wait()
        follower.stdout.close()


# ---- hooks -------------------------------------------------------------------

def with_hooks(site, text):
    site.twinpathd.configure(site.mode, site.timers, site.also)
    with open(site.twinpathd.command[-1], "a", encoding="utf-8") as out:
        out.write(text)
    site.twinpathd.cli("reload")


def script(site, name, text):
    path = site.processes.write(name, "#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def hook(name, path, more=""):
    return "hook %s {\n run = \"%s\"\n %s\n}\n" % (name, path, more)


def test_a_hook_is_told_in_order(site):
    out = site.processes.path("hook-told")
    path = script(site, "tell", """
cat >> %s
env | grep ^TWINPATH_ | sort >> %s
echo --- >> %s
sleep 0.2
""" % (out, out, out))
    with_hooks(site, hook("tell", path, "on = { selector, wish }"))
    fail_over(site)
    site.isp("a").heal()
    is_settled(site)
    wait_for("both changes were told", lambda: os.path.exists(out) and open(
        out, encoding="utf-8").read().count("---\n") >= 2, 10)
    told = [part.strip().splitlines() for part in
            open(out, encoding="utf-8").read().split("---\n")][:2]
    assert [json.loads(lines[0])["to"] for lines in told] == ["isp-b", "isp-a"]
    for lines in told:
        event = json.loads(lines[0])
        assert event["hook"] == "tell"
        assert event["instance"] == site.twinpathd.instance
        assert lines[1:] == sorted("TWINPATH_%s=%s" % (key.upper(), event[key])
                                   for key in ("instance", "hook", "kind",
                                               "what", "from", "to", "because",
                                               "event", "serial", "time"))


def test_a_hook_that_hangs_is_killed_and_the_next_one_runs(site):
    out = site.processes.path("hook-after")
    pids = site.processes.path("of-hang")
    hang = script(site, "hang", "sleep 300 & echo $! $$ > %s; wait\n" % pids)
    after = script(site, "next", "touch %s\n" % out)
    with_hooks(site, hook("hang", hang, "timeout = 500ms")
               + hook("next", after))
    began = time.monotonic()
    site.twinpathd.flip("isp-b")
    # The daemon does not wait: it answers, and has switched.
    assert site.twinpathd.selector() == "isp-b"
    assert time.monotonic() - began < 3
    wait_for("the next one has run", lambda: os.path.exists(out), 10)
    assert "hook hang: %s is not done after 500 ms: killed" % hang \
        in log_of(site, "a")
    for pid in open(pids, encoding="utf-8").read().split():
        wait_for("%s is no more" % pid, lambda: not os.path.exists(
            "/proc/%s/stat" % pid) or open("/proc/%s/stat" % pid).read()
            .split(") ")[1][0] == "Z", 5)
    site.twinpathd.flip("auto")


@pytest.mark.parametrize("text, says", [
    ("exit 3\n", "exit status 3"),
    ("kill -9 $$\n", "was ended by signal 9"),
    (None, "cannot be run: exit status 127: is it there, and executable?"),
])
def test_a_hook_that_fails_is_logged(site, text, says):
    path = "/nonexistent/hook"
    if text:
        path = script(site, "fails", text)
    with_hooks(site, hook("fails", path))
    before = len(log_of(site, "a"))
    site.twinpathd.flip("isp-b")
    wait_for("the log says it", lambda: "hook fails: %s" % path
             in log_of(site, "a")[before:], 5)
    assert says in log_of(site, "a")[before:]
    assert site.twinpathd.selector() == "isp-b"
    site.twinpathd.flip("auto")


# ---- explain -----------------------------------------------------------------

def explain(site, *words):
    return site.twinpathd.ask("explain", *words)["explain"]


def test_explain_a_new_connection(site):
    before = site.twinpathd.ask("reasons"), site.twinpathd.ask("sessions")
    said = explain(site, HOST, SERVER, "tcp", "443")
    assert said["verdict"] == "sent by isp-a, with a port of its own"
    assert (said["reason"], said["fate"], said["exit"], said["external"]) == (
        "translated_out", "forwarded", "isp-a", None)
    why = "\n".join(said["why"])
    for part in ("%s is inside: 192.168.0.0/24 by eth0" % HOST,
                 "%s is outside" % SERVER, "no session carries it",
                 "new sessions leave by isp-a (event %d): isp-a is the best "
                 "uplink that is up" % said["event"],
                 "by eth1 to the next hop %s, " % SIDES["a"].next_hop):
        assert part in why
    both = site.twinpathd.ask("explain", HOST, SERVER)
    assert both["mid_stream"]["reason"] == "reset"
    text = site.twinpathd.cli("explain", HOST, SERVER).stdout
    assert text.startswith("sent by isp-a, with a port of its own\n  %s is"
                           % HOST)
    assert "\nin the middle of a connection: answered to the host with a TCP " \
        "reset\n" in text
    after = site.twinpathd.ask("reasons"), site.twinpathd.ask("sessions")
    assert [{key: row[key] for key in ("hook", "reason")}
            for row in after[0]] == [{key: row[key] for key in (
                "hook", "reason")} for row in before[0]]
    assert len(after[1]) == len(before[1])


def test_explain_a_session_and_its_way_back(site, traffic):
    server = traffic.begin(Server(site.netns("core"), SERVER, ECHO))
    sessions = traffic.begin(Sessions(site.netns("h1"), SERVER, ECHO, 1))
    row = next(row for row in site.twinpathd.ask("sessions")
               if row["remote"] == "%s:%d" % (SERVER, ECHO)
               and row["proto"] == "tcp")
    inside, outside = (row[key].split(":")[1] for key in ("inside",
                                                           "external"))
    ports = "%s:%d" % (inside, ECHO)
    said = explain(site, HOST, SERVER, "tcp", ports)
    external = row["external"]
    assert said["session"] and said["external"] == external
    assert said["verdict"] == "sent by isp-a as " + external
    # It stays where it is, whatever is best now.
    site.twinpathd.flip("isp-b")
    said = explain(site, HOST, SERVER, "tcp", ports)
    assert said["exit"] == "isp-a"
    assert any("a session stays with the exit it began on" in line
               for line in said["why"])
    assert explain(site, HOST, SERVER, "tcp", "1:443")["exit"] == "isp-b"
    back = explain(site, SERVER, SIDES["a"].wan, "tcp",
                   "%d:%s" % (ECHO, outside))
    assert back["verdict"] == "delivered to " + row["inside"]
    other = explain(site, "198.18.0.1", SIDES["a"].wan, "tcp",
                    outside)
    assert other["reason"] == "filtered"
    assert explain(site, SERVER, SIDES["a"].wan, "tcp", "22")["reason"] == \
        "unsolicited"
    site.twinpathd.flip("auto")
    assert sessions.alive() == 1 and server


@pytest.mark.parametrize("words, reason, part", [
    ((SERVER, "8.8.8.8"), "not_inside", "is outside"),
    ((HOST, "192.168.50.7"), "inside", "by eth0, by a router"),
    ((HOST, "192.168.0.1"), "local", "an address of this gateway"),
    ((HOST, "224.0.0.5"), "group", "a group's, which is never routed"),
    ((HOST, "127.0.0.1"), "martian", "nobody's"),
    ((HOST, "169.254.1.1"), "link_local", "a neighbour's on its own link"),
    ((HOST, "8.8.8.8", "47"), "translated_out", "isp-a"),
    ((HOST, "8.8.8.8", "89"), "protocol", "is outside"),
    ((HOST, "8.8.8.8", "icmp", "77"), "translated_out", "isp-a"),
    ((HOST, "8.8.8.8", "udp"), "translated_out", "isp-a"),
])
def test_explain_places(site, words, reason, part):
    said = explain(site, *words)
    assert said["reason"] == reason
    assert part in "\n".join(said["why"])


@pytest.mark.parametrize("words, error", [
    (("x", "8.8.8.8"), "'x' is no IPv4 address"),
    ((HOST, "2001:db8::1"), "'2001:db8::1' is no IPv4 address"),
    ((HOST, "8.8.8.8", "sctp"), "'sctp' is none of tcp, udp, icmp"),
    ((HOST, "8.8.8.8", "tcp", "70000"), "'70000' is neither a port"),
    ((HOST, "8.8.8.8", "tcp", "1:2:3"), "'1:2:3' is neither a port"),
])
def test_explain_what_is_no_packet(site, words, error):
    done = site.twinpathd.cli("explain", *words, check=False)
    assert done.returncode == 1 and error in done.stdout


def test_explain_with_no_exit(site):
    site.isp("a").black()
    site.isp("b").black()
    wait_for("no exit is up", lambda: {uplink["state"] for uplink in
             site.twinpathd.status()["uplinks"]} == {"dead"}, 10)
    assert explain(site, HOST, SERVER)["reason"] == "no_exit"


# ---- simulate ----------------------------------------------------------------

def test_simulate_says_what_then_happens(site, traffic):
    traffic.begin(Server(site.netns("core"), SERVER, ECHO))
    sessions = traffic.begin(Sessions(site.netns("h1"), SERVER, ECHO, 7))
    wait_for("they are counted",
             lambda: site.uplink("a")["tcp_sessions"] >= 7, 5)
    before = site.twinpathd.status()["event"]
    said = site.twinpathd.ask("simulate", "down", "isp-a")
    assert (said["from"], said["to"]) == ("isp-a", "isp-b")
    assert said["sessions"]["told"] >= 7
    lines = "\n".join(said["lines"])
    assert "new sessions: isp-a -> isp-b: " in lines
    assert "exit isp-a: up -> dead" in lines
    # Nothing has happened.
    assert site.twinpathd.status()["event"] == before
    assert sessions.alive() == 7 and site.twinpathd.selector() == "isp-a"
    other = site.twinpathd.cli("simulate", "down", "isp-b").stdout
    assert other.startswith("new sessions go on by isp-a: ")
    # And now it does.
    fail_over(site)
    assert site.uplink("a")["state"] == "dead"
    wait_for("they were told", lambda: sessions.alive() == 0, 10)

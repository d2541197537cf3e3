# SPDX-License-Identifier: GPL-2.0-or-later
"""What the scenario tests on the namespace site share.

Owns: how a test gets a site, its traffic and an explanation when it fails.
It must leave nothing behind: every site made here is taken down here.
"""
import contextlib
import os
import re
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

pytest.register_assert_rewrite("dhcp_cases", "routing_cases")
# pylint: disable=wrong-import-position
from selftests.site.matrix import Matrix
from selftests.site.netns import SiteError, run
from selftests.site.processes import wait_for
from selftests.site.servers import Server
from selftests.site.single import Single
from selftests.site.site import Site, check_machine, new_prefix
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import now

BUILD = Path(os.environ.get("TWINPATH_BUILD", ROOT / "build")).resolve()
ECHO, SSH = 7, 22
LIVE = []  # sites that are up, for the report of a failure


@contextlib.contextmanager
def site_of(**options):
    """A site that is not up yet; it is taken down whatever happens."""
    check_machine(str(BUILD))
    site = Site(new_prefix(), build=str(BUILD), **options)
    LIVE.append(site)
    try:
        yield site
    finally:
        LIVE.remove(site)
        site.down()


@contextlib.contextmanager
def single_of(**options):
    """The same of the site with one gateway."""
    check_machine(str(BUILD))
    site = Single(new_prefix(), build=str(BUILD), **options)
    LIVE.append(site)
    try:
        yield site
    finally:
        LIVE.remove(site)
        site.down()


@contextlib.contextmanager
def bare_site():
    """Namespaces and cables alone: no router, no daemon."""
    with site_of() as site:
        site.processes.open()
        site.topology.up()
        yield site


@contextlib.contextmanager
def matrix_of(sessions, timers, patience=0.0, **options):
    """A whole site and what measures it (selftests/site/matrix.py)."""
    with site_of(timers=timers, **options) as site:
        matrix = Matrix(site, sessions, patience)
        try:
            site.up(matrix.measure.begin)
            matrix.settled()
            yield matrix
        finally:
            matrix.measure.end()


def played(matrix, scenario):
    """Its result; what the gateways said, if something is wrong with it."""
    result = matrix.play(scenario)
    if result.wrong:
        print(result.explained())
        for letter in SIDES:
            print(log_of(matrix.site, letter)[-3000:])
    return result


class Traffic:
    """Workers that end with the block that began them."""

    def __init__(self):
        self.workers = []

    def begin(self, worker):
        self.workers.append(worker)
        return worker.begin()

    def end(self):
        workers, self.workers = self.workers, []
        errors = []
        for worker in reversed(workers):
            try:
                worker.stop()
            except SiteError as error:
                errors.append(str(error))
        if errors:
            raise SiteError("; ".join(errors))

    def run(self, seconds):
        """Let it run, as long as all of it does; when that began."""
        began = now()
        while now() < began + seconds:
            for worker in self.workers:
                if worker.error:
                    worker.stop()
            time.sleep(0.05)
        return began

    def serve(self, site):
        """The servers of the Internet, and SSH on each gateway."""
        self.begin(Server(site.netns("core"), SERVER, ECHO))
        for side in SIDES.values():
            self.begin(Server(site.netns(side.gateway), side.wan, SSH,
                              udp=False))


@pytest.fixture
def traffic():
    """Of one test."""
    workers = Traffic()
    yield workers
    workers.end()


@contextlib.contextmanager
def served(site):
    """Servers for as long as the block lasts."""
    workers = Traffic()
    workers.serve(site)
    try:
        yield
    finally:
        workers.end()


def settled(site, seconds=20):
    """Both gateways as they are when nothing is wrong."""
    for letter, wanted in (("a", "isp-a"), ("b", "partner")):
        twinpathd = site.gateway(letter).twinpathd
        wait_for("gw-%s sends new sessions by %s" % (letter, wanted),
                 lambda: (twinpathd.status(check=False) or {}).get(
                     "selector") == wanted, seconds)
    for letter in SIDES:
        twinpathd = site.gateway(letter).twinpathd
        wait_for("the uplink of gw-%s is up" % letter,
                 lambda: uplink(twinpathd)["state"] == "up", seconds)
        wait_for("gw-%s sees the marker of the other" % letter,
                 lambda: twinpathd.status()["partner"]["marker"], seconds)
    wait_for("gw-a is the VRRP master, alone",
             lambda: site.masters() == ["gw-a"], seconds)
    wait_for("h1 reaches the server", lambda: site.ping("h1"), seconds)


def uplink(twinpathd):
    return twinpathd.status()["uplinks"][0]


def log_of(site, letter):
    """All that the gateway's twinpathd has said."""
    name = site.gateway(letter).twinpathd.name
    with open(site.processes.log(name), encoding="utf-8") as log:
        return log.read()


def reasons(twinpathd):
    """{(hook, reason): packets} of every reason that was ever given."""
    return {(line["hook"], line["reason"]): line["packets"]
            for line in twinpathd.ask("reasons")}


# ---- the machine, before and after ------------------------------------------

# Routes and rules, settings, programs and qdiscs; what changes by itself
# (counters, ages, the numbers of programs) is left out.
MACHINE = """
ip rule
echo; ip route show table all | sort
echo; sysctl -a 2>/dev/null | grep ^net.ipv4
echo; ip -o link show | grep -o '^[0-9]*: [^ @]*\\|xdp[a-z]*'
echo; bpftool net list | sed 's/ id [0-9]*//; s/ prog_id [0-9]*//'
echo; tc qdisc show
for device in $(ls /sys/class/net); do
    tc filter show dev "$device" ingress
    tc filter show dev "$device" egress
done 2>/dev/null
"""


def machine(site, letter):
    """The gateway's kernel state as text, and the pins of the instance."""
    gateway = site.gateway(letter)
    # bpftool must see the namespace's devices by name: /sys is not needed.
    text = gateway.netns.run(["sh", "-c", MACHINE.replace(
        "$(ls /sys/class/net)", "$(ip -o link show | sed "
        "'s/^[0-9]*: //; s/[@:].*//')")]).stdout
    pins = gateway.twinpathd.pins
    return text, sorted(os.listdir(pins)) if os.path.isdir(pins) else []


def same_machine(before, after):
    """Compared line by line, so that a failure says which one differs."""
    old, new = (set(state[0].splitlines()) for state in (before, after))
    assert (sorted(old - new), sorted(new - old)) == ([], [])
    assert before[1] == after[1]


# ---- an uplink's interface goes and comes -----------------------------------

def unplug(site, letter):
    """Delete the uplink's interface; the other end goes with it."""
    site.netns(SIDES[letter].gateway).ip(["link del eth1"])


def plug(site, letter, address=True):
    """Make it anew: another ifindex, another MAC address."""
    side = SIDES[letter]
    gateway, segment = site.netns(side.gateway), site.netns(side.segment)
    run(["ip", "link", "add", "eth1", "netns", gateway.full, "type", "veth",
         "peer", "name", "gw", "netns", segment.full])
    segment.ip(["link set gw master br0", "link set gw up"])
    segment.run(["ethtool", "-K", "gw", "tx", "off"])
    segment.run(["ethtool", "-K", "gw", "gro", "on"])
    # The address last: from here on the kernel has a route to the ISP.
    gateway.ip(["link set eth1 up"]
               + ["addr add %s/30 dev eth1" % side.wan] * address)
    gateway.run(["ethtool", "-K", "eth1", "tx", "off"])


# ---- when a test fails ------------------------------------------------------

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    del item
    outcome = yield
    report = outcome.get_result()
    if not report.failed or call.when == "teardown":
        return
    for site in LIVE[-1:]:
        for gateway in site.gateways.values():
            name = gateway.twinpathd.name
            if os.path.exists(site.processes.log(name)):
                report.sections.append((name, site.processes.tail(name, 30)))
            counters = gateway.twinpathd.cli("reasons", check=False).stdout \
                if gateway.netns.exists() else ""
            report.sections.append((name + " reasons",
                                    re.sub(r" +", " ", counters)))

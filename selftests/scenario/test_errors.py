# SPDX-License-Identifier: GPL-2.0-or-later
"""What cannot work is refused: one clear line, exit status not 0, and the
machine as it was.  Where a gateway is already at work, it works on.

No router runs here; the gateway's kernel state is compared as text.
"""
import json
import os
import subprocess

import pytest

from conftest import (BUILD, ECHO, bare_site, log_of, machine, run,
                      same_machine, served)
from selftests.site.processes import wait_for
from selftests.site.topology import SERVER, SIDES
from selftests.site.traffic import ask_udp

TWINPATHD = str(BUILD / "twinpathd")
PROGRAM = """
#include <linux/bpf.h>
__attribute__((section("xdp"), used)) int foreign(struct xdp_md *ctx)
{
    (void)ctx;
    return XDP_PASS;
}
char _license[] __attribute__((section("license"), used)) = "GPL";
"""


@pytest.fixture(scope="module")
def site():
    """gw-a alone on its LAN; h1's way is straight to it."""
    with bare_site() as made:
        made.netns("lan").ip(["link set gw-b down"])
        made.netns("h1").ip(["route replace default via 192.168.0.3"])
        with served(made):
            yield made


@pytest.fixture
def gateway(site):
    return site.gateway("a")


@pytest.fixture
def good(site, gateway, tmp_path):
    """A configuration that works, as text; mode = tc."""
    gateway.twinpathd.configure("tc", site.timers)
    with open(config_path(gateway), encoding="ascii") as text:
        return text.read()


def config_path(gateway):
    return gateway.twinpathd.command[-1]


def start(gateway, path, prefix=(), binary=TWINPATHD):
    """Start it where it must not start; how it ended."""
    return subprocess.run(
        gateway.netns.command([*prefix, binary, "--instance",
                               gateway.twinpathd.instance, "--config",
                               str(path)]),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=15,
        check=False)


def errors(done):
    assert done.returncode != 0 and done.stdout == ""
    return [line for line in done.stderr.splitlines() if "error: " in line]


@pytest.fixture
def refused(site, gateway, tmp_path):
    """Start it with this text; the one error, and nothing has changed."""
    def check(text, *parts, **options):
        path = tmp_path / "gw.conf"
        path.write_text(text)
        before = machine(site, "a")
        lines = errors(start(gateway, path, **options))
        same_machine(before, machine(site, "a"))
        assert len(lines) == 1, lines
        for part in parts:
            assert part.replace("FILE", str(path)) in lines[0]
        return lines[0]
    return check


@pytest.fixture
def working(site, gateway, good):
    """The daemon runs and h1 gets through; detached afterwards."""
    del good
    twinpathd = gateway.twinpathd
    twinpathd.start()
    twinpathd.wait_ready()
    wait_for("the uplink is used", lambda: twinpathd.status()["announce"][
        "uplink"] == "isp-a", 10)
    assert through(site)
    yield twinpathd
    if site.processes.pid(twinpathd.name):
        twinpathd.kill()
    gateway.netns.run([TWINPATHD, "--detach", "--instance",
                       twinpathd.instance])


def through(site):
    return site.netns("h1").call(ask_udp, SERVER, ECHO) == SIDES["a"].wan


# ---- the configuration ------------------------------------------------------

@pytest.mark.parametrize("old, new, said", [
    ("level     = 1", "levle     = 1", "levle"),
    ("interval = 100ms", "interval = 100", "100"),
    ("mode      = tc", "mode      = fast", "fast"),
    ("next-hop  = 172.16.1.2", "next-hop  = 172.16.1", "172.16.1"),
    ("level     = 1", "level     = 99", "99"),
    ("interface = eth1", "interface = eth0", "eth0"),
    ("lan       = { eth0 }", "lan       = { eth0, eth0 }", "eth0"),
    ("track      = core", "track      = cure", "cure"),
    ("timeout  = 60ms", "timeout  = 200ms", "timeout"),
])
def test_wrong_config(good, refused, old, new, said):
    assert old in good
    text = good.replace(old, new)
    changed = [number for number, words in enumerate(text.splitlines(), 1)
               if new in words]
    assert changed, new
    line = refused(text, "FILE:%d:" % changed[0], said)
    assert line.count("error: ") == 1


@pytest.mark.parametrize("keep", ["uplink isp-a {", "icmp core {",
                                  "interval = 100ms"])
def test_truncated_config(good, refused, keep):
    """Cut off in the middle: what is left is never half a gateway."""
    cut = good[:good.index(keep) + len(keep)] + "\n"
    refused(cut, "FILE:")


def test_empty_and_missing_config(site, gateway, refused, tmp_path):
    refused("", "FILE")
    before = machine(site, "a")
    lines = errors(start(gateway, tmp_path / "none.conf"))
    assert len(lines) == 1 and "none.conf" in lines[0]
    assert "No such file" in lines[0]
    same_machine(before, machine(site, "a"))


# ---- interfaces and programs ------------------------------------------------

@pytest.mark.parametrize("old, new", [("interface = eth1",
                                       "interface = eth7"),
                                      ("{ eth0 }", "{ eth7 }"),
                                      ("{ eth0 }", "{ eth0, eth7 }")])
@pytest.mark.parametrize("mode", ["tc", "xdp"])
def test_missing_interface(good, refused, mode, old, new):
    text = good.replace("= tc", "= " + mode)
    assert old in text
    refused(text.replace(old, new), "eth7", "no such interface")


def test_interface_without_ethernet(good, refused):
    refused(good.replace("{ eth0 }", "{ lo }"), "lo: ", "Ethernet",
            "point-to-point")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """An XDP program of somebody else."""
    place = tmp_path_factory.mktemp("foreign")
    (place / "foreign.c").write_text(PROGRAM)
    arch = os.uname().machine
    subprocess.run(["clang", "-O2", "-g", "-target", "bpf",
                    "-I/usr/include/%s-linux-gnu" % arch, "-c",
                    "foreign.c", "-o", "foreign.o"], cwd=place, check=True)
    return str(place / "foreign.o")


@pytest.mark.parametrize("device", ["eth0", "eth1"])
def test_foreign_xdp_program(gateway, good, refused, foreign, device):
    gateway.netns.run(["ip", "link", "set", "dev", device, "xdpdrv", "obj",
                       foreign, "sec", "xdp"])
    try:
        refused(good.replace("= tc", "= xdp"), device + ": ",
                "another XDP program", "mode = tc")
        shown = gateway.netns.run(["ip", "link", "show", "dev",
                                   device]).stdout
        assert "prog/xdp" in shown
    finally:
        gateway.netns.run(["ip", "link", "set", "dev", device, "xdpdrv",
                           "off"])


@pytest.mark.parametrize("device", ["eth0", "eth1"])
def test_foreign_xdp_program_beside_tc(site, gateway, good, foreign, device):
    """mode = tc needs no XDP and leaves the stranger alone."""
    gateway.netns.run(["ip", "link", "set", "dev", device, "xdpdrv", "obj",
                       foreign, "sec", "xdp"])
    twinpathd = gateway.twinpathd
    try:
        assert "mode      = tc" in good
        twinpathd.start()
        twinpathd.wait_ready()
        wait_for("h1 gets through", lambda: through(site), 10)
    finally:
        twinpathd.kill()
        gateway.netns.run([TWINPATHD, "--detach", "--instance",
                           twinpathd.instance])
        shown = gateway.netns.run(["ip", "link", "show", "dev",
                                   device]).stdout
        gateway.netns.run(["ip", "link", "set", "dev", device, "xdpdrv",
                           "off"])
    assert "prog/xdp" in shown


# ---- rights -----------------------------------------------------------------

WITHOUT = {
    "CAP_BPF": ["capsh", "--drop=cap_bpf,cap_sys_admin,cap_perfmon", "--",
                "-c", "exec \"$@\"", "sh"],
    "any": ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
    "CAP_NET_ADMIN": ["capsh", "--drop=cap_net_admin,cap_sys_admin", "--",
                      "-c", "exec \"$@\"", "sh"],
}


@pytest.mark.parametrize("lost", sorted(WITHOUT))
def test_missing_capability(good, refused, lost, tmp_path):
    for path in (tmp_path, *tmp_path.parents[:3]):
        path.chmod(0o755)
    said = refused(good, prefix=WITHOUT[lost])
    assert "root" in said or "CAP_" in said or "ermission" in said \
        or "permitted" in said, said
    assert len(said) < 240


# ---- a gateway at work ------------------------------------------------------

def test_second_daemon(site, gateway, working, good, tmp_path):
    pid = site.processes.pid(working.name)
    path = tmp_path / "gw.conf"
    path.write_text(good)
    before = machine(site, "a")
    lines = errors(start(gateway, path))
    assert len(lines) == 1
    assert "another twinpathd (pid %d)" % pid in lines[0]
    same_machine(before, machine(site, "a"))
    assert working.status()["ready"] and through(site)


@pytest.mark.parametrize("ended", ["stop", "kill"])
def test_restart_with_a_wrong_config(site, gateway, working, good, tmp_path,
                                     ended):
    """The old daemon has gone, the new one does not start: forwarding goes
    on, and the right file repairs it."""
    getattr(working, ended)()
    path = tmp_path / "gw.conf"
    path.write_text(good.replace("level     = 1", "levle     = 1"))
    before = machine(site, "a")
    lines = errors(start(gateway, path))
    assert len(lines) == 1 and "levle" in lines[0]
    same_machine(before, machine(site, "a"))
    assert through(site)
    working.start()
    working.wait_ready()
    assert through(site)


@pytest.mark.parametrize("old, new", [("interface = eth1",
                                       "interface = eth7"),
                                      ("{ eth0 }", "{ eth0, eth7 }")])
def test_restart_with_an_interface_that_is_missing(site, gateway, working,
                                                   good, old, new):
    """It may come back, so a gateway at work starts without it; never
    without a word."""
    working.stop()
    assert old in good
    site.processes.write("other.conf", good.replace(old, new))
    command = list(working.command)
    working.command = command[:-1] + [site.processes.path("other.conf")]
    begins = len(log_of(site, "a"))
    working.start()
    working.wait_ready()
    working.stop()
    working.command = command
    said = [line for line in log_of(site, "a")[begins:].splitlines()
            if "eth7" in line]
    assert said, log_of(site, "a")[begins:]
    working.start()
    working.wait_ready()
    wait_for("h1 gets through", lambda: through(site), 10)


def layout_of(twinpathd):
    shown = json.loads(run(["bpftool", "-j", "map", "dump", "pinned",
                            twinpathd.pins + "/layout"]).stdout)
    return [int(byte, 16) for byte in shown[0]["value"]]


def write_layout(twinpathd, value):
    run(["bpftool", "map", "update", "pinned", twinpathd.pins + "/layout",
         "key", "0", "0", "0", "0", "value"] + [str(byte) for byte in value])


@pytest.mark.parametrize("byte", [0, 4], ids=["magic", "version"])
def test_unknown_layout(site, gateway, working, refused, good, byte):
    """Tables of another version: not touched, and forwarding goes on."""
    before = machine(site, "a")
    working.stop()
    value = layout_of(working)
    other = list(value)
    other[byte] += 1
    write_layout(working, other)
    assert layout_of(working) == other
    said = refused(good, "layout", "--detach")
    assert working.pins in said
    assert through(site)
    write_layout(working, value)
    working.start()
    working.wait_ready()
    assert through(site)
    same_machine(before, machine(site, "a"))


def test_start_that_was_cut_short(site, gateway, working):
    """No magic yet: nothing was attached, the pins are made anew."""
    working.kill()
    gateway.netns.run([TWINPATHD, "--detach", "--instance",
                       working.instance])
    os.makedirs(working.pins)
    run(["bpftool", "map", "create", working.pins + "/layout", "type",
         "array", "key", "4", "value", "16", "entries", "1", "name",
         "layout"])
    working.start()
    working.wait_ready()
    wait_for("h1 gets through", lambda: through(site), 10)


def test_wishes_that_cannot_be_had(working):
    for to, said in (("partner", "partner"), ("isp-z", "isp-z")):
        done = working.cli("flip", to, check=False)
        assert done.returncode != 0
        assert len(done.stdout.strip().splitlines()) == 1
        assert said in done.stdout
    assert working.status()["intent"]["kind"] == "auto"


@pytest.mark.parametrize("words", [["--instance", "UPPER"],
                                   ["--instance", "../x"], ["--what"],
                                   ["stray"]])
def test_wrong_options(words):
    done = subprocess.run([TWINPATHD, *words], capture_output=True, text=True,
                          timeout=10, check=False)
    assert done.returncode == 2 and done.stderr

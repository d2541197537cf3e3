# SPDX-License-Identifier: GPL-2.0-or-later
"""twinpath doctor: each thing is broken, and its sentence seen, with what to type;
typed, it is gone."""
import json
import os
import subprocess

import pytest

from conftest import BUILD, single_of
from selftests.site.daemons import Timers
from selftests.site.processes import wait_for
from selftests.site.topology import SIDES

TIMERS = Timers(delay_up=0.3)


@pytest.fixture(scope="module")
def site():
    with single_of(timers=TIMERS) as made:
        made.up()
        wait_for("isp-a is announced", lambda: made.twinpathd.status()
                 ["announce"]["uplink"] == "isp-a", 10)
        yield made


@pytest.fixture
def root(tmp_path):
    """A machine on which nothing else is installed."""
    for path, text in (("proc/sys/net/core/bpf_jit_enable", "1\n"),
                       ("sys/kernel/btf/vmlinux", ""),
                       ("proc/self/status", "CapBnd:\t000001ffffffffff\n")):
        put(tmp_path, path, text)
    return tmp_path


def put(root, path, text):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def program(root, name, text):
    """One that is found first."""
    put(root, "bin/" + name, "#!/bin/sh\n" + text)
    (root / "bin" / name).chmod(0o755)


def doctor(site, root, *words):
    command = site.twinpathd.cli_command("doctor", "--root", str(root), *words)
    return subprocess.run(
        site.twinpathd.netns.command(command), capture_output=True, text=True,
        check=False, timeout=30,
        env=dict(os.environ, PATH="%s/bin:%s" % (root, os.environ["PATH"])))


def findings(site, root):
    done = doctor(site, root, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == (1 if found else 0)
    return found


def one(site, root, *parts):
    """The only finding, which says all that; what to type."""
    found = findings(site, root)
    assert len(found) == 1, found
    for part in parts:
        assert part in found[0]["what"]
    return found[0]["type"]


def sound(site, root):
    done = doctor(site, root)
    assert (done.returncode, done.stdout) == (
        0, "nothing is wrong that twinpath could see\n")


def typed(site, command):
    site.netns("gw-a").run(["sh", "-c", command])


def test_nothing_is_wrong(site, root):
    sound(site, root)


@pytest.mark.parametrize("interface, key, value, part", [
    ("eth1", "rp_filter", 1, "eth1: rp_filter is 1: strict"),
    ("eth0", "send_redirects", 1, "eth0: send_redirects is 1"),
    ("all", "send_redirects", 1, "all: send_redirects is 1"),
    ("eth2", "forwarding", 0, "eth2: forwarding is 0"),
    ("eth0", "accept_redirects", 1, "eth0: accept_redirects is 1"),
])
def test_sysctls(site, root, interface, key, value, part):
    typed(site, "sysctl -wq net/ipv4/conf/%s/%s=%d" % (interface, key, value))
    typed(site, one(site, root, part))
    sound(site, root)


def test_sysctls_of_the_host(site, root):
    typed(site, "sysctl -wq net.ipv4.icmp_errors_use_inbound_ifaddr=0")
    typed(site, one(site, root, "icmp_errors_use_inbound_ifaddr is 0"))
    typed(site, "sysctl -wq net.ipv4.ip_local_port_range='32768 60999'")
    typed(site, one(site, root, "ip_local_port_range is 32768-60999"))
    sound(site, root)


def test_forwarding_switched_off(site, root):
    """As "sysctl net.ipv4.ip_forward=0" does, for all interfaces at once."""
    typed(site, "sysctl -wq net.ipv4.ip_forward=1 net.ipv4.ip_forward=0")
    found = findings(site, root)
    assert len(found) == 3
    for finding in found:
        assert "forwarding is 0" in finding["what"]
        typed(site, finding["type"])
    sound(site, root)


def test_a_foreign_default(site, root):
    typed(site, "ip route add default via %s dev eth1 metric 600 proto dhcp"
          % SIDES["a"].next_hop)
    command = []
    wait_for("it is seen", lambda: findings(site, root), 5)
    command.append(one(site, root, "a default by eth1 via %s, protocol dhcp, is "
                       "not twinpath's" % SIDES["a"].next_hop))
    typed(site, command[0])
    wait_for("it is gone", lambda: not findings(site, root), 5)


def test_somebody_writes_a_map(site, root):
    pin = site.twinpathd.pins + "/selector"
    value = subprocess.run(["bpftool", "-j", "map", "dump", "pinned", pin],
                           capture_output=True, text=True, check=True).stdout
    old = json.loads(value)[0]["value"]
    new = old[:4] + ["0x77"] + old[5:]
    for value, expected in ((new, True), (old, False)):
        subprocess.run(["bpftool", "map", "update", "pinned", pin, "key",
                        "0", "0", "0", "0", "value", *value], check=True)
        if expected:
            assert one(site, root, "the map selector does not hold what "
                       "twinpathd wrote") == "systemctl restart twinpath@" \
                + site.twinpathd.instance
    sound(site, root)


def test_a_pin_is_gone(site, root):
    links = json.loads(site.netns("gw-a").run(["ip", "-j", "link"]).stdout)
    index = next(link["ifindex"] for link in links if link["ifname"] == "eth1")
    pin = "%s/in_%d" % (site.twinpathd.pins, index)
    os.rename(pin, pin + "_away")
    try:
        one(site, root, "eth1: the link of our program is not pinned any more")
    finally:
        os.rename(pin + "_away", pin)
    sound(site, root)


RULES = """table ip nat { chain post {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 192.168.0.0/24 oifname "%s" counter masquerade
}
}
"""


def test_masquerade(site, root):
    gateway = site.netns("gw-a")
    gateway.run(["sh", "-c", "echo '%s' | nft -f -" % RULES % "wg0"])
    sound(site, root)  # by another interface: not ours to judge
    gateway.run(["nft", "delete table ip nat"])
    gateway.run(["sh", "-c", "echo '%s' | nft -f -" % RULES % "eth1"])
    try:
        typed(site, one(site, root, "nftables translates as well (table ip nat, "
                        "chain post: ip saddr 192.168.0.0/24 oifname \"eth1\""))
        sound(site, root)
    finally:
        gateway.run(["nft", "delete table ip nat"])


def test_networkd(site, root):
    put(root, "run/systemd/netif/state", "")
    found = findings(site, root)
    assert ["ManageForeignRoutes)" in one["what"] for one in found] == [True,
                                                                       False]
    assert "ManageForeignRoutingPolicyRules=no" in found[1]["type"]
    put(root, "etc/systemd/networkd.conf",
        "[Network]\n#ManageForeignRoutes=no\nManageForeignRoutes=yes\n"
        "ManageForeignRoutingPolicyRules = false\n")
    one(site, root, "removes routes that are not its own")
    # The command, in this machine's place.
    subprocess.run(findings(site, root)[0]["type"].replace(
        "/etc", str(root) + "/etc").split(" && systemctl")[0], shell=True,
        check=True)
    sound(site, root)


def test_keepalived(site, root):
    text = "vrrp_instance lan {\n # file \"%s\"\n}\n" % site.twinpathd.track_file
    put(root, "etc/keepalived/keepalived.conf", text)
    assert site.twinpathd.track_file in one(
        site, root, "keepalived does not read twinpathd's track file")
    put(root, "etc/keepalived/keepalived.conf", text.replace("#", ""))
    sound(site, root)


def test_zebra_and_bird(site, root):
    put(root, "var/run/frr/zserv.api", "")
    program(root, "vtysh", "echo 'K>* 0.0.0.0/0 [0/0] via 172.16.1.2, eth1, "
            "00:00:07'\n")
    sound(site, root)
    program(root, "vtysh", "echo 'O>* 0.0.0.0/0 [110/1] via 10.0.0.1, eth0, "
            "00:00:07'\n")
    assert one(site, root, "zebra does not know the default by eth1") == \
        "vtysh -c 'show ip route 0.0.0.0/0'"
    program(root, "vtysh", "exit 1\n")
    sound(site, root)  # it does not answer: no opinion
    put(root, "run/bird/bird.ctl", "")
    program(root, "birdc", "echo '0.0.0.0/0 unicast'; echo ' via 172.16.1.2 on "
            "eth1'\n")
    sound(site, root)
    program(root, "birdc", "echo 'Network not found'\n")
    one(site, root, "BIRD does not know the default by eth1")


def test_the_kernel(site, root):
    put(root, "proc/sys/net/core/bpf_jit_enable", "0\n")
    assert one(site, root, "the programs are interpreted") == \
        "sysctl -w net.core.bpf_jit_enable=1"
    put(root, "proc/sys/net/core/bpf_jit_enable", "1\n")
    os.unlink(root / "sys/kernel/btf/vmlinux")
    one(site, root, "the kernel has no BTF")
    put(root, "sys/kernel/btf/vmlinux", "")
    put(root, "proc/self/status", "CapBnd:\t0000000000000000\n")
    assert [finding["what"].split()[0] for finding in findings(site, root)] == [
        "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_PERFMON", "CAP_BPF"]


def test_without_a_daemon(root, tmp_path):
    put(root, "proc/sys/net/core/bpf_jit_enable", "0\n")
    done = subprocess.run(
        [BUILD / "twinpath", "--run", tmp_path, "--bpffs", tmp_path / "none",
         "doctor", "--root", root], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is not running" in done.stderr
    assert "    type: sysctl -w net.core.bpf_jit_enable=1\n" in done.stdout

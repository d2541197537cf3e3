# SPDX-License-Identifier: GPL-2.0-or-later
"""DHCP on an uplink: a real server at the ISP, real clients at the gateway.

Owns: their configuration, as docs/routing-daemons.md shows it, and the private
mounts that keep them from the machine's own /etc and /run.
"""
import os
import shutil
import signal

from .processes import wait_for

EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))), "examples")


class Server:
    """busybox's udhcpd: one lease at a time, of so many seconds, which is
    renewed after two (T1, option 58)."""

    def __init__(self, processes, netns, device, length):
        self.processes, self.netns = processes, netns
        self.device, self.length = device, length
        self.name = "udhcpd-" + netns.name
        self.leases = processes.path(self.name + ".leases")

    def start(self, address, router, lease=8):
        """Whatever was leased before is forgotten: who asks for its renewal
        gets no answer."""
        with open(self.leases, "wb"):
            pass
        path = self.processes.write(self.name + ".conf", """start %s
end %s
max_leases 1
min_lease 1
interface %s
lease_file %s
pidfile %s
auto_time 0
opt subnet %s
opt router %s
opt lease %d
opt 0x3a 00000002
""" % (address, address, self.device, self.leases,
       self.processes.path(self.name + ".pid"), self.length, router, lease))
        self.processes.spawn(self.name, self.netns.command(
            ["busybox", "udhcpd", "-f", "-a", "20", path]))

    def stop(self):
        self.processes.signal(self.name, signal.SIGKILL)

    def renewals(self):
        """How often it said yes."""
        return self.processes.tail(self.name, 1000).count("sending ACK")


class _Client:
    """In mounts of its own: `script` makes them, and becomes the client."""

    metric = 1024  # of its routes

    def __init__(self, processes, netns, device, table):
        self.processes, self.netns = processes, netns
        self.device, self.table = device, table
        self.name = "%s-%s" % (type(self).__name__.lower(), netns.name)
        self.directory = processes.path(self.name)

    def _spawn(self, script):
        self.processes.spawn(self.name, self.netns.command(
            ["unshare", "--mount", "--propagation", "private",
             "sh", "-e", "-c", script, "sh", self.directory, self.device]))

    def stop(self):
        """Without a word: nothing is taken back."""
        self.processes.signal(self.name, signal.SIGKILL)


class Dhclient(_Client):
    """ISC's, with the hooks of examples/."""

    def start(self):
        for when in ("enter", "exit"):
            hooks = "%s/etc/dhclient-%s-hooks.d" % (self.directory, when)
            os.makedirs(hooks, exist_ok=True)
            shutil.copyfile("%s/dhclient-%s-hooks.d-twinpath"
                            % (EXAMPLES, when), hooks + "/twinpath")
        for name, text in (
                ("etc/twinpath-uplinks", "# of the test\n%s %d\n"
                 % (self.device, self.table)),
                ("dhclient.conf", "request subnet-mask, routers;\n"
                 "initial-interval 1;\nbackoff-cutoff 1;\nretry 1;\n"
                 "reboot 1;\ntimeout 60;\n")):
            with open("%s/%s" % (self.directory, name), "w",
                      encoding="ascii") as out:
                out.write(text)
        self._spawn("""mount --bind "$1/etc" /etc/dhcp
exec dhclient -4 -d -cf "$1/dhclient.conf" -lf "$1/leases" -pf "$1/pid" "$2"
""")


class Networkd(_Client):
    """systemd's.  It takes links for what udev has not seen yet, unless /sys
    is read-only, as in a container; its bus is not there."""

    text = """[Match]
Name=%s
[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
KeepConfiguration=no
[DHCPv4]
RouteTable=%d
UseDNS=no
UseHostname=no
UseNTP=no
"""

    def start(self):
        """Its file is for everybody: it does not stay root."""
        os.makedirs(self.directory + "/systemd/network", exist_ok=True)
        os.makedirs(self.directory + "/systemd/netif", exist_ok=True)
        for path, text in (
                ("systemd/network/10-uplink.network",
                 self.text % (self.device, self.table)),
                ("networkd.conf", "[Network]\nManageForeignRoutes=no\n"
                 "ManageForeignRoutingPolicyRules=no\n")):
            with open("%s/%s" % (self.directory, path), "w",
                      encoding="ascii") as out:
                out.write(text)
        shutil.chown(self.directory + "/systemd/netif", "systemd-network",
                     "systemd-network")
        self._spawn("""mount --bind "$1/systemd" /run/systemd
mount --bind "$1/networkd.conf" /etc/systemd/networkd.conf
mount --bind /sys /sys
mount -o remount,bind,ro /sys
exec /lib/systemd/systemd-networkd
""")


class NetworkManager(_Client):
    """On a bus of its own.  It, too, takes links without udev where /sys is
    read-only; of the machine's names and resolvers it must know nothing."""

    metric = 100
    text = """[main]
plugins=keyfile
dns=none
rc-manager=unmanaged
systemd-resolved=false
hostname-mode=none
auth-polkit=false
no-auto-default=*
[keyfile]
unmanaged-devices=*,except:interface-name:%s
"""
    bus_text = """<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""

    def __init__(self, processes, netns, device, table):
        super().__init__(processes, netns, device, table)
        self.bus_name = "bus-" + netns.name
        self.bus = self.directory + "/run/bus"

    def start(self):
        for name in ("etc/system-connections", "lib", "run"):
            os.makedirs("%s/%s" % (self.directory, name), exist_ok=True)
        with open(self.directory + "/etc/NetworkManager.conf", "w",
                  encoding="ascii") as out:
            out.write(self.text % self.device)
        path = self.processes.write(self.bus_name + ".conf",
                                    self.bus_text % self.bus)
        self.processes.spawn(self.bus_name, [
            "dbus-daemon", "--nofork", "--nopidfile", "--config-file", path])
        wait_for("there is a bus", lambda: os.path.exists(self.bus), 5)
        self._spawn("""mount --bind "$1/etc" /etc/NetworkManager
mount --bind "$1/lib" /var/lib/NetworkManager
mount --bind "$1/run" /run
mount --bind /sys /sys
mount -o remount,bind,ro /sys
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/bus
exec NetworkManager --no-daemon
""")
        wait_for("NetworkManager runs", lambda: self._nmcli(
            "-g", "RUNNING", "general", check=False) == "running\n", 10)
        self._nmcli("connection", "add", "type", "ethernet", "con-name",
                    "isp-a", "ifname", self.device, "ipv6.method", "disabled")
        self._nmcli("connection", "modify", "isp-a",
                    "ipv4.route-table", str(self.table),
                    "ipv4.dhcp-timeout", "infinity")
        self._nmcli("--wait", "0", "connection", "up", "isp-a")

    def reapply(self):
        """It makes the device what the connection says, and nothing else."""
        self._nmcli("device", "reapply", self.device)

    def _nmcli(self, *words, check=True):
        return self.netns.run(
            ["env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + self.bus, "nmcli",
             *words], check=check).stdout

    def stop(self):
        super().stop()
        self.processes.signal(self.bus_name, signal.SIGKILL)
        os.unlink(self.bus)


def has(netns, device, address):
    """Wait until the device has the address; None: until it has none."""
    def shown():
        words = netns.run(["ip", "-o", "-4", "addr", "show", "dev", device],
                          check=False).stdout.split()
        found = words[3].split("/")[0] if len(words) > 3 else None
        return found == address
    wait_for("%s has %s" % (device, address), shown, 25, 0.01)

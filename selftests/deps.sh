#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Install what building, testing and the demo need, on Debian.
#
# Arguments name more packages, of targets that few people run.  Says nothing and
# changes nothing when all of it is there.  It must never
# start or enable a service: FRR, keepalived, BIRD, NetworkManager and nftables are
# wanted as programs for the test site, not on the machine itself.  A service that was
# installed before is left exactly as it is.  (nftables is not among the daemons:
# Debian neither starts nor enables it, and stopping it would flush the rules.)
set -eu

build='gcc make pkg-config clang llvm bpftool libbpf-dev libelf-dev zlib1g-dev
libnl-3-dev libconfuse-dev libevent-dev libjson-c-dev libsodium-dev
libncurses-dev'
test='libcmocka-dev python3 python3-pytest python3-scapy python3-matplotlib
iproute2 ethtool iputils-ping nftables tcpdump procps util-linux
libclang-rt-dev busybox isc-dhcp-client systemd dbus'
daemons='frr keepalived bird2 network-manager'

policy=/usr/sbin/policy-rc.d
policy_mark='# Made by selftests/deps.sh while it installs; not meant to stay.'
new_daemons=

die() {
	echo "deps: $*" >&2
	exit 1
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The two busyboxes exclude each other, and either will do.
missing_of() {
	for package; do
		is_installed "$package" ||
			{ [ "$package" = busybox ] &&
			  is_installed busybox-static; } ||
			printf '%s ' "$package"
	done
}

# Maintainer scripts ask this file before they start anything (101: no).  The
# user's own stays; one of ours may be left from a run that was killed.
forbid_starts() {
	[ -e "$policy" ] || [ -L "$policy" ] && return
	printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
	chmod 755 "$policy"
}

allow_starts() {
	if grep -qsxF "$policy_mark" "$policy"; then
		rm -f "$policy"
	fi
}

files_of() {
	dpkg-query -L "$1" | grep -E "^$2/[^/@]*\$" | sed 's|.*/||'
}

# A user's own policy-rc.d may have allowed a start; an init that is not systemd
# reads the rc links.  So: stop, then disable, both by every name that it has.
quiesce() {
	for unit in $(files_of "$1" '(/usr)?/lib/systemd/system' |
		      grep -E '\.(service|socket|timer)$'); do
		if [ -d /run/systemd/system ]; then
			systemctl --quiet stop "$unit"
			systemctl --quiet disable "$unit"
		elif command -v deb-systemd-helper >/dev/null; then
			# It works for maintainer scripts alone.
			DPKG_MAINTSCRIPT_PACKAGE=$1 \
				deb-systemd-helper --quiet disable "$unit"
		fi
	done
	for script in $(files_of "$1" /etc/init.d); do
		[ -d /run/systemd/system ] ||
			"/etc/init.d/$script" stop >/dev/null 2>&1 || :
		update-rc.d "$script" disable >/dev/null
	done
}

finish() {
	for package in $new_daemons; do
		! is_installed "$package" || quiesce "$package"
	done
	allow_starts
	rm -f "$log"
}

apt() {
	apt-get -qq -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@" \
		>"$log" 2>&1 && return
	cat "$log" >&2
	die "apt-get $* failed"
}

command -v dpkg-query >/dev/null ||
	die "this is not Debian; install the equivalents of:" \
		$build $test $daemons "$@"
missing=$(missing_of $build $test $daemons "$@")
[ -n "$missing" ] || exit 0
[ "$(id -u)" -eq 0 ] ||
	die "not root, and missing: $missing"

echo "deps: installing $missing"
new_daemons=$(missing_of $daemons)
log=$(mktemp)
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
forbid_starts

export DEBIAN_FRONTEND=noninteractive
apt update
apt --no-install-recommends install $missing

// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor_machine.c - see doctor_machine.h: the kernel, networkd, keepalived. */
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor_machine.h"

#define CAP_NET_ADMIN_BIT 12
#define CAP_NET_RAW_BIT 13
#define CAP_PERFMON_BIT 38
#define CAP_BPF_BIT 39

static FILE *open_file(const struct machine *machine, const char *path)
{
	char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s", machine->root, path);
	return fopen(whole, "re");
}

static bool exists(const struct machine *machine, const char *path)
{
	char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s", machine->root, path);
	return !access(whole, F_OK);
}

/* ---- the kernel ---------------------------------------------------------------- */

static void look_at_capabilities(const struct machine *machine)
{
	static const struct {
		int bit;
		const char *name;
	} needed[] = {
		{ CAP_NET_ADMIN_BIT, "CAP_NET_ADMIN" },
		{ CAP_NET_RAW_BIT, "CAP_NET_RAW" },
		{ CAP_PERFMON_BIT, "CAP_PERFMON" },
		{ CAP_BPF_BIT, "CAP_BPF" },
	};
	FILE *file = open_file(machine, "/proc/self/status");
	unsigned long long has = ~0ULL;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "CapBnd: %llx", &has);
	if (file)
		fclose(file);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!(has & 1ULL << needed[i].bit))
			doctor_find(machine->findings, NULL,
				    "%s is not to be had here: twinpathd "
				    "cannot start in such a container, give it "
				    "the capability",
				    needed[i].name);
}

void doctor_kernel(const struct machine *machine)
{
	unsigned major = 0, minor = 0;
	struct utsname name;
	FILE *file = open_file(machine, "/proc/sys/net/core/bpf_jit_enable");
	int jit = 1;

	uname(&name);
	if (sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	    (major < 6 || (major == 6 && minor < 1)))
		doctor_find(machine->findings, NULL,
			    "Linux %s: 6.1 or later is needed", name.release);
	if (!exists(machine, "/sys/kernel/btf/vmlinux"))
		doctor_find(machine->findings, NULL,
			    "the kernel has no BTF (/sys/kernel/btf/vmlinux): "
			    "the programs cannot be loaded; it is built with "
			    "CONFIG_DEBUG_INFO_BTF");
	if (file && fscanf(file, "%d", &jit) == 1 && !jit)
		doctor_find(machine->findings,
			    "sysctl -w net.core.bpf_jit_enable=1",
			    "net.core.bpf_jit_enable is 0: the programs are "
			    "interpreted, several times as slow");
	if (file)
		fclose(file);
	look_at_capabilities(machine);
}

/* ---- systemd-networkd ------------------------------------------------------------ */

/* 1: yes, 0: no, -1: the line says nothing about the key. */
static int assigned(const char *line, const char *key)
{
	size_t length = strlen(key);

	line += strspn(line, " \t");
	if (strncasecmp(line, key, length) != 0)
		return -1;
	line += length;
	line += strspn(line, " \t");
	if (*line++ != '=')
		return -1;
	line += strspn(line, " \t");
	return strncasecmp(line, "no", 2) && strncasecmp(line, "false", 5) &&
	       strncasecmp(line, "off", 3) && *line != '0';
}

static void read_setting(const char *path, const char *key, int *value)
{
	FILE *file = fopen(path, "re");
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		int now = assigned(line, key);

		if (now >= 0)
			*value = now;
	}
	if (file)
		fclose(file);
}

/* The main file, then the drop-ins, as systemd reads them; default: yes. */
static int networkd_setting(const struct machine *machine, const char *key)
{
	static const char *const places[] = {
		"/etc/systemd/networkd.conf",
		"/usr/lib/systemd/networkd.conf.d/*.conf",
		"/run/systemd/networkd.conf.d/*.conf",
		"/etc/systemd/networkd.conf.d/*.conf",
	};
	int value = 1;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char pattern[PATH_MAX];
		glob_t found;

		snprintf(pattern, sizeof(pattern), "%s%s", machine->root,
			 places[i]);
		if (glob(pattern, 0, NULL, &found))
			continue;
		for (size_t n = 0; n < found.gl_pathc; n++)
			read_setting(found.gl_pathv[n], key, &value);
		globfree(&found);
	}
	return value;
}

void doctor_networkd(const struct machine *machine)
{
	static const struct {
		const char *key, *what;
	} habits[] = {
		{ "ManageForeignRoutes", "routes" },
		{ "ManageForeignRoutingPolicyRules", "rules" },
	};

	if (!exists(machine, "/run/systemd/netif"))
		return; /* it does not run */
	for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++) {
		char type[256];

		if (!networkd_setting(machine, habits[i].key))
			continue;
		snprintf(type, sizeof(type),
			 "mkdir -p /etc/systemd/networkd.conf.d && printf "
			 "'[Network]\\n%s=no\\n' > "
			 "/etc/systemd/networkd.conf.d/twinpath-%s.conf && "
			 "systemctl restart systemd-networkd",
			 habits[i].key, habits[i].what);
		doctor_find(machine->findings, type,
			    "systemd-networkd removes %s that are not its own "
			    "when it starts or a link comes up (%s): "
			    "twinpathd puts them back, but in between they "
			    "are gone",
			    habits[i].what, habits[i].key);
	}
}

/* ---- keepalived -------------------------------------------------------------------- */

void doctor_keepalived(const struct machine *machine)
{
	static const char path[] = "/etc/keepalived/keepalived.conf";
	FILE *file = open_file(machine, path);
	bool instance = false, reads = false;
	char line[512], type[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (line[strspn(line, " \t")] == '#' ||
		    line[strspn(line, " \t")] == '!')
			continue;
		instance |= !!strstr(line, "vrrp_instance");
		reads |= machine->vrrp_file && strstr(line, machine->vrrp_file);
	}
	if (file)
		fclose(file);
	if (!instance || reads || !machine->vrrp_file)
		return;
	snprintf(type, sizeof(type),
		 "track_file twinpath { file \"%s\" weight 1 }   (in %s; see "
		 "examples/keepalived.conf.gw-a)",
		 machine->vrrp_file, path);
	doctor_find(
		machine->findings, type,
		"keepalived does not read twinpathd's track file, %s: hosts "
		"stay with a gateway whose uplinks are dead",
		machine->vrrp_file);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * doctor_ask.c - see doctor_machine.h: what other programs say when they are
 * asked: nftables, FRR, BIRD.
 */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor_machine.h"

/* NULL: it cannot be run.  What it complains about is none of our business. */
static FILE *ask(const char *command)
{
	char line[256];

	fflush(stdout);
	snprintf(line, sizeof(line),
		 "PATH=\"$PATH:/usr/sbin:/sbin\" %s 2>/dev/null", command);
	return popen(line, "re");
}

static bool exists(const struct machine *machine, const char *path)
{
	char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s", machine->root, path);
	return !access(whole, F_OK);
}

/* ---- nftables ------------------------------------------------------------------- */

struct place {
	char table[96]; /* "ip nat" */
	char chain[96];
	bool nat; /* type nat hook postrouting */
};

/* A word in quotes behind `key`; false: it is not there. */
static bool quoted(const char *line, const char *key, char out[64])
{
	const char *at = strstr(line, key);

	return at && sscanf(at + strlen(key), " \"%63[^\"]\"", out) == 1;
}

static bool is_uplink(const struct machine *machine, const char *name)
{
	for (size_t i = 0; i < field_count(machine->uplinks); i++)
		if (!strcmp(json_object_get_string(
				    field_nth(machine->uplinks, i)),
			    name))
			return true;
	return !machine->uplinks;
}

/* Does the rule translate what leaves by an uplink, as far as it says? */
static bool translates(const struct machine *machine, const char *line)
{
	char name[64];

	if (!strstr(line, "masquerade") && !strstr(line, "snat to") &&
	    !strstr(line, "snat ip to"))
		return false;
	if (quoted(line, "oifname", name) || quoted(line, "oif", name))
		return is_uplink(machine, name);
	return true;
}

static void find_rule(const struct machine *machine, const struct place *place,
		      const char *line)
{
	const char *handle = strstr(line, "# handle ");
	char type[320];

	line += strspn(line, " \t");
	snprintf(type, sizeof(type), "nft delete rule %s %s handle %d",
		 place->table, place->chain,
		 handle ? atoi(handle + strlen("# handle ")) : 0);
	doctor_find(machine->findings, type,
		    "nftables translates as well (table %s, chain %s: %.*s): "
		    "what the kernel forwards for twinpath gets another port, "
		    "and its answers are lost",
		    place->table, place->chain,
		    handle ? (int)(handle - line) - 1 :
			     (int)strcspn(line, "\n"),
		    line);
}

static void read_line(const struct machine *machine, struct place *place,
		      const char *line)
{
	char family[16], name[64];

	if (sscanf(line, "table %15s %63s", family, name) == 2)
		snprintf(place->table, sizeof(place->table), "%s %s", family,
			 name);
	else if (sscanf(line, " chain %63s", name) == 1) {
		snprintf(place->chain, sizeof(place->chain), "%s", name);
		place->nat = false;
	} else if (strstr(line, "type nat hook postrouting")) {
		place->nat = true;
	} else if (place->nat && translates(machine, line)) {
		find_rule(machine, place, line);
	}
}

void doctor_nftables(const struct machine *machine)
{
	FILE *rules = ask("nft -a list ruleset");
	struct place place = { .table = "" };
	char *line = NULL;
	size_t room = 0;

	while (rules && getline(&line, &room, rules) > 0)
		read_line(machine, &place, line);
	free(line);
	if (rules)
		pclose(rules);
}

/* ---- the routing daemon ----------------------------------------------------------- */

/* Does any line of the answer have both? */
static bool says(const char *command, const char *one, const char *other,
		 bool *answered)
{
	FILE *answer = ask(command);
	bool found = false;
	char *line = NULL;
	size_t room = 0;

	*answered = false;
	while (answer && getline(&line, &room, answer) > 0) {
		*answered = true;
		found |= strstr(line, one) && strstr(line, other);
	}
	free(line);
	if (answer)
		pclose(answer);
	return found;
}

static void find_blind(const struct machine *machine, const char *daemon,
		       const char *type)
{
	doctor_find(machine->findings, type,
		    "%s does not know the default by %s that twinpathd "
		    "announces: nobody learns it from here (docs/"
		    "routing-daemons.md has what it needs)",
		    daemon, machine->announced);
}

/* "K>* 0.0.0.0/0 [0/0] via 172.16.1.2, eth1, 00:00:07", and BIRD's "on eth1". */
void doctor_routing(const struct machine *machine)
{
	static const char frr[] =
		"vtysh -c 'show ip route 0.0.0.0/0 longer-prefixes'";
	static const char bird[] = "birdc show route for 0.0.0.0/0";
	char interface[80];
	bool answered;

	if (!machine->announced)
		return;
	if (exists(machine, "/var/run/frr/zserv.api")) {
		snprintf(interface, sizeof(interface), ", %s,",
			 machine->announced);
		if (!says(frr, "0.0.0.0/0", interface, &answered) && answered)
			find_blind(machine, "zebra",
				   "vtysh -c 'show ip route 0.0.0.0/0'");
	}
	if (exists(machine, "/run/bird/bird.ctl")) {
		snprintf(interface, sizeof(interface), " on %s",
			 machine->announced);
		if (!says(bird, interface, "", &answered) && answered)
			find_blind(machine, "BIRD", bird);
	}
}

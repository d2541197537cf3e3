// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_grammar.c - the keys, as libconfuse options, and the answer to a key
 * that is none of them.
 *
 * Owns: the list of keys.  Values stay words here: config_value.c reads them.
 */
#include <stdio.h>
#include <string.h>

#include "config_grammar.h"
#include "config_keys.h"
#include "config_probe.h"

cfg_opt_t config_damp_keys[] = {
	VALUE("half-life"),    VALUE("suppress"), VALUE("reuse"),
	VALUE("max-suppress"), CFG_END(),
};

static cfg_opt_t list_keys[] = {
	LIST("tracks"),
	TRACK_KEYS,
	CFG_END(),
};

static cfg_opt_t weight_keys[] = {
	LIST("tracks"), VALUE("up"), VALUE("down"), TRACK_KEYS, CFG_END(),
};

static cfg_opt_t fallback_keys[] = {
	VALUE("track"),
	VALUE("announce"),
	CFG_END(),
};

static cfg_opt_t uplink_keys[] = {
	VALUE("interface"),
	VALUE("next-hop"),
	VALUE("address"),
	LIST("local"),
	VALUE("level"),
	VALUE("share"),
	VALUE("mtu"),
	VALUE("mss-clamp"),
	VALUE("track"),
	VALUE("delay-down"),
	VALUE("delay-up"),
	VALUE("failback"),
	VALUE("drain"),
	VALUE("hold"),
	VALUE("metered"),
	VALUE("filtering"),
	NAMED("icmp", config_icmp_keys),
	NAMED("echo", config_echo_keys),
	NAMED("arp", config_arp_keys),
	NAMED("tcp", config_tcp_keys),
	NAMED("dns", config_dns_keys),
	NAMED("http", config_http_keys),
	NAMED("route", config_route_keys),
	NAMED("any", list_keys),
	NAMED("all", list_keys),
	NAMED("not", list_keys),
	NAMED("weight", weight_keys),
	NAMED("fallback", fallback_keys),
	CFG_SEC("dampening", config_damp_keys, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t publish_keys[] = {
	VALUE("protocol"), VALUE("port"),      VALUE("to"),
	LIST("uplinks"),   VALUE("filtering"), CFG_END(),
};

static cfg_opt_t hook_keys[] = {
	VALUE("run"),
	LIST("on"),
	VALUE("timeout"),
	CFG_END(),
};

static cfg_opt_t partner_keys[] = {
	VALUE("address"),	 VALUE("interface"),
	VALUE("question"),	 VALUE("session-question"),
	VALUE("returned"),	 VALUE("marker"),
	VALUE("kind"),		 VALUE("key"),
	VALUE("heartbeat-port"), CFG_END(),
};

static cfg_opt_t timer_keys[] = {
	VALUE("udp"),
	VALUE("dns"),
	VALUE("icmp"),
	VALUE("tcp-established"),
	VALUE("tcp-opening"),
	VALUE("tcp-closing"),
	VALUE("tcp-incoming"),
	VALUE("hold"),
	CFG_END(),
};

static cfg_opt_t limit_keys[] = {
	VALUE("host-sessions"),	 VALUE("host-ports"), VALUE("host-rate"),
	VALUE("host-questions"), CFG_END(),
};

static cfg_opt_t root_keys[] = {
	LIST("lan"),
	VALUE("mode"),
	CFG_SEC("partner", partner_keys, CFGF_NODEFAULT),
	VALUE("marker"),
	LIST("exclude"),
	VALUE("sessions"),
	VALUE("max-addresses"),
	VALUE("ports"),
	VALUE("port-choice"),
	VALUE("port-parity"),
	VALUE("local-ports"),
	LIST("local"),
	VALUE("firewall"),
	VALUE("filtering"),
	VALUE("refusal"),
	CFG_SEC("limits", limit_keys, CFGF_NODEFAULT),
	CFG_SEC("timers", timer_keys, CFGF_NODEFAULT),
	VALUE("vrrp-file"),
	VALUE("last-resort"),
	VALUE("settle"),
	NAMED("uplink", uplink_keys),
	NAMED("publish", publish_keys),
	NAMED("hook", hook_keys),
	CFG_END(),
};

static const struct place {
	const char *section;
	cfg_opt_t *keys;
} places[] = {
	{ "", root_keys },
	{ "partner", partner_keys },
	{ "limits", limit_keys },
	{ "timers", timer_keys },
	{ "uplink", uplink_keys },
	{ "publish", publish_keys },
	{ "hook", hook_keys },
	{ "icmp", config_icmp_keys },
	{ "echo", config_echo_keys },
	{ "arp", config_arp_keys },
	{ "tcp", config_tcp_keys },
	{ "dns", config_dns_keys },
	{ "http", config_http_keys },
	{ "route", config_route_keys },
	{ "any", list_keys },
	{ "all", list_keys },
	{ "not", list_keys },
	{ "weight", weight_keys },
	{ "fallback", fallback_keys },
	{ "dampening", config_damp_keys },
};
#define PLACES (sizeof(places) / sizeof(places[0]))

/* ---- a key that is none ---- */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters to insert, delete, replace or swap to get from a to b. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][CONFIG_TEXT_NAME + 1];
	size_t width = strlen(b);
	size_t i, j;

	if (strlen(a) >= CONFIG_TEXT_NAME || width >= CONFIG_TEXT_NAME)
		return CONFIG_TEXT_NAME;
	for (j = 0; j <= width; j++)
		rows[0][j] = (unsigned)j;
	for (i = 1; a[i - 1] != '\0'; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3];
		const unsigned *swap = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (j = 1; j <= width; j++) {
			unsigned other = a[i - 1] != b[j - 1];

			row[j] = least(above[j - 1] + other,
				       least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j], swap[j - 2] + 1);
		}
	}
	return rows[strlen(a) % 3][width];
}

static const char *nearest(const cfg_opt_t *keys, const char *name)
{
	unsigned best = strlen(name) < 5 ? 2 : 3; /* one less is near */
	const char *near = NULL;

	for (; keys->name != NULL; keys++) {
		unsigned far = distance(name, keys->name);

		if (far < best) {
			best = far;
			near = keys->name;
		}
	}
	return near;
}

static const cfg_opt_t *find(const cfg_opt_t *keys, const char *name)
{
	for (; keys->name != NULL; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

/* The section in which `name` would be a key: one right here, or any, or none. */
static const char *home(const struct place *here, const char *name)
{
	const char *any = NULL;
	size_t i;

	for (i = 1; i < PLACES; i++) {
		if (find(places[i].keys, name) == NULL)
			continue;
		if (find(here->keys, places[i].section) != NULL)
			return places[i].section;
		if (any == NULL)
			any = places[i].section;
	}
	return any;
}

static void spell_keys(const cfg_opt_t *keys, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (; keys->name != NULL && used < size; keys++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 used > 0 ? ", " : "", keys->name);
}

static void unknown(const struct config_key *key, const struct place *place,
		    struct config_messages *messages)
{
	const char *near = nearest(place->keys, key->name);
	bool top = place->section[0] == '\0';
	char all[CONFIG_MESSAGE_TEXT];
	char where[CONFIG_TEXT_NAME + 8] = "";

	if (!top)
		snprintf(where, sizeof(where), " of '%s'", place->section);
	if (near != NULL) {
		config_error(messages, key->line,
			     "'%s' is not a key%s: did you mean '%s'?",
			     key->name, where, near);
	} else if (home(place, key->name) != NULL) {
		config_error(messages, key->line,
			     "'%s' is not a key%s: it belongs in '%s'",
			     key->name, where, home(place, key->name));
	} else if (!top && find(root_keys, key->name) != NULL) {
		config_error(messages, key->line,
			     "'%s' is not a key%s: it stands outside of all "
			     "sections (is a '}' missing above?)",
			     key->name, where);
	} else {
		spell_keys(place->keys, all, sizeof(all));
		config_error(messages, key->line,
			     "'%s' is not a key%s: there are %s", key->name,
			     where, all);
	}
}

/* ---- keys in their places ---- */

static const struct place *place_of(const struct config_text *text,
				    const struct config_key *key)
{
	const char *section = "";
	size_t i;

	if (key->parent >= 0)
		section = text->keys[key->parent].name;
	for (i = 0; i < PLACES; i++)
		if (strcmp(places[i].section, section) == 0)
			return &places[i];
	return NULL; /* in a section that is unknown itself */
}

static void check_shape(const struct config_key *key, const cfg_opt_t *option,
			struct config_messages *messages)
{
	bool section = option->type == CFGT_SEC;
	bool titled = (option->flags & CFGF_TITLE) != 0;
	bool list = (option->flags & CFGF_LIST) != 0;

	if (section && titled && key->shape != CONFIG_TITLED)
		config_error(messages, key->line,
			     "'%s' is a section with a name: %s NAME { ... }",
			     key->name, key->name);
	else if (section && !titled && key->shape != CONFIG_SECTION)
		config_error(messages, key->line,
			     "'%s' is a section without a name: %s { ... }",
			     key->name, key->name);
	else if (list && key->shape != CONFIG_VALUE &&
		 key->shape != CONFIG_LIST)
		config_error(messages, key->line,
			     "'%s' is a list: %s = { ... }", key->name,
			     key->name);
	else if (!section && !list && key->shape != CONFIG_VALUE)
		config_error(messages, key->line,
			     "'%s' has one value: %s = ...", key->name,
			     key->name);
}

static bool check_keys(const struct config_text *text,
		       struct config_messages *messages)
{
	unsigned before = messages->errors;
	int i;

	for (i = 0; i < text->count; i++) {
		const struct config_key *key = &text->keys[i];
		const struct place *place = place_of(text, key);
		const cfg_opt_t *option;

		if (place == NULL)
			continue;
		option = find(place->keys, key->name);
		if (option == NULL)
			unknown(key, place, messages);
		else
			check_shape(key, option, messages);
	}
	return messages->errors == before;
}

/* ---- the tree ---- */

/* libconfuse hands no argument to its error function. */
static struct config_messages *complaints;

static void __attribute__((format(printf, 2, 0)))
complain(cfg_t *tree, const char *format, va_list arguments)
{
	char text[CONFIG_MESSAGE_TEXT];

	vsnprintf(text, sizeof(text), format, arguments);
	config_error(complaints, (unsigned)tree->line, "%s", text);
}

cfg_t *config_grammar_parse(const struct config_text *text,
			    struct config_messages *messages)
{
	unsigned before = messages->errors;
	cfg_t *tree;
	int result;

	if (!check_keys(text, messages))
		return NULL;
	tree = cfg_init(root_keys, CFGF_NONE);
	if (tree == NULL) {
		config_error(messages, 0, "out of memory");
		return NULL;
	}
	complaints = messages;
	cfg_set_error_function(tree, complain);
	result = cfg_parse_buf(tree, text->clean);
	complaints = NULL;
	if (result == CFG_SUCCESS && messages->errors == before)
		return tree;
	if (messages->errors == before)
		config_error(messages, 0, "the parser gave up");
	cfg_free(tree);
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_publish_check.c - published servers that cannot be, or that get in each
 * other's way.
 *
 * Owns: every judgement about "publish" that needs more than one value; what is
 * listening on the machine is found out when it is published.
 */
#include <stdio.h>

#include "address.h"
#include "config.h"
#include "config_check.h"
#include "config_local.h"

#define DHCP_SERVER 67
#define DHCP_CLIENT 68

struct check {
	const struct config *config;
	const struct config_text *text;
	struct config_messages *messages;
	const struct publish_config *publish;
};

static unsigned line_of(const struct check *check, const char *key)
{
	unsigned line = config_text_line(check->text, "publish %s/%s",
					 check->publish->name, key);

	return line != 0 ? line : check->publish->line;
}

static bool has(const struct publish_config *publish,
		enum publish_protocol protocol)
{
	return publish->protocol == PUBLISH_BOTH ||
	       publish->protocol == protocol;
}

static bool overlap(uint16_t first, uint16_t last, uint16_t other_first,
		    uint16_t other_last)
{
	return first <= other_last && other_first <= last;
}

/* The first uplink of both; the caller knows that there is one. */
static const char *common(const struct config *config, uint32_t uplinks)
{
	return config->uplinks[__builtin_ctz(uplinks)].name;
}

static void check_pair(const struct check *check,
		       const struct publish_config *other)
{
	const struct publish_config *publish = check->publish;
	uint32_t uplinks = publish->uplinks & other->uplinks;

	if (uplinks == 0 ||
	    !((has(publish, PUBLISH_TCP) && has(other, PUBLISH_TCP)) ||
	      (has(publish, PUBLISH_UDP) && has(other, PUBLISH_UDP))) ||
	    !overlap(publish->first, publish->last, other->first, other->last))
		return;
	config_error(check->messages, line_of(check, "port"),
		     "port: publish %s has it on uplink %s already, in line %u",
		     other->name, common(check->config, uplinks), other->line);
}

/* Of these ports of the gateway's own, the first that is published. */
static bool check_kept(const struct check *check,
		       const struct local_ports *locals, unsigned count)
{
	const struct publish_config *publish = check->publish;
	char text[CONFIG_LOCAL_TEXT];

	for (unsigned i = 0; i < count; i++) {
		if (!((has(publish, PUBLISH_TCP) && locals[i].tcp) ||
		      (has(publish, PUBLISH_UDP) && locals[i].udp)) ||
		    !overlap(publish->first, publish->last, locals[i].min,
			     locals[i].max))
			continue;
		config_error(check->messages, line_of(check, "port"),
			     "port: it is in local { %s }, the gateway's own",
			     config_local_text(&locals[i], text));
		return true;
	}
	return false;
}

static void check_locals(const struct check *check)
{
	const struct config *config = check->config;

	if (check_kept(check, config->locals, config->locals_count))
		return;
	for (unsigned i = 0; i < config->uplinks_count; i++)
		if (check->publish->uplinks & 1U << i &&
		    check_kept(check, config->uplinks[i].locals,
			       config->uplinks[i].locals_count))
			return;
}

static void check_ports(const struct check *check)
{
	const struct publish_config *publish = check->publish;
	const struct config *config = check->config;

	if (overlap(publish->first, publish->last, config->local_min,
		    config->local_max))
		config_error(check->messages, line_of(check, "port"),
			     "port: it is in local-ports %u-%u, the gateway's "
			     "own",
			     config->local_min, config->local_max);
	if (has(publish, PUBLISH_UDP) &&
	    overlap(publish->first, publish->last, DHCP_SERVER, DHCP_CLIENT))
		config_error(check->messages, line_of(check, "port"),
			     "port: udp 67 and 68 are the gateway's own, for "
			     "DHCP");
}

static void check_to(const struct check *check)
{
	const struct config *config = check->config;
	const struct tp_addr *to = &check->publish->to;
	unsigned line = line_of(check, "to");
	char text[ADDRESS_TEXT];
	unsigned i;

	if (address_equal(to, &config->partner.address))
		config_error(check->messages, line,
			     "to: it is the partner's address");
	for (i = 0; i < config->uplinks_count; i++) {
		if (address_equal(to, &config->uplinks[i].address))
			config_error(check->messages, line,
				     "to: it is the address of uplink %s, this "
				     "gateway's own",
				     config->uplinks[i].name);
		if (address_equal(to, &config->uplinks[i].next_hop))
			config_error(check->messages, line,
				     "to: it is the next hop of uplink %s: a "
				     "published server is inside",
				     config->uplinks[i].name);
	}
	for (i = 0; i < config->exclude_count; i++)
		if (config->exclude[i].length != 0 &&
		    prefix_contains(&config->exclude[i], to))
			config_error(check->messages, line,
				     "to: it is in exclude %s, and so left to "
				     "the kernel",
				     prefix_print(&config->exclude[i], text));
}

void config_check_publishes(const struct config *config,
			    const struct config_text *text,
			    struct config_messages *messages)
{
	struct check check = { config, text, messages, NULL };
	unsigned i, j;

	for (i = 0; i < config->publishes_count; i++) {
		check.publish = &config->publishes[i];
		if (!address_is_zero(&check.publish->to))
			check_to(&check);
		if (check.publish->first == 0)
			continue; /* said already */
		check_ports(&check);
		check_locals(&check);
		for (j = 0; j < i; j++)
			if (config->publishes[j].first != 0)
				check_pair(&check, &config->publishes[j]);
	}
}

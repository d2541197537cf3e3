// SPDX-License-Identifier: GPL-2.0-or-later
/* happen.c - see happen.h. */
#include <string.h>

#include "dice.h"
#include "happen.h"

static void number(char *to, const char *name, unsigned digit)
{
	size_t length = strlen(name);

	memcpy(to, name, length);
	to[length] = (char)('0' + digit);
	to[length + 1] = '\0';
}

static void new_fallbacks(struct uplink_config *uplink)
{
	unsigned level = uplink->level;

	uplink->fallbacks_count =
		dice_chance(50) ? 0 : dice_below(MODEL_FALLBACKS + 1);
	for (unsigned n = 0; n < uplink->fallbacks_count; n++) {
		uplink->fallbacks[n].level = level += 1 + dice_below(3);
		uplink->fallbacks[n].track = dice_below(2);
		uplink->fallbacks[n].announce = dice_chance(80);
	}
}

void happen_site(struct config *config)
{
	memset(config, 0, sizeof(*config));
	config->uplinks_count = dice_below(5); /* none at all, too */
	for (unsigned i = 0; i < config->uplinks_count; i++) {
		struct uplink_config *uplink = &config->uplinks[i];

		number(uplink->name, "a-long-name-", i);
		number(uplink->interface, "interface-", i);
		uplink->level = 1 + dice_below(dice_chance(5) ? 20 : 3);
		uplink->tracks_count = 2;
		uplink->track = dice_below(2);
		strcpy(uplink->tracks[0].name, "interface");
		strcpy(uplink->tracks[1].name, "a-long-track-na");
		new_fallbacks(uplink);
	}
	config->settle = dice_chance(50) ? 0 : 1 + dice_below(3000);
	config->partner.type = dice_below(3);
	config->last_resort = dice_chance(70);
}

static void new_uplink(struct uplink_facts *uplink)
{
	bool fine = dice_chance(70);

	uplink->present = fine || dice_chance(80);
	uplink->admin_up = fine || dice_chance(80);
	uplink->carrier = fine || dice_chance(80);
	uplink->has_address = fine || dice_chance(80);
	uplink->next_hop = fine || dice_chance(80);
	uplink->attached = fine || dice_chance(80);
	uplink->beyond = dice_chance(30);
	uplink->track = dice_below(3);
	for (unsigned n = 0; n < MODEL_FALLBACKS; n++)
		uplink->fallbacks[n] = dice_below(3);
}

static void new_heartbeat(struct partner_facts *partner)
{
	partner->told = dice_chance(50);
	partner->told_self = partner->told && dice_chance(50);
	partner->told_level =
		partner->told && dice_chance(70) ? 1 + dice_below(8) : 0;
	partner->first = dice_chance(50);
	partner->awaited = !partner->told && dice_chance(10);
}

static void new_liveness(struct partner_facts *partner)
{
	partner->failing = dice_chance(30);
	partner->gone = partner->failing && dice_chance(60);
}

void happen_facts(const struct config *config, struct facts *facts)
{
	bool all = dice_chance(5);

	facts->now += dice_below(1000);
	facts->ready = dice_chance(90);
	for (unsigned i = 0; i < config->uplinks_count; i++)
		if (all || dice_chance(30))
			new_uplink(&facts->uplinks[i]);
	if (all || dice_chance(30))
		facts->partner.address_on_lan = dice_chance(80);
	if (all || dice_chance(30))
		facts->partner.mac_known = dice_chance(80);
	if (all || dice_chance(30))
		facts->partner.marker = dice_chance(50);
	if (all || dice_chance(30))
		facts->partner.offers_default = dice_chance(50);
	if (all || dice_chance(30))
		new_liveness(&facts->partner);
	if (all || dice_chance(30))
		new_heartbeat(&facts->partner);
}

void happen_intent(struct intent *intent)
{
	if (dice_chance(80))
		return;
	memset(intent, 0, sizeof(*intent));
	intent->kind = dice_below(4);
	intent->force = dice_chance(30);
	if (intent->kind == INTENT_UPLINK || intent->kind == INTENT_DRAIN)
		number(intent->uplink, "a-long-name-", dice_below(5));
}

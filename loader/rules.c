// SPDX-License-Identifier: GPL-2.0-or-later
/* rules.c - see rules.h. */
#include <stdio.h>
#include <string.h>

#include "rules.h"

const char *rules_origin(enum foreign_origin origin)
{
	return origin == FOREIGN_RULE ? "ip rule" : "IPsec policy";
}

static void explain(const struct foreign *foreign, struct rules_view *out)
{
	const char *found = foreign->forward[0] ? foreign->forward :
						  foreign->any;

	if (out->firewall != FIREWALL_AUTO)
		found = out->firewall == FIREWALL_KERNEL ? "firewall = kernel" :
							   "firewall = none";
	else if (!found[0])
		found = "no forward rules";
	snprintf(out->because, sizeof(out->because), "%s", found);
	if (out->firewall == FIREWALL_NONE)
		snprintf(out->unasked, sizeof(out->unasked), "%s",
			 foreign->forward[0] ? foreign->forward : foreign->any);
}

static void look(const char *interface, const struct foreign *foreign,
		 struct rules_view *out)
{
	unsigned ifindex = if_nametoindex(interface);
	const char *kind = ifindex ? foreign_shaper(foreign, ifindex) : NULL;
	struct rules_shaped *one = &out->shaped[out->shaped_count];

	if (!kind)
		return;
	snprintf(one->interface, sizeof(one->interface), "%s", interface);
	snprintf(one->qdisc, sizeof(one->qdisc), "%s", kind);
	out->shaped_count++;
}

void rules_view(const struct config *config, const struct foreign *foreign,
		struct rules_view *out)
{
	memset(out, 0, sizeof(*out));
	out->firewall = config->firewall;
	out->foreign = foreign;
	out->first = foreign_shows_first(foreign, config->firewall);
	explain(foreign, out);
	for (unsigned i = 0; i < config->lans_count; i++)
		look(config->lans[i], foreign, out);
	for (unsigned i = 0; i < config->uplinks_count; i++)
		look(config->uplinks[i].interface, foreign, out);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor.c - see doctor.h: interfaces, maps, routes. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "doctor.h"
#include "doctor_find.h"
#include "site_private.h"

#define TYPE 96

static const char *systemctl(const struct site *site, const char *verb,
			     char type[TYPE])
{
	snprintf(type, TYPE, "systemctl %s twinpath@%s", verb, site->instance);
	return type;
}

/* ---- what carries our programs ----------------------------------------------- */

static bool has_pin(const struct site *site, const char *hook, unsigned ifindex)
{
	char path[PLANE_PATH + 32];

	snprintf(path, sizeof(path), "%s/%s_%u", site->parts->plane.dir, hook,
		 ifindex);
	return !access(path, F_OK);
}

static void look_at_interfaces(const struct site *site,
			       struct json_object *findings)
{
	const struct interfaces *all = &site->parts->interfaces;

	for (unsigned i = 0; i < all->count; i++) {
		const struct interface *one = &all->list[i];
		char type[TYPE];

		if (!one->ifindex)
			doctor_find(findings, NULL,
				    "%s is in the configuration, but %s",
				    one->name,
				    one->refused ?
					    "cannot carry our programs: the "
					    "log says why" :
					    "does not exist");
		else if (access("/sys/fs/bpf", R_OK) == 0 &&
			 !has_pin(site, "in", one->ifindex))
			doctor_find(findings, systemctl(site, "restart", type),
				    "%s: the link of our program is not pinned "
				    "any more: it ends with this daemon",
				    one->name);
	}
}

/* ---- the kernel's routes against ours ------------------------------------------ */

static bool is_default(const struct netlink_route *route)
{
	return route->type == RTN_UNICAST && route->to.length == 96 &&
	       address_is_v4(&route->to.address);
}

/* A route of ours; `table` and interface say which. */
static bool has_default(const struct site *site, unsigned table,
			unsigned ifindex)
{
	const struct netlink_route *route = NULL;

	while ((route = netlink_next_route(site->netlink, route)))
		if (is_default(route) && route->protocol == MODEL_RTPROT &&
		    route->table == table && route->oif == ifindex)
			return true;
	return false;
}

static void look_at_own_routes(const struct site *site,
			       struct json_object *findings)
{
	int told = site->parts->announce.uplink;

	for (unsigned i = 0; i < site->config.uplinks_count; i++) {
		const struct uplink_facts *facts = &site->facts.uplinks[i];
		unsigned table = MODEL_TABLE_BASE + site->exits[i];

		if (facts->attached && facts->next_hop && facts->has_address &&
		    facts->carrier && !has_default(site, table, facts->ifindex))
			doctor_find(findings, NULL,
				    "uplink %s: table %u has no default by %s: "
				    "slow packets and the gateway's own cannot "
				    "leave there; somebody takes it away as "
				    "often as it is put back",
				    site->config.uplinks[i].name, table,
				    site->config.uplinks[i].interface);
	}
	if (told >= 0 && site->facts.uplinks[told].present &&
	    !has_default(site, RT_TABLE_MAIN,
			 site->facts.uplinks[told].ifindex))
		doctor_find(findings, "ip route show table main",
			    "the default by %s is announced, but not in the "
			    "main table: nobody learns it",
			    site->config.uplinks[told].name);
}

/* The next hop that DHCP has not given. */
static void look_at_leases(const struct site *site,
			   struct json_object *findings)
{
	for (unsigned i = 0; i < site->config.uplinks_count; i++) {
		const struct uplink_config *config = &site->config.uplinks[i];
		const struct uplink_facts *facts = &site->facts.uplinks[i];
		char type[TYPE];

		if (!config->dhcp || !facts->has_address || facts->next_hop)
			continue;
		snprintf(type, sizeof(type), "ip route show default table all");
		doctor_find(findings, type,
			    "uplink %s: no next hop from DHCP: no default "
			    "route by %s in table %u%s",
			    config->name, config->interface, facts->table,
			    facts->astray ?
				    ", and one in main: its client has to put "
				    "it into that table (RouteTable= of "
				    "networkd, route-table of NetworkManager, "
				    "/etc/dhcp/twinpath-uplinks)" :
				    "");
	}
}

static const char *protocol_name(unsigned protocol)
{
	switch (protocol) {
	case RTPROT_BOOT:
		return "boot (by hand, or ifupdown)";
	case RTPROT_STATIC:
		return "static (networkd, NetworkManager, or by hand)";
	case RTPROT_DHCP:
		return "dhcp";
	case RTPROT_KERNEL:
		return "kernel";
	}
	return "of another program";
}

/* A default that does not go when the uplink dies. */
static void look_at_foreign_routes(const struct site *site,
				   struct json_object *findings)
{
	const struct netlink_route *route = NULL;

	while ((route = netlink_next_route(site->netlink, route))) {
		const struct interface *one =
			interfaces_find(&site->parts->interfaces, route->oif);
		char type[128], gateway[ADDRESS_TEXT];

		if (!is_default(route) || route->table != RT_TABLE_MAIN ||
		    route->protocol == MODEL_RTPROT || !one ||
		    one->role != ATTACH_UPLINK)
			continue;
		address_print(&route->gateway, gateway);
		snprintf(type, sizeof(type),
			 "ip route del default via %s dev %s metric %u",
			 gateway, one->name, route->metric);
		doctor_find(findings, type,
			    "a default by %s via %s, protocol %s, is not "
			    "twinpath's: it stays when the uplink dies, and is "
			    "redistributed; have its writer put it into the "
			    "uplink's own table",
			    one->name, gateway, protocol_name(route->protocol));
	}
}

/* ---- the data plane's routes against the kernel's -------------------------------- */

static void look_at_inside(const struct site *site,
			   struct json_object *findings)
{
	const struct netlink_route *route = NULL;

	while ((route = netlink_next_route(site->netlink, route))) {
		const struct interface *one =
			interfaces_find(&site->parts->interfaces, route->oif);
		struct tp_route known;
		struct prefix prefix;
		char text[ADDRESS_TEXT], type[TYPE];

		if (route->table != RT_TABLE_MAIN ||
		    route->type != RTN_UNICAST || route->to.length <= 96 ||
		    !one || one->role != ATTACH_LAN ||
		    route->flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN))
			continue;
		if (maps_route_to(site->maps, &route->to.address, &prefix,
				  &known) &&
		    prefix.length >= route->to.length)
			continue;
		doctor_find(findings, systemctl(site, "reload", type),
			    "the kernel routes %s by %s, the data plane does "
			    "not know it as inside",
			    prefix_print(&route->to, text), one->name);
	}
}

static void look_at_maps(const struct site *site, struct json_object *findings)
{
	const char *name = maps_foreign(site->maps);
	char type[TYPE];

	if (name)
		doctor_find(findings, systemctl(site, "restart", type),
			    "the map %s does not hold what twinpathd wrote: "
			    "somebody else has written to it",
			    name);
}

struct json_object *doctor_findings(const struct site *site)
{
	struct json_object *findings = json_object_new_array();

	look_at_interfaces(site, findings);
	doctor_sysctls(site, findings);
	doctor_offloads(site, findings);
	look_at_own_routes(site, findings);
	look_at_leases(site, findings);
	look_at_foreign_routes(site, findings);
	look_at_inside(site, findings);
	look_at_maps(site, findings);
	return findings;
}

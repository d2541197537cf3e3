// SPDX-License-Identifier: GPL-2.0-or-later
/* interfaces.c - see interfaces.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "interfaces_private.h"
#include "log.h"
#include "vlan.h"

static void add(struct interfaces *interfaces, const char *name,
		enum attach_role role, int uplink)
{
	struct interface *one = &interfaces->list[interfaces->count++];

	snprintf(one->name, sizeof(one->name), "%s", name);
	one->role = role;
	one->uplink = uplink;
}

const struct interface *interfaces_by_name(const struct interfaces *interfaces,
					   const char *name)
{
	for (unsigned i = 0; i < interfaces->count; i++)
		if (!strcmp(interfaces->list[i].name, name))
			return &interfaces->list[i];
	return NULL;
}

void interfaces_init(struct interfaces *interfaces, const struct config *config)
{
	memset(interfaces, 0, sizeof(*interfaces));
	/* Uplinks first: the guard is up before anything can be forwarded. */
	for (unsigned i = 0; i < config->uplinks_count; i++)
		add(interfaces, config->uplinks[i].interface, ATTACH_UPLINK,
		    (int)i);
	for (unsigned i = 0; i < config->lans_count; i++)
		add(interfaces, config->lans[i], ATTACH_LAN, MODEL_NOBODY);
	for (unsigned kind = TP_KIND_TAKE; kind < TP_KINDS; kind++) {
		const char *name = config->partner.links[kind];

		if (!name[0] || interfaces_by_name(interfaces, name))
			continue; /* the LAN leads there */
		add(interfaces, name, ATTACH_LAN, MODEL_NOBODY);
		interfaces->list[interfaces->count - 1].partner = true;
	}
}

const struct interface *interfaces_find(const struct interfaces *interfaces,
					unsigned ifindex)
{
	for (unsigned i = 0; i < interfaces->count; i++)
		if (ifindex && interfaces->list[i].ifindex == ifindex)
			return &interfaces->list[i];
	return NULL;
}

bool interfaces_is_virtual(const struct netlink_link *link, unsigned parent)
{
	return link->parent == parent && !strcmp(link->kind, "macvlan") &&
	       link->flags & IFF_UP;
}

/* ---- the mode ------------------------------------------------------------------- */

/*
 * Native XDP only where every interface is a NIC that can do it, and none shapes:
 * behind veth, tap and bridges live super-packets and unfinished checksums, and
 * XDP goes past every qdisc.
 */
static bool suits_xdp(const struct interfaces *interfaces,
		      const struct interfaces_context *context)
{
	for (unsigned i = 0; i < interfaces->count; i++) {
		const struct netlink_link *link = netlink_link_by_name(
			context->netlink, interfaces->list[i].name);

		if (!link || link->kind[0] ||
		    foreign_shaper(context->foreign, link->index) ||
		    vlan_hidden(context->netlink, link) ||
		    !attach_has_xdp(context->plane, link->index))
			return false;
	}
	return true;
}

static bool choose_xdp(const struct interfaces *interfaces,
		       const struct interfaces_context *context)
{
	switch (context->config->mode) {
	case MODE_XDP:
		return true;
	case MODE_TC:
		return false;
	case MODE_AUTO:
		break;
	}
	return suits_xdp(interfaces, context);
}

/* ---- shaping ------------------------------------------------------------------------ */

bool interface_redirects(const struct interface *one)
{
	return one->xdp && !one->shaper[0];
}

static void look_for_shaper(struct interface *one,
			    const struct interfaces_context *context)
{
	const char *kind = foreign_shaper(context->foreign, one->ifindex);
	char because[48], what[IF_NAMESIZE + 24];

	if (!kind)
		kind = "";
	if (!strcmp(one->shaper, kind))
		return;
	if (one->xdp && !*one->shaper != !*kind) {
		snprintf(what, sizeof(what), "%s: sent to by", one->name);
		snprintf(because, sizeof(because),
			 *kind ? "its qdisc %s shapes" :
				 "no qdisc shapes there now",
			 kind);
		log_change(0, what, *kind ? "XDP" : "tc", *kind ? "tc" : "XDP",
			   because);
	}
	snprintf(one->shaper, sizeof(one->shaper), "%s", kind);
}

void interfaces_shape(struct interfaces *interfaces,
		      const struct interfaces_context *context)
{
	for (unsigned i = 0; i < interfaces->count; i++)
		if (interfaces->list[i].ifindex)
			look_for_shaper(&interfaces->list[i], context);
}

/* ---- attaching --------------------------------------------------------------------- */

/* Can it carry what it is configured for? */
static int check_link(const struct interface *one,
		      const struct netlink_link *link,
		      const struct partner_config *partner)
{
	if (!link->ethernet && !link->raw) {
		log_error("%s: neither an Ethernet interface nor a "
			  "point-to-point one (tun, ppp, wireguard, a tunnel "
			  "to one end): these alone are served",
			  one->name);
		return -EOPNOTSUPP;
	}
	if (one->partner && link->raw && partner->type == TP_PARTNER_TWINPATH &&
	    !partner->links[TP_KIND_QUESTION][0]) {
		log_error("%s: it has no MAC addresses to tell the kinds of "
			  "handover by: give each its own interface, with "
			  "question, session-question and returned in partner",
			  one->name);
		return -EINVAL;
	}
	return 0;
}

/* A VLAN device was put on an interface that has XDP. */
static void leave_xdp(struct interface *one, const struct netlink_link *link,
		      const struct interfaces_context *context)
{
	const char *vlan = vlan_hidden(context->netlink, link);

	if (!vlan)
		return;
	attach_drop_xdp(context->plane, one->ifindex);
	one->xdp = false;
	vlan_log(one->name, vlan);
}

int interfaces_attach(struct interfaces *interfaces, struct interface *one,
		      const struct netlink_link *link,
		      const struct interfaces_context *context)
{
	const char *vlan = interfaces->xdp && !link->raw ?
				   vlan_hidden(context->netlink, link) :
				   NULL;
	struct attach_kind kind = {
		.role = one->role,
		.raw = link->raw,
		.xdp = interfaces->xdp && !link->raw && !vlan,
	};
	int err = check_link(one, link, &context->config->partner);

	if (err)
		return err;
	err = attach_interface(context->plane, one->name, link->index, kind);
	if (err)
		return err;
	if (!kind.xdp)
		attach_drop_xdp(context->plane, link->index);
	if (vlan)
		vlan_log(one->name, vlan);
	one->ifindex = link->index;
	one->raw = kind.raw;
	one->xdp = kind.xdp;
	one->refused = 0;
	log_info("%s: programs attached (%s, %s, ifindex %u)", one->name,
		 one->partner		 ? "partner" :
		 one->role == ATTACH_LAN ? "lan" :
					   "uplink",
		 one->xdp ? "xdp and tc" : "tc", one->ifindex);
	return 0;
}

static void undo(struct interfaces *interfaces, const char *instance)
{
	for (unsigned i = 0; i < interfaces->count; i++) {
		if (!interfaces->list[i].ifindex)
			continue;
		attach_remove(instance, interfaces->list[i].ifindex);
		interfaces->list[i].ifindex = 0;
	}
}

int interfaces_start(struct interfaces *interfaces,
		     const struct interfaces_context *context, bool strict)
{
	int err = 0;

	interfaces->xdp = choose_xdp(interfaces, context);
	for (unsigned i = 0; i < interfaces->count && !err; i++) {
		struct interface *one = &interfaces->list[i];
		const struct netlink_link *link =
			netlink_link_by_name(context->netlink, one->name);

		if (link)
			err = interfaces_attach(interfaces, one, link, context);
		else if (strict)
			err = -ENODEV;
		else
			log_warning("%s: no such interface: waited for",
				    one->name);
		if (err == -ENODEV)
			log_error("%s: no such interface: check 'lan' and "
				  "'interface' in %s, or create it first",
				  one->name, context->config->file);
	}
	/* A gateway that is already at work keeps what it has. */
	if (err && strict)
		undo(interfaces, context->instance);
	if (err)
		return err;
	interfaces_shape(interfaces, context);
	interfaces_prepare_host(context);
	interfaces_forward(interfaces, context);
	return 0;
}

/* ---- changes ------------------------------------------------------------------------- */

static void update_one(struct interfaces *interfaces, struct interface *one,
		       const struct interfaces_context *context)
{
	const struct netlink_link *link =
		netlink_link_by_name(context->netlink, one->name);

	if (one->ifindex && (!link || link->index != one->ifindex)) {
		log_change(0, one->name, "attached", "gone",
			   link ? "it was made anew" : "it was removed");
		attach_remove(context->instance, one->ifindex);
		one->ifindex = 0;
	}
	if (one->ifindex && one->xdp)
		leave_xdp(one, link, context);
	if (!link || one->ifindex || one->refused == link->index)
		return;
	if (interfaces_attach(interfaces, one, link, context))
		one->refused = link->index;
	else
		look_for_shaper(one, context);
}

void interfaces_update(struct interfaces *interfaces,
		       const struct interfaces_context *context)
{
	for (unsigned i = 0; i < interfaces->count; i++)
		update_one(interfaces, &interfaces->list[i], context);
}

bool interfaces_ready(const struct interfaces *interfaces,
		      const struct netlink *netlink)
{
	bool any = false;

	for (unsigned i = 0; i < interfaces->count; i++) {
		const struct interface *one = &interfaces->list[i];

		if (one->role != ATTACH_LAN)
			continue;
		if (!one->ifindex && netlink_link_by_name(netlink, one->name))
			return false;
		any |= one->ifindex != 0 && !one->partner;
	}
	return any;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* interfaces_reload.c - see interfaces.h: the interfaces of another configuration. */
#include <string.h>

#include "interfaces_private.h"
#include "log.h"
#include "sysctl.h"

/* Back to what an interface had, after a reload that could not be. */
static void put_back(const struct interface *one, const struct interface *was,
		     const struct interfaces_context *context)
{
	struct attach_kind kind;

	if (!was || !was->ifindex) {
		attach_remove(context->instance, one->ifindex);
		return;
	}
	kind = (struct attach_kind){ was->role, was->raw, was->xdp };
	attach_interface(context->plane, was->name, was->ifindex, kind);
}

/* Takes over what `was` has; attaches where the role is another one. */
static int follow(struct interfaces *interfaces, struct interface *one,
		  const struct interface *was,
		  const struct interfaces_context *context)
{
	const struct netlink_link *link =
		netlink_link_by_name(context->netlink, one->name);

	if (was && was->role == one->role) {
		one->ifindex = was->ifindex;
		one->refused = was->refused;
		one->raw = was->raw;
		one->xdp = was->xdp;
		return 0;
	}
	if (link)
		return interfaces_attach(interfaces, one, link, context);
	log_warning("%s: no such interface: waited for", one->name);
	return 0;
}

int interfaces_reload(struct interfaces *interfaces,
		      const struct interfaces *old,
		      const struct interfaces_context *context)
{
	int err = 0;

	interfaces_init(interfaces, context->config);
	interfaces->xdp = old->xdp;
	for (unsigned i = 0; i < interfaces->count && !err; i++)
		err = follow(interfaces, &interfaces->list[i],
			     interfaces_by_name(old, interfaces->list[i].name),
			     context);
	for (unsigned i = 0; i < interfaces->count && err; i++) {
		const struct interface *one = &interfaces->list[i];
		const struct interface *was =
			interfaces_by_name(old, one->name);

		if (one->ifindex && !(was && was->role == one->role))
			put_back(one, was, context);
	}
	if (err)
		return err;
	interfaces_prepare_host(context);
	interfaces_forward(interfaces, context);
	return 0;
}

/* What was set for the sake of it is as it was; forwarding ends first. */
static void release(const struct interface *one,
		    const struct interfaces_context *context)
{
	const struct netlink_link *link = NULL;

	while ((link = netlink_next_link(context->netlink, link)))
		if (link->parent == one->ifindex &&
		    !strcmp(link->kind, "macvlan"))
			sysctl_restore_interface(context->sysctls, link->name);
	sysctl_restore_interface(context->sysctls, one->name);
	attach_remove(context->instance, one->ifindex);
	log_change(0, one->name, "attached", "released",
		   "the configuration has it no more");
}

void interfaces_release(const struct interfaces *interfaces,
			const struct interfaces *old,
			const struct interfaces_context *context)
{
	for (unsigned i = 0; i < old->count; i++)
		if (old->list[i].ifindex &&
		    !interfaces_by_name(interfaces, old->list[i].name))
			release(&old->list[i], context);
}

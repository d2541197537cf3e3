// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * maps_routes.c - the LPM trie: what is inside, what is ours, what is the
 * kernel's.  Everything else goes out by the selector.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "address.h"
#include "log.h"
#include "maps_private.h"
#include "twinpath.skel.h"

#define LOOPBACK "127.0.0.0/8"

int maps_append_route(struct maps_routes *routes, const struct prefix *to,
		      const struct tp_route *value)
{
	struct maps_route *one;

	if (routes->count == routes->room) {
		unsigned room = routes->room ? 2 * routes->room : 64;
		void *list = realloc(routes->list, room * sizeof(*one));

		if (!list)
			return -ENOMEM;
		routes->list = list;
		routes->room = room;
	}
	one = &routes->list[routes->count++];
	memset(one, 0, sizeof(*one));
	one->key.prefix = to->length;
	memcpy(one->key.address, to->address.byte, 16);
	one->value = *value;
	return 0;
}

static int append_kind(struct maps_routes *routes, const struct prefix *to,
		       enum tp_route_kind kind, unsigned ifindex)
{
	struct tp_route value = { .kind = (uint8_t)kind, .ifindex = ifindex };

	return maps_append_route(routes, to, &value);
}

/* Never forwarded by us (RFC 1122 3.2.1.3, RFC 3927, RFC 5771, RFC 1112). */
static int collect_special(struct maps_routes *routes,
			   const struct config *config)
{
	static const struct {
		const char *prefix;
		enum tp_route_kind kind;
	} special[] = {
		{ "0.0.0.0/8", TP_ROUTE_MARTIAN },
		{ LOOPBACK, TP_ROUTE_MARTIAN },
		{ "169.254.0.0/16", TP_ROUTE_LINK_LOCAL },
		{ "224.0.0.0/4", TP_ROUTE_GROUP },
		{ "240.0.0.0/4", TP_ROUTE_MARTIAN },
		{ "255.255.255.255/32", TP_ROUTE_GROUP },
	};
	int err = 0;

	for (unsigned i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		struct prefix prefix;

		err = err					       ?:
			      prefix_parse(special[i].prefix, &prefix) ?:
			      append_kind(routes, &prefix, special[i].kind, 0);
	}
	for (unsigned i = 0; i < config->exclude_count; i++)
		err = err   ?:
			      append_kind(routes, &config->exclude[i],
					  TP_ROUTE_KERNEL, 0);
	return err;
}

/*
 * Behind a raw interface there is one neighbour, which has no address; the
 * kernel's own table has it under 0.0.0.0, and so has ours.
 */
static void by_the_other_end(struct tp_route *value)
{
	value->via = 1;
	value->next_hop = address_from_v4(INADDR_ANY);
}

static bool is_inside(const struct netlink_route *route,
		      const struct interfaces *interfaces)
{
	const struct interface *one = interfaces_find(interfaces, route->oif);

	return route->table == RT_TABLE_MAIN && route->type == RTN_UNICAST &&
	       !(route->flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) && one &&
	       one->role == ATTACH_LAN &&
	       route->to.length > (address_is_v4(&route->to.address) ? 96 : 0);
}

static int collect_inside(struct maps_routes *routes,
			  const struct maps_input *input)
{
	const struct netlink_route *route = NULL;
	int err = 0;

	while (!err && (route = netlink_next_route(input->netlink, route))) {
		struct tp_route value = {
			.kind = TP_ROUTE_INSIDE,
			.ifindex = route->oif,
			.via = !address_is_zero(&route->gateway),
			.next_hop = route->gateway,
		};

		if (!is_inside(route, input->interfaces))
			continue;
		if (interfaces_find(input->interfaces, route->oif)->raw)
			by_the_other_end(&value);
		err = maps_append_route(routes, &route->to, &value);
	}
	return err;
}

/*
 * The last address of a subnet is for all of its hosts, the gateway among them:
 * the kernel's, never a source, and not forwarded (RFC 2644).
 */
static bool broadcast_of(const struct netlink_address *address,
			 struct prefix *out)
{
	if (!address_is_v4(&address->address) || address->length < 96 ||
	    address->length > 126)
		return false;
	*out = (struct prefix){ address->address, 128 };
	for (unsigned bit = address->length; bit < 128; bit++)
		out->address.byte[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return true;
}

static int collect_local(struct maps_routes *routes,
			 const struct netlink *netlink)
{
	const struct netlink_address *address = NULL;
	struct prefix host, loopback;
	int err = prefix_parse(LOOPBACK, &loopback);

	while (!err && (address = netlink_next_address(netlink, address))) {
		host = (struct prefix){ address->address, 128 };
		if (prefix_contains(&loopback, &host.address))
			continue; /* on no wire, also not as ours */
		err = append_kind(routes, &host, TP_ROUTE_LOCAL,
				  address->ifindex);
		if (!err && broadcast_of(address, &host))
			err = append_kind(routes, &host, TP_ROUTE_LOCAL,
					  address->ifindex);
	}
	return err;
}

/* Whose word counts for one and the same prefix; the more, the stronger. */
static int strength(const struct maps_route *route)
{
	static const uint8_t order[] = {
		[TP_ROUTE_DEFAULT] = 0, [TP_ROUTE_LINK_LOCAL] = 1,
		[TP_ROUTE_GROUP] = 2,	[TP_ROUTE_INSIDE] = 3,
		[TP_ROUTE_LOCAL] = 4,	[TP_ROUTE_KERNEL] = 5,
		[TP_ROUTE_MARTIAN] = 6,
	};

	return order[route->value.kind];
}

static int compare_keys(const struct tp_route_key *a,
			const struct tp_route_key *b)
{
	return memcmp(a, b, sizeof(*a));
}

/*
 * In order of key; among equals the strongest first: an own address that an IGP
 * announces as a host route stays ours.  (OSPF does that.)
 */
static int compare_routes(const void *a, const void *b)
{
	const struct maps_route *x = a, *y = b;
	int order = compare_keys(&x->key, &y->key);

	return order ? order : strength(y) - strength(x);
}

void maps_sort_routes(struct maps_routes *routes)
{
	unsigned kept = 0;

	if (routes->count)
		qsort(routes->list, routes->count, sizeof(*routes->list),
		      compare_routes);
	for (unsigned i = 0; i < routes->count; i++)
		if (!kept || compare_keys(&routes->list[kept - 1].key,
					  &routes->list[i].key))
			routes->list[kept++] = routes->list[i];
	routes->count = kept;
}

static int compare_for_search(const void *key, const void *route)
{
	return compare_keys(key, &((const struct maps_route *)route)->key);
}

const struct maps_route *maps_find_route(const struct maps_routes *sorted,
					 const struct prefix *to)
{
	struct tp_route_key key = { .prefix = to->length };

	memcpy(key.address, to->address.byte, sizeof(key.address));
	return sorted->count ?
		       bsearch(&key, sorted->list, sorted->count,
			       sizeof(*sorted->list), compare_for_search) :
		       NULL;
}

/* What an adopted trie holds, so that the first difference is a true one. */
static int read_trie(struct maps_routes *routes, int fd)
{
	struct tp_route_key key, *last = NULL;
	struct prefix to;
	int err = 0;

	while (!err && !bpf_map_get_next_key(fd, last, &key)) {
		struct tp_route value;

		last = &key;
		if (bpf_map_lookup_elem(fd, &key, &value))
			continue;
		to.length = (uint8_t)key.prefix;
		memcpy(to.address.byte, key.address, 16);
		err = maps_append_route(routes, &to, &value);
	}
	maps_sort_routes(routes);
	return err;
}

struct difference {
	bool any;
	bool kernel; /* something became the kernel's that was not */
};

static bool is_kernels(const struct tp_route *route)
{
	return route->kind == TP_ROUTE_KERNEL || route->from_kernel;
}

/* Walk both lists in order: new and changed ones are put, old ones go last. */
static int write_difference(int fd, const struct maps_routes *old,
			    const struct maps_routes *new,
			    struct difference *difference)
{
	unsigned i = 0, j = 0;
	int err = 0;

	while (i < old->count || j < new->count) {
		const struct maps_route *was = &old->list[i];
		const struct maps_route *is = &new->list[j];
		int order = i == old->count ? 1 :
			    j == new->count ? -1 :
					      compare_keys(&was->key, &is->key);

		if (order < 0 && bpf_map_delete_elem(fd, &was->key))
			err = -errno;
		if (order > 0 || (!order && memcmp(&was->value, &is->value,
						   sizeof(is->value))))
			if (bpf_map_update_elem(fd, &is->key, &is->value,
						BPF_ANY))
				err = -errno;
		difference->any |= order || memcmp(&was->value, &is->value,
						   sizeof(is->value));
		difference->kernel |= order >= 0 && is_kernels(&is->value) &&
				      (order || !is_kernels(&was->value));
		i += order <= 0;
		j += order >= 0;
	}
	return err;
}

/* The trie's answer, from our copy of it. */
bool maps_route_to(const struct maps *maps, const struct tp_addr *address,
		   struct prefix *prefix, struct tp_route *route)
{
	bool found = false;

	for (unsigned i = 0; i < maps->routes.count; i++) {
		const struct maps_route *one = &maps->routes.list[i];
		struct prefix to = { .length = (uint8_t)one->key.prefix };

		memcpy(to.address.byte, one->key.address, 16);
		if (!prefix_contains(&to, address) ||
		    (found && to.length < prefix->length))
			continue;
		*prefix = to;
		*route = one->value;
		found = true;
	}
	return found;
}

int maps_apply_routes(struct maps *maps, const struct maps_input *input)
{
	int fd = bpf_map__fd(maps->plane->skel->maps.routes);
	struct difference difference = {};
	struct maps_routes wanted = {};
	int err;

	err = collect_special(&wanted, input->config)	     ?:
		      collect_inside(&wanted, input)	     ?:
		      collect_local(&wanted, input->netlink) ?:
		      maps_foreign_routes(&wanted, input);
	if (!err && !maps->routes.list)
		err = read_trie(&maps->routes, fd);
	if (err) {
		free(wanted.list);
		return err;
	}
	maps_sort_routes(&wanted);
	err = maps_widen_regions(maps, &maps->routes, &wanted);
	if (!err)
		err = write_difference(fd, &maps->routes, &wanted, &difference);
	if (err)
		log_error("cannot write the routes map: %s", strerror(-err));
	else
		err = maps_apply_regions(maps, &wanted);
	free(maps->routes.list);
	maps->routes = wanted;
	/* First what is remembered of the routes is void, also for who asks again. */
	if (difference.any)
		err = maps_bump_epoch(maps) ?: err;
	/* What lives may be among it. */
	return difference.kernel ? maps_ask_again(maps) ?: err : err;
}

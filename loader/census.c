// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * census.c - see census.h: the walk itself.
 *
 * The programs write while it reads.  A line that changes under it is counted or
 * not, as if the walk had come a moment sooner or later.
 */
#include <netinet/in.h>
#include <string.h>

#include "census.h"
#include "twinpath/host.h"

#define BOTH_FIN (TP_TCP_FIN_OUT | TP_TCP_FIN_IN)

static bool live(uint64_t control, uint32_t now)
{
	return TP_CONTROL_LINE(control) == TP_LINE_LIVE &&
	       (int32_t)(TP_CONTROL_EXPIRY(control) - now) > 0;
}

static uint64_t control_of(const __u64 *control)
{
	return *(const volatile __u64 *)control;
}

static bool ended(uint16_t bits)
{
	return bits & TP_TCP_RST || (bits & BOTH_FIN) == BOTH_FIN;
}

static void count_session(const struct census_tables *tables,
			  const struct tp_session *session, uint32_t now,
			  struct census_count counts[TP_MAX_EXITS])
{
	uint64_t control = control_of(&session->control);
	bool tcp = session->key.proto == IPPROTO_TCP;

	if (!live(control, now) || session->exit >= TP_MAX_EXITS ||
	    session->address >= tables->addresses_count ||
	    session->generation !=
		    tables->addresses[session->address].generation ||
	    (tcp && ended(TP_CONTROL_EXTRA(control))))
		return;
	counts[session->exit].sessions++;
	counts[session->exit].tcp += tcp;
}

static void set(struct census_hosts *hosts, unsigned host)
{
	hosts->bits[host / 8] |= (uint8_t)(1U << host % 8);
}

/* Published ones are nobody's figures, but their hosts may not be left out. */
static void count_binding(const struct tp_binding *binding,
			  const struct tp_address *address, uint32_t now,
			  struct census_count *counts,
			  struct census_hosts *hosts)
{
	uint64_t control = control_of(&binding->control);
	uint8_t line = TP_CONTROL_LINE(control);
	bool current = binding->generation == address->generation;

	if (line == TP_LINE_FREE)
		return;
	if (live(control, now) && current)
		counts->bindings++;
	if (line == TP_LINE_STATIC || line == TP_LINE_BUSY ||
	    (current && (int32_t)(TP_CONTROL_EXPIRY(control) - now) > 0))
		set(hosts, tp_host(&binding->inside));
}

/* Only of an address that an exit holds: the others' pages stay untouched. */
static void count_bindings(const struct census_tables *tables, unsigned id,
			   uint32_t now,
			   struct census_count counts[TP_MAX_EXITS],
			   struct census_hosts *hosts)
{
	const struct tp_address *address = &tables->addresses[id];
	const struct tp_binding *from =
		&tables->bindings[TP_BINDING_INDEX(id, 0, 0)];

	if (!address->exit || address->exit >= TP_MAX_EXITS)
		return;
	for (unsigned i = 0; i < TP_BINDING_INDEX(1, 0, 0); i++)
		count_binding(&from[i], address, now, &counts[address->exit],
			      hosts);
}

/* Without ports; the gateway's own tunnels hold some, and are no host's. */
static void count_portless(const struct census_tables *tables, uint32_t now,
			   struct census_count counts[TP_MAX_EXITS],
			   struct census_hosts *hosts)
{
	const struct tp_binding *from = &tables->bindings[TP_BINDING_INDEX(
		tables->addresses_count, 0, 0)];

	for (unsigned i = 0; i < TP_PORTLESS; i++) {
		unsigned id = from[i].portless & 0xff;
		const struct tp_address *address = &tables->addresses[id];

		if (id >= tables->addresses_count || !address->exit ||
		    address->exit >= TP_MAX_EXITS ||
		    !memcmp(&from[i].inside, &address->address,
			    sizeof(from[i].inside)))
			continue;
		count_binding(&from[i], address, now, &counts[address->exit],
			      hosts);
	}
}

void census_take(const struct census_tables *tables, uint32_t now,
		 struct census_count counts[TP_MAX_EXITS],
		 struct census_hosts *hosts)
{
	memset(counts, 0, TP_MAX_EXITS * sizeof(counts[0]));
	memset(hosts, 0, sizeof(*hosts));
	for (unsigned i = 0; i < tables->buckets_count; i++)
		for (unsigned n = 0; n < TP_BUCKET_LINES; n++)
			count_session(tables, &tables->buckets[i].line[n], now,
				      counts);
	for (unsigned id = 0; id < tables->addresses_count; id++)
		count_bindings(tables, id, now, counts, hosts);
	count_portless(tables, now, counts, hosts);
}

void census_bound(const struct tp_host_bound bound[TP_HOSTS], uint32_t since,
		  struct census_hosts *hosts)
{
	for (unsigned host = 0; host < TP_HOSTS; host++) {
		uint32_t tick = *(const volatile __u32 *)&bound[host].tick;

		if (tick && (int32_t)(tick - since) >= 0)
			set(hosts, host);
	}
}

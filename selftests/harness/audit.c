// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * audit.c - walk the tables line by line.
 *
 * Owns: the invariants, read through the mapped tables.  It must never repair
 * anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <string.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "audit.h"
#include "twinpath/pressure.h"

static bool expired(uint64_t control, uint32_t now)
{
	return (int32_t)(now - TP_CONTROL_EXPIRY(control)) >= 0;
}

static bool binding_lives(const struct tp_binding *binding, uint32_t now)
{
	uint8_t line = TP_CONTROL_LINE(binding->control);

	return (line == TP_LINE_LIVE || line == TP_LINE_CLOSED) &&
	       !expired(binding->control, now);
}

static bool session_lives(const struct tp_session *session, uint32_t now)
{
	return TP_CONTROL_LINE(session->control) == TP_LINE_LIVE &&
	       !expired(session->control, now);
}

static unsigned int same_endpoint(const struct plane *plane, size_t at,
				  uint32_t now)
{
	const struct tp_settings *set = &plane->settings;
	const struct tp_binding *one = &plane->bindings[at];
	size_t start = at & ~0xffffUL;
	unsigned int found = 0;

	for (size_t i = start + set->port_min; i <= start + set->port_max;
	     i++) {
		const struct tp_binding *other = &plane->bindings[i];

		found += binding_lives(other, now) &&
			 other->inside_port == one->inside_port &&
			 !memcmp(&other->inside, &one->inside,
				 sizeof(one->inside));
	}
	return found;
}

/* A line without a port: the only one of its key and remote. */
static void check_portless(const struct plane *plane,
			   const struct tp_binding *one, uint32_t now)
{
	size_t first = TP_BINDING_INDEX(PLANE_ADDRESSES, 0, 0);
	unsigned int found = 0;

	assert_true(one >= &plane->bindings[first]);
	for (size_t i = first; i < plane->bindings_count; i++) {
		const struct tp_binding *other = &plane->bindings[i];

		found += binding_lives(other, now) &&
			 other->portless == one->portless &&
			 !memcmp(&other->remote, &one->remote,
				 sizeof(one->remote));
	}
	assert_int_equal(found, 1);
}

unsigned int audit_bindings(const struct plane *plane, uint32_t now)
{
	unsigned int live = 0;

	for (size_t i = 0; i < plane->bindings_count; i++) {
		const struct tp_binding *binding = &plane->bindings[i];
		uint16_t port = i & 0xffff;

		if (TP_CONTROL_LINE(binding->control) == TP_LINE_FREE)
			continue;
		assert_int_not_equal(TP_CONTROL_LINE(binding->control),
				     TP_LINE_BUSY);
		if (!binding->portless)
			assert_in_range(port, plane->settings.port_min,
					plane->settings.port_max);
		if (!binding_lives(binding, now))
			continue;
		live++;
		if (binding->portless) {
			check_portless(plane, binding, now);
			continue;
		}
		assert_int_equal(same_endpoint(plane, i, now), 1);
	}
	return live;
}

static const struct tp_session *session_at(const struct plane *plane, size_t i)
{
	return &plane->sessions[i / TP_BUCKET_LINES].line[i % TP_BUCKET_LINES];
}

static unsigned int same_key(const struct plane *plane,
			     const struct tp_session *one, uint32_t now)
{
	unsigned int found = 0;

	for (size_t i = 0; i < plane->lines; i++) {
		const struct tp_session *other = session_at(plane, i);

		found += session_lives(other, now) &&
			 !memcmp(&other->key, &one->key, sizeof(one->key));
	}
	return found;
}

uint64_t audit_ripened(struct plane *plane)
{
	int cpus = libbpf_num_possible_cpus();
	struct tp_pressure each[cpus > 0 ? cpus : 1];
	uint64_t sum = 0;

	assert_int_equal(plane_get(plane->skel->maps.pressure, 0, each), 0);
	for (int cpu = 0; cpu < cpus; cpu++)
		sum += each[cpu].ports_ripened;
	return sum;
}

/*
 * TCP that its binding does not count as open: finished, reset, or only being
 * opened.  When ports ran short the binding may have been taken for another, and
 * it finds out with its next packet.
 */
static bool uncounted(const struct tp_session *session)
{
	return session->key.proto == IPPROTO_TCP &&
	       !(TP_CONTROL_EXTRA(session->control) & TP_TCP_OPEN);
}

/* A live session has a live binding, of its own endpoint and incarnation. */
static void check_session(const struct plane *plane,
			  const struct tp_session *session, bool ripened,
			  uint32_t now)
{
	const struct tp_binding *binding;

	assert_true(session->binding < plane->bindings_count);
	assert_int_equal(same_key(plane, session, now), 1);
	if (ripened && uncounted(session))
		return;
	binding = &plane->bindings[session->binding];
	assert_true(binding_lives(binding, now));
	assert_int_equal(session->incarnation,
			 TP_CONTROL_INCARNATION(binding->control));
	assert_memory_equal(&session->key.inside, &binding->inside,
			    sizeof(binding->inside));
	assert_int_equal(session->key.inside_port, binding->inside_port);
	assert_int_equal(ntohs(session->port),
			 binding->portless ? 0 : session->binding & 0xffff);
}

unsigned int audit_sessions(struct plane *plane, uint32_t now)
{
	bool ripened = audit_ripened(plane) > 0;
	unsigned int live = 0;

	for (size_t i = 0; i < plane->lines; i++) {
		const struct tp_session *session = session_at(plane, i);

		assert_int_not_equal(TP_CONTROL_LINE(session->control),
				     TP_LINE_BUSY);
		if (!session_lives(session, now))
			continue;
		live++;
		check_session(plane, session, ripened, now);
	}
	return live;
}

void audit_locks(struct plane *plane)
{
	struct bpf_map *locks = plane->skel->maps.locks;
	uint32_t held;

	for (uint32_t i = 0; i < bpf_map__max_entries(locks); i++) {
		assert_int_equal(plane_get(locks, i, &held), 0);
		assert_int_equal(held, 0);
	}
}

/* ---- rations ------------------------------------------------------------- */

static unsigned int sessions_counted(const struct plane *plane,
				     const struct tp_addr *inside)
{
	unsigned int found = 0;

	for (size_t i = 0; i < plane->lines; i++) {
		const struct tp_session *one = session_at(plane, i);

		found += TP_CONTROL_LINE(one->control) == TP_LINE_LIVE &&
			 one->counted &&
			 !memcmp(&one->key.inside, inside, sizeof(*inside));
	}
	return found;
}

static unsigned int ports_counted(const struct plane *plane,
				  const struct tp_addr *inside)
{
	unsigned int found = 0;

	for (size_t i = 0; i < plane->bindings_count; i++) {
		const struct tp_binding *one = &plane->bindings[i];
		uint8_t line = TP_CONTROL_LINE(one->control);

		found += (line == TP_LINE_LIVE || line == TP_LINE_CLOSED) &&
			 one->counted &&
			 !memcmp(&one->inside, inside, sizeof(*inside));
	}
	return found;
}

void audit_rations(const struct plane *plane)
{
	for (uint32_t i = 0; i < TP_RATION_LINES; i++) {
		const struct tp_ration *one = &plane->rations[i];

		if (!one->used)
			continue;
		assert_int_equal(one->held & TP_RATION_BUSY, 0);
		assert_int_equal(TP_RATION_SESSIONS(one->held),
				 sessions_counted(plane, &one->address));
		assert_int_equal(TP_RATION_PORTS(one->held),
				 ports_counted(plane, &one->address));
	}
}

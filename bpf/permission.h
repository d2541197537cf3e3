/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * permission.h - whom has this endpoint sent to?  (RFC 4787 section 5,
 * address-dependent filtering)
 *
 * Owns: the lines of the session table that say so.  The binding names the
 * remote address that was sent to last, and nearly every endpoint has no other.
 * One that is left for another gets a line, with the lifetime of a session
 * since it was last sent to; packets from outside renew nothing.  It opens
 * nothing and counts for nothing.  While it has no room, the old one stays in
 * the binding: the new remote is let in by its session alone.
 *
 * Races: written under its key's lock like a session, and never while another
 * lock is held.  Two CPUs that widen one binding write the same lines.
 */
#ifndef TWINPATH_PERMISSION_H
#define TWINPATH_PERMISSION_H

#include "session_open.h"

static __always_inline void permission_key(const struct tp_binding *binding,
					   const struct tp_addr *remote,
					   __u32 index,
					   struct tp_session_key *key)
{
	__u32 plane = index / 65536 % TP_PLANES;

	__builtin_memset(key, 0, sizeof(*key));
	key->inside = binding->inside;
	key->remote = *remote;
	key->inside_port = binding->inside_port;
	key->proto = plane == TP_PLANE_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	key->kind = TP_SESSION_PERMISSION;
}

/* Global, as all here: the verifier walks it once. */
__noinline int permission_holds(const struct tp_addr *remote, __u32 index,
				__u32 now)
{
	struct tp_binding *binding = binding_at(index);
	const struct tp_seed *keys = ONLY(&seed);
	const struct tp_session *line;
	struct tp_session_key key;

	if (!remote || !binding || !keys)
		return 0;
	permission_key(binding, remote, index, &key);
	line = session_find(&key, hash_session(&key, keys), now);
	return line && session_on(line, binding, index);
}

/* Its life goes on, never back. */
static __always_inline void permission_renew(struct tp_session *line,
					     __u32 until)
{
	__u64 old = *(volatile __u64 *)&line->control;

	if (clock_passed(TP_CONTROL_EXPIRY(old), until))
		__sync_val_compare_and_swap(
			&line->control, old,
			TP_CONTROL(until, TP_LINE_LIVE,
				   TP_CONTROL_INCARNATION(old), 0));
}

static __always_inline void permission_fill(struct tp_session *line,
					    const struct tp_session_key *key,
					    const struct tp_binding *binding,
					    __u32 index, __u32 until)
{
	__u64 busy = *(volatile __u64 *)&line->control;

	line->key = *key;
	line->generation = binding_generation(binding, index);
	line->confirm = 0;
	line->lease = 0;
	line->exit = binding->exit;
	line->address = index / 65536 / TP_PLANES;
	line->binding = index;
	line->port = bpf_htons((__u16)index);
	line->incarnation = TP_CONTROL_INCARNATION(binding->control);
	__sync_lock_test_and_set(&line->control,
				 TP_CONTROL(until, TP_LINE_LIVE,
					    TP_CONTROL_INCARNATION(busy), 0));
}

/*
 * The key's line, made busy for us; or its number with `theirs` set when it is
 * there.  SESSION_NONE: no room.  It counts for no host.
 */
static __always_inline __u32 permission_room(const struct tp_session_key *key,
					     __u64 hash, __u32 index, __u32 now,
					     int *theirs)
{
	__u32 number = session_number(key, hash);
	struct tp_binding *binding = binding_at(index);
	struct tp_session *line;

	*theirs = 0;
	if (number == SESSION_NONE)
		return session_place(hash);
	line = session_line(number);
	if (!line || !binding)
		return SESSION_NONE;
	*theirs = session_live(line->control, now) &&
		  session_on(line, binding, index);
	return *theirs || session_reclaim(line) ? number : SESSION_NONE;
}

/* 0: there is no room for it. */
__noinline int permission_write(const struct tp_session_key *key, __u64 hash,
				__u32 index, __u32 until, __u32 now)
{
	struct tp_binding *binding = binding_at(index);
	struct tp_session *line;
	__u32 number;
	int theirs;

	if (!key || !binding || !lock_take(hash))
		return 0;
	number = permission_room(key, hash, index, now, &theirs);
	line = number == SESSION_NONE ? 0 : session_line(number);
	if (line && theirs)
		permission_renew(line, until);
	else if (line)
		permission_fill(line, key, binding, index, until);
	lock_give(hash);
	return !!line;
}

/* The binding is about to name another remote: a line for the one before. */
static __always_inline int permission_keep(const struct tp_session *session,
					   const struct tp_binding *binding,
					   __u32 index, __u32 now)
{
	const struct tp_settings *set = ONLY(&settings);
	const struct tp_seed *keys = ONLY(&seed);
	struct tp_session_key key;
	__u32 life;
	__u64 hash;

	if (!set || !keys)
		return 0;
	/* A host takes a port again for another server before long. */
	life = session->key.proto == IPPROTO_TCP ? set->timers.tcp_closing :
						   set->timers.udp;
	if (clock_passed(binding->used + life, now))
		return 1;
	permission_key(binding, &binding->remote, index, &key);
	hash = hash_session(&key, keys);
	session_make_room(hash, now); /* here, where the stack is not deep */
	return permission_write(&key, hash, index, binding->used + life, now);
}

/*
 * The endpoint sends by this session: in its first packet, and about once a
 * second.  While all that it sent went to one address, nothing need be written.
 */
__noinline int permission_note(struct tp_session *session, __u32 now)
{
	const struct tp_address *address;
	struct tp_binding *binding;
	__u32 index, id;

	if (!session)
		return 0;
	index = session->binding;
	id = session->address;
	binding = binding_at(index);
	address = bpf_map_lookup_elem(&addresses, &id);
	if (!binding || !address || !session_on(session, binding, index))
		return 0;
	/* A query's session has no remote port anyway. */
	if (!address_equal(&binding->remote, &session->key.remote) &&
	    !address_is_none(&binding->remote) &&
	    session->key.proto != IPPROTO_ICMP &&
	    binding_filtering(binding, binding->control, address) ==
		    TP_FILTER_ADDRESS &&
	    !permission_keep(session, binding, index, now))
		return 0;
	binding->remote = session->key.remote;
	binding->used = now;
	return 0;
}

#endif

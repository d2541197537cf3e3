/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fresh.h - what a fast program has found out of a packet that it leaves to the
 * full one.
 *
 * Owns: ROOM_FRESH, for as long as a tail call takes: a plain packet from a host,
 * parsed, that no session carries.  So the packet that opens a session is not
 * read and looked for twice.  Who takes it leaves nothing behind, for the next
 * packet may be anything.
 */
#ifndef TWINPATH_FRESH_H
#define TWINPATH_FRESH_H

#include "packet.h"

struct fresh {
	struct packet p;
	__u64 hash; /* of its flow, as a session's key */
	__u64 left; /* 1: for whoever is called next */
};
_Static_assert(sizeof(struct fresh) <= sizeof(struct tp_room), "room for one");

static __always_inline void fresh_leave(const struct packet *p, __u64 hash)
{
	struct fresh *fresh = room(ROOM_FRESH);

	if (!fresh)
		return;
	fresh->p = *p;
	fresh->hash = hash;
	fresh->left = 1;
}

/* Nobody took it. */
static __always_inline void fresh_drop(void)
{
	struct fresh *fresh = room(ROOM_FRESH);

	if (fresh)
		fresh->left = 0;
}

/* 1: it is in *p and *hash. */
static __always_inline int fresh_take(struct packet *p, __u64 *hash)
{
	struct fresh *fresh = room(ROOM_FRESH);

	if (!fresh || !fresh->left)
		return 0;
	fresh->left = 0;
	*p = fresh->p;
	*hash = fresh->hash;
	return 1;
}

#endif

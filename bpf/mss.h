/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mss.h - the largest segment that a SYN offers, lowered to what an uplink takes.
 *
 * Owns: TCP's options, and nothing of them but the MSS (RFC 9293 3.7.1): looked
 * at in SYN and SYN+ACK, either way through an uplink, so that neither end sends
 * what would not fit, whatever becomes of the ICMP that should tell it.  It is
 * only ever lowered, and never added.
 */
#ifndef TWINPATH_MSS_H
#define TWINPATH_MSS_H

#include "packet.h"

#define TCP_CHECK 16
#define TCP_OPTIONS 40
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2
#define OPTION_MSS_BYTES 4

static __always_inline void mss_clamp(const struct tp_exit *exit,
				      struct edit *edit)
{
	if (!exit->mss)
		return;
	edit->mss = exit->mss;
	edit->flags |= EDIT_MSS;
}

struct mss_options { /* in ROOM_OPTIONS */
	__u8 byte[64];
};
_Static_assert(sizeof(struct mss_options) <= sizeof(struct tp_room),
	       "room for the options");

static __always_inline struct mss_options *mss_room(void)
{
	return room(ROOM_OPTIONS);
}

/* How many bytes of options there are; sane between 4 and 40. */
static __always_inline __u32 mss_bytes(const struct packet *p)
{
	return p->l4_bytes - TCP_HEADER;
}

struct mss_walk {
	const struct mss_options *options;
	__u32 size;
	__u32 next; /* option to look at */
	__u32 at;   /* of the value; 0: not found */
};

static long mss_step(__u32 i, void *arg)
{
	struct mss_walk *walk = arg;
	__u32 at = walk->next & 63, left = walk->size - walk->next, bytes;
	__u8 kind = walk->options->byte[at];

	(void)i;
	if (walk->next >= walk->size || kind == OPTION_END)
		return 1;
	if (kind == OPTION_NOP) {
		walk->next++;
		return 0;
	}
	bytes = walk->options->byte[(at + 1) & 63];
	if (left < 2 || bytes < 2 || bytes > left)
		return 1;
	if (kind == OPTION_MSS && bytes == OPTION_MSS_BYTES) {
		walk->at = at + 2;
		return 1;
	}
	walk->next += bytes;
	return 0;
}

/* Where in the options the MSS has its value; 0: there is none. */
__noinline __u32 mss_find(const struct mss_options *options, __u32 size)
{
	struct mss_walk walk = { .size = size };

	if (!options)
		return 0;
	walk.options = options;
	bpf_loop(TCP_OPTIONS, mss_step, &walk, 0);
	return walk.at;
}

/* Is what it offers too large?  As it stands there, in `old`. */
static __always_inline int mss_too_large(const struct mss_options *options,
					 __u32 at, __u16 most, __be16 *old)
{
	if (!at || at > TCP_OPTIONS)
		return 0;
	__builtin_memcpy(old, options->byte + at, sizeof(*old));
	return bpf_ntohs(*old) > most;
}

/* What it adds to the checksum: the two words that it lies across, if odd. */
static __always_inline __u16 mss_word(__be16 value, __u32 at)
{
	return at & 1 ? (__u16)(value << 8 | value >> 8) : value;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * icmp.h - ICMP errors: verified, and translated with what they quote.
 *
 * Owns: the list of small writes that turns an error about the outside's view
 * of a packet into one about the inside's, or back (RFC 5508 REQ-4, REQ-5).  It
 * reads the frame and computes; the shells write.  The quoted transport
 * checksum is repaired where the quote reaches that far, never verified
 * (REQ-3c); extensions (RFC 4884) stay as they are.
 */
#ifndef TWINPATH_ICMP_H
#define TWINPATH_ICMP_H

#include "parse.h"

#define PATCHES 8
#define SUM_WORDS 800 /* 16-bit words of an error: more than any MTU of 1500 */

struct patch {
	__u32 value; /* in wire order, in the first `size` bytes */
	__u16 at;
	__u16 size; /* 4, 2, or 0: nothing */
};

_Static_assert(PATCHES * sizeof(struct patch) <= sizeof(struct tp_room),
	       "room for the list");

/* An empty list. */
static __always_inline struct patch *icmp_patches(void)
{
	struct patch *list = room(ROOM_PATCHES);

	if (list)
		__builtin_memset(list, 0, PATCHES * sizeof(*list));
	return list;
}

struct sum {
	void *data;
	void *end;
	__u32 at;
	__u32 bytes;
	__u64 total;
};

static long sum_step(__u32 i, void *arg)
{
	struct sum *sum = arg;
	__u32 at = (sum->at + 2 * i) & 0xfff;
	__u8 *byte = sum->data + at;

	if (2 * i >= sum->bytes)
		return 1;
	if (2 * i + 1 == sum->bytes) {
		if ((void *)(byte + 1) <= sum->end)
			sum->total += bpf_htons((__u16)*byte << 8);
		return 1;
	}
	if ((void *)(byte + 2) > sum->end)
		return 1;
	sum->total += *(__u16 *)byte;
	return 0;
}

/*
 * Zero, but the verifier does not know: a sum that it knows at first it follows
 * through hundreds of steps, each with another range.
 */
__noinline __u64 sum_zero(void)
{
	__u64 zero = 0;

	asm volatile("" : "+r"(zero));
	return zero;
}

/* The Internet checksum of a piece of the frame: 0 when it holds its own. */
static __noinline __u16 sum_of(void *data, void *end, __u32 at, __u32 bytes)
{
	struct sum sum = { data, end, at, bytes, sum_zero() };
	__u64 total;

	bpf_loop(SUM_WORDS, sum_step, &sum, 0);
	total = (sum.total & 0xffff) + (sum.total >> 16);
	total = (total & 0xffff) + (total >> 16);
	return ~total;
}

/* RFC 5508 REQ-3: drop errors whose own or quoted IP checksum is wrong. */
static __always_inline __u32 icmp_error_verify(void *data, void *end,
					       const struct packet *p)
{
	__u32 bytes = p->size + p->l3 - p->l4;

	if (bytes > 2 * SUM_WORDS)
		return TP_REASON_malformed;
	if (sum_of(data, end, p->l4, bytes))
		return TP_REASON_bad_checksum;
	if (sum_of(data, end, p->quote, p->quote_l4 - p->quote))
		return TP_REASON_bad_checksum;
	return GO_ON;
}

static __always_inline __u16 sum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static __always_inline __u32 sum_words(const void *from, __u32 words)
{
	const __u16 *word = from;
	__u32 i, sum = 0;

#pragma unroll
	for (i = 0; i < words; i++)
		sum += word[i];
	return sum;
}

/* `check` after a word of what it covers went from old to new (RFC 1624). */
static __always_inline __u16 sum_replace(__u16 check, __u16 old, __u16 new)
{
	return ~sum_fold((__u16)~check + (__u16)~old + new);
}

static __always_inline __u16 sum_replace4(__u16 check, __u32 old, __u32 new)
{
	check = sum_replace(check, old, new);
	return sum_replace(check, old >> 16, new >> 16);
}

static __always_inline void patch_set(struct patch *patch, __u32 at, __u32 size,
				      __u32 value)
{
	patch->at = at;
	patch->size = size;
	patch->value = value;
}

/* A 16-bit word at `at`, with `ok` cleared where the frame ends before it. */
static __always_inline __u16 word_at(void *data, void *end, __u32 at, int *ok)
{
	__u16 *word = data + (at & 0xff);

	if (at > 0xff || (void *)(word + 1) > end) {
		*ok = 0;
		return 0;
	}
	return *word;
}

struct quote_sum {
	__u32 at; /* of the quoted transport's checksum; 0: none quoted */
	__u16 old;
	__u16 new;
};

/*
 * The quoted transport checksum.  TCP's lies past the 8 bytes that must be
 * quoted; a UDP checksum of 0 means none; ICMP has no pseudo header.
 */
static __always_inline void quote_check(void *data, void *end,
					const struct packet *p, __u32 old_addr,
					__u32 new_addr, __u16 old_port,
					__u16 new_port, struct quote_sum *sum)
{
	int ok = 1;
	__u32 at = p->quote_l4;

	sum->at = 0;
	if (p->plane == TP_PLANE_NONE)
		return;
	at += p->plane == TP_PLANE_TCP ? 16 : p->plane == TP_PLANE_UDP ? 6 : 2;
	sum->old = word_at(data, end, at, &ok);
	if (!ok || at + 2 > p->l3 + p->size ||
	    (p->plane == TP_PLANE_UDP && !sum->old))
		return;
	sum->at = at;
	sum->new = sum_replace(sum->old, old_port, new_port);
	if (p->plane != TP_PLANE_ICMP)
		sum->new = sum_replace4(sum->new, old_addr, new_addr);
	if (p->plane == TP_PLANE_UDP && !sum->new)
		sum->new = 0xffff;
}

/* Where in the quote the endpoint's port is. */
static __always_inline __u32 quote_port_at(const struct packet *p,
					   const struct edit *edit)
{
	if (p->plane == TP_PLANE_ICMP)
		return p->quote_l4 + 4;
	/* Quoted is the opposite direction. */
	return p->quote_l4 + (edit->side == SIDE_SOURCE ? 2 : 0);
}

/* The error's own header: its endpoint; and its ID, on the way out. */
static __noinline int icmp_patch_header(void *data, void *end,
					const struct packet *p,
					const struct edit *edit,
					struct patch *list)
{
	__u32 at = p->l3 + (edit->side == SIDE_SOURCE ? 12 : 16), old;
	__be32 new = family_v4(&edit->address);
	int ok = 1;
	__u16 check = word_at(data, end, p->l3 + 10, &ok);
	__u16 id = word_at(data, end, p->l3 + 4, &ok);

	old = word_at(data, end, at, &ok) |
	      (__u32)word_at(data, end, at + 2, &ok) << 16;
	patch_set(&list[0], at, 4, new);
	check = sum_replace4(check, old, new);
	if (edit->side == SIDE_SOURCE) {
		patch_set(&list[1], p->l3 + 4, 2, id ^ edit->id_mask);
		check = sum_replace(check, id, id ^ edit->id_mask);
	}
	patch_set(&list[2], p->l3 + 10, 2, check);
	return ok;
}

/*
 * What it quotes: the endpoint, and on the way in the ID; with the checksums
 * over them, that of the error itself last.
 */
static __noinline int icmp_patch_quote(void *data, void *end,
				       const struct packet *p,
				       const struct edit *edit,
				       struct patch *list)
{
	__u32 at = p->quote + (edit->side == SIDE_SOURCE ? 16 : 12), old;
	__u32 port_at = quote_port_at(p, edit);
	__be32 new = family_v4(&edit->address);
	__u16 port, new_port, ip_check, new_check, check, id;
	struct quote_sum sum;
	int ok = 1;

	old = word_at(data, end, at, &ok) |
	      (__u32)word_at(data, end, at + 2, &ok) << 16;
	port = word_at(data, end, port_at, &ok);
	ip_check = word_at(data, end, p->quote + 10, &ok);
	check = word_at(data, end, p->l4 + 2, &ok);
	id = word_at(data, end, p->quote + 4, &ok);
	if (!ok)
		return 0;
	/* What stands there is no port where the protocol has none. */
	new_port = p->plane == TP_PLANE_NONE ? port : edit->port;

	quote_check(data, end, p, old, new, port, new_port, &sum);
	new_check = sum_replace4(ip_check, old, new);
	patch_set(&list[3], at, 4, new);
	check = sum_replace4(check, old, new);
	if (edit->side == SIDE_DESTINATION) {
		patch_set(&list[1], p->quote + 4, 2, id ^ edit->id_mask);
		new_check = sum_replace(new_check, id, id ^ edit->id_mask);
		check = sum_replace(check, id, id ^ edit->id_mask);
	}
	patch_set(&list[4], p->quote + 10, 2, new_check);
	check = sum_replace(check, ip_check, new_check);
	patch_set(&list[5], port_at, 2, new_port);
	check = sum_replace(check, port, new_port);
	if (sum.at) {
		patch_set(&list[6], sum.at, 2, sum.new);
		check = sum_replace(check, sum.old, sum.new);
	}
	patch_set(&list[7], p->l4 + 2, 2, check);
	return 1;
}

static __always_inline int icmp_error_patches(void *data, void *end,
					      const struct packet *p,
					      const struct edit *edit,
					      struct patch *list)
{
	return icmp_patch_header(data, end, p, edit, list) &&
	       icmp_patch_quote(data, end, p, edit, list);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps_base.h - what the keys and values of maps.h are made of: time, addresses,
 * and the bounds that both sides rely on.  Include "twinpath/maps.h".
 */
#ifndef TWINPATH_MAPS_BASE_H
#define TWINPATH_MAPS_BASE_H

#include <linux/types.h>

#define TP_SIZE(type, size) \
	_Static_assert(sizeof(type) == (size), #type " has another size")

/* ---- time -------------------------------------------------------------- */

/*
 * One tick is 1/16 s of jiffies.  Stamps are 32 bits and compared modulo
 * 2^31: an entry that nobody touches would come back to life after 4 years.
 */
#define TP_TICKS_PER_SECOND 16

/* ---- addresses --------------------------------------------------------- */

struct tp_addr {
	__u8 byte[16];
} __attribute__((aligned(8)));
TP_SIZE(struct tp_addr, 16);

/* ---- bounds ------------------------------------------------------------ */

#define TP_MAX_EXITS 32	    /* exit id 0 means "none" */
#define TP_MAX_ADDRESSES 16 /* upper bound of max-addresses */
#define TP_LINK_SLOTS 256   /* see struct tp_link */
#define TP_LINK_PROBES 8    /* slots tried from ifindex % TP_LINK_SLOTS on */
#define TP_LINK_MACS 5	    /* own MAC and the VRRP virtual ones */
#define TP_HOSTS 256	    /* bits for inside hosts, see host.h */
#define TP_MAX_NEIGHBOURS 4096
#define TP_MAX_ROUTES 131072

#define TP_BUCKET_LINES 16
#define TP_OVERFLOW_SHIFT 6 /* one overflow bucket for every 64 buckets */
#define TP_INDEX_WORDS 8
#define TP_INDEX_BUCKETS 4 /* of the index, for each bucket of sessions */
#define TP_PERMIT_WORDS 8
#define TP_PERMIT_BUCKETS 2 /* the same: as many words as session lines */

/* Protocol planes of the bindings array. */
enum tp_plane {
	TP_PLANE_TCP,
	TP_PLANE_UDP,
	TP_PLANE_ICMP,
	TP_PLANES,
	TP_PLANE_NONE = TP_PLANES, /* no ports */
};

/* Index of a binding: the external address's id, its plane, the port. */
#define TP_BINDING_INDEX(address, plane, port) \
	((((__u32)(address)*TP_PLANES) + (plane)) * 65536U + (port))

/*
 * Behind the lines of the last address: those of protocols without ports, at a
 * place made from external address, protocol and remote.
 */
#define TP_PORTLESS 4096
#define TP_BINDINGS(addresses) (TP_BINDING_INDEX(addresses, 0, 0) + TP_PORTLESS)
#define TP_PORTLESS_KEY(address, proto) ((__u32)(proto) << 8 | (__u32)(address))

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * foreign.h - what others have set up on this machine that packets on the fast
 * path would go past: forward rules, IPsec policies, ip rules, shaping qdiscs.
 *
 * Owns: what of it counts, and for which packets.  It looks and never changes
 * anything.  The readers need no daemon, so that a command can use them too.
 */
#ifndef TWINPATH_FOREIGN_H
#define TWINPATH_FOREIGN_H

#include <linux/netlink.h>

#include "model.h"

#define FOREIGN_PREFIXES 128
#define FOREIGN_QDISCS 64
#define FOREIGN_TEXT 112

/* Who sees something of a packet that a prefix is about. */
enum foreign_origin {
	FOREIGN_RULE,  /* ip rule */
	FOREIGN_IPSEC, /* xfrm policy */
};

struct foreign_prefix {
	struct prefix prefix;
	enum foreign_origin origin;
};

struct foreign_list {
	unsigned count;
	struct foreign_prefix list[FOREIGN_PREFIXES];
};

struct foreign_qdisc {
	unsigned ifindex;
	char kind[16];
};

/*
 * Always all zero where nothing is written, so that two can be compared as
 * memory.  A text names the first finding, in the words of the tool that shows
 * it ("nft list ruleset"); "": there is none.
 */
struct foreign {
	char forward[FOREIGN_TEXT]; /* the forward hook has rules, or drops */
	char any[FOREIGN_TEXT];	    /* something that any packet could meet */
	struct foreign_list to;	    /* destinations that the kernel decides */
	struct foreign_list from;   /* sources, likewise */
	unsigned shaped_count;
	struct foreign_qdisc shaped[FOREIGN_QDISCS];
};

/*
 * foreign_read - look at all of it.  What this kernel cannot have is not there.
 * Returns 0 or a negative errno; then `out` holds what could be read.
 */
int foreign_read(struct foreign *out);

/* Does the kernel have to see the first packet of each session? */
bool foreign_shows_first(const struct foreign *foreign,
			 enum firewall_mode mode);

/* The qdisc that shapes there; NULL: none. */
const char *foreign_shaper(const struct foreign *foreign, unsigned ifindex);

/* The parts of foreign_read; each adds to `out`. */
int foreign_read_nft(struct foreign *out);
int foreign_read_iptables(struct foreign *out);
int foreign_read_rules(struct foreign *out);
int foreign_read_policies(struct foreign *out);
int foreign_read_qdiscs(struct foreign *out);

/*
 * foreign_take_prefixes - something about packets from and to there (length 0:
 * from, or to, anywhere).  `what` says what it is.
 */
void foreign_take_prefixes(struct foreign *out, enum foreign_origin origin,
			   const struct prefix *from, const struct prefix *to,
			   const char *what);

/* The first finding is kept. */
void foreign_note(char text[FOREIGN_TEXT], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * foreign_qdisc.c - interfaces whose qdiscs do more than queue.
 *
 * Owns: which kinds those are.  A kind that is not known was put there by
 * somebody, for a purpose: it counts.
 */
#include <netlink/attr.h>
#include <string.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "foreign_read.h"

/* What a kernel puts there by itself, or what keeps no packet back. */
static bool is_plain(const char *kind)
{
	static const char *const plain[] = {
		"noqueue", "noop",    "pfifo_fast", "pfifo",
		"bfifo",   "mq",      "mqprio",	    "pfifo_head_drop",
		"clsact",  "ingress", "fq",	    "fq_codel",
	};

	for (unsigned i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (!strcmp(kind, plain[i]))
			return true;
	return false;
}

static void take_qdisc(struct foreign *out, struct nlmsghdr *message)
{
	struct nlattr *tb[TCA_MAX + 1];
	struct foreign_qdisc *one;
	struct tcmsg *header;

	if (message->nlmsg_type != RTM_NEWQDISC ||
	    nlmsg_parse(message, sizeof(*header), tb, TCA_MAX, NULL) < 0 ||
	    !tb[TCA_KIND] || is_plain(nla_get_string(tb[TCA_KIND])))
		return;
	header = nlmsg_data(message);
	/* The outermost comes first, and is what people know it by. */
	if (foreign_shaper(out, (unsigned)header->tcm_ifindex) ||
	    out->shaped_count == FOREIGN_QDISCS)
		return;
	one = &out->shaped[out->shaped_count++];
	one->ifindex = (unsigned)header->tcm_ifindex;
	nla_strlcpy(one->kind, tb[TCA_KIND], sizeof(one->kind));
}

int foreign_read_qdiscs(struct foreign *out)
{
	const struct tcmsg header = { .tcm_family = AF_UNSPEC };

	return foreign_dump(out, NETLINK_ROUTE, RTM_GETQDISC, &header,
			    sizeof(header), take_qdisc);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * foreign_xfrm.c - IPsec policies, and which forwarded packets they are about.
 *
 * Owns: what a policy's selector means for the fast path.  Policies of "out" and
 * "fwd" are asked about forwarded packets; those of sockets are not, and a
 * policy that lets everything be as it is has nothing to add.
 */
#include <netlink/attr.h>
#include <stdio.h>
#include <string.h>
#include <linux/xfrm.h>

#include "foreign_read.h"

/* Bound to an interface or a mark: route-based, so the routes decide first. */
static bool is_route_based(struct nlattr **tb)
{
	const struct xfrm_mark *mark;

	if (tb[XFRMA_IF_ID] &&
	    nla_len(tb[XFRMA_IF_ID]) >= (int)sizeof(uint32_t) &&
	    nla_get_u32(tb[XFRMA_IF_ID]))
		return true;
	if (!tb[XFRMA_MARK] || nla_len(tb[XFRMA_MARK]) < (int)sizeof(*mark))
		return false;
	mark = nla_data(tb[XFRMA_MARK]);
	return mark->v & mark->m;
}

static void take_policy(struct foreign *out, struct nlmsghdr *message)
{
	struct xfrm_userpolicy_info policy;
	struct nlattr *tb[XFRMA_MAX + 1];
	struct prefix from, to;

	if (message->nlmsg_type != XFRM_MSG_NEWPOLICY ||
	    nlmsg_parse(message, sizeof(policy), tb, XFRMA_MAX, NULL) < 0)
		return;
	/* It has words of 8 bytes, and a message is laid out by 4. */
	memcpy(&policy, nlmsg_data(message), sizeof(policy));
	if ((policy.dir != XFRM_POLICY_OUT && policy.dir != XFRM_POLICY_FWD) ||
	    policy.sel.family != AF_INET || is_route_based(tb) ||
	    (policy.action == XFRM_POLICY_ALLOW && !tb[XFRMA_TMPL]))
		return;
	from = foreign_prefix_of(policy.sel.saddr.a4, policy.sel.prefixlen_s);
	to = foreign_prefix_of(policy.sel.daddr.a4, policy.sel.prefixlen_d);
	foreign_take_prefixes(out, FOREIGN_IPSEC, &from, &to,
			      "an IPsec policy for any address");
}

static void take_default(struct foreign *out, struct nlmsghdr *message)
{
	const struct xfrm_userpolicy_default *policy;

	if (message->nlmsg_type != XFRM_MSG_GETDEFAULT ||
	    nlmsg_datalen(message) < (int)sizeof(*policy))
		return;
	policy = nlmsg_data(message);
	if (policy->out == XFRM_USERPOLICY_BLOCK ||
	    policy->fwd == XFRM_USERPOLICY_BLOCK)
		foreign_note(out->any, "IPsec blocks what has no policy "
				       "(ip xfrm policy getdefault)");
}

/* Since 5.15; not a dump. */
static int read_default(struct foreign *out)
{
	const struct xfrm_userpolicy_default header = { 0 };

	return foreign_ask(out, NETLINK_XFRM, XFRM_MSG_GETDEFAULT, &header,
			   sizeof(header), take_default);
}

int foreign_read_policies(struct foreign *out)
{
	const struct xfrm_userpolicy_id header = { 0 };
	int err = foreign_dump(out, NETLINK_XFRM, XFRM_MSG_GETPOLICY, &header,
			       sizeof(header), take_policy);

	return err ?: read_default(out);
}

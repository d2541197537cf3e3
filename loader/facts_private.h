/* SPDX-License-Identifier: GPL-2.0-or-later */
/* facts_private.h - what the facts*.c files share. */
#ifndef TWINPATH_FACTS_PRIVATE_H
#define TWINPATH_FACTS_PRIVATE_H

#include "facts.h"

/* False: the kernel does not vouch for one. */
bool facts_find_mac(const struct netlink *netlink, unsigned ifindex,
		    const struct tp_addr *address, uint8_t mac[6]);

/* Our address on the subnet that `what` is on; NULL: on none of them. */
const struct tp_addr *facts_near(const struct netlink *netlink,
				 unsigned ifindex, const struct tp_addr *what);

void facts_collect_partner(struct partner_facts *facts,
			   const struct config *config,
			   const struct netlink *netlink);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * socket.h - does the gateway itself want this port?
 *
 * Owns: socket look-ups.  The gateway's own listeners and connections always
 * win over NAT: asked when a port is claimed, and when a packet from outside
 * finds no binding.
 */
#ifndef TWINPATH_SOCKET_H
#define TWINPATH_SOCKET_H

#include "family.h"

/* What a packet from outside would look like to the socket look-up. */
struct socket_ask {
	__be32 source;
	__be32 destination;
	__be16 source_port;
	__be16 destination_port;
};

static __always_inline void socket_ask(struct socket_ask *ask,
				       const struct tp_addr *source,
				       const struct tp_addr *destination,
				       __be16 source_port,
				       __be16 destination_port)
{
	ask->source = family_v4(source);
	ask->destination = family_v4(destination);
	ask->source_port = source_port;
	ask->destination_port = destination_port;
}

/* Is there a socket for it?  TCP and UDP only. */
static __always_inline int socket_wants(const struct hook *hook,
					struct socket_ask *ask, __u32 plane)
{
	struct bpf_sock_tuple *tuple = (struct bpf_sock_tuple *)ask;
	struct bpf_sock *sk;

	if (plane == TP_PLANE_TCP)
		sk = bpf_skc_lookup_tcp(hook->ctx, tuple, sizeof(tuple->ipv4),
					BPF_F_CURRENT_NETNS, 0);
	else if (plane == TP_PLANE_UDP)
		sk = bpf_sk_lookup_udp(hook->ctx, tuple, sizeof(tuple->ipv4),
				       BPF_F_CURRENT_NETNS, 0);
	else
		return 0;
	if (!sk)
		return 0;
	bpf_sk_release(sk);
	return 1;
}

#endif

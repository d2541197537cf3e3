// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_martian.c - addresses that no packet may have where it is seen
 * (RFC 1812 5.3.7, RFC 3927 2.7, RFC 2644, BCP 38), and what belongs to groups.
 */
#include <stdint.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "harness/plane_routes.h"
#include "harness/rows.h"

#define ZERO IP(0, 0, 0, 0)
#define THIS_NET IP(0, 1, 2, 3)
#define LOOPBACK IP(127, 0, 0, 1)
#define LOOPBACK_LAST IP(127, 255, 255, 255)
#define LINK_LOCAL IP(169, 254, 7, 7)
#define MULTICAST IP(224, 0, 1, 1)
#define MULTICAST_LAST IP(239, 255, 255, 255)
#define CLASS_E IP(240, 0, 0, 1)
#define CLASS_E_LAST IP(255, 255, 255, 254)
#define EVERYBODY IP(255, 255, 255, 255)
#define LAN_BROADCAST IP(192, 168, 0, 255)
#define ISP_BROADCAST IP(203, 0, 113, 255)
#define OTHERS_LINK IP(10, 77, 0, 1) /* announced by an inner router */

static int open_filter(struct plane *plane)
{
	return plane_filter(plane, 0, TP_FILTER_ENDPOINT);
}

/* H:80 on A:8080. */
static int publish(struct plane *plane, enum tp_plane which)
{
	struct tp_publish publish = { .inside = plane_address(H),
				      .inside_port = htons(80),
				      .port = htons(8080),
				      .plane = which,
				      .exit = PLANE_EXIT_A,
				      .filtering = TP_FILTER_ENDPOINT };

	return plane_publish(plane, &publish);
}

static int publish_udp(struct plane *plane)
{
	return publish(plane, TP_PLANE_UDP);
}

static int publish_tcp(struct plane *plane)
{
	return publish(plane, TP_PLANE_TCP);
}

static int set_route(struct plane *plane, uint32_t address, uint32_t length,
		     struct tp_route route)
{
	return plane_route(plane, address, length, &route);
}

static int announce_others(struct plane *plane)
{
	return set_route(plane, OTHERS_LINK, 24,
			 (struct tp_route){ .kind = TP_ROUTE_INSIDE,
					    .via = 1,
					    .ifindex = PLANE_LAN,
					    .next_hop =
						    plane_address(PARTNER) });
}

/* The modem at the other end of isp-a's cable, and our address for it. */
static int link_local_modem(struct plane *plane)
{
	return set_route(plane, IP(169, 254, 1, 2), 32,
			 (struct tp_route){ .kind = TP_ROUTE_LOCAL,
					    .ifindex = PLANE_ISP_A });
}

#define FROM(source) UDP(source, 5000, R, 80)
#define TO(destination) UDP(H, 5000, destination, 80)
#define OPENED OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80))
#define SENT_TO_H(source) UDP(source, 9, A, 5000)

static const struct row rows[] = {
	/* a destination that nothing is forwarded to */
	ROW("to this network", STOP(LAN, martian, TO(ZERO)),
	    STOP(LAN, martian, TO(THIS_NET))),
	ROW("to loopback", STOP(LAN, martian, TO(LOOPBACK)),
	    STOP(LAN, martian, TO(LOOPBACK_LAST))),
	ROW("to class E", STOP(LAN, martian, TO(CLASS_E)),
	    STOP(LAN, martian, TO(CLASS_E_LAST))),
	ROW("to a link-local address", STOP(LAN, link_local, TO(LINK_LOCAL)),
	    STOP(LAN, link_local, TCP(H, 5000, LINK_LOCAL, 80, SYN)),
	    STOP(LAN, link_local, BARE(47, H, LINK_LOCAL))),
	ROW("to a group, by a frame for us", STOP(LAN, group, TO(MULTICAST)),
	    STOP(LAN, group, TO(MULTICAST_LAST)),
	    STOP(LAN, group, TO(EVERYBODY))),
	ROW("to a group, by a frame for the group",
	    STOP(LAN, group, WITH(TO(MULTICAST), .to = MAC_GROUP)),
	    STOP(LAN, group, WITH(TO(EVERYBODY), .to = MAC_BROADCAST)),
	    STOP(WAN, group, WITH(UDP(R, 9, MULTICAST, 9), .to = MAC_GROUP))),
	ROW("to one host, by a frame for all",
	    STOP(LAN, group, WITH(TO(R), .to = MAC_BROADCAST)),
	    STOP(WAN, group, WITH(UDP(R, 9, A, 9), .to = MAC_BROADCAST))),
	ROW("to all hosts of a subnet: not forwarded",
	    STOP(LAN, local, TO(LAN_BROADCAST)),
	    STOP(LAN, local, TO(ISP_BROADCAST)),
	    STOP(WAN, inside_from_outside, UDP(R, 9, LAN_BROADCAST, 9)),
	    STOP(WAN_B, inside_from_outside, UDP(R, 9, ISP_BROADCAST, 9))),

	/* from inside */
	ROW("from this network", STOP(LAN, martian, FROM(ZERO)),
	    STOP(LAN, martian, FROM(THIS_NET))),
	ROW("from loopback", STOP(LAN, martian, FROM(LOOPBACK))),
	ROW("from a group", STOP(LAN, martian, FROM(MULTICAST)),
	    STOP(LAN, martian, FROM(EVERYBODY))),
	ROW("from class E", STOP(LAN, martian, FROM(CLASS_E))),
	ROW("from a link-local address",
	    STOP(LAN, link_local, FROM(LINK_LOCAL)),
	    STOP(LAN, link_local, TCP(LINK_LOCAL, 5000, R, 80, SYN))),
	ROW("from the gateway's own address", STOP(LAN, spoofed, FROM(GATEWAY)),
	    STOP(LAN, spoofed, FROM(A))),
	ROW("from all hosts of the subnet",
	    STOP(LAN, spoofed, FROM(LAN_BROADCAST))),
	ROW("an error from nowhere",
	    STOP(LAN, martian,
		 ERROR(LOOPBACK, R, UNREACHABLE, 3, THE(UDP(R, 80, H, 9))))),
	ROW("by the kernel: not even then",
	    STOP(OUT, untranslated, FROM(LOOPBACK), .from = PLANE_LAN),
	    STOP(OUT, untranslated, FROM(LINK_LOCAL), .from = PLANE_LAN),
	    STOP(OUT, untranslated, FROM(LAN_BROADCAST), .from = PLANE_LAN)),

	/* from outside, to the gateway or to nothing */
	ROW("outside: a martian",
	    STOP(WAN, martian, QUERY(ECHO, LOOPBACK, A, 7)),
	    STOP(WAN, martian, BARE(47, MULTICAST, A)),
	    STOP(WAN, martian, QUERY(ECHO, ZERO, A, 7)),
	    STOP(WAN, martian, QUERY(ECHO, CLASS_E, A, 7))),
	ROW("outside: an address of ours",
	    STOP(WAN, local, QUERY(ECHO, A, A, 7)), /* a probe's */
	    STOP(WAN, spoofed, BARE(47, A, A)),
	    STOP(WAN, spoofed, QUERY(ECHO, GATEWAY, A, 7)),
	    STOP(WAN, spoofed, QUERY(ECHO, H, A, 7)),
	    STOP(WAN, spoofed, BARE(47, LAN_BROADCAST, A))),
	ROW("outside: what is behind an inner router may speak to us",
	    STOP(WAN, local, QUERY(ECHO, OTHERS_LINK, A, 7),
		 .before = announce_others)),
	ROW("outside: a lease may be offered by anybody",
	    STOP(WAN, local, UDP(IP(192, 168, 0, 1), 67, A, 68)),
	    STOP(WAN, local, UDP(IP(192, 168, 0, 1), 67, X, 68))),
	ROW("outside: to what nothing is forwarded to",
	    STOP(WAN, martian, UDP(R, 9, LOOPBACK, 9)),
	    STOP(WAN, martian, UDP(R, 9, CLASS_E, 9)),
	    STOP(WAN, group, UDP(R, 9, MULTICAST, 9)),
	    STOP(WAN, link_local, UDP(R, 9, LINK_LOCAL, 9))),
	ROW("outside: a neighbour by link-local addresses",
	    STOP(WAN, local,
		 QUERY(ECHO_REPLY, LINK_LOCAL, IP(169, 254, 1, 2), 7),
		 .before = link_local_modem)),

	/* from outside, to a host */
	ROW("to a binding, whoever sends",
	    OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80),
		    .before = open_filter),
	    STOP(WAN, martian, SENT_TO_H(LOOPBACK)),
	    STOP(WAN, link_local, SENT_TO_H(LINK_LOCAL)),
	    STOP(WAN, spoofed, SENT_TO_H(H2)), STOP(WAN, spoofed, SENT_TO_H(A)),
	    INWARD(SENT_TO_H(R2), UDP(R2, 9, H, 5000))),
	ROW("to a published port by udp",
	    STOP(WAN, spoofed, UDP(H2, 9, A, 8080), .before = publish_udp),
	    STOP(WAN, martian, UDP(CLASS_E, 9, A, 8080)),
	    INWARD(UDP(R, 9, A, 8080), UDP(R, 9, H, 80))),
	ROW("to a published port by tcp",
	    STOP(WAN, spoofed, TCP(H2, 9, A, 8080, SYN), .before = publish_tcp),
	    STOP(WAN, link_local, TCP(LINK_LOCAL, 9, A, 8080, SYN)),
	    STOP(WAN, spoofed, TCP(H2, 9, A, 8080, RST)),
	    INWARD(TCP(R, 9, A, 8080, SYN), TCP(R, 9, H, 80, SYN))),
	ROW("errors: any router, but no martian", OPENED,
	    STOP(WAN, martian,
		 ERROR(LOOPBACK, A, UNREACHABLE, 3, THE(UDP(A, 5000, R, 80)))),
	    STOP(WAN, martian,
		 ERROR(CLASS_E, A, UNREACHABLE, 3, THE(UDP(A, 9, R, 80)))),
	    SEND(WAN, error_in,
		 ERROR(IP(192, 168, 0, 77), A, TIME_EXCEEDED, 0,
		       THE(UDP(A, 5000, R, 80))),
		 ERROR(IP(192, 168, 0, 77), H, TIME_EXCEEDED, 0,
		       THE(UDP(H, 5000, R, 80)))),
	    SEND(WAN, error_in,
		 ERROR(LINK_LOCAL, A, TIME_EXCEEDED, 0,
		       THE(UDP(A, 5000, R, 80))),
		 ERROR(LINK_LOCAL, H, TIME_EXCEEDED, 0,
		       THE(UDP(H, 5000, R, 80))))),
};

int main(void)
{
	return ROWS_RUN(rows);
}

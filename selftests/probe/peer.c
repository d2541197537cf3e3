// SPDX-License-Identifier: GPL-2.0-or-later
/* peer.c - see peer.h. */
#include "peer.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_packet.h>

#include <cmocka.h>

uint16_t peer_sum(const void *data, size_t length)
{
	const uint8_t *byte = data;
	unsigned long total = 0;

	for (size_t i = 0; i < length; i++)
		total += i % 2 ? byte[i] : (unsigned long)byte[i] << 8;
	while (total > 0xffff)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)total;
}

static void put(const struct peer *peer, const struct frame *frame, size_t cut)
{
	const char *link = peer->mood == OTHER_LINK ? "tpt3" : "tpt1";
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(link),
	};

	assert_true(sendto(peer->fd, frame, sizeof(*frame) - cut, 0,
			   (struct sockaddr *)&to, sizeof(to)) > 0);
}

static struct frame reply_to(const struct frame *request)
{
	struct frame reply = *request;

	memcpy(reply.ether.h_dest, request->ether.h_source, ETH_ALEN);
	memcpy(reply.ether.h_source, request->ether.h_dest, ETH_ALEN);
	reply.ip.saddr = request->ip.daddr;
	reply.ip.daddr = request->ip.saddr;
	reply.icmp.type = ICMP_ECHOREPLY;
	reply.icmp.checksum = 0;
	reply.icmp.checksum = htons((uint16_t)~peer_sum(
		&reply.icmp, sizeof(reply.icmp) + sizeof(reply.data)));
	return reply;
}

/* The process is kept from running: not a wait, but what is tested. */
static void stall(msec_t how_long)
{
	const struct timespec time = {
		.tv_sec = how_long / 1000,
		.tv_nsec = how_long % 1000 * 1000000,
	};

	nanosleep(&time, NULL);
}

/* As a next hop sends it back: one hop less, and a header sum to fit. */
static struct frame routed(const struct frame *request, unsigned hops)
{
	struct frame back = *request;

	memcpy(back.ether.h_dest, request->ether.h_source, ETH_ALEN);
	memcpy(back.ether.h_source, request->ether.h_dest, ETH_ALEN);
	back.ip.ttl = (uint8_t)(request->ip.ttl - hops);
	back.ip.check = 0;
	back.ip.check = htons((uint16_t)~peer_sum(&back.ip, sizeof(back.ip)));
	return back;
}

static void spoil(struct frame *reply, enum mood mood)
{
	if (mood == OTHER_COOKIE)
		reply->data[3] ^= 1;
	else if (mood == OTHER_SEQUENCE)
		reply->icmp.un.echo.sequence ^= htons(64); /* same slot */
	else if (mood == OTHER_SOURCE)
		reply->ip.saddr ^= htonl(1);
	else if (mood == OTHER_ID)
		reply->icmp.un.echo.id ^= htons(1);
	else if (mood == OTHER_ADDRESS)
		reply->ip.daddr ^= htonl(1);
	else if (mood == OTHER_TYPE)
		reply->icmp.type = ICMP_ECHO;
	else if (mood == OTHER_CODE)
		reply->icmp.code = 1;
	else if (mood == OTHER_MAC)
		reply->ether.h_dest[5] ^= 0x10;
	else if (mood == FRAGMENT)
		reply->ip.frag_off = htons(IP_MF);
}

static void answer(struct peer *peer)
{
	struct frame reply = reply_to(&peer->request);
	struct frame kept = peer->kept;

	if (peer->mood == SILENT || peer->mood == SILENT_STALL) {
		if (peer->mood == SILENT_STALL && peer->requests == 1)
			stall(peer->stall);
		return;
	}
	if (peer->mood == LATE) {
		peer->kept = reply;
		if (peer->keeps)
			put(peer, &kept, 0);
		peer->keeps = true;
		return;
	}
	if (peer->mood == SLOW && peer->requests == 1)
		stall(peer->stall);
	if (peer->mood >= ROUTED)
		reply = routed(&peer->request,
			       (unsigned[]){ 1, 0, 2 }[peer->mood - ROUTED]);
	spoil(&reply, peer->mood);
	put(peer, &reply, peer->mood == SHORTER ? 8 : 0);
	if (peer->mood == TWICE)
		put(peer, &reply, 0);
	if (peer->mood == STALL && peer->requests == 1)
		stall(peer->stall);
}

static void on_request(evutil_socket_t fd, short what, void *arg)
{
	struct peer *peer = arg;
	struct sockaddr_ll from;
	socklen_t size = sizeof(from);
	struct frame frame;

	(void)what;
	if (recvfrom(fd, &frame, sizeof(frame), MSG_DONTWAIT,
		     (struct sockaddr *)&from, &size) < (ssize_t)sizeof(frame))
		return;
	if (from.sll_ifindex != (int)if_nametoindex("tpt1") ||
	    from.sll_pkttype == PACKET_OUTGOING ||
	    frame.ip.protocol != IPPROTO_ICMP)
		return;
	peer->request = frame;
	peer->requests++;
	answer(peer);
}

void peer_open(struct peer *peer, struct event_base *base)
{
	peer->fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP));
	assert_true(peer->fd >= 0);
	peer->heard = event_new(base, peer->fd, EV_READ | EV_PERSIST,
				on_request, peer);
	event_add(peer->heard, NULL);
}

void peer_close(struct peer *peer)
{
	event_free(peer->heard);
	close(peer->fd);
}

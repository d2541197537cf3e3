// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wire.c - a capture on one device: wire DEVICE.
 *
 * Owns: every IPv4 packet is counted by its source, and its checksums are
 * computed (a receiver's kernel takes what was never finished, between virtual
 * devices).  wire_follow.c knows what belongs together.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <linux/if_packet.h>

#include "tool.h"
#include "wire_check.h"
#include "wire_follow.h"

#define ROOM (64 << 20) /* bytes of the socket's queue */
#define BATCH 64
#define SIZE 2048
#define SOURCES 64

#define BAD 20 /* packets that are described; all are counted */

struct source {
	uint32_t address;
	int outgoing;
	unsigned packets;
};

static int fd;
static struct source sources[SOURCES];
static unsigned long long packets, bad_count, dropped;
static char bad[BAD][160];
static void count(uint32_t address, int outgoing)
{
	for (unsigned i = 0; i < SOURCES; i++) {
		struct source *one = &sources[i];

		if (!one->packets)
			*one = (struct source){ address, outgoing, 0 };
		if (one->address == address && one->outgoing == outgoing) {
			one->packets++;
			return;
		}
	}
	tool_fail("more than %u sources", SOURCES);
}

static void check(const unsigned char *packet, size_t size, int outgoing)
{
	const char *wrong = wire_check(packet, size);
	char *text;
	size_t used;

	if (!wrong)
		return;
	if (bad_count++ >= BAD)
		return;
	text = bad[bad_count - 1];
	used = (size_t)snprintf(text, sizeof(bad[0]),
				"%s: %s: ", outgoing ? "sent" : "received",
				wrong);
	for (size_t i = 0; i < size && used + 3 < sizeof(bad[0]) && i < 40; i++)
		used += (size_t)snprintf(text + used, sizeof(bad[0]) - used,
					 "%02x", packet[i]);
}

static void look(const unsigned char *packet, size_t size, int outgoing,
		 usec_t now)
{
	size_t l4 = 4U * (packet[0] & 15), data;
	uint32_t source;

	packets++;
	check(packet, size, outgoing);
	if (size < 20 || size < l4 + 8)
		return;
	memcpy(&source, packet + 12, sizeof(source));
	count(source, outgoing);
	data = l4 + 8;
	if (packet[9] == IPPROTO_TCP) {
		if (size < l4 + 20)
			return;
		wire_follow_tcp(packet + l4, source, outgoing, now);
		data = l4 + 4U * (packet[l4 + 12] >> 4);
	} else if (packet[9] != IPPROTO_UDP) {
		return;
	}
	if (!outgoing && data < size)
		wire_follow_name(packet + data, size - data, source, now);
}

/* When the kernel saw it: this process may have waited for a CPU since. */
static usec_t stamp(struct msghdr *message, usec_t clocks_apart)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at;
	     at = CMSG_NXTHDR(message, at)) {
		struct timespec time;

		if (at->cmsg_level != SOL_SOCKET ||
		    at->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&time, CMSG_DATA(at), sizeof(time));
		return (usec_t)time.tv_sec * 1000000 + time.tv_nsec / 1000 -
		       clocks_apart;
	}
	return tool_now();
}

/* From the wall clock, which stamps are of, to ours. */
static usec_t clocks_apart(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (usec_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 - tool_now();
}

static struct slot {
	struct sockaddr_ll from;
	struct iovec vector;
	char control[64] __attribute__((aligned(8)));
	unsigned char data[SIZE];
} slots[BATCH];

static void on_packets(evutil_socket_t ignored, short what, void *arg)
{
	usec_t apart = clocks_apart();
	struct mmsghdr messages[BATCH];
	int got;

	(void)ignored;
	(void)what;
	(void)arg;
	for (unsigned i = 0; i < BATCH; i++) {
		struct slot *slot = &slots[i];

		slot->vector = (struct iovec){ slot->data, SIZE };
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &slot->from,
			.msg_namelen = sizeof(slot->from),
			.msg_iov = &slot->vector,
			.msg_iovlen = 1,
			.msg_control = slot->control,
			.msg_controllen = sizeof(slot->control),
		};
	}
	got = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < got; i++)
		if (slots[i].from.sll_protocol == htons(ETHERTYPE_IP))
			look(slots[i].data, messages[i].msg_len,
			     slots[i].from.sll_pkttype == PACKET_OUTGOING,
			     stamp(&messages[i].msg_hdr, apart));
}

static void begin(const char *device)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL) };
	struct event *event;
	int room = ROOM, on = 1;

	to.sll_ifindex = (int)if_nametoindex(device);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	/* Only the protocol ALL is shown what this device sends. */
	if (!to.sll_ifindex || bind(fd, (struct sockaddr *)&to, sizeof(to)))
		tool_fail("%s: %s", device, strerror(errno));
	event = event_new(tool_base(), fd, EV_READ | EV_PERSIST, on_packets,
			  NULL);
	if (!event || event_add(event, NULL))
		tool_fail("cannot watch %s", device);
}

/* ---- commands ---------------------------------------------------------------- */

static void report(char **words, FILE *out)
{
	struct tpacket_stats statistics;
	socklen_t size = sizeof(statistics);
	const char *separator = "";
	char address[16];

	(void)words;
	if (!getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size))
		dropped += statistics.tp_drops;
	fprintf(out, "{\"packets\":%llu,\"dropped\":%llu,\"bad\":%llu,",
		packets, dropped, bad_count);
	fprintf(out, "\"bad_packets\":[");
	for (unsigned i = 0; i < BAD && i < bad_count; i++)
		fprintf(out, "%s\"%s\"", i ? "," : "", bad[i]);
	fprintf(out, "],\"incoming\":{");
	for (unsigned i = 0; i < SOURCES; i++) {
		if (!sources[i].packets || sources[i].outgoing)
			continue;
		fprintf(out, "%s\"%s\":%u", separator,
			tool_print_address(sources[i].address, address),
			sources[i].packets);
		separator = ",";
	}
	fprintf(out, "},");
	wire_follow_report(out);
	fprintf(out, "}");
}

int main(int count_words, char **words)
{
	static const struct tool_command commands[] = {
		{ "clear", "", wire_follow_clear },
		{ "report", "", report },
		{ "seen", "FIRST COUNT", wire_follow_seen },
		{ "told", "MOMENT", wire_follow_told },
		{ "handshakes", "MOMENT", wire_follow_handshakes },
		{},
	};

	if (count_words != 2)
		tool_fail("usage: wire DEVICE");
	begin(words[1]);
	return tool_run(commands);
}

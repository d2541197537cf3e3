// SPDX-License-Identifier: GPL-2.0-or-later
/* nudge.c - see nudge.h. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "address.h"
#include "log.h"
#include "nudge.h"
#include "twinpath.skel.h"

/*
 * 6,000 a second.  With the sessions that speak by themselves in that second they
 * must be fewer than the resets that may answer (RESETS_A_SECOND), or a sender is
 * told only when it repeats itself.
 */
#define STEP_MS 10
#define NUDGES_A_STEP 60
#define BUCKETS_A_STEP 2048

#define ESTABLISHED (TP_TCP_SYN_OUT | TP_TCP_SYN_IN)
#define ENDED (TP_TCP_RST | TP_TCP_FIN_OUT | TP_TCP_FIN_IN)

/* Of an exit: which of its sessions are to be nudged. */
struct wanted {
	struct nudge *nudge;
	struct event *due; /* then its sessions have been dead long enough */
	bool any;
	uint16_t first, last; /* generations */
};

struct nudge {
	const struct plane *plane;
	struct event *step;
	const struct tp_bucket *table; /* mmapped, read only */
	size_t bytes;
	unsigned buckets;
	unsigned next;	/* bucket to look at */
	uint32_t exits; /* bit set: nudged in this walk */
	struct wanted wanted[TP_MAX_EXITS];
	unsigned sent;
	int raw;
};

static uint32_t sum_words(const void *from, size_t bytes)
{
	const uint16_t *word = from;
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes / 2; i++)
		sum += word[i];
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

struct segment {
	struct iphdr ip; /* the kernel fills in its checksum */
	struct tcphdr tcp;
};

/* From the remote to the host, as if it had come in. */
static void build(struct segment *out, const struct tp_session_key *key)
{
	uint32_t random[2];
	uint32_t pseudo;

	memset(out, 0, sizeof(*out));
	/* Without randomness it is still out of nearly every window. */
	if (getrandom(random, sizeof(random), GRND_NONBLOCK) < 0)
		memset(random, 0, sizeof(random));
	out->ip.version = 4;
	out->ip.ihl = 5;
	out->ip.tot_len = htons(sizeof(*out));
	out->ip.ttl = 64;
	out->ip.protocol = IPPROTO_TCP;
	out->ip.saddr = address_to_v4(&key->remote);
	out->ip.daddr = address_to_v4(&key->inside);
	out->tcp.source = key->remote_port;
	out->tcp.dest = key->inside_port;
	out->tcp.seq = random[0];
	out->tcp.ack_seq = random[1];
	out->tcp.doff = 5;
	out->tcp.ack = 1;
	pseudo = sum_words(&out->ip.saddr, 8) + htons(IPPROTO_TCP) +
		 htons(sizeof(out->tcp));
	out->tcp.check = fold(pseudo + sum_words(&out->tcp, sizeof(out->tcp)));
}

static void send_nudge(struct nudge *nudge, const struct tp_session_key *key)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = address_to_v4(&key->inside),
	};
	struct segment segment;

	build(&segment, key);
	/* A host that cannot be reached has nothing to be told. */
	if (sendto(nudge->raw, &segment, sizeof(segment), MSG_DONTWAIT,
		   (struct sockaddr *)&to, sizeof(to)) >= 0)
		nudge->sent++;
}

static bool concerns(const struct nudge *nudge,
		     const struct tp_session *session, uint32_t now)
{
	__u64 control = *(volatile const __u64 *)&session->control;
	uint16_t bits = TP_CONTROL_EXTRA(control);
	unsigned exit = session->exit;
	const struct wanted *wanted = &nudge->wanted[exit % TP_MAX_EXITS];

	return TP_CONTROL_LINE(control) == TP_LINE_LIVE &&
	       (int32_t)(TP_CONTROL_EXPIRY(control) - now) > 0 &&
	       session->key.proto == IPPROTO_TCP &&
	       (bits & ESTABLISHED) == ESTABLISHED && !(bits & ENDED) &&
	       exit < TP_MAX_EXITS && nudge->exits & (1U << exit) &&
	       (uint16_t)(session->generation - wanted->first) <=
		       (uint16_t)(wanted->last - wanted->first);
}

static void finish(struct nudge *nudge)
{
	if (nudge->sent)
		log_info("%u hosts' sessions of a dead or cut exit were nudged "
			 "to speak",
			 nudge->sent);
	for (unsigned exit = 0; exit < TP_MAX_EXITS; exit++)
		if (nudge->exits & (1U << exit))
			nudge->wanted[exit].any = false;
	nudge->exits = 0;
	nudge->sent = 0;
}

static void on_step(evutil_socket_t fd, short what, void *arg)
{
	struct timeval again = { 0, STEP_MS * 1000 };
	struct nudge *nudge = arg;
	unsigned left = NUDGES_A_STEP, looked = 0;
	uint32_t now;

	(void)fd;
	(void)what;
	if (plane_clock(nudge->plane, &now)) {
		finish(nudge);
		return;
	}
	while (nudge->next < nudge->buckets && left &&
	       looked++ < BUCKETS_A_STEP) {
		const struct tp_bucket *bucket = &nudge->table[nudge->next++];

		for (unsigned i = 0; i < TP_BUCKET_LINES; i++) {
			if (!concerns(nudge, &bucket->line[i], now))
				continue;
			send_nudge(nudge, &bucket->line[i].key);
			left -= left > 0;
		}
	}
	if (nudge->next < nudge->buckets)
		event_add(nudge->step, &again);
	else
		finish(nudge);
}

/* A walk under way starts again, for all that is to be nudged. */
static void on_due(evutil_socket_t fd, short what, void *arg)
{
	struct timeval now = { 0, 0 };
	struct wanted *wanted = arg;
	struct nudge *nudge = wanted->nudge;

	(void)fd;
	(void)what;
	nudge->exits |= 1U << (wanted - nudge->wanted);
	nudge->next = 0;
	event_add(nudge->step, &now);
}

void nudge_start(struct nudge *nudge, unsigned exit, uint16_t generation)
{
	struct timeval soon = { 1, 0 };
	struct wanted *wanted;

	if (!nudge || exit >= TP_MAX_EXITS)
		return;
	wanted = &nudge->wanted[exit];
	if (!wanted->any)
		wanted->first = generation;
	wanted->last = generation;
	wanted->any = true;
	event_add(wanted->due, &soon);
}

void nudge_spare(struct nudge *nudge, unsigned exit, uint16_t generation)
{
	struct wanted *wanted;

	if (!nudge || exit >= TP_MAX_EXITS)
		return;
	wanted = &nudge->wanted[exit];
	if (!wanted->any || wanted->last != generation)
		return;
	wanted->last--;
	if (wanted->first != generation)
		return;
	wanted->any = false;
	event_del(wanted->due);
	nudge->exits &= ~(1U << exit);
}

static bool open_wanted(struct nudge *nudge, struct event_base *base)
{
	for (unsigned exit = 0; exit < TP_MAX_EXITS; exit++) {
		struct wanted *wanted = &nudge->wanted[exit];

		wanted->nudge = nudge;
		wanted->due = event_new(base, -1, 0, on_due, wanted);
		if (!wanted->due)
			return false;
	}
	return true;
}

int nudge_open(struct nudge **out, struct event_base *base,
	       const struct plane *plane)
{
	const struct bpf_map *map = plane->skel->maps.session_table;
	struct nudge *nudge = calloc(1, sizeof(*nudge));
	int err;

	if (!nudge)
		return -ENOMEM;
	nudge->plane = plane;
	nudge->buckets = bpf_map__max_entries(map);
	nudge->bytes = (size_t)nudge->buckets * sizeof(struct tp_bucket);
	nudge->table = mmap(NULL, nudge->bytes, PROT_READ, MAP_SHARED,
			    bpf_map__fd(map), 0);
	nudge->raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	nudge->step = event_new(base, -1, 0, on_step, nudge);
	if (nudge->table != MAP_FAILED && nudge->raw >= 0 && nudge->step &&
	    open_wanted(nudge, base)) {
		*out = nudge;
		return 0;
	}
	err = errno ? -errno : -ENOMEM;
	log_error("cannot watch over the sessions: %s", strerror(-err));
	nudge_close(nudge);
	return err;
}

void nudge_close(struct nudge *nudge)
{
	if (!nudge)
		return;
	if (nudge->table && nudge->table != MAP_FAILED)
		munmap((void *)nudge->table, nudge->bytes);
	if (nudge->raw >= 0)
		close(nudge->raw);
	if (nudge->step)
		event_free(nudge->step);
	for (unsigned exit = 0; exit < TP_MAX_EXITS; exit++)
		if (nudge->wanted[exit].due)
			event_free(nudge->wanted[exit].due);
	free(nudge);
}

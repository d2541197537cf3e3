// SPDX-License-Identifier: GPL-2.0-or-later
/* explained.c - see explained.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "explained.h"

#define FRAME 14
#define PICTURE_EACH 32 /* asks: to look at all the tables takes a while */

static struct tp_addr mapped(uint32_t v4)
{
	struct tp_addr address = { .byte = { [10] = 0xff,
					     0xff,
					     (uint8_t)(v4 >> 24),
					     (uint8_t)(v4 >> 16),
					     (uint8_t)(v4 >> 8),
					     (uint8_t)v4 } };

	return address;
}

/* Whole, right, of an ordinary size, and from a host or from outside. */
static bool is_ordinary(const struct step *step, const struct packet *in)
{
	bool ports = in->protocol == IPPROTO_TCP || in->protocol == IPPROTO_UDP;
	bool query = in->protocol == IPPROTO_ICMP &&
		     (in->type == ECHO || in->type == ECHO_REPLY);
	bool portless =
		in->protocol == IPPROTO_GRE || in->protocol == IPPROTO_ESP ||
		in->protocol == IPPROTO_SCTP || in->protocol == IPPROTO_IPIP;

	/* Nothing answers an RST, and a SYN's answer is nothing without its
	 * session; "explain" asks for an ACK. */
	if (in->protocol == IPPROTO_TCP &&
	    (in->flags & RST || (step->why == TP_REASON_unsolicited &&
				 (in->flags & (SYN | ACK)) == (SYN | ACK))))
		return false;
	return (step->side == LAN || step->side == WAN ||
		step->side == WAN_B) &&
	       !in->ethertype && (ports || query || portless) &&
	       !in->fragment && !in->options && !in->piece.bytes &&
	       !in->ip_error && !in->l4_error && !in->version_ihl &&
	       !in->total_length && !in->udp_length && !in->data_offset &&
	       !in->cut && !in->quote && (!in->ttl || in->ttl > 1) &&
	       in->payload < 1200 &&
	       memcmp(in->from, plane_mac_partner, 6) != 0 &&
	       in->from[0] != 0x06; /* MAC_THEIRS */
}

/* What no address tells. */
static bool is_comparable(enum tp_reason why)
{
	switch (why) {
	case TP_REASON_translated_out:
	case TP_REASON_translated_in:
	case TP_REASON_hairpin:
	case TP_REASON_take:
	case TP_REASON_question:
	case TP_REASON_session_question:
	case TP_REASON_reset:
	case TP_REASON_local:
	case TP_REASON_inside:
	case TP_REASON_excluded:
	case TP_REASON_no_next_hop:
	case TP_REASON_not_inside:
	case TP_REASON_unsolicited:
	case TP_REASON_filtered:
	case TP_REASON_no_session:
	case TP_REASON_hold:
	case TP_REASON_no_exit:
		return true;
	default:
		return false;
	}
}

static void run(struct bench *bench, struct tp_explain *ask)
{
	unsigned char frame[FRAME + sizeof(*ask)] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
		    .data_size_in = sizeof(frame), .data_out = frame,
		    .data_size_out = sizeof(frame), .repeat = 1);
	int fd = bpf_program__fd(bench->plane->skel->progs.explain);

	memcpy(frame + FRAME, ask, sizeof(*ask));
	assert_int_equal(bpf_prog_test_run_opts(fd, &options), 0);
	assert_int_equal(options.retval, 0);
	memcpy(ask, frame + FRAME, sizeof(*ask));
}

static bool opens(const struct packet *in)
{
	switch (in->protocol) {
	case IPPROTO_TCP:
		return (in->flags & (SYN | ACK | RST)) == SYN;
	case IPPROTO_ICMP:
		return in->type == ECHO;
	}
	return true;
}

/* All that a packet can change, but for what lasts no longer than one. */
struct picture {
	uint64_t sum;
	struct tp_reasons reasons[TP_HOOK_COUNT];
	struct tp_partner_seen seen;
};

static uint64_t sum_of(const void *data, size_t bytes, uint64_t sum)
{
	const uint64_t *word = data;

	for (size_t i = 0; i < bytes / sizeof(*word); i++)
		sum = (sum << 7 | sum >> 57) ^ word[i];
	return sum;
}

static void take_picture(struct plane *plane, struct picture *picture)
{
	memset(picture, 0, sizeof(*picture));
	picture->sum = sum_of(plane->sessions,
			      plane->buckets * sizeof(*plane->sessions), 0);
	for (size_t i = 0; i < plane->bindings_count; i++)
		if (plane->bindings[i].control)
			picture->sum = sum_of(&plane->bindings[i],
					      sizeof(*plane->bindings),
					      picture->sum + i);
	assert_int_equal(plane_reasons(plane, picture->reasons), 0);
	assert_int_equal(plane_get(plane->skel->maps.partner_seen, 0,
				   &picture->seen),
			 0);
}

void explained_ask(struct bench *bench, const struct step *step,
		   const struct packet *in, struct explained *out)
{
	static struct picture before, after;
	static unsigned int asks;
	bool looks = asks % PICTURE_EACH == 0;
	struct tp_explain *ask = &out->answer;
	bool query = in->protocol == IPPROTO_ICMP;
	struct tp_link link;

	memset(out, 0, sizeof(*out));
	assert_int_equal(
		plane_get(bench->plane->skel->maps.links, PLANE_LAN, &link), 0);
	if (!is_ordinary(step, in) || link.only)
		return;
	*ask = (struct tp_explain){
		.source = mapped(in->source),
		.destination = mapped(in->destination),
		.source_port = htons(in->sport),
		/* A query's identifier is its port on either side. */
		.destination_port = htons(query ? in->sport : in->dport),
		.proto = in->protocol,
		.opens = opens(in),
	};
	asks++;
	if (looks)
		take_picture(bench->plane, &before);
	run(bench, ask);
	if (looks)
		take_picture(bench->plane, &after);
	if (looks && memcmp(&before, &after, sizeof(before)) != 0)
		rows_fail(bench, "explain has changed something");
	out->asked = true;
}

void explained_judge(struct bench *bench, const struct step *step,
		     const struct explained *explained)
{
	enum tp_reason said = (enum tp_reason)explained->answer.reason;

	if (!explained->asked || !is_comparable(step->why) || said == step->why)
		return;
	/* By its addresses it comes from the other side, or was turned round. */
	if (explained->answer.inward != (step->side != LAN) ||
	    step->mark_in == TP_MARK_HAIRPIN)
		return;
	/* XDP leaves that to tc, of which "explain" speaks. */
	if (bench->xdp && step->why == TP_REASON_local)
		return;
	rows_fail(bench, "explain said reason %d, it was %d", said, step->why);
}

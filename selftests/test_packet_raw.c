// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_raw.c - real packets between devices with a MAC header and
 * devices without one: every case with both kinds of LAN and both kinds of
 * uplink, isp-b being of the kind that isp-a is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "harness/tap.h"

#define SOON 1000  /* ms: for what comes */
#define NEVER 2	   /* for what must not: all happens within the send */
#define PIECE 1200 /* payload of a segment of a super-packet */
#define DF 0x4000  /* on all of them: their IDs stay as they are */

enum end {
	LAN,
	ISP_A,
	ISP_B,
	ENDS,
	NOWHERE,
};

static struct plane plane;
/* [raw] */
static struct tap taps[ENDS][2];
static struct tap *site[ENDS];
/* For the partner: one tun for each kind of handover. */
static struct tap links[TP_KINDS];

static const uint8_t *const macs[ENDS] = {
	[LAN] = plane_mac_lan,
	[ISP_A] = plane_mac_isp_a,
	[ISP_B] = plane_mac_isp_b,
};

/* ---- the site ----------------------------------------------------------------- */

static void set_exit(uint32_t id, const struct tap *tap)
{
	struct tp_exit exit;

	assert_int_equal(plane_get(plane.skel->maps.exits, id, &exit), 0);
	exit.ifindex = tap->ifindex;
	exit.flags = TP_EXIT_HAS_NEXT_HOP;
	if (tap->raw) {
		memset(exit.destination, 0, 6);
		memset(exit.source, 0, 6);
	}
	assert_int_equal(plane_set(plane.skel->maps.exits, id, &exit), 0);
}

static void set_link(const struct tap *tap, struct tp_link link,
		     const uint8_t mac[6])
{
	link.ifindex = tap->ifindex;
	link.macs = 1;
	if (!tap->raw)
		memcpy(link.mac[0], mac, 6);
	assert_int_equal(plane_set(plane.skel->maps.links,
				   link.ifindex % TP_LINK_SLOTS, &link),
			 0);
}

/* Behind a tun there is one neighbour, 0.0.0.0. */
static void set_inside(const struct tap *lan)
{
	struct tp_neighbour end = {
		.ifindex = lan->ifindex,
		.mtu = 1500,
		.valid = 1,
		.address = plane_address(lan->raw ? 0 : H),
	};
	struct tp_neighbour_key at = { end.address, end.ifindex, 0 };
	struct tp_route route = { .kind = TP_ROUTE_INSIDE,
				  .ifindex = lan->ifindex,
				  .via = lan->raw,
				  .next_hop = plane_address(0) };
	struct tp_addr subnet = plane_address(IP(192, 168, 0, 0));
	struct tp_route_key to = { .prefix = 96 + 24 };
	uint32_t id = 9;
	struct twinpath *skel = plane.skel;

	if (!lan->raw) {
		memcpy(end.destination, plane_mac_h, 6);
		memcpy(end.source, plane_mac_lan, 6);
	}
	memcpy(to.address, subnet.byte, 16);
	assert_int_equal(plane_set(skel->maps.neighbours, id, &end), 0);
	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(skel->maps.neighbour_ids), &at,
				    &id, BPF_ANY),
		0);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.routes),
					     &to, &route, BPF_ANY),
			 0);
}

static void furnish(bool raw_lan, bool raw_uplink)
{
	const struct tp_link lan = { .role = TP_LINK_LAN };
	const struct tp_link a = { .role = TP_LINK_UPLINK,
				   .exit = PLANE_EXIT_A };
	const struct tp_link b = { .role = TP_LINK_UPLINK,
				   .exit = PLANE_EXIT_B };
	uint8_t left[PACKET_MAX];

	site[LAN] = &taps[LAN][raw_lan];
	site[ISP_A] = &taps[ISP_A][raw_uplink];
	site[ISP_B] = &taps[ISP_B][!raw_uplink];
	assert_int_equal(plane_reset(&plane), 0);
	set_exit(PLANE_EXIT_A, site[ISP_A]);
	set_exit(PLANE_EXIT_B, site[ISP_B]);
	set_link(site[LAN], lan, plane_mac_lan);
	set_link(site[ISP_A], a, plane_mac_isp_a);
	set_link(site[ISP_B], b, plane_mac_isp_b);
	set_inside(site[LAN]);
	for (int end = LAN; end < ENDS; end++)
		while (tap_receive(site[end], left, 0))
			;
}

/* ---- a packet ----------------------------------------------------------------- */

/* MACs that a frame has on its way in, or out, by a device that has any. */
static void address(struct packet *p, enum end end, bool in)
{
	static const uint8_t *const others[ENDS] = {
		[LAN] = plane_mac_h,
		[ISP_A] = plane_mac_next_a,
		[ISP_B] = plane_mac_next_b,
	};

	if (site[end]->raw)
		return;
	memcpy(in ? p->to : p->from, macs[end], 6);
	memcpy(in ? p->from : p->to, others[end], 6);
}

static void nothing_at(const struct tap *tap, const char *name)
{
	uint8_t frame[PACKET_MAX];
	size_t size = tap_receive(tap, frame, NEVER);

	if (size)
		fail_msg("%zu bytes left by %s", size, name);
}

static void nothing_but(const struct tap *expected)
{
	static const char *const names[] = { "the LAN", "isp-a", "isp-b" };

	for (int end = LAN; end < ENDS; end++)
		if (site[end] != expected)
			nothing_at(site[end], names[end]);
}

/* The next packet by this device is that one. */
static void arrives_at(const struct tap *tap, const struct packet *p)
{
	uint8_t expected[PACKET_MAX], frame[PACKET_MAX];
	char text[PACKET_DIFF];
	size_t size = tap_receive(tap, frame, SOON);

	if (!size)
		fail_msg("nothing came");
	if (!packet_equal(expected, packet_build(p, expected), frame, size,
			  text))
		fail_msg("another packet than expected:\n%s", text);
}

static void arrives(enum end end, struct packet p)
{
	p.fragment |= DF;
	address(&p, end, false);
	arrives_at(site[end], &p);
}

static uint64_t counted(enum tp_hook hook, enum tp_reason reason)
{
	struct tp_reasons sums[TP_HOOK_COUNT];

	assert_int_equal(plane_reasons(&plane, sums), 0);
	return ((uint64_t *)&sums[hook])[reason];
}

/* A packet comes by `from`; what leaves is one at `to`, or nothing. */
struct pass {
	enum end from;
	struct packet in;
	enum end to;
	struct packet out;
};

static void pass(const struct pass *pass)
{
	struct packet in = pass->in;
	uint8_t frame[PACKET_MAX];

	in.fragment |= DF;
	address(&in, pass->from, true);
	assert_int_equal(
		tap_send(site[pass->from], frame, packet_build(&in, frame)), 0);
	if (pass->to != NOWHERE)
		arrives(pass->to, pass->out);
	nothing_but(NULL);
}

/* The kernel sends a packet by `by`; the guard is in its way. */
static void emit(enum end by, struct packet p, enum end to, struct packet out)
{
	uint8_t frame[PACKET_MAX];

	address(&p, by, false);
	/* What the guard drops, the sender is told. */
	assert_int_equal(tap_emit(site[by], frame, packet_build(&p, frame)),
			 to == NOWHERE ? -ENOBUFS : 0);
	if (to != NOWHERE)
		arrives(to, out);
	nothing_but(NULL);
}

#define P(...) ((struct packet){ .fragment = DF, __VA_ARGS__ })
#define OUTWARD(packet, result) \
	pass(&(struct pass){    \
		LAN, { packet }, ISP_A, { result, .ttl = PACKET_TTL - 1 } })
#define INWARD(packet, result) \
	pass(&(struct pass){   \
		ISP_A, { packet }, LAN, { result, .ttl = PACKET_TTL - 1 } })

/* ---- cases -------------------------------------------------------------------- */

static void udp(void)
{
	OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80));
	INWARD(UDP(R, 80, A, 5000), UDP(R, 80, H, 5000));
	OUTWARD(WITH(UDP(H, 5000, R, 80), .no_checksum = true),
		WITH(UDP(A, 5000, R, 80), .no_checksum = true));
	assert_int_equal(counted(TP_HOOK_tc_lan, TP_REASON_translated_out), 2);
	assert_int_equal(counted(TP_HOOK_tc_wan, TP_REASON_translated_in), 1);
}

static void tcp(void)
{
	OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN));
	INWARD(TCP(R, 80, A, 5000, SYN | ACK), TCP(R, 80, H, 5000, SYN | ACK));
	OUTWARD(WITH(TCP(H, 5000, R, 80, ACK), .payload = 1200),
		WITH(TCP(A, 5000, R, 80, ACK), .payload = 1200));
	INWARD(WITH(TCP(R, 80, A, 5000, ACK), .payload = 3),
	       WITH(TCP(R, 80, H, 5000, ACK), .payload = 3));
}

static void ping(void)
{
	OUTWARD(QUERY(ECHO, H, R, 7000), QUERY(ECHO, A, R, 7000));
	INWARD(QUERY(ECHO_REPLY, R, A, 7000), QUERY(ECHO_REPLY, R, H, 7000));
}

static void error_in(void)
{
	OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80));
	INWARD(ERROR(X, A, TIME_EXCEEDED, 0, &P(UDP(A, 5000, R, 80))),
	       ERROR(X, H, TIME_EXCEEDED, 0, &P(UDP(H, 5000, R, 80))));
	OUTWARD(TCP(H, 6000, R, 80, SYN), TCP(A, 6000, R, 80, SYN));
	INWARD(WITH(ERROR(X, A, UNREACHABLE, 4, &P(TCP(A, 6000, R, 80, SYN))),
		    .rest = 1400),
	       WITH(ERROR(X, H, UNREACHABLE, 4, &P(TCP(H, 6000, R, 80, SYN))),
		    .rest = 1400));
}

static void error_out(void)
{
	OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80));
	OUTWARD(ERROR(H, R, UNREACHABLE, 3, &P(UDP(R, 80, H, 5000))),
		ERROR(A, R, UNREACHABLE, 3, &P(UDP(R, 80, A, 5000))));
}

/* The middle of a connection that nobody holds. */
static void reset(void)
{
	pass(&(struct pass){ LAN,
			     { WITH(TCP(H, 5000, R, 80, ACK), .payload = 100) },
			     LAN,
			     { TCP(R, 80, H, 5000, RST), .answer = true,
			       .payload = PACKET_EMPTY, .fragment = 0x4000 } });
	assert_int_equal(counted(TP_HOOK_tc_lan, TP_REASON_reset), 1);
}

/* What the kernel forwards, with the same tables. */
static void guard(void)
{
	emit(ISP_A, P(UDP(H, 5000, R, 80)), ISP_A, P(UDP(A, 5000, R, 80)));
	assert_int_equal(counted(TP_HOOK_tc_out, TP_REASON_translated_slow_out),
			 1);
	emit(ISP_A, P(TCP(H, 5000, R, 80, ACK)), NOWHERE, P());
	assert_int_equal(counted(TP_HOOK_tc_out, TP_REASON_untranslated), 1);
	emit(ISP_A, P(UDP(A, 53, R, 53)), ISP_A, P(UDP(A, 53, R, 53)));
	assert_int_equal(counted(TP_HOOK_tc_out, TP_REASON_own), 1);
}

/* Sent to the other uplink, which is of the other kind: put right. */
static void moved(void)
{
	OUTWARD(UDP(H, 5000, R, 80), UDP(A, 5000, R, 80));
	emit(ISP_B, P(UDP(H, 5000, R, 80)), ISP_A, P(UDP(A, 5000, R, 80)));
	assert_int_equal(counted(TP_HOOK_tc_out, TP_REASON_moved), 1);
	assert_int_equal(plane_select(&plane, PLANE_EXIT_B), 0);
	pass(&(struct pass){ LAN,
			     { UDP(H, 6000, R, 80) },
			     ISP_B,
			     { UDP(B, 6000, R, 80), .ttl = PACKET_TTL - 1 } });
	emit(ISP_A, P(UDP(H, 6000, R, 80)), ISP_B, P(UDP(B, 6000, R, 80)));
	assert_int_equal(counted(TP_HOOK_tc_out, TP_REASON_moved), 2);
}

/* RFC 1071: the sum of what holds its own checksum is all ones. */
static uint16_t sum(uint32_t start, const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		start += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return (uint16_t)start;
}

static void check_piece(const uint8_t *frame, unsigned number,
			const uint8_t *whole)
{
	const struct packet like = P(UDP(A, 5000, R, 80), .ttl = 63);
	const uint8_t *ip = frame + 14, *tcp = ip + 20;
	uint8_t head[PACKET_MAX];

	packet_build(&like, head);
	assert_int_equal(ip[8], 63);
	assert_memory_equal(ip + 12, head + 14 + 12, 8); /* addresses */
	assert_memory_equal(tcp, head + 34, 4);		 /* ports */
	assert_int_equal(tcp[6] << 8 | tcp[7], 0x3344 + number * PIECE);
	assert_int_equal(sum(0, ip, 20), 0xffff);
	assert_int_equal(sum(IPPROTO_TCP + 20 + PIECE, ip + 12, 8 + 20 + PIECE),
			 0xffff);
	assert_memory_equal(tcp + 20, whole + 54 + number * PIECE, PIECE);
}

/* The kernel cuts it up behind us, and completes what is owed. */
static void super_packet(void)
{
	struct packet in =
		P(WITH(TCP(H, 5000, R, 80, ACK), .payload = 2 * PIECE));
	uint8_t frame[PACKET_MAX], piece[PACKET_MAX];
	struct packet macs_only = P(.ethertype = 0x0800);

	OUTWARD(TCP(H, 5000, R, 80, SYN), TCP(A, 5000, R, 80, SYN));
	address(&in, LAN, true);
	address(&macs_only, ISP_A, false);
	assert_int_equal(tap_send_super(site[LAN], frame,
					packet_build(&in, frame), PIECE),
			 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(tap_receive(site[ISP_A], piece, SOON),
				 54 + PIECE);
		assert_memory_equal(piece, macs_only.to, 6);
		assert_memory_equal(piece + 6, macs_only.from, 6);
		check_piece(piece, i, frame);
	}
	nothing_but(NULL);
}

/* A datagram in fragments, as it comes by one device and leaves by another. */
struct datagram {
	enum end from, to;
	struct packet in, out; /* whole */
	uint16_t mask;	       /* of the ID */
};

static struct packet cut(struct packet whole, unsigned part, uint16_t mask)
{
	whole.payload = 1400;
	whole.fragment = 0;
	whole.id = 0x1234 ^ mask;
	whole.piece.from = part * 600;
	whole.piece.bytes = part < 2 ? 600 : 1408 - 1200;
	return whole;
}

/* What waited is sent in any order, but after the first. */
static void last_first(const struct datagram *d)
{
	uint8_t frame[PACKET_MAX], expected[PACKET_MAX];
	unsigned seen = 0;

	for (int part = 2; part >= 0; part--) {
		struct packet p = cut(d->in, part, 0);

		nothing_but(NULL);
		address(&p, d->from, true);
		assert_int_equal(tap_send(site[d->from], frame,
					  packet_build(&p, frame)),
				 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		size_t size = tap_receive(site[d->to], frame, SOON);

		for (unsigned part = 0; part < 3; part++) {
			struct packet p = cut(d->out, part, d->mask);

			address(&p, d->to, false);
			if (packet_build(&p, expected) == size &&
			    !memcmp(frame, expected, size))
				seen |= 1U << part;
		}
		assert_true(seen & 1);
	}
	assert_int_equal(seen, 7);
	nothing_but(NULL);
}

static void fragments(void)
{
	const struct datagram out = {
		LAN,
		ISP_A,
		{ UDP(H, 5000, R, 80) },
		{ UDP(A, 5000, R, 80), .ttl = PACKET_TTL - 1 },
		plane_id_mask(H),
	};
	const struct datagram in = {
		ISP_A,
		LAN,
		{ UDP(R, 80, A, 5000) },
		{ UDP(R, 80, H, 5000), .ttl = PACKET_TTL - 1 },
		0,
	};

	last_first(&out);
	last_first(&in);
	assert_int_equal(counted(TP_HOOK_tc_lan, TP_REASON_fragment_held), 2);
	assert_int_equal(counted(TP_HOOK_tc_wan, TP_REASON_fragment_held), 2);
}

static void other_types(void)
{
	struct packet v6 = P(.ethertype = 0x86dd, .payload = 60, .source = H);
	uint8_t frame[PACKET_MAX];
	uint64_t before = counted(TP_HOOK_tc_lan, TP_REASON_ipv6);
	size_t size;

	address(&v6, LAN, true);
	size = packet_build(&v6, frame);
	frame[14] = 0x60; /* a tun tells the type by the version */
	assert_int_equal(tap_send(site[LAN], frame, size), 0);
	nothing_but(NULL);
	assert_int_equal(counted(TP_HOOK_tc_lan, TP_REASON_ipv6), before + 1);
}

/* ---- the partner, on raw links ------------------------------------------------- */

static void set_partner(void)
{
	struct tp_partner partner = { .type = TP_PARTNER_TWINPATH,
				      .exit = PLANE_EXIT_PARTNER,
				      .reachable = 1 };
	struct tp_exit exit;
	uint8_t left[PACKET_MAX];

	assert_int_equal(plane_get(plane.skel->maps.exits, PLANE_EXIT_PARTNER,
				   &exit),
			 0);
	exit.flags = TP_EXIT_HAS_NEXT_HOP;
	exit.mtu = 1400;
	assert_int_equal(plane_set(plane.skel->maps.exits, PLANE_EXIT_PARTNER,
				   &exit),
			 0);
	for (uint8_t kind = TP_KIND_TAKE; kind < TP_KINDS; kind++) {
		const struct tp_link link = {
			.role = TP_LINK_LAN,
			.kinds = (uint8_t)(1U << kind),
		};

		partner.way[kind].ifindex = links[kind].ifindex;
		set_link(&links[kind], link, NULL);
		while (tap_receive(&links[kind], left, 0))
			;
	}
	assert_int_equal(plane_set(plane.skel->maps.partner, 0, &partner), 0);
}

static void give(const struct tap *tap, struct packet p)
{
	uint8_t frame[PACKET_MAX];

	assert_int_equal(tap_send(tap, frame, packet_build(&p, frame)), 0);
}

static void ask(struct packet p, enum tp_kind kind)
{
	pass(&(struct pass){ LAN, p, NOWHERE, { .ttl = 0 } });
	arrives_at(&links[kind], &p);
}

static void handed_over(void)
{
	struct packet udp = P(UDP(H, 5000, R, 80));
	struct packet data = P(TCP(H, 5000, R, 80, ACK));
	struct packet big = P(WITH(UDP(H, 5000, R, 80), .payload = 1380));

	set_partner();
	ask(data, TP_KIND_QUESTION);
	assert_int_equal(plane_select(&plane, PLANE_EXIT_PARTNER), 0);
	ask(udp, TP_KIND_TAKE);
	/* No room in the tunnel: the kernel says so. */
	pass(&(struct pass){ LAN, big, NOWHERE, { .ttl = 0 } });
	assert_int_equal(counted(TP_HOOK_tc_lan, TP_REASON_too_big), 1);
	for (int kind = TP_KIND_TAKE; kind < TP_KINDS; kind++)
		nothing_at(&links[kind], "a link to the partner");
}

static void asked(void)
{
	struct packet data = P(TCP(H, 5000, R, 80, ACK));
	struct packet taken = P(UDP(H, 5000, R, 80));
	struct packet sent = P(UDP(A, 5000, R, 80), .ttl = PACKET_TTL - 1);

	set_partner();
	give(&links[TP_KIND_QUESTION], data);
	arrives_at(&links[TP_KIND_RETURNED], &data);
	give(&links[TP_KIND_SESSION_QUESTION], data);
	arrives_at(&links[TP_KIND_RETURNED], &data);
	give(&links[TP_KIND_RETURNED], data);
	assert_int_equal(counted(TP_HOOK_tc_lan, TP_REASON_stray_return), 1);
	give(&links[TP_KIND_TAKE], taken);
	arrives(ISP_A, sent);
	/* What came from there and went up must not go back. */
	nothing_but(NULL);
}

/* ---- running ------------------------------------------------------------------- */

static const struct kase {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "UDP", udp },
	{ "TCP", tcp },
	{ "ping", ping },
	{ "error, inward", error_in },
	{ "error, outward", error_out },
	{ "reset", reset },
	{ "guard", guard },
	{ "sent to the other uplink", moved },
	{ "super-packet", super_packet },
	{ "fragments, last first", fragments },
	{ "IPv6 passes", other_types },
	{ "handed over by raw links", handed_over },
	{ "asked by raw links", asked },
};
#define CASES (sizeof(cases) / sizeof(*cases))

struct instance {
	const struct kase *what;
	bool raw_lan, raw_uplink;
	char name[96];
};

static void run(void **state)
{
	const struct instance *instance = *state;

	furnish(instance->raw_lan, instance->raw_uplink);
	instance->what->run();
}

static int open_all(void **state)
{
	static const char *const names[ENDS][2] = { { "elan", "rlan" },
						    { "eispa", "rispa" },
						    { "eispb", "rispb" } };
	char name[8];
	int err = plane_open(&plane, 256);

	(void)state;
	for (int end = LAN; !err && end < ENDS; end++)
		for (int raw = 0; !err && raw < 2; raw++) {
			struct tap *tap = &taps[end][raw];

			err = tap_open(tap, names[end][raw], raw, macs[end]) ?:
				      tap_attach(tap, &plane, end == LAN);
		}
	for (int kind = TP_KIND_TAKE; !err && kind < TP_KINDS; kind++) {
		snprintf(name, sizeof(name), "kind%d", kind);
		err = tap_open(&links[kind], name, true, NULL) ?:
			      tap_attach(&links[kind], &plane, true);
	}
	return err;
}

static int close_all(void **state)
{
	(void)state;
	for (int end = LAN; end < ENDS; end++)
		for (int raw = 0; raw < 2; raw++)
			tap_close(&taps[end][raw]);
	for (int kind = TP_KIND_TAKE; kind < TP_KINDS; kind++)
		tap_close(&links[kind]);
	plane_close(&plane);
	return 0;
}

int main(void)
{
	static struct instance instances[4 * CASES];
	struct CMUnitTest tests[4 * CASES];

	for (size_t i = 0; i < 4 * CASES; i++) {
		struct instance *one = &instances[i];

		one->what = &cases[i % CASES];
		one->raw_lan = i / CASES & 1;
		one->raw_uplink = i / CASES & 2;
		snprintf(one->name, sizeof(one->name), "%s LAN, %s uplink: %s",
			 one->raw_lan ? "raw" : "Ethernet",
			 one->raw_uplink ? "raw" : "Ethernet", one->what->name);
		tests[i] = (struct CMUnitTest){ .name = one->name,
						.test_func = run,
						.initial_state = one };
	}
	return cmocka_run_group_tests(tests, open_all, close_all);
}

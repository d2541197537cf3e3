/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rows.h - tables of packets: what goes in, what must come out and why, run
 * on the XDP programs and on the tc programs alike.
 *
 * Owns: the judgement.  For every packet it compares the verdict, the whole
 * frame, and all reason counters: one must have moved, by one.
 */
#ifndef HARNESS_ROWS_H
#define HARNESS_ROWS_H

#include "plane.h"

#define ROWS_STEPS 8

enum side {
	LAN,   /* ingress of the LAN interface */
	WAN,   /* ingress of isp-a */
	WAN_B, /* ingress of isp-b */
	OUT,   /* tc egress of isp-a */
	OUT_B, /* tc egress of isp-b */
	BACK,  /* tc egress of the LAN interface */
};

/*
 * One packet.  The verdict follows from the reason's fate; TP_REASON_COUNT:
 * passed, and not counted.  MAC addresses that the row leaves out are those of
 * the sender and next hop one expects.
 *
 * `out` says what differs in the packet that leaves: the addresses and ports
 * (port 0: any of NAT's, which the bench then remembers), the TTL if it is
 * not one less, the quoted packet.  All else must be as it came.
 * A packet that the kernel gets must be as it came.
 */
struct step {
	enum side side;
	enum tp_reason why;
	struct packet in;
	struct packet out;
	uint32_t later; /* ticks that pass before */
	int (*before)(struct plane *plane);
	uint32_t from;	  /* OUT, BACK: interface it came by */
	uint32_t mark_in; /* OUT, BACK */
	uint32_t mark;	  /* LAN, WAN by tc: mark it must carry */
	uint16_t told;	  /* what its sender is told of its being dropped */
};

/* The ICMP error of `told`. */
#define TOLD(type, code) ((type) << 8 | (code))

enum row_hooks {
	ROW_BOTH,
	ROW_XDP,
	ROW_TC,
};

/*
 * `why` of a step that leaves the name of the reason open: any one of this
 * fate, for rows that ask what happens and not how.
 */
#define TP_REASON_any_forwarded ((enum tp_reason)(TP_REASON_COUNT + 1))
#define TP_REASON_any_passed ((enum tp_reason)(TP_REASON_COUNT + 2))
#define TP_REASON_any_dropped ((enum tp_reason)(TP_REASON_COUNT + 3))

struct bench {
	struct plane *plane;
	const char *row;
	bool xdp;
	/* As on a machine: what XDP passes up is tc's next.  Marks are judged
	 * where a step names one. */
	bool chain;
	/* Carries a step's packet in another way than by a test run. */
	void (*carry)(struct bench *bench, const struct step *step);
	struct wire *wire; /* for it */
	/* Another translator carries them, with IP IDs and ports of its own. */
	bool foreign;
	unsigned int judged; /* packets of which something was expected */
	unsigned int step;
	char why[PACKET_DIFF];	  /* it failed */
	uint16_t port;		  /* the last external port that any meant */
	uint8_t sent[PACKET_MAX]; /* the last packet, as it went in */
	size_t sent_size;
	struct plane_output output; /* of the last packet */
};

/* Every row starts from the standard site with empty tables. */
struct row {
	const char *name;
	struct step steps[ROWS_STEPS];
	void (*test)(struct bench *bench); /* after the steps */
	enum row_hooks hooks;
};

/*
 * Run one step, fail the test if it is not as it says.  A foreign translator is
 * told nothing: where a step needs that, the test is skipped.
 */
void rows_step(struct bench *bench, const struct step *step);

/* A step: this inside endpoint opens a session to R, by UDP. */
void rows_open(struct bench *bench, uint32_t host, uint16_t port);

/* Fail the test; the text is kept in bench->why too. */
__attribute__((format(printf, 2, 3))) void rows_fail(struct bench *bench,
						     const char *format, ...);

/* The parts of a step's judgement, for those who carry a packet themselves. */
void rows_complete(const struct step *step, struct packet *in);
struct packet rows_expect(const struct bench *bench, const struct step *step,
			  const struct packet *in, struct packet *quote);
/* Compare with what is in bench->output. */
void rows_judge(struct bench *bench, const struct step *step,
		const struct packet *in);
enum plane_verdict rows_verdict(enum tp_reason why);
uint32_t rows_ifindex(enum side side);

/* Run the table as one cmocka group; returns what main() should. */
int rows_run(const char *group, const struct row *rows, size_t count);

/*
 * Initialisers of a step; more of its fields may follow.  None is made of
 * another: the preprocessor would take UDP(...) apart on the way.
 */
/* clang-format off */
#define SEND(at, reason, packet, result, ...)              \
	{ .side = (at), .why = TP_REASON_##reason,         \
	  .in = { packet }, .out = { result }, __VA_ARGS__ }
#define STOP(at, reason, packet, ...)              \
	{ .side = (at), .why = TP_REASON_##reason, \
	  .in = { packet }, __VA_ARGS__ }
/* The two that every row begins with. */
#define OUTWARD(packet, result, ...)                       \
	{ .side = LAN, .why = TP_REASON_translated_out,    \
	  .in = { packet }, .out = { result }, __VA_ARGS__ }
#define INWARD(packet, result, ...)                        \
	{ .side = WAN, .why = TP_REASON_translated_in,     \
	  .in = { packet }, .out = { result }, __VA_ARGS__ }

#define ROW(title, ...) { .name = (title), .steps = { __VA_ARGS__ } }
/* clang-format on */

#define STEP(bench, ...) rows_step(bench, &(const struct step)__VA_ARGS__)

#define ROWS_RUN(rows) rows_run(__FILE__, rows, sizeof(rows) / sizeof(*(rows)))

#endif

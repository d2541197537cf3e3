/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conformance.h - what RFCs ask of a NAT, row by row, and the packets that
 * show it.
 *
 * Owns: the form of a row.  One file for each section of the table; each row
 * names its vectors, and every vector runs on the XDP programs (with tc behind
 * them) and on the tc programs alone.  A row passes when all of them do.
 *
 * The judge is written from the RFCs: it must never include anything from
 * bpf/, and takes no expectation from what the programs answer.
 */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <string.h>
#include <cmocka.h>

#include "rows.h"
#include "wire.h"

enum level {
	MUST,
	MUST_NOT,
	SHOULD,
	SHOULD_NOT,
	RECOMMENDED,
	MAY,
	OWN, /* of no RFC: a row of ours, or plain robustness */
};

/*
 * One way to show a row.  `wire`: the programs are attached and the kernel
 * between them routes, for what no test run can show.  `ours`: about things
 * that another translator does not have, so nothing to compare.
 */
struct vector {
	struct row row;
	bool wire, ours;
};

struct requirement {
	const char *id;
	const char *rfc; /* its number; "" for our own */
	const char *req;
	enum level level;
	const char *shows;
	const struct vector *vectors;
	size_t count;
	/* What the table says about it: why it is off by default, why it is
	 * not met.  Without vectors the row is not applicable because of that. */
	const char *note;
	/* A row of two gateways and their daemons: shown by site_rows.py. */
	bool site;
	/* All its vectors go through two programs: on the wire only. */
	bool wire;
};

struct section {
	const char *name;
	const struct requirement *rows;
	size_t count;
};

extern const struct section section_udp, section_tcp, section_7857,
	section_icmp, section_cgn, section_states, section_fragments,
	section_ownership;

/* clang-format off */
#define VECTOR(title, ...) \
	{ .row = { .name = (title), .steps = { __VA_ARGS__ } } }
/* After the steps, a function. */
#define VECTOR_TEST(title, function, ...)                      \
	{ .row = { .name = (title), .test = (function),        \
		   .steps = { __VA_ARGS__ } } }
#define VECTOR_WIRE(title, function) \
	{ .row = { .name = (title), .test = (function) }, .wire = true }
#define VECTOR_OURS(title, ...) \
	{ .row = { .name = (title), .steps = { __VA_ARGS__ } }, .ours = true }
#define VECTOR_OURS_TEST(title, function, ...)                 \
	{ .row = { .name = (title), .test = (function),        \
		   .steps = { __VA_ARGS__ } }, .ours = true }

#define SHOWN_BY(array) .vectors = (array), .count = COUNT(array)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define ROWS_OF(title, array) { (title), (array), COUNT(array) }
/* clang-format on */

/* Fail the vector, with a text for the table. */
#define EXPECT(bench, condition, ...)                  \
	do {                                           \
		if (!(condition))                      \
			rows_fail(bench, __VA_ARGS__); \
	} while (0)

#endif

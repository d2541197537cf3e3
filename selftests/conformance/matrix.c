// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * matrix.c - see matrix.h.
 */
#include "matrix.h"

#include <stdio.h>

struct quoted {
	const char *name;
	uint8_t protocol;
	uint16_t bytes; /* behind the IP header; 0: all */
	bool no_checksum;
};

static const struct quoted forms[] = {
	{ "tcp, 8 bytes", IPPROTO_TCP, 8, false },
	{ "tcp, 20 bytes", IPPROTO_TCP, 20, false },
	{ "tcp, all", IPPROTO_TCP, 0, false },
	{ "udp, 8 bytes", IPPROTO_UDP, 8, false },
	{ "udp, all", IPPROTO_UDP, 0, false },
	{ "udp without checksum", IPPROTO_UDP, 0, true },
	{ "echo, 8 bytes", IPPROTO_ICMP, 8, false },
	{ "echo, all", IPPROTO_ICMP, 0, false },
};

static const struct {
	uint8_t type, code;
	uint32_t rest;
} errors[] = {
	{ UNREACHABLE, 0, 0 },	   { UNREACHABLE, 3, 0 },
	{ UNREACHABLE, 4, 1400 },  { TIME_EXCEEDED, 0, 0 },
	{ PARAMETER, 0, 9 << 24 },
};

/* What an endpoint sends to R; or with `answer`, what R sends to it. */
static struct packet sent(const struct quoted *form, uint32_t address,
			  uint16_t port, bool answer)
{
	const bool icmp = form->protocol == IPPROTO_ICMP;
	const struct packet out = {
		.protocol = form->protocol,
		.source = answer ? R : address,
		.destination = answer ? address : R,
		.sport = answer && !icmp ? 80 : port,
		.dport = icmp	? 4 :
			 answer ? port :
				  80,
		.type = answer ? ECHO_REPLY : ECHO,
		.flags = ACK | PSH,
		.payload = 40,
		.id = 77,
		.no_checksum = form->no_checksum,
	};

	return out;
}

static struct packet error(uint32_t source, uint32_t destination, size_t i,
			   const struct quoted *form,
			   const struct packet *quote)
{
	return (struct packet){ ERROR(source, destination, errors[i].type,
				      errors[i].code, quote),
				.rest = errors[i].rest, .quoted = form->bytes };
}

/* Errors about packets of H:port, which the outside knows as A:external. */
static void errors_about(struct bench *bench, const struct quoted *form,
			 uint32_t host, uint16_t port, uint16_t external)
{
	struct packet outside = sent(form, A, external, false);
	struct packet inside = sent(form, host, port, false);
	struct packet to_outside = sent(form, A, external, true);
	struct packet to_inside = sent(form, host, port, true);

	for (size_t i = 0; i < COUNT(errors); i++) {
		const struct step in = {
			.side = WAN,
			.why = TP_REASON_error_in,
			.in = error(X, A, i, form, &outside),
			.out = error(X, host, i, form, &inside),
		};
		const struct step out = {
			.side = LAN,
			.why = TP_REASON_error_out,
			.in = error(host, R, i, form, &to_inside),
			.out = error(A, R, i, form, &to_outside),
		};

		rows_step(bench, &in);
		rows_step(bench, &out);
	}
}

static void open_endpoint(struct bench *bench, const struct quoted *form,
			  uint32_t host, uint16_t port)
{
	struct step step = { .side = LAN, .why = TP_REASON_translated_out };

	step.in = sent(form, host, port, false);
	step.in.flags = SYN;
	step.out = sent(form, A, 0, false);
	rows_step(bench, &step);
}

static void all_forms(struct bench *bench, uint32_t host, uint16_t port)
{
	const char *row = bench->row;
	char name[160];

	for (size_t i = 0; i < COUNT(forms); i++) {
		snprintf(name, sizeof(name), "%s, %s", row, forms[i].name);
		bench->row = name;
		open_endpoint(bench, &forms[i], host, port);
		errors_about(bench, &forms[i], host, port, bench->port);
	}
	bench->row = row;
}

static void address_changes(struct bench *bench)
{
	all_forms(bench, H, 7000);
	EXPECT(bench, bench->port == 7000, "the port changed, too");
}

/* H holds 7000, so H2 gets another. */
static void both_change(struct bench *bench)
{
	for (size_t i = 0; i < COUNT(forms); i++)
		open_endpoint(bench, &forms[i], H, 7000);
	all_forms(bench, H2, 7000);
	EXPECT(bench, bench->port != 7000, "the port did not change");
}

/* A host whose address is such that only the port matters to the sums. */
static void odd_and_even(struct bench *bench)
{
	all_forms(bench, DEEP, 500);
	all_forms(bench, DEEP, 501);
}

const struct vector matrix_vectors[3] = {
	VECTOR_TEST("the address changes", address_changes),
	VECTOR_TEST("address and port change", both_change),
	VECTOR_TEST("ports out of range change", odd_and_even),
};

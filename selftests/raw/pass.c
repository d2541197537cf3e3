// SPDX-License-Identifier: GPL-2.0-or-later
/* pass.c - see pass.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "pass.h"

#define NEVER 2 /* ms, for what must not come: all happens within the send */

void pass_address(struct packet *p, enum end end, bool in)
{
	static const uint8_t *const others[ENDS] = {
		[LAN] = plane_mac_h,
		[ISP_A] = plane_mac_next_a,
		[ISP_B] = plane_mac_next_b,
	};

	if (gateway.at[end]->raw)
		return;
	memcpy(in ? p->to : p->from, gateway_macs[end], 6);
	memcpy(in ? p->from : p->to, others[end], 6);
}

void pass_nothing_at(const struct tap *tap, const char *name)
{
	uint8_t frame[PACKET_MAX];
	size_t size = tap_receive(tap, frame, NEVER);

	if (size)
		fail_msg("%zu bytes left by %s", size, name);
}

void pass_nothing(void)
{
	static const char *const names[] = { "the LAN", "isp-a", "isp-b" };

	for (int end = LAN; end < ENDS; end++)
		pass_nothing_at(gateway.at[end], names[end]);
}

void pass_arrives_at(const struct tap *tap, const struct packet *p)
{
	uint8_t expected[PACKET_MAX], frame[PACKET_MAX];
	char text[PACKET_DIFF];
	size_t size = tap_receive(tap, frame, PASS_SOON);

	if (!size)
		fail_msg("nothing came");
	if (!packet_equal(expected, packet_build(p, expected), frame, size,
			  text))
		fail_msg("another packet than expected:\n%s", text);
}

void pass_arrives(enum end end, struct packet p)
{
	p.fragment |= DF;
	pass_address(&p, end, false);
	pass_arrives_at(gateway.at[end], &p);
}

uint64_t pass_counted(enum tp_hook hook, enum tp_reason reason)
{
	struct tp_reasons sums[TP_HOOK_COUNT];

	assert_int_equal(plane_reasons(&gateway.plane, sums), 0);
	return ((uint64_t *)&sums[hook])[reason];
}

void pass(const struct pass *pass)
{
	struct packet in = pass->in;
	uint8_t frame[PACKET_MAX];

	in.fragment |= DF;
	pass_address(&in, pass->from, true);
	assert_int_equal(tap_send(gateway.at[pass->from], frame,
				  packet_build(&in, frame)),
			 0);
	if (pass->to != NOWHERE)
		pass_arrives(pass->to, pass->out);
	pass_nothing();
}

void pass_emitted(enum end by, struct packet p, enum end to, struct packet out)
{
	uint8_t frame[PACKET_MAX];

	pass_address(&p, by, false);
	/* What the guard drops, the sender is told. */
	assert_int_equal(tap_emit(gateway.at[by], frame,
				  packet_build(&p, frame)),
			 to == NOWHERE ? -ENOBUFS : 0);
	if (to != NOWHERE)
		pass_arrives(to, out);
	pass_nothing();
}

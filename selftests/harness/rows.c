// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rows.c - see rows.h: carry a step's packet, and judge what comes out.
 *
 * It must never take what it expects from a program's output, but for a port
 * that a row calls any.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "explained.h"
#include "rows.h"

static const char *const reason_names[] = {
#define REASON(name, fate, text) #name,
	TP_REASONS(REASON)
#undef REASON
		[TP_REASON_COUNT] = "none",
	[TP_REASON_any_forwarded] = "(any that forwards)",
	[TP_REASON_any_passed] = "(any that passes)",
	[TP_REASON_any_dropped] = "(any that drops)",
};

static const enum plane_verdict reason_verdicts[] = {
#define REASON(name, fate, text) PLANE_##fate,
	TP_REASONS(REASON)
#undef REASON
		[TP_REASON_COUNT] = PLANE_PASSED,
	[TP_REASON_any_forwarded] = PLANE_FORWARDED,
	[TP_REASON_any_passed] = PLANE_PASSED,
	[TP_REASON_any_dropped] = PLANE_DROPPED,
};

static const char *const hook_names[] = {
#define HOOK(name) #name,
	TP_HOOKS(HOOK)
#undef HOOK
};

static const char *const verdict_names[] = {
	[PLANE_FORWARDED] = "forwarded",
	[PLANE_PASSED] = "passed",
	[PLANE_DROPPED] = "dropped",
	[PLANE_BROKEN] = "no known verdict",
};

struct port {
	uint32_t ifindex;
	enum tp_hook xdp, tc;
};

static const struct port sides[] = {
	[LAN] = { PLANE_LAN, TP_HOOK_xdp_lan, TP_HOOK_tc_lan },
	[WAN] = { PLANE_ISP_A, TP_HOOK_xdp_wan, TP_HOOK_tc_wan },
	[WAN_B] = { PLANE_ISP_B, TP_HOOK_xdp_wan, TP_HOOK_tc_wan },
	[OUT] = { PLANE_ISP_A, TP_HOOK_tc_out, TP_HOOK_tc_out },
	[OUT_B] = { PLANE_ISP_B, TP_HOOK_tc_out, TP_HOOK_tc_out },
	[BACK] = { PLANE_LAN, TP_HOOK_tc_back, TP_HOOK_tc_back },
};

enum plane_verdict rows_verdict(enum tp_reason why)
{
	return reason_verdicts[why];
}

uint32_t rows_ifindex(enum side side)
{
	return sides[side].ifindex;
}

void rows_fail(struct bench *bench, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(bench->why, sizeof(bench->why), format, arguments);
	va_end(arguments);
	fail_msg("%s, step %u: %s", bench->row, bench->step, bench->why);
}

static bool has_ports(const struct packet *packet)
{
	return packet->protocol == IPPROTO_TCP ||
	       packet->protocol == IPPROTO_UDP ||
	       packet->protocol == IPPROTO_ICMP;
}

/*
 * Without ports it carries its exit's mark, also when it is redirected, or the
 * guard on the uplink would take it for the gateway's own.
 */
static uint32_t expected_mark(const struct step *step)
{
	if (step->mark || has_ports(&step->in) ||
	    step->why != TP_REASON_translated_out)
		return step->mark;
	return TP_MARK(step->out.source == B ? PLANE_EXIT_B : PLANE_EXIT_A);
}

/* A port 0 in `said` is any: take it from the frame, once it is in range. */
static void learn_port(struct bench *bench, const struct packet *said,
		       struct packet *out)
{
	const struct tp_settings *set = &bench->plane->settings;
	const uint8_t *l4 = bench->output.frame + 34;

	if (!said->source || said->sport || out->quote || !has_ports(out))
		return;
	if (out->protocol == IPPROTO_ICMP)
		l4 += 4;
	bench->port = l4[0] << 8 | l4[1];
	out->sport = bench->port;
	if (!bench->foreign &&
	    (bench->port < set->port_min || bench->port > set->port_max))
		rows_fail(bench, "port %u is not one of NAT's", bench->port);
}

void rows_judge(struct bench *bench, const struct step *step,
		const struct packet *in)
{
	struct packet quote, out = rows_expect(bench, step, in, &quote);
	uint8_t expected[PACKET_MAX];
	char text[PACKET_DIFF];
	size_t size;

	learn_port(bench, &step->out, &out);
	size = packet_build(&out, expected);
	if (!packet_equal(expected, size, bench->output.frame,
			  bench->output.size, text))
		rows_fail(bench, "another packet than expected:\n%s", text);
}

/* May a packet of this step be counted so? */
static bool fits(const struct step *step, int reason)
{
	if (step->why < TP_REASON_COUNT)
		return reason == (int)step->why;
	return step->why > TP_REASON_COUNT &&
	       reason_verdicts[reason] == reason_verdicts[step->why];
}

/*
 * One counter moved, by one: that of the hook, and of the step.  `text` says
 * which ones did.
 */
static bool counted_right(struct bench *bench, const struct step *step,
			  enum tp_hook hook,
			  const struct tp_reasons before[TP_HOOK_COUNT],
			  char text[512])
{
	struct tp_reasons after[TP_HOOK_COUNT];
	__u64 all = 0, right = 0;

	text[0] = 0;
	assert_int_equal(plane_reasons(bench->plane, after), 0);
	for (int h = 0; h < TP_HOOK_COUNT; h++)
		for (int r = 0; r < TP_REASON_COUNT; r++) {
			__u64 moved = ((__u64 *)&after[h])[r] -
				      ((const __u64 *)&before[h])[r];
			size_t used = strlen(text);

			all += moved;
			if (h == (int)hook && fits(step, r))
				right += moved;
			if (moved)
				snprintf(text + used, 512 - used, " %s.%s+%llu",
					 hook_names[h], reason_names[r], moved);
		}
	/* Not counted at all: TP_REASON_COUNT. */
	return all == right && right == (step->why != TP_REASON_COUNT);
}

static void judge_verdict(struct bench *bench, const struct step *step)
{
	enum plane_verdict expected = step->told ? PLANE_FORWARDED :
						   reason_verdicts[step->why];

	if (bench->output.verdict != expected)
		rows_fail(bench, "expected %s (%s), is %s",
			  verdict_names[expected], reason_names[step->why],
			  verdict_names[bench->output.verdict]);
	if (!bench->xdp && step->side <= WAN_B &&
	    (step->mark || !bench->chain) &&
	    bench->output.mark != expected_mark(step))
		rows_fail(bench, "expected mark %#x, is %#x",
			  expected_mark(step), bench->output.mark);
}

/*
 * May a packet leave a session or binding behind?  What is translated, and
 * what the kernel shall send on by the same session.
 */
static bool may_open(enum tp_reason why, const struct packet *packet)
{
	switch (why) {
	case TP_REASON_translated_out:
	case TP_REASON_translated_in: /* by a SYN */
	case TP_REASON_hairpin:
	case TP_REASON_translated_slow_out:
	case TP_REASON_options:
	case TP_REASON_too_big:
	case TP_REASON_no_next_hop:
	case TP_REASON_not_xdp:
		return true;
	case TP_REASON_COUNT: /* a LAN's egress opens what the firewall saw */
		return true;
	case TP_REASON_own: /* its tunnels have lines, see portless.h */
		return !has_ports(packet);
	default:
		return why == TP_REASON_any_forwarded ||
		       why == TP_REASON_any_passed;
	}
}

/* Run the packet; on a machine, tc is behind XDP. */
static void carry(struct bench *bench, const struct step *step,
		  struct plane_input *input)
{
	struct tp_reasons before[TP_HOOK_COUNT];
	char text[512];
	bool right;

	for (;;) {
		assert_int_equal(plane_reasons(bench->plane, before), 0);
		assert_int_equal(plane_run(bench->plane, input, &bench->output),
				 0);
		right = counted_right(bench, step, input->hook, before, text);
		if (right || !bench->chain || input->hook > TP_HOOK_xdp_wan ||
		    bench->output.verdict != PLANE_PASSED)
			break;
		input->hook = sides[step->side].tc;
	}
	/* The reason first: it tells most about a failure. */
	if (!right)
		rows_fail(bench, "expected %s.%s+1, moved:%s",
			  hook_names[input->hook], reason_names[step->why],
			  text[0] ? text : " none");
}

void rows_step(struct bench *bench, const struct step *step)
{
	const struct port *port = &sides[step->side];
	unsigned int sessions = 0, bindings = 0;
	uint8_t frame[PACKET_MAX];
	struct packet in = step->in;
	struct explained explained;
	struct plane_input input = {
		.hook = bench->xdp ? port->xdp : port->tc,
		.ifindex = port->ifindex,
		.from = step->from,
		.mark = step->mark_in,
		.frame = frame,
	};

	bench->step++;
	if (step->later)
		assert_int_equal(plane_later(bench->plane, step->later), 0);
	if (step->before)
		assert_int_equal(step->before(bench->plane), 0);
	if (bench->foreign && plane_touched)
		skip();
	if (bench->carry) {
		bench->carry(bench, step);
		return;
	}
	rows_complete(step, &in);
	input.size = packet_build(&in, frame);
	if (!may_open(step->why, &in)) {
		sessions = plane_sessions(bench->plane);
		bindings = plane_bindings(bench->plane);
	}
	explained_ask(bench, step, &in, &explained);
	carry(bench, step, &input);
	explained_judge(bench, step, &explained);
	memcpy(bench->sent, frame, input.size);
	bench->sent_size = input.size;
	judge_verdict(bench, step);
	if (bench->output.verdict != PLANE_DROPPED)
		rows_judge(bench, step, &in);
	if (!may_open(step->why, &in) &&
	    (plane_sessions(bench->plane) > sessions ||
	     plane_bindings(bench->plane) > bindings))
		rows_fail(bench, "%s left state behind",
			  reason_names[step->why]);
}

void rows_open(struct bench *bench, uint32_t host, uint16_t port)
{
	struct step step = OUTWARD(UDP(H, 0, R, 80), UDP(A, 0, R, 80));

	step.in.source = host;
	step.in.sport = port;
	rows_step(bench, &step);
}

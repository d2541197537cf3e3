// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz.c - a stream of bytes, carried out on a machine.
 *
 * Owns: the daemon's part between packets, and the report when something does
 * not hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

unsigned long fuzz_packets;

static const char *const hook_names[] = {
#define HOOK(name) #name,
	TP_HOOKS(HOOK)
#undef HOOK
};

static void dump(const char *what, const uint8_t *frame, size_t size)
{
	fprintf(stderr, "%s, %zu bytes:", what, size);
	for (size_t i = 0; i < size && i < 256; i++)
		fprintf(stderr, "%s%02x", i % 16 ? " " : "\n  ", frame[i]);
	fprintf(stderr, "\n");
}

void fuzz_report(const struct passage *passage, const char *why)
{
	fprintf(stderr, "\n%s, after %lu packets: %s\n",
		hook_names[passage->in.hook], fuzz_packets, why);
	dump("in", passage->in.frame, passage->in.size);
	fprintf(stderr, "verdict %d\n", passage->out.verdict);
	dump("out", passage->out.frame, passage->out.size);
	machine_failed();
	abort();
}

/* What a daemon may do at any time. */
static void change(struct plane *plane, struct stream *stream)
{
	uint8_t what = stream_byte(stream), value = stream_byte(stream);

	switch (what % 8) {
	case 0:
	case 1:
		plane_later(plane, PLANE_TICKS(1) << value % 14);
		break;
	case 2:
		plane_select(plane, value % 4);
		break;
	case 3:
		plane_set_exit_state(plane, 1 + value % 2, value / 2 % 4);
		break;
	case 4:
		plane_new_generation(plane, value % PLANE_ADDRESSES);
		break;
	case 5:
		plane_set_partner(plane, value % 3);
		break;
	case 6:
		plane_filter(plane, value % PLANE_ADDRESSES, value / 2 % 3);
		break;
	case 7:
		plane->settings.confirm++;
		plane_set_settings(plane);
		break;
	}
}

static void one_packet(struct plane *plane, struct stream *stream)
{
	static struct passage passage;
	uint8_t frame[PACKET_MAX], shape = stream_byte(stream);
	const char *why;

	passage.linear = shape % 4 ? 0 : 14 + shape / 4;
	packets_next(stream, &passage.in, frame);
	if (machine_run(plane, &passage))
		return; /* the machine does not take such frames */
	fuzz_packets++;
	why = judge(&passage);
	if (why)
		fuzz_report(&passage, why);
	packets_learn(&passage);
}

void fuzz_stream(struct plane *plane, const uint8_t *bytes, size_t size)
{
	struct stream stream = { bytes, size };

	packets_forget();
	while (stream.left > 4) {
		if (stream_byte(&stream) % 16 == 0)
			change(plane, &stream);
		else
			one_packet(plane, &stream);
	}
}

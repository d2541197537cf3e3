// SPDX-License-Identifier: GPL-2.0-or-later
/* explain_plane.c - see explain.h: the run of the program. */
#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "explain.h"
#include "twinpath.skel.h"

#define FRAME 14 /* where the content of a frame begins */
#define TRIES 8

static int run(const struct plane *plane, const struct tp_explain *ask,
	       struct tp_explain *answer)
{
	unsigned char frame[FRAME + sizeof(*ask)] = {};
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
			    .data_size_in = sizeof(frame), .data_out = frame,
			    .data_size_out = sizeof(frame), .repeat = 1);
	int fd = plane_program(plane, plane->skel->progs.explain);

	memcpy(frame + FRAME, ask, sizeof(*ask));
	if (bpf_prog_test_run_opts(fd, &options))
		return -errno;
	if (options.retval)
		return -EIO;
	memcpy(answer, frame + FRAME, sizeof(*answer));
	return 0;
}

/* The age of a session may change in between; nothing else that we would see. */
static bool same(const struct tp_explain *a, const struct tp_explain *b)
{
	struct tp_explain x = *a;

	x.left = b->left;
	return !memcmp(&x, b, sizeof(x));
}

/* It may be interrupted by a packet's program: until it says the same twice. */
int explain_ask(const struct plane *plane, struct tp_explain *ask)
{
	struct tp_explain last, answer;
	int err = run(plane, ask, &last);

	for (int i = 0; !err && i < TRIES; i++) {
		err = run(plane, ask, &answer);
		if (!err && same(&answer, &last)) {
			*ask = answer;
			return 0;
		}
		last = answer;
	}
	return err ? err : -EAGAIN;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_packet_publish.c - static bindings: an inside server on a port of an
 * external address, made and taken away by the "publish" program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <errno.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "harness/rows.h"

#define SERVER_PORT 80
#define PUBLIC_PORT 8080

/* H:80 on A:8080.  Returns what the program answers. */
static int ask(struct plane *plane, enum tp_plane which, bool withdraw)
{
	struct tp_publish publish = { .inside = plane_address(H),
				      .inside_port = htons(SERVER_PORT),
				      .port = htons(PUBLIC_PORT),
				      .plane = which,
				      .exit = PLANE_EXIT_A,
				      .withdraw = withdraw };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &publish,
		    .ctx_size_in = sizeof(publish));
	int fd = bpf_program__fd(plane->skel->progs.publish);
	int err = bpf_prog_test_run_opts(fd, &opts);

	return err ?: publish.result;
}

static int publish_udp(struct plane *plane)
{
	return ask(plane, TP_PLANE_UDP, false);
}

static int publish_tcp(struct plane *plane)
{
	return ask(plane, TP_PLANE_TCP, false);
}

static int withdraw_udp(struct plane *plane)
{
	return ask(plane, TP_PLANE_UDP, true);
}

#define ASKED INWARD(UDP(R, 5000, A, 8080), UDP(R, 5000, H, 80))
#define ANSWERED OUTWARD(UDP(H, 80, R, 5000), UDP(A, 8080, R, 5000))
/* A client of H's, which has the port before it is published. */
#define TAKEN OUTWARD(UDP(H2, 8080, R, 80), UDP(A, 8080, R, 80))

static void busy(struct bench *bench)
{
	assert_int_equal(publish_udp(bench->plane), -EBUSY);
	STEP(bench, INWARD(UDP(R, 80, A, 8080), UDP(R, 80, H2, 8080)));
}

/* Taking away what was never published leaves others' bindings alone. */
static void not_published(struct bench *bench)
{
	assert_true(withdraw_udp(bench->plane) < 0);
	STEP(bench, INWARD(UDP(R, 80, A, 8080), UDP(R, 80, H2, 8080)));
}

static void never_claimed(struct bench *bench)
{
	STEP(bench, OUTWARD(UDP(H2, 8080, R, 80), UDP(A, 0, R, 80)));
	assert_int_not_equal(bench->port, PUBLIC_PORT);
}

static const struct row rows[] = {
	ROW("udp, by anybody",
	    INWARD(UDP(R, 5000, A, 8080), UDP(R, 5000, H, 80),
		   .before = publish_udp),
	    INWARD(UDP(R2, 9, A, 8080), UDP(R2, 9, H, 80))),
	ROW("udp, answered from the public port",
	    INWARD(UDP(R, 5000, A, 8080), UDP(R, 5000, H, 80),
		   .before = publish_udp),
	    ANSWERED, ASKED),
	ROW("tcp",
	    INWARD(TCP(R, 5000, A, 8080, SYN), TCP(R, 5000, H, 80, SYN),
		   .before = publish_tcp),
	    OUTWARD(TCP(H, 80, R, 5000, SYN | ACK),
		    TCP(A, 8080, R, 5000, SYN | ACK)),
	    INWARD(TCP(R, 5000, A, 8080, ACK), TCP(R, 5000, H, 80, ACK))),
	ROW("never expires",
	    INWARD(UDP(R, 5000, A, 8080), UDP(R, 5000, H, 80),
		   .before = publish_udp),
	    INWARD(UDP(R, 5000, A, 8080), UDP(R, 5000, H, 80),
		   .later = PLANE_TICKS(100000))),
	ROW("withdrawn",
	    INWARD(UDP(R, 5000, A, 8080), UDP(R, 5000, H, 80),
		   .before = publish_udp),
	    STOP(WAN, unsolicited, UDP(R, 5000, A, 8080),
		 .before = withdraw_udp)),
	{ .name = "not over a living binding",
	  .steps = { TAKEN },
	  .test = busy },
	{ .name = "only what was published is withdrawn",
	  .steps = { TAKEN },
	  .test = not_published },
	{ .name = "its port is never given away",
	  .steps = { INWARD(UDP(R, 5000, A, 8080), UDP(R, 5000, H, 80),
			    .before = publish_udp) },
	  .test = never_claimed },
};

int main(void)
{
	return ROWS_RUN(rows);
}

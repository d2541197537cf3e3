// SPDX-License-Identifier: GPL-2.0-or-later
/* loop.c - see loop.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "loop.h"

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	loop->ticks++;
}

void loop_open(struct loop *loop)
{
	static const struct timeval tick = { .tv_usec = LOOP_TICK * 1000 };

	loop->base = event_base_new();
	assert_non_null(loop->base);
	loop->tick = event_new(loop->base, -1, EV_PERSIST, on_tick, loop);
	event_add(loop->tick, &tick);
	loop->ticks = 0;
}

void loop_close(struct loop *loop)
{
	event_free(loop->tick);
	event_base_free(loop->base);
	loop->base = NULL;
}

void loop_turn(struct loop *loop)
{
	event_base_loop(loop->base, EVLOOP_ONCE);
}

msec_t loop_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (msec_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

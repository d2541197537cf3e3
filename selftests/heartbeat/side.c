// SPDX-License-Identifier: GPL-2.0-or-later
/* side.c - see side.h. */
#include "side.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "address.h"
#include "log.h"

struct side side_a, side_b;
struct loop side_loop;
uint16_t side_port;
const uint8_t side_key[KEY_BYTES] = "a key of 32 bytes, as it happens";

static void fill(void *arg, struct heartbeat_report *mine)
{
	struct side *side = arg;
	static const struct heartbeat_report none;

	assert_memory_equal(mine, &none, sizeof(none));
	*mine = side->report;
}

/* Nothing has been sent since this came: neither an answer nor a beat. */
static void on_heard(void *arg, const struct heartbeat_report *theirs)
{
	struct side *side = arg;
	struct heartbeat_view view;

	if (!side->heartbeat) /* it is just being opened */
		return;
	heartbeat_view(side->heartbeat, &view);
	side->heard = *theirs;
	side->sent_when_heard = view.counters.sent;
}

static void changed(void *arg, const struct heartbeat_view *theirs)
{
	struct side *side = arg;

	side->told = *theirs;
	side->changes++;
}

const struct heartbeat_callbacks side_callbacks = { fill, on_heard, changed };

int side_open(struct side *side, const struct side *partner)
{
	const struct heartbeat_config config = { side->address,
						 partner->address, side_port,
						 side_key };

	return heartbeat_open(&side->heartbeat, side_loop.base, &config,
			      &side_callbacks, side);
}

void side_close(struct side *side)
{
	heartbeat_close(side->heartbeat);
	side->heartbeat = NULL;
}

struct heartbeat_view side_view(const struct side *side)
{
	struct heartbeat_view view;

	heartbeat_view(side->heartbeat, &view);
	return view;
}

int side_set_up(void **state)
{
	uint8_t random[6];

	(void)state;
	if (sodium_init() < 0)
		return -1;
	log_set_level(LOG_LEVEL_ERROR); /* the warnings are expected */
	randombytes_buf(random, sizeof(random));
	memset(&side_a, 0, sizeof(side_a));
	memset(&side_b, 0, sizeof(side_b));
	side_a.address =
		address_from_v4(htonl(0x7f000000U | (uint32_t)random[0] << 16 |
				      (uint32_t)random[1] << 8 | 1));
	side_b.address = side_a.address;
	side_b.address.byte[15] = 2;
	side_port = (uint16_t)(20000 + (random[2] << 8 | random[3]) % 10000);
	snprintf(side_a.report.version, HEARTBEAT_VERSION, "1.a");
	snprintf(side_b.report.version, HEARTBEAT_VERSION, "1.b");
	loop_open(&side_loop);
	return 0;
}

int side_tear_down(void **state)
{
	(void)state;
	side_close(&side_a);
	side_close(&side_b);
	loop_close(&side_loop);
	return 0;
}

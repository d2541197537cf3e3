// SPDX-License-Identifier: GPL-2.0-or-later
/* test_heartbeat.c - two daemons' heartbeats: what each learns, and how soon. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "heartbeat/side.h"
#include "heartbeat_accept.h"

static void no_key(void **state)
{
	const struct heartbeat_config config = { side_a.address, side_b.address,
						 side_port, NULL };
	struct heartbeat *none = (struct heartbeat *)&config;
	struct heartbeat_view view;

	(void)state;
	assert_int_equal(heartbeat_open(&none, side_loop.base, &config,
					&side_callbacks, &side_a),
			 0);
	assert_null(none);
	heartbeat_view(none, &view);
	assert_false(view.running);
	assert_false(view.fresh);
	assert_int_equal(heartbeat_poke(none), 0);
	heartbeat_close(none);
}

static void they_meet(void **state)
{
	msec_t start = loop_now();

	(void)state;
	side_b.report.selector = HEARTBEAT_PARTNER;
	side_b.report.uplinks_count = 1;
	snprintf(side_b.report.uplinks[0].name, MODEL_NAME, "isp-b");
	assert_int_equal(side_open(&side_a, &side_b), 0);
	assert_int_equal(side_open(&side_b, &side_a), 0);
	assert_false(side_view(&side_a).known);
	SIDE_WAIT(side_view(&side_a).two_way && side_view(&side_b).two_way);
	assert_in_range(loop_now() - start, 0, 1000);
	assert_string_equal(side_view(&side_a).theirs.version, "1.b");
	assert_string_equal(side_view(&side_b).theirs.version, "1.a");
	SIDE_WAIT(side_a.told.two_way);
	assert_true(side_a.told.fresh);
	assert_true(side_a.told.running);
	assert_int_equal(side_a.told.theirs.selector, HEARTBEAT_PARTNER);
	assert_string_equal(side_a.told.theirs.uplinks[0].name, "isp-b");
	assert_int_equal(side_view(&side_a).boots, 1);
	assert_int_equal(side_view(&side_a).counters.forged, 0);
	assert_int_equal(side_view(&side_a).counters.malformed, 0);
	assert_int_equal(side_view(&side_a).counters.replayed, 0);
}

/* How long a poke takes, there and back, right behind a beat of b's. */
static msec_t poke_time(void)
{
	uint64_t accepted = side_view(&side_a).counters.accepted;
	uint64_t counter, sent;
	unsigned changes;
	msec_t start;

	SIDE_WAIT(side_view(&side_a).counters.accepted > accepted);
	start = loop_now();
	counter = heartbeat_poke(side_a.heartbeat);
	assert_true(counter > 0);
	sent = side_view(&side_b).counters.sent;
	changes = side_a.changes;
	SIDE_WAIT(side_view(&side_a).echoed >= counter);
	assert_true(side_a.changes > changes); /* that it is heard is news */
	assert_int_equal(side_b.heard.selector, side_a.report.selector);
	assert_true(side_b.sent_when_heard >= sent);
	assert_true(side_b.sent_when_heard < side_view(&side_b).counters.sent);
	return loop_now() - start;
}

/* It is answered at once: b's next beat would be a tenth of a second away. */
static void a_poke(void **state)
{
	unsigned changes, tries = 1;

	(void)state;
	assert_int_equal(side_open(&side_a, &side_b), 0);
	assert_int_equal(side_open(&side_b, &side_a), 0);
	SIDE_WAIT(side_a.told.two_way && side_b.told.two_way);
	changes = side_b.changes;
	side_a.report.selector = HEARTBEAT_SELF;
	while (poke_time() > HEARTBEAT_INTERVAL / 2)
		assert_true(tries++ < 10); /* the machine may be busy */
	assert_int_equal(side_b.told.theirs.selector, HEARTBEAT_SELF);
	assert_true(side_b.changes > changes);
}

/* Ten times a second the same is no news; nor is another number of sessions. */
static void no_news(void **state)
{
	struct heartbeat_view before;
	unsigned changes;

	(void)state;
	side_a.report.sessions = 1;
	assert_int_equal(side_open(&side_a, &side_b), 0);
	assert_int_equal(side_open(&side_b, &side_a), 0);
	SIDE_WAIT(side_a.told.two_way && side_b.told.two_way);
	changes = side_b.changes;
	before = side_view(&side_b);
	side_a.report.sessions = 99;
	SIDE_WAIT(side_view(&side_b).counters.accepted >=
		  before.counters.accepted + 3);
	assert_int_equal(side_view(&side_b).theirs.sessions, 99);
	assert_int_equal(side_b.changes, changes);
	side_a.report.sessions = 0;
	SIDE_WAIT(side_b.changes == changes + 1);
	assert_int_equal(side_b.told.theirs.sessions, 0);
}

static void silence_and_return(void **state)
{
	msec_t gone;

	(void)state;
	assert_int_equal(side_open(&side_a, &side_b), 0);
	assert_int_equal(side_open(&side_b, &side_a), 0);
	SIDE_WAIT(side_a.told.two_way && side_b.told.two_way);
	gone = loop_now();
	side_close(&side_b);
	SIDE_WAIT(!side_a.told.fresh);
	assert_in_range(loop_now() - gone, 250, 2000);
	assert_false(side_a.told.two_way);
	assert_true(side_a.told.known);
	assert_string_equal(side_view(&side_a).theirs.version, "1.b");
	assert_int_equal(side_open(&side_b, &side_a), 0);
	SIDE_WAIT(side_a.told.two_way);
	assert_int_equal(side_a.told.boots, 2);
}

static void address_in_use(void **state)
{
	int kept, sink;
	FILE *file = tmpfile();

	(void)state;
	assert_int_equal(side_open(&side_a, &side_b), 0);
	side_close(&side_b);
	side_b.address = side_a.address;
	kept = dup(STDERR_FILENO);
	sink = dup2(fileno(file), STDERR_FILENO);
	assert_int_equal(side_open(&side_b, &side_a), -EADDRINUSE);
	dup2(kept, sink);
	close(kept);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	assert_true(ftell(file) > 0); /* it said why */
	fclose(file);
	assert_null(side_b.heartbeat);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, side_set_up, side_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_key),  TEST(they_meet),		 TEST(a_poke),
		TEST(no_news), TEST(silence_and_return), TEST(address_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_heartbeat_accept.c - two gateways and somebody who records and replays.
 *
 * Messages are structs here: that nobody can make or change one without the key
 * is test_heartbeat_message.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "heartbeat_accept.h"

static struct heartbeat_accept a, b;
static msec_t now;

static int begin(void **state)
{
	(void)state;
	now = 1000000;
	heartbeat_accept_init(&a, 0xa);
	heartbeat_accept_init(&b, 0xb);
	return 0;
}

static struct heartbeat_message say(struct heartbeat_accept *who)
{
	struct heartbeat_message message = { 0 };

	heartbeat_accept_stamp(who, now, &message);
	return message;
}

static enum heartbeat_accepted hear(struct heartbeat_accept *who,
				    struct heartbeat_message message)
{
	return heartbeat_accept_judge(who, &message, now);
}

/* Both speak once an interval, and hear each other, or not. */
static void beats(unsigned count, bool a_hears, bool b_hears)
{
	while (count--) {
		struct heartbeat_message of_a, of_b;

		now += HEARTBEAT_INTERVAL / 2;
		of_a = say(&a);
		if (b_hears)
			hear(&b, of_a);
		now += HEARTBEAT_INTERVAL / 2;
		of_b = say(&b);
		if (a_hears)
			hear(&a, of_b);
	}
}

#define FRESH(who, wanted) \
	assert_int_equal(heartbeat_accept_fresh(who, now), wanted)
#define TWO_WAY(who, wanted) \
	assert_int_equal(heartbeat_accept_two_way(who, now), wanted)

static void they_meet(void **state)
{
	(void)state;
	FRESH(&a, false);
	TWO_WAY(&a, false);
	/* As in heartbeat_accept.h. */
	assert_int_equal(hear(&b, say(&a)), HEARTBEAT_STALE);
	FRESH(&b, false);
	assert_int_equal(hear(&a, say(&b)), HEARTBEAT_ACCEPTED_BOOT);
	assert_int_equal(hear(&b, say(&a)), HEARTBEAT_ACCEPTED_BOOT);
	assert_int_equal(hear(&a, say(&b)), HEARTBEAT_ACCEPTED);
	assert_int_equal(a.boots, 1);
	FRESH(&a, true);
	FRESH(&b, true);
	TWO_WAY(&a, true);
	beats(1000, true, true);
	TWO_WAY(&a, true);
	TWO_WAY(&b, true);
	assert_int_equal(a.boots, 1);
}

static void a_replay(void **state)
{
	struct heartbeat_message old, last;

	(void)state;
	beats(5, true, true);
	old = say(&a);
	assert_int_equal(hear(&b, old), HEARTBEAT_ACCEPTED);
	assert_int_equal(hear(&b, old), HEARTBEAT_REPLAYED);
	last = say(&a);
	assert_int_equal(hear(&b, last), HEARTBEAT_ACCEPTED);
	assert_int_equal(hear(&b, old), HEARTBEAT_REPLAYED);
	/* Mine, thrown back at me. */
	assert_int_equal(hear(&a, last), HEARTBEAT_REPLAYED);
	/* One that got lost is no reason to refuse the next. */
	say(&a);
	assert_int_equal(hear(&b, say(&a)), HEARTBEAT_ACCEPTED);
}

static void a_replay_keeps_nobody_fresh(void **state)
{
	struct heartbeat_message last;

	(void)state;
	beats(5, true, true);
	last = say(&a);
	hear(&b, last);
	now += HEARTBEAT_FRESH;
	hear(&b, last);
	FRESH(&b, true);
	now++;
	hear(&b, last);
	FRESH(&b, false);
}

static void a_restart(void **state)
{
	unsigned turns;

	(void)state;
	beats(50, true, true);
	heartbeat_accept_init(&b, 0xbb);
	FRESH(&b, false);
	for (turns = 0;
	     !heartbeat_accept_two_way(&a, now) ||
	     !heartbeat_accept_two_way(&b, now) || a.theirs.boot != 0xbb;
	     turns++) {
		assert_true(turns < 3); /* 300 ms */
		beats(1, true, true);
	}
	assert_int_equal(a.boots, 2);
	assert_int_equal(b.boots, 1);
	assert_int_equal(a.theirs.boot, 0xbb);
}

static void both_restart(void **state)
{
	(void)state;
	beats(50, true, true);
	heartbeat_accept_init(&a, 0xaa);
	heartbeat_accept_init(&b, 0xbb);
	beats(3, true, true);
	TWO_WAY(&a, true);
	TWO_WAY(&b, true);
}

/* Every message of an earlier boot, at any time after the restart. */
static void an_earlier_boot(void **state)
{
	static struct heartbeat_message tape[400];
	struct heartbeat_message missed;

	(void)state;
	beats(2, true, true);
	for (unsigned i = 0; i < 400; i++) {
		now += HEARTBEAT_INTERVAL;
		hear(&b, say(&a));
		tape[i] = say(&b);
		hear(&a, tape[i]);
	}
	/* The last words, which only the recorder has heard. */
	hear(&b, say(&a));
	missed = say(&b);
	heartbeat_accept_init(&b, 0xbb);
	beats(3, true, true);
	assert_int_equal(a.theirs.boot, 0xbb);
	for (unsigned n = 0; n < 30; n++) {
		for (unsigned i = 0; i < 400; i++)
			assert_int_equal(hear(&a, tape[i]), HEARTBEAT_STALE);
		assert_int_equal(hear(&a, missed), HEARTBEAT_STALE);
		assert_int_equal(a.theirs.boot, 0xbb);
		beats(1, true, true);
		TWO_WAY(&a, true);
		TWO_WAY(&b, true);
	}
	/* Nor to one who restarts himself, and knows nobody. */
	heartbeat_accept_init(&a, 0xaa);
	for (unsigned i = 0; i < 400; i++) {
		say(&a);
		assert_int_equal(hear(&a, tape[i]), HEARTBEAT_STALE);
	}
	FRESH(&a, false);
}

/* An echo that is old, of another boot of mine, or of the future. */
static void no_proof(void **state)
{
	struct heartbeat_message message = { .from = { 0xc, 1 } };

	(void)state;
	beats(20, true, true);
	message.echo = (struct heartbeat_stamp){ 0xa, a.mine.counter };
	now += HEARTBEAT_PROOF + 1;
	assert_int_equal(hear(&a, message), HEARTBEAT_STALE);
	say(&a);
	message.echo.counter = a.mine.counter + 1;
	assert_int_equal(hear(&a, message), HEARTBEAT_STALE);
	message.echo = (struct heartbeat_stamp){ 0xaa, a.mine.counter };
	assert_int_equal(hear(&a, message), HEARTBEAT_STALE);
	message.echo = (struct heartbeat_stamp){ 0, 0 };
	assert_int_equal(hear(&a, message), HEARTBEAT_STALE);
	message.echo = (struct heartbeat_stamp){ 0xa, a.echoed };
	assert_int_equal(hear(&a, message), HEARTBEAT_STALE);
	message.echo.counter = a.mine.counter;
	assert_int_equal(hear(&a, message), HEARTBEAT_ACCEPTED_BOOT);
}

/* What is not in the ring any more is old, whatever stands there now. */
static void many_messages(void **state)
{
	struct heartbeat_message message = { .from = { 0xc, 1 } };
	uint64_t first;

	(void)state;
	beats(20, true, true);
	say(&a);
	first = a.mine.counter;
	for (unsigned i = 1; i < HEARTBEAT_SENT; i++)
		say(&a);
	message.echo = (struct heartbeat_stamp){ 0xa, first };
	say(&a);
	assert_int_equal(hear(&a, message), HEARTBEAT_STALE);
	message.echo.counter++;
	assert_int_equal(hear(&a, message), HEARTBEAT_ACCEPTED_BOOT);
}

static void one_way(void **state)
{
	(void)state;
	beats(20, true, true);
	beats(4, true, false); /* what a says is lost */
	TWO_WAY(&a, true);
	beats(3, true, false);
	FRESH(&a, true);
	TWO_WAY(&a, false); /* a hears, and is not heard */
	FRESH(&b, false);
	TWO_WAY(&b, false);
	beats(1000, true, false);
	FRESH(&a, true);
	TWO_WAY(&a, false);
	beats(2, true, true);
	TWO_WAY(&a, true);
	TWO_WAY(&b, true);
	assert_int_equal(a.boots, 1);
	assert_int_equal(b.boots, 1);
}

/* Held back by somebody and let go later: it counts, but it is not two-way. */
static void held_back(void **state)
{
	struct heartbeat_message held;

	(void)state;
	beats(20, true, true);
	held = say(&b);
	beats(20, false, true);
	FRESH(&a, false);
	assert_int_equal(hear(&a, held), HEARTBEAT_ACCEPTED);
	TWO_WAY(&a, false);
}

static void three_missed(void **state)
{
	(void)state;
	beats(20, true, true);
	beats(4, false, false);
	FRESH(&a, true);
	FRESH(&b, true);
	beats(2, false, false);
	FRESH(&a, false);
	FRESH(&b, false);
}

/* An echo from the future counts for nothing, whoever has the key. */
static void a_lying_echo(void **state)
{
	struct heartbeat_message message;

	(void)state;
	beats(20, true, true);
	message = say(&b);
	message.echo.counter = UINT64_MAX;
	assert_int_equal(hear(&a, message), HEARTBEAT_ACCEPTED);
	now += HEARTBEAT_FRESH;
	message = say(&b);
	message.echo.counter = a.mine.counter + 1;
	assert_int_equal(hear(&a, message), HEARTBEAT_ACCEPTED);
	TWO_WAY(&a, false);
	beats(2, true, true);
	TWO_WAY(&a, true);
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(they_meet),
		TEST(a_replay),
		TEST(a_replay_keeps_nobody_fresh),
		TEST(a_restart),
		TEST(both_restart),
		TEST(an_earlier_boot),
		TEST(no_proof),
		TEST(many_messages),
		TEST(one_way),
		TEST(held_back),
		TEST(three_missed),
		TEST(a_lying_echo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_heartbeat_message.c - the heartbeat's bytes: there and back, and what
 * somebody makes of them on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "heartbeat_message.h"

#define MUTATIONS 200000
#define TAG crypto_auth_BYTES

static struct heartbeat_seal seal = {
	.key = "a key of 32 bytes, as it happens",
	.from = { .byte = { [10] = 0xff, [11] = 0xff, 192, 168, 0, 3 } },
	.to = { .byte = { [10] = 0xff, [11] = 0xff, 192, 168, 0, 4 } },
};

static uint32_t seed;

static uint32_t random_next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

static int set_up(void **state)
{
	(void)state;
	seed = 20100517;
	return sodium_init() < 0;
}

/* Every field has a value that no other has. */
static struct heartbeat_message full(void)
{
	struct heartbeat_message message = {
		.from = { 0x0123456789abcdef, 42 },
		.echo = { 0xfedcba9876543210, 41 },
		.ask = true,
		.report = {
			.ready = true,
			.selector = HEARTBEAT_PARTNER,
			.best_level = 3,
			.sessions = 100001,
			.bindings = 50002,
			.lost = 7,
			.quiet = true,
			.proved = true,
			.intent = {
				.serial = 1ULL << 40,
				.kind = INTENT_SITE_UPLINK,
				.uplink = "fifteen-letters",
				.remaining = 1800,
				.drain = 60,
				.force = true,
			},
			.version = "0.1.0",
			.uplinks_count = MODEL_UPLINKS,
		},
	};

	for (unsigned i = 0; i < MODEL_UPLINKS; i++) {
		struct heartbeat_uplink *uplink = &message.report.uplinks[i];

		snprintf(uplink->name, MODEL_NAME, "isp-%u", i);
		uplink->level = (uint8_t)(i + 1);
		uplink->now = (uint8_t)(16 - i);
		uplink->share = (uint8_t)(6 * i + 1);
		uplink->state = (enum tp_exit_state)(i % 4);
		uplink->track = (enum track_state)(i % 3);
		uplink->draining = i % 2;
	}
	for (unsigned i = 0; i < sizeof(message.report.hosts); i++)
		message.report.hosts[i] = (uint8_t)(i * 7);
	return message;
}

static struct heartbeat_message small(void)
{
	return (struct heartbeat_message){ .from = { 1, 1 } };
}

static void assert_same(const struct heartbeat_message *a,
			const struct heartbeat_message *b)
{
	assert_int_equal(a->from.boot, b->from.boot);
	assert_int_equal(a->from.counter, b->from.counter);
	assert_int_equal(a->echo.boot, b->echo.boot);
	assert_int_equal(a->echo.counter, b->echo.counter);
	assert_int_equal(a->ask, b->ask);
	assert_int_equal(a->report.sessions, b->report.sessions);
	assert_int_equal(a->report.bindings, b->report.bindings);
	assert_int_equal(a->report.intent.remaining,
			 b->report.intent.remaining);
	assert_false(heartbeat_report_differs(&a->report, &b->report));
}

static enum heartbeat_decoded decode(const uint8_t *bytes, size_t length)
{
	struct heartbeat_message untouched, out;
	enum heartbeat_decoded what;
	uint8_t *copy = malloc(length ? length : 1); /* ASan knows its end */

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	memset(&untouched, 0xee, sizeof(untouched));
	memset(&out, 0xee, sizeof(out));
	what = heartbeat_decode(&seal, copy, length, &out);
	if (what != HEARTBEAT_GOOD)
		assert_memory_equal(&out, &untouched, sizeof(out));
	free(copy);
	return what;
}

/* Sealed anew, as only one with the key can. */
static void reseal(uint8_t *bytes, size_t length)
{
	uint8_t input[2 * 16 + HEARTBEAT_MAX];

	memcpy(input, &seal.from, 16);
	memcpy(input + 16, &seal.to, 16);
	memcpy(input + 32, bytes, length - TAG);
	crypto_auth(bytes + length - TAG, input, 32 + length - TAG, seal.key);
}

/* ---- there and back ---------------------------------------------------- */

static void there_and_back(void **state)
{
	const struct heartbeat_message messages[] = { full(), small() };
	uint8_t bytes[HEARTBEAT_MAX];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t length = heartbeat_encode(&seal, &messages[i], bytes);
		struct heartbeat_message out;

		assert_true(length <= HEARTBEAT_MAX);
		assert_int_equal(heartbeat_decode(&seal, bytes, length, &out),
				 HEARTBEAT_GOOD);
		assert_same(&out, &messages[i]);
	}
}

/* The layout on the wire, by hand: another release must find it there. */
static void the_bytes(void **state)
{
	static const uint8_t
		head[] = {
			't', 'w', 'p', 'h', 0,	 3,   0,   170, 0, 0, 0, 0,
			0,   0,	  0,   1,   0,	 0,   0,   0,	0, 0, 0, 1,
			0,   0,	  0,   0,   0,	 0,   0,   0,	0, 0, 0, 0,
			0,   0,	  0,   0,   0,	 0,   0, /* flags, selector, level */
			0,   0,	  0,   5,   255, 255, 255, 255, 0, 0, 0, 0,
		};
	struct heartbeat_message message = small();
	uint8_t bytes[HEARTBEAT_MAX];
	uint8_t input[2 * 16 + HEARTBEAT_MAX];
	size_t length;

	(void)state;
	message.report.sessions = 5;
	message.report.bindings = 1ULL << 32; /* told as the most there is */
	length = heartbeat_encode(&seal, &message, bytes);
	assert_int_equal(length, 170);
	assert_memory_equal(bytes, head, sizeof(head));
	memcpy(input, &seal.from, 16);
	memcpy(input + 16, &seal.to, 16);
	memcpy(input + 32, bytes, 170 - TAG);
	assert_int_equal(crypto_auth_verify(bytes + 170 - TAG, input,
					    32 + 170 - TAG, seal.key),
			 0);
}

/* ---- what is refused --------------------------------------------------- */

static void every_bit_counts(void **state)
{
	const struct heartbeat_message messages[] = { full(), small() };
	uint8_t bytes[HEARTBEAT_MAX];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t length = heartbeat_encode(&seal, &messages[i], bytes);

		for (size_t bit = 0; bit < 8 * length; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
			/* Magic and length are looked at before the seal. */
			assert_int_equal(decode(bytes, length),
					 bit / 8 < 4 || bit / 8 == 6 ||
							 bit / 8 == 7 ?
						 HEARTBEAT_MALFORMED :
						 HEARTBEAT_FORGED);
			bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		assert_int_equal(decode(bytes, length), HEARTBEAT_GOOD);
	}
}

static void every_length_counts(void **state)
{
	struct heartbeat_message message = full();
	uint8_t bytes[2 * HEARTBEAT_MAX] = { 0 };
	size_t whole = heartbeat_encode(&seal, &message, bytes);

	(void)state;
	for (size_t length = 0; length < sizeof(bytes); length++)
		assert_int_equal(decode(bytes, length),
				 length == whole ? HEARTBEAT_GOOD :
						   HEARTBEAT_MALFORMED);
	/* And with the length put right, the seal is in another place. */
	for (size_t length = TAG + 8; length < HEARTBEAT_MAX; length++) {
		if (length == whole)
			continue;
		bytes[6] = (uint8_t)(length >> 8);
		bytes[7] = (uint8_t)length;
		assert_int_equal(decode(bytes, length), HEARTBEAT_FORGED);
		reseal(bytes, length);
		assert_int_equal(decode(bytes, length), HEARTBEAT_MALFORMED);
		heartbeat_encode(&seal, &message, bytes);
	}
}

static void only_for_me(void **state)
{
	struct heartbeat_message message = full();
	struct heartbeat_seal others[4] = { seal, seal, seal, seal };
	uint8_t bytes[HEARTBEAT_MAX];

	(void)state;
	others[0].key[31] ^= 1;
	others[1].from.byte[15] ^= 1;
	others[2].to.byte[15] ^= 1;
	others[3].from = seal.to; /* thrown back at its sender */
	others[3].to = seal.from;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
			decode(bytes,
			       heartbeat_encode(&others[i], &message, bytes)),
			HEARTBEAT_FORGED);
}

static void another_release(void **state)
{
	struct heartbeat_message message = full();
	uint8_t bytes[HEARTBEAT_MAX];
	size_t length = heartbeat_encode(&seal, &message, bytes);

	(void)state;
	bytes[5] = HEARTBEAT_FORMAT + 1;
	assert_int_equal(decode(bytes, length), HEARTBEAT_FORGED);
	reseal(bytes, length);
	assert_int_equal(decode(bytes, length), HEARTBEAT_OTHER_FORMAT);
	/* Whatever it says: of its body nothing is known. */
	memset(bytes + 8, 0xff, length - TAG - 8);
	reseal(bytes, length);
	assert_int_equal(decode(bytes, length), HEARTBEAT_OTHER_FORMAT);
}

/* Sealed well, and nonsense: a bug there must not be one here. */
static void sealed_nonsense(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} edits[] = {
		{ 40, 16 },  /* a flag that is none */
		{ 41, 3 },   /* selector */
		{ 42, 17 },  /* level */
		{ 63, 2 },   /* intent: kind */
		{ 63, 0 },   /* auto, with a name */
		{ 64, 0 },   /* no name, or something behind its end */
		{ 64, 'A' }, /* a name that no uplink has */
		{ 64, ' ' },  { 79, 'x' }, /* no end of it */
		{ 88, 2 },		   /* force */
		{ 89, 7 },		   /* version: goes into the log */
		{ 89, 0 },    { 89, 0x9b }, { 137, 17 }, /* uplinks */
		{ 137, 15 },  { 138, 0 }, /* of the first: name */
		{ 154, 17 },		  /* level */
		{ 155, 17 },		  /* level now */
		{ 156, 101 },		  /* share */
		{ 157, 4 },		  /* state */
		{ 158, 3 },		  /* track */
		{ 159, 2 },		  /* draining */
	};
	struct heartbeat_message message = full();
	uint8_t bytes[HEARTBEAT_MAX];
	size_t length;

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		length = heartbeat_encode(&seal, &message, bytes);
		assert_int_not_equal(bytes[edits[i].at], edits[i].value);
		bytes[edits[i].at] = edits[i].value;
		reseal(bytes, length);
		if (decode(bytes, length) != HEARTBEAT_MALFORMED)
			fail_msg("byte %zu = %u was taken", edits[i].at,
				 edits[i].value);
	}
	/* An uplink without a name. */
	length = heartbeat_encode(&seal, &message, bytes);
	memset(bytes + 64, 0, MODEL_NAME);
	reseal(bytes, length);
	assert_int_equal(decode(bytes, length), HEARTBEAT_MALFORMED);
	/* Nobody sends nothing, and nothing is sent by nobody. */
	length = heartbeat_encode(&seal, &message, bytes);
	memset(bytes + 8, 0, 8);
	reseal(bytes, length);
	assert_int_equal(decode(bytes, length), HEARTBEAT_MALFORMED);
	memset(bytes + 8, 0, 16);
	reseal(bytes, length);
	assert_int_equal(decode(bytes, length), HEARTBEAT_MALFORMED);
}

/* ---- at random --------------------------------------------------------- */

static size_t mutate(uint8_t *bytes, size_t length)
{
	for (unsigned n = 1 + random_next() % 4; n; n--) {
		size_t at = random_next() % length;

		switch (random_next() % 4) {
		case 0:
			bytes[at] ^= (uint8_t)(1U << random_next() % 8);
			break;
		case 1:
			bytes[at] = (uint8_t)random_next();
			break;
		case 2:
			bytes[at] = random_next() % 2 ? 0 : 0xff;
			break;
		case 3:
			length = 8 + TAG +
				 random_next() % (HEARTBEAT_MAX - 8 - TAG);
			bytes[6] = (uint8_t)(length >> 8);
			bytes[7] = (uint8_t)length;
		}
	}
	return length;
}

/*
 * Without the key nothing but the original passes.  With it, whatever is taken
 * is encoded to the same bytes again: no value has two encodings, and nothing
 * is out of bounds.
 */
static void mutations(void **state)
{
	const struct heartbeat_message messages[] = { full(), small() };
	unsigned good = 0, malformed = 0;

	(void)state;
	for (unsigned n = 0; n < MUTATIONS; n++) {
		const struct heartbeat_message *message = &messages[n % 2];
		uint8_t bytes[HEARTBEAT_MAX] = { 0 }, again[HEARTBEAT_MAX];
		uint8_t original[HEARTBEAT_MAX] = { 0 };
		struct heartbeat_message out;
		size_t whole = heartbeat_encode(&seal, message, original);
		size_t length;

		memcpy(bytes, original, sizeof(bytes));
		length = mutate(bytes, whole);
		if (length != whole || memcmp(bytes, original, length))
			assert_int_not_equal(decode(bytes, length),
					     HEARTBEAT_GOOD);
		reseal(bytes, length);
		if (heartbeat_decode(&seal, bytes, length, &out) !=
		    HEARTBEAT_GOOD) {
			malformed++;
			continue;
		}
		good++;
		assert_int_equal(heartbeat_encode(&seal, &out, again), length);
		assert_memory_equal(bytes, again, length);
	}
	/* Both must have been met often. */
	assert_true(good > MUTATIONS / 20);
	assert_true(malformed > MUTATIONS / 20);
}

/* ---- the report -------------------------------------------------------- */

static void what_is_a_change(void **state)
{
	const struct heartbeat_report report = full().report;
	struct heartbeat_report other, asked;

	(void)state;
#define CHANGE(edit)                                                    \
	do {                                                            \
		other = report;                                         \
		edit;                                                   \
		assert_true(heartbeat_report_differs(&report, &other)); \
		assert_true(heartbeat_report_differs(&other, &report)); \
	} while (0)
	CHANGE(other.ready = false);
	CHANGE(other.quiet = false);
	CHANGE(other.selector = HEARTBEAT_SELF);
	CHANGE(other.best_level = 4);
	CHANGE(other.proved = false);
	CHANGE(other.sessions = 0);
	CHANGE(other.bindings = 0);
	CHANGE(other.lost++);
	CHANGE(other.intent.serial++);
	CHANGE(other.intent.kind = INTENT_SITE_AUTO);
	CHANGE(other.intent.uplink[0] = 'x');
	CHANGE(other.intent.remaining = 0);
	CHANGE(other.intent.drain++);
	CHANGE(other.intent.force = false);
	CHANGE(other.version[0] = '1');
	CHANGE(other.hosts[31] ^= 1);
	CHANGE(other.uplinks_count--);
	CHANGE(other.uplinks[15].name[0] = 'x');
	CHANGE(other.uplinks[15].level++);
	CHANGE(other.uplinks[15].now = 0);
	CHANGE(other.uplinks[15].share = 0);
	CHANGE(other.uplinks[15].state = TP_EXIT_DEAD);
	CHANGE(other.uplinks[15].track = TRACK_UP);
	CHANGE(other.uplinks[15].draining = false);
#undef CHANGE
	/* Nobody acts on the hosts of one that has to be asked. */
	other = report;
	other.quiet = false;
	asked = other;
	asked.hosts[31] ^= 1;
	assert_false(heartbeat_report_differs(&other, &asked));
	other = report;
	other.sessions++;
	other.bindings--;
	other.intent.remaining--;
	assert_false(heartbeat_report_differs(&report, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(the_bytes),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(every_length_counts),
		cmocka_unit_test(only_for_me),
		cmocka_unit_test(another_release),
		cmocka_unit_test(sealed_nonsense),
		cmocka_unit_test(mutations),
		cmocka_unit_test(what_is_a_change),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_events.c - what log_change says is kept, in order and bounded, and told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "events.h"
#include "log.h"

static struct events *events;

static int setup(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	return events_open(&events);
}

static int teardown(void **state)
{
	(void)state;
	events_close(events);
	return 0;
}

static void test_order(void **state)
{
	const struct events_entry *entry;

	(void)state;
	assert_null(events_nth(events, 0));
	log_change(7, "selector", "isp-a", "isp-b", "isp-a is dead");
	log_change(0, "eth1", "attached", "gone", NULL);
	entry = events_nth(events, 0);
	assert_int_equal(entry->serial, 1);
	assert_int_equal(entry->event, 7);
	assert_string_equal(entry->what, "selector");
	assert_string_equal(entry->from, "isp-a");
	assert_string_equal(entry->to, "isp-b");
	assert_string_equal(entry->because, "isp-a is dead");
	entry = events_nth(events, 1);
	assert_int_equal(entry->serial, 2);
	assert_string_equal(entry->because, "");
	assert_null(events_nth(events, 2));
}

static void test_bounded(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < EVENTS_ROOM + 3; i++)
		log_change(i, text, text, text, text);
	assert_int_equal(events_nth(events, 0)->serial, 4);
	assert_int_equal(events_nth(events, EVENTS_ROOM - 1)->serial,
			 EVENTS_ROOM + 3);
	assert_null(events_nth(events, EVENTS_ROOM));
	assert_int_equal(strlen(events_nth(events, 0)->because),
			 MODEL_REASON - 1);
}

struct ear {
	struct events_listener listener;
	unsigned heard;
	bool leaves;
};

static void heard(struct events_listener *self,
		  const struct events_entry *entry)
{
	struct ear *ear = (struct ear *)self;

	assert_string_equal(entry->what, "x");
	ear->heard++;
	if (ear->leaves)
		events_deafen(self);
}

static void test_listeners(void **state)
{
	struct ear one = { .listener.heard = heard },
		   two = { .listener.heard = heard, .leaves = true },
		   three = { .listener.heard = heard };

	(void)state;
	events_listen(events, &one.listener);
	events_listen(events, &two.listener);
	events_listen(events, &three.listener);
	log_change(1, "x", "a", "b", "c");
	log_change(2, "x", "b", "a", "c");
	assert_int_equal(one.heard, 2);
	assert_int_equal(two.heard, 1);
	assert_int_equal(three.heard, 2);
	events_deafen(&one.listener);
	events_deafen(&three.listener);
	log_change(3, "x", "a", "b", "c");
	assert_int_equal(one.heard, 2);
}

static void test_json(void **state)
{
	struct json_object *json, *value;

	(void)state;
	log_change(0, "track a/b", "up", "down", "it said \"no\"");
	json = events_json(events_nth(events, 0));
	assert_true(json_object_object_get_ex(json, "event", &value));
	assert_null(value);
	assert_true(json_object_object_get_ex(json, "because", &value));
	assert_string_equal(json_object_get_string(value), "it said \"no\"");
	assert_true(json_object_object_get_ex(json, "time", &value));
	/* 2026-03-01T12:00:00.123+0100 */
	assert_int_equal(json_object_get_string_len(value), 28);
	json_object_put(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listeners, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_json, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_control_events.c - "events" on the control socket: what has happened, and
 * what happens to those who follow it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/client.h"
#include "control/fixture.h"
#include "log.h"

static struct json_object *events_of(int fd, size_t count)
{
	struct json_object *answer = client_answer(fd), *list;

	assert_true(client_granted(answer));
	assert_true(json_object_object_get_ex(answer, "events", &list));
	assert_int_equal(json_object_array_length(list), count);
	return answer;
}

static void test_events(void **state)
{
	struct json_object *answer, *list;
	int fd = client_dial();

	(void)state;
	client_say(fd, "{\"command\":\"events\"}\n");
	json_object_put(events_of(fd, 0));
	log_change(3, "selector", "isp-a", "partner", "isp-a is dead");
	client_say(fd, "{\"command\":\"events\"}\n");
	answer = events_of(fd, 1);
	json_object_object_get_ex(answer, "events", &list);
	assert_string_equal(client_text(json_object_array_get_idx(list, 0),
					"to"),
			    "partner");
	json_object_put(answer);
	client_say(fd, "{\"command\":\"events\",\"follow\":1}\n");
	client_expect_refused_at(fd, "neither true nor false");
	close(fd);
}

#define FOLLOW "{\"command\":\"events\",\"follow\":true}\n"

static void test_events_are_followed(void **state)
{
	struct json_object *event;
	int fd = client_dial(), gone = client_dial();

	(void)state;
	log_change(1, "selector", "none", "isp-a", "the start");
	client_say(fd, FOLLOW);
	json_object_put(events_of(fd, 1));
	client_say(gone, FOLLOW);
	json_object_put(events_of(gone, 1));
	/* It is not asked for anything any more, and is no client. */
	client_say(fd, "{\"command\":\"status\"}\n");
	client_turn();
	close(gone);
	for (unsigned i = 2; i < 5; i++) {
		log_change(i, "selector", "isp-a", "partner", "it is dead");
		event = client_answer(fd);
		assert_string_equal(client_text(event, "what"), "selector");
		assert_int_equal(atoi(client_text(event, "serial")), i);
		json_object_put(event);
	}
	close(fd);
}

/* The daemon does not wait for who does not read, nor keeps all for him. */
static void test_events_are_not_hoarded(void **state)
{
	char because[200], line[1024];
	int fd = client_dial();
	size_t lines = 0;

	(void)state;
	memset(because, 'b', sizeof(because) - 1);
	because[sizeof(because) - 1] = '\0';
	client_say(fd, FOLLOW);
	json_object_put(events_of(fd, 0));
	for (unsigned i = 0; i < 10000; i++) {
		log_change(i, "track", "up", "down", because);
		if (i % 100 == 0)
			client_turn();
	}
	while (client_hear(fd, line, sizeof(line)))
		lines++;
	assert_in_range(lines, 100, 9999);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_events),
		FIXTURE_TEST(test_events_are_followed),
		FIXTURE_TEST(test_events_are_not_hoarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

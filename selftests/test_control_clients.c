// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_control_clients.c - clients of the control socket that say nonsense, say
 * too much, say nothing, do not listen or are too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/client.h"
#include "control/fixture.h"

static void test_bad_lines(void **state)
{
	(void)state;
	client_expect_refused("hello\n", "not a line of JSON");
	client_expect_refused("\n", "not a line of JSON");
	client_expect_refused("[1,2]\n", "no object");
	client_expect_refused("null\n", "no object");
	client_expect_refused("{\"command\":\"status\"\n", "unexpected end");
	client_expect_refused("{\"command\":\"status\"} x\n",
			      "not a line of JSON");
	client_expect_refused("{}\n", "no \"command\"");
	client_expect_refused("{\"command\":[]}\n", "no \"command\"");
	client_expect_refused("{\"command\":\"reboot\"}\n", "unknown command");
	client_expect_granted("{\"command\":\"status\"}\n");
}

static void test_a_nul_hides_nothing(void **state)
{
	static const char request[] = "{\"command\":\"status\"}\0junk\n";
	int fd = client_dial();

	(void)state;
	assert_int_equal(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL),
			 sizeof(request) - 1);
	client_expect_refused_at(fd, "NUL");
	close(fd);
}

static void test_an_error_does_not_end_the_connection(void **state)
{
	int fd = client_dial();
	struct json_object *answer;

	(void)state;
	client_say(fd, "x\n{\"command\":\"status\"}\n");
	client_expect_refused_at(fd, "JSON");
	answer = client_answer(fd);
	assert_true(client_granted(answer));
	json_object_put(answer);
	close(fd);
}

static void test_requests_before_the_end_are_answered(void **state)
{
	int fd = client_dial();
	int i;

	(void)state;
	client_say(fd, "{}\n{}\n{}\n{\"comm");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	for (i = 0; i < 3; i++)
		client_expect_refused_at(fd, "no \"command\"");
	client_expect_refused_at(fd, "does not end with a newline");
	client_expect_end(fd);
}

static void test_too_long_a_line(void **state)
{
	static char junk[32768];
	int fd = client_dial();
	size_t sent = 0;
	ssize_t n;

	(void)state;
	memset(junk, 'x', sizeof(junk));
	while (sent < 3 * sizeof(junk)) {
		n = send(fd, junk, sizeof(junk), MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			break; /* told and closed already */
		sent += n > 0 ? (size_t)n : 0;
		client_turn();
	}
	client_expect_refused_at(fd, "longer than 64 KiB");
	client_expect_end(fd);
	client_expect_granted("{\"command\":\"status\"}\n");
}

static void test_a_silent_client_is_told(void **state)
{
	int silent = client_dial();

	(void)state;
	client_say(silent, "{\"command\":");
	client_expect_granted("{\"command\":\"status\"}\n"); /* blocks nobody */
	client_expect_refused_at(silent, "no request within 5 s");
	client_expect_end(silent);
}

/* One that asks and asks without reading costs one answer of memory. */
static void test_a_deaf_client_is_not_served_ahead(void **state)
{
	static const char request[] =
		"{\"command\":\"flip\",\"to\":\"auto\"}\n";
	int fd = client_dial();
	unsigned asks = 0, turns;

	(void)state;
	for (turns = 0; turns < 200; turns++) {
		while (send(fd, request, strlen(request), MSG_NOSIGNAL) > 0)
			asks++;
		client_turn();
	}
	assert_true(asks > 1000);
	assert_true(fixture.site.event < asks);
	client_expect_granted("{\"command\":\"status\"}\n");
	close(fd);
}

static void test_clients_are_bounded(void **state)
{
	int fds[33];
	int i;

	(void)state;
	for (i = 0; i < 33; i++) {
		fds[i] = client_dial();
		client_turn();
	}
	client_expect_refused_at(fds[32], "too many clients");
	for (i = 0; i < 33; i++)
		close(fds[i]);
	client_turn();
	client_turn();
	client_expect_granted("{\"command\":\"status\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_bad_lines),
		FIXTURE_TEST(test_a_nul_hides_nothing),
		FIXTURE_TEST(test_an_error_does_not_end_the_connection),
		FIXTURE_TEST(test_requests_before_the_end_are_answered),
		FIXTURE_TEST(test_too_long_a_line),
		FIXTURE_TEST(test_a_silent_client_is_told),
		FIXTURE_TEST(test_a_deaf_client_is_not_served_ahead),
		FIXTURE_TEST(test_clients_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

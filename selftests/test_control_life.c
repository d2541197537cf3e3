// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_control_life.c - "reload" and "detach" on the control socket: the
 * daemon's file is read again, and the daemon leaves.
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

#include "control.h"
#include "control/client.h"
#include "control/fixture.h"
#include "control/stub.h"

static void test_reload(void **state)
{
	(void)state;
	strcpy(fixture.site.config.file, "/etc/twinpath/test.conf");
	client_expect_granted("{\"command\":\"reload\"}\n");
	assert_int_equal(stub.reloads, 1);
	stub.wrong = 1;
	client_expect_refused(
		"{\"command\":\"reload\"}\n",
		"/etc/twinpath/test.conf:7: error: no such key; nothing "
		"was changed");
	stub.wrong = 3;
	client_expect_refused("{\"command\":\"reload\"}\n", "(and 2 more)");
}

static void test_detach_answers_all_when_done(void **state)
{
	int first = client_dial(), second = client_dial(),
	    third = client_dial();
	struct json_object *answer;
	char byte;

	(void)state;
	client_say(first, "{\"command\":\"detach\"}\n");
	client_say(second, "{\"command\":\"detach\"}\n");
	while (!stub.detaches)
		client_turn();
	client_say(third, "{\"command\":\"flip\",\"to\":\"auto\"}\n");
	client_expect_refused_at(third, "detaching");
	close(third);
	assert_int_equal(recv(first, &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	stub.detached(stub.detached_arg);
	answer = client_answer(first);
	assert_true(client_granted(answer));
	json_object_put(answer);
	answer = client_answer(second);
	assert_true(client_granted(answer));
	json_object_put(answer);
	assert_int_equal(stub.detaches, 1);
	client_expect_end(first);
	client_expect_end(second);
}

static void test_detach_answer_leaves_with_the_daemon(void **state)
{
	int fd = client_dial();
	char line[256];

	(void)state;
	client_say(fd, "{\"command\":\"detach\"}\n");
	while (!stub.detaches)
		client_turn();
	stub.detached(stub.detached_arg);
	control_close(fixture.control); /* no turn of the loop in between */
	fixture.control = NULL;
	assert_true(recv(fd, line, sizeof(line), 0) > 0);
	assert_memory_equal(line, "{\"ok\":true}\n", 12);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_reload),
		FIXTURE_TEST(test_detach_answers_all_when_done),
		FIXTURE_TEST(test_detach_answer_leaves_with_the_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

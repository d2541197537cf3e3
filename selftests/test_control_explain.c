// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_control_explain.c - "explain" and "simulate" on the control socket: what
 * would be done, asked and answered without doing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <json-c/json.h>
#include <unistd.h>

#include "control/client.h"
#include "control/fixture.h"
#include "control/stub.h"

#define EXPLAIN(more)                                           \
	"{\"command\":\"explain\",\"source\":\"192.168.0.10\"," \
	"\"destination\":\"8.8.8.8\"" more "}\n"

static void test_explain(void **state)
{
	(void)state;
	client_expect_granted(EXPLAIN(""));
	assert_int_equal(stub.explained.proto, IPPROTO_TCP);
	assert_int_equal(ntohs(stub.explained.destination_port), 443);
	assert_int_equal(stub.explained.source_port, 0);
	client_expect_granted(
		EXPLAIN(",\"protocol\":\"udp\",\"ports\":\"7:53\""));
	assert_int_equal(stub.explained.proto, IPPROTO_UDP);
	assert_int_equal(ntohs(stub.explained.destination_port), 53);
	assert_int_equal(ntohs(stub.explained.source_port), 7);
	client_expect_granted(
		EXPLAIN(",\"protocol\":\"icmp\",\"ports\":\"9\""));
	assert_int_equal(ntohs(stub.explained.source_port), 9);
	client_expect_granted(EXPLAIN(",\"protocol\":\"47\""));
	assert_int_equal(stub.explained.proto, 47);
}

static void test_explain_refuses(void **state)
{
	static const char *const bad[][2] = {
		{ EXPLAIN(",\"protocol\":\"256\""), "none of tcp" },
		{ EXPLAIN(",\"ports\":\"\""), "neither a port" },
		{ EXPLAIN(",\"ports\":\":\""), "neither a port" },
		{ EXPLAIN(",\"ports\":\"1:65536\""), "neither a port" },
		{ EXPLAIN(",\"ports\":\"-1\""), "neither a port" },
		{ "{\"command\":\"explain\"}\n", "\"source\" is missing" },
		{ "{\"command\":\"explain\",\"source\":\"::1\"}\n",
		  "'::1' is no IPv4 address" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		client_expect_refused(bad[i][0], bad[i][1]);
}

static void test_simulate(void **state)
{
	struct json_object *answer, *sessions, *value;
	int fd = client_dial();

	(void)state;
	client_say(
		fd,
		"{\"command\":\"simulate\",\"what\":\"down\",\"to\":\"isp-a\"}\n");
	answer = client_answer(fd);
	assert_true(client_granted(answer));
	CLIENT_EXPECT(answer, { "from", "isp-a" }, { "to", "none" },
		      { "reason", "nothing is up" });
	json_object_object_get_ex(answer, "sessions", &sessions);
	/* Of the census: 40 of 42 are TCP. */
	json_object_object_get_ex(sessions, "told", &value);
	assert_int_equal(json_object_get_int(value), 40);
	json_object_object_get_ex(sessions, "refused", &value);
	assert_int_equal(json_object_get_int(value), 2);
	json_object_put(answer);
	close(fd);
	client_expect_refused("{\"command\":\"simulate\",\"what\":\"up\"}\n",
			      "it is \"down\"");
	client_expect_refused("{\"command\":\"simulate\",\"what\":\"down\","
			      "\"to\":\"isp-x\"}\n",
			      "there is no uplink \"isp-x\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_explain),
		FIXTURE_TEST(test_explain_refuses),
		FIXTURE_TEST(test_simulate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

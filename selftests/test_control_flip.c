// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_control_flip.c - "flip" and "drain" on the control socket: what is made
 * of an operator's words, and what is said of those that cannot be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/client.h"
#include "control/fixture.h"
#include "control/stub.h"

static void expect_flip(const char *to, enum intent_kind kind,
			const char *uplink)
{
	char request[128];

	memset(&stub.asked, 0xff, sizeof(stub.asked));
	snprintf(request, sizeof(request),
		 "{\"command\":\"flip\",\"to\":\"%s\"}\n", to);
	client_expect_granted(request);
	assert_int_equal(stub.asked.kind, kind);
	assert_int_equal(stub.asked.since, site_now());
	assert_string_equal(stub.asked.uplink, uplink);
}

static void test_flip_by_name(void **state)
{
	(void)state;
	expect_flip("isp-a", INTENT_UPLINK, "isp-a");
	expect_flip("partner", INTENT_PARTNER, "");
	expect_flip("auto", INTENT_AUTO, "");
}

static void test_flip_aliases_where_the_primary_is_here(void **state)
{
	(void)state;
	expect_flip("primary", INTENT_UPLINK, "isp-a");
	expect_flip("backup", INTENT_PARTNER, "");
}

static void test_flip_aliases_where_the_primary_is_the_partner(void **state)
{
	(void)state;
	fixture.site.config.uplinks[0].level = 3;
	fixture_add_uplink("isp-b", 2);
	expect_flip("primary", INTENT_PARTNER, "");
	expect_flip("backup", INTENT_UPLINK, "isp-b");
}

static void test_flip_aliases_without_a_partner(void **state)
{
	(void)state;
	fixture.site.config.partner.type = TP_PARTNER_NONE;
	expect_flip("primary", INTENT_UPLINK, "isp-a");
	client_expect_refused("{\"command\":\"flip\",\"to\":\"backup\"}\n",
			      "no backup exit");
	fixture_add_uplink("lte", 5);
	fixture_add_uplink("isp-b", 2);
	expect_flip("backup", INTENT_UPLINK, "isp-b");
	fixture.site.config.uplinks[0].level = 9;
	expect_flip("primary", INTENT_UPLINK, "isp-b");
	expect_flip("backup", INTENT_UPLINK, "lte");
}

static void test_flip_answers_what_is_now(void **state)
{
	struct json_object *answer;
	int fd = client_dial();

	(void)state;
	client_say(fd, "{\"command\":\"flip\",\"to\":\"partner\"}\n");
	answer = client_answer(fd);
	assert_true(client_granted(answer));
	assert_string_equal(client_text(answer, "selector"), "partner");
	assert_string_equal(client_text(answer, "event"), "1");
	json_object_put(answer);
	close(fd);
}

static void test_flip_says_why_not(void **state)
{
	(void)state;
	stub.set_intent_result = -ENOENT;
	client_expect_refused("{\"command\":\"flip\",\"to\":\"isp-x\"}\n",
			      "flip isp-x: there is no uplink \"isp-x\"");
	stub.set_intent_result = 0;
	client_expect_refused("{\"command\":\"flip\"}\n", "\"to\" is missing");
	client_expect_refused("{\"command\":\"flip\",\"to\":7}\n",
			      "\"to\" is missing");
	client_expect_refused(
		"{\"command\":\"flip\",\"to\":\"isp-a-with-a-long-name\"}\n",
		"longer than 15");
}

static void test_flip_options(void **state)
{
	(void)state;
	expect_flip("isp-a", INTENT_UPLINK, "isp-a");
	assert_int_equal(stub.asked.until, 0);
	assert_int_equal(stub.asked.drain, 0);
	assert_false(stub.asked.force);
	client_expect_granted("{\"command\":\"flip\",\"to\":\"isp-a\","
			      "\"for_ms\":7200000,\"drain_ms\":1000,"
			      "\"force\":true}\n");
	assert_int_equal(stub.asked.until, site_now() + 7200000);
	assert_int_equal(stub.asked.drain, 1000);
	assert_true(stub.asked.force);
	client_expect_granted("{\"command\":\"flip\",\"to\":\"auto\","
			      "\"drain_ms\":5000,\"force\":false}\n");
	assert_int_equal(stub.asked.kind, INTENT_AUTO);
	assert_int_equal(stub.asked.drain, 5000);
}

static void test_flip_options_that_cannot_be(void **state)
{
	static const struct {
		const char *fields, *part;
	} bad[] = {
		{ "\"to\":\"isp-a\",\"for_ms\":999",
		  "\"for_ms\" is no number" },
		{ "\"to\":\"isp-a\",\"for_ms\":-5", "\"for_ms\" is no number" },
		{ "\"to\":\"isp-a\",\"for_ms\":\"2h\"", "\"for_ms\"" },
		{ "\"to\":\"isp-a\",\"for_ms\":null", "\"for_ms\"" },
		{ "\"to\":\"isp-a\",\"drain_ms\":1000.5", "\"drain_ms\"" },
		{ "\"to\":\"isp-a\",\"drain_ms\":99999999999999",
		  "\"drain_ms\"" },
		{ "\"to\":\"isp-a\",\"force\":1", "neither true nor false" },
		{ "\"to\":\"auto\",\"for_ms\":5000", "auto is neither" },
		{ "\"to\":\"auto\",\"force\":true", "auto is neither" },
	};
	char request[200];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(request, sizeof(request),
			 "{\"command\":\"flip\",%s}\n", bad[i].fields);
		stub.asked.since = -1;
		client_expect_refused(request, bad[i].part);
		/* Nothing was asked. */
		assert_int_equal(stub.asked.since, -1);
	}
}

static void test_drain(void **state)
{
	(void)state;
	client_expect_granted("{\"command\":\"drain\",\"to\":\"isp-a\"}\n");
	assert_int_equal(stub.asked.kind, INTENT_DRAIN);
	assert_string_equal(stub.asked.uplink, "isp-a");
	assert_int_equal(stub.asked.drain, 0);
	client_expect_granted("{\"command\":\"drain\",\"to\":\"isp-a\","
			      "\"drain_ms\":600000}\n");
	assert_int_equal(stub.asked.drain, 600000);
	client_expect_refused("{\"command\":\"drain\"}\n", "\"to\" is missing");
	client_expect_refused("{\"command\":\"drain\",\"to\":\"isp-a\","
			      "\"drain_ms\":0}\n",
			      "drain isp-a: \"drain_ms\"");
	client_expect_refused(
		"{\"command\":\"drain\",\"to\":\"isp-a-with-a-long-name\"}\n",
		"no uplink is called that");
	stub.set_intent_result = -ENOENT;
	client_expect_refused("{\"command\":\"drain\",\"to\":\"isp-x\"}\n",
			      "drain isp-x: there is no uplink \"isp-x\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_flip_by_name),
		FIXTURE_TEST(test_flip_aliases_where_the_primary_is_here),
		FIXTURE_TEST(
			test_flip_aliases_where_the_primary_is_the_partner),
		FIXTURE_TEST(test_flip_aliases_without_a_partner),
		FIXTURE_TEST(test_flip_answers_what_is_now),
		FIXTURE_TEST(test_flip_says_why_not),
		FIXTURE_TEST(test_flip_options),
		FIXTURE_TEST(test_flip_options_that_cannot_be),
		FIXTURE_TEST(test_drain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

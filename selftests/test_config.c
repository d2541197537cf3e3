// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_config.c - configuration files, whole: those in selftests/config/ and
 * examples/, and what is printed of them.
 *
 * config/NAME.conf goes with NAME.err (what is said when it is refused) or
 * with NAME.ok (the warnings, then what config_print makes of it).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glob.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "config/reader.h"
#include "config_print.h"

/* ---- the files of config/ ---- */

static void check_golden(const char *path)
{
	size_t stem = strlen(path) - strlen(".conf");
	char good[256], bad[256];
	struct config config;
	char *text, *expected;
	int result = reader_load(path, &config);

	snprintf(good, sizeof(good), "%.*s.ok", (int)stem, path);
	snprintf(bad, sizeof(bad), "%.*s.err", (int)stem, path);
	assert_int_not_equal(access(good, F_OK), access(bad, F_OK));
	text = reader_printed(result == 0 ? &config : NULL, true);
	if (access(result == 0 ? good : bad, F_OK) < 0)
		fail_msg("%s: %s", path, text);
	expected = reader_slurp(result == 0 ? good : bad, NULL);
	assert_string_equal(text, expected);
	free(text);
	free(expected);
	if (result == 0)
		reader_assert_reads_back(&config);
}

static void test_golden(void **state)
{
	glob_t found;
	size_t i;

	(void)state;
	assert_int_equal(glob("*.conf", 0, NULL, &found), 0);
	assert_true(found.gl_pathc > 50);
	for (i = 0; i < found.gl_pathc; i++)
		check_golden(found.gl_pathv[i]);
	globfree(&found);
}

/* ---- examples/ ---- */

static void test_examples(void **state)
{
	struct config config;
	size_t i;

	(void)state;
	for (i = 0; i < READER_EXAMPLES; i++) {
		if (reader_load(reader_examples[i], &config) < 0)
			fail_msg("%s: %s", reader_examples[i],
				 reader_messages.list[0].text);
		reader_assert_reads_back(&config);
	}
}

/* Each gateway must look for what the other one announces. */
static void test_examples_agree(void **state)
{
	struct config a, b;

	(void)state;
	assert_int_equal(reader_load(reader_examples[0], &a), 0);
	assert_int_equal(reader_load(reader_examples[1], &b), 0);
	assert_true(a.marker.length == 128 && b.marker.length == 128);
	assert_true(prefix_equal(&a.marker, &b.partner.marker));
	assert_true(prefix_equal(&b.marker, &a.partner.marker));
	assert_true(a.uplinks[0].level < b.uplinks[0].level);
}

static void assert_address(const struct tp_addr *address, const char *text)
{
	char buffer[ADDRESS_TEXT];

	assert_string_equal(address_print(address, buffer), text);
}

/* Field by field, against the figures that a reader finds in the file. */
static void test_article(void **state)
{
	const struct track_config *core;
	struct config config;

	(void)state;
	assert_int_equal(reader_load("article.conf", &config), 0);
	assert_int_equal(config.lans_count, 1);
	assert_string_equal(config.lans[0], "eth0");
	assert_int_equal(config.partner.type, TP_PARTNER_TWINPATH);
	assert_address(&config.partner.address, "192.168.0.4");
	assert_int_equal(config.partner.marker.length, 0);
	assert_int_equal(config.marker.length, 0);
	assert_int_equal(config.uplinks_count, 1);
	assert_string_equal(config.uplinks[0].name, "isp-a");
	assert_string_equal(config.uplinks[0].interface, "eth1");
	assert_address(&config.uplinks[0].next_hop, "172.16.1.2");
	assert_true(address_is_zero(&config.uplinks[0].address));
	assert_int_equal(config.uplinks[0].level, 1);
	assert_int_equal(config.uplinks[0].delay_down, 5000);
	assert_int_equal(config.uplinks[0].delay_up, 20000);
	assert_int_equal(config.uplinks[0].line, 4);
	assert_int_equal(config.uplinks[0].tracks_count, 2);
	assert_int_equal(config.uplinks[0].track, 1);
	core = &config.uplinks[0].tracks[1];
	assert_string_equal(core->name, "core");
	assert_int_equal(core->kind, TRACK_ICMP);
	assert_address(&core->target, "172.29.0.1");
	assert_int_equal(core->interval, 1000);
	assert_int_equal(core->timeout, 200);
	assert_int_equal(core->line, 8);
}

/* The least values that the RFCs allow, and the sizes that are promised. */
static void test_defaults(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(reader_load("minimal.conf", &config), 0);
	assert_int_equal(config.mode, MODE_AUTO);
	assert_int_equal(config.sessions, 131072);
	assert_int_equal(config.max_addresses, 8);
	assert_int_equal(config.filtering, TP_FILTER_ADDRESS);
	assert_int_equal(config.port_min, 1024);
	assert_int_equal(config.port_max, 60999);
	assert_int_equal(config.local_min, 61000);
	assert_int_equal(config.local_max, 65535);
	assert_int_equal(config.udp, 300 * 1000);
	assert_int_equal(config.icmp, 60 * 1000);
	assert_int_equal(config.tcp_established, 7440 * 1000);
	assert_int_equal(config.tcp_opening, 240 * 1000);
	assert_int_equal(config.tcp_closing, 240 * 1000);
	assert_int_equal(config.tcp_incoming, 6 * 1000);
	assert_int_equal(config.dns, 0);
	assert_int_equal(config.hold, 120 * 1000);
	assert_int_equal(config.host_sessions, 65536);
	assert_int_equal(config.host_ports, 29988);
	assert_int_equal(config.host_rate, 0);
	assert_int_equal(config.host_questions, 1024);
	assert_true(config.last_resort);
	assert_string_equal(config.vrrp_file, "");
	assert_int_equal(config.uplinks[0].level, 1);
	assert_int_equal(config.uplinks[0].delay_down, 0);
	assert_int_equal(config.uplinks[0].delay_up, 20000);
	assert_int_equal(config.uplinks[0].track, 0);
	assert_string_equal(config.uplinks[0].tracks[0].name, "interface");
	assert_int_equal(config_binding_bytes(&config),
			 (8 * 12 << 20) + (256 << 10));
}

/* ---- for programs ---- */

static struct json_object *json_of(const struct config *config)
{
	struct json_object *object;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(config_print_json(out, config, &reader_messages), 0);
	fclose(out);
	assert_ptr_equal(strchr(text, '\n'), text + size - 1);
	object = json_tokener_parse(text);
	assert_non_null(object);
	free(text);
	return object;
}

static struct json_object *at(struct json_object *object, const char *pointer)
{
	struct json_object *found = NULL;

	if (json_pointer_get(object, pointer, &found) < 0)
		fail_msg("no %s", pointer);
	return found;
}

static void test_json(void **state)
{
	struct json_object *object;
	struct config config;

	(void)state;
	assert_int_equal(reader_load("full.conf", &config), 0);
	object = json_of(&config);
	assert_true(json_object_get_boolean(at(object, "/ok")));
	assert_string_equal(json_object_get_string(at(object, "/file")),
			    "full.conf");
	assert_int_equal(json_object_get_int(at(object, "/messages/0/line")),
			 30);
	assert_string_equal(
		json_object_get_string(at(object, "/config/partner/kind")),
		"router");
	assert_string_equal(
		json_object_get_string(at(object, "/config/uplinks/0/track")),
		"core");
	/* 4 misses, 2 s apart, 1.5 s for the last one, 90 s of delay down */
	assert_int_equal(json_object_get_int(at(object, "/config/uplinks/0/"
							"tracks/2/"
							"detection_ms")),
			 99500);
	assert_int_equal(json_object_get_int(at(object, "/config/timers/"
							"icmp_ms")),
			 90000);
	json_object_put(object);
}

static void test_json_of_errors(void **state)
{
	struct json_object *object;
	struct config config;

	(void)state;
	assert_int_equal(reader_load("repeated-key.conf", &config), -EINVAL);
	object = json_of(NULL);
	assert_false(json_object_get_boolean(at(object, "/ok")));
	assert_int_equal(json_object_get_int(at(object, "/messages/0/line")),
			 10);
	assert_string_equal(
		json_object_get_string(at(object, "/messages/0/severity")),
		"error");
	assert_false(json_object_object_get_ex(object, "config", NULL));
	json_object_put(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_examples_agree),
		cmocka_unit_test(test_article),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_of_errors),
	};

	return cmocka_run_group_tests_name("config", tests, reader_enter, NULL);
}

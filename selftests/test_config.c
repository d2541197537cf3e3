// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_config.c - configuration files, whole: those in selftests/config/ and
 * examples/, files that are none, and thousands of damaged ones.
 *
 * config/NAME.conf goes with NAME.err (what is said when it is refused) or
 * with NAME.ok (the warnings, then what config_print makes of it).
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>
#include <cmocka.h>

#include "address.h"
#include "config.h"
#include "config_print.h"

#define EXAMPLES "../../examples/"
#define MUTATIONS 1500 /* of each example */
#define OUT_BYTE 0xa5

static struct config_messages messages;

/* ---- helpers ---- */

static char *slurp(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 16);
	size_t length;

	if (file == NULL)
		fail_msg("%s: %s", path, strerror(errno));
	assert_non_null(text);
	length = fread(text, 1, (1 << 16) - 1, file);
	fclose(file);
	if (size != NULL)
		*size = length;
	return text;
}

/* Loads; on failure `out` must be as it was, and there must be an error. */
static int load(const char *path, struct config *out)
{
	const unsigned char *byte = (const unsigned char *)out;
	int result;
	size_t i;

	memset(out, OUT_BYTE, sizeof(*out));
	result = config_load(path, out, &messages);
	if (result == 0) {
		assert_int_equal(messages.errors, 0);
		return 0;
	}
	assert_true(messages.errors > 0);
	assert_true(messages.count > 0);
	for (i = 0; i < sizeof(*out); i++)
		assert_int_equal(byte[i], OUT_BYTE);
	return result;
}

static int load_bytes(const void *bytes, size_t size, struct config *out)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	char path[64];
	int result;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	result = load(path, out);
	close(fd);
	return result;
}

static int load_text(const char *text, struct config *out)
{
	return load_bytes(text, strlen(text), out);
}

/* What is printed, in memory that the caller frees. */
static char *printed(const struct config *config, bool with_messages)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	if (with_messages)
		config_print_messages(out, &messages);
	if (config != NULL)
		config_print(out, config);
	fclose(out);
	return text;
}

/* A prefix has a hole behind its length, with anything in it. */
static void fill_hole(struct prefix *prefix)
{
	struct prefix filled;

	memset(&filled, 0, sizeof(filled));
	filled.address = prefix->address;
	filled.length = prefix->length;
	memcpy(prefix, &filled, sizeof(filled));
}

/* Where a config was read from is no part of what it says. */
static void forget_lines(struct config *config)
{
	unsigned i, j;

	fill_hole(&config->marker);
	fill_hole(&config->partner.marker);
	for (i = 0; i < MODEL_PREFIXES; i++)
		fill_hole(&config->exclude[i]);
	memset(config->file, 0, sizeof(config->file));
	config->partner.line = 0;
	for (i = 0; i < MODEL_PUBLISHES; i++)
		config->publishes[i].line = 0;
	for (i = 0; i < MODEL_HOOKS; i++)
		config->hooks[i].line = 0;
	for (i = 0; i < MODEL_UPLINKS; i++) {
		config->uplinks[i].line = 0;
		for (j = 0; j < MODEL_TRACKS; j++) {
			config->uplinks[i].tracks[j].line = 0;
			fill_hole(&config->uplinks[i].tracks[j].route);
		}
		for (j = 0; j < MODEL_FALLBACKS; j++)
			config->uplinks[i].fallbacks[j].line = 0;
	}
}

static void assert_reads_back(const struct config *config)
{
	struct config first = *config, second;
	char *text = printed(config, false);

	if (load_text(text, &second) < 0)
		fail_msg("%s\n%s", messages.list[0].text, text);
	free(text);
	forget_lines(&first);
	forget_lines(&second);
	assert_memory_equal(&first, &second, sizeof(first));
}

static bool said(const char *part)
{
	unsigned i;

	for (i = 0; i < messages.count; i++)
		if (strstr(messages.list[i].text, part) != NULL)
			return true;
	return false;
}

static void assert_said(const char *part)
{
	if (!said(part))
		fail_msg("not said: %s; but: %s", part,
			 messages.count > 0 ? messages.list[0].text : "-");
}

/* ---- the files of config/ ---- */

static void check_golden(const char *path)
{
	size_t stem = strlen(path) - strlen(".conf");
	char good[256], bad[256];
	struct config config;
	char *text, *expected;
	int result = load(path, &config);

	snprintf(good, sizeof(good), "%.*s.ok", (int)stem, path);
	snprintf(bad, sizeof(bad), "%.*s.err", (int)stem, path);
	assert_int_not_equal(access(good, F_OK), access(bad, F_OK));
	text = printed(result == 0 ? &config : NULL, true);
	if (access(result == 0 ? good : bad, F_OK) < 0)
		fail_msg("%s: %s", path, text);
	expected = slurp(result == 0 ? good : bad, NULL);
	assert_string_equal(text, expected);
	free(text);
	free(expected);
	if (result == 0)
		assert_reads_back(&config);
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

static const char *const examples[] = {
	EXAMPLES "gw-a.conf",	     EXAMPLES "gw-b.conf",
	EXAMPLES "two-uplinks.conf", EXAMPLES "levels-gw-a.conf",
	EXAMPLES "levels-gw-b.conf",
};

static void test_examples(void **state)
{
	struct config config;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		if (load(examples[i], &config) < 0)
			fail_msg("%s: %s", examples[i], messages.list[0].text);
		assert_reads_back(&config);
	}
}

/* Each gateway must look for what the other one announces. */
static void test_examples_agree(void **state)
{
	struct config a, b;

	(void)state;
	assert_int_equal(load(examples[0], &a), 0);
	assert_int_equal(load(examples[1], &b), 0);
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
	assert_int_equal(load("article.conf", &config), 0);
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
	assert_int_equal(load("minimal.conf", &config), 0);
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

/* ---- files that are no configuration ---- */

static void test_no_file(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(load("no-such-file", &config), -ENOENT);
	assert_said("No such file");
	assert_int_equal(load(".", &config), -EISDIR);
	assert_said("directory");
	assert_int_equal(load("/dev/null", &config), -ENOTSUP);
	assert_said("not a regular file");
	assert_int_equal(load("/dev/zero", &config), -ENOTSUP);
}

/* Nobody writes to it: opening it must not wait. */
static void test_fifo(void **state)
{
	char path[] = "/tmp/twinpath-config-XXXXXX";
	struct config config;
	char fifo[64];
	int result;

	(void)state;
	assert_non_null(mkdtemp(path));
	snprintf(fifo, sizeof(fifo), "%s/fifo", path);
	result = mkfifo(fifo, 0600);
	if (result == 0)
		result = config_load(fifo, &config, &messages);
	unlink(fifo);
	rmdir(path);
	assert_int_equal(result, -ENOTSUP);
	assert_said("not a regular file");
}

static void test_long_path(void **state)
{
	char path[400] = "/";
	struct config config;
	char good[256];

	(void)state;
	while (strlen(path) < 300)
		strcat(path, "./");
	assert_non_null(realpath("minimal.conf", good));
	strcat(path, good + 1);
	assert_true(strlen(path) < sizeof(path));
	assert_int_equal(load(path, &config), -EINVAL);
	assert_said("a path of more than");
}

static void test_empty(void **state)
{
	static const char *const texts[] = { "", "\n", "  \t\n\n", "# a\n#b" };
	struct config config;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_int_equal(load_text(texts[i], &config), -EINVAL);
		assert_said("is empty");
	}
}

static void test_binary(void **state)
{
	static const char nul[] = "lan = { eth0 }\nmode = au\0to\n";
	unsigned char bytes[4096];
	struct config config;
	uint32_t random = 1;
	size_t i;

	(void)state;
	assert_int_equal(load_bytes(nul, sizeof(nul) - 1, &config), -EINVAL);
	assert_said("byte 0x00");
	assert_int_equal(messages.list[0].line, 2);
	for (i = 0; i < sizeof(bytes); i++) {
		random = random * 1664525 + 1013904223;
		bytes[i] = (unsigned char)(random >> 24);
	}
	assert_int_equal(load_bytes(bytes, sizeof(bytes), &config), -EINVAL);
	assert_true(load("/proc/self/exe", &config) < 0);
}

static void test_long_line(void **state)
{
	const size_t size = 1 << 20;
	char *text = malloc(size);
	struct config config;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', size);
	assert_int_equal(load_bytes(text, size, &config), -EFBIG);
	assert_said("larger than 256 KiB");
	text[0] = '\n';
	assert_int_equal(load_bytes(text, 200000, &config), -EINVAL);
	assert_said("a line of more than 1000 characters");
	assert_int_equal(messages.list[0].line, 2);
	memcpy(text, "lan=", 4);
	assert_int_equal(load_bytes(text, 900, &config), -EINVAL);
	assert_said("a word of 896 characters");
	text[4] = '"';
	text[899] = '"';
	assert_int_equal(load_bytes(text, 900, &config), -EINVAL);
	assert_said("a value of 894 characters");
	free(text);
}

/* More than there is room for: all are counted, the first ones kept. */
static void test_many_errors(void **state)
{
	char text[4096] = "";
	struct config config;
	char *line;
	int i;

	(void)state;
	for (i = 0; i < 50; i++)
		sprintf(text + strlen(text), "key-%d = 1\n", i);
	assert_int_equal(load_text(text, &config), -EINVAL);
	assert_int_equal(messages.errors, 50);
	assert_int_equal(messages.count, CONFIG_MESSAGES);
	assert_int_equal(messages.dropped, 50 - CONFIG_MESSAGES);
	assert_int_equal(messages.list[0].line, 1);
	line = printed(NULL, true);
	assert_non_null(strstr(line, ": and 18 more\n"));
	free(line);
}

/* With no room left, an error comes in the place of a warning. */
static void test_many_warnings(void **state)
{
	char text[8192] = "lan = eth0\nmax-addresses = 16\n";
	char *number = strstr(text, "16");
	struct config config;
	int i;

	(void)state;
	for (i = 1; i <= 12; i++)
		sprintf(text + strlen(text),
			"uplink u%d { interface = w%d next-hop = 172.16.%d.2\n"
			"level = %d icmp a { target = 172.29.0.1 }\n"
			"icmp b { target = 172.29.0.2 }\n"
			"icmp c { target = 172.29.0.3 }\n}\n",
			i, i, i, i);
	assert_int_equal(load_text(text, &config), 0);
	assert_int_equal(messages.count, CONFIG_MESSAGES);
	assert_int_equal(messages.dropped, 4 * 12 - CONFIG_MESSAGES);
	memcpy(number, "11", 2);
	assert_int_equal(load_text(text, &config), -EINVAL);
	assert_int_equal(messages.count, 1);
	assert_int_equal(messages.dropped, 0);
	assert_said("12 uplinks need as many addresses, 11 is too few");
}

static void test_many_keys(void **state)
{
	struct config config;
	char *text = calloc(1, 1 << 16);
	int i;

	(void)state;
	assert_non_null(text);
	for (i = 0; i < 1100; i++)
		sprintf(text + strlen(text), "key-%d = 1\n", i);
	assert_int_equal(load_text(text, &config), -EINVAL);
	assert_said("more than 1024 keys");
	free(text);
}

/* libconfuse would take the value from here. */
static void test_environment(void **state)
{
	static const char *const texts[] = {
		"lan = { ${TWINPATH_LAN} }\n",
		"lan = { \"${TWINPATH_LAN}\" }\n",
		"lan = { eth0 }\n${TWINPATH_LAN} = 1\n",
		"lan = { eth${TWINPATH_LAN} }\n",
	};
	struct config config;
	size_t i;

	(void)state;
	setenv("TWINPATH_LAN", "secret0", 1);
	for (i = 0; i < 4; i++) {
		assert_int_equal(load_text(texts[i], &config), -EINVAL);
		assert_said("variables");
		assert_false(said("secret0"));
	}
	unsetenv("TWINPATH_LAN");
}

/* ---- damaged files ---- */

/* Nothing but blanks and comments may be missing at the end. */
static void test_truncated(void **state)
{
	struct config config;
	size_t length, size, whole;
	char *text;

	(void)state;
	text = slurp(examples[0], &size);
	whole = (size_t)(strrchr(text, '}') - text) + 1;
	for (length = 0; length < whole; length++)
		assert_true(load_bytes(text, length, &config) < 0);
	assert_int_equal(load_bytes(text, whole, &config), 0);
	assert_said("the last line does not end");
	assert_int_equal(load_bytes(text, size, &config), 0);
	assert_false(said("the last line does not end"));
	free(text);
}

static uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* One to three damages: a byte changed, a piece removed, doubled or moved. */
static size_t damage(char *text, size_t size, uint32_t *seed)
{
	static const char bytes[] = "{}=,\"#$'/\\\n\r\t -.:0159az\0\x80\xff";
	unsigned times = 1 + random_next(seed) % 3;

	while (times-- > 0) {
		size_t at = random_next(seed) % size;
		size_t length = 1 + random_next(seed) % 40;

		if (length > size - at)
			length = size - at;
		switch (random_next(seed) % 4) {
		case 0:
			text[at] =
				bytes[random_next(seed) % (sizeof(bytes) - 1)];
			break;
		case 1:
			memmove(text + at, text + at + length,
				size - at - length);
			size -= length < size ? length : 0;
			break;
		case 2:
			memmove(text + at + length, text + at, size - at);
			size += length;
			break;
		default:
			memmove(text + at,
				text + random_next(seed) % (size - length + 1),
				length);
		}
	}
	return size;
}

static void test_damaged(void **state)
{
	struct config config;
	uint32_t seed = 20100517;
	unsigned good = 0, bad = 0, n;
	char text[1 << 14];
	size_t i, size;

	(void)state;
	for (i = 0; i < 3; i++) {
		char *whole = slurp(examples[i], &size);

		assert_true(size + 3 * 40 < sizeof(text));
		for (n = 0; n < MUTATIONS; n++) {
			size_t now;

			memcpy(text, whole, size);
			now = damage(text, size, &seed);
			if (load_bytes(text, now, &config) < 0) {
				bad++;
				continue;
			}
			good++;
			assert_reads_back(&config);
		}
		free(whole);
	}
	/* most of an example is comment: both must have been met often */
	assert_true(good > MUTATIONS / 10);
	assert_true(bad > MUTATIONS / 10);
}

/* ---- for programs ---- */

static struct json_object *json_of(const struct config *config)
{
	struct json_object *object;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(config_print_json(out, config, &messages), 0);
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
	assert_int_equal(load("full.conf", &config), 0);
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
	assert_int_equal(load("repeated-key.conf", &config), -EINVAL);
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

static int enter_directory(void **state)
{
	char source[] = __FILE__;
	char directory[256];

	(void)state;
	snprintf(directory, sizeof(directory), "%.200s/config",
		 dirname(source));
	return chdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_examples_agree),
		cmocka_unit_test(test_article),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_many_errors),
		cmocka_unit_test(test_many_warnings),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_of_errors),
	};

	return cmocka_run_group_tests_name("config", tests, enter_directory,
					   NULL);
}

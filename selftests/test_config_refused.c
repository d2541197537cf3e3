// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_config_refused.c - files that are no configuration, and thousands of
 * damaged ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/reader.h"

#define MUTATIONS 1500 /* of each example */

/* ---- files that are no configuration ---- */

static void test_no_file(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(reader_load("no-such-file", &config), -ENOENT);
	reader_assert_said("No such file");
	assert_int_equal(reader_load(".", &config), -EISDIR);
	reader_assert_said("directory");
	assert_int_equal(reader_load("/dev/null", &config), -ENOTSUP);
	reader_assert_said("not a regular file");
	assert_int_equal(reader_load("/dev/zero", &config), -ENOTSUP);
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
		result = config_load(fifo, &config, &reader_messages);
	unlink(fifo);
	rmdir(path);
	assert_int_equal(result, -ENOTSUP);
	reader_assert_said("not a regular file");
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
	assert_int_equal(reader_load(path, &config), -EINVAL);
	reader_assert_said("a path of more than");
}

static void test_empty(void **state)
{
	static const char *const texts[] = { "", "\n", "  \t\n\n", "# a\n#b" };
	struct config config;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_int_equal(reader_load_text(texts[i], &config), -EINVAL);
		reader_assert_said("is empty");
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
	assert_int_equal(reader_load_bytes(nul, sizeof(nul) - 1, &config),
			 -EINVAL);
	reader_assert_said("byte 0x00");
	assert_int_equal(reader_messages.list[0].line, 2);
	for (i = 0; i < sizeof(bytes); i++) {
		random = random * 1664525 + 1013904223;
		bytes[i] = (unsigned char)(random >> 24);
	}
	assert_int_equal(reader_load_bytes(bytes, sizeof(bytes), &config),
			 -EINVAL);
	assert_true(reader_load("/proc/self/exe", &config) < 0);
}

static void test_long_line(void **state)
{
	const size_t size = 1 << 20;
	char *text = malloc(size);
	struct config config;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', size);
	assert_int_equal(reader_load_bytes(text, size, &config), -EFBIG);
	reader_assert_said("larger than 256 KiB");
	text[0] = '\n';
	assert_int_equal(reader_load_bytes(text, 200000, &config), -EINVAL);
	reader_assert_said("a line of more than 1000 characters");
	assert_int_equal(reader_messages.list[0].line, 2);
	memcpy(text, "lan=", 4);
	assert_int_equal(reader_load_bytes(text, 900, &config), -EINVAL);
	reader_assert_said("a word of 896 characters");
	text[4] = '"';
	text[899] = '"';
	assert_int_equal(reader_load_bytes(text, 900, &config), -EINVAL);
	reader_assert_said("a value of 894 characters");
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
	assert_int_equal(reader_load_text(text, &config), -EINVAL);
	assert_int_equal(reader_messages.errors, 50);
	assert_int_equal(reader_messages.count, CONFIG_MESSAGES);
	assert_int_equal(reader_messages.dropped, 50 - CONFIG_MESSAGES);
	assert_int_equal(reader_messages.list[0].line, 1);
	line = reader_printed(NULL, true);
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
	assert_int_equal(reader_load_text(text, &config), 0);
	assert_int_equal(reader_messages.count, CONFIG_MESSAGES);
	assert_int_equal(reader_messages.dropped, 4 * 12 - CONFIG_MESSAGES);
	memcpy(number, "11", 2);
	assert_int_equal(reader_load_text(text, &config), -EINVAL);
	assert_int_equal(reader_messages.count, 1);
	assert_int_equal(reader_messages.dropped, 0);
	reader_assert_said("12 uplinks need as many addresses, 11 is too few");
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
	assert_int_equal(reader_load_text(text, &config), -EINVAL);
	reader_assert_said("more than 1024 keys");
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
		assert_int_equal(reader_load_text(texts[i], &config), -EINVAL);
		reader_assert_said("variables");
		assert_false(reader_said("secret0"));
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
	text = reader_slurp(reader_examples[0], &size);
	whole = (size_t)(strrchr(text, '}') - text) + 1;
	for (length = 0; length < whole; length++)
		assert_true(reader_load_bytes(text, length, &config) < 0);
	assert_int_equal(reader_load_bytes(text, whole, &config), 0);
	reader_assert_said("the last line does not end");
	assert_int_equal(reader_load_bytes(text, size, &config), 0);
	assert_false(reader_said("the last line does not end"));
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
		char *whole = reader_slurp(reader_examples[i], &size);

		assert_true(size + 3 * 40 < sizeof(text));
		for (n = 0; n < MUTATIONS; n++) {
			size_t now;

			memcpy(text, whole, size);
			now = damage(text, size, &seed);
			if (reader_load_bytes(text, now, &config) < 0) {
				bad++;
				continue;
			}
			good++;
			reader_assert_reads_back(&config);
		}
		free(whole);
	}
	/* most of an example is comment: both must have been met often */
	assert_true(good > MUTATIONS / 10);
	assert_true(bad > MUTATIONS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests_name("config refused", tests,
					   reader_enter, NULL);
}

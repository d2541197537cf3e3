// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_intent.c - the small files that the daemon keeps: the operator's intent
 * and keepalived's track file.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "file.h"
#include "intent.h"
#include "log.h"
#include "vrrp.h"

static char directory[] = "/tmp/twinpath-test-XXXXXX";
static char path[64];

static int set_up(void **state)
{
	(void)state;
	/* The warnings are expected; errors would not be. */
	log_set_level(LOG_LEVEL_ERROR);
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/file", directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory); /* fails when something was left there */
}

static void put(const char *text)
{
	assert_int_equal(file_replace(path, text, 0644, false), 0);
}

static void there_and_back(void **state)
{
	static const struct intent intents[] = {
		{ .kind = INTENT_AUTO },
		{ .kind = INTENT_PARTNER },
		{ .kind = INTENT_UPLINK, .uplink = "isp-b" },
		{ .kind = INTENT_UPLINK, .uplink = "fifteen-letters" },
		{ .kind = INTENT_DRAIN, .uplink = "isp-a" },
		{ .kind = INTENT_DRAIN, .uplink = "isp-a", .drain = 600000 },
		{ .kind = INTENT_PARTNER, .until = 1, .force = true },
		{ .kind = INTENT_UPLINK,
		  .uplink = "fifteen-letters",
		  .until = 1,
		  .drain = 31536000000,
		  .force = true },
	};
	struct timespec now;
	struct intent got;

	(void)state;
	clock_gettime(CLOCK_BOOTTIME, &now);
	for (size_t i = 0; i < sizeof(intents) / sizeof(intents[0]); i++) {
		struct intent put_in = intents[i];

		put_in.since = (msec_t)now.tv_sec * 1000 - 3600000;
		if (put_in.until)
			put_in.until = put_in.since + 7200123;
		assert_int_equal(intent_save(path, &put_in), 0);
		intent_load(path, &got);
		assert_int_equal(got.kind, put_in.kind);
		assert_string_equal(got.uplink, put_in.uplink);
		assert_true(llabs(got.since - put_in.since) <= 2000);
		assert_int_equal(got.until, put_in.until);
		assert_int_equal(got.drain, put_in.drain);
		assert_int_equal(got.force, put_in.force);
	}
}

/* As a file of another run of the machine, asked for `ago` seconds before. */
static msec_t left_after_a_reboot(int64_t ago)
{
	struct timespec wall, now;
	struct intent got;
	char text[200];

	clock_gettime(CLOCK_REALTIME, &wall);
	snprintf(text, sizeof(text),
		 "intent uplink isp-b\nsince %lld\nuntil 99999000 3600000 "
		 "00000000-0000-4000-8000-000000000000\n",
		 (long long)(wall.tv_sec - ago));
	put(text);
	intent_load(path, &got);
	assert_int_equal(got.kind, INTENT_UPLINK);
	clock_gettime(CLOCK_BOOTTIME, &now);
	return got.until - (msec_t)now.tv_sec * 1000;
}

/* Never more than was asked for, whatever the wall clock says; never undone. */
static void an_end_after_a_reboot(void **state)
{
	(void)state;
	assert_true(llabs(left_after_a_reboot(600) - 3000000) <= 3000);
	assert_true(llabs(left_after_a_reboot(0) - 3600000) <= 3000);
	assert_true(llabs(left_after_a_reboot(-999999) - 3600000) <= 3000);
	assert_true(llabs(left_after_a_reboot(3601)) <= 3000);
	assert_true(llabs(left_after_a_reboot(99999999)) <= 3000);
}

static void no_file_is_auto(void **state)
{
	struct intent got = { .kind = INTENT_PARTNER };

	(void)state;
	unlink(path);
	intent_load(path, &got);
	assert_int_equal(got.kind, INTENT_AUTO);
}

static void damage_is_auto(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"intent",
		"intent partner",
		"intent partner\n",
		"intent partner\nsince\n",
		"intent partner\nsince -5\n",
		"intent partner\nsince 99999999999999\n",
		"intent partner\nsince 99999999999999999999999\n",
		"intent partner\nsince 5 x\n",
		"intent partner x\nsince 5\n",
		"intent uplink\nsince 5\n",
		"intent uplink sixteen--letters\nsince 5\n",
		"intent uplink a b\nsince 5\n",
		"intent nobody\nsince 5\n",
		"Intent partner\nsince 5\n",
		"intent partner\nsince 5\n"
		"and so on, for longer than any file that we would ever write "
		"and so on, for longer than any file that we would ever write",
		"intent drain\nsince 5\n",
		"intent drain sixteen--letters\nsince 5\n",
		"since 5\nintent partner\n",
		"intent partner\nintent partner\nsince 5\n",
		"intent partner\nforce\n",
		"intent partner\nsince 5\nforce now\n",
		"intent partner\nsince 5\ndrain\n",
		"intent partner\nsince 5\ndrain 0\n",
		"intent partner\nsince 5\ndrain -1\n",
		"intent partner\nsince 5\ndrain 99999999999999\n",
		"intent partner\nsince 5\nuntil 5\n",
		"intent partner\nsince 5\nuntil 5 5\n",
		"intent partner\nsince 5\nuntil 5 5 boot more\n",
		"intent partner\nsince 5\nuntil 0 5 boot\n",
		"intent partner\nsince 5\nuntil 5 0 boot\n",
		"intent partner\nsince 5\nforce\nuntil 5 5 boot\n",
		"intent partner\nsince 5\nunknown\n",
	};
	struct intent got;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		memset(&got, 0xff, sizeof(got));
		put(texts[i]);
		intent_load(path, &got);
		if (got.kind != INTENT_AUTO || got.since || *got.uplink ||
		    got.until || got.drain || got.force)
			fail_msg("text %zu was taken: %s", i, texts[i]);
	}
	put("intent partner\nsince 5\n");
	intent_load(path, &got);
	assert_int_equal(got.kind, INTENT_PARTNER);
}

static void no_directory(void **state)
{
	static const struct intent intent = { .kind = INTENT_AUTO };

	(void)state;
	assert_int_equal(intent_save("/nonexistent/intent", &intent), -ENOENT);
	assert_int_equal(vrrp_write("/nonexistent/vrrp", 1), -ENOENT);
}

static ino_t inode(void)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	return status.st_ino;
}

static void assert_content(const char *text)
{
	char got[32];

	assert_true(file_read(path, got, sizeof(got)) >= 0);
	assert_string_equal(got, text);
}

static void track_file(void **state)
{
	mode_t mask = umask(077);
	ino_t first;

	(void)state;
	unlink(path);
	assert_int_equal(vrrp_write(path, 100), 0);
	umask(mask);
	assert_content("100\n");
	first = inode();
	assert_int_equal(vrrp_write(path, 100), 0);
	assert_int_equal(inode(), first); /* not touched */
	assert_int_equal(vrrp_write(path, 90), 0);
	assert_content("90\n");
	assert_int_not_equal(inode(), first); /* replaced, not rewritten */
	assert_int_equal(vrrp_remove(path), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(vrrp_remove(path), 0);
}

/* A killed predecessor's temporary file, or somebody's symbolic link. */
static void leftovers(void **state)
{
	char temporary[sizeof(path) + 4];

	(void)state;
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	put("keep\n");
	assert_int_equal(symlink(path, temporary), 0);
	assert_int_equal(vrrp_write(path, 7), 0);
	assert_content("7\n");
	assert_int_equal(access(temporary, F_OK), -1);
}

static void too_long_to_read(void **state)
{
	char got[4];

	(void)state;
	put("123");
	assert_int_equal(file_read(path, got, sizeof(got)), 3);
	put("1234");
	assert_int_equal(file_read(path, got, sizeof(got)), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(an_end_after_a_reboot),
		cmocka_unit_test(no_file_is_auto),
		cmocka_unit_test(damage_is_auto),
		cmocka_unit_test(no_directory),
		cmocka_unit_test(track_file),
		cmocka_unit_test(leftovers),
		cmocka_unit_test(too_long_to_read),
	};

	return cmocka_run_group_tests_name("intent, vrrp", tests, set_up,
					   tear_down);
}

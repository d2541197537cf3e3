// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_key.c - the key file: who may have it, what is in it.  Whatever needs
 * another owner needs root, and is skipped without.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "key.h"

#define DIGITS                             \
	"00112233445566778899aabbccddeeff" \
	"00112233445566778899AABBCCDDEEFF"

static char directory[] = "/tmp/twinpath-test-XXXXXX";
static char path[64];
static char said[4096]; /* what the last load wrote to stderr */

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/key", directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory); /* fails when something was left there */
}

static void put(const char *text, size_t length, mode_t mode)
{
	FILE *file;

	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* The log goes to stderr; here it goes into `said`. */
static int load(struct key *key)
{
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO);
	size_t length;
	int err;

	assert_non_null(file);
	memset(key, 0xaa, sizeof(*key));
	dup2(fileno(file), STDERR_FILENO);
	err = key_load(path, key);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	length = fread(said, 1, sizeof(said) - 1, file);
	said[length] = '\0';
	fclose(file);
	return err;
}

/* One line that names the file, no key, and no digit of one. */
static void assert_refused(int wanted, const char *part)
{
	static const struct key none;
	struct key key;

	assert_int_equal(load(&key), wanted);
	assert_memory_equal(&key, &none, sizeof(key));
	assert_non_null(strstr(said, path));
	assert_non_null(strstr(said, part));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	assert_null(strstr(said, "00112233"));
}

static void need_root(void)
{
	if (geteuid())
		skip();
}

static void a_good_file(void **state)
{
	struct key key, again, other;

	(void)state;
	need_root();
	put(DIGITS "\n", KEY_DIGITS + 1, 0600);
	assert_int_equal(load(&key), 0);
	assert_string_equal(said, "");
	put(DIGITS, KEY_DIGITS, 0400);
	assert_int_equal(load(&again), 0);
	assert_memory_equal(&key, &again, sizeof(key));

	/* Each use its own, and none the file's. */
	assert_memory_not_equal(key.marks, key.heartbeat, KEY_BYTES);
	assert_int_not_equal(key.marks[0] == 0x00 && key.marks[1] == 0x11, 1);
	put("1" DIGITS, KEY_DIGITS, 0600);
	assert_int_equal(load(&other), 0);
	assert_memory_not_equal(key.marks, other.marks, KEY_BYTES);
	assert_memory_not_equal(key.heartbeat, other.heartbeat, KEY_BYTES);

	key_forget(&key);
	for (size_t i = 0; i < sizeof(key); i++)
		assert_int_equal(((uint8_t *)&key)[i], 0);
}

static void bad_content(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} files[] = {
		{ "", 0 },
		{ "\n", 1 },
		{ DIGITS, KEY_DIGITS - 1 },
		{ DIGITS, KEY_DIGITS - 2 },
		{ DIGITS "0", KEY_DIGITS + 1 },
		{ DIGITS "00", KEY_DIGITS + 2 },
		{ DIGITS "\n\n", KEY_DIGITS + 2 },
		{ DIGITS "\r\n", KEY_DIGITS + 2 },
		{ " " DIGITS, KEY_DIGITS },
		{ " " DIGITS, KEY_DIGITS + 1 },
		{ "0x" DIGITS, KEY_DIGITS },
		{ "g" DIGITS, KEY_DIGITS },
		{ DIGITS "\0", KEY_DIGITS + 1 },
		{ DIGITS "\n" DIGITS "\n", 2 * KEY_DIGITS + 2 },
	};

	(void)state;
	need_root();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		put(files[i].text, files[i].length, 0600);
		assert_refused(-EINVAL, "twinpath genkey");
	}
}

static void bad_modes(void **state)
{
	static const mode_t modes[] = { 0644, 0640, 0604, 0620,
					0602, 0700, 0601, 04600 };

	(void)state;
	need_root();
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		char text[16];

		put(DIGITS "\n", KEY_DIGITS + 1, modes[i]);
		snprintf(text, sizeof(text), "%04o", (unsigned)modes[i]);
		assert_refused(-EPERM, text);
	}
}

static void not_roots(void **state)
{
	(void)state;
	need_root();
	put(DIGITS "\n", KEY_DIGITS + 1, 0600);
	assert_int_equal(chown(path, 1, 0), 0);
	assert_refused(-EPERM, "chown root");
}

static void no_file(void **state)
{
	(void)state;
	unlink(path);
	assert_refused(-ENOENT, "No such file");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(-EINVAL, "not a regular file");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused(-EINVAL, "not a regular file");
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file), cmocka_unit_test(bad_content),
		cmocka_unit_test(bad_modes),   cmocka_unit_test(not_roots),
		cmocka_unit_test(no_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_control_access.c - the control socket's file: who may write there, and
 * what becomes of a file that stands there already.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "control/client.h"
#include "control/fixture.h"
#include "control/stub.h"

/*
 * Whether `uid` may flip.  Credentials are taken at connect(), so being
 * somebody else for that one call is enough.
 */
static bool may_flip(uid_t uid, gid_t gid, gid_t supplementary)
{
	struct json_object *answer;
	bool may;
	int fd;

	assert_int_equal(chmod(fixture.path, 0666), 0);
	assert_int_equal(setgroups(1, &supplementary), 0);
	assert_int_equal(setegid(gid), 0);
	assert_int_equal(seteuid(uid), 0);
	fd = client_dial();
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
	assert_int_equal(setgroups(0, NULL), 0);
	client_say(fd, "{\"command\":\"status\"}\n");
	answer = client_answer(fd);
	assert_true(client_granted(answer));
	json_object_put(answer);
	client_say(fd, "{\"command\":\"flip\",\"to\":\"auto\"}\n");
	answer = client_answer(fd);
	may = client_granted(answer);
	if (!may)
		assert_non_null(
			strstr(client_text(answer, "error"), "not permitted"));
	json_object_put(answer);
	close(fd);
	return may;
}

static void test_changes_are_for_root_and_the_group(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_true(may_flip(0, 65534, 65534));
	assert_false(may_flip(65534, 65534, STUB_GROUP));
	assert_false(may_flip(65534, STUB_GROUP, 65534));
	stub.group_exists = true;
	fixture_reopen();
	assert_true(may_flip(65534, 65534, STUB_GROUP));
	assert_true(may_flip(65534, STUB_GROUP, 65534));
	assert_false(may_flip(65534, 65534, 65534));
	assert_true(may_flip(0, 0, 0));
	assert_int_equal(fixture.site.event, 4);
}

static void test_the_file_has_mode_and_group(void **state)
{
	struct stat file;

	(void)state;
	assert_int_equal(stat(fixture.path, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0660);
	if (geteuid() != 0)
		skip();
	stub.group_exists = true;
	fixture_reopen();
	assert_int_equal(stat(fixture.path, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0660);
	assert_int_equal(file.st_gid, STUB_GROUP);
}

/* It fails, and says so in one line that has `part`. */
static int open_refused(const char *at, const char *part)
{
	char line[512] = "";
	struct control *none = NULL;
	int saved = dup(STDERR_FILENO);
	FILE *log = tmpfile();
	int err;

	assert_non_null(log);
	fflush(stderr);
	dup2(fileno(log), STDERR_FILENO);
	err = control_open(&none, &fixture.site, at);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(log);
	assert_non_null(fgets(line, sizeof(line), log));
	assert_non_null(strstr(line, part));
	assert_null(fgets(line, sizeof(line), log));
	fclose(log);
	assert_null(none);
	return err;
}

static void test_a_living_socket_is_not_taken(void **state)
{
	(void)state;
	assert_int_equal(open_refused(fixture.path, "another twinpathd"),
			 -EADDRINUSE);
	client_expect_granted("{\"command\":\"status\"}\n");
}

static void test_a_stale_socket_is_replaced(void **state)
{
	char aside[128];

	(void)state;
	/* A daemon that was killed leaves its file: keep it past the close. */
	snprintf(aside, sizeof(aside), "%s.aside", fixture.path);
	assert_int_equal(link(fixture.path, aside), 0);
	control_close(fixture.control);
	fixture.control = NULL;
	assert_int_equal(rename(aside, fixture.path), 0);
	assert_int_equal(
		control_open(&fixture.control, &fixture.site, fixture.path), 0);
	client_expect_granted("{\"command\":\"status\"}\n");
}

static void test_another_file_is_left_alone(void **state)
{
	struct stat file;
	FILE *other;

	(void)state;
	control_close(fixture.control);
	fixture.control = NULL;
	other = fopen(fixture.path, "w");
	assert_non_null(other);
	fclose(other);
	assert_int_equal(open_refused(fixture.path, "is no socket: remove it"),
			 -EEXIST);
	assert_int_equal(stat(fixture.path, &file), 0);
	assert_true(S_ISREG(file.st_mode));
	assert_int_equal(unlink(fixture.path), 0);
	assert_int_equal(
		control_open(&fixture.control, &fixture.site, fixture.path), 0);
}

static void test_a_successor_keeps_its_file(void **state)
{
	struct control *first = fixture.control;
	struct stat file;

	(void)state;
	assert_int_equal(unlink(fixture.path), 0);
	assert_int_equal(
		control_open(&fixture.control, &fixture.site, fixture.path), 0);
	control_close(first);
	assert_int_equal(stat(fixture.path, &file), 0);
	client_expect_granted("{\"command\":\"status\"}\n");
}

static void test_paths_that_cannot_be(void **state)
{
	char long_path[200];

	(void)state;
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(open_refused(long_path, "too long"), -ENAMETOOLONG);
	assert_int_equal(open_refused("/nonexistent/control",
				      "/nonexistent/control: cannot listen"),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_changes_are_for_root_and_the_group),
		FIXTURE_TEST(test_the_file_has_mode_and_group),
		FIXTURE_TEST(test_a_living_socket_is_not_taken),
		FIXTURE_TEST(test_a_stale_socket_is_replaced),
		FIXTURE_TEST(test_another_file_is_left_alone),
		FIXTURE_TEST(test_a_successor_keeps_its_file),
		FIXTURE_TEST(test_paths_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

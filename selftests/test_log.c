// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_log.c - lines that wait while the data plane is switched, as a reader of
 * stderr gets them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

static int reader, terminal;
static unsigned heard;

static int setup(void **state)
{
	int ends[2];

	(void)state;
	unsetenv("JOURNAL_STREAM");
	terminal = dup(STDERR_FILENO);
	if (pipe(ends) || dup2(ends[1], STDERR_FILENO) < 0)
		return -1;
	close(ends[1]);
	reader = ends[0];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dup2(terminal, STDERR_FILENO);
	close(terminal);
	close(reader);
	return 0;
}

/* All that can be read now, with a mark of ours behind it. */
static const char *text(void)
{
	static char got[65536];
	ssize_t used;

	dprintf(STDERR_FILENO, "|");
	used = read(reader, got, sizeof(got) - 1);
	assert_true(used > 0);
	got[used - 1] = '\0';
	return got;
}

static void on_change(void *arg, unsigned event, const char *what,
		      const char *from, const char *to, const char *because)
{
	(void)arg;
	(void)event;
	(void)what;
	(void)from;
	(void)to;
	(void)because;
	heard++;
}

static void test_at_once(void **state)
{
	(void)state;
	errno = ENOENT;
	log_info("it is %m");
	assert_string_equal(text(), "twinpathd: it is No such file or "
				    "directory\n");
	log_debug("unheard");
	assert_string_equal(text(), "");
}

static void test_held(void **state)
{
	(void)state;
	log_listen(on_change, NULL);
	log_hold();
	log_change(7, "exit a", "up", "dead", "it is");
	log_warning("and %d", 1);
	assert_string_equal(text(), "");
	assert_int_equal(heard, 1);
	errno = EBUSY;
	log_release();
	assert_int_equal(errno, EBUSY);
	assert_string_equal(text(),
			    "twinpathd: exit a: up -> dead, because it is "
			    "[event 7]\ntwinpathd: warning: and 1\n");
	log_release();
	assert_string_equal(text(), "");
	log_info("later");
	assert_string_equal(text(), "twinpathd: later\n");
	log_listen(NULL, NULL);
}

/* More than are held: the first ones go, none is lost, and in order. */
static void test_many(void **state)
{
	char expected[4096] = "";
	size_t used = 0;

	(void)state;
	log_hold();
	for (int i = 0; i < 40; i++) {
		log_info("line %d", i);
		used += (size_t)snprintf(expected + used,
					 sizeof(expected) - used,
					 "twinpathd: line %d\n", i);
	}
	log_release();
	assert_string_equal(text(), expected);
}

static void test_long(void **state)
{
	static char word[3000];
	const char *got;

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	log_error("%s", word);
	got = text();
	assert_true(strlen(got) < 1100);
	assert_string_equal(got + strlen(got) - 5, "x...\n");
	log_info("a\nb");
	assert_string_equal(text(), "twinpathd: a?b\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

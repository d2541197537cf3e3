// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_sysctl.c - settings are changed, remembered and put back.  Needs root;
 * works in namespaces of its own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "netns.h"
#include "sysctl.h"

#define FILTER "net/ipv4/conf/w.5/rp_filter" /* dots belong to the name */
#define OTHER "net/ipv4/conf/w.51/rp_filter"
#define PORTS "net/ipv4/ip_local_port_range"

static char directory[64], file[96];

static int setup(void **state)
{
	int err = netns_setup(state);

	snprintf(directory, sizeof(directory), "/tmp/test_sysctl.XXXXXX");
	if (err || !mkdtemp(directory))
		return -1;
	snprintf(file, sizeof(file), "%s/sysctl", directory);
	return 0;
}

static int teardown(void **state)
{
	unlink(file);
	return rmdir(directory) || netns_teardown(state);
}

static void expect(const char *name, const char *value)
{
	char now[SYSCTL_VALUE];

	assert_int_equal(sysctl_get(name, now), 0);
	assert_string_equal(now, value);
}

static void expect_file(const char *text)
{
	char command[128], *content;

	snprintf(command, sizeof(command), "cat %s", file);
	content = netns_output(command);
	assert_string_equal(content, text);
	free(content);
}

static void test_set_and_restore(void **state)
{
	netns_of(state);
	netns_veth("w.5", "10.0.0.1/24");
	netns_run("echo 1 > /proc/sys/" FILTER);
	netns_run("echo 32768 60999 > /proc/sys/" PORTS);
	assert_int_equal(sysctl_set(file, FILTER, "2"), 0);
	assert_int_equal(sysctl_set(file, PORTS, "61000 65535"), 0);
	expect(FILTER, "2");
	expect(PORTS, "61000\t65535");
	/* A second daemon, with another wish, keeps the first one's memory. */
	assert_int_equal(sysctl_set(file, FILTER, "0"), 0);
	assert_int_equal(sysctl_set(file, PORTS, "61000 65535"), 0);
	expect_file(FILTER " 1\n" PORTS " 32768\t60999\n");
	assert_int_equal(sysctl_restore(file), 0);
	expect(FILTER, "1");
	expect(PORTS, "32768\t60999");
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(sysctl_restore(file), 0); /* nothing to do */
}

static void test_right_already(void **state)
{
	netns_of(state);
	netns_run("echo 61000 65535 > /proc/sys/" PORTS);
	assert_int_equal(sysctl_set(file, PORTS, "61000 65535"), 0);
	assert_int_equal(access(file, F_OK), -1);
}

static void test_vanished_interface(void **state)
{
	netns_of(state);
	netns_veth("w.5", "10.0.0.1/24");
	netns_run("echo 1 > /proc/sys/" FILTER);
	netns_run("echo 32768 60999 > /proc/sys/" PORTS);
	assert_int_equal(sysctl_set(file, FILTER, "2"), 0);
	assert_int_equal(sysctl_set(file, PORTS, "61000 65535"), 0);
	netns_run("ip link del w.5");
	assert_int_equal(sysctl_set(file, FILTER, "2"), -ENOENT);
	assert_int_equal(sysctl_restore(file), 0);
	expect(PORTS, "32768\t60999");
	assert_int_equal(access(file, F_OK), -1);
}

/* A reload lets go of one interface; the others stay remembered. */
static void test_restore_interface(void **state)
{
	netns_of(state);
	netns_veth("w.5", "10.0.0.1/24");
	netns_veth("w.51", "10.0.1.1/24");
	netns_run("echo 1 > /proc/sys/" FILTER);
	netns_run("echo 1 > /proc/sys/" OTHER);
	assert_int_equal(sysctl_set(file, FILTER, "2"), 0);
	assert_int_equal(sysctl_set(file, OTHER, "2"), 0);
	assert_int_equal(sysctl_restore_interface(file, "w.5"), 0);
	expect(FILTER, "1");
	expect(OTHER, "2");
	expect_file(OTHER " 1\n");
	assert_int_equal(sysctl_restore_interface(file, "w.5"), 0);
	assert_int_equal(sysctl_restore(file), 0);
	expect(OTHER, "1");
}

static void test_half_written_line(void **state)
{
	netns_of(state);
	netns_run("echo 32768 60999 > /proc/sys/" PORTS);
	netns_run("printf 'net/ipv4/ip_local_port_range 1' > %s", file);
	assert_int_equal(sysctl_set(file, PORTS, "61000 65535"), 0);
	expect_file(PORTS " 32768\t60999\n");
}

static void test_refused(void **state)
{
	netns_of(state);
	netns_run("echo 32768 60999 > /proc/sys/" PORTS);
	assert_int_equal(sysctl_set(file, "net/../kernel/hostname", "x"),
			 -EINVAL);
	assert_int_equal(sysctl_set(file, "/etc/passwd", "x"), -EINVAL);
	assert_int_equal(sysctl_set(file, "", "x"), -EINVAL);
	assert_int_equal(sysctl_set(file, "net/ipv4/none", "1"), -ENOENT);
	assert_int_equal(sysctl_set(file, PORTS, "nonsense"), -EINVAL);
	/* Where nothing can be remembered nothing is changed. */
	assert_int_equal(sysctl_set("/nowhere/sysctl", PORTS, "61000 65535"),
			 -ENOENT);
	expect(PORTS, "32768\t60999");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_set_and_restore, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_right_already, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_restore_interface, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_vanished_interface, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_restore_interface, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_half_written_line, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* rows_run.c - see rows.h: a table as a cmocka group, on both hooks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "rows.h"

static struct plane bench_plane;

struct instance {
	const struct row *row;
	bool xdp;
	char name[128];
};

static void run_instance(void **state)
{
	const struct instance *instance = *state;
	const struct row *row = instance->row;
	struct bench bench = { .plane = &bench_plane,
			       .row = instance->name,
			       .xdp = instance->xdp };

	assert_int_equal(plane_reset(&bench_plane), 0);
	for (size_t i = 0; i < ROWS_STEPS; i++) {
		const struct packet *in = &row->steps[i].in;

		if (in->protocol || in->ethertype)
			rows_step(&bench, &row->steps[i]);
	}
	if (row->test)
		row->test(&bench);
}

static int open_bench(void **state)
{
	(void)state;
	return plane_open(&bench_plane, 256);
}

static int close_bench(void **state)
{
	(void)state;
	plane_close(&bench_plane);
	return 0;
}

int rows_run(const char *group, const struct row *rows, size_t count)
{
	struct instance *instances = calloc(2 * count, sizeof(*instances));
	struct CMUnitTest *tests = calloc(2 * count, sizeof(*tests));
	size_t n = 0;
	int failed = 1;

	for (size_t i = 0; instances && tests && i < 2 * count; i++) {
		const struct row *row = &rows[i % count];
		bool xdp = i < count;

		if (row->hooks == (xdp ? ROW_TC : ROW_XDP))
			continue;
		instances[n] = (struct instance){ .row = row, .xdp = xdp };
		snprintf(instances[n].name, sizeof(instances[n].name), "%s: %s",
			 xdp ? "xdp" : "tc", row->name);
		tests[n] =
			(struct CMUnitTest){ .name = instances[n].name,
					     .test_func = run_instance,
					     .initial_state = &instances[n] };
		n++;
	}
	if (n)
		failed = _cmocka_run_group_tests(group, tests, n, open_bench,
						 close_bench);
	free(tests);
	free(instances);
	return failed;
}

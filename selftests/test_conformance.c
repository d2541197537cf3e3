// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_conformance.c - run the rows of conformance/ and write down the results.
 *
 * Owns: which vector runs how, and the file of results: where
 * $TWINPATH_CONFORMANCE says, an array of {id, rfc, req, level, kernel, hook,
 * result, note}.  With $TWINPATH_WIRE each vector is shown twice: by a test run,
 * and by real packets.  With $TWINPATH_NFT it is nft masquerade that they go
 * through instead, as far as a vector can be shown by packets alone.  Rows may
 * be named as arguments: only those run.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "conformance/settings.h"
#include "conformance/wired.h"
#include "masquerade.h"

#define BUCKETS 1024

static const struct section *const sections[] = {
	&section_udp, &section_tcp,    &section_7857,	   &section_icmp,
	&section_cgn, &section_states, &section_fragments, &section_ownership,
};

static const char *const level_names[] = {
	[MUST] = "MUST",
	[MUST_NOT] = "MUST NOT",
	[SHOULD] = "SHOULD",
	[SHOULD_NOT] = "SHOULD NOT",
	[RECOMMENDED] = "RECOMMENDED",
	[MAY] = "MAY",
	[OWN] = "own",
};

enum hook {
	XDP,
	TC,
	NFT,
};
static const char *const hook_names[] = { "xdp", "tc", "nft" };

/* One vector on one hook. */
struct trial {
	const struct requirement *row;
	const struct vector *vector;
	enum hook hook;
	bool wire, passed;
	bool touched; /* it needed to look inside, or to change a setting */
	char name[160];
	struct bench bench;
};

static struct {
	enum hook first, last;
} hooks = { XDP, TC };
static struct plane plane;
static struct wire wire;
static struct trial *trials;
static size_t trials_count;
static struct CMUnitTest *tests;

/* ---- one trial ----------------------------------------------------------- */

static int furnish(struct trial *trial, struct bench *bench)
{
	int err;

	wire_detach(&wire);
	err = plane_reset(&plane) ?: set_back();
	if (err || !trial->wire)
		return err;
	bench->carry = wired_step;
	if (trial->hook != NFT)
		return wire_attach(&wire, &plane, trial->hook == XDP);
	bench->foreign = true;
	return masquerade_forget();
}

static int look_back(void **state)
{
	struct trial *trial = *state;

	trial->touched = plane_touched;
	return 0;
}

static void run(void **state)
{
	struct trial *trial = *state;
	const struct row *row = &trial->vector->row;
	struct bench *bench = &trial->bench;

	*bench = (struct bench){ .plane = &plane,
				 .row = trial->name,
				 .xdp = trial->hook == XDP,
				 .chain = true,
				 .wire = &wire };
	assert_int_equal(furnish(trial, bench), 0);
	plane_touched = false;
	for (size_t i = 0; i < ROWS_STEPS; i++) {
		const struct packet *in = &row->steps[i].in;

		if (in->protocol || in->ethertype)
			rows_step(bench, &row->steps[i]);
	}
	if (row->test)
		row->test(bench);
	trial->passed = true;
}

/* ---- which trials -------------------------------------------------------- */

static bool wanted(const char *id, char *const names[])
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(id, *names))
			return true;
	return false;
}

static void add_trial(const struct requirement *row,
		      const struct vector *vector, enum hook hook, bool on_wire)
{
	struct trial *trial;

	if (vector->row.hooks == (hook == XDP ? ROW_TC : ROW_XDP))
		return;
	trials = realloc(trials, (trials_count + 1) * sizeof(*trials));
	assert_non_null(trials);
	trial = &trials[trials_count++];
	*trial = (struct trial){
		.row = row, .vector = vector, .hook = hook, .wire = on_wire
	};
	snprintf(trial->name, sizeof(trial->name), "%s%s: %s %s",
		 hook_names[hook], on_wire ? ", wire" : "", row->id,
		 vector->row.name);
}

/* By a test run, and with the programs attached where that is asked for. */
static void add_trials(const struct requirement *row, enum hook hook)
{
	const bool twice = hook != NFT && getenv("TWINPATH_WIRE");

	for (size_t i = 0; i < row->count; i++) {
		const struct vector *vector = &row->vectors[i];
		const bool wired = row->wire || vector->wire;

		if (hook != NFT)
			add_trial(row, vector, hook, wired);
		if ((twice && !wired && !vector->ours) ||
		    (hook == NFT && !vector->ours))
			add_trial(row, vector, hook, true);
	}
}

static void collect(char *const names[])
{
	for (enum hook hook = hooks.first; hook <= hooks.last; hook++)
		for (size_t s = 0; s < COUNT(sections); s++)
			for (size_t r = 0; r < sections[s]->count; r++) {
				const struct requirement *row =
					&sections[s]->rows[r];

				if (wanted(row->id, names))
					add_trials(row, hook);
			}
	tests = calloc(trials_count + 1, sizeof(*tests));
	assert_non_null(tests);
	for (size_t i = 0; i < trials_count; i++)
		tests[i] = (struct CMUnitTest){ .name = trials[i].name,
						.test_func = run,
						.teardown_func = look_back,
						.initial_state = &trials[i] };
}

/* ---- the results --------------------------------------------------------- */

static void add_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, json_object_new_string(text));
}

/* The first line of why it failed, and of which vector. */
static void fault(const struct trial *trial, char *note, size_t size)
{
	int line = (int)strcspn(trial->bench.why, "\n");

	snprintf(note, size, "%s%s: %.*s", trial->vector->row.name,
		 trial->wire ? " (wire)" : "", line ? line : 12,
		 line ? trial->bench.why : "an assertion");
}

/* Shown by packets alone, and by some that were looked at? */
static bool comparable(const struct trial *trial)
{
	return trial->hook != NFT || (!trial->touched && trial->bench.judged);
}

static const char *judge(const struct requirement *row, enum hook hook,
			 char *note, size_t size)
{
	unsigned int shown = 0, all = 0;

	for (size_t i = 0; i < trials_count; i++) {
		const struct trial *trial = &trials[i];

		if (trial->row != row || trial->hook != hook)
			continue;
		all++;
		if (!comparable(trial))
			continue;
		shown++;
		if (!trial->passed) {
			fault(trial, note, size);
			return "fail";
		}
	}
	if (hook != NFT)
		snprintf(note, size, "%s", row->note ? row->note : "");
	else if (!shown)
		snprintf(note, size, "no packets alone show it");
	else if (shown < all)
		snprintf(note, size, "by %u of %u vectors", shown, all);
	return shown ? "pass" : "n/a";
}

static void add_row(struct json_object *list, const struct requirement *row,
		    enum hook hook, const char *kernel)
{
	struct json_object *entry = json_object_new_object();
	char note[512] = "";
	const char *result = judge(row, hook, note, sizeof(note));

	add_text(entry, "id", row->id);
	add_text(entry, "rfc", row->rfc);
	add_text(entry, "req", row->req);
	add_text(entry, "level", level_names[row->level]);
	add_text(entry, "kernel", kernel);
	add_text(entry, "hook", hook_names[hook]);
	add_text(entry, "result", result);
	add_text(entry, "note", note);
	add_text(entry, "shows", row->shows);
	json_object_array_add(list, entry);
}

static int write_results(const char *path, char *const names[])
{
	struct json_object *list = json_object_new_array();
	struct utsname system;
	int err;

	uname(&system);
	for (size_t s = 0; s < COUNT(sections); s++)
		for (size_t r = 0; r < sections[s]->count; r++) {
			const struct requirement *row = &sections[s]->rows[r];

			if (row->site || !wanted(row->id, names))
				continue;
			for (enum hook hook = hooks.first; hook <= hooks.last;
			     hook++)
				add_row(list, row, hook, system.release);
		}
	err = json_object_to_file_ext(path, list, JSON_C_TO_STRING_PRETTY);
	json_object_put(list);
	if (err)
		fprintf(stderr, "%s: %s\n", path, json_util_get_last_err());
	return err;
}

static int open_bench(void **state)
{
	(void)state;
	return plane_open(&plane, BUCKETS) ?:
		       wire_open(&wire)	   ?:
		       hooks.first == NFT  ? masquerade_open() :
					     0;
}

static int close_bench(void **state)
{
	(void)state;
	wire_close(&wire);
	plane_close(&plane);
	return 0;
}

int main(int argc, char *argv[])
{
	const char *path = getenv("TWINPATH_CONFORMANCE");
	int failed;

	(void)argc;
	if (getenv("TWINPATH_NFT"))
		hooks.first = hooks.last = NFT;
	collect(argv + 1);
	failed = _cmocka_run_group_tests("conformance", tests, trials_count,
					 open_bench, close_bench);
	if (path && write_results(path, argv + 1))
		failed++;
	free(tests);
	free(trials);
	return failed ? 1 : 0;
}

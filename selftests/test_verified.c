// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_verified.c - what each program costs the verifier.
 *
 * Instructions walked through: its budget is a million, and a kernel's patch
 * release may double what a program costs.  Ours stay under a fifth of it.
 * Stack of the deepest chain of calls: 512 bytes, each function's rounded up to
 * 32 as kernels before 6.7 do, whichever kernel runs this.
 *
 * $TWINPATH_OBJECT names another object than build/twinpath.bpf.o, made by
 * another compiler; $TWINPATH_VERIFIED a file to which a line of JSON is added
 * for each program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "twinpath/maps.h"

#define BOUND 200000
#define LOG_STATS 4 /* the verifier's figures alone */
#define LOG_BYTES 65536
#define PROGRAMS 32

#define BUCKETS 1024
#define ADDRESSES 8

#define STACK_BOUND 512
#define STACK_ROUNDS 32
#define SUBPROGRAMS 256

/* One program, loaded alone: another that is refused hides nothing. */
struct subject {
	struct bpf_object *object;
	struct bpf_program *program;
	char log[LOG_BYTES];
};

/* Sizes of 1 are set before load; see maps.bpf.h. */
static void size_map(struct bpf_map *map)
{
	const char *name = bpf_map__name(map);
	uint32_t lines = BUCKETS + (BUCKETS >> TP_OVERFLOW_SHIFT);

	if (!strcmp(name, "session_table") || !strcmp(name, "tags"))
		bpf_map__set_max_entries(map, lines);
	else if (!strcmp(name, "endpoints"))
		bpf_map__set_max_entries(map, 2 * BUCKETS);
	else if (!strcmp(name, "binding_table"))
		bpf_map__set_max_entries(map,
					 TP_BINDING_INDEX(ADDRESSES, 0, 0));
}

/* Several sums in it, one for each part that is verified by itself. */
static unsigned long verified(const char *log)
{
	static const char word[] = "processed ";
	unsigned long sum = 0;

	while ((log = strstr(log, word))) {
		log += strlen(word);
		sum += strtoul(log, NULL, 10);
	}
	return sum;
}

/* ---- stack --------------------------------------------------------------- */

/* A program's functions, in the order of their code. */
struct graph {
	const struct bpf_insn *code;
	size_t size;
	unsigned int start[SUBPROGRAMS + 1], stack[SUBPROGRAMS];
	unsigned int count;
};

static bool is_reference(const struct bpf_insn *insn)
{
	return (insn->code == (BPF_JMP | BPF_CALL) &&
		insn->src_reg == BPF_PSEUDO_CALL) ||
	       (insn->code == (BPF_LD | BPF_IMM | BPF_DW) &&
		insn->src_reg == BPF_PSEUDO_FUNC);
}

static unsigned int target(const struct graph *graph, size_t at)
{
	return (unsigned int)((int)at + graph->code[at].imm + 1);
}

static int by_start(const void *a, const void *b)
{
	return (int)(*(const unsigned int *)a - *(const unsigned int *)b);
}

static unsigned int number_of(const struct graph *graph, unsigned int start)
{
	unsigned int i = 0;

	while (i < graph->count && graph->start[i] != start)
		i++;
	return i;
}

static void find_functions(struct graph *graph)
{
	graph->count = 1;
	for (size_t i = 0; i < graph->size; i++) {
		if (!is_reference(&graph->code[i]) ||
		    number_of(graph, target(graph, i)) < graph->count)
			continue;
		assert_true(graph->count < SUBPROGRAMS);
		graph->start[graph->count++] = target(graph, i);
	}
	qsort(graph->start, graph->count, sizeof(*graph->start), by_start);
	graph->start[graph->count] = (unsigned int)graph->size;
}

/* "stack depth 184+48+0": one for each function. */
static void read_stacks(struct graph *graph, const char *log)
{
	const char *at = strstr(log, "stack depth ");

	assert_non_null(at);
	at += strlen("stack depth ");
	for (unsigned int i = 0; i < graph->count; i++) {
		char *end;

		graph->stack[i] = (unsigned int)strtoul(at, &end, 10);
		assert_ptr_not_equal(at, end);
		at = end + (*end == '+');
	}
}

static unsigned int rounded(const struct graph *graph, unsigned int function)
{
	unsigned int own = graph->stack[function] ?: 1;

	return (own + STACK_ROUNDS - 1) / STACK_ROUNDS * STACK_ROUNDS;
}

/* `next`: the callee on the deepest way down, or 0. */
static unsigned int deepest(const struct graph *graph, unsigned int function,
			    unsigned int *next)
{
	unsigned int below = 0;

	*next = 0;

	for (size_t i = graph->start[function]; i < graph->start[function + 1];
	     i++)
		if (is_reference(&graph->code[i])) {
			unsigned int callee =
				number_of(graph, target(graph, i));
			unsigned int ignored;
			unsigned int depth = deepest(graph, callee, &ignored);

			if (depth > below) {
				below = depth;
				*next = callee;
			}
		}
	return below + rounded(graph, function);
}

/* Which functions it is that need so much. */
static void tell_chain(const struct subject *subject, const struct graph *graph)
{
	struct bpf_func_info functions[SUBPROGRAMS];
	struct bpf_prog_info info = {
		.func_info = (__u64)(uintptr_t)functions,
		.nr_func_info = SUBPROGRAMS,
		.func_info_rec_size = sizeof(*functions),
	};
	__u32 size = sizeof(info);
	const struct btf *btf = bpf_object__btf(subject->object);
	unsigned int at = 0, next;

	if (bpf_obj_get_info_by_fd(bpf_program__fd(subject->program), &info,
				   &size) ||
	    info.nr_func_info != graph->count)
		return;
	do {
		const struct btf_type *type =
			btf__type_by_id(btf, functions[at].type_id);

		print_message("  %3u  %s\n", graph->stack[at],
			      btf__name_by_offset(btf, type->name_off));
		deepest(graph, at, &next);
		at = next;
	} while (at);
}

static unsigned int stack_of(const struct subject *subject)
{
	struct graph graph = {
		.code = bpf_program__insns(subject->program),
		.size = bpf_program__insn_cnt(subject->program),
	};

	unsigned int bytes, next;

	find_functions(&graph);
	read_stacks(&graph, subject->log);
	bytes = deepest(&graph, 0, &next);
	if (bytes > STACK_BOUND)
		tell_chain(subject, &graph);
	return bytes;
}

/* ---- the figures --------------------------------------------------------- */

static void note(const char *name, unsigned long instructions,
		 unsigned int stack)
{
	const char *path = getenv("TWINPATH_VERIFIED");
	const char *compiler = getenv("TWINPATH_COMPILER");
	FILE *out = path ? fopen(path, "a") : NULL;
	struct utsname system;

	uname(&system);
	print_message("%-16s %8lu verified instructions, %u bytes of stack\n",
		      name, instructions, stack);
	if (!out)
		return;
	fprintf(out,
		"{\"kernel\": \"%s\", \"compiler\": \"%s\", "
		"\"program\": \"%s\", \"instructions\": %lu, "
		"\"stack\": %u}\n",
		system.release, compiler ? compiler : "clang", name,
		instructions, stack);
	fclose(out);
}

/* ---- one test for each program ------------------------------------------- */

static const char *path_of_object(void)
{
	const char *path = getenv("TWINPATH_OBJECT");
	const char *build = getenv("TWINPATH_BUILD");
	static char ours[4096];

	snprintf(ours, sizeof(ours), "%s/twinpath.bpf.o",
		 build ? build : "build");
	return path ? path : ours;
}

static void load(struct subject *subject, const char *name)
{
	struct bpf_program *each;
	struct bpf_map *map;

	subject->object = bpf_object__open_file(path_of_object(), NULL);
	assert_non_null(subject->object);
	bpf_object__for_each_map(map, subject->object)
		size_map(map);
	bpf_object__for_each_program(each, subject->object)
		bpf_program__set_autoload(
			each, !strcmp(bpf_program__name(each), name) ||
				      strstr(bpf_program__name(each), "_full"));
	subject->program =
		bpf_object__find_program_by_name(subject->object, name);
	bpf_program__set_log_level(subject->program, LOG_STATS);
	bpf_program__set_log_buf(subject->program, subject->log, LOG_BYTES);
	if (bpf_object__load(subject->object))
		fail_msg("%s does not load:\n%s", name, subject->log);
}

static void is_bounded(void **state)
{
	static struct subject subject;
	const char *name = *state;
	unsigned long instructions;
	unsigned int stack;

	bpf_object__close(subject.object); /* of one that failed */
	memset(&subject, 0, sizeof(subject));
	load(&subject, name);
	instructions = verified(subject.log);
	stack = stack_of(&subject);
	note(name, instructions, stack);
	assert_in_range(instructions, 1, BOUND);
	assert_in_range(stack, 1, STACK_BOUND);
}

int main(void)
{
	struct CMUnitTest tests[PROGRAMS];
	struct bpf_object *object =
		bpf_object__open_file(path_of_object(), NULL);
	struct bpf_program *each;
	unsigned int count = 0;
	int failed;

	if (!object) {
		fprintf(stderr, "cannot open %s: %m\n", path_of_object());
		return 1;
	}
	bpf_object__for_each_program(each, object) {
		char *name = (char *)(uintptr_t)bpf_program__name(each);

		if (count < PROGRAMS)
			tests[count++] =
				(struct CMUnitTest){ .name = name,
						     .test_func = is_bounded,
						     .initial_state = name };
	}
	failed = _cmocka_run_group_tests("verified", tests, count, NULL, NULL);
	bpf_object__close(object);
	return failed;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * chain.c - see chain.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "chain.h"
#include "chain.skel.h"
#include "engine.h"

struct walk {
	struct chain *chain;
	struct chain_bpf *skel;
	int result;
};

static unsigned draw(__u64 *state, unsigned below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (unsigned)((*state >> 32) * below >> 32);
}

/* `used` of the numbers of all lines, in any order. */
static unsigned *shuffled(const struct chain *chain)
{
	unsigned *list = calloc(chain->lines, sizeof(*list)), i;
	__u64 state;

	if (!list || getrandom(&state, sizeof(state), 0) < 0) {
		free(list);
		return NULL;
	}
	state |= 1;
	for (i = 0; i < chain->lines; i++)
		list[i] = i;
	for (i = 0; i < chain->used; i++) {
		unsigned other = i + draw(&state, chain->lines - i);
		unsigned was = list[i];

		list[i] = list[other];
		list[other] = was;
	}
	return list;
}

/* Each line of the chain says which is the next; the last one, the first. */
static int fill(const struct chain *chain, struct chain_bpf *skel)
{
	size_t size = (size_t)chain->lines * sizeof(struct tp_session);
	unsigned *list = shuffled(chain), i;
	struct tp_session *line;

	if (!list)
		return -ENOMEM;
	line = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    bpf_map__fd(skel->maps.chain_table), 0);
	if (line == MAP_FAILED) {
		free(list);
		return -errno;
	}
	for (i = 0; i < chain->used; i++)
		line[list[i]].control = list[(i + 1) % chain->used];
	skel->bss->chain_at = list[0];
	munmap(line, size);
	free(list);
	return 0;
}

/* The kernel's own figure for one run of the program, in whole nanoseconds. */
static int steps(struct chain_bpf *skel, unsigned reads, double *nanoseconds)
{
	__u8 frame[BENCH_FRAME] = {};
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
			    .data_size_in = sizeof(frame),
			    .repeat = (int)(reads / CHAIN_STEPS) + 1);

	if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.chain),
				   &options))
		return -errno;
	*nanoseconds = (double)options.duration / CHAIN_STEPS;
	return 0;
}

static void *walker(void *arg)
{
	struct walk *walk = arg;
	struct chain *chain = walk->chain;

	walk->result =
		engine_stay(chain->cpu)					    ?:
			steps(walk->skel, chain->used, &chain->nanoseconds) ?:
			steps(walk->skel, chain->reads, &chain->nanoseconds);
	return NULL;
}

static int go(struct chain *chain, struct chain_bpf *skel)
{
	struct walk walk = { chain, skel, 0 };
	pthread_t thread;
	int err;

	err = bpf_map__set_max_entries(skel->maps.chain_table, chain->lines / TP_BUCKET_LINES) ?:
		      chain_bpf__load(skel) ?:
					      fill(chain, skel);
	if (err)
		return err;
	err = pthread_create(&thread, NULL, walker, &walk);
	if (err)
		return -err;
	pthread_join(thread, NULL);
	return walk.result;
}

int chain_run(struct chain *chain)
{
	struct chain_bpf *skel;
	int err;

	if (!chain->used || chain->used > chain->lines ||
	    chain->lines % TP_BUCKET_LINES)
		return -EINVAL;
	skel = chain_bpf__open();
	if (!skel)
		return -errno;
	err = go(chain, skel);
	chain_bpf__destroy(skel);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * chain.bpf.c - how long one waits for a line of memory.
 *
 * Owns: a table like that of the sessions (pages, buckets, lines), and the walk
 * along a chain of its lines: where the next one is stands in the one before, so
 * that no CPU can fetch two of them at once.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "chain.h"
#include "twinpath/maps.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* more before it is loaded */
	__type(key, __u32);
	__type(value, struct tp_bucket);
} chain_table SEC(".maps");

__u32 chain_at; /* the line that comes next */

/* The number of the next line is the control word of each. */
SEC("xdp")
int chain(struct xdp_md *ctx)
{
	__u32 at = chain_at, i;

	(void)ctx;
#pragma clang loop unroll(disable)
	for (i = 0; i < CHAIN_STEPS; i++) {
		__u32 slot = at / TP_BUCKET_LINES, n = at % TP_BUCKET_LINES;
		struct tp_bucket *bucket =
			bpf_map_lookup_elem(&chain_table, &slot);

		if (!bucket)
			return XDP_ABORTED;
		at = *(volatile __u64 *)&bucket->line[n].control;
	}
	chain_at = at;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_helpers.h - the kernel's helpers for the core as an ordinary program.
 *
 * Owns: declarations with the meaning that the kernel gives them; native.c has
 * the code.  A map is its symbol's address; what it is like, native.c reads from
 * the BPF object.
 */
#ifndef FUZZ_BPF_HELPERS_H
#define FUZZ_BPF_HELPERS_H

#include <stdarg.h>
#include <linux/bpf.h>

#define SEC(name) __attribute__((used))
#define __kconfig
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define __noinline __attribute__((noinline))

struct seq_file;

void *shim_lookup(void *map, const void *key);
#define bpf_map_lookup_elem(map, key) shim_lookup((void *)(map), (key))

long bpf_loop(__u32 count, void *step, void *arg, __u64 flags);
__u64 bpf_jiffies64(void);
__u64 bpf_ktime_get_ns(void);
__u32 bpf_get_prandom_u32(void);

long bpf_redirect(__u32 ifindex, __u64 flags);
long bpf_redirect_neigh(__u32 ifindex, void *next_hop, int size, __u64 flags);
/* It does not come back. */
#define bpf_tail_call(ctx, map, index) return (map)->values[index](ctx)
long bpf_clone_redirect(void *skb, __u32 ifindex, __u64 flags);
long bpf_check_mtu(void *ctx, __u32 ifindex, __u32 *size, __s32 diff,
		   __u64 flags);
__s64 bpf_csum_diff(__be32 *from, __u32 from_size, __be32 *to, __u32 to_size,
		    __wsum seed);

__u64 bpf_xdp_get_buff_len(void *ctx);
long bpf_xdp_load_bytes(void *ctx, __u32 at, void *to, __u32 size);
long bpf_xdp_store_bytes(void *ctx, __u32 at, void *from, __u32 size);
long bpf_xdp_adjust_head(void *ctx, int delta);
long bpf_xdp_adjust_tail(void *ctx, int delta);

long bpf_skb_load_bytes(const void *skb, __u32 at, void *to, __u32 size);
long bpf_skb_store_bytes(void *skb, __u32 at, const void *from, __u32 size,
			 __u64 flags);
long bpf_skb_pull_data(void *skb, __u32 size);
long bpf_skb_change_tail(void *skb, __u32 size, __u64 flags);
long bpf_skb_change_head(void *skb, __u32 room, __u64 flags);
long bpf_skb_adjust_room(void *skb, __s32 delta, __u32 mode, __u64 flags);
long bpf_skb_vlan_pop(void *skb);
long bpf_l3_csum_replace(void *skb, __u32 at, __u64 from, __u64 to, __u64 size);
long bpf_l4_csum_replace(void *skb, __u32 at, __u64 from, __u64 to,
			 __u64 flags);

struct bpf_sock *bpf_skc_lookup_tcp(void *ctx, struct bpf_sock_tuple *tuple,
				    __u32 size, __u64 netns, __u64 flags);
struct bpf_sock *bpf_sk_lookup_udp(void *ctx, struct bpf_sock_tuple *tuple,
				   __u32 size, __u64 netns, __u64 flags);
long bpf_sk_release(void *sock);

long bpf_seq_write(struct seq_file *seq, const void *data, __u32 size);
long bpf_seq_printf(struct seq_file *seq, const char *format, __u32 size,
		    const void *data, __u32 bytes);

#endif

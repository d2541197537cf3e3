// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench.bpf.c - the benchmark's own programs: generator, sink, bare redirect.
 *
 * Owns: packets made from a plan, in a live-frame test run; their counting and
 * checking at the far end; the redirect that nothing can beat.  It knows nothing
 * of twinpath: what it measures must be any gateway at all.
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench.h"
#include "hash.h"

#define DONT_FRAGMENT 0x4000
#define MIX 0x9e3779b1U /* odd: a permutation of any power of two */
#define PAYLOAD                                                       \
	(BENCH_FRAME - sizeof(struct ethhdr) - sizeof(struct iphdr) - \
	 sizeof(struct udphdr))

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	__u8 payload[PAYLOAD];
} __attribute__((packed));

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bench_plan);
} plans SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bench_seen);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bench_look);
} look SEC(".maps");

/* By ingress ifindex: one gateway's two interfaces. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BENCH_MAX_PORTS);
	__type(key, __u32);
	__type(value, struct bench_bare);
} bares SEC(".maps");

/* As the session table: pages, buckets, lines; and the secret of its hash. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BENCH_FLOOR_BUCKETS);
	__type(key, __u32);
	__type(value, struct tp_bucket);
} floor_table SEC(".maps");
struct tp_seed floor_seed;
__u64 floor_before; /* what the packet before has read: zero, always */

/* What a test run measures stands here: the wrapper's one tail call. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target SEC(".maps");

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The sum of the 16-bit words of a multiple of two bytes. */
static __always_inline __u64 words(const void *data, __u32 bytes)
{
	const __u16 *word = data;
	__u64 sum = 0;
	__u32 i;

#pragma unroll
	for (i = 0; i < bytes / 2; i++)
		sum += word[i];
	return sum;
}

/* Of the pseudo header: the addresses, the protocol, the length. */
static __always_inline __u64 pseudo(const struct frame *f)
{
	return words((const void *)f + offsetof(struct frame, ip.saddr), 8) +
	       bpf_htons(IPPROTO_UDP) + f->udp.len;
}

static __always_inline __be32 address_plus(__be32 first, __u32 n)
{
	return bpf_htonl(bpf_ntohl(first) + n);
}

/* What is the same in every frame, with the sums of it. */
#define FIXED_IP (sizeof(struct iphdr) + sizeof(struct udphdr) + PAYLOAD)
#define FIXED_UDP (sizeof(struct udphdr) + PAYLOAD)

/*
 * The frame of flow `flow`, checksums and all.  Only the header is written, and
 * of the sums only what changes is added up: the generator's cost is in every
 * row, and must not drown what is measured.
 */
static __always_inline void
frame_make(struct frame *f, const struct bench_plan *plan, __u32 flow)
{
	__u32 endpoint = flow & ((1U << (plan->endpoint_bits & 31)) - 1);
	__u32 which = flow >> (plan->endpoint_bits & 31);
	__u32 remote = which >> (plan->port_bits & 31);
	__be32 there = address_plus(plan->remote, remote);
	__be16 port = bpf_htons(plan->first_port + endpoint);
	__be16 far_port =
		bpf_htons(plan->remote_port +
			  (which & ((1U << (plan->port_bits & 31)) - 1)));
	__be32 near = plan->side == BENCH_OUT ?
			      address_plus(plan->inside, endpoint >> 4) :
			      plan->external;
	int out = plan->side == BENCH_OUT;
	__u64 addresses = (__u64)near + there;

	__builtin_memcpy(&f->eth, plan->destination, 12);
	f->eth.h_proto = bpf_htons(ETH_P_IP);
	f->ip.version = 4;
	f->ip.ihl = 5;
	f->ip.tos = 0;
	f->ip.tot_len = bpf_htons(FIXED_IP);
	f->ip.id = 0;
	f->ip.frag_off = bpf_htons(DONT_FRAGMENT);
	f->ip.ttl = 64;
	f->ip.protocol = IPPROTO_UDP;
	f->ip.check = ~fold(addresses + bpf_htons(0x4500) +
			    bpf_htons(FIXED_IP) + bpf_htons(DONT_FRAGMENT) +
			    bpf_htons(64 << 8 | IPPROTO_UDP));
	f->ip.saddr = out ? near : there;
	f->ip.daddr = out ? there : near;
	f->udp.source = out ? port : far_port;
	f->udp.dest = out ? far_port : port;
	f->udp.len = bpf_htons(FIXED_UDP);
	f->udp.check = ~fold(addresses + bpf_htons(IPPROTO_UDP) +
			     2ULL * bpf_htons(FIXED_UDP) + port + far_port);
	if (!f->udp.check)
		f->udp.check = 0xffff;
}

/* The next frame of this CPU's plan. */
static __always_inline struct bench_plan *frame_next(struct xdp_md *ctx)
{
	struct frame *f = (void *)(long)ctx->data;
	struct bench_plan *plan;
	__u32 key = 0, flow, mask;

	plan = bpf_map_lookup_elem(&plans, &key);
	if (!plan || (void *)(f + 1) > (void *)(long)ctx->data_end)
		return 0;
	mask = (1ULL << ((plan->endpoint_bits + plan->port_bits +
			  plan->remote_bits) &
			 31)) -
	       1;
	flow = plan->next++;
	if (plan->shuffle)
		flow *= MIX;
	frame_make(f, plan, flow & mask);
	return plan;
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	struct bench_plan *plan = frame_next(ctx);

	return plan ? bpf_redirect(plan->ifindex, 0) : XDP_ABORTED;
}

/* The frame itself, for whoever sends it in another way. */
SEC("xdp")
int make_frame(struct xdp_md *ctx)
{
	return frame_next(ctx) ? BENCH_MADE : XDP_ABORTED;
}

/*
 * For test runs that repeat: what the target made of the last frame is undone.
 * Frags, because a tail call does not cross to a program that has them.
 */
SEC("xdp.frags")
int wrap(struct xdp_md *ctx)
{
	if (frame_next(ctx))
		bpf_tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int bare(struct xdp_md *ctx)
{
	struct frame *f = (void *)(long)ctx->data;
	__u32 key = ctx->ingress_ifindex;
	struct bench_bare *to = bpf_map_lookup_elem(&bares, &key);

	if (!to || (void *)(f + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	__builtin_memcpy(f, to->destination, 12);
	return bpf_redirect(to->ifindex, 0);
}

static __always_inline void floor_address(struct tp_addr *out, __be32 address)
{
	((__u64 *)out)[0] = 0;
	((__u32 *)out)[2] = bpf_htonl(0xffff);
	((__u32 *)out)[3] = address;
}

/*
 * The line where the hash of the session says; no more of it than one word.
 * `before` is zero, but where the line is cannot be known before it is.
 */
static __always_inline __u64 floor_read(const struct frame *f, __u64 before)
{
	struct tp_session_key key = { .inside_port = f->udp.source,
				      .remote_port = f->udp.dest,
				      .proto = f->ip.protocol };
	struct tp_bucket *bucket;
	__u32 slot, n;
	__u64 hash;

	floor_address(&key.inside, f->ip.saddr);
	floor_address(&key.remote, f->ip.daddr);
	hash = hash_session(&key, &floor_seed) + before;
	slot = hash % BENCH_FLOOR_BUCKETS;
	n = (hash >> 24) % TP_BUCKET_LINES;
	bucket = bpf_map_lookup_elem(&floor_table, &slot);
	return bucket ? *(volatile __u64 *)&bucket->line[n].control : 1;
}

/*
 * What a table of sessions costs at least: the bare redirect, and one line of
 * memory for each packet, which nothing is done with.  Nobody writes there.  In
 * turn: no packet's line is fetched before that of the packet before is there.
 */
static __always_inline int floor_packet(struct xdp_md *ctx, int in_turn)
{
	struct frame *f = (void *)(long)ctx->data;
	__u32 key = ctx->ingress_ifindex;
	struct bench_bare *to = bpf_map_lookup_elem(&bares, &key);
	__u64 word;

	if (!to || (void *)(f + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	word = floor_read(f, in_turn ? floor_before : 0);
	if (in_turn)
		floor_before = word;
	if (word)
		return XDP_PASS;
	__builtin_memcpy(f, to->destination, 12);
	return bpf_redirect(to->ifindex, 0);
}

SEC("xdp.frags")
int floor_line(struct xdp_md *ctx)
{
	return floor_packet(ctx, 0);
}

SEC("xdp.frags")
int floor_in_turn(struct xdp_md *ctx)
{
	return floor_packet(ctx, 1);
}

static __always_inline void sink_verify(const struct frame *f,
					const struct bench_look *how,
					struct bench_seen *s)
{
	s->verified++;
	if (fold(words(&f->ip, sizeof(f->ip))) != 0xffff ||
	    (f->udp.check &&
	     fold(pseudo(f) + words(&f->udp, sizeof(f->udp) + PAYLOAD)) !=
		     0xffff))
		s->bad++;
	if (how->inside && (__u8)f->ip.saddr == how->inside)
		s->untranslated++;
}

static __always_inline int sink_take(struct xdp_md *ctx, int timed)
{
	struct frame *f = (void *)(long)ctx->data;
	__u32 key = 0;
	struct bench_seen *s = bpf_map_lookup_elem(&seen, &key);
	struct bench_look *how = bpf_map_lookup_elem(&look, &key);

	if (!s || !how || (void *)(f + 1) > (void *)(long)ctx->data_end ||
	    f->eth.h_proto != bpf_htons(ETH_P_IP) ||
	    f->ip.protocol != IPPROTO_UDP ||
	    f->ip.tot_len != bpf_htons(FIXED_IP)) /* a heartbeat, perhaps */
		return XDP_DROP;
	if (timed) {
		s->last = bpf_ktime_get_ns();
		if (!s->first)
			s->first = s->last;
	}
	if (!(s->packets++ & how->mask))
		sink_verify(f, how, s);
	return XDP_DROP;
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	return sink_take(ctx, 0);
}

/* For the moment at which a stream changes its way. */
SEC("xdp")
int sink_timed(struct xdp_md *ctx)
{
	return sink_take(ctx, 1);
}

char LICENSE[] SEC("license") = "GPL";

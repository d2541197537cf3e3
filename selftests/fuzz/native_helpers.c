// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * native_helpers.c - what the kernel's helpers do, for the native core.
 *
 * Owns: their meaning, as far as the core relies on it.  Whoever reads past the
 * frame by a helper gets an error, as in the kernel; who does it directly meets
 * AddressSanitizer.
 */
#include "native.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <bpf/bpf_endian.h>

#include "shim/bpf/bpf_helpers.h"

#define HEADROOM 256
#define MTU 1500
#define ETHERNET 14

unsigned int CONFIG_HZ = 250;

/* ---- the machine --------------------------------------------------------- */

__u64 bpf_jiffies64(void)
{
	return native.jiffies;
}

__u64 bpf_ktime_get_ns(void)
{
	return native.jiffies * 4000000;
}

__u32 bpf_get_prandom_u32(void)
{
	native.random ^= native.random << 13;
	native.random ^= native.random >> 7;
	native.random ^= native.random << 17;
	return (__u32)(native.random >> 16);
}

long bpf_loop(__u32 count, void *step, void *arg, __u64 flags)
{
	long (*call)(__u32 i, void *arg) = step;
	__u32 i = 0;

	(void)flags;
	while (i < count)
		if (call(i++, arg))
			break;
	return i;
}

/* ---- the frame ----------------------------------------------------------- */

static uint8_t *piece(__u32 at, __u32 size)
{
	if (at > native.size || size > native.size - at)
		return NULL;
	return native.memory + native.at + at;
}

static long load(__u32 at, void *to, __u32 size)
{
	const uint8_t *from = piece(at, size);

	if (!from) {
		memset(to, 0, size);
		return -EFAULT;
	}
	memcpy(to, from, size);
	return 0;
}

static long store(__u32 at, const void *from, __u32 size)
{
	uint8_t *to = piece(at, size);

	if (!to)
		return -EFAULT;
	memcpy(to, from, size);
	return 0;
}

static long resize(size_t size)
{
	if (size < ETHERNET || size > 2 * NATIVE_FRAME)
		return -EINVAL;
	native.size = size;
	native.linear = 0;
	native_point();
	return 0;
}

long bpf_xdp_load_bytes(void *ctx, __u32 at, void *to, __u32 size)
{
	(void)ctx;
	return load(at, to, size);
}

long bpf_xdp_store_bytes(void *ctx, __u32 at, void *from, __u32 size)
{
	(void)ctx;
	return store(at, from, size);
}

__u64 bpf_xdp_get_buff_len(void *ctx)
{
	(void)ctx;
	return native.size;
}

long bpf_xdp_adjust_tail(void *ctx, int delta)
{
	(void)ctx;
	return resize(native.size + (size_t)delta);
}

long bpf_xdp_adjust_head(void *ctx, int delta)
{
	(void)ctx;
	if (delta < -HEADROOM || (delta > 0 && (size_t)delta > native.size))
		return -EINVAL;
	native.at += (size_t)delta;
	return resize(native.size - (size_t)delta);
}

long bpf_skb_load_bytes(const void *skb, __u32 at, void *to, __u32 size)
{
	(void)skb;
	return load(at, to, size);
}

long bpf_skb_store_bytes(void *skb, __u32 at, const void *from, __u32 size,
			 __u64 flags)
{
	(void)skb;
	(void)flags;
	return store(at, from, size);
}

long bpf_skb_pull_data(void *skb, __u32 size)
{
	(void)skb;
	if (size > native.size)
		return -ENOMEM;
	if (native.linear && native.linear < size)
		native.linear = size;
	native_point();
	return 0;
}

long bpf_skb_change_tail(void *skb, __u32 size, __u64 flags)
{
	(void)skb;
	(void)flags;
	return resize(size);
}

/* The new bytes are in front, and zero. */
long bpf_skb_change_head(void *skb, __u32 room, __u64 flags)
{
	(void)skb;
	(void)flags;
	if (room > HEADROOM)
		return -EINVAL;
	native.at -= room;
	if (resize(native.size + room))
		return -EINVAL;
	memset(native.memory + native.at, 0, room);
	return 0;
}

long bpf_skb_adjust_room(void *skb, __s32 delta, __u32 mode, __u64 flags)
{
	(void)skb;
	(void)delta;
	(void)mode;
	(void)flags;
	return -ENOTSUP;
}

long bpf_skb_vlan_pop(void *skb)
{
	(void)skb;
	return -ENOTSUP;
}

/* ---- checksums (net/core/filter.c) --------------------------------------- */

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void replace(uint8_t *field, __u64 from, __u64 to, __u64 size)
{
	uint16_t check;

	memcpy(&check, field, sizeof(check));
	if (size == 2)
		check = ~fold((uint16_t)~check + (uint64_t)(uint16_t)~from +
			      (uint16_t)to);
	else if (size == 4)
		check = ~fold((uint16_t)~check + (uint64_t)(uint32_t)~from +
			      (uint32_t)to);
	else /* a difference */
		check = ~fold((uint16_t)~check + (uint64_t)(uint32_t)to);
	memcpy(field, &check, sizeof(check));
}

long bpf_l3_csum_replace(void *skb, __u32 at, __u64 from, __u64 to, __u64 size)
{
	uint8_t *field = piece(at, 2);

	(void)skb;
	if (!field || at & 1)
		return -EFAULT;
	replace(field, from, to, size & 15);
	return 0;
}

long bpf_l4_csum_replace(void *skb, __u32 at, __u64 from, __u64 to, __u64 flags)
{
	uint8_t *field = piece(at, 2);

	(void)skb;
	if (!field || at & 1)
		return -EFAULT;
	if (flags & BPF_F_MARK_MANGLED_0 && !field[0] && !field[1])
		return 0;
	replace(field, from, to, flags & 15);
	if (flags & BPF_F_MARK_MANGLED_0 && !field[0] && !field[1])
		memset(field, 0xff, 2);
	return 0;
}

__s64 bpf_csum_diff(__be32 *from, __u32 from_size, __be32 *to, __u32 to_size,
		    __wsum seed)
{
	uint64_t sum = seed;

	for (__u32 i = 0; i < from_size / 4; i++)
		sum += (uint32_t)~from[i];
	for (__u32 i = 0; i < to_size / 4; i++)
		sum += to[i];
	while (sum >> 32)
		sum = (sum & 0xffffffff) + (sum >> 32);
	return (__s64)sum;
}

/* ---- ways out ------------------------------------------------------------ */

long bpf_redirect(__u32 ifindex, __u64 flags)
{
	/* What goes back in leaves by nothing. */
	native.to = flags & BPF_F_INGRESS ? PLANE_LAN : ifindex;
	return native.xdp ? XDP_REDIRECT : 7 /* TC_ACT_REDIRECT */;
}

long bpf_redirect_neigh(__u32 ifindex, void *next_hop, int size, __u64 flags)
{
	(void)next_hop;
	(void)size;
	return bpf_redirect(ifindex, flags);
}

long bpf_clone_redirect(void *skb, __u32 ifindex, __u64 flags)
{
	unsigned int i = native.clones;

	(void)skb;
	(void)ifindex;
	(void)flags;
	if (i >= NATIVE_CLONES || native.size > NATIVE_FRAME)
		return -ENOMEM;
	native.clone_size[i] = native.size;
	memcpy(native.clone[i], native.memory + native.at, native.size);
	native.clones++;
	return 0;
}

long bpf_check_mtu(void *ctx, __u32 ifindex, __u32 *size, __s32 diff,
		   __u64 flags)
{
	__u32 bytes =
		(*size ? *size : (__u32)native.size - ETHERNET) + (__u32)diff;

	(void)ctx;
	(void)ifindex;
	(void)flags;
	*size = MTU;
	return bytes > MTU;
}

/* ---- the gateway's sockets: one server, port 22 --------------------------- */

static struct bpf_sock *server(const struct bpf_sock_tuple *tuple)
{
	static struct bpf_sock sock;

	return tuple->ipv4.dport == bpf_htons(22) ? &sock : NULL;
}

struct bpf_sock *bpf_skc_lookup_tcp(void *ctx, struct bpf_sock_tuple *tuple,
				    __u32 size, __u64 netns, __u64 flags)
{
	(void)ctx;
	(void)size;
	(void)netns;
	(void)flags;
	return server(tuple);
}

struct bpf_sock *bpf_sk_lookup_udp(void *ctx, struct bpf_sock_tuple *tuple,
				   __u32 size, __u64 netns, __u64 flags)
{
	return bpf_skc_lookup_tcp(ctx, tuple, size, netns, flags);
}

long bpf_sk_release(void *sock)
{
	(void)sock;
	return 0;
}

/* ---- the iterators print to nobody --------------------------------------- */

long bpf_seq_write(struct seq_file *seq, const void *data, __u32 size)
{
	(void)seq;
	(void)data;
	(void)size;
	return 0;
}

long bpf_seq_printf(struct seq_file *seq, const char *format, __u32 size,
		    const void *data, __u32 bytes)
{
	(void)seq;
	(void)format;
	(void)size;
	(void)data;
	(void)bytes;
	return 0;
}

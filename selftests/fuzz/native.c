// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * native.c - the core on this machine, with sanitizers: libFuzzer's entry.
 *
 * Owns: the contexts and the run of a program.  A frame lies in memory of its
 * own below 4 GB, where a context's 32-bit pointers reach, and what is around
 * its bytes is poisoned: one byte too far and AddressSanitizer tells.
 */
#include "native.h"

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#define BUCKETS 64
#define ROOM 32768
#define FRONT 4096 /* headroom; Ethernet stands so that IP is aligned */

struct native native;

int xdp_lan(struct xdp_md *ctx);
int xdp_wan(struct xdp_md *ctx);
int tc_lan(struct __sk_buff *skb);
int tc_wan(struct __sk_buff *skb);
int tc_out(struct __sk_buff *skb);
int tc_back(struct __sk_buff *skb);

/* ---- the frame ----------------------------------------------------------- */

void native_fence(void)
{
	__asan_poison_memory_region(native.memory, ROOM);
	__asan_unpoison_memory_region(native.memory + native.at, native.size);
}

static void open_fence(void)
{
	__asan_unpoison_memory_region(native.memory, ROOM);
}

static __u32 address_of(size_t at)
{
	return (__u32)(uintptr_t)(native.memory + at);
}

void native_point(void)
{
	size_t linear = native.linear && native.linear < native.size ?
				native.linear :
				native.size;

	native_fence();
	native.md.data = address_of(native.at);
	native.md.data_end = address_of(native.at + native.size);
	native.skb.data = native.md.data;
	native.skb.data_end = address_of(native.at + linear);
	native.skb.len = (__u32)native.size;
}

static void load_frame(const struct passage *passage)
{
	open_fence();
	native.at = FRONT + 2;
	native.size = passage->in.size;
	native.linear = passage->linear;
	memcpy(native.memory + native.at, passage->in.frame, native.size);
	native.to = 0;
	native.clones = 0;
	memset(&native.md, 0, sizeof(native.md));
	memset(&native.skb, 0, sizeof(native.skb));
	native.md.ingress_ifindex = passage->in.ifindex;
	native.skb.ifindex = passage->in.ifindex;
	native.skb.ingress_ifindex = passage->in.from;
	native.skb.mark = passage->in.mark;
	native_point();
}

static void save_frame(struct passage *passage)
{
	open_fence();
	passage->out.size = native.size;
	passage->out.mark = native.skb.mark;
	passage->to = native.to;
	memcpy(passage->out.frame, native.memory + native.at,
	       native.size < PACKET_MAX ? native.size : PACKET_MAX);
}

/* ---- one run ------------------------------------------------------------- */

static enum plane_verdict xdp_verdict(int value)
{
	return value == XDP_REDIRECT || value == XDP_TX ? PLANE_FORWARDED :
	       value == XDP_PASS			? PLANE_PASSED :
	       value == XDP_DROP			? PLANE_DROPPED :
							  PLANE_BROKEN;
}

static enum plane_verdict tc_verdict(int value)
{
	return value == TC_ACT_REDIRECT			    ? PLANE_FORWARDED :
	       value == TC_ACT_UNSPEC || value == TC_ACT_OK ? PLANE_PASSED :
	       value == TC_ACT_SHOT			    ? PLANE_DROPPED :
							      PLANE_BROKEN;
}

static enum plane_verdict run(enum tp_hook hook)
{
	native.xdp = hook <= TP_HOOK_xdp_wan;
	switch (hook) {
	case TP_HOOK_xdp_lan:
		return xdp_verdict(xdp_lan(&native.md));
	case TP_HOOK_xdp_wan:
		return xdp_verdict(xdp_wan(&native.md));
	case TP_HOOK_tc_lan:
		return tc_verdict(tc_lan(&native.skb));
	case TP_HOOK_tc_wan:
		return tc_verdict(tc_wan(&native.skb));
	case TP_HOOK_tc_out:
		return tc_verdict(tc_out(&native.skb));
	case TP_HOOK_tc_back:
		return tc_verdict(tc_back(&native.skb));
	default:
		return PLANE_BROKEN;
	}
}

/* A clone that was sent back into the interface comes as a packet. */
static void run_clones(struct plane *plane, const struct passage *parent)
{
	static struct passage passage;
	static unsigned int depth;
	unsigned int count = native.clones;
	static uint8_t frames[NATIVE_CLONES][NATIVE_FRAME];
	size_t sizes[NATIVE_CLONES];
	const char *why;

	if (!count || depth)
		return;
	for (unsigned int i = 0; i < count; i++) {
		sizes[i] = native.clone_size[i];
		memcpy(frames[i], native.clone[i], sizes[i]);
	}
	depth++;
	for (unsigned int i = 0; i < count; i++) {
		passage.in = parent->in;
		passage.in.frame = frames[i];
		passage.in.size = sizes[i];
		passage.linear = 0;
		machine_run(plane, &passage);
		why = judge(&passage);
		if (why)
			fuzz_report(&passage, why);
	}
	depth--;
}

int machine_run(struct plane *plane, struct passage *passage)
{
	uint64_t before;

	if (passage->in.size > NATIVE_FRAME)
		return -1;
	load_frame(passage);
	before = native_counted();
	passage->out.verdict = run(passage->in.hook);
	passage->reasons = (uint32_t)(native_counted() - before);
	save_frame(passage);
	run_clones(plane, passage);
	return 0;
}

void machine_failed(void)
{
	/* libFuzzer keeps the stream */
}

/* ---- libFuzzer ----------------------------------------------------------- */

static void say_count(void)
{
	fprintf(stderr, "%lu packets through the native core\n", fuzz_packets);
}

static struct plane plane;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	native.memory = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (native.memory == MAP_FAILED || maps_open(&plane, BUCKETS)) {
		fprintf(stderr, "fuzz: no memory below 4 GB, or no maps\n");
		exit(1);
	}
	atexit(say_count);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	maps_reset(&plane);
	native.random = 0x9e3779b97f4a7c15;
	fuzz_stream(&plane, bytes, size);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * native.h - the machine that the core believes to run on.
 */
#ifndef FUZZ_NATIVE_H
#define FUZZ_NATIVE_H

#include <linux/bpf.h>

#include "fuzz.h"

#define NATIVE_FRAME 2048 /* bytes of the largest */
#define NATIVE_CLONES 64

struct native {
	uint8_t *memory; /* the frame is at .. at + size */
	size_t at, size;
	size_t linear; /* bytes that tc sees before it pulls; 0: all */
	struct xdp_md md;
	struct __sk_buff skb;
	bool xdp;
	uint32_t to; /* interface of the redirect */
	uint64_t random;
	uint64_t jiffies;
	struct tp_settings settings; /* of the standard site */
	unsigned int clones;
	size_t clone_size[NATIVE_CLONES];
	uint8_t clone[NATIVE_CLONES][NATIVE_FRAME];
};

extern struct native native;

/* The frame has moved, grown or shrunk: the context follows. */
void native_point(void);
/* Poison all that is not the frame. */
void native_fence(void);

/* Reason counters, all together. */
uint64_t native_counted(void);

/* The maps of the BPF object, and the standard site in them. */
int maps_open(struct plane *plane, uint32_t buckets);
void maps_reset(struct plane *plane);

#endif

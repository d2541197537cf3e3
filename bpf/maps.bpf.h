/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * maps.bpf.h - the maps, each with its one writer.
 *
 * Owns: definitions only; layouts are in include/twinpath/maps.h.  A map that
 * the daemon writes is BPF_F_RDONLY_PROG, so that the verifier refuses any
 * program that would write it.  Sizes of 1 are set before load.
 */
#ifndef TWINPATH_MAPS_BPF_H
#define TWINPATH_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "twinpath/maps.h"
#include "twinpath/pressure.h"
#include "twinpath/reasons.h"

/* ---- written by the daemon ------------------------------------------------ */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_layout);
} layout SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_seed);
} seed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_selector);
} selector SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_shares);
} shares SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, TP_MAX_EXITS);
	__type(key, __u32);
	__type(value, struct tp_exit);
} exits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, TP_MAX_ADDRESSES);
	__type(key, __u32);
	__type(value, struct tp_address);
} addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, TP_LINK_SLOTS);
	__type(key, __u32);
	__type(value, struct tp_link);
} links SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_partner);
} partner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_RDONLY_PROG | BPF_F_NO_PREALLOC);
	__uint(max_entries, TP_MAX_ROUTES);
	__type(key, struct tp_route_key);
	__type(value, struct tp_route);
} routes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_regions);
} regions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, TP_MAX_NEIGHBOURS);
	__type(key, __u32);
	__type(value, struct tp_neighbour);
} neighbours SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, TP_MAX_NEIGHBOURS);
	__type(key, struct tp_neighbour_key);
	__type(value, __u32);
} neighbour_ids SEC(".maps");

/* max-addresses x planes */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_ports);
} reserved SEC(".maps");

/* ---- written by the data plane -------------------------------------------- */

/* buckets + overflow buckets; see session.h */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_bucket);
} session_table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_tags);
} tags SEC(".maps");

/* max-addresses x planes x 65536; see binding.h */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_binding);
} binding_table SEC(".maps");

/* TP_INDEX_BUCKETS for each bucket */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_endpoints);
} endpoints SEC(".maps");

/* TP_PERMIT_BUCKETS for each bucket */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_permits);
} permits SEC(".maps");

/* Held for the few instructions of an insert; see lock.h. */
#define LOCKS 4096
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LOCKS);
	__type(key, __u32);
	__type(value, __u32);
} locks SEC(".maps");

/* Ticks at which a flow's hash was last asked; see partner.h. */
#define ASKED 4096
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASKED);
	__type(key, __u32);
	__type(value, __u32);
} asked SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_partner_seen);
} partner_seen SEC(".maps");

/* Ticks at which a host last got a binding; see host.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TP_HOSTS);
	__type(key, __u32);
	__type(value, struct tp_host_bound);
} host_bound SEC(".maps");

/* What became of first fragments; see fragment.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TP_FRAGMENT_BUCKETS);
	__type(key, __u32);
	__type(value, struct tp_fragments);
} fragment_records SEC(".maps");

/* Fragments that wait for their first; see fragment_hold.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TP_HELD);
	__type(key, __u32);
	__type(value, struct tp_held);
} fragment_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TP_HELD);
	__type(key, __u32);
	__type(value, struct tp_held_bytes);
} fragment_bytes SEC(".maps");

/* The tick at which one was last held. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} fragment_last SEC(".maps");

/* The first itself, while the others go before our eyes in its buffer. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_held_bytes);
} fragment_scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TP_RATION_LINES);
	__type(key, __u32);
	__type(value, struct tp_ration);
} rations SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_sweeper);
} sweeper SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TP_PACES);
	__type(key, __u32);
	__type(value, struct tp_pace);
} paces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TP_MAX_EXITS);
	__type(key, __u32);
	__type(value, struct tp_exit_counters);
} exit_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TP_HOOK_COUNT);
	__type(key, __u32);
	__type(value, struct tp_reasons);
} reasons SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tp_pressure);
} pressure SEC(".maps");

/* What the slow path works with; see room(). */
enum room {
	ROOM_MISS,
	ROOM_KEY,
	ROOM_PATCHES,
	ROOM_OPTIONS,
	ROOM_FRESH,
	ROOMS,
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ROOMS);
	__type(key, __u32);
	__type(value, struct tp_room);
} rooms SEC(".maps");

/* Fixed with the size of the tables, before load. */
const volatile __u32 bucket_mask = 0;	/* buckets - 1 */
const volatile __u32 overflow_mask = 0; /* overflow buckets - 1 */
const volatile __u32 address_count = 1; /* max-addresses */

/* The one entry of a one-entry array; the verifier wants the NULL check. */
#define ONLY(map)                                    \
	({                                           \
		__u32 only_key = 0;                  \
		bpf_map_lookup_elem(map, &only_key); \
	})

/*
 * Room that is not on the stack: of its 512 bytes Linux 6.1 counts every function
 * in a chain of calls in steps of 32.  No program interrupts another on its CPU.
 */
static __always_inline void *room(__u32 which)
{
	return bpf_map_lookup_elem(&rooms, &which);
}

#endif

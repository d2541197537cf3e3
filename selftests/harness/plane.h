/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plane.h - the BPF programs on the test bench: loaded, never attached, run
 * one packet at a time by BPF_PROG_TEST_RUN.
 *
 * Owns: the standard test site (devices, daemon-owned maps) and every access
 * to the maps.  It must never judge a packet: that is for rows.h.
 *
 *   H .10  H2 .20  router .30 -> 192.168.50.0/24     partner .4
 *        |                                              |
 *   -----+----------------- LAN 192.168.0.0/24 ---------+
 *                        |.3
 *                     gateway --- uplink isp-a, 203.0.113.5
 *                             --- uplink isp-b, 198.51.100.7
 */
#ifndef HARNESS_PLANE_H
#define HARNESS_PLANE_H

#include "packet.h"

#include "twinpath.skel.h"
#include "twinpath/maps.h"
#include "twinpath/reasons.h"

/* Addresses of the site, as nat-conformance.md names them. */
#define H IP(192, 168, 0, 10)
#define H2 IP(192, 168, 0, 20)
#define H3 IP(192, 168, 0, 40) /* a host that nobody resolved */
#define ROUTER IP(192, 168, 0, 30)
#define DEEP IP(192, 168, 50, 7) /* a host behind the inner router */
#define PARTNER IP(192, 168, 0, 4)
#define GATEWAY IP(192, 168, 0, 3)
#define A IP(203, 0, 113, 5)
#define B IP(198, 51, 100, 7)
#define R IP(192, 0, 2, 80)
#define R2 IP(192, 0, 2, 81)
#define X IP(192, 0, 2, 254) /* a router out there */
#define EXCLUDED IP(10, 99, 0, 1)

/* Interfaces, by their ifindex in the bench's own network namespace. */
enum plane_device {
	PLANE_LAN = 11,
	PLANE_ISP_A = 12,
	PLANE_ISP_B = 13,
};

enum plane_exit {
	PLANE_EXIT_A = 1,
	PLANE_EXIT_B = 2,
	PLANE_EXIT_PARTNER = 3,
};

/* MAC addresses, as initialisers; the arrays below hold the same. */
/* clang-format off */
#define MAC_BROADCAST { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }
#define MAC_GROUP { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x05 }
#define MAC_FOREIGN { 0x02, 0, 0, 0, 0x77, 0x77 } /* nobody's */
#define MAC_LAN { 0x02, 0, 0, 0, 0x00, 0x03 }
#define MAC_VIRTUAL { 0x00, 0x00, 0x5e, 0x00, 0x01, 0x01 } /* VRRP */
#define MAC_H { 0x02, 0, 0, 0, 0x00, 0x10 }
#define MAC_H2 { 0x02, 0, 0, 0, 0x00, 0x20 }
#define MAC_ROUTER { 0x02, 0, 0, 0, 0x00, 0x30 }
#define MAC_PARTNER { 0x02, 0, 0, 0, 0x00, 0x04 }
#define MAC_LIKE_PARTNER { 0x02, 0, 0, 0, 0x77, 0x04 } /* a host's */
#define MAC_THEIRS(kind) { 0x06, 0x11, 0x22, 0x33, 0x44, 0x40 | (kind) }
#define MAC_MINE(kind) { 0x06, 0x11, 0x22, 0x33, 0x44, 0x80 | (kind) }
#define MAC_ISP_A { 0x02, 0, 0, 0, 0x01, 0x03 } /* isp-a: ours */
#define MAC_NEXT_A { 0x02, 0, 0, 0, 0x01, 0xfe } /* isp-a: next hop's */
#define MAC_ISP_B { 0x02, 0, 0, 0, 0x02, 0x03 }
#define MAC_NEXT_B { 0x02, 0, 0, 0, 0x02, 0xfe }
/* clang-format on */

extern const uint8_t plane_mac_lan[6], plane_mac_virtual[6];
extern const uint8_t plane_mac_partner[6], plane_mac_router[6];
extern const uint8_t plane_mac_h[6], plane_mac_h2[6];
extern const uint8_t plane_mac_isp_a[6], plane_mac_next_a[6];
extern const uint8_t plane_mac_isp_b[6], plane_mac_next_b[6];

#define PLANE_ADDRESSES 2 /* id 0 is A, id 1 is B */

#define PLANE_TICKS(seconds) ((uint32_t)((seconds)*TP_TICKS_PER_SECOND))

struct plane {
	struct twinpath *skel;
	struct tp_settings settings; /* write with plane_set_settings() */
	struct tp_bucket *sessions;  /* the live tables, mapped */
	struct tp_binding *bindings;
	struct tp_ration *rations; /* TP_RATION_LINES */
	uint32_t buckets;	   /* without overflow */
	size_t lines, bindings_count;
};

/* What became of a packet, the same for XDP and tc. */
enum plane_verdict {
	PLANE_FORWARDED, /* redirected, or back out of the same interface */
	PLANE_PASSED,
	PLANE_DROPPED,
	PLANE_BROKEN, /* no verdict that we know: never right */
};

struct plane_input {
	enum tp_hook hook;
	uint32_t ifindex;
	uint32_t from; /* tc: interface it came by, 0: the gateway's own */
	uint32_t mark; /* tc */
	const uint8_t *frame;
	size_t size;
};

struct plane_output {
	enum plane_verdict verdict;
	uint32_t mark; /* tc */
	size_t size;
	uint8_t frame[PACKET_MAX];
};

/*
 * Enter an own network namespace, make the devices, load the programs with a
 * session table of so many buckets, a power of two.  Returns 0, or a negative
 * errno and says why on stderr.
 */
int plane_open(struct plane *plane, uint32_t buckets);
void plane_close(struct plane *plane);

/* What is set before load: so many buckets, PLANE_ADDRESSES addresses. */
int plane_size(struct twinpath *skel, uint32_t buckets);

/* Forget all state and fill the daemon's maps with the standard site. */
int plane_reset(struct plane *plane);

/* Since it was cleared, a map was looked at or written, or a program run. */
extern bool plane_touched;

int plane_run(struct plane *plane, const struct plane_input *input,
	      struct plane_output *output);

/* The daemon's part: write one entry of a map. */
int plane_set(struct bpf_map *map, uint32_t key, const void *value);
int plane_get(struct bpf_map *map, uint32_t key, void *value);
int plane_set_settings(struct plane *plane);
int plane_select(struct plane *plane, uint32_t exit);
int plane_set_exit_state(struct plane *plane, uint32_t exit,
			 enum tp_exit_state state);
/* Its TCP sessions wait for a dead exit for so long ("hold"). */
int plane_wait(struct plane *plane, uint32_t exit, uint32_t ticks);
/* The standard site has none; this one stands at .4 and is reachable. */
int plane_set_partner(struct plane *plane, enum tp_partner_type type);
/* The address comes to hold another lease: its bindings are void. */
int plane_new_generation(struct plane *plane, uint32_t address);
/* Who may send to the address's dynamic bindings. */
int plane_filter(struct plane *plane, uint32_t address,
		 enum tp_filtering filtering);
int plane_later(struct plane *plane, uint32_t ticks);

/* Counters, summed over the CPUs. */
int plane_reasons(struct plane *plane, struct tp_reasons sums[TP_HOOK_COUNT]);

/* Lines that are not free, expired or not. */
unsigned int plane_sessions(const struct plane *plane);
unsigned int plane_bindings(const struct plane *plane);

/* Ask the syscall program "publish"; what it answers. */
int plane_publish(struct plane *plane, const struct tp_publish *ask);

struct tp_addr plane_address(uint32_t address);
/* What the IP IDs of an inside host are xored with outside, where they are not
 * atomic (RFC 6864). */
uint16_t plane_id_mask(uint32_t inside);
uint32_t plane_now(struct plane *plane);
/* What the daemon asks for once a second; bits of the walk that were made. */
unsigned int plane_sweep(struct plane *plane);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h - the bench's three devices as wires: frames go in and out at their
 * far ends, and the kernel between them routes.
 *
 * For what a test run cannot show: what the kernel makes of a packet that the
 * programs pass, several packets that come of one, checksums that are still
 * owed; and other translators than ours.
 */
#ifndef HARNESS_WIRE_H
#define HARNESS_WIRE_H

#include "plane.h"

enum wire_end {
	WIRE_LAN,
	WIRE_ISP_A,
	WIRE_ISP_B,
	WIRE_ENDS,
};

struct wire {
	int socket[WIRE_ENDS]; /* of the far ends */
	int xdp[WIRE_ENDS];    /* links, -1: none */
	bool attached;
	int patience; /* ms until what has not come does not come */
};

/*
 * Furnish the devices of an open plane: MAC addresses, routes, neighbours,
 * forwarding.  Returns 0, or a negative errno and says why on stderr.
 */
int wire_open(struct wire *wire);
void wire_close(struct wire *wire);

/* Put the programs on the devices, as twinpathd would; take them off. */
int wire_attach(struct wire *wire, const struct plane *plane, bool xdp);
void wire_detach(struct wire *wire);

/* Forget what has arrived. */
void wire_forget(struct wire *wire);

/* Send a frame towards the gateway. */
int wire_send(struct wire *wire, enum wire_end end, const uint8_t *frame,
	      size_t size);
/*
 * The same for an IPv4 packet whose TCP or UDP checksum is still owed: the
 * field holds the sum of the pseudo header alone.  A far end completes it before
 * it sends, as a wire would have it, unless it is told to leave that to others.
 */
int wire_send_owed(struct wire *wire, enum wire_end end, const uint8_t *frame,
		   size_t size);

/* Which ends of all cables leave checksums to others; at first none does. */
int wire_offload(bool far, bool near);

/*
 * The next IPv4 frame that arrived at an end: its size, 0 when none comes.
 * `owed`: its checksum is still to be completed; may be NULL.
 */
size_t wire_receive(struct wire *wire, enum wire_end end,
		    uint8_t frame[PACKET_MAX], bool *owed);

/* Run a shell command; 0, or -EINVAL when it failed. */
__attribute__((format(printf, 1, 2))) int wire_shell(const char *format, ...);

#endif

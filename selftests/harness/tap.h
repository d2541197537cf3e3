/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap.h - devices whose other end is a file descriptor: tap, with a MAC header,
 * and tun, without one.
 *
 * For what a test run cannot show: a packet without MAC header, and what
 * bpf_redirect() makes of one on its way between the two kinds.  Frames always
 * begin with a MAC header here: that of a tun is empty.
 */
#ifndef HARNESS_TAP_H
#define HARNESS_TAP_H

#include "plane.h"

struct tap {
	int fd;
	uint32_t ifindex;
	bool raw; /* tun */
};

/*
 * Make a device in the bench's network namespace; up, without IPv6, and without
 * offloads: the kernel completes and cuts up what it sends.  `mac` is not for a
 * tun.  Returns 0, or a negative errno and says why on stderr.
 */
int tap_open(struct tap *tap, const char *name, bool raw, const uint8_t mac[6]);
void tap_close(struct tap *tap);

/* The programs of this side, as twinpathd would attach them. */
int tap_attach(const struct tap *tap, const struct plane *plane, bool lan);

/* A frame comes by the device. */
int tap_send(const struct tap *tap, const uint8_t *frame, size_t size);
/* The same as a super-packet of TCP, to be cut after `segment` bytes of payload;
 * its checksum is owed. */
int tap_send_super(const struct tap *tap, const uint8_t *frame, size_t size,
		   uint16_t segment);
/* The kernel sends an IPv4 packet by the device, to this MAC. */
int tap_emit(const struct tap *tap, const uint8_t *frame, size_t size);
/* The next frame that leaves by it; 0: there is none within so many ms. */
size_t tap_receive(const struct tap *tap, uint8_t frame[PACKET_MAX],
		   int patience);

#endif

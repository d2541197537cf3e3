/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * masquerade.h - the kernel's own NAT on the bench's wires, to compare with:
 * nft masquerade, and the filter that people put in front of it.
 */
#ifndef HARNESS_MASQUERADE_H
#define HARNESS_MASQUERADE_H

/* On the devices of an open wire; 0, or a negative errno. */
int masquerade_open(void);

/* It forgets every connection, as after a boot. */
int masquerade_forget(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * address.h - struct tp_addr and struct prefix to and from text, and the
 * few questions one asks of them.  Pure.
 */
#ifndef TWINPATH_ADDRESS_H
#define TWINPATH_ADDRESS_H

#include <netinet/in.h>

#include "model.h"

#define ADDRESS_TEXT 48 /* enough for any address or prefix, with the NUL */

/* All return 0 or -EINVAL; `out` is untouched on failure. */
int address_parse(const char *text, struct tp_addr *out);
/* "10.0.0.0/8"; a bare address is a host prefix; host bits must be 0. */
int prefix_parse(const char *text, struct prefix *out);

/* Print into `text` and return it; IPv4 in dotted form. */
const char *address_print(const struct tp_addr *address,
			  char text[ADDRESS_TEXT]);
const char *prefix_print(const struct prefix *prefix, char text[ADDRESS_TEXT]);

bool address_is_v4(const struct tp_addr *address);
bool address_is_zero(const struct tp_addr *address);
bool address_equal(const struct tp_addr *a, const struct tp_addr *b);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
bool prefix_contains(const struct prefix *prefix,
		     const struct tp_addr *address);
/* The subnet that address/length lies in. */
struct prefix prefix_of(const struct tp_addr *address, uint8_t length);

/* From and to the kernel's forms (network order). */
struct tp_addr address_from_v4(in_addr_t v4);
in_addr_t address_to_v4(const struct tp_addr *address);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire_check.h - is this an IPv4 packet as it may be on a wire?
 */
#ifndef SELFTESTS_WIRE_CHECK_H
#define SELFTESTS_WIRE_CHECK_H

#include <stddef.h>

/*
 * What is wrong with its lengths or checksums; NULL: nothing.  It begins with
 * the IP header and may end in Ethernet padding.
 */
const char *wire_check(const unsigned char *packet, size_t size);

#endif

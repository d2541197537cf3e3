/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checksum.h - the Internet checksum, of what the daemon itself builds.
 */
#ifndef TWINPATH_CHECKSUM_H
#define TWINPATH_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* RFC 1071, over an even number of bytes; 0 over what has its checksum. */
uint16_t checksum(const void *data, size_t length);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * offload.h - packets as a host's NIC delivers them: checksums still owed, many
 * segments in one.  For tc: a frame that XDP sees is whole (docs/limits.md).
 */
#ifndef CONFORMANCE_OFFLOAD_H
#define CONFORMANCE_OFFLOAD_H

#include "conformance.h"

void offload_owed_udp(struct bench *bench);
void offload_owed_tcp(struct bench *bench);
void offload_owed_in(struct bench *bench);
void offload_segments(struct bench *bench);

#endif

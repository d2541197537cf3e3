// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core.c - the BPF programs as ordinary functions: the same source, with the
 * shim's helpers.  libc has a clock() of its own.
 */
#define clock twinpath_clock
#include "twinpath.bpf.c"

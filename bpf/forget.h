/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * forget.h - makes the verifier forget what it knows of a structure.
 *
 * Owns: global functions that do nothing.  The verifier takes it that a global
 * function may have written anything behind its pointers and returns any
 * number: all ways that lead to the call go on as one.  Without them, whatever
 * parse or the rules can tell apart walks the rest of the program again; with
 * them a program is verified in a tenth of the instructions.  What a reader may
 * know is unchanged, but a call costs up to 7 ns (see docs/performance.md): never on
 * the hit path.
 */
#ifndef TWINPATH_FORGET_H
#define TWINPATH_FORGET_H

#include "packet.h"

__noinline int packet_forget(struct packet *p)
{
	asm volatile("" : : "r"(p) : "memory");
	return 0;
}

/* Before an edit is carried out; gives the reason back. */
__noinline __u32 edit_forget(struct edit *edit, __u32 reason)
{
	asm volatile("" : "+r"(reason) : "r"(edit) : "memory");
	return reason;
}

#endif

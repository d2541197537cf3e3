/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor.h - what of the machine is not as the daemon needs it, or has written it.
 *
 * Owns: the sentences, and what to type.  It looks, and mends nothing: what the
 * daemon can mend, it has.  What needs no daemon's knowledge the command looks at
 * itself (tools/doctor_machine.c).
 */
#ifndef TWINPATH_DOCTOR_H
#define TWINPATH_DOCTOR_H

struct json_object;
struct site;

/* [{"what": "a sentence", "type": "a command, or null"}, ...] */
struct json_object *doctor_findings(const struct site *site);

/* ---- between its files --------------------------------------------------- */

/* doctor_sysctl.c, doctor_offload.c: of the interfaces that are attached. */
void doctor_sysctls(const struct site *site, struct json_object *findings);
void doctor_offloads(const struct site *site, struct json_object *findings);

#endif

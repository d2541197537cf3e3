/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor_find.h - one finding of "doctor", in the form in which the command prints
 * them: the daemon's (doctor.h) and its own (tools/doctor_machine.h) are one list.
 *
 * Owns: that form.  It looks at nothing.
 */
#ifndef TWINPATH_DOCTOR_FIND_H
#define TWINPATH_DOCTOR_FIND_H

struct json_object;

/* `type`: a command that mends it, or NULL. */
void doctor_find(struct json_object *findings, const char *type,
		 const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

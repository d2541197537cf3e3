/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wish.h - may the operator have what he asks for?
 *
 * An exit that is not up is refused before anything is changed; --force takes it
 * all the same.  Reads the site, changes nothing.
 */
#ifndef TWINPATH_WISH_H
#define TWINPATH_WISH_H

#include "model.h"

#define WISH_TEXT (MODEL_NAME + 16)

struct site;

/*
 * wish_possible - 0, -ENOENT (no such uplink) or -ENOTCONN (no exit is there);
 * then `why` is the sentence for the operator.
 */
int wish_possible(const struct site *site, const struct intent *intent,
		  char why[MODEL_REASON]);

/* Is it one of the partner's, as its heartbeat said last? */
bool wish_is_partners(const struct site *site, const char *uplink);

/* "auto", "partner", "isp-b", "drain isp-b" */
const char *wish_print(const struct intent *intent, char text[WISH_TEXT]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wish.h - what "flip" and "drain" have in common: TO and the options beside it.
 */
#ifndef TWINPATH_TOOLS_WISH_H
#define TWINPATH_TOOLS_WISH_H

#include "client.h"

/*
 * wish_ask - the command `name` about `to`, with the options' force, for and
 * drain.  Returns STATUS_OK and the answer, which the caller puts; else another
 * status, after saying why.
 */
int wish_ask(const struct instance *instance, const struct options *options,
	     const char *name, const char *to, struct json_object **answer);

/* A field of an answer as text; "?": it has none. */
const char *wish_text(struct json_object *answer, const char *key);

#endif

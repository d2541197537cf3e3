/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explained.h - "explain" beside the real thing: asked before each packet of the
 * tables, compared with what became of it.
 *
 * Owns: which packets can be compared.  "explain" is told addresses, ports and
 * whether a packet opens a session; one of a special size, TTL or form, one that
 * the partner handed over, and what only a claim finds out are others.
 */
#ifndef HARNESS_EXPLAINED_H
#define HARNESS_EXPLAINED_H

#include "rows.h"

struct explained {
	bool asked;
	struct tp_explain answer;
};

/* Ask, and see that nothing was changed by it. */
void explained_ask(struct bench *bench, const struct step *step,
		   const struct packet *in, struct explained *out);

/* The packet is through: was it as was said? */
void explained_judge(struct bench *bench, const struct step *step,
		     const struct explained *explained);

#endif

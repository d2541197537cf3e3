// SPDX-License-Identifier: GPL-2.0-or-later
/* shortage.c - see shortage.h. */
#include <stddef.h>

#include "shortage.h"

static const struct {
	size_t reason; /* offset of its counter */
	const char *what, *enough, *out;
} kinds[SHORTAGES] = {
	[SHORTAGE_PORTS] = { offsetof(struct tp_reasons, ports_full),
			     "external ports", "enough", "used up" },
	[SHORTAGE_SESSIONS] = { offsetof(struct tp_reasons, sessions_full),
				"session table", "room", "full" },
	[SHORTAGE_HOST_SESSIONS] = { offsetof(struct tp_reasons, host_sessions),
				     "sessions of a host", "within limits",
				     "at their limit" },
	[SHORTAGE_HOST_PORTS] = { offsetof(struct tp_reasons, host_ports),
				  "external ports of a host", "within limits",
				  "at their limit" },
	[SHORTAGE_HOST_RATE] = { offsetof(struct tp_reasons, host_rate),
				 "new sessions of a host", "within limits",
				 "too many a second" },
	[SHORTAGE_HOST_QUESTIONS] = { offsetof(struct tp_reasons,
					       host_questions),
				      "questions about a host", "within limits",
				      "too many a second" },
};

void shortage_counts(const struct tp_reasons *all, uint64_t counts[SHORTAGES])
{
	for (unsigned i = 0; i < SHORTAGES; i++)
		counts[i] =
			*(const __u64 *)((const char *)all + kinds[i].reason);
}

const char *shortage_what(enum shortage_kind kind)
{
	return kinds[kind].what;
}

const char *shortage_state(enum shortage_kind kind, bool over)
{
	return over ? kinds[kind].enough : kinds[kind].out;
}

/* One kind: true where there is something to say. */
static bool look(struct shortage *shortage, enum shortage_kind kind,
		 uint64_t more, msec_t now, struct shortage_change *change)
{
	bool was = shortage->refused[kind] > 0;

	*change = (struct shortage_change){ .kind = kind };
	if (more > 0) {
		shortage->refused[kind] += more;
		shortage->last[kind] = now;
		change->refused = more;
		return !was;
	}
	if (!was || now - shortage->last[kind] < SHORTAGE_OVER)
		return false;
	change->over = true;
	change->refused = shortage->refused[kind];
	shortage->refused[kind] = 0;
	return true;
}

unsigned shortage_look(struct shortage *shortage,
		       const uint64_t counts[SHORTAGES], msec_t now,
		       struct shortage_change changes[SHORTAGES])
{
	unsigned count = 0;

	for (unsigned i = 0; i < SHORTAGES; i++) {
		/* Less than before: the maps were made anew. */
		uint64_t more = counts[i] > shortage->seen[i] ?
					counts[i] - shortage->seen[i] :
					0;

		shortage->seen[i] = counts[i];
		if (!shortage->primed)
			continue;
		count += look(shortage, (enum shortage_kind)i, more, now,
			      &changes[count]);
	}
	shortage->primed = true;
	return count;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lines.c - see lines.h.
 *
 * Owns: the names of TCP's states.  It reads the mapped table by the layout
 * that maps.h promises to every reader.
 */
#include "lines.h"

#include <arpa/inet.h>

const char *const state_names[STATES] = {
	"closed",  "init out", "init in",  "established",
	"fin out", "fin in",   "fin both", "trans",
};

static const struct tp_session *find(struct bench *bench, uint32_t inside,
				     uint16_t port, uint32_t remote,
				     uint16_t remote_port)
{
	const struct tp_session_key key = {
		.inside = plane_address(inside),
		.remote = plane_address(remote),
		.inside_port = htons(port),
		.remote_port = htons(remote_port),
		.proto = IPPROTO_TCP,
	};
	uint32_t now = plane_now(bench->plane);

	for (size_t i = 0; i < bench->plane->lines; i++) {
		const struct tp_session *line =
			&bench->plane->sessions[i / TP_BUCKET_LINES]
				 .line[i % TP_BUCKET_LINES];

		if (TP_CONTROL_LINE(line->control) == TP_LINE_LIVE &&
		    (int32_t)(now - TP_CONTROL_EXPIRY(line->control)) < 0 &&
		    !memcmp(&line->key, &key, sizeof(key)))
			return line;
	}
	return NULL;
}

enum state line_state(struct bench *bench, uint32_t inside, uint16_t port,
		      uint32_t remote, uint16_t remote_port)
{
	const struct tp_session *line =
		find(bench, inside, port, remote, remote_port);
	unsigned int bits = line ? TP_CONTROL_EXTRA(line->control) : 0;

	if (!line)
		return CLOSED;
	if (bits & TP_TCP_RST)
		return TRANS;
	if (bits & TP_TCP_FIN_OUT)
		return bits & TP_TCP_FIN_IN ? FIN_BOTH : FIN_OUT;
	if (bits & TP_TCP_FIN_IN)
		return FIN_IN;
	if (bits & TP_TCP_SYN_OUT)
		return bits & TP_TCP_SYN_IN ? ESTABLISHED : INIT_OUT;
	return INIT_IN;
}

unsigned int line_left(struct bench *bench, uint32_t inside, uint16_t port,
		       uint32_t remote, uint16_t remote_port)
{
	const struct tp_session *line =
		find(bench, inside, port, remote, remote_port);
	uint32_t left = line ? TP_CONTROL_EXPIRY(line->control) -
					plane_now(bench->plane) :
			       0;

	return (left + TP_TICKS_PER_SECOND - 1) / TP_TICKS_PER_SECOND;
}

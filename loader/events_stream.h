/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events_stream.h - clients of the control socket that follow the events: a line
 * of JSON each, as they happen.
 *
 * Owns: these clients, once they have their answer.  It must never wait for one:
 * who does not read is let go.
 */
#ifndef TWINPATH_EVENTS_STREAM_H
#define TWINPATH_EVENTS_STREAM_H

struct bufferevent;
struct events;
struct events_stream;

int events_stream_open(struct events_stream **out, struct events *events);
void events_stream_close(struct events_stream *stream);

/* Takes the client's connection, also on failure: then it is closed. */
void events_stream_add(struct events_stream *stream,
		       struct bufferevent *connection);

#endif

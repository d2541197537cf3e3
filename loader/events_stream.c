// SPDX-License-Identifier: GPL-2.0-or-later
/* events_stream.c - see events_stream.h. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "events.h"
#include "events_stream.h"

#define FOLLOWERS 16
#define UNREAD (256 * 1024) /* some thousand events */

struct follower {
	LIST_ENTRY(follower) link;
	struct events_stream *stream;
	struct bufferevent *connection;
};

struct events_stream {
	struct events_listener listener;
	unsigned count;
	LIST_HEAD(, follower) followers;
};

static void follower_free(struct follower *follower)
{
	LIST_REMOVE(follower, link);
	follower->stream->count--;
	bufferevent_free(follower->connection);
	free(follower);
}

static void heard(struct events_listener *self,
		  const struct events_entry *entry)
{
	/* The listener is the first member. */
	struct events_stream *stream = (struct events_stream *)self;
	struct follower *one = LIST_FIRST(&stream->followers), *next;
	struct json_object *json;
	const char *text;

	if (!one)
		return;
	json = events_json(entry);
	text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);
	for (; one; one = next) {
		struct evbuffer *out = bufferevent_get_output(one->connection);

		next = LIST_NEXT(one, link);
		if (evbuffer_get_length(out) > UNREAD)
			follower_free(one);
		else
			evbuffer_add_printf(out, "%s\n", text);
	}
	json_object_put(json);
}

/* Whatever it still says is of no interest. */
static void on_read(struct bufferevent *connection, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(connection);

	(void)arg;
	evbuffer_drain(in, evbuffer_get_length(in));
}

static void on_event(struct bufferevent *connection, short what, void *arg)
{
	(void)connection;
	(void)what;
	follower_free(arg);
}

void events_stream_add(struct events_stream *stream,
		       struct bufferevent *connection)
{
	struct follower *follower = NULL;

	if (stream->count < FOLLOWERS)
		follower = calloc(1, sizeof(*follower));
	if (!follower) {
		bufferevent_free(connection);
		return;
	}
	follower->stream = stream;
	follower->connection = connection;
	LIST_INSERT_HEAD(&stream->followers, follower, link);
	stream->count++;
	bufferevent_set_timeouts(connection, NULL, NULL);
	bufferevent_setwatermark(connection, EV_READ, 0, 0);
	bufferevent_setcb(connection, on_read, NULL, on_event, follower);
	bufferevent_enable(connection, EV_READ | EV_WRITE);
}

int events_stream_open(struct events_stream **out, struct events *events)
{
	struct events_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	LIST_INIT(&stream->followers);
	stream->listener.heard = heard;
	events_listen(events, &stream->listener);
	*out = stream;
	return 0;
}

void events_stream_close(struct events_stream *stream)
{
	struct follower *one;

	if (!stream)
		return;
	events_deafen(&stream->listener);
	while ((one = LIST_FIRST(&stream->followers)))
		follower_free(one);
	free(stream);
}

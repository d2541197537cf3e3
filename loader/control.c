// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * control.c - the control socket: who is connected, who may do what, lines in
 * and lines out.
 *
 * Owns: the clients.  It must never wait for one, nor know what a command
 * means (request.c does) or whose the socket's name is (control_socket.c).
 *
 * One answer at a time is under way per client: the next line is looked at
 * when the last answer has left, so a client that asks without reading costs
 * one answer of memory, and 5 s.
 */
#define _GNU_SOURCE 1 /* struct ucred */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <grp.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "control_socket.h"
#include "events_stream.h"
#include "log.h"
#include "request.h"
#include "site.h"

#define CONTROL_LINE (64 * 1024)
#define CONTROL_CLIENTS 32
#define CONTROL_GROUP "twinpath"
#define CONTROL_GROUPS_MAX 65536 /* the kernel's NGROUPS_MAX */

static const struct timeval client_patience = { .tv_sec = 5 };
static const struct timeval accept_pause = { .tv_sec = 1 };

struct client {
	LIST_ENTRY(client) link;
	struct control *control;
	struct bufferevent *stream;
	struct request_peer peer;
	bool detaching; /* waits for the end of a detach */
	bool ended;	/* has closed its side: nothing more will come */
	bool leaving;	/* closed when its last answer has left */
};

struct control {
	struct site *site;
	struct evconnlistener *listener;
	struct event *resume; /* accepts again after an error */
	struct control_socket socket;
	bool has_group;
	gid_t group;
	struct events_stream *followers;
	unsigned count;
	LIST_HEAD(, client) clients;
};

/* ---- clients ------------------------------------------------------------- */

static void client_free(struct client *client)
{
	LIST_REMOVE(client, link);
	client->control->count--;
	if (client->stream)
		bufferevent_free(client->stream);
	free(client);
}

/* Takes the answer. */
static void client_answer(struct client *client, struct json_object *answer)
{
	struct evbuffer *out = bufferevent_get_output(client->stream);

	evbuffer_add_printf(
		out, "%s\n",
		json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN));
	json_object_put(answer);
}

/* The last word to a client. */
static void client_dismiss(struct client *client, struct json_object *answer)
{
	client->leaving = true;
	bufferevent_disable(client->stream, EV_READ);
	client_answer(client, answer);
}

static void client_refuse(struct client *client, const char *why)
{
	client_dismiss(client, request_refused("%s", why));
}

/* The daemon ends after this: nobody is served any more. */
static void control_detached(void *arg)
{
	struct control *control = arg;
	struct client *client;

	for (client = LIST_FIRST(&control->clients); client;
	     client = LIST_NEXT(client, link)) {
		if (!client->detaching)
			continue;
		client->detaching = false;
		client_dismiss(client, request_granted());
	}
}

/* There is no whole line: wait for more, unless more cannot come. */
static void client_starve(struct client *client)
{
	size_t rest =
		evbuffer_get_length(bufferevent_get_input(client->stream));

	if (rest > CONTROL_LINE)
		client_refuse(client, "the request is longer than 64 KiB");
	else if (client->ended && rest)
		client_refuse(client,
			      "the request does not end with a newline");
	else if (client->ended)
		client_free(client);
}

/* May free the client. */
static void client_serve(struct client *client)
{
	struct evbuffer *in = bufferevent_get_input(client->stream);
	struct evbuffer *out = bufferevent_get_output(client->stream);
	struct json_object *answer;
	bool follow = false;
	size_t length;
	char *line;

	if (client->detaching || client->leaving || evbuffer_get_length(out))
		return;
	line = evbuffer_readln(in, &length, EVBUFFER_EOL_LF);
	if (!line) {
		client_starve(client);
		return;
	}
	answer = request_serve(client->control->site, line, length,
			       &client->peer, control_detached, client->control,
			       &follow);
	free(line);
	client->detaching = !answer;
	if (answer)
		client_answer(client, answer);
	if (!follow)
		return;
	/* It will ask nothing more. */
	events_stream_add(client->control->followers, client->stream);
	client->stream = NULL;
	client_free(client);
}

static void client_read(struct bufferevent *stream, void *arg)
{
	(void)stream;
	client_serve(arg);
}

/* Everything we had to say has left. */
static void client_written(struct bufferevent *stream, void *arg)
{
	struct client *client = arg;

	(void)stream;
	if (client->leaving)
		client_free(client);
	else
		client_serve(client);
}

static void client_event(struct bufferevent *stream, short events, void *arg)
{
	struct client *client = arg;

	if (events & BEV_EVENT_EOF) {
		client->ended = true;
		client_serve(client);
	} else if (events == (BEV_EVENT_TIMEOUT | BEV_EVENT_READING)) {
		/* Quiet is right for one that waits for a detach. */
		if (client->detaching)
			bufferevent_enable(stream, EV_READ);
		else if (!client->leaving)
			client_refuse(client, "no request within 5 s");
	} else {
		client_free(client);
	}
}

/* ---- who it is ----------------------------------------------------------- */

/*
 * Credentials as they were at connect().  SO_PEERGROUPS (Linux 4.13) gives the
 * supplementary groups of that moment too; /proc/<pid> could by now be another
 * process, and asking the name service would block the loop.
 */
static bool in_group(int fd, gid_t group)
{
	socklen_t size = CONTROL_GROUPS_MAX * sizeof(gid_t);
	gid_t *groups = malloc(size);
	bool found = false;
	size_t i;

	if (groups && !getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size))
		for (i = 0; i < size / sizeof(gid_t) && !found; i++)
			found = groups[i] == group;
	free(groups);
	return found;
}

static int identify(const struct control *control, int fd,
		    struct request_peer *peer)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size))
		return -errno;
	peer->uid = credentials.uid;
	peer->pid = credentials.pid;
	peer->may_change =
		credentials.uid == 0 ||
		(control->has_group && (credentials.gid == control->group ||
					in_group(fd, control->group)));
	return 0;
}

/* ---- accepting ----------------------------------------------------------- */

/* One line to a client that we do not take in, if it can be had at once. */
static void turn_away(int fd, const char *why)
{
	struct json_object *answer = request_refused("%s", why);
	const char *text =
		json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN);

	if (send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		send(fd, "\n", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	json_object_put(answer);
	close(fd);
}

static struct client *client_new(struct control *control, int fd)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->control = control;
	if (identify(control, fd, &client->peer))
		goto fail;
	client->stream = bufferevent_socket_new(control->site->base, fd,
						BEV_OPT_CLOSE_ON_FREE);
	if (!client->stream)
		goto fail;
	return client;
fail:
	free(client);
	return NULL;
}

static void accept_client(struct evconnlistener *listener, evutil_socket_t fd,
			  struct sockaddr *address, int length, void *arg)
{
	struct control *control = arg;
	struct client *client;

	(void)listener;
	(void)address;
	(void)length;
	if (control->count >= CONTROL_CLIENTS) {
		turn_away(fd, "too many clients: try again in a few seconds");
		return;
	}
	client = client_new(control, fd);
	if (!client) {
		turn_away(fd, "no memory for another client");
		return;
	}
	LIST_INSERT_HEAD(&control->clients, client, link);
	control->count++;
	bufferevent_setcb(client->stream, client_read, client_written,
			  client_event, client);
	bufferevent_set_timeouts(client->stream, &client_patience,
				 &client_patience);
	/* One byte more than a line may have shows that it is too long. */
	bufferevent_setwatermark(client->stream, EV_READ, 0, CONTROL_LINE + 1);
	bufferevent_enable(client->stream, EV_READ | EV_WRITE);
}

/* Out of descriptors, mostly: the loop would spin on the same error. */
static void accept_failed(struct evconnlistener *listener, void *arg)
{
	struct control *control = arg;

	log_warning("control: accept: %s", strerror(errno));
	evconnlistener_disable(listener);
	event_add(control->resume, &accept_pause);
}

static void accept_again(evutil_socket_t fd, short events, void *arg)
{
	struct control *control = arg;

	(void)fd;
	(void)events;
	evconnlistener_enable(control->listener);
}

/* ---- open and close ------------------------------------------------------ */

static void control_find_group(struct control *control)
{
	const struct group *group = getgrnam(CONTROL_GROUP);

	control->has_group = group;
	if (group)
		control->group = group->gr_gid;
	else
		log_info("control: there is no group " CONTROL_GROUP
			 ": only root may connect");
}

static int control_listen(struct control *control, const char *path)
{
	struct event_base *base = control->site->base;
	int fd = control_socket_open(&control->socket, path,
				     control->has_group ? control->group :
							  (gid_t)-1);

	if (fd < 0)
		return fd;
	control->resume = evtimer_new(base, accept_again, control);
	control->listener = evconnlistener_new(
		base, accept_client, control,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!control->listener)
		close(fd);
	if (!control->listener || !control->resume) {
		log_error("%s: no memory", path);
		return -ENOMEM;
	}
	evconnlistener_set_error_cb(control->listener, accept_failed);
	return 0;
}

int control_open(struct control **out, struct site *site, const char *path)
{
	struct control *control = calloc(1, sizeof(*control));
	int err;

	if (!control) {
		log_error("%s: no memory", path);
		return -ENOMEM;
	}
	/* A client that leaves before its answer is no reason to die. */
	signal(SIGPIPE, SIG_IGN);
	control->site = site;
	LIST_INIT(&control->clients);
	control_find_group(control);
	err = events_stream_open(&control->followers, site->events);
	if (!err)
		err = control_listen(control, path);
	if (err) {
		control_close(control);
		return err;
	}
	*out = control;
	return 0;
}

/* The loop has ended: an answer leaves now or never. */
static void client_flush(const struct client *client)
{
	struct evbuffer *out = bufferevent_get_output(client->stream);

	evbuffer_unfreeze(out, 1);
	evbuffer_write(out, bufferevent_getfd(client->stream));
}

void control_close(struct control *control)
{
	struct client *client;

	if (!control)
		return;
	while ((client = LIST_FIRST(&control->clients))) {
		client_flush(client);
		client_free(client);
	}
	events_stream_close(control->followers);
	if (control->listener)
		evconnlistener_free(control->listener);
	if (control->resume)
		event_free(control->resume);
	control_socket_remove(&control->socket);
	free(control);
}

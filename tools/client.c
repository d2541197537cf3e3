// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * client.c - one question to the daemon, one answer.
 *
 * Owns: the connection, and what is said when there is none.  It must never
 * wait for ever: the daemon may be stopped in a debugger.
 */
#define _GNU_SOURCE 1 /* asprintf */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"

#define ANSWER_MAX (1024 * 1024)

static void say_not_running(const struct instance *instance,
			    const char *command)
{
	bool detach = !strcmp(command, "detach");

	command_failed(
		"twinpathd (instance %s) is not running: no one listens on %s; forwarding goes on without it; %s%s\"",
		instance->name, instance->control,
		detach ?
			"withdraw what it left with \"twinpathd --detach --instance " :
			"start it with \"systemctl start twinpath@",
		instance->name);
}

static void say_why_not(const struct instance *instance, const char *command,
			int err)
{
	if (err == ENOENT || err == ECONNREFUSED)
		say_not_running(instance, command);
	else if (err == EACCES || err == EPERM)
		command_failed(
			"%s: permission denied: be root or a member of the group twinpath",
			instance->control);
	else
		command_failed("%s: %s", instance->control, strerror(err));
}

static int dial(const struct instance *instance, const char *command,
		unsigned seconds)
{
	struct timeval patience = { .tv_sec = seconds };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(instance->control) >= sizeof(address.sun_path)) {
		say_why_not(instance, command, ENAMETOOLONG);
		return -1;
	}
	strcpy(address.sun_path, instance->control);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			sizeof(patience)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
			sizeof(patience)) &&
	    !connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	say_why_not(instance, command, errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * A daemon that turns us away answers without reading, and sending may fail
 * because of that: the answer decides, not the error.
 */
static void send_request(int fd, struct json_object *request)
{
	char *line = NULL;
	int length;

	length = asprintf(&line, "%s\n",
			  json_object_to_json_string_ext(
				  request, JSON_C_TO_STRING_PLAIN));
	if (length > 0)
		(void)!send(fd, line, (size_t)length, MSG_NOSIGNAL);
	free(line);
}

/*
 * Up to the newline, which becomes a NUL.  Returns 0 or a positive errno:
 * EPIPE for an answer that ends early.
 */
static int receive_line(int fd, char *line)
{
	size_t length = 0;
	ssize_t got;
	char *end;

	while (length < ANSWER_MAX) {
		got = recv(fd, line + length, ANSWER_MAX - length, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		if (got == 0)
			return EPIPE;
		end = memchr(line + length, '\n', (size_t)got);
		if (end) {
			*end = '\0';
			return 0;
		}
		length += (size_t)got;
	}
	return EMSGSIZE;
}

static struct json_object *receive_answer(int fd, const char *command,
					  unsigned seconds)
{
	struct json_object *answer = NULL;
	char *line = malloc(ANSWER_MAX);
	int err = line ? receive_line(fd, line) : ENOMEM;

	if (!err)
		answer = json_tokener_parse(line);
	free(line);
	if (answer)
		return answer;
	if (err == EAGAIN)
		command_failed("%s: twinpathd did not answer within %u s",
			       command, seconds);
	else if (err == EPIPE || err == ECONNRESET)
		command_failed("%s: twinpathd ended before it answered",
			       command);
	else
		command_failed("%s: twinpathd's answer cannot be read: %s",
			       command, err ? strerror(err) : "no JSON");
	return NULL;
}

/*
 * What comes after the answer: a line of JSON each.  For that the socket's bytes
 * are read one line at a time, whatever arrives together.
 */
static int receive_lines(int fd, FILE *lines,
			 bool (*heard)(void *arg, struct json_object *json),
			 void *arg)
{
	struct timeval for_ever = { 0 };
	struct json_object *json;
	char *line = NULL;
	size_t room = 0;
	bool more = true;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &for_ever, sizeof(for_ever));
	while (more && getline(&line, &room, lines) > 0) {
		json = json_tokener_parse(line);
		more = json && heard(arg, json);
		json_object_put(json);
	}
	free(line);
	return more ? command_failed("twinpathd has ended") : STATUS_OK;
}

static bool granted(struct json_object *answer)
{
	struct json_object *value;

	if (json_object_object_get_ex(answer, "ok", &value) &&
	    json_object_get_boolean(value))
		return true;
	if (json_object_object_get_ex(answer, "error", &value))
		command_failed("%s", json_object_get_string(value));
	else
		command_failed("twinpathd refused and does not say why");
	return false;
}

struct json_object *client_send(const struct instance *instance,
				const char *command,
				struct json_object *request, unsigned seconds)
{
	struct json_object *answer = NULL;
	int fd = dial(instance, command, seconds);

	json_object_object_add(request, "command",
			       json_object_new_string(command));
	if (fd >= 0) {
		send_request(fd, request);
		answer = receive_answer(fd, command, seconds);
		close(fd);
	}
	json_object_put(request);
	if (answer && !granted(answer)) {
		json_object_put(answer);
		return NULL;
	}
	return answer;
}

int client_follow(const struct instance *instance, const char *command,
		  struct json_object *request, unsigned seconds,
		  bool (*heard)(void *arg, struct json_object *json), void *arg)
{
	int fd = dial(instance, command, seconds), status = STATUS_FAILED;
	struct json_object *answer = NULL;
	FILE *lines = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t room = 0;

	json_object_object_add(request, "command",
			       json_object_new_string(command));
	if (lines) {
		send_request(fd, request);
		if (getline(&line, &room, lines) > 0)
			answer = json_tokener_parse(line);
		if (!answer)
			command_failed("%s: twinpathd did not answer", command);
	}
	if (answer && granted(answer))
		status = heard(arg, answer) ?
				 receive_lines(fd, lines, heard, arg) :
				 STATUS_OK;
	json_object_put(answer);
	json_object_put(request);
	free(line);
	if (lines)
		fclose(lines);
	return status;
}

struct json_object *client_ask(const struct instance *instance,
			       const char *command, const char *to,
			       unsigned seconds)
{
	struct json_object *request = json_object_new_object();

	if (to)
		json_object_object_add(request, "to",
				       json_object_new_string(to));
	return client_send(instance, command, request, seconds);
}

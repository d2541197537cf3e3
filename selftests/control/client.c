// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * client.c - see client.h.
 *
 * Owns: how long a client waits before its test has failed.
 */
#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"

#define DEADLINE_MS 8000

int client_dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, fixture.path);
	assert_true(fd >= 0);
	assert_int_equal(
		connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void client_turn(void)
{
	struct timeval pause = { .tv_usec = 1000 };

	event_base_loopexit(fixture.site.base, &pause);
	event_base_loop(fixture.site.base, EVLOOP_ONCE);
}

void client_say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
			 strlen(text));
}

size_t client_hear(int fd, char *line, size_t size)
{
	struct timespec start, now;
	size_t length = 0;
	ssize_t got;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		got = recv(fd, line + length, 1, 0);
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			break;
		if (got == 1 && line[length] == '\n')
			break;
		if (got == 1) {
			length++;
			assert_true(length < size);
			continue;
		}
		assert_int_equal(errno, EAGAIN);
		clock_gettime(CLOCK_MONOTONIC, &now);
		assert_true((now.tv_sec - start.tv_sec) * 1000 < DEADLINE_MS);
		client_turn();
	}
	line[length] = '\0';
	return length;
}

struct json_object *client_answer(int fd)
{
	static char line[65536];
	struct json_object *answer;

	assert_true(client_hear(fd, line, sizeof(line)) > 0);
	answer = json_tokener_parse(line);
	assert_non_null(answer);
	return answer;
}

bool client_granted(struct json_object *answer)
{
	struct json_object *ok;

	assert_true(json_object_object_get_ex(answer, "ok", &ok));
	return json_object_get_boolean(ok);
}

const char *client_text(struct json_object *object, const char *key)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(object, key, &value));
	return json_object_get_string(value);
}

void client_expect_fields(struct json_object *object,
			  const struct client_field *field)
{
	for (; field->key; field++) {
		const char *text = client_text(object, field->key);

		if (!text != !field->text ||
		    (text && strcmp(text, field->text) != 0))
			fail_msg("%s: %s, not %s", field->key,
				 text ? text : "null",
				 field->text ? field->text : "null");
	}
}

void client_expect_granted(const char *request)
{
	int fd = client_dial();
	struct json_object *answer;

	client_say(fd, request);
	answer = client_answer(fd);
	if (!client_granted(answer))
		fail_msg("%s: %s", request, client_text(answer, "error"));
	json_object_put(answer);
	close(fd);
}

void client_expect_refused_at(int fd, const char *part)
{
	struct json_object *answer = client_answer(fd);

	assert_false(client_granted(answer));
	if (!strstr(client_text(answer, "error"), part))
		fail_msg("\"%s\" does not say \"%s\"",
			 client_text(answer, "error"), part);
	json_object_put(answer);
}

void client_expect_refused(const char *request, const char *part)
{
	int fd = client_dial();

	client_say(fd, request);
	client_expect_refused_at(fd, part);
	close(fd);
}

void client_expect_end(int fd)
{
	char line[1024];

	assert_int_equal(client_hear(fd, line, sizeof(line)), 0);
	close(fd);
}

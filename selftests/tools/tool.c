// SPDX-License-Identifier: GPL-2.0-or-later
/* tool.c - see tool.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define WORDS 12
#define TICK 5000 /* us */
#define LATE 50000
#define NICE (-15) /* it shall wait for the network, not for a CPU */

static struct event_base *base;

usec_t tool_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (usec_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

double tool_seconds(usec_t time)
{
	return (double)time / 1e6;
}

usec_t tool_usec(const char *seconds)
{
	return (usec_t)(strtod(seconds, NULL) * 1e6);
}

void tool_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	exit(1);
}

struct event_base *tool_base(void)
{
	if (!base)
		base = event_base_new();
	if (!base)
		tool_fail("no event loop");
	return base;
}

void tool_allow_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

void *tool_grow(void *array_pointer, unsigned *count, size_t size)
{
	char **array = array_pointer;

	/* A power of two is where it is full. */
	if (!(*count & (*count - 1))) {
		size_t room = *count ? *count * 2 : 1;
		char *more = realloc(*array, room * size);

		if (!more)
			tool_fail("out of memory");
		*array = more;
	}
	memset(*array + *count * size, 0, size);
	return *array + (*count)++ * size;
}

uint32_t tool_address(const char *text)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		tool_fail("%s is no address", text);
	return address.s_addr;
}

const char *tool_print_address(uint32_t address, char text[16])
{
	return inet_ntop(AF_INET, &address, text, 16);
}

int tool_receive(int fd, struct part *part, struct message *out, unsigned most)
{
	char *data = (char *)out;
	size_t room = most * sizeof(*out) - part->bytes;
	ssize_t got;
	unsigned whole;

	memcpy(data, part->byte, part->bytes);
	got = recv(fd, data + part->bytes, room, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got == 0)
		errno = 0;
	if (got <= 0)
		return -1;
	got += part->bytes;
	whole = (unsigned)got / sizeof(*out);
	part->bytes = (unsigned)got % sizeof(*out);
	memcpy(part->byte, data + whole * sizeof(*out), part->bytes);
	return (int)whole;
}

/* ---- commands ---------------------------------------------------------------- */

static struct lag {
	usec_t at, length;
} * lags;
static unsigned lags_count;
static usec_t ticked;

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	usec_t now = tool_now();

	(void)fd;
	(void)what;
	(void)arg;
	if (ticked && now - ticked > LATE) {
		struct lag *lag = tool_grow(&lags, &lags_count, sizeof(*lag));

		*lag = (struct lag){ ticked, now - ticked };
	}
	ticked = now;
}

static void report_lags(FILE *out)
{
	fprintf(out, "[");
	for (unsigned i = 0; i < lags_count; i++)
		fprintf(out, "%s[%.6f,%.6f]", i ? "," : "",
			tool_seconds(lags[i].at), tool_seconds(lags[i].length));
	fprintf(out, "]\n");
	fflush(out);
}

static unsigned count_words(const char *text)
{
	unsigned count = 0;

	for (const char *at = text; *at; at++)
		count += *at != ' ' && (at == text || at[-1] == ' ');
	return count;
}

static void obey(const struct tool_command *commands, char *line)
{
	char *words[WORDS + 1] = {}, *rest = line;
	unsigned count = 0;

	while (count < WORDS && (words[count] = strsep(&rest, " ")))
		count++;
	if (count == 1 && !strcmp(words[0], "lags")) {
		report_lags(stdout);
		return;
	}
	for (; count && commands->name; commands++) {
		if (strcmp(commands->name, words[0]) != 0)
			continue;
		if (count - 1 != count_words(commands->words))
			tool_fail("usage: %s %s", commands->name,
				  commands->words);
		commands->run(words + 1, stdout);
		printf("\n");
		fflush(stdout);
		return;
	}
	tool_fail("no such command: %s", line);
}

static struct evbuffer *input;

static void on_input(evutil_socket_t fd, short what, void *arg)
{
	char *line;

	(void)what;
	if (evbuffer_read(input, fd, 4096) <= 0) {
		event_base_loopexit(base, NULL);
		return;
	}
	while ((line = evbuffer_readln(input, NULL, EVBUFFER_EOL_LF))) {
		obey(arg, line);
		free(line);
	}
}

int tool_run(const struct tool_command *commands)
{
	const struct timeval every = { 0, TICK };
	struct event *tick =
		event_new(tool_base(), -1, EV_PERSIST, on_tick, NULL);
	struct event *event = event_new(tool_base(), STDIN_FILENO,
					EV_READ | EV_PERSIST, on_input,
					(void *)commands);

	/* Who may not has a busier machine to excuse. */
	setpriority(PRIO_PROCESS, 0, NICE);
	input = evbuffer_new();
	if (!event || !input || !tick || event_add(tick, &every) ||
	    event_add(event, NULL))
		tool_fail("cannot read stdin: %s", strerror(errno));
	return event_base_dispatch(tool_base()) < 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log.c - the daemon's only way to speak: whole lines to stderr.
 *
 * Owns: the level filter and the form of a line.  It must never block the
 * daemon for long, change errno, or write part of a line that another
 * process's output could split: a line is one write(2).
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define LINE_SIZE 1024
#define PATIENCE_MS 100 /* for a full pipe, errors and warnings only */

#define HELD 16 /* more lines than a switch has; others wait for nobody */

static enum log_level threshold = LOG_LEVEL_INFO;
static unsigned lost; /* lines since the last one that got through */
static bool holding;
static unsigned held_count;
static struct held {
	enum log_level level;
	char text[LINE_SIZE];
} held[HELD];
static log_listener *listener;
static void *listener_arg;

static const struct form {
	const char *journal; /* sd-daemon(3) */
	const char *plain;
} forms[] = {
	[LOG_LEVEL_ERROR] = { "<3>", "twinpathd: error: " },
	[LOG_LEVEL_WARNING] = { "<4>", "twinpathd: warning: " },
	[LOG_LEVEL_INFO] = { "<6>", "twinpathd: " },
	[LOG_LEVEL_DEBUG] = { "<7>", "twinpathd: debug: " },
};

void log_set_level(enum log_level level)
{
	threshold = level;
}

/*
 * JOURNAL_STREAM is inherited by children whose stderr went elsewhere:
 * systemd.exec(5) wants device and inode compared.
 */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (stream == NULL || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return false;
	if (fstat(STDERR_FILENO, &st) < 0)
		return false;
	return st.st_dev == device && st.st_ino == inode;
}

static bool write_line(const char *line, size_t length, int patience)
{
	struct pollfd full = { .fd = STDERR_FILENO, .events = POLLOUT };

	for (;;) {
		ssize_t done = write(STDERR_FILENO, line, length);

		if (done >= 0)
			return true;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || patience == 0)
			return false;
		if (poll(&full, 1, patience) <= 0)
			return false;
		patience = 0;
	}
}

/* Texts may quote what a stranger wrote: keep the line one line. */
static size_t finish_line(char line[LINE_SIZE], size_t length)
{
	size_t i;

	if (length > LINE_SIZE - 2) {
		length = LINE_SIZE - 2;
		memcpy(line + length - 3, "...", 3);
	}
	for (i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[length++] = '\n';
	return length;
}

static void put(enum log_level level, const char *text)
{
	int patience = level <= LOG_LEVEL_WARNING ? PATIENCE_MS : 0;
	const struct form *form = &forms[level];
	char line[LINE_SIZE];
	int used;

	used = snprintf(line, sizeof(line), "%s",
			stderr_is_journal() ? form->journal : form->plain);
	if (lost > 0)
		used += snprintf(line + used, sizeof(line) - (size_t)used,
				 "(%u lines lost before this one) ", lost);
	used += snprintf(line + used, sizeof(line) - (size_t)used, "%s", text);
	if (write_line(line, finish_line(line, (size_t)used), patience))
		lost = 0;
	else
		lost++;
}

static void put_held(void)
{
	for (unsigned i = 0; i < held_count; i++)
		put(held[i].level, held[i].text);
	held_count = 0;
}

static void __attribute__((format(printf, 2, 0)))
say(enum log_level level, const char *format, va_list arguments)
{
	int saved = errno;
	struct held *place;

	if (level > threshold)
		return;
	if (held_count == HELD)
		put_held();
	place = &held[held_count++];
	place->level = level;
	errno = saved; /* for %m */
	if (vsnprintf(place->text, sizeof(place->text), format, arguments) < 0)
		snprintf(place->text, sizeof(place->text), "(unprintable) %s",
			 format);
	if (!holding)
		put_held();
	errno = saved;
}

void log_hold(void)
{
	holding = true;
}

void log_release(void)
{
	int saved = errno;

	holding = false;
	put_held();
	errno = saved;
}

void log_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(LOG_LEVEL_ERROR, format, arguments);
	va_end(arguments);
}

void log_warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(LOG_LEVEL_WARNING, format, arguments);
	va_end(arguments);
}

void log_info(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(LOG_LEVEL_INFO, format, arguments);
	va_end(arguments);
}

void log_debug(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(LOG_LEVEL_DEBUG, format, arguments);
	va_end(arguments);
}

void log_listen(log_listener *heard, void *arg)
{
	listener = heard;
	listener_arg = arg;
}

void log_change(unsigned event, const char *what, const char *from,
		const char *to, const char *because)
{
	bool reason = because != NULL && because[0] != '\0';
	char number[32] = "";

	if (event != 0)
		snprintf(number, sizeof(number), " [event %u]", event);
	log_info("%s: %s -> %s%s%s%s", what, from, to,
		 reason ? ", because " : "", reason ? because : "", number);
	if (listener)
		listener(listener_arg, event, what, from, to, because);
}

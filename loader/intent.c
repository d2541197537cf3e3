// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * intent.c - what the operator asked for, kept on disk.
 *
 * Two lines, and others where they say something:
 *   intent auto | partner | uplink NAME | drain NAME
 *   since SECONDS            since 1970
 *   until MSEC LENGTH BOOT   by CLOCK_BOOTTIME, so long after `since`, in the
 *                            run of the machine with this boot_id
 *   drain MSEC
 *   force
 *
 * An intent may be older than the machine's last start.  CLOCK_BOOTTIME does not
 * know that time, so `since` is told by the wall clock.  For the end of an intent
 * that clock is too weak: where it has no battery, it jumps by years.  So within
 * one run of the machine `until` counts, and no wall clock.  After another start
 * the wall clock alone can tell how much of LENGTH is over; whatever it says, no
 * less than nothing and no more than LENGTH is left.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "duration.h"
#include "file.h"
#include "intent.h"
#include "log.h"

#define BOOT_ID 40
#define INTENT_TEXT 256

static msec_t msec_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (msec_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What CLOCK_BOOTTIME lags behind the wall clock. */
static msec_t boot(void)
{
	return msec_of(CLOCK_REALTIME) - msec_of(CLOCK_BOOTTIME);
}

/* Of this run of the machine; empty when there is none to be had. */
static void boot_id(char id[BOOT_ID])
{
	*id = '\0';
	if (file_read("/proc/sys/kernel/random/boot_id", id, BOOT_ID) > 0)
		id[strcspn(id, "\n")] = '\0';
}

static bool parse_kind(const char *text, struct intent *intent)
{
	char kind[16], name[32];
	int words;
	char more;

	words = sscanf(text, "%15s %31s %c", kind, name, &more);
	if (words == 1 && !strcmp(kind, "auto"))
		intent->kind = INTENT_AUTO;
	else if (words == 1 && !strcmp(kind, "partner"))
		intent->kind = INTENT_PARTNER;
	else if (words == 2 && !strcmp(kind, "uplink"))
		intent->kind = INTENT_UPLINK;
	else if (words == 2 && !strcmp(kind, "drain"))
		intent->kind = INTENT_DRAIN;
	else
		return false;
	if (words == 2 && strlen(name) >= sizeof(intent->uplink))
		return false;
	if (words == 2)
		strcpy(intent->uplink, name);
	return true;
}

static bool parse_since(const char *text, struct intent *intent)
{
	int64_t since;
	char more;

	if (sscanf(text, "%" SCNd64 " %c", &since, &more) != 1 || since < 0 ||
	    since > INT32_MAX * (int64_t)1000)
		return false;
	intent->since = since * 1000 - boot();
	return true;
}

/* After `since`, which it needs. */
static bool parse_until(const char *text, struct intent *intent)
{
	msec_t now = msec_of(CLOCK_BOOTTIME), over = now - intent->since;
	int64_t until, length;
	char then[BOOT_ID], here[BOOT_ID], more;

	if (sscanf(text, "%" SCNd64 " %" SCNd64 " %39s %c", &until, &length,
		   then, &more) != 3 ||
	    until <= 0 || length <= 0 || length > DURATION_MAX)
		return false;
	boot_id(here);
	if (strcmp(then, here)) {
		over = over < 0 ? 0 : over > length ? length : over;
		until = now + length - over;
	}
	intent->until = until;
	return true;
}

static bool parse_drain(const char *text, struct intent *intent)
{
	int64_t drain;
	char more;

	if (sscanf(text, "%" SCNd64 " %c", &drain, &more) != 1 || drain <= 0 ||
	    drain > DURATION_MAX)
		return false;
	intent->drain = drain;
	return true;
}

static bool parse_force(const char *text, struct intent *intent)
{
	intent->force = true;
	return !*text;
}

static const struct line {
	const char *word;
	bool (*parse)(const char *text, struct intent *intent);
} lines[] = {
	{ "intent", parse_kind }, { "since", parse_since },
	{ "until", parse_until }, { "drain", parse_drain },
	{ "force", parse_force },
};
#define LINES (sizeof(lines) / sizeof(lines[0]))

/* In this order, the first two always.  Writes into `text`. */
static bool parse(char *text, struct intent *intent)
{
	unsigned i = 0, found = 0;
	char *line, *rest, *value;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		value = strchrnul(line, ' ');
		if (*value)
			*value++ = '\0';
		while (i < LINES && strcmp(lines[i].word, line) != 0)
			i++;
		if (i == LINES || !lines[i].parse(value, intent))
			return false;
		found |= 1U << i++;
	}
	return (found & 3) == 3;
}

void intent_load(const char *path, struct intent *intent)
{
	struct intent read = { .kind = INTENT_AUTO };
	char text[INTENT_TEXT];
	ssize_t length;

	memset(intent, 0, sizeof(*intent));
	length = file_read(path, text, sizeof(text));
	if (length == -ENOENT)
		return;
	if (length < 0 && length != -EFBIG) {
		log_warning("%s: %s: the operator's intent is taken to be auto",
			    path, strerror((int)-length));
		return;
	}
	if (length < 0 || strlen(text) != (size_t)length ||
	    !parse(text, &read)) {
		log_warning("%s: not understood: the operator's intent is "
			    "taken to be auto; 'twinpath flip' writes it anew",
			    path);
		return;
	}
	*intent = read;
}

int intent_save(const char *path, const struct intent *intent)
{
	static const char *const kinds[] = {
		[INTENT_AUTO] = "auto",
		[INTENT_UPLINK] = "uplink ",
		[INTENT_PARTNER] = "partner",
		[INTENT_DRAIN] = "drain ",
	};
	bool named = intent->kind == INTENT_UPLINK ||
		     intent->kind == INTENT_DRAIN;
	char until[64 + BOOT_ID] = "", drain[32] = "", id[BOOT_ID];
	char text[INTENT_TEXT];

	boot_id(id);
	if (intent->until)
		snprintf(until, sizeof(until),
			 "until %" PRId64 " %" PRId64 " %s\n", intent->until,
			 intent->until - intent->since, *id ? id : "-");
	if (intent->drain)
		snprintf(drain, sizeof(drain), "drain %" PRId64 "\n",
			 intent->drain);
	snprintf(text, sizeof(text), "intent %s%s\nsince %" PRId64 "\n%s%s%s",
		 kinds[intent->kind], named ? intent->uplink : "",
		 (intent->since + boot()) / 1000, until, drain,
		 intent->force ? "force\n" : "");
	return file_replace(path, text, 0644, true);
}

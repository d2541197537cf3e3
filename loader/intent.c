// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * intent.c - what the operator asked for, kept on disk.
 *
 * Two lines:
 *   intent auto | partner | uplink NAME
 *   since SECONDS
 *
 * An intent may be older than the machine's last start.  CLOCK_BOOTTIME does
 * not know that time, so the file says it in seconds since 1970.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "file.h"
#include "intent.h"
#include "log.h"

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
	else if (words == 2 && !strcmp(kind, "uplink") &&
		 strlen(name) < sizeof(intent->uplink))
		intent->kind = INTENT_UPLINK;
	else
		return false;
	if (intent->kind == INTENT_UPLINK)
		strcpy(intent->uplink, name);
	return true;
}

/* Writes into `text`. */
static bool parse(char *text, struct intent *intent)
{
	char *second = strchr(text, '\n');
	int64_t since;
	char more;

	if (!second || strncmp(text, "intent ", 7))
		return false;
	*second++ = '\0';
	if (!parse_kind(text + 7, intent) ||
	    sscanf(second, "since %" SCNd64 " %c", &since, &more) != 1 ||
	    since < 0 || since > INT32_MAX * (int64_t)1000)
		return false;
	intent->since = since * 1000 - boot();
	return true;
}

void intent_load(const char *path, struct intent *intent)
{
	struct intent read = { .kind = INTENT_AUTO };
	char text[128];
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
	};
	bool named = intent->kind == INTENT_UPLINK;
	char text[128];

	snprintf(text, sizeof(text), "intent %s%s\nsince %" PRId64 "\n",
		 kinds[intent->kind], named ? intent->uplink : "",
		 (intent->since + boot()) / 1000);
	return file_replace(path, text, 0644, true);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_text.h - the text of a configuration file, known to be well formed,
 * and where each key stands in it.
 */
#ifndef TWINPATH_CONFIG_TEXT_H
#define TWINPATH_CONFIG_TEXT_H

#include <stddef.h>

#include "config_message.h"

#define CONFIG_TEXT_SIZE (256 * 1024) /* of the file, at most */
#define CONFIG_TEXT_LINE 1000	      /* characters of a line, at most */
#define CONFIG_TEXT_NAME 32	      /* of a key or a title, with the NUL */
#define CONFIG_TEXT_PATH 160
#define CONFIG_TEXT_DEPTH 4
#define CONFIG_TEXT_KEYS 1024

enum config_shape {
	CONFIG_VALUE,	/* key = value */
	CONFIG_LIST,	/* key = { value, value } */
	CONFIG_SECTION, /* key { ... } */
	CONFIG_TITLED,	/* key title { ... } */
};

struct config_key {
	int parent; /* index of the section it stands in; -1: none */
	unsigned line;
	enum config_shape shape;
	char name[CONFIG_TEXT_NAME];
	char path[CONFIG_TEXT_PATH]; /* "uplink isp-a/icmp core/target" */
};

struct config_text {
	char *clean; /* the text, comments blanked, for libconfuse */
	size_t size;
	int count;
	struct config_key *keys; /* in the order of the file */
};

/*
 * config_text_read - read the file and make sure of its shape: words, braces,
 * quotes; no key twice; nothing that libconfuse would take for something else.
 * Returns 0 or a negative errno, with the errors in `messages`; free the text
 * in either case.
 */
int config_text_read(const char *path, struct config_text *text,
		     struct config_messages *messages);
void config_text_free(struct config_text *text);

/* The line of the key with this path; 0 where it is not in the file. */
unsigned config_text_line(const struct config_text *text, const char *format,
			  ...) __attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_message.h - what there is to say about a configuration file: a
 * bounded list, so that twinpathd can log it and `twinpath check` print it.
 */
#ifndef TWINPATH_CONFIG_MESSAGE_H
#define TWINPATH_CONFIG_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_MESSAGES 32
#define CONFIG_MESSAGE_TEXT 384
/* "FILE:LINE: warning: TEXT", with the NUL */
#define CONFIG_MESSAGE_LINE (256 + 32 + CONFIG_MESSAGE_TEXT)

enum config_severity {
	CONFIG_ERROR,
	CONFIG_WARNING,
};

struct config_message {
	enum config_severity severity;
	unsigned line; /* 0: about the whole file */
	char text[CONFIG_MESSAGE_TEXT];
};

struct config_messages {
	char file[256];
	unsigned count;	  /* in list[] */
	unsigned errors;  /* all of them, also those that found no room */
	unsigned dropped; /* messages that found no room */
	struct config_message list[CONFIG_MESSAGES];
};

void config_messages_init(struct config_messages *messages, const char *file);

void config_error(struct config_messages *messages, unsigned line,
		  const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void config_warning(struct config_messages *messages, unsigned line,
		    const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Leave the errors alone in the list. */
void config_messages_drop_warnings(struct config_messages *messages);

/* Put the list in order of line; equal lines keep their order. */
void config_messages_sort(struct config_messages *messages);

/* "gw-a.conf:7: error: ..." of list[index], into `line`, returned. */
const char *config_message_line(const struct config_messages *messages,
				unsigned index, char line[CONFIG_MESSAGE_LINE]);

/* All of them to the log, whose lines say the severity by themselves. */
void config_messages_log(const struct config_messages *messages,
			 const char *prefix);

#endif

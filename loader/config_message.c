// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_message.c - the bounded list of errors and warnings.
 *
 * Owns: struct config_messages.  It must never lose the count of errors,
 * whatever room is left, and never pass a control character on.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config_message.h"
#include "log.h"

void config_messages_init(struct config_messages *messages, const char *file)
{
	memset(messages, 0, sizeof(*messages));
	snprintf(messages->file, sizeof(messages->file), "%s", file);
}

/*
 * An error matters more than a warning: with the list full, it takes the
 * place of the last warning.
 */
static struct config_message *find_room(struct config_messages *messages,
					enum config_severity severity)
{
	unsigned i;

	if (messages->count < CONFIG_MESSAGES)
		return &messages->list[messages->count++];
	messages->dropped++;
	if (severity != CONFIG_ERROR)
		return NULL;
	for (i = CONFIG_MESSAGES; i-- > 0;)
		if (messages->list[i].severity == CONFIG_WARNING)
			return &messages->list[i];
	return NULL;
}

static void __attribute__((format(printf, 4, 0)))
add(struct config_messages *messages, enum config_severity severity,
    unsigned line, const char *format, va_list arguments)
{
	struct config_message *message = find_room(messages, severity);
	char *at;

	if (severity == CONFIG_ERROR)
		messages->errors++;
	if (message == NULL)
		return;
	message->severity = severity;
	message->line = line;
	vsnprintf(message->text, sizeof(message->text), format, arguments);
	for (at = message->text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || (unsigned char)*at >= 0x7f)
			*at = '?';
}

void config_error(struct config_messages *messages, unsigned line,
		  const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(messages, CONFIG_ERROR, line, format, arguments);
	va_end(arguments);
}

void config_warning(struct config_messages *messages, unsigned line,
		    const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(messages, CONFIG_WARNING, line, format, arguments);
	va_end(arguments);
}

void config_messages_drop_warnings(struct config_messages *messages)
{
	unsigned i, kept = 0;

	for (i = 0; i < messages->count; i++)
		if (messages->list[i].severity == CONFIG_ERROR)
			messages->list[kept++] = messages->list[i];
	messages->count = kept;
	messages->dropped = messages->errors - kept;
}

/* Insertion sort: at most 32 of them, and it is stable. */
void config_messages_sort(struct config_messages *messages)
{
	unsigned i, j;

	for (i = 1; i < messages->count; i++) {
		struct config_message message = messages->list[i];

		for (j = i; j > 0; j--) {
			if (messages->list[j - 1].line <= message.line)
				break;
			messages->list[j] = messages->list[j - 1];
		}
		messages->list[j] = message;
	}
}

/* Without a severity where whoever prints it says that himself. */
static const char *compose(const struct config_messages *messages,
			   unsigned index, const char *severity,
			   char line[CONFIG_MESSAGE_LINE])
{
	const struct config_message *message = &messages->list[index];
	char number[16] = "";

	if (message->line)
		snprintf(number, sizeof(number), ":%u", message->line);
	snprintf(line, CONFIG_MESSAGE_LINE, "%s%s: %s%s", messages->file,
		 number, severity, message->text);
	return line;
}

const char *config_message_line(const struct config_messages *messages,
				unsigned index, char line[CONFIG_MESSAGE_LINE])
{
	bool error = messages->list[index].severity == CONFIG_ERROR;

	return compose(messages, index, error ? "error: " : "warning: ", line);
}

void config_messages_log(const struct config_messages *messages,
			 const char *prefix)
{
	char line[CONFIG_MESSAGE_LINE];

	for (unsigned i = 0; i < messages->count; i++) {
		compose(messages, i, "", line);
		if (messages->list[i].severity == CONFIG_ERROR)
			log_error("%s%s", prefix, line);
		else
			log_warning("%s%s", prefix, line);
	}
}

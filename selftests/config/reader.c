// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reader.c - see reader.h.
 */
#include "reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config_print.h"

#define OUT_BYTE 0xa5
#define EXAMPLES "../../examples/"

struct config_messages reader_messages;

const char *const reader_examples[READER_EXAMPLES] = {
	EXAMPLES "gw-a.conf",	     EXAMPLES "gw-b.conf",
	EXAMPLES "two-uplinks.conf", EXAMPLES "levels-gw-a.conf",
	EXAMPLES "levels-gw-b.conf",
};

int reader_enter(void **state)
{
	char source[] = __FILE__;

	(void)state;
	return chdir(dirname(source));
}

char *reader_slurp(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 16);
	size_t length;

	if (file == NULL)
		fail_msg("%s: %s", path, strerror(errno));
	assert_non_null(text);
	length = fread(text, 1, (1 << 16) - 1, file);
	fclose(file);
	if (size != NULL)
		*size = length;
	return text;
}

int reader_load(const char *path, struct config *out)
{
	const unsigned char *byte = (const unsigned char *)out;
	int result;
	size_t i;

	memset(out, OUT_BYTE, sizeof(*out));
	result = config_load(path, out, &reader_messages);
	if (result == 0) {
		assert_int_equal(reader_messages.errors, 0);
		return 0;
	}
	assert_true(reader_messages.errors > 0);
	assert_true(reader_messages.count > 0);
	for (i = 0; i < sizeof(*out); i++)
		assert_int_equal(byte[i], OUT_BYTE);
	return result;
}

int reader_load_bytes(const void *bytes, size_t size, struct config *out)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	char path[64];
	int result;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	result = reader_load(path, out);
	close(fd);
	return result;
}

int reader_load_text(const char *text, struct config *out)
{
	return reader_load_bytes(text, strlen(text), out);
}

char *reader_printed(const struct config *config, bool with_messages)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	if (with_messages)
		config_print_messages(out, &reader_messages);
	if (config != NULL)
		config_print(out, config);
	fclose(out);
	return text;
}

/* A prefix has a hole behind its length, with anything in it. */
static void fill_hole(struct prefix *prefix)
{
	struct prefix filled;

	memset(&filled, 0, sizeof(filled));
	filled.address = prefix->address;
	filled.length = prefix->length;
	memcpy(prefix, &filled, sizeof(filled));
}

/* Where a config was read from is no part of what it says. */
static void forget_lines(struct config *config)
{
	unsigned i, j;

	fill_hole(&config->marker);
	fill_hole(&config->partner.marker);
	for (i = 0; i < MODEL_PREFIXES; i++)
		fill_hole(&config->exclude[i]);
	memset(config->file, 0, sizeof(config->file));
	config->partner.line = 0;
	for (i = 0; i < MODEL_PUBLISHES; i++)
		config->publishes[i].line = 0;
	for (i = 0; i < MODEL_HOOKS; i++)
		config->hooks[i].line = 0;
	for (i = 0; i < MODEL_UPLINKS; i++) {
		config->uplinks[i].line = 0;
		for (j = 0; j < MODEL_TRACKS; j++) {
			config->uplinks[i].tracks[j].line = 0;
			fill_hole(&config->uplinks[i].tracks[j].route);
		}
		for (j = 0; j < MODEL_FALLBACKS; j++)
			config->uplinks[i].fallbacks[j].line = 0;
	}
}

void reader_assert_reads_back(const struct config *config)
{
	struct config first = *config, second;
	char *text = reader_printed(config, false);

	if (reader_load_text(text, &second) < 0)
		fail_msg("%s\n%s", reader_messages.list[0].text, text);
	free(text);
	forget_lines(&first);
	forget_lines(&second);
	assert_memory_equal(&first, &second, sizeof(first));
}

bool reader_said(const char *part)
{
	unsigned i;

	for (i = 0; i < reader_messages.count; i++)
		if (strstr(reader_messages.list[i].text, part) != NULL)
			return true;
	return false;
}

void reader_assert_said(const char *part)
{
	if (!reader_said(part))
		fail_msg("not said: %s; but: %s", part,
			 reader_messages.count > 0 ?
				 reader_messages.list[0].text :
				 "-");
}

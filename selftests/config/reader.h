/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.h - configuration files read and printed, for the tests of both.
 *
 * Owns: what holds for each: a file that is refused leaves no trace but its
 * errors, and what is printed reads back as the same.
 */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

/* Of the last file that was read. */
extern struct config_messages reader_messages;

/* Those that are whole configurations; see examples/. */
#define READER_EXAMPLES 5
extern const char *const reader_examples[READER_EXAMPLES];

/* Into the directory of this file, before all tests: paths are from there. */
int reader_enter(void **state);

/* A file's text, which the caller frees. */
char *reader_slurp(const char *path, size_t *size);

/* On failure `out` must be as it was, and there must be an error. */
int reader_load(const char *path, struct config *out);
int reader_load_bytes(const void *bytes, size_t size, struct config *out);
int reader_load_text(const char *text, struct config *out);

/* What is printed, in memory that the caller frees. */
char *reader_printed(const struct config *config, bool with_messages);

void reader_assert_reads_back(const struct config *config);

/* Has one of the messages this part? */
bool reader_said(const char *part);
void reader_assert_said(const char *part);

#endif

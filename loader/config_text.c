// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_text.c - the file's bytes, and the shape of what is in them.
 *
 * libconfuse 3.3 takes a section that the end of the file cuts off for a
 * whole one, keeps the last of two equal keys, puts the environment in place
 * of ${NAME}, skips characters that it does not know, counts lines wrongly
 * after a C comment, and calls the second word of a value an unknown option.
 * So the text is read here first, by stricter rules; what passes means the
 * same to both readers, and libconfuse gets it without comments.
 *
 * Owns: reading the file, and the rules of keys, values and braces.  It must
 * never know what a key means.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_text.h"
#include "config_token.h"

struct scanner {
	struct config_text *text;
	struct config_messages *messages;
	struct config_tokens tokens;
	struct config_token token; /* the next one */
	int section;		   /* the innermost open section, or -1 */
	int depth;
	unsigned value_line; /* of the last value */
};

static void advance(struct scanner *scanner)
{
	config_token_next(&scanner->tokens, &scanner->token);
}

static bool at_mark(const struct scanner *scanner, char mark)
{
	return scanner->token.kind == TOKEN_MARK &&
	       scanner->token.word[0] == mark;
}

static bool at_word(const struct scanner *scanner)
{
	return scanner->token.kind == TOKEN_WORD ||
	       scanner->token.kind == TOKEN_QUOTED;
}

/* An error, unless the token itself was one. */
static int __attribute__((format(printf, 3, 4)))
refuse(struct scanner *scanner, unsigned line, const char *format, ...)
{
	char text[CONFIG_MESSAGE_TEXT];
	va_list arguments;

	if (scanner->token.kind == TOKEN_BAD)
		return -EINVAL;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	config_error(scanner->messages, line, "%s", text);
	return -EINVAL;
}

/* ---- keys and sections ---- */

static const struct config_key *find_key(const struct config_text *text,
					 const char *path)
{
	int i;

	for (i = 0; i < text->count; i++)
		if (strcmp(text->keys[i].path, path) == 0)
			return &text->keys[i];
	return NULL;
}

static int add_key(struct scanner *scanner, const struct config_token *name,
		   const char *title, enum config_shape shape)
{
	struct config_text *text = scanner->text;
	struct config_key *key = &text->keys[text->count];
	const struct config_key *first;
	const char *above =
		scanner->section < 0 ? "" : text->keys[scanner->section].path;

	if (text->count == CONFIG_TEXT_KEYS)
		return refuse(scanner, name->line, "more than %d keys",
			      CONFIG_TEXT_KEYS);
	if (strlen(name->word) >= CONFIG_TEXT_NAME ||
	    strlen(title) >= CONFIG_TEXT_NAME)
		return refuse(scanner, name->line,
			      "'%s': names and keys have at most %d characters",
			      title[0] != '\0' ? title : name->word,
			      CONFIG_TEXT_NAME - 1);
	if ((size_t)snprintf(key->path, sizeof(key->path), "%s%s%s%s%s", above,
			     above[0] != '\0' ? "/" : "", name->word,
			     title[0] != '\0' ? " " : "",
			     title) >= sizeof(key->path))
		return refuse(scanner, name->line,
			      "'%s': sections nested too deeply", name->word);
	first = find_key(text, key->path);
	if (first != NULL)
		return refuse(scanner, name->line,
			      "'%s%s%s' again: line %u has it already",
			      name->word, title[0] != '\0' ? " " : "", title,
			      first->line);
	snprintf(key->name, sizeof(key->name), "%.31s", name->word);
	key->parent = scanner->section;
	key->line = name->line;
	key->shape = shape;
	text->count++;
	return 0;
}

static int open_section(struct scanner *scanner,
			const struct config_token *name, const char *title)
{
	int result = add_key(scanner, name, title,
			     title[0] != '\0' ? CONFIG_TITLED : CONFIG_SECTION);

	if (result < 0)
		return result;
	if (++scanner->depth > CONFIG_TEXT_DEPTH)
		return refuse(scanner, name->line,
			      "'%s': sections nested too deeply", name->word);
	scanner->section = scanner->text->count - 1;
	advance(scanner);
	return 0;
}

/* At the '{' of a list. */
static int read_list(struct scanner *scanner, const struct config_token *name)
{
	do {
		advance(scanner);
		if (!at_word(scanner))
			return refuse(scanner, scanner->token.line,
				      "%s: a value is missing in the list",
				      name->word);
		advance(scanner);
	} while (at_mark(scanner, ','));
	if (!at_mark(scanner, '}'))
		return refuse(scanner, scanner->token.line,
			      "%s: ',' or '}' is missing in the list",
			      name->word);
	scanner->value_line = scanner->token.line;
	advance(scanner);
	return add_key(scanner, name, "", CONFIG_LIST);
}

/* At the '='. */
static int read_value(struct scanner *scanner, const struct config_token *name)
{
	unsigned line = scanner->token.line;

	advance(scanner);
	/* or a key without a value would take the next line for it */
	if (scanner->token.line == line && at_mark(scanner, '{'))
		return read_list(scanner, name);
	if (scanner->token.line != line || !at_word(scanner))
		return refuse(scanner, name->line,
			      "%s: the value after '=' is missing", name->word);
	scanner->value_line = scanner->token.line;
	advance(scanner);
	return add_key(scanner, name, "", CONFIG_VALUE);
}

/* At a word where a key is due. */
static int read_key(struct scanner *scanner)
{
	struct config_token name = scanner->token;
	struct config_token title;

	if (name.kind == TOKEN_QUOTED)
		return refuse(scanner, name.line,
			      "\"%s\": a key is due, and keys have no quotes",
			      name.word);
	advance(scanner);
	if (at_mark(scanner, '='))
		return read_value(scanner, &name);
	if (at_mark(scanner, '{'))
		return open_section(scanner, &name, "");
	title = scanner->token;
	if (title.kind == TOKEN_WORD && title.line == name.line)
		advance(scanner);
	if (at_mark(scanner, '{'))
		return open_section(scanner, &name, title.word);
	if (name.line == scanner->value_line)
		return refuse(scanner, name.line,
			      "'%s' after a value: a value is one word, such "
			      "as 2h4m",
			      name.word);
	if (title.kind != TOKEN_WORD || title.line != name.line)
		return refuse(scanner, name.line,
			      "'%s' is followed by neither '=' nor '{'",
			      name.word);
	return refuse(scanner, name.line,
		      "'%s %s': '=' is missing between them, or '{' after them",
		      name.word, title.word);
}

static int close_section(struct scanner *scanner)
{
	if (scanner->section < 0)
		return refuse(scanner, scanner->token.line,
			      "'}' closes nothing: no section is open here");
	scanner->section = scanner->text->keys[scanner->section].parent;
	scanner->depth--;
	advance(scanner);
	return 0;
}

static int scan(struct scanner *scanner)
{
	int result = 0;

	advance(scanner);
	while (result == 0 && scanner->token.kind != TOKEN_END) {
		if (at_mark(scanner, '}'))
			result = close_section(scanner);
		else if (at_word(scanner))
			result = read_key(scanner);
		else
			result = refuse(scanner, scanner->token.line,
					"unexpected '%s': a key is due",
					scanner->token.word);
	}
	if (result == 0 && scanner->section >= 0)
		return refuse(scanner,
			      scanner->text->keys[scanner->section].line,
			      "'%s' is opened here and never closed: '}' is "
			      "missing, or the file is cut short",
			      scanner->text->keys[scanner->section].path);
	return result;
}

/* ---- the file ---- */

/* NULs would end the text early, long lines are no configuration. */
static int check_bytes(const struct config_text *text,
		       struct config_messages *messages)
{
	unsigned line = 1;
	size_t begin = 0;
	size_t i;

	for (i = 0; i < text->size; i++) {
		unsigned char c = (unsigned char)text->clean[i];

		if (c == '\n') {
			line++;
			begin = i + 1;
		} else if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f) {
			config_error(messages, line,
				     "byte 0x%02x: not a text file", c);
			return -EINVAL;
		} else if (i - begin >= CONFIG_TEXT_LINE) {
			config_error(messages, line,
				     "a line of more than %d characters",
				     CONFIG_TEXT_LINE);
			return -EINVAL;
		}
	}
	if (text->size > 0 && text->clean[text->size - 1] != '\n')
		config_warning(messages, line,
			       "the last line does not end: check that the "
			       "file is complete");
	return 0;
}

static int read_all(int fd, struct config_text *text)
{
	while (text->size < CONFIG_TEXT_SIZE + 1) {
		ssize_t done = read(fd, text->clean + text->size,
				    CONFIG_TEXT_SIZE + 1 - text->size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (done == 0)
			break;
		text->size += (size_t)done;
	}
	text->clean[text->size] = '\0';
	return text->size > CONFIG_TEXT_SIZE ? -EFBIG : 0;
}

/* O_NONBLOCK: opening a FIFO that nobody writes must not hang. */
static int read_file(const char *path, struct config_text *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int result;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		result = -errno;
	else if (S_ISDIR(st.st_mode))
		result = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		result = -ENOTSUP;
	else
		result = read_all(fd, text);
	close(fd);
	return result;
}

static void explain(struct config_messages *messages, int error)
{
	if (error == -EFBIG)
		config_error(messages, 0,
			     "larger than %d KiB: not a configuration",
			     CONFIG_TEXT_SIZE / 1024);
	else if (error == -EISDIR)
		config_error(messages, 0,
			     "is a directory: name the file in it");
	else if (error == -ENOTSUP)
		config_error(messages, 0, "is not a regular file");
	else
		config_error(messages, 0, "cannot be read: %s",
			     strerror(-error));
}

int config_text_read(const char *path, struct config_text *text,
		     struct config_messages *messages)
{
	struct scanner scanner = {
		.text = text,
		.messages = messages,
		.section = -1,
	};
	int result = -ENOMEM;

	memset(text, 0, sizeof(*text));
	text->clean = malloc(CONFIG_TEXT_SIZE + 2);
	text->keys = calloc(CONFIG_TEXT_KEYS, sizeof(*text->keys));
	if (text->clean != NULL && text->keys != NULL)
		result = read_file(path, text);
	if (result < 0) {
		explain(messages, result);
		return result;
	}
	result = check_bytes(text, messages);
	scanner.tokens = (struct config_tokens){
		.text = text->clean,
		.line = 1,
		.messages = messages,
	};
	if (result == 0)
		result = scan(&scanner);
	if (result == 0 && text->count == 0) {
		config_error(messages, 0,
			     "is empty: twinpath.conf(5) has an "
			     "example to start from");
		result = -EINVAL;
	}
	return result;
}

void config_text_free(struct config_text *text)
{
	free(text->clean);
	free(text->keys);
	memset(text, 0, sizeof(*text));
}

unsigned config_text_line(const struct config_text *text, const char *format,
			  ...)
{
	char path[CONFIG_TEXT_PATH];
	const struct config_key *key;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(path, sizeof(path), format, arguments);
	va_end(arguments);
	key = find_key(text, path);
	return key != NULL ? key->line : 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_token.c - words, quotes and comments of a configuration file.
 *
 * Owns: which characters make a word.  It takes less than libconfuse does,
 * so that whatever passes here is one and the same word there: no escapes, no
 * ${NAME}, no C comments, no character that libconfuse would skip.
 */
#include <string.h>

#include "config_token.h"

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("-_.:/", c));
}

/* Blanks a comment, which ends before its newline. */
static void skip_comment(struct config_tokens *tokens)
{
	char *text = tokens->text;

	while (text[tokens->at] != '\n' && text[tokens->at] != '\0')
		text[tokens->at++] = ' ';
}

static void skip_blanks(struct config_tokens *tokens)
{
	char *text = tokens->text;

	for (;;) {
		char c = text[tokens->at];

		if (c == '#') {
			skip_comment(tokens);
			continue;
		}
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return;
		if (c == '\n')
			tokens->line++;
		if (c == '\r')
			text[tokens->at] = ' ';
		tokens->at++;
	}
}

static void bad_character(struct config_tokens *tokens, unsigned char c)
{
	const char *hint = "put the value in double quotes";

	if (c == '\'')
		hint = "quotes are double: \"...\"";
	else if (c == '$')
		hint = "variables are not expanded";
	else if (c == '*' || c == '/')
		hint = "a comment begins with #";
	else if (c == '+')
		hint = "give the whole list once: key = { a, b }";
	else if (c == ';')
		hint = "values need no separator; a comment begins with #";
	if (c > ' ' && c < 0x7f)
		config_error(tokens->messages, tokens->line,
			     "unexpected '%c': %s", c, hint);
	else
		config_error(tokens->messages, tokens->line,
			     "unexpected byte 0x%02x: outside comments the "
			     "file is plain ASCII",
			     c);
}

static bool read_word(struct config_tokens *tokens, struct config_token *token)
{
	const char *begin = tokens->text + tokens->at;
	size_t length = 0;

	while (is_word(begin[length]))
		length++;
	if (length >= sizeof(token->word)) {
		config_error(tokens->messages, token->line,
			     "a word of %zu characters: at most %zu are taken",
			     length, sizeof(token->word) - 1);
		return false;
	}
	memcpy(token->word, begin, length);
	token->word[length] = '\0';
	tokens->at += length;
	if (strstr(token->word, "//") == NULL)
		return true;
	config_error(tokens->messages, token->line,
		     "'%s': no word has '//' in it, and a comment begins "
		     "with #",
		     token->word);
	return false;
}

/* No escapes, no variables, no line end: a path or an address needs none. */
static bool read_quoted(struct config_tokens *tokens,
			struct config_token *token)
{
	const char *begin = tokens->text + tokens->at + 1;
	size_t length = strcspn(begin, "\"\n");
	size_t i;

	if (begin[length] != '"') {
		config_error(tokens->messages, token->line,
			     "a quote is opened and not closed on its line");
		return false;
	}
	for (i = 0; i < length; i++) {
		if (begin[i] != '$' && begin[i] != '\\' && begin[i] >= ' ' &&
		    begin[i] < 0x7f)
			continue;
		config_error(tokens->messages, token->line,
			     "%s in quotes: variables and escapes are not "
			     "expanded, write the plain ASCII text",
			     begin[i] == '$'  ? "'$'" :
			     begin[i] == '\\' ? "'\\'" :
						"a special character");
		return false;
	}
	if (length >= sizeof(token->word)) {
		config_error(tokens->messages, token->line,
			     "a value of %zu characters: at most %zu are taken",
			     length, sizeof(token->word) - 1);
		return false;
	}
	memcpy(token->word, begin, length);
	token->word[length] = '\0';
	tokens->at += length + 2;
	return true;
}

void config_token_next(struct config_tokens *tokens, struct config_token *token)
{
	char c;

	if (token->kind == TOKEN_BAD)
		return;
	skip_blanks(tokens);
	c = tokens->text[tokens->at];
	token->line = tokens->line;
	token->word[0] = c;
	token->word[1] = '\0';
	if (c == '\0') {
		token->kind = TOKEN_END;
	} else if (strchr("{}=,", c)) {
		token->kind = TOKEN_MARK;
		tokens->at++;
	} else if (c == '"') {
		token->kind = read_quoted(tokens, token) ? TOKEN_QUOTED :
							   TOKEN_BAD;
	} else if (is_word(c)) {
		token->kind = read_word(tokens, token) ? TOKEN_WORD : TOKEN_BAD;
	} else {
		bad_character(tokens, (unsigned char)c);
		token->kind = TOKEN_BAD;
	}
}

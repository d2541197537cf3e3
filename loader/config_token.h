/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_token.h - the words and marks of a configuration file, one by one.
 */
#ifndef TWINPATH_CONFIG_TOKEN_H
#define TWINPATH_CONFIG_TOKEN_H

#include <stddef.h>

#include "config_message.h"

#define CONFIG_TOKEN_WORD 256 /* of a value, with the NUL */

enum config_token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_QUOTED,
	TOKEN_MARK, /* one of { } = , in word[0] */
	TOKEN_BAD,  /* has been reported; the last one */
};

struct config_token {
	enum config_token_kind kind;
	unsigned line;
	char word[CONFIG_TOKEN_WORD];
};

/* The text ends with a NUL; comments in it are blanked in passing. */
struct config_tokens {
	char *text;
	size_t at;
	unsigned line; /* starts at 1 */
	struct config_messages *messages;
};

/* Makes `token` the next one; a TOKEN_BAD stays. */
void config_token_next(struct config_tokens *tokens,
		       struct config_token *token);

#endif

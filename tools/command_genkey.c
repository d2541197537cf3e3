// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_genkey.c - "genkey": a fresh key for a pair of gateways.  It asks no
 * daemon and writes no file: where the key goes is the operator's business.
 */
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "key.h"

/* The shell has made the file already, with its own umask. */
static void warn_of_readers(void)
{
	struct stat info;

	if (!fstat(STDOUT_FILENO, &info) && S_ISREG(info.st_mode) &&
	    info.st_mode & 0077)
		fputs("twinpath: warning: others may read that file: run "
		      "'umask 077' first, and make another key\n",
		      stderr);
}

int command_genkey(const struct options *options)
{
	uint8_t key[KEY_BYTES];
	char text[KEY_DIGITS + 1];

	if (sodium_init() < 0)
		return command_failed("libsodium does not start: no random "
				      "numbers");
	warn_of_readers();
	randombytes_buf(key, sizeof(key));
	sodium_bin2hex(text, sizeof(text), key, sizeof(key));
	printf(options->json ? "{\"key\":\"%s\"}\n" : "%s\n", text);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(text, sizeof(text));
	return STATUS_OK;
}

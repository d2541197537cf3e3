// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * key.c - the key that both gateways share, from its file.
 *
 * Owns: who may hold such a file, and what it looks like.  It must never print
 * a part of a key, nor leave one behind in memory that it gave back.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key.h"
#include "log.h"

/* Of crypto_kdf: a name for who derives, a number for what for. */
#define CONTEXT "twinpath"
#define FOR_MARKS 1
#define FOR_HEARTBEAT 2

_Static_assert(KEY_BYTES == crypto_kdf_KEYBYTES, "the file's key is a KDF's");
_Static_assert(sizeof(CONTEXT) - 1 == crypto_kdf_CONTEXTBYTES,
	       "a context has a fixed size");

/* The file that is open, not one that took its name since. */
static int check_owner(int fd, const char *path)
{
	struct stat info;

	if (fstat(fd, &info))
		return -errno;
	if (!S_ISREG(info.st_mode)) {
		log_error("key %s: it is not a regular file", path);
		return -EINVAL;
	}
	if (info.st_uid != 0) {
		log_error("key %s: it belongs to user %u, not to root: run "
			  "'chown root %s'",
			  path, (unsigned)info.st_uid, path);
		return -EPERM;
	}
	if (info.st_mode & 07177) {
		log_error("key %s: its mode is %04o, and others may know it "
			  "by now: make a new one, with mode 0600",
			  path, (unsigned)info.st_mode & 07777);
		return -EPERM;
	}
	return 0;
}

/* Hexadecimal digits, then the end of the line or of the file. */
static int parse(const char *text, size_t length, uint8_t master[KEY_BYTES])
{
	const char *end;
	size_t bytes;

	if (length == KEY_DIGITS + 1 && text[KEY_DIGITS] == '\n')
		length--;
	if (length != KEY_DIGITS ||
	    sodium_hex2bin(master, KEY_BYTES, text, length, NULL, &bytes,
			   &end) ||
	    bytes != KEY_BYTES || end != text + length)
		return -EINVAL;
	return 0;
}

static int read_key(int fd, const char *path, uint8_t master[KEY_BYTES])
{
	char text[KEY_DIGITS + 2]; /* one more than is good */
	ssize_t length;
	int err;

	do
		length = read(fd, text, sizeof(text));
	while (length < 0 && errno == EINTR);
	err = length < 0 ? -errno : parse(text, (size_t)length, master);
	sodium_memzero(text, sizeof(text));
	if (err == -EINVAL)
		log_error("key %s: it is not one line of %d hexadecimal "
			  "digits: 'twinpath genkey' prints one",
			  path, KEY_DIGITS);
	return err;
}

static void derive(const uint8_t master[KEY_BYTES], struct key *out)
{
	crypto_kdf_derive_from_key(out->marks, sizeof(out->marks), FOR_MARKS,
				   CONTEXT, master);
	crypto_kdf_derive_from_key(out->heartbeat, sizeof(out->heartbeat),
				   FOR_HEARTBEAT, CONTEXT, master);
}

int key_load(const char *path, struct key *out)
{
	uint8_t master[KEY_BYTES];
	int fd, err;

	memset(out, 0, sizeof(*out));
	if (sodium_init() < 0) {
		log_error("libsodium does not start: no random numbers");
		return -EIO;
	}
	/* Not to hang on a FIFO that somebody made of it. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		err = -errno;
		log_error("key %s: %s", path, strerror(-err));
		return err;
	}
	err = check_owner(fd, path) ?: read_key(fd, path, master);
	close(fd);
	if (!err)
		derive(master, out);
	sodium_memzero(master, sizeof(master));
	return err;
}

void key_forget(struct key *key)
{
	sodium_memzero(key, sizeof(*key));
}

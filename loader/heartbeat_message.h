/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heartbeat_message.h - a heartbeat as bytes, sealed and opened.
 *
 * Pure: no clock, no allocation, no input or output.
 *
 * Authentication is crypto_auth (HMAC-SHA-512-256), not an AEAD.  It needs no
 * nonce, so there is nothing that a restart, a restored disk image or a cloned
 * machine could use twice; it is deterministic, and so testable byte for byte.
 * What an AEAD adds is secrecy, and these messages hold none: who can read the
 * LAN sees from the packets themselves which gateway is in use, and an operator
 * can read a capture.  The addresses of both ends are authenticated,
 * though not sent: a message that is thrown back at its sender, or carried to
 * another site with the same key, is a forgery.
 */
#ifndef TWINPATH_HEARTBEAT_MESSAGE_H
#define TWINPATH_HEARTBEAT_MESSAGE_H

#include <stddef.h>

#include "heartbeat_report.h"
#include "key.h"

#define HEARTBEAT_FORMAT 3
#define HEARTBEAT_MAX 576 /* bytes of a message: never a fragment */

struct heartbeat_stamp {
	uint64_t boot;	  /* random, of one run of a daemon; 0: nobody */
	uint64_t counter; /* of its messages, from 1 */
};

struct heartbeat_message {
	struct heartbeat_stamp from;
	struct heartbeat_stamp echo; /* the last that `from` has heard */
	bool ask;		     /* answer at once, not at your time */
	struct heartbeat_report report;
};

/* With what and for whom a message is sealed. */
struct heartbeat_seal {
	uint8_t key[KEY_BYTES];
	struct tp_addr from, to;
};

/* Returns the length. */
size_t heartbeat_encode(const struct heartbeat_seal *seal,
			const struct heartbeat_message *message,
			uint8_t bytes[HEARTBEAT_MAX]);

enum heartbeat_decoded {
	HEARTBEAT_GOOD,
	HEARTBEAT_MALFORMED,	/* no heartbeat, or sealed nonsense */
	HEARTBEAT_FORGED,	/* not sealed with our key for this direction */
	HEARTBEAT_OTHER_FORMAT, /* sealed, but of another release */
};

/* `out` is untouched unless the answer is HEARTBEAT_GOOD. */
enum heartbeat_decoded heartbeat_decode(const struct heartbeat_seal *seal,
					const uint8_t *bytes, size_t length,
					struct heartbeat_message *out);

#endif

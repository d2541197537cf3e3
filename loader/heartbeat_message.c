// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * heartbeat_message.c - the heartbeat's bytes.
 *
 *   magic 4, format 2, length 2, from 16, echo 16, the report, seal 32
 *
 * Everything is in network order.  Magic, format, length and the place of the
 * seal stay as they are in every format, so that another release is told from a
 * forger.  Each value has one encoding, and a message that encodes anything else
 * is refused: what is read is exactly what was written.
 */
#include <endian.h>
#include <sodium.h>
#include <string.h>

#include "heartbeat_message.h"
#include "share.h"

#define MAGIC 0x74777068U /* "twph" */
#define SEAL crypto_auth_BYTES
#define HEAD 8 /* magic, format, length */

#define FLAG_READY (1U << 0)
#define FLAG_ASK (1U << 1)
#define FLAG_QUIET (1U << 2)
#define FLAG_PROVED (1U << 3)
#define FLAGS (FLAG_READY | FLAG_ASK | FLAG_QUIET | FLAG_PROVED)

#define LEVEL_MAX 16

#define INTENT_BYTES (8 + 1 + MODEL_NAME + 4 + 4 + 1)
#define UPLINK_BYTES (MODEL_NAME + 6)
#define FIXED_BYTES                                                     \
	(HEAD + 2 * 16 + 3 + 3 * 4 + INTENT_BYTES + HEARTBEAT_VERSION + \
	 HEARTBEAT_HOSTS / 8 + 1)

_Static_assert(FIXED_BYTES + MODEL_UPLINKS * UPLINK_BYTES + SEAL <=
		       HEARTBEAT_MAX,
	       "the longest message does not fit");
_Static_assert(KEY_BYTES == crypto_auth_KEYBYTES, "a key has another size");

/* ---- writing ----------------------------------------------------------- */

/* The longest message fits into HEARTBEAT_MAX: nothing checks the room. */
struct writer {
	uint8_t *at;
};

static void put(struct writer *to, const void *bytes, size_t size)
{
	memcpy(to->at, bytes, size);
	to->at += size;
}

static void put8(struct writer *to, unsigned value)
{
	*to->at++ = (uint8_t)value;
}

static void put16(struct writer *to, uint16_t value)
{
	value = htobe16(value);
	put(to, &value, sizeof(value));
}

static void put32(struct writer *to, uint64_t value)
{
	uint32_t most = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;

	most = htobe32(most);
	put(to, &most, sizeof(most));
}

static void put64(struct writer *to, uint64_t value)
{
	value = htobe64(value);
	put(to, &value, sizeof(value));
}

/* Zeros to the end of its field. */
static void put_text(struct writer *to, const char *text, size_t size)
{
	memset(to->at, 0, size);
	memcpy(to->at, text, strnlen(text, size - 1));
	to->at += size;
}

static void put_stamp(struct writer *to, const struct heartbeat_stamp *stamp)
{
	put64(to, stamp->boot);
	put64(to, stamp->counter);
}

static void put_intent(struct writer *to, const struct intent_told *intent)
{
	bool uplink = intent->kind == INTENT_SITE_UPLINK;

	put64(to, intent->serial);
	put8(to, intent->kind);
	put_text(to, uplink ? intent->uplink : "", MODEL_NAME);
	put32(to, intent->remaining);
	put32(to, intent->drain);
	put8(to, intent->force);
}

static void put_uplink(struct writer *to, const struct heartbeat_uplink *uplink)
{
	put_text(to, uplink->name, MODEL_NAME);
	put8(to, uplink->level);
	put8(to, uplink->now);
	put8(to, uplink->share);
	put8(to, uplink->state);
	put8(to, uplink->track);
	put8(to, uplink->draining);
}

static void put_report(struct writer *to, const struct heartbeat_report *report)
{
	put8(to, report->selector);
	put8(to, report->best_level);
	put32(to, report->sessions);
	put32(to, report->bindings);
	put32(to, report->lost);
	put_intent(to, &report->intent);
	put_text(to, report->version, HEARTBEAT_VERSION);
	put(to, report->hosts, sizeof(report->hosts));
	put8(to, report->uplinks_count);
	for (unsigned i = 0; i < report->uplinks_count; i++)
		put_uplink(to, &report->uplinks[i]);
}

/* ---- the seal ---------------------------------------------------------- */

/* What is authenticated: both ends' addresses, then the message. */
static size_t
seal_input(const struct heartbeat_seal *seal, const uint8_t *bytes,
	   size_t length,
	   uint8_t input[2 * sizeof(struct tp_addr) + HEARTBEAT_MAX])
{
	struct writer to = { input };

	put(&to, seal->from.byte, sizeof(seal->from.byte));
	put(&to, seal->to.byte, sizeof(seal->to.byte));
	put(&to, bytes, length);
	return (size_t)(to.at - input);
}

size_t heartbeat_encode(const struct heartbeat_seal *seal,
			const struct heartbeat_message *message,
			uint8_t bytes[HEARTBEAT_MAX])
{
	uint8_t input[2 * sizeof(struct tp_addr) + HEARTBEAT_MAX];
	unsigned count = message->report.uplinks_count;
	size_t body = FIXED_BYTES + count * UPLINK_BYTES;
	struct writer to = { bytes };

	put32(&to, MAGIC);
	put16(&to, HEARTBEAT_FORMAT);
	put16(&to, (uint16_t)(body + SEAL));
	put_stamp(&to, &message->from);
	put_stamp(&to, &message->echo);
	put8(&to, (message->report.ready ? FLAG_READY : 0) |
			  (message->ask ? FLAG_ASK : 0) |
			  (message->report.quiet ? FLAG_QUIET : 0) |
			  (message->report.proved ? FLAG_PROVED : 0));
	put_report(&to, &message->report);
	crypto_auth(to.at, input, seal_input(seal, bytes, body, input),
		    seal->key);
	return body + SEAL;
}

/* ---- reading ----------------------------------------------------------- */

struct reader {
	const uint8_t *at;
	size_t left;
	bool bad; /* once true, all that was read is nonsense */
};

static void get(struct reader *from, void *out, size_t size)
{
	if (size > from->left) {
		memset(out, 0, size);
		from->bad = true;
		return;
	}
	memcpy(out, from->at, size);
	from->at += size;
	from->left -= size;
}

/* An enum's value, a level ...: none above `most` has a meaning. */
static unsigned get8(struct reader *from, unsigned most)
{
	uint8_t value;

	get(from, &value, sizeof(value));
	if (value > most)
		from->bad = true;
	return from->bad ? 0 : value;
}

static uint16_t get16(struct reader *from)
{
	uint16_t value;

	get(from, &value, sizeof(value));
	return be16toh(value);
}

static uint32_t get32(struct reader *from)
{
	uint32_t value;

	get(from, &value, sizeof(value));
	return be32toh(value);
}

static uint64_t get64(struct reader *from)
{
	uint64_t value;

	get(from, &value, sizeof(value));
	return be64toh(value);
}

/* A NUL, and nothing behind it; before it what goes into a log line. */
static void get_text(struct reader *from, char *out, size_t size)
{
	size_t length;

	get(from, out, size);
	length = strnlen(out, size);
	if (length == size)
		from->bad = true;
	for (size_t i = 0; i < size; i++)
		if (i < length ? out[i] <= ' ' || out[i] > '~' : out[i])
			from->bad = true;
}

/* As the configuration takes it (config_value_name). */
static void get_name(struct reader *from, char out[MODEL_NAME])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	get_text(from, out, MODEL_NAME);
	if (from->bad || !*out || out[strspn(out, letters)])
		from->bad = true;
}

static void get_stamp(struct reader *from, struct heartbeat_stamp *out)
{
	out->boot = get64(from);
	out->counter = get64(from);
	/* Nobody has sent nothing. */
	if (!out->boot != !out->counter)
		from->bad = true;
}

static void get_intent(struct reader *from, struct intent_told *out)
{
	out->serial = get64(from);
	out->kind = (enum intent_site_kind)get8(from, INTENT_SITE_UPLINK);
	if (out->kind == INTENT_SITE_UPLINK)
		get_name(from, out->uplink);
	else
		get_text(from, out->uplink, MODEL_NAME);
	if (out->kind == INTENT_SITE_AUTO && *out->uplink)
		from->bad = true;
	out->remaining = get32(from);
	out->drain = get32(from);
	out->force = get8(from, 1);
}

static void get_uplink(struct reader *from, struct heartbeat_uplink *out)
{
	get_name(from, out->name);
	out->level = (uint8_t)get8(from, LEVEL_MAX);
	out->now = (uint8_t)get8(from, LEVEL_MAX);
	out->share = (uint8_t)get8(from, SHARE_MAX);
	out->state = (enum tp_exit_state)get8(from, TP_EXIT_UP);
	out->track = (enum track_state)get8(from, TRACK_UP);
	out->draining = get8(from, 1);
}

static void get_report(struct reader *from, struct heartbeat_report *out)
{
	out->selector = (enum heartbeat_selector)get8(from, HEARTBEAT_PARTNER);
	out->best_level = (uint8_t)get8(from, LEVEL_MAX);
	out->sessions = get32(from);
	out->bindings = get32(from);
	out->lost = get32(from);
	get_intent(from, &out->intent);
	get_text(from, out->version, HEARTBEAT_VERSION);
	get(from, out->hosts, sizeof(out->hosts));
	out->uplinks_count = get8(from, MODEL_UPLINKS);
	for (unsigned i = 0; i < out->uplinks_count; i++)
		get_uplink(from, &out->uplinks[i]);
}

/* Of a message whose seal is good. */
static bool get_message(struct reader *from, struct heartbeat_message *out)
{
	unsigned flags;

	get_stamp(from, &out->from);
	get_stamp(from, &out->echo);
	flags = get8(from, FLAGS);
	out->ask = flags & FLAG_ASK;
	get_report(from, &out->report);
	out->report.ready = flags & FLAG_READY;
	out->report.quiet = flags & FLAG_QUIET;
	out->report.proved = flags & FLAG_PROVED;
	return !from->bad && !from->left && out->from.boot;
}

static bool seal_is_good(const struct heartbeat_seal *seal,
			 const uint8_t *bytes, size_t length)
{
	uint8_t input[2 * sizeof(struct tp_addr) + HEARTBEAT_MAX];
	size_t size = seal_input(seal, bytes, length - SEAL, input);

	return !crypto_auth_verify(bytes + length - SEAL, input, size,
				   seal->key);
}

enum heartbeat_decoded heartbeat_decode(const struct heartbeat_seal *seal,
					const uint8_t *bytes, size_t length,
					struct heartbeat_message *out)
{
	struct reader from = { .at = bytes, .left = length };
	struct heartbeat_message message = { 0 };
	uint16_t format;

	if (length < HEAD + SEAL || length > HEARTBEAT_MAX ||
	    get32(&from) != MAGIC)
		return HEARTBEAT_MALFORMED;
	format = get16(&from);
	if (get16(&from) != length)
		return HEARTBEAT_MALFORMED;
	if (!seal_is_good(seal, bytes, length))
		return HEARTBEAT_FORGED;
	if (format != HEARTBEAT_FORMAT)
		return HEARTBEAT_OTHER_FORMAT;
	from.left -= SEAL;
	if (!get_message(&from, &message))
		return HEARTBEAT_MALFORMED;
	*out = message;
	return HEARTBEAT_GOOD;
}

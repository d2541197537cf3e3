// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_heartbeat.c - heartbeats over real sockets, on loopback addresses that
 * nothing else uses: two of them, and one with a peer that the test plays.
 *
 * Nothing waits for a fixed time: the loop runs until a condition holds, or
 * fails.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "address.h"
#include "heartbeat.h"
#include "heartbeat_accept.h"
#include "log.h"

#define DEADLINE_MS 5000

static const uint8_t key[KEY_BYTES] = "a key of 32 bytes, as it happens";

struct side {
	struct tp_addr address;
	struct heartbeat *heartbeat;
	struct heartbeat_report report; /* what it fills in */
	struct heartbeat_view told;
	unsigned changes;
	struct heartbeat_report heard;
	uint64_t sent_when_heard;
};

static struct event_base *base;
static struct event *tick;
static struct side a, b;
static uint16_t port;

static msec_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (msec_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#define WAIT(condition)                                            \
	do {                                                       \
		msec_t deadline = now_ms() + DEADLINE_MS;          \
                                                                   \
		while (!(condition)) {                             \
			if (now_ms() > deadline)                   \
				fail_msg("never: %s", #condition); \
			event_base_loop(base, EVLOOP_ONCE);        \
		}                                                  \
	} while (0)

/* ---- the two sides ----------------------------------------------------- */

static void fill(void *arg, struct heartbeat_report *mine)
{
	struct side *side = arg;
	static const struct heartbeat_report none;

	assert_memory_equal(mine, &none, sizeof(none));
	*mine = side->report;
}

/* Nothing has been sent since this came: neither an answer nor a beat. */
static void on_heard(void *arg, const struct heartbeat_report *theirs)
{
	struct side *side = arg;
	struct heartbeat_view view;

	if (!side->heartbeat) /* it is just being opened */
		return;
	heartbeat_view(side->heartbeat, &view);
	side->heard = *theirs;
	side->sent_when_heard = view.counters.sent;
}

static void changed(void *arg, const struct heartbeat_view *theirs)
{
	struct side *side = arg;

	side->told = *theirs;
	side->changes++;
}

static int open_side(struct side *side, const struct side *partner)
{
	const struct heartbeat_config config = { side->address,
						 partner->address, port, key };
	const struct heartbeat_callbacks callbacks = { fill, on_heard,
						       changed };

	return heartbeat_open(&side->heartbeat, base, &config, &callbacks,
			      side);
}

static void close_side(struct side *side)
{
	heartbeat_close(side->heartbeat);
	side->heartbeat = NULL;
}

static struct heartbeat_view view_of(const struct side *side)
{
	struct heartbeat_view view;

	heartbeat_view(side->heartbeat, &view);
	return view;
}

static void wake(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static int set_up(void **state)
{
	static const struct timeval often = { 0, 10000 };
	uint8_t random[6];

	(void)state;
	if (sodium_init() < 0)
		return -1;
	log_set_level(LOG_LEVEL_ERROR); /* the warnings are expected */
	randombytes_buf(random, sizeof(random));
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	a.address =
		address_from_v4(htonl(0x7f000000U | (uint32_t)random[0] << 16 |
				      (uint32_t)random[1] << 8 | 1));
	b.address = a.address;
	b.address.byte[15] = 2;
	port = (uint16_t)(20000 + (random[2] << 8 | random[3]) % 10000);
	snprintf(a.report.version, HEARTBEAT_VERSION, "1.a");
	snprintf(b.report.version, HEARTBEAT_VERSION, "1.b");
	base = event_base_new();
	tick = event_new(base, -1, EV_PERSIST, wake, NULL);
	event_add(tick, &often);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close_side(&a);
	close_side(&b);
	event_free(tick);
	event_base_free(base);
	return 0;
}

/* ---- two daemons ------------------------------------------------------- */

static void no_key(void **state)
{
	const struct heartbeat_config config = { a.address, b.address, port,
						 NULL };
	const struct heartbeat_callbacks callbacks = { fill, on_heard,
						       changed };
	struct heartbeat *none = (struct heartbeat *)&config;
	struct heartbeat_view view;

	(void)state;
	assert_int_equal(heartbeat_open(&none, base, &config, &callbacks, &a),
			 0);
	assert_null(none);
	heartbeat_view(none, &view);
	assert_false(view.running);
	assert_false(view.fresh);
	assert_int_equal(heartbeat_poke(none), 0);
	heartbeat_close(none);
}

static void they_meet(void **state)
{
	msec_t start = now_ms();

	(void)state;
	b.report.selector = HEARTBEAT_PARTNER;
	b.report.uplinks_count = 1;
	snprintf(b.report.uplinks[0].name, MODEL_NAME, "isp-b");
	assert_int_equal(open_side(&a, &b), 0);
	assert_int_equal(open_side(&b, &a), 0);
	assert_false(view_of(&a).known);
	WAIT(view_of(&a).two_way && view_of(&b).two_way);
	assert_in_range(now_ms() - start, 0, 1000);
	assert_string_equal(view_of(&a).theirs.version, "1.b");
	assert_string_equal(view_of(&b).theirs.version, "1.a");
	WAIT(a.told.two_way);
	assert_true(a.told.fresh);
	assert_true(a.told.running);
	assert_int_equal(a.told.theirs.selector, HEARTBEAT_PARTNER);
	assert_string_equal(a.told.theirs.uplinks[0].name, "isp-b");
	assert_int_equal(view_of(&a).boots, 1);
	assert_int_equal(view_of(&a).counters.forged, 0);
	assert_int_equal(view_of(&a).counters.malformed, 0);
	assert_int_equal(view_of(&a).counters.replayed, 0);
}

/* How long a poke takes, there and back, right behind a beat of b's. */
static msec_t poke_time(void)
{
	uint64_t accepted = view_of(&a).counters.accepted;
	uint64_t counter, sent;
	unsigned changes;
	msec_t start;

	WAIT(view_of(&a).counters.accepted > accepted);
	start = now_ms();
	counter = heartbeat_poke(a.heartbeat);
	assert_true(counter > 0);
	sent = view_of(&b).counters.sent;
	changes = a.changes;
	WAIT(view_of(&a).echoed >= counter);
	assert_true(a.changes > changes); /* that it is heard is news */
	assert_int_equal(b.heard.selector, a.report.selector);
	assert_true(b.sent_when_heard >= sent);
	assert_true(b.sent_when_heard < view_of(&b).counters.sent);
	return now_ms() - start;
}

/* It is answered at once: b's next beat would be a tenth of a second away. */
static void a_poke(void **state)
{
	unsigned changes, tries = 1;

	(void)state;
	assert_int_equal(open_side(&a, &b), 0);
	assert_int_equal(open_side(&b, &a), 0);
	WAIT(a.told.two_way && b.told.two_way);
	changes = b.changes;
	a.report.selector = HEARTBEAT_SELF;
	while (poke_time() > HEARTBEAT_INTERVAL / 2)
		assert_true(tries++ < 10); /* the machine may be busy */
	assert_int_equal(b.told.theirs.selector, HEARTBEAT_SELF);
	assert_true(b.changes > changes);
}

/* Ten times a second the same is no news; nor is another number of sessions. */
static void no_news(void **state)
{
	struct heartbeat_view before;
	unsigned changes;

	(void)state;
	a.report.sessions = 1;
	assert_int_equal(open_side(&a, &b), 0);
	assert_int_equal(open_side(&b, &a), 0);
	WAIT(a.told.two_way && b.told.two_way);
	changes = b.changes;
	before = view_of(&b);
	a.report.sessions = 99;
	WAIT(view_of(&b).counters.accepted >= before.counters.accepted + 3);
	assert_int_equal(view_of(&b).theirs.sessions, 99);
	assert_int_equal(b.changes, changes);
	a.report.sessions = 0;
	WAIT(b.changes == changes + 1);
	assert_int_equal(b.told.theirs.sessions, 0);
}

static void silence_and_return(void **state)
{
	msec_t gone;

	(void)state;
	assert_int_equal(open_side(&a, &b), 0);
	assert_int_equal(open_side(&b, &a), 0);
	WAIT(a.told.two_way && b.told.two_way);
	gone = now_ms();
	close_side(&b);
	WAIT(!a.told.fresh);
	assert_in_range(now_ms() - gone, 250, 2000);
	assert_false(a.told.two_way);
	assert_true(a.told.known);
	assert_string_equal(view_of(&a).theirs.version, "1.b");
	assert_int_equal(open_side(&b, &a), 0);
	WAIT(a.told.two_way);
	assert_int_equal(a.told.boots, 2);
}

static void address_in_use(void **state)
{
	int kept, sink;
	FILE *file = tmpfile();

	(void)state;
	assert_int_equal(open_side(&a, &b), 0);
	close_side(&b);
	b.address = a.address;
	kept = dup(STDERR_FILENO);
	sink = dup2(fileno(file), STDERR_FILENO);
	assert_int_equal(open_side(&b, &a), -EADDRINUSE);
	dup2(kept, sink);
	close(kept);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	assert_true(ftell(file) > 0); /* it said why */
	fclose(file);
	assert_null(b.heartbeat);
}

/* ---- a peer that the test plays ---------------------------------------- */

static struct heartbeat_accept peer;
static struct heartbeat_message heard; /* by the peer, from a */
static int peer_fd = -1, stranger_fd = -1;

static int bound(const struct tp_addr *address, uint16_t to)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_port = htons(to),
				    .sin_addr.s_addr = address_to_v4(address) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof(here)), 0);
	return fd;
}

static int set_up_peer(void **state)
{
	struct tp_addr stranger;

	if (set_up(state))
		return -1;
	heartbeat_accept_init(&peer, 0xb);
	peer_fd = bound(&b.address, port);
	stranger = b.address;
	stranger.byte[15] = 3;
	stranger_fd = bound(&stranger, 0);
	return open_side(&a, &b);
}

static int tear_down_peer(void **state)
{
	close(peer_fd);
	close(stranger_fd);
	return tear_down(state);
}

static void post(int fd, const uint8_t *bytes, size_t length)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr =
					  address_to_v4(&a.address) };

	assert_int_equal(sendto(fd, bytes, length, 0, (struct sockaddr *)&to,
				sizeof(to)),
			 (ssize_t)length);
}

/* Hear all that a has said; returns whether there was something. */
static bool listen_to_a(void)
{
	struct heartbeat_seal seal = { .from = a.address, .to = b.address };
	uint8_t bytes[HEARTBEAT_MAX];
	bool any = false;
	ssize_t length;

	memcpy(seal.key, key, sizeof(key));
	while ((length = recv(peer_fd, bytes, sizeof(bytes), 0)) > 0) {
		assert_int_equal(heartbeat_decode(&seal, bytes, (size_t)length,
						  &heard),
				 HEARTBEAT_GOOD);
		heartbeat_accept_judge(&peer, &heard, now_ms());
		any = true;
	}
	return any;
}

static size_t peer_says(uint8_t bytes[HEARTBEAT_MAX])
{
	struct heartbeat_seal seal = { .from = b.address, .to = a.address };
	struct heartbeat_message message = { .report = b.report };
	size_t length;

	memcpy(seal.key, key, sizeof(key));
	heartbeat_accept_stamp(&peer, now_ms(), &message);
	length = heartbeat_encode(&seal, &message, bytes);
	post(peer_fd, bytes, length);
	return length;
}

static bool meet(void)
{
	uint8_t bytes[HEARTBEAT_MAX];

	if (listen_to_a())
		peer_says(bytes);
	return view_of(&a).two_way;
}

#define COUNT(counter) (view_of(&a).counters.counter)

static void what_is_refused(void **state)
{
	uint8_t bytes[HEARTBEAT_MAX], edited[HEARTBEAT_MAX + 100] = { 0 };
	uint64_t accepted;
	size_t length;

	(void)state;
	WAIT(meet());
	listen_to_a();
	length = peer_says(bytes);
	accepted = COUNT(accepted);
	WAIT(COUNT(accepted) > accepted);
	accepted = COUNT(accepted);

	post(peer_fd, bytes, length);
	WAIT(COUNT(replayed) == 1);
	memcpy(edited, bytes, length);
	edited[60] ^= 1;
	post(peer_fd, edited, length);
	WAIT(COUNT(forged) == 1);
	post(peer_fd, edited, 1);
	WAIT(COUNT(malformed) == 1);
	post(peer_fd, edited, sizeof(edited));
	WAIT(COUNT(malformed) == 2);
	post(peer_fd, edited, 0);
	WAIT(COUNT(malformed) == 3);
	/* A good one, from another address. */
	post(stranger_fd, bytes, length);
	WAIT(COUNT(forged) == 2);
	/* Another boot, which has heard nothing of a. */
	heartbeat_accept_init(&peer, 0xbb);
	peer_says(bytes);
	WAIT(COUNT(stale) == 1);
	assert_int_equal(COUNT(accepted), accepted);
	assert_int_equal(view_of(&a).boots, 1);
}

static void another_release(void **state)
{
	uint8_t input[32 + HEARTBEAT_MAX], *bytes = input + 32;
	size_t length, body;

	(void)state;
	WAIT(meet());
	length = peer_says(bytes);
	body = length - crypto_auth_BYTES;
	bytes[5]++;
	memcpy(input, b.address.byte, 16);
	memcpy(input + 16, a.address.byte, 16);
	crypto_auth(bytes + body, input, 32 + body, key);
	post(peer_fd, bytes, length);
	WAIT(COUNT(version) == 1);
}

/* It hears me no more: I go on hearing it. */
static bool deaf_beat(void)
{
	static msec_t last;
	uint8_t bytes[HEARTBEAT_MAX];

	if (now_ms() - last >= HEARTBEAT_INTERVAL) {
		last = now_ms();
		peer_says(bytes);
	}
	return !a.told.two_way;
}

static void one_way(void **state)
{
	(void)state;
	WAIT(meet());
	WAIT(a.told.two_way);
	WAIT(deaf_beat());
	assert_true(a.told.fresh);
	WAIT(meet() && a.told.two_way);
}

/* Ten a second, on its own. */
static void the_pace(void **state)
{
	msec_t start;
	uint64_t sent;

	(void)state;
	sent = COUNT(sent);
	assert_int_equal(sent, 1); /* at once */
	start = now_ms();
	WAIT(COUNT(sent) == sent + 10);
	assert_in_range(now_ms() - start, 900, 2500);
}

#define TWO(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define ONE(function) \
	cmocka_unit_test_setup_teardown(function, set_up_peer, tear_down_peer)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TWO(no_key),
		TWO(they_meet),
		TWO(a_poke),
		TWO(no_news),
		TWO(silence_and_return),
		TWO(address_in_use),
		ONE(what_is_refused),
		ONE(another_release),
		ONE(one_way),
		ONE(the_pace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

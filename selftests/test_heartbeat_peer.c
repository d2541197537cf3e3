// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_heartbeat_peer.c - a heartbeat with a peer that the test plays, and that says
 * what no daemon would: forged, replayed, cut off, of another release.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "address.h"
#include "heartbeat/side.h"
#include "heartbeat_accept.h"

static struct heartbeat_accept peer;
static struct heartbeat_message heard; /* by the peer */
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

	if (side_set_up(state))
		return -1;
	heartbeat_accept_init(&peer, 0xb);
	peer_fd = bound(&side_b.address, side_port);
	stranger = side_b.address;
	stranger.byte[15] = 3;
	stranger_fd = bound(&stranger, 0);
	return side_open(&side_a, &side_b);
}

static int tear_down_peer(void **state)
{
	close(peer_fd);
	close(stranger_fd);
	return side_tear_down(state);
}

static void post(int fd, const uint8_t *bytes, size_t length)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(side_port),
				  .sin_addr.s_addr =
					  address_to_v4(&side_a.address) };

	assert_int_equal(sendto(fd, bytes, length, 0, (struct sockaddr *)&to,
				sizeof(to)),
			 (ssize_t)length);
}

/* Hear all that a has said; returns whether there was something. */
static bool listen_to_a(void)
{
	struct heartbeat_seal seal = { .from = side_a.address,
				       .to = side_b.address };
	uint8_t bytes[HEARTBEAT_MAX];
	bool any = false;
	ssize_t length;

	memcpy(seal.key, side_key, sizeof(side_key));
	while ((length = recv(peer_fd, bytes, sizeof(bytes), 0)) > 0) {
		assert_int_equal(heartbeat_decode(&seal, bytes, (size_t)length,
						  &heard),
				 HEARTBEAT_GOOD);
		heartbeat_accept_judge(&peer, &heard, loop_now());
		any = true;
	}
	return any;
}

static size_t peer_says(uint8_t bytes[HEARTBEAT_MAX])
{
	struct heartbeat_seal seal = { .from = side_b.address,
				       .to = side_a.address };
	struct heartbeat_message message = { .report = side_b.report };
	size_t length;

	memcpy(seal.key, side_key, sizeof(side_key));
	heartbeat_accept_stamp(&peer, loop_now(), &message);
	length = heartbeat_encode(&seal, &message, bytes);
	post(peer_fd, bytes, length);
	return length;
}

static bool meet(void)
{
	uint8_t bytes[HEARTBEAT_MAX];

	if (listen_to_a())
		peer_says(bytes);
	return side_view(&side_a).two_way;
}

#define COUNT(counter) (side_view(&side_a).counters.counter)

static void what_is_refused(void **state)
{
	uint8_t bytes[HEARTBEAT_MAX], edited[HEARTBEAT_MAX + 100] = { 0 };
	uint64_t accepted;
	size_t length;

	(void)state;
	SIDE_WAIT(meet());
	listen_to_a();
	length = peer_says(bytes);
	accepted = COUNT(accepted);
	SIDE_WAIT(COUNT(accepted) > accepted);
	accepted = COUNT(accepted);

	post(peer_fd, bytes, length);
	SIDE_WAIT(COUNT(replayed) == 1);
	memcpy(edited, bytes, length);
	edited[60] ^= 1;
	post(peer_fd, edited, length);
	SIDE_WAIT(COUNT(forged) == 1);
	post(peer_fd, edited, 1);
	SIDE_WAIT(COUNT(malformed) == 1);
	post(peer_fd, edited, sizeof(edited));
	SIDE_WAIT(COUNT(malformed) == 2);
	post(peer_fd, edited, 0);
	SIDE_WAIT(COUNT(malformed) == 3);
	/* A good one, from another address. */
	post(stranger_fd, bytes, length);
	SIDE_WAIT(COUNT(forged) == 2);
	/* Another boot, which has heard nothing of a. */
	heartbeat_accept_init(&peer, 0xbb);
	peer_says(bytes);
	SIDE_WAIT(COUNT(stale) == 1);
	assert_int_equal(COUNT(accepted), accepted);
	assert_int_equal(side_view(&side_a).boots, 1);
}

static void another_release(void **state)
{
	uint8_t input[32 + HEARTBEAT_MAX], *bytes = input + 32;
	size_t length, body;

	(void)state;
	SIDE_WAIT(meet());
	length = peer_says(bytes);
	body = length - crypto_auth_BYTES;
	bytes[5]++;
	memcpy(input, side_b.address.byte, 16);
	memcpy(input + 16, side_a.address.byte, 16);
	crypto_auth(bytes + body, input, 32 + body, side_key);
	post(peer_fd, bytes, length);
	SIDE_WAIT(COUNT(version) == 1);
}

/* It hears me no more: I go on hearing it. */
static bool deaf_beat(void)
{
	static msec_t last;
	uint8_t bytes[HEARTBEAT_MAX];

	if (loop_now() - last >= HEARTBEAT_INTERVAL) {
		last = loop_now();
		peer_says(bytes);
	}
	return !side_a.told.two_way;
}

static void one_way(void **state)
{
	(void)state;
	SIDE_WAIT(meet());
	SIDE_WAIT(side_a.told.two_way);
	SIDE_WAIT(deaf_beat());
	assert_true(side_a.told.fresh);
	SIDE_WAIT(meet() && side_a.told.two_way);
}

/* Ten a second, on its own. */
static void the_pace(void **state)
{
	msec_t start;
	uint64_t sent;

	(void)state;
	sent = COUNT(sent);
	assert_int_equal(sent, 1); /* at once */
	start = loop_now();
	SIDE_WAIT(COUNT(sent) == sent + 10);
	assert_in_range(loop_now() - start, 900, 2500);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up_peer, tear_down_peer)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_refused),
		TEST(another_release),
		TEST(one_way),
		TEST(the_pace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

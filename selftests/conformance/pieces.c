// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pieces.c - see pieces.h.
 */
#include "pieces.h"

#include <sched.h>

#include "answer.h"
#include "wired.h"

#define ETHERNET 14
#define IP_HEADER 20
#define MORE 0x2000

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static unsigned int get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

size_t piece_build(const struct packet *whole, struct piece piece,
		   uint8_t frame[PACKET_MAX])
{
	uint8_t all[PACKET_MAX], *ip = frame + ETHERNET;
	size_t size = packet_build(whole, all) - ETHERNET - IP_HEADER;
	bool more = piece.from + piece.bytes < size;

	memcpy(frame, all, ETHERNET + IP_HEADER);
	memcpy(ip + IP_HEADER, all + ETHERNET + IP_HEADER + piece.from,
	       piece.bytes);
	put16(ip + 2, IP_HEADER + piece.bytes);
	put16(ip + 6, piece.from / 8 | (more ? MORE : 0));
	put16(ip + 10, 0);
	put16(ip + 10, answer_sum(ip, IP_HEADER));
	return ETHERNET + IP_HEADER + piece.bytes;
}

void piece_send(struct bench *bench, enum side side, const struct packet *whole,
		struct piece piece, unsigned int cpu)
{
	const struct step step = { .side = side };
	struct packet in = *whole;
	uint8_t frame[PACKET_MAX];
	cpu_set_t cpus;
	size_t size;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	rows_complete(&step, &in);
	size = piece_build(&in, piece, frame);
	wired_send_frame(bench, side, frame, size);
}

struct heap {
	uint8_t frame[PACKET_MAX]; /* of the whole */
	bool have[PACKET_MAX / 8];
	unsigned int size, got; /* of the IP payload; 0: not known */
	unsigned int id, next;
};

/* One more fragment, as it lies in bench->output. */
static void heap_add(struct bench *bench, struct heap *heap, enum order order)
{
	const uint8_t *ip = bench->output.frame + ETHERNET;
	unsigned int field = get16(ip + 6), from = (field & 0x1fff) * 8;
	unsigned int bytes = get16(ip + 2) - IP_HEADER;

	EXPECT(bench, !answer_sum(ip, IP_HEADER),
	       "a fragment with a wrong IP checksum");
	EXPECT(bench, from + bytes < PACKET_MAX - 64, "past the packet");
	EXPECT(bench, order == ANY_ORDER || from == heap->next,
	       "not in order: %u instead of %u", from, heap->next);
	EXPECT(bench, !heap->got || get16(ip + 4) == heap->id,
	       "IP ID %#x, then %#x", heap->id, get16(ip + 4));
	heap->id = get16(ip + 4);
	heap->next = from + bytes;
	if (!from || !heap->got)
		memcpy(heap->frame, bench->output.frame, ETHERNET + IP_HEADER);
	memcpy(heap->frame + ETHERNET + IP_HEADER + from, ip + IP_HEADER,
	       bytes);
	for (unsigned int i = from / 8; i < (from + bytes + 7) / 8; i++) {
		heap->got += !heap->have[i];
		heap->have[i] = true;
	}
	if (!(field & MORE))
		heap->size = from + bytes;
}

static bool heap_whole(const struct heap *heap)
{
	return heap->size && heap->got == (heap->size + 7) / 8;
}

unsigned int pieces_expect(struct bench *bench, enum side side,
			   const struct packet *whole, enum order order)
{
	struct heap heap = { .size = 0 };
	struct packet expected = *whole;
	uint8_t frame[PACKET_MAX], *ip = heap.frame + ETHERNET;
	unsigned int count = 0,
		     port_at = expected.protocol == IPPROTO_ICMP ? 24 : 20;
	char text[PACKET_DIFF];
	size_t size;

	for (; !heap_whole(&heap); count++) {
		EXPECT(bench, wired_receive(bench, side),
		       "only %u fragments arrived, not the whole", count);
		heap_add(bench, &heap, order);
	}
	bench->port = get16(ip + port_at);
	if (!expected.sport)
		expected.sport = bench->port;
	expected.id = heap.id;
	expected.fragment = 0;
	put16(ip + 2, IP_HEADER + heap.size);
	put16(ip + 6, 0);
	put16(ip + 10, 0);
	put16(ip + 10, answer_sum(ip, IP_HEADER));
	size = packet_build(&expected, frame);
	EXPECT(bench,
	       packet_equal(frame, size, heap.frame,
			    ETHERNET + IP_HEADER + heap.size, text),
	       "put together, another packet than expected:\n%s", text);
	return count;
}

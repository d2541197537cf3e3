/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool.h - what the measuring tools of the scenario tests share.
 *
 * Owns: the clock, the event loop and the way they are asked: one command a
 * line on stdin, one line of JSON for each on stdout; the end of stdin ends the
 * tool.  The tools measure and judge nothing; selftests/site/ drives them.
 */
#ifndef SELFTESTS_TOOL_H
#define SELFTESTS_TOOL_H

#include <event2/event.h>
#include <stdint.h>
#include <stdio.h>

/* CLOCK_MONOTONIC, which is Python's time.monotonic() too. */
typedef int64_t usec_t;

usec_t tool_now(void);
double tool_seconds(usec_t time);
usec_t tool_usec(const char *seconds);

struct tool_command {
	const char *name;
	const char *words; /* what follows, for a usage message */
	void (*run)(char **words, FILE *out);
};

/* Does not return when it fails: a tool that measures nothing must not go on. */
__attribute__((noreturn, format(printf, 1, 2))) void
tool_fail(const char *format, ...);

struct event_base *tool_base(void);

/* As many open files as this user may have. */
void tool_allow_files(void);

/* An array of `size`-byte entries that grows; returns the new, zeroed entry. */
void *tool_grow(void *array_pointer, unsigned *count, size_t size);

/* "ADDRESS" as in the packet. */
uint32_t tool_address(const char *text);
const char *tool_print_address(uint32_t address, char text[16]);

/*
 * Commands until stdin ends; the table ends with a NULL name.  Every tool also
 * knows "lags": when it came late, and by how long.  What was measured then says
 * more about the machine than about the network.
 */
int tool_run(const struct tool_command *commands);

/* What conversations consist of: requests and answers, in network order. */
#define MESSAGE_MAGIC 0x74707371U
struct message {
	uint32_t magic;
	uint32_t name;	 /* of the conversation, unique in a run */
	uint32_t number; /* of the request */
	uint32_t seen;	 /* answer: the address that it came from */
};

/* The beginning of a message that is not whole yet, on a TCP connection. */
struct part {
	unsigned bytes;
	unsigned char byte[sizeof(struct message)];
};

/*
 * Receive whole messages.  How many; 0: none yet; -1: the connection is over,
 * errno says why (0: closed by the other side).
 */
int tool_receive(int fd, struct part *part, struct message *out, unsigned most);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pump.c - the benchmark's engine: one command a line in, one line of JSON out.
 *
 * Owns: the command language.  What is measured, in which order and against what
 * is decided by who writes the lines (through pump.py); this is only quick and
 * exact.
 *
 *   port NAME NETNS DEVICE [timed]     a sink there; gives ifindex and MAC
 *   close NAME | open NAME             take the sink away, put it back
 *   bare NETNS DEVICE IFINDEX MAC MAC  redirect there to IFINDEX: destination,
 *                                      source
 *   look MASK INSIDE                   verify one in MASK + 1
 *   run CPU PORT PACKETS key=value…    one stream, or two joined by ";"
 *   test CPU NETNS IFINDEX LINK|bare|floor|floor-in-turn REPEAT key=value…
 *   seen | clear
 *   moment CPU PINS PORT ask SOCKET LINE key=value…
 *   moment CPU PINS PORT down NETNS DEVICE NETNS DEVICE key=value…
 *                                      see moment.h; no space in LINE
 *   empty PINS                         a gateway's tables, as if just made
 *   chain CPU LINES USED READS         wait for so many lines, see chain.h
 *   count PINS MAP                     how many entries it has
 *   census PINS | sweep PINS           walk them, see tables.h
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "chain.h"
#include "moment.h"
#include "program.h"
#include "stream.h"
#include "tables.h"

#define WORDS 48

static struct bench *bench;
static struct port ports[BENCH_MAX_PORTS];
static int port_count;

static struct port *port_find(const char *name)
{
	int i;

	for (i = 0; i < port_count; i++)
		if (!strcmp(ports[i].name, name))
			return &ports[i];
	return NULL;
}

static int mac_parse(const char *text, __u8 mac[6])
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1],
		      &mac[2], &mac[3], &mac[4], &mac[5]) == 6 ?
		       0 :
		       -EINVAL;
}

static int plan_set(struct bench_plan *plan, const char *key, const char *value)
{
	long number = strtol(value, NULL, 10);

	if (!strcmp(key, "inside"))
		return inet_pton(AF_INET, value, &plan->inside) == 1 ? 0 :
								       -EINVAL;
	if (!strcmp(key, "remote"))
		return inet_pton(AF_INET, value, &plan->remote) == 1 ? 0 :
								       -EINVAL;
	if (!strcmp(key, "external"))
		return inet_pton(AF_INET, value, &plan->external) == 1 ?
			       0 :
			       -EINVAL;
	if (!strcmp(key, "destination"))
		return mac_parse(value, plan->destination);
	if (!strcmp(key, "source"))
		return mac_parse(value, plan->source);
	if (!strcmp(key, "endpoints"))
		plan->endpoint_bits = (__u8)number;
	else if (!strcmp(key, "remotes"))
		plan->remote_bits = (__u8)number;
	else if (!strcmp(key, "ports"))
		plan->port_bits = (__u8)number;
	else if (!strcmp(key, "first-port"))
		plan->first_port = (__u16)number;
	else if (!strcmp(key, "remote-port"))
		plan->remote_port = (__u16)number;
	else if (!strcmp(key, "side"))
		plan->side = !strcmp(value, "in") ? BENCH_IN : BENCH_OUT;
	else if (!strcmp(key, "shuffle"))
		plan->shuffle = (__u8)number;
	else if (!strcmp(key, "next"))
		plan->next = (__u64)number;
	else
		return -EINVAL;
	return 0;
}

static int plan_parse(struct bench_plan *plan, char **words, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		char *value = strchr(words[i], '=');

		if (!value)
			return -EINVAL;
		*value++ = 0;
		if (plan_set(plan, words[i], value))
			return -EINVAL;
	}
	return 0;
}

/* ---- commands: 0, or a negative errno -------------------------------------- */

static int do_port(char **words, int count)
{
	struct port *port = &ports[port_count];
	const __u8 *mac = port->mac;
	int err;

	if (count < 3 || port_count == BENCH_MAX_PORTS)
		return -EINVAL;
	memset(port, 0, sizeof(*port));
	snprintf(port->name, sizeof(port->name), "%s", words[0]);
	snprintf(port->netns, sizeof(port->netns), "%s", words[1]);
	snprintf(port->device, sizeof(port->device), "%s", words[2]);
	port->timed = count > 3;
	err = stream_attach(bench, port);
	if (err)
		return err;
	port_count++;
	printf("{\"ifindex\": %u, "
	       "\"mac\": \"%02x:%02x:%02x:%02x:%02x:%02x\"}\n",
	       port->ifindex, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return 0;
}

static int do_close(char **words, int count)
{
	struct port *port = count == 1 ? port_find(words[0]) : NULL;

	if (!port)
		return -EINVAL;
	stream_detach(port);
	puts("{}");
	return 0;
}

static int do_open(char **words, int count)
{
	struct port *port = count == 1 ? port_find(words[0]) : NULL;
	int err = port ? stream_attach(bench, port) : -EINVAL;

	if (!err)
		puts("{}");
	return err;
}

static int do_bare(char **words, int count)
{
	struct bench_bare bare = {};
	int err;

	if (count != 5)
		return -EINVAL;
	bare.ifindex = (__u32)strtoul(words[2], NULL, 10);
	err = mac_parse(words[3], bare.destination)    ?:
		      mac_parse(words[4], bare.source) ?:
		      stream_bare(bench, words[0], words[1], &bare);
	if (!err)
		puts("{}");
	return err;
}

static int do_look(char **words, int count)
{
	struct bench_look look = {};

	if (count != 2)
		return -EINVAL;
	look.mask = (__u32)strtoul(words[0], NULL, 10);
	look.inside = (__u32)strtoul(words[1], NULL, 10);
	stream_look(bench, &look);
	puts("{}");
	return 0;
}

static int stream_parse(struct stream *stream, char **words, int count)
{
	if (count < 3)
		return -EINVAL;
	memset(stream, 0, sizeof(*stream));
	stream->cpu = atoi(words[0]);
	stream->port = port_find(words[1]);
	stream->packets = (__u32)strtoul(words[2], NULL, 10);
	if (!stream->port || !stream->packets)
		return -EINVAL;
	stream->plan.ifindex = stream->port->ifindex;
	memcpy(stream->plan.source, stream->port->mac, 6);
	return plan_parse(&stream->plan, words + 3, count - 3);
}

static int do_run(char **words, int count)
{
	struct stream streams[2];
	int i, from = 0, n = 0, err;

	for (i = 0; i <= count; i++) {
		if (i < count && strcmp(words[i], ";"))
			continue;
		if (n == 2 ||
		    stream_parse(&streams[n++], words + from, i - from))
			return -EINVAL;
		from = i + 1;
	}
	err = stream_run(bench, streams, n);
	if (err)
		return err;
	printf("{\"seen\": %llu, \"ns\": [", streams[0].seen);
	for (i = 0; i < n; i++)
		printf("%s%llu", i ? ", " : "", streams[i].nanoseconds);
	puts("]}");
	return 0;
}

static int do_test(char **words, int count)
{
	struct bench_plan plan = {};
	double nanoseconds;
	int program, err;

	if (count < 5 || plan_parse(&plan, words + 5, count - 5))
		return -EINVAL;
	program = program_open(bench, words[3]);
	if (program < 0)
		return program;
	err = program_test(bench, words[1],
			   (unsigned)strtoul(words[2], NULL, 10), program,
			   &plan, (__u32)strtoul(words[4], NULL, 10),
			   atoi(words[0]), &nanoseconds);
	close(program);
	if (!err)
		printf("{\"ns\": %.2f}\n", nanoseconds);
	return err;
}

static int moment_parse(struct moment *moment, char **words, int count)
{
	int asked;

	if (count < 9)
		return -EINVAL;
	moment->cpu = atoi(words[0]);
	moment->pins = words[1];
	moment->port = port_find(words[2]);
	if (!moment->port)
		return -EINVAL;
	asked = !strcmp(words[3], "ask");
	if (asked) {
		moment->socket = words[4];
		moment->line = words[5];
	} else {
		moment->netns = words[4];
		moment->device = words[5];
		moment->peer_netns = words[6];
		moment->peer = words[7];
	}
	return plan_parse(&moment->plan, words + (asked ? 6 : 8),
			  count - (asked ? 6 : 8));
}

static int do_moment(char **words, int count)
{
	struct moment moment = {};
	char line[128];
	int err = moment_parse(&moment, words, count);

	if (err)
		return err;
	if (moment.socket) {
		snprintf(line, sizeof(line), "%s\n", moment.line);
		moment.line = line;
	}
	memcpy(moment.plan.source, moment.port->mac, 6);
	err = moment_run(bench, &moment);
	if (!err)
		printf("{\"began\": %llu, \"before\": %llu, "
		       "\"decided\": %llu, \"first\": %llu, "
		       "\"frames\": %u}\n",
		       moment.began, moment.before, moment.decided,
		       moment.first, moment.frames);
	return err;
}

static int do_empty(char **words, int count)
{
	int err = count == 1 ? tables_empty(words[0]) : -EINVAL;

	if (!err)
		puts("{}");
	return err;
}

static int do_chain(char **words, int count)
{
	struct chain chain = {};
	int err;

	if (count != 4)
		return -EINVAL;
	chain.cpu = atoi(words[0]);
	chain.lines = (unsigned)strtoul(words[1], NULL, 10);
	chain.used = (unsigned)strtoul(words[2], NULL, 10);
	chain.reads = (unsigned)strtoul(words[3], NULL, 10);
	err = chain_run(&chain);
	if (!err)
		printf("{\"ns\": %.2f}\n", chain.nanoseconds);
	return err;
}

static int do_count(char **words, int count)
{
	__u32 entries;
	int err = count == 2 ? tables_count(words[0], words[1], &entries) :
			       -EINVAL;

	if (!err)
		printf("{\"entries\": %u}\n", entries);
	return err;
}

static int do_walk(char **words, int count,
		   int (*walks)(const char *pins, struct tables_walk *walk))
{
	struct tables_walk walk;
	int err = count == 1 ? walks(words[0], &walk) : -EINVAL;

	if (!err)
		printf("{\"ms\": %.3f, \"sessions\": %llu, \"calls\": %u}\n",
		       walk.milliseconds, walk.sessions, walk.calls);
	return err;
}

static int do_census(char **words, int count)
{
	return do_walk(words, count, tables_census);
}

static int do_sweep(char **words, int count)
{
	return do_walk(words, count, tables_sweep);
}

static int do_seen(char **words, int count)
{
	struct bench_seen seen;

	(void)words;
	(void)count;
	stream_seen(bench, &seen);
	printf("{\"packets\": %llu, \"verified\": %llu, \"bad\": %llu, "
	       "\"untranslated\": %llu, \"first\": %llu, \"last\": %llu}\n",
	       seen.packets, seen.verified, seen.bad, seen.untranslated,
	       seen.first, seen.last);
	return 0;
}

static int do_clear(char **words, int count)
{
	(void)words;
	(void)count;
	stream_clear(bench);
	puts("{}");
	return 0;
}

static const struct command {
	const char *name;
	int (*work)(char **words, int count);
} commands[] = {
	{ "port", do_port },	 { "close", do_close }, { "open", do_open },
	{ "bare", do_bare },	 { "look", do_look },	{ "run", do_run },
	{ "test", do_test },	 { "seen", do_seen },	{ "clear", do_clear },
	{ "moment", do_moment }, { "empty", do_empty }, { "census", do_census },
	{ "sweep", do_sweep },	 { "count", do_count }, { "chain", do_chain },
};

static int obey(char *line)
{
	char *words[WORDS], *rest = NULL, *word;
	int count = 0;
	size_t i;

	for (word = strtok_r(line, " \n", &rest); word && count < WORDS;
	     word = strtok_r(NULL, " \n", &rest))
		words[count++] = word;
	if (!count)
		return -EINVAL;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, words[0]))
			return commands[i].work(words + 1, count - 1);
	return -EINVAL;
}

int main(void)
{
	char line[4096];
	int err;

	bench = engine_open();
	if (!bench) {
		fprintf(stderr, "pump: the BPF programs do not load (root?)\n");
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		err = obey(line);
		if (err)
			printf("{\"error\": \"%s\"}\n", strerror(-err));
		fflush(stdout);
	}
	engine_close(bench);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pump.c - the benchmark's engine: one command a line in, one line of JSON out.
 *
 * Owns: the command language.  What is measured, in which order and against what
 * is decided by who writes the lines (bench.py); this is only quick and exact.
 *
 *   port NAME NETNS DEVICE [timed]     a sink there; gives ifindex and MAC
 *   close NAME | open NAME             take the sink away, put it back
 *   bare NETNS DEVICE IFINDEX MAC MAC  redirect there to IFINDEX: destination,
 *                                      source
 *   look MASK INSIDE                   verify one in MASK + 1
 *   run CPU PORT PACKETS key=value…    one stream, or two joined by ";"
 *   test CPU NETNS IFINDEX LINK|bare REPEAT key=value…
 *   age PIN SECONDS                    let time pass in a settings map
 *   seen | clear
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "stream.h"
#include "twinpath/maps.h"

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

/* The program behind a pinned link. */
static int program_of(const char *path)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	int fd = bpf_obj_get(path), err;

	if (fd < 0)
		return -errno;
	err = bpf_obj_get_info_by_fd(fd, &info, &size) ? -errno : 0;
	close(fd);
	if (err)
		return err;
	fd = bpf_prog_get_fd_by_id(info.prog_id);
	return fd < 0 ? -errno : fd;
}

static int do_test(char **words, int count)
{
	struct bench_plan plan = {};
	int program = -1, err;
	double nanoseconds;

	if (count < 5 || plan_parse(&plan, words + 5, count - 5))
		return -EINVAL;
	if (strcmp(words[3], "bare")) {
		program = program_of(words[3]);
		if (program < 0)
			return program;
	}
	err = stream_test(bench, words[1],
			  (unsigned)strtoul(words[2], NULL, 10), program, &plan,
			  (__u32)strtoul(words[4], NULL, 10), atoi(words[0]),
			  &nanoseconds);
	if (program >= 0)
		close(program);
	if (!err)
		printf("{\"ns\": %.2f}\n", nanoseconds);
	return err;
}

/* The tests' own clock: what is older than that is gone, as if one had waited. */
static int do_age(char **words, int count)
{
	struct tp_settings settings;
	int fd, err = 0;
	__u32 key = 0;

	if (count != 2)
		return -EINVAL;
	fd = bpf_obj_get(words[0]);
	if (fd < 0)
		return -errno;
	if (bpf_map_lookup_elem(fd, &key, &settings))
		err = -errno;
	settings.time_offset += (__u32)atoi(words[1]) * TP_TICKS_PER_SECOND;
	if (!err && bpf_map_update_elem(fd, &key, &settings, 0))
		err = -errno;
	close(fd);
	if (!err)
		puts("{}");
	return err;
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
	{ "port", do_port },   { "close", do_close }, { "open", do_open },
	{ "bare", do_bare },   { "look", do_look },   { "run", do_run },
	{ "test", do_test },   { "age", do_age },     { "seen", do_seen },
	{ "clear", do_clear },
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

	bench = stream_open();
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
	stream_close(bench);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plane.c - load the programs on a bench of their own and run packets.
 *
 * Owns: the bench's network namespace, the skeleton, the mapped tables.  It
 * must never attach a program or pin anything: when the process ends, the
 * bench is gone.
 */
#include "plane.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

bool plane_touched;

/* Known ifindexes, so that the tables can be constant. */
static const char devices[] =
	"link add tplan index 11 type veth peer name tplan-far\n"
	"link add tpispa index 12 type veth peer name tpispa-far\n"
	"link add tpispb index 13 type veth peer name tpispb-far\n"
	"link set lo up\n"
	"link set tplan up\n"
	"link set tpispa up\n"
	"link set tpispb up\n"
	"address add 192.168.0.3/24 dev tplan\n"
	"address add 203.0.113.5/24 dev tpispa\n"
	"address add 198.51.100.7/24 dev tpispb\n";

static int make_devices(void)
{
	FILE *ip;

	if (unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "plane: no own network namespace: %m\n");
		return -errno;
	}
	ip = popen("ip -batch -", "w");
	if (!ip)
		return -errno;
	fputs(devices, ip);
	if (pclose(ip) != 0) {
		fprintf(stderr, "plane: cannot make the veth devices\n");
		return -ENODEV;
	}
	return 0;
}

static int quiet(enum libbpf_print_level level, const char *format,
		 va_list arguments)
{
	if (level != LIBBPF_WARN)
		return 0;
	return vfprintf(stderr, format, arguments);
}

int plane_size(struct twinpath *skel, uint32_t buckets)
{
	const uint32_t overflow = buckets >> TP_OVERFLOW_SHIFT ?: 1;
	const uint32_t lines = buckets + overflow;
	int err;

	skel->rodata->bucket_mask = buckets - 1;
	skel->rodata->overflow_mask = overflow - 1;
	skel->rodata->address_count = PLANE_ADDRESSES;

	err = bpf_map__set_max_entries(skel->maps.reserved,
				       PLANE_ADDRESSES * TP_PLANES);
	err = err ?: bpf_map__set_max_entries(skel->maps.session_table, lines);
	err = err ?: bpf_map__set_max_entries(skel->maps.tags, lines);
	err = err   ?:
		      bpf_map__set_max_entries(skel->maps.endpoints,
					       TP_INDEX_BUCKETS * buckets);
	err = err   ?:
		      bpf_map__set_max_entries(skel->maps.permits,
					       TP_PERMIT_BUCKETS * buckets);
	err = err   ?:
		      bpf_map__set_max_entries(skel->maps.binding_table,
					       TP_BINDINGS(PLANE_ADDRESSES));
	return err;
}

static size_t map_bytes(const struct bpf_map *map)
{
	size_t bytes = (size_t)bpf_map__max_entries(map) *
		       ((bpf_map__value_size(map) + 7) & ~7U);
	size_t page = sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) & ~(page - 1);
}

static void *map_memory(const struct bpf_map *map)
{
	void *at = mmap(NULL, map_bytes(map), PROT_READ | PROT_WRITE,
			MAP_SHARED, bpf_map__fd(map), 0);

	return at == MAP_FAILED ? NULL : at;
}

static int map_tables(struct plane *plane)
{
	const struct bpf_map *sessions = plane->skel->maps.session_table;
	const struct bpf_map *bindings = plane->skel->maps.binding_table;

	plane->sessions = map_memory(sessions);
	plane->bindings = map_memory(bindings);
	plane->rations = map_memory(plane->skel->maps.rations);
	plane->lines = bpf_map__max_entries(sessions) * TP_BUCKET_LINES;
	plane->bindings_count = bpf_map__max_entries(bindings);
	if (plane->sessions && plane->bindings && plane->rations)
		return 0;
	fprintf(stderr, "plane: cannot map the tables: %m\n");
	return -errno;
}

int plane_open(struct plane *plane, uint32_t buckets)
{
	int err;

	memset(plane, 0, sizeof(*plane));
	plane->buckets = buckets;
	libbpf_set_print(quiet);
	err = make_devices();
	if (err)
		return err;
	plane->skel = twinpath__open();
	if (!plane->skel)
		return -errno;
	err = plane_size(plane->skel, buckets);
	err = err ?: twinpath__load(plane->skel);
	err = err ?: map_tables(plane);
	if (err)
		plane_close(plane);
	return err;
}

void plane_close(struct plane *plane)
{
	if (plane->sessions)
		munmap(plane->sessions,
		       map_bytes(plane->skel->maps.session_table));
	if (plane->rations)
		munmap(plane->rations, map_bytes(plane->skel->maps.rations));
	if (plane->bindings)
		munmap(plane->bindings,
		       map_bytes(plane->skel->maps.binding_table));
	twinpath__destroy(plane->skel);
	memset(plane, 0, sizeof(*plane));
}

/* ---- one packet --------------------------------------------------------- */

static struct bpf_program *program_of(const struct plane *plane,
				      enum tp_hook hook)
{
	switch (hook) {
	case TP_HOOK_xdp_lan:
		return plane->skel->progs.xdp_lan;
	case TP_HOOK_xdp_wan:
		return plane->skel->progs.xdp_wan;
	case TP_HOOK_tc_lan:
		return plane->skel->progs.tc_lan;
	case TP_HOOK_tc_wan:
		return plane->skel->progs.tc_wan;
	case TP_HOOK_tc_out:
		return plane->skel->progs.tc_out;
	case TP_HOOK_tc_back:
		return plane->skel->progs.tc_back;
	default:
		return NULL;
	}
}

static enum plane_verdict xdp_verdict(uint32_t value)
{
	switch (value) {
	case XDP_TX:
	case XDP_REDIRECT:
		return PLANE_FORWARDED;
	case XDP_PASS:
		return PLANE_PASSED;
	case XDP_DROP:
		return PLANE_DROPPED;
	default:
		return PLANE_BROKEN;
	}
}

static enum plane_verdict tc_verdict(int32_t value)
{
	switch (value) {
	case TC_ACT_REDIRECT:
		return PLANE_FORWARDED;
	case TC_ACT_UNSPEC:
	case TC_ACT_OK:
		return PLANE_PASSED;
	case TC_ACT_SHOT:
		return PLANE_DROPPED;
	default:
		return PLANE_BROKEN;
	}
}

int plane_run(struct plane *plane, const struct plane_input *input,
	      struct plane_output *output)
{
	struct bpf_program *program = program_of(plane, input->hook);
	bool xdp = input->hook == TP_HOOK_xdp_lan ||
		   input->hook == TP_HOOK_xdp_wan;
	struct xdp_md md = { .data_end = input->size,
			     .ingress_ifindex = input->ifindex };
	struct __sk_buff skb = { .ifindex = input->ifindex,
				 .ingress_ifindex = input->from,
				 .mark = input->mark };
	struct __sk_buff skb_out = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = input->frame,
		    .data_size_in = input->size, .data_out = output->frame,
		    .data_size_out = sizeof(output->frame),
		    .ctx_in = xdp ? (void *)&md : (void *)&skb,
		    .ctx_size_in = xdp ? sizeof(md) : sizeof(skb),
		    .ctx_out = xdp ? NULL : &skb_out,
		    .ctx_size_out = xdp ? 0 : sizeof(skb_out));
	int err = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);

	plane_touched = true;
	if (err)
		return err;
	output->verdict = xdp ? xdp_verdict(opts.retval) :
				tc_verdict(opts.retval);
	output->mark = skb_out.mark;
	output->size = opts.data_size_out;
	return 0;
}

/* ---- reading ------------------------------------------------------------ */

int plane_reasons(struct plane *plane, struct tp_reasons sums[TP_HOOK_COUNT])
{
	int cpus = libbpf_num_possible_cpus();
	int fd = bpf_map__fd(plane->skel->maps.reasons);
	struct tp_reasons *each = calloc(cpus, sizeof(*each));
	int err = each ? 0 : -ENOMEM;

	plane_touched = true;
	memset(sums, 0, TP_HOOK_COUNT * sizeof(*sums));
	for (uint32_t hook = 0; !err && hook < TP_HOOK_COUNT; hook++) {
		err = bpf_map_lookup_elem(fd, &hook, each);
		for (int cpu = 0; !err && cpu < cpus; cpu++)
			for (int i = 0; i < TP_REASON_COUNT; i++)
				((__u64 *)&sums[hook])[i] +=
					((__u64 *)&each[cpu])[i];
	}
	free(each);
	return err;
}

unsigned int plane_sessions(const struct plane *plane)
{
	unsigned int used = 0;

	plane_touched = true;
	for (size_t i = 0; i < plane->lines; i++)
		used += TP_CONTROL_LINE(plane->sessions[i / TP_BUCKET_LINES]
						.line[i % TP_BUCKET_LINES]
						.control) != TP_LINE_FREE;
	return used;
}

unsigned int plane_bindings(const struct plane *plane)
{
	unsigned int used = 0;

	plane_touched = true;
	for (size_t i = 0; i < plane->bindings_count; i++)
		used += TP_CONTROL_LINE(plane->bindings[i].control) !=
			TP_LINE_FREE;
	return used;
}

uint32_t plane_now(struct plane *plane)
{
	struct tp_clock clock = { 0 };
	/* A syscall program's answer is written back to ctx_in. */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &clock,
		    .ctx_size_in = sizeof(clock));
	int fd = bpf_program__fd(plane->skel->progs.clock);

	plane_touched = true;
	if (bpf_prog_test_run_opts(fd, &opts))
		return 0;
	return clock.now;
}

int plane_publish(struct plane *plane, const struct tp_publish *ask)
{
	struct tp_publish publish = *ask;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &publish,
		    .ctx_size_in = sizeof(publish));
	int fd = bpf_program__fd(plane->skel->progs.publish);
	int err = bpf_prog_test_run_opts(fd, &opts);

	return err ?: publish.result;
}

unsigned int plane_sweep(struct plane *plane)
{
	struct tp_sweep sweep = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &sweep,
		    .ctx_size_in = sizeof(sweep));
	int fd = bpf_program__fd(plane->skel->progs.sweep);

	return bpf_prog_test_run_opts(fd, &opts) ? 0 : sweep.swept;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* maps_counters.c - see maps.h: what the data plane has counted by each exit. */
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "maps_private.h"
#include "twinpath.skel.h"

bool maps_counters(const struct maps *maps, unsigned exit,
		   struct tp_exit_counters *sum)
{
	int cpus = libbpf_num_possible_cpus();
	struct tp_exit_counters counters[cpus > 0 ? cpus : 1];
	int fd = bpf_map__fd(maps->plane->skel->maps.exit_counters);

	memset(sum, 0, sizeof(*sum));
	if (cpus <= 0 || bpf_map_lookup_elem(fd, &exit, counters))
		return false;
	for (int i = 0; i < cpus; i++) {
		sum->out_packets += counters[i].out_packets;
		sum->out_bytes += counters[i].out_bytes;
		sum->in_packets += counters[i].in_packets;
		sum->in_bytes += counters[i].in_bytes;
	}
	return true;
}

msec_t maps_beyond_age(const struct maps *maps, unsigned exit)
{
	int cpus = libbpf_num_possible_cpus();
	struct tp_exit_counters counters[cpus > 0 ? cpus : 1];
	uint32_t now, newest = 0;
	int fd = bpf_map__fd(maps->plane->skel->maps.exit_counters);

	if (cpus <= 0 || bpf_map_lookup_elem(fd, &exit, counters) ||
	    plane_clock(maps->plane, &now))
		return -1;
	for (int i = 0; i < cpus; i++)
		if (counters[i].beyond &&
		    (!newest || (int32_t)(counters[i].beyond - newest) > 0))
			newest = counters[i].beyond;
	if (!newest)
		return -1;
	return (msec_t)(now - newest) * 1000 / TP_TICKS_PER_SECOND;
}

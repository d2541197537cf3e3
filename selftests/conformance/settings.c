// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * settings.c - see settings.h.
 *
 * Owns: writes to the daemon's maps, and nothing else.
 */
#include "settings.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static bool small_mtu;

int set_filter_endpoint(struct plane *plane)
{
	return plane_filter(plane, 0, TP_FILTER_ENDPOINT);
}

int set_filter_address_and_port(struct plane *plane)
{
	return plane_filter(plane, 0, TP_FILTER_ADDRESS_AND_PORT);
}

int set_small_mtu(struct plane *plane)
{
	const bool touched = plane_touched;
	struct tp_exit exit;
	int err = plane_get(plane->skel->maps.exits, PLANE_EXIT_A, &exit);

	exit.mtu = 1400;
	err = err ?: plane_set(plane->skel->maps.exits, PLANE_EXIT_A, &exit);
	small_mtu = true;
	plane_touched = touched; /* the device tells everybody */
	return err ?: wire_shell("ip link set tpispa mtu 1400");
}

int set_back(void)
{
	if (!small_mtu)
		return 0;
	small_mtu = false;
	return wire_shell("ip link set tpispa mtu 1500");
}

int set_four_ports(struct plane *plane)
{
	plane->settings.port_min = 5000;
	plane->settings.port_max = 5003;
	return plane_set_settings(plane);
}

int set_four_ports_silent(struct plane *plane)
{
	plane->settings.refusal = TP_REFUSE_SILENT;
	return set_four_ports(plane);
}

int set_hundred_ports(struct plane *plane)
{
	plane->settings.limits.ports = 100;
	return plane_set_settings(plane);
}

int set_hundred_sessions(struct plane *plane)
{
	plane->settings.limits.sessions = 100;
	return plane_set_settings(plane);
}

int set_hundred_a_second(struct plane *plane)
{
	plane->settings.limits.rate = 100;
	return plane_set_settings(plane);
}

int set_short_opening(struct plane *plane)
{
	plane->settings.timers.tcp_opening = PLANE_TICKS(30);
	return plane_set_settings(plane);
}

int set_mss(struct plane *plane)
{
	struct tp_exit exit;
	int err = plane_get(plane->skel->maps.exits, PLANE_EXIT_A, &exit);

	exit.mss = 1360;
	return err ?: plane_set(plane->skel->maps.exits, PLANE_EXIT_A, &exit);
}

int set_fail_over(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_DEAD);

	return err ?: plane_select(plane, PLANE_EXIT_B);
}

int set_fail_back(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_UP);

	return err ?: plane_select(plane, PLANE_EXIT_A);
}

int set_select_b(struct plane *plane)
{
	return plane_select(plane, PLANE_EXIT_B);
}

int set_drain_a(struct plane *plane)
{
	int err = plane_set_exit_state(plane, PLANE_EXIT_A, TP_EXIT_DRAIN);

	return err ?: plane_select(plane, PLANE_EXIT_B);
}

int set_new_lease(struct plane *plane)
{
	return plane_new_generation(plane, 0);
}

int set_partner(struct plane *plane)
{
	return plane_set_partner(plane, TP_PARTNER_TWINPATH);
}

int set_partner_selected(struct plane *plane)
{
	return set_partner(plane) ?: plane_select(plane, PLANE_EXIT_PARTNER);
}

static int publish(struct plane *plane, uint8_t address, uint8_t exit)
{
	struct tp_publish ask = { .inside = plane_address(H),
				  .inside_port = htons(80),
				  .port = htons(8080),
				  .plane = TP_PLANE_TCP,
				  .address = address,
				  .exit = exit,
				  .filtering = TP_FILTER_ENDPOINT };
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &ask,
		    .ctx_size_in = sizeof(ask));
	int fd = bpf_program__fd(plane->skel->progs.publish);

	plane_touched = true;
	return bpf_prog_test_run_opts(fd, &run) ?: ask.result;
}

int set_published(struct plane *plane)
{
	return publish(plane, 0, PLANE_EXIT_A) ?:
						 publish(plane, 1, PLANE_EXIT_B);
}

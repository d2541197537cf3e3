// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * maps_settings.c - see maps.h: the configuration's numbers in the data plane's
 * units, and what follows for it from the exits.
 */
#include "maps_private.h"
#include "twinpath.skel.h"

uint32_t maps_ticks(msec_t duration)
{
	return (uint32_t)(duration * TP_TICKS_PER_SECOND / 1000);
}

int maps_bump_epoch(struct maps *maps)
{
	struct tp_settings wanted = maps->settings;

	wanted.route_epoch++;
	return PUT(maps, settings, 0, &maps->settings, &wanted);
}

int maps_ask_again(struct maps *maps)
{
	struct tp_settings wanted = maps->settings;

	wanted.confirm++;
	return PUT(maps, settings, 0, &maps->settings, &wanted);
}

/* Did an exit of mine die, so that the partner may take over what it had? */
static bool any_died(const struct maps *maps, const struct tp_exit *wanted)
{
	for (unsigned id = 1; id < TP_MAX_EXITS; id++)
		if (maps->exits[id].kind == TP_EXIT_UPLINK &&
		    maps->exits[id].state != TP_EXIT_DEAD &&
		    wanted[id].state == TP_EXIT_DEAD)
			return true;
	return false;
}

/* The addresses that endpoints have to leave; see bpf/leave.h. */
static uint16_t dead_addresses(const struct tp_exit *wanted)
{
	uint16_t dead = 0;

	for (unsigned id = 1; id < TP_MAX_EXITS; id++)
		if (wanted[id].kind == TP_EXIT_UPLINK &&
		    wanted[id].state == TP_EXIT_DEAD)
			dead |= (uint16_t)(1U << wanted[id].address);
	return dead;
}

/* Ids from here on hold no address: nobody need look there. */
static uint32_t addresses_used(const struct maps *maps,
			       const struct tp_exit *wanted)
{
	uint32_t used = 1;

	for (unsigned id = 0; id < TP_MAX_ADDRESSES; id++)
		if (maps->addresses[id].exit)
			used = id + 1;
	for (unsigned id = 1; id < TP_MAX_EXITS; id++)
		if (wanted[id].kind == TP_EXIT_UPLINK &&
		    wanted[id].address >= used)
			used = wanted[id].address + 1U;
	return used;
}

/* What the machine's own rules ask of the data plane. */
static uint8_t rules_of(const struct foreign *foreign, enum firewall_mode mode)
{
	return (uint8_t)((foreign_shows_first(foreign, mode) ? TP_RULES_FIRST :
							       0) |
			 (foreign->any[0] ? TP_RULES_ROUTE : 0));
}

int maps_apply_settings(struct maps *maps, const struct maps_input *input,
			const struct tp_exit exits[TP_MAX_EXITS])
{
	const struct config *config = input->config;
	struct tp_settings wanted = maps->settings;
	bool died = any_died(maps, exits) || input->belief->overtaken;

	wanted.confirm = (uint16_t)(wanted.confirm + died);
	wanted.dead = dead_addresses(exits);
	wanted.rules = rules_of(input->foreign, config->firewall);
	wanted.port_min = config->port_min;
	wanted.port_max = config->port_max;
	wanted.port_choice = (uint8_t)config->port_choice;
	wanted.port_parity = config->port_parity;
	wanted.refusal = (uint8_t)config->refusal;
	wanted.limits.sessions = config->host_sessions;
	wanted.limits.ports = config->host_ports;
	wanted.limits.rate = config->host_rate;
	wanted.limits.questions = config->host_questions;
	wanted.timers.udp = maps_ticks(config->udp);
	wanted.timers.icmp = maps_ticks(config->icmp);
	wanted.timers.tcp_established = maps_ticks(config->tcp_established);
	wanted.timers.dns = maps_ticks(config->dns);
	wanted.timers.tcp_opening = maps_ticks(config->tcp_opening);
	wanted.timers.tcp_closing = maps_ticks(config->tcp_closing);
	wanted.timers.tcp_incoming = maps_ticks(config->tcp_incoming);
	wanted.timers.hold = maps_ticks(config->hold);
	wanted.addresses_used = addresses_used(maps, exits);
	return PUT(maps, settings, 0, &maps->settings, &wanted);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_probe_print.c - a probe as a section of a configuration file, and as
 * JSON.
 *
 * Owns: what its packets cost.
 */
#include "address.h"
#include "config_print.h"
#include "config_probe.h"
#include "config_track.h"
#include "duration.h"
#include "track_list.h"

#define MONTH_MS ((uint64_t)30 * 24 * 3600 * 1000)
/* What goes there and back, headers included. */
#define ETHERNET 14
#define IP 20
#define ICMP_BYTES (2 * (ETHERNET + IP + 8 + 32))
#define ARP_BYTES (2 * (ETHERNET + 46)) /* Ethernet's least */
#define TCP_BYTES (ETHERNET + IP + 32)	/* with its usual options */
#define TCP_FRAMES 7			/* opened and closed */
#define DNS_BYTES (2 * (ETHERNET + IP + 8 + 64))
#define HTTP_BYTES (9 * TCP_BYTES + 1024)

static uint64_t probe_bytes(enum track_kind kind)
{
	switch (kind) {
	case TRACK_ICMP:
	case TRACK_ECHO:
		return ICMP_BYTES;
	case TRACK_ARP:
		return ARP_BYTES;
	case TRACK_TCP:
		return TCP_FRAMES * TCP_BYTES;
	case TRACK_DNS:
		return DNS_BYTES;
	case TRACK_HTTP:
		return HTTP_BYTES;
	default:
		return 0;
	}
}

/* On the wire in 30 days, requests and answers. */
static uint64_t bytes_per_month(const struct track_config *track)
{
	if (track->interval <= 0)
		return 0;
	return probe_bytes(track->kind) * MONTH_MS / (uint64_t)track->interval;
}

/* ---- as a section ----------------------------------------------------------- */

static void print_duration(FILE *out, const char *key, msec_t duration)
{
	char text[DURATION_TEXT];

	if (duration != 0)
		fprintf(out, "        %s = %s\n", key,
			duration_print(duration, text));
}

static void print_address(FILE *out, const char *key,
			  const struct tp_addr *address)
{
	char text[ADDRESS_TEXT];

	if (!address_is_zero(address))
		fprintf(out, "        %s = %s\n", key,
			address_print(address, text));
}

static void print_ask(FILE *out, const struct track_config *track)
{
	char text[ADDRESS_TEXT];

	print_address(out, "target", &track->target);
	if (track->port != 0)
		fprintf(out, "        port = %u\n", track->port);
	if (track->kind == TRACK_DNS)
		fprintf(out, "        name = %s\n", track->ask);
	if (track->host[0] != '\0')
		fprintf(out, "        host = %s\n", track->host);
	if (track->kind == TRACK_HTTP)
		fprintf(out, "        path = \"%s\"\n", track->ask);
	if (track->status != 0)
		fprintf(out, "        status = %u\n", track->status);
	if (track->kind != TRACK_ROUTE)
		return;
	fprintf(out, "        prefix = %s\n",
		prefix_print(&track->route, text));
	print_address(out, "via", &track->via);
}

static void print_conditions(FILE *out, const struct track_config *track)
{
	print_duration(out, "interval", track->interval);
	print_duration(out, "standby-interval", track->standby_interval);
	print_duration(out, "timeout", track->timeout);
	print_duration(out, "threshold", track->threshold);
	if (track->threshold != 0)
		fprintf(out, "        facet = %s\n",
			config_facets[track->slow_is_miss]);
	fprintf(out, "        misses = %u\n        hits = %u\n", track->misses,
		track->hits);
	fprintf(out, "        window = %u\n", track->window);
	if (track->loss_down != 0)
		fprintf(out, "        loss-down = %u\n        loss-up = %u\n",
			track->loss_down, track->loss_up);
	print_duration(out, "rtt-down", track->rtt_down);
	print_duration(out, "rtt-up", track->rtt_up);
}

static double month(const struct track_config *track)
{
	return (double)bytes_per_month(track) / 1e6;
}

static void print_traffic(FILE *out, const struct track_config *track)
{
	struct track_config standby = *track;

	if (track->kind == TRACK_ROUTE)
		return;
	fprintf(out, "    # probe traffic: %.0f MB a month", month(track));
	standby.interval = track->standby_interval;
	if (standby.interval != 0)
		fprintf(out, ", %.0f MB on standby", month(&standby));
	fprintf(out, "\n");
}

void config_print_probe(FILE *out, const struct uplink_config *uplink,
			const struct track_config *track)
{
	print_traffic(out, track);
	fprintf(out, "    %s %s {\n", track_kind_name(track->kind),
		track->name);
	print_ask(out, track);
	if (track->kind != TRACK_ROUTE)
		print_conditions(out, track);
	config_print_track_keys(out, "        ", uplink, track);
	fprintf(out, "    }\n");
}

/* ---- as JSON -------------------------------------------------------------------- */

static void put_number(struct json_object *object, const char *key,
		       uint64_t number)
{
	json_object_object_add(object, key,
			       json_object_new_int64((int64_t)number));
}

static void put_text(struct json_object *object, const char *key,
		     const char *text)
{
	if (*text != '\0')
		json_object_object_add(object, key,
				       json_object_new_string(text));
}

static void put_address(struct json_object *object, const char *key,
			const struct tp_addr *address)
{
	char text[ADDRESS_TEXT];

	if (!address_is_zero(address))
		put_text(object, key, address_print(address, text));
}

static void put_ask(struct json_object *object,
		    const struct track_config *track)
{
	char text[ADDRESS_TEXT];

	put_address(object, "target", &track->target);
	if (track->port != 0)
		put_number(object, "port", track->port);
	put_text(object, track->kind == TRACK_DNS ? "name" : "path",
		 track->ask);
	put_text(object, "host", track->host);
	if (track->status != 0)
		put_number(object, "status", track->status);
	if (track->kind == TRACK_ROUTE)
		put_text(object, "prefix", prefix_print(&track->route, text));
	put_address(object, "via", &track->via);
}

static void put_limits(struct json_object *object,
		       const struct track_config *track)
{
	if (track->loss_down != 0) {
		put_number(object, "loss_down", track->loss_down);
		put_number(object, "loss_up", track->loss_up);
	}
	if (track->rtt_down != 0) {
		put_number(object, "rtt_down_ms", (uint64_t)track->rtt_down);
		put_number(object, "rtt_up_ms", (uint64_t)track->rtt_up);
	}
}

void config_put_probe(struct json_object *object,
		      const struct track_config *track)
{
	put_ask(object, track);
	if (track->kind == TRACK_ROUTE)
		return;
	put_number(object, "interval_ms", (uint64_t)track->interval);
	if (track->standby_interval != 0)
		put_number(object, "standby_interval_ms",
			   (uint64_t)track->standby_interval);
	put_number(object, "timeout_ms", (uint64_t)track->timeout);
	if (track->threshold != 0) {
		put_number(object, "threshold_ms", (uint64_t)track->threshold);
		put_text(object, "facet", config_facets[track->slow_is_miss]);
	}
	put_number(object, "misses", track->misses);
	put_number(object, "hits", track->hits);
	put_number(object, "window", track->window);
	put_limits(object, track);
	put_number(object, "bytes_per_month", bytes_per_month(track));
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request_explain.c - "explain": words in, the data plane's answer out.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "explain.h"
#include "request_private.h"
#include "site.h"

/* What a new connection is usually for, where no port is given. */
#define PORT_TCP 443
#define PORT_UDP 53

static bool read_address(const struct request *request, const char *key,
			 struct tp_addr *out, char why[MODEL_REASON])
{
	const char *text = request_text(request, key);

	if (!text) {
		snprintf(why, MODEL_REASON, "\"%s\" is missing", key);
		return false;
	}
	if (!address_parse(text, out) && address_is_v4(out))
		return true;
	snprintf(why, MODEL_REASON, "'%.64s' is no IPv4 address", text);
	return false;
}

static bool read_number(const char *text, unsigned most, unsigned *out)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*out = (unsigned)value;
	return *text >= '0' && *text <= '9' && !*end && value <= most;
}

static bool read_protocol(const struct request *request, struct tp_explain *ask,
			  char why[MODEL_REASON])
{
	const char *text = request_text(request, "protocol");
	unsigned number = IPPROTO_TCP;

	if (!text || !strcmp(text, "tcp")) {
		number = IPPROTO_TCP;
	} else if (!strcmp(text, "udp")) {
		number = IPPROTO_UDP;
	} else if (!strcmp(text, "icmp")) {
		number = IPPROTO_ICMP;
	} else if (!read_number(text, 255, &number)) {
		snprintf(why, MODEL_REASON,
			 "'%.32s' is none of tcp, udp, icmp, or a protocol's "
			 "number",
			 text);
		return false;
	}
	ask->proto = (uint8_t)number;
	return true;
}

/* "443", or "50000:443"; of ICMP the identifier. */
static bool read_ports(const struct request *request, struct tp_explain *ask,
		       char why[MODEL_REASON])
{
	const char *text = request_text(request, "ports");
	char first[16] = "0";
	const char *colon = text ? strchr(text, ':') : NULL;
	unsigned source = 0, destination = 0;

	if (!text) {
		destination = ask->proto == IPPROTO_TCP ? PORT_TCP :
			      ask->proto == IPPROTO_UDP ? PORT_UDP :
							  0;
	} else {
		if (colon)
			snprintf(first, sizeof(first), "%.*s",
				 (int)(colon - text), text);
		if (!read_number(first, 65535, &source) ||
		    !read_number(colon ? colon + 1 : text, 65535,
				 &destination)) {
			snprintf(why, MODEL_REASON,
				 "'%.32s' is neither a port, 443, nor two, "
				 "50000:443",
				 text);
			return false;
		}
	}
	ask->source_port = htons((uint16_t)source);
	ask->destination_port = htons((uint16_t)destination);
	return true;
}

/* A query's identifier is its inside port, wherever it comes from. */
static void turn_query(struct tp_explain *ask)
{
	if (ask->proto == IPPROTO_ICMP && !ask->source_port)
		ask->source_port = ask->destination_port;
}

static int ask_both(const struct site *site, const struct tp_explain *ask,
		    struct tp_explain *opening, struct tp_explain *middle)
{
	int err;

	*opening = *middle = *ask;
	opening->opens = 1;
	err = site_explain(site, opening);
	return err ? err : site_explain(site, middle);
}

struct json_object *request_explain(const struct request *request)
{
	const struct site *site = request->site;
	struct tp_explain ask = {}, opening, middle;
	char why[MODEL_REASON] = "";
	struct json_object *answer;
	int err;

	if (!read_address(request, "source", &ask.source, why) ||
	    !read_address(request, "destination", &ask.destination, why) ||
	    !read_protocol(request, &ask, why) ||
	    !read_ports(request, &ask, why))
		return request_refused("explain: %s", why);
	turn_query(&ask);
	err = ask_both(site, &ask, &opening, &middle);
	if (err)
		return request_refused("explain: the data plane does not "
				       "answer: %s",
				       strerror(-err));
	answer = request_granted();
	json_object_object_add(answer, "explain", explain_json(site, &opening));
	/* The middle of a connection is another matter only where none is. */
	if (ask.proto == IPPROTO_TCP && !opening.session && !opening.inward &&
	    opening.action != TP_EXPLAIN_NOTHING)
		json_object_object_add(answer, "mid_stream",
				       explain_json(site, &middle));
	return answer;
}

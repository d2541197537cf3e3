// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prober.c - the probes of one track: what each result is worth.
 *
 * An echo counts when it was seen to work.  Before three answers in a row on
 * this path (interface, address, the next hop's MAC address) a missing one may
 * mean no more than a next hop that sends nothing back where it came from, and
 * is no failure.  Where none comes for a while it cannot say anything, and the
 * interface's word is taken; but not for an uplink that was dead when this
 * daemon began, for then its death may be the reason.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "log.h"
#include "next_hop.h"
#include "prober.h"
#include "site.h"

#define ARMED_BY 3    /* answers in a row */
#define VAIN 10	      /* misses in a row, at least ... */
#define VAIN_FOR 2000 /* ... for so long: it is not supported */

/* ---- is it armed? -------------------------------------------------------- */

static bool needs_arming(const struct prober *prober)
{
	return prober->config->kind == TRACK_ECHO;
}

static void disarm(struct prober *prober)
{
	prober->armed = needs_arming(prober) ? PROBER_UNARMED : PROBER_ARMED;
	prober->row = 0;
}

static bool in_vain(const struct prober *prober)
{
	return !prober->was_dead && prober->row >= VAIN &&
	       (msec_t)prober->row * prober->config->interval >= VAIN_FOR;
}

/* What an answer that came or did not come is worth before it is armed. */
static enum prober_verdict unarmed(struct prober *prober, bool ok)
{
	if (prober->row_ok != ok)
		prober->row = 0;
	prober->row_ok = ok;
	prober->row++;
	if (ok && prober->row >= ARMED_BY) {
		log_info("track %s/%s: the next hop sends back what it gets: "
			 "armed",
			 prober->uplink->name, prober->config->name);
		prober->armed = PROBER_ARMED;
		prober->was_dead = false;
	}
	if (ok)
		return PROBER_HIT;
	if (prober->armed == PROBER_UNSUPPORTED || !in_vain(prober))
		return PROBER_NOTHING;
	log_warning("track %s/%s: unsupported: the next hop sends nothing back "
		    "where it came from; use arp or icmp, until then the "
		    "interface alone counts",
		    prober->uplink->name, prober->config->name);
	prober->armed = PROBER_UNSUPPORTED;
	return PROBER_USELESS;
}

/* ---- results --------------------------------------------------------------- */

static bool is_slow(const struct prober *prober,
		    const struct probe_result *result)
{
	return prober->config->threshold &&
	       result->rtt_us > prober->config->threshold * 1000;
}

static enum prober_verdict judge(struct prober *prober,
				 const struct probe_result *result)
{
	const struct track_config *config = prober->config;
	bool ok = result->fate == PROBE_ANSWERED;
	bool slow = ok && is_slow(prober, result);

	/* Without a MAC address nobody was asked: that is a failure. */
	if (prober->armed != PROBER_ARMED &&
	    (ok || result->fate == PROBE_UNANSWERED))
		return unarmed(prober, ok);
	probe_window_add(&prober->window, ok ? result->rtt_us : -1);
	prober->window.slow += slow;
	if (!probe_window_judge(&prober->window, config))
		return PROBER_BAD;
	return ok && !(slow && config->slow_is_miss) ? PROBER_HIT : PROBER_MISS;
}

static void on_result(void *arg, const struct probe_result *result)
{
	struct prober *prober = arg;
	enum prober_verdict verdict = judge(prober, result);
	bool slow = result->fate == PROBE_ANSWERED && verdict == PROBER_MISS;
	char because[WORDS];

	if (verdict == PROBER_BAD)
		probe_words_window(prober->config, &prober->window, because);
	else if (verdict == PROBER_USELESS)
		snprintf(because, WORDS, "%s is all that can be seen of it",
			 prober->uplink->interface);
	else if (slow)
		probe_words_slow(prober->config, because);
	else
		probe_words_result(prober->uplink, prober->config,
				   &prober->path.next_hop, result, because);
	prober->found(prober, verdict, result, because);
}

static void on_resolve(void *arg)
{
	const struct prober *prober = arg;
	const struct probe_path *path = &prober->path;

	if (!path->ifindex || address_is_zero(&path->next_hop))
		return;
	/* A refusal has shown, or will show, as another fact. */
	if (path->next_hop_mac_known)
		netlink_neighbour_probe(prober->site->netlink, path->ifindex,
					&path->next_hop);
	else
		netlink_neighbour_ask_anew(prober->site->netlink, path->ifindex,
					   &path->next_hop);
}

msec_t prober_heard(const struct prober *prober)
{
	/* These two ask the next hop, or the segment. */
	if (!prober->probe || prober->config->kind == TRACK_ECHO ||
	    prober->config->kind == TRACK_ARP ||
	    address_equal(&prober->config->target, &prober->path.next_hop))
		return 0;
	return probe_statistics(prober->probe).heard;
}

/* ---- facts ------------------------------------------------------------------ */

/* Whoever is at the other end now may be another one. */
static bool same_end(const struct probe_path *a, const struct probe_path *b)
{
	return a->ifindex == b->ifindex &&
	       address_equal(&a->address, &b->address) &&
	       (!b->next_hop_mac_known ||
		memcmp(a->next_hop_mac, b->next_hop_mac, 6) == 0);
}

void prober_update(struct prober *prober, const struct uplink_facts *facts,
		   bool up)
{
	struct probe_path path = {
		.ifindex = up ? facts->ifindex : 0,
		.address = facts->address,
		.next_hop = *next_hop_of(prober->uplink, facts),
		.next_hop_mac_known = facts->next_hop_mac_known,
		.raw = facts->raw,
	};
	int error;

	if (!prober->probe)
		return;
	memcpy(path.mac, facts->mac, sizeof(path.mac));
	memcpy(path.next_hop_mac,
	       facts->next_hop_mac_known ? facts->next_hop_mac :
					   prober->path.next_hop_mac,
	       sizeof(path.next_hop_mac));
	if (!same_end(&prober->path, &path)) {
		disarm(prober);
		probe_window_init(&prober->window, prober->config->window);
	}
	if (!up && prober->path.ifindex)
		prober->was_dead = false; /* seen to go down, with a reason */
	prober->path = path;
	error = probe_update(prober->probe, &path);
	if (error && error != prober->error)
		log_warning("track %s/%s: no socket on %s: %s%s",
			    prober->uplink->name, prober->config->name,
			    prober->uplink->interface, strerror(-error),
			    error == -EPERM ? ": give CAP_NET_RAW" : "");
	prober->error = error;
}

void prober_busy(struct prober *prober, bool busy)
{
	const struct track_config *config = prober->config;

	if (prober->probe)
		probe_pace(prober->probe, busy || !config->standby_interval ?
						  config->interval :
						  config->standby_interval);
}

static bool leads_out(const struct netlink_route *route,
		      const struct track_config *config,
		      const struct uplink_facts *facts)
{
	/* What we announce ourselves proves nothing. */
	return route->protocol != MODEL_RTPROT && route->type == RTN_UNICAST &&
	       route->oif == facts->ifindex &&
	       !(route->flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) &&
	       prefix_equal(&route->to, &config->route) &&
	       (address_is_zero(&config->via) ||
		address_equal(&route->gateway, &config->via));
}

static bool find_route(const struct prober *prober,
		       const struct uplink_facts *facts)
{
	const struct netlink_route *route = NULL;
	unsigned own =
		MODEL_TABLE_BASE + prober->site->exits[prober->uplink_index];

	while ((route = netlink_next_route(prober->site->netlink, route)))
		if ((route->table == RT_TABLE_MAIN || route->table == own) &&
		    leads_out(route, prober->config, facts))
			return true;
	return false;
}

enum track_state prober_route(struct prober *prober,
			      const struct uplink_facts *facts,
			      char because[WORDS])
{
	struct netlink_statistics statistics =
		netlink_statistics(prober->site->netlink);
	uint64_t news = statistics.messages + statistics.resyncs +
			statistics.interrupted + 1;

	/* There may be a hundred thousand: not at every turn. */
	if (prober->news != news)
		prober->route = find_route(prober, facts);
	prober->news = news;
	probe_words_route(prober->uplink, prober->config, prober->route,
			  because);
	return prober->route ? TRACK_UP : TRACK_DOWN;
}

/* ---- open and close ---------------------------------------------------------- */

/*
 * The gateway's own range, of which NAT takes nothing: an answer to a probe is
 * never an answer to a host.
 */
static uint16_t id_of(const struct prober *prober)
{
	const struct config *config = &prober->site->config;
	unsigned ids = config->local_max - config->local_min + 1U;
	unsigned number =
		prober->uplink_index * MODEL_TRACKS + prober->track_index;

	return (uint16_t)(config->local_min + number % ids);
}

int prober_probe(struct prober *prober, struct probe **out)
{
	static const struct probe_calls calls = {
		.result = on_result,
		.resolve = on_resolve,
	};
	const struct probe_settings settings = {
		.config = prober->config,
		.id = id_of(prober),
	};

	*out = NULL;
	if (!probe_sends(prober->config->kind))
		return 0;
	return probe_open(out, prober->site->base, &settings, &calls, prober);
}

void prober_begin(struct prober *prober, struct probe *probe, bool was_dead)
{
	prober->probe = probe;
	prober->was_dead = was_dead;
	disarm(prober);
	probe_window_init(&prober->window, prober->config->window);
}

void prober_go_on(struct prober *prober, struct probe *probe,
		  const struct prober *was)
{
	prober->probe = probe;
	prober->path = was->path; /* to see whether it is another one now */
	prober->armed = was->armed;
	prober->row = was->row;
	prober->row_ok = was->row_ok;
	prober->was_dead = was->was_dead;
	prober->window = was->window;
	if (prober->config->window != was->window.size)
		probe_window_init(&prober->window, prober->config->window);
	if (probe == was->probe)
		prober->error = was->error;
	else if (probe && was->probe)
		probe_count_on(probe, probe_statistics(was->probe));
}

void prober_close(struct prober *prober)
{
	probe_close(prober->probe);
	prober->probe = NULL;
}

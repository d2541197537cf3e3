// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stub.c - see stub.h: each function that the control socket calls in the rest of
 * the daemon, with the shortest answer that a test can tell from another.
 */
#include "stub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "config_message.h"
#include "doctor.h"
#include "explain.h"
#include "probes.h"
#include "publish.h"
#include "rules.h"
#include "simulate.h"
#include "site.h"
#include "site_reload.h"
#include "status_partner.h"

struct stub stub;

void stub_reset(void)
{
	memset(&stub, 0, sizeof(stub));
	stub.counted = true;
}

msec_t site_now(void)
{
	return 1000000;
}

int site_set_intent(struct site *of, const struct intent *intent,
		    char why[MODEL_REASON])
{
	stub.asked = *intent;
	if (stub.set_intent_result == -ENOENT)
		snprintf(why, MODEL_REASON, "there is no uplink \"%s\"",
			 intent->uplink);
	if (stub.set_intent_result)
		return stub.set_intent_result;
	of->intent = *intent;
	of->desired.selector = intent->kind == INTENT_PARTNER ? MODEL_PARTNER :
								0;
	of->event++;
	return 0;
}

const struct census_count *site_census(const struct site *of, unsigned uplink)
{
	static const struct census_count census = {
		.sessions = 42,
		.tcp = 40,
		.bindings = 7,
	};

	(void)of;
	(void)uplink;
	return stub.counted ? &census : NULL;
}

void site_rules(const struct site *of, struct rules_view *rules)
{
	static const struct foreign foreign = {
		.forward = "nft table inet house, chain forward: policy drop",
		.to = { .count = 1,
			.list = { { .prefix = { .length = 112,
						.address = { { [10] = 0xff,
							       [11] = 0xff,
							       [12] = 10,
							       [13] = 8 } } },
				    .origin = FOREIGN_IPSEC } } },
	};

	rules_view(&of->config, &foreign, rules);
}

void site_partner_views(const struct site *of, struct liveness_view *liveness,
			struct heartbeat_view *heartbeat)
{
	(void)of;
	memset(liveness, 0, sizeof(*liveness));
	memset(heartbeat, 0, sizeof(*heartbeat));
}

/* Three answered of four; the interface sends nothing. */
bool probes_view(const struct site *of, unsigned uplink, unsigned track,
		 struct probes_view *view)
{
	(void)of;
	(void)uplink;
	*view = (struct probes_view){
		.statistics = { .duplicates = 2, .foreign = 3, .excused = 4 },
		.quality = { 4, 1, 1500, -1 },
		.window = 20,
		.slow = 5,
		.armed = PROBER_UNSUPPORTED,
	};
	return track != 0;
}

msec_t site_waits(const struct site *of, unsigned uplink)
{
	(void)of;
	(void)uplink;
	return stub.waits;
}

const struct failback_uplink *site_failback(const struct site *of,
					    unsigned uplink)
{
	(void)of;
	(void)uplink;
	return &stub.failback;
}

const struct publish_item *site_published(const struct site *of,
					  unsigned *count)
{
	static const struct publish_item published = {
		.plane = TP_PLANE_TCP,
		.ports = 100,
		.open = 99,
		.trouble = PUBLISH_LISTENED,
		.port = 8080,
	};

	*count = of->config.publishes_count;
	return &published;
}

bool site_is_inside(const struct site *of, const struct tp_addr *address)
{
	(void)of;
	return address->byte[15] == 10;
}

int site_explain(const struct site *of, struct tp_explain *ask)
{
	(void)of;
	stub.explained = *ask;
	return 0;
}

struct json_object *explain_json(const struct site *of,
				 const struct tp_explain *answer)
{
	(void)of;
	(void)answer;
	return json_object_new_object();
}

void simulate_down(const struct site *of, int victim, struct simulation *out)
{
	memset(out, 0, sizeof(*out));
	out->before = out->after = of->desired;
	out->after.states[victim] = TP_EXIT_DEAD;
	out->after.selector = MODEL_NOBODY;
	strcpy(out->after.reason, "nothing is up");
}

struct json_object *doctor_findings(const struct site *of)
{
	(void)of;
	return json_object_new_array();
}

const char *site_vrrp_file(const struct site *of)
{
	(void)of;
	return "/run/twinpath/test/vrrp";
}

bool site_counters(const struct site *of, unsigned uplink,
		   struct tp_exit_counters *sum)
{
	(void)of;
	*sum = (struct tp_exit_counters){ .out_bytes = 1000 + uplink };
	return true;
}

int site_reload(struct site *of, const char *because,
		struct config_messages *messages)
{
	stub.reloads++;
	assert_non_null(strstr(because, "uid "));
	config_messages_init(messages, of->config.file);
	for (unsigned i = 0; i < stub.wrong; i++)
		config_error(messages, 7 + i, "no such key");
	return stub.wrong ? -EINVAL : 0;
}

int site_detach(struct site *of, void (*done)(void *arg), void *arg)
{
	of->detaching = true;
	stub.detached = done;
	stub.detached_arg = arg;
	stub.detaches++;
	return 0;
}

/* Stands before libc's: this machine need not have the group. */
struct group *getgrnam(const char *name)
{
	static struct group group = { .gr_gid = STUB_GROUP };

	return stub.group_exists && !strcmp(name, "twinpath") ? &group : NULL;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_control_status.c - "status" on the control socket: what of the site it
 * shows, and in what words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "control/client.h"
#include "control/fixture.h"
#include "control/stub.h"

/* The whole answer, which the caller puts. */
static struct json_object *ask_status(void)
{
	int fd = client_dial();
	struct json_object *answer;

	client_say(fd, "{\"command\":\"status\"}\n");
	answer = client_answer(fd);
	assert_true(client_granted(answer));
	close(fd);
	return answer;
}

static struct json_object *status_of(struct json_object *answer)
{
	return json_object_object_get(answer, "status");
}

static struct json_object *uplink_of(struct json_object *answer)
{
	return json_object_array_get_idx(
		json_object_object_get(status_of(answer), "uplinks"), 0);
}

static void test_status_has_every_field(void **state)
{
	static const char *const fields[] = {
		"instance", "version",	   "ready",	"mode",
		"degraded", "selector",	   "intent",	"reason",
		"event",    "last_switch", "uplinks",	"partner",
		"announce", "last_resort", "marker",	"vrrp",
		"uptime_s", "rules",	   "published", "shares",
	};
	struct json_object *answer, *status, *value;
	size_t i;

	(void)state;
	answer = ask_status();
	status = status_of(answer);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!json_object_object_get_ex(status, fields[i], &value))
			fail_msg("no field %s", fields[i]);
	assert_int_equal(json_object_object_length(status), i);
	CLIENT_EXPECT(status, { "selector", "isp-a" }, { "uptime_s", "60.000" },
		      { "last_switch", NULL });
	json_object_put(answer);
}

static void test_status_shows_rules(void **state)
{
	struct json_object *answer, *rules, *to;

	(void)state;
	fixture.site.config.firewall = FIREWALL_AUTO;
	answer = ask_status();
	rules = json_object_object_get(status_of(answer), "rules");
	CLIENT_EXPECT(rules, { "firewall", "auto" },
		      { "first_packets", "true" },
		      { "because",
			"nft table inet house, chain forward: policy drop" },
		      { "unasked", NULL });
	to = json_object_object_get(rules, "to");
	assert_int_equal(json_object_array_length(to), 1);
	to = json_object_array_get_idx(to, 0);
	CLIENT_EXPECT(to, { "prefix", "10.8.0.0/16" },
		      { "origin", "IPsec policy" });
	json_object_put(answer);

	fixture.site.config.firewall = FIREWALL_NONE;
	answer = ask_status();
	rules = json_object_object_get(status_of(answer), "rules");
	CLIENT_EXPECT(rules, { "first_packets", "false" },
		      { "because", "firewall = none" },
		      { "unasked",
			"nft table inet house, chain forward: policy drop" });
	json_object_put(answer);
}

static void test_status_shows_tracks(void **state)
{
	struct json_object *answer, *uplink, *tracks, *track, *probe;

	(void)state;
	fixture.site.tracks[0][1].state = TRACK_UP;
	fixture.site.tracks[0][1].raw = TRACK_DOWN;
	fixture.site.tracks[0][1].changed = 990500;
	fixture.site.tracks[0][1].due = 1002500;
	fixture.site.tracks[0][1].rtt_us_last = 1234;
	answer = ask_status();
	uplink = uplink_of(answer);
	tracks = json_object_object_get(uplink, "tracks");
	assert_int_equal(json_object_array_length(tracks), 2);
	track = json_object_array_get_idx(tracks, 1);
	CLIENT_EXPECT(uplink, { "state", "up" }, { "next_hop", "172.16.1.2" },
		      { "next_hop_mac", NULL });
	CLIENT_EXPECT(track, { "target", "172.29.0.1" }, { "state", "up" },
		      { "raw", "down" }, { "since_s", "9.500" },
		      { "pending_s", "2.500" }, { "rtt_ms", "1.234" });
	probe = json_object_object_get(track, "probe");
	CLIENT_EXPECT(probe, { "window", "20" }, { "probes", "4" },
		      { "loss_percent", "25.0" }, { "rtt_ms", "1.500" },
		      { "jitter_ms", NULL }, { "slow", "5" },
		      { "duplicates", "2" }, { "foreign", "3" },
		      { "excused", "4" }, { "armed", "unsupported" });
	track = json_object_array_get_idx(tracks, 0);
	assert_null(client_text(track, "rtt_ms"));
	assert_null(json_object_object_get(track, "probe"));
	json_object_put(answer);
}

static void test_status_of_sessions(void **state)
{
	struct json_object *answer, *uplink;

	(void)state;
	answer = ask_status();
	uplink = uplink_of(answer);
	CLIENT_EXPECT(uplink, { "sessions", "42" }, { "tcp_sessions", "40" },
		      { "bindings", "7" }, { "metered", "false" },
		      { "failback", "sticky" }, { "cut", "false" },
		      { "cut_in_s", NULL }, { "home_in_s", NULL },
		      { "waits_s", NULL });
	json_object_put(answer);
	stub.counted = false;
	stub.waits = 1007500;
	fixture.site.config.uplinks[0].metered = true;
	fixture.site.config.uplinks[0].failback = FAILBACK_DRAIN;
	fixture.site.desired.states[0] = TP_EXIT_DRAIN;
	stub.failback.deadline = 1002500;
	stub.failback.home_after = 999000; /* has passed */
	answer = ask_status();
	uplink = uplink_of(answer);
	CLIENT_EXPECT(uplink, { "sessions", NULL }, { "bindings", NULL },
		      { "state", "drain" }, { "metered", "true" },
		      { "failback", "drain" }, { "cut_in_s", "2.500" },
		      { "home_in_s", "0.000" }, { "waits_s", "7.500" });
	json_object_put(answer);
}

static void test_status_of_published_servers(void **state)
{
	struct json_object *answer, *list, *item;

	(void)state;
	fixture.site.config.publishes_count = 1;
	fixture.site.config.publishes[0] = (struct publish_config){
		.name = "web",
		.first = 8000,
		.last = 8099,
		.to_first = 9000,
		.to_last = 9099,
		.filtering = TP_FILTER_ENDPOINT,
	};
	address_parse("192.168.0.10", &fixture.site.config.publishes[0].to);
	answer = ask_status();
	list = json_object_object_get(status_of(answer), "published");
	assert_int_equal(json_object_array_length(list), 1);
	item = json_object_array_get_idx(list, 0);
	CLIENT_EXPECT(item, { "name", "web" }, { "uplink", "isp-a" },
		      { "protocol", "tcp" }, { "ports", "[ 8000, 8099 ]" },
		      { "to", "192.168.0.10" },
		      { "to_ports", "[ 9000, 9099 ]" },
		      { "filtering", "endpoint-independent" }, { "open", "99" },
		      { "state", "99 of 100 open, 8080 not" },
		      { "why", "the gateway itself listens there" },
		      { "inside", "true" });
	json_object_put(answer);
}

static void test_status_of_a_wish(void **state)
{
	struct json_object *answer, *status, *intent;

	(void)state;
	fixture.site.intent = (struct intent){
		.kind = INTENT_DRAIN,
		.uplink = "isp-a",
		.since = 999000,
		.until = 1060000,
		.drain = 5000,
		.force = true,
	};
	fixture.site.desired.degraded = true;
	answer = ask_status();
	status = status_of(answer);
	intent = json_object_object_get(status, "intent");
	assert_string_equal(client_text(status, "degraded"), "true");
	CLIENT_EXPECT(intent, { "kind", "drain" }, { "uplink", "isp-a" },
		      { "since_s", "1.000" }, { "left_s", "60.000" },
		      { "drain_s", "5.000" }, { "force", "true" });
	json_object_put(answer);
}

static void test_status_of_a_partner_and_a_switch(void **state)
{
	struct json_object *answer, *status, *last, *partner;

	(void)state;
	fixture.site.event = 8;
	fixture.site.last.event = 7;
	fixture.site.last.from = 0;
	fixture.site.last.to = MODEL_PARTNER;
	fixture.site.last.at = 999000;
	fixture.site.facts.partner.mac_known = true;
	fixture.site.facts.partner.links[0].known = true;
	memcpy(fixture.site.facts.partner.links[0].mac, "\x02\0\0\0\0\x04", 6);
	answer = ask_status();
	status = status_of(answer);
	last = json_object_object_get(status, "last_switch");
	CLIENT_EXPECT(last, { "from", "isp-a" }, { "to", "partner" },
		      { "ago_s", "1.000" });
	partner = json_object_object_get(status, "partner");
	CLIENT_EXPECT(partner, { "type", "router" },
		      { "address", "192.168.0.4" },
		      { "mac", "02:00:00:00:00:04" });
	json_object_put(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_status_has_every_field),
		FIXTURE_TEST(test_status_shows_rules),
		FIXTURE_TEST(test_status_shows_tracks),
		FIXTURE_TEST(test_status_of_sessions),
		FIXTURE_TEST(test_status_of_published_servers),
		FIXTURE_TEST(test_status_of_a_wish),
		FIXTURE_TEST(test_status_of_a_partner_and_a_switch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

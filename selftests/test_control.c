// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_control.c - the control socket, over a real socket in a directory of
 * its own, with a site that only notes what it was asked.
 *
 * Owns: what a client may rely on.  The loop runs in this process, so a
 * client here never blocks: it turns the loop until its answer is there.
 */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "control.h"
#include "doctor.h"
#include "events.h"
#include "explain.h"
#include "log.h"
#include "probes.h"
#include "publish.h"
#include "rules.h"
#include "simulate.h"
#include "site.h"
#include "site_reload.h"
#include "status_partner.h"

#define TEST_GROUP 54321
#define DEADLINE_MS 8000

static struct site site;
static struct control *control;
static char directory[64];
static char path[96];
static bool group_exists;

/* ---- the stub site ------------------------------------------------------- */

static struct intent asked;
static int set_intent_result;
static void (*detached)(void *arg);
static void *detached_arg;
static unsigned detaches;

msec_t site_now(void)
{
	return 1000000;
}

int site_set_intent(struct site *of, const struct intent *intent,
		    char why[MODEL_REASON])
{
	asked = *intent;
	if (set_intent_result == -ENOENT)
		snprintf(why, MODEL_REASON, "there is no uplink \"%s\"",
			 intent->uplink);
	if (set_intent_result)
		return set_intent_result;
	of->intent = *intent;
	of->desired.selector = intent->kind == INTENT_PARTNER ? MODEL_PARTNER :
								0;
	of->event++;
	return 0;
}

static struct census_count census = { .sessions = 42,
				      .tcp = 40,
				      .bindings = 7 };
static bool counted;
static struct failback_uplink failback;
static msec_t waits;

const struct census_count *site_census(const struct site *of, unsigned uplink)
{
	(void)of;
	(void)uplink;
	return counted ? &census : NULL;
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
	return waits;
}

const struct failback_uplink *site_failback(const struct site *of,
					    unsigned uplink)
{
	(void)of;
	(void)uplink;
	return &failback;
}

static struct publish_item published = {
	.plane = TP_PLANE_TCP,
	.ports = 100,
	.open = 99,
	.trouble = PUBLISH_LISTENED,
	.port = 8080,
};

const struct publish_item *site_published(const struct site *of,
					  unsigned *count)
{
	*count = of->config.publishes_count;
	return &published;
}

bool site_is_inside(const struct site *of, const struct tp_addr *address)
{
	(void)of;
	return address->byte[15] == 10;
}

static struct tp_explain explained;

int site_explain(const struct site *of, struct tp_explain *ask)
{
	(void)of;
	explained = *ask;
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

static unsigned reloads, wrong;

int site_reload(struct site *of, const char *because,
		struct config_messages *messages)
{
	reloads++;
	assert_non_null(strstr(because, "uid "));
	config_messages_init(messages, of->config.file);
	for (unsigned i = 0; i < wrong; i++)
		config_error(messages, 7 + i, "no such key");
	return wrong ? -EINVAL : 0;
}

int site_detach(struct site *of, void (*done)(void *arg), void *arg)
{
	of->detaching = true;
	detached = done;
	detached_arg = arg;
	detaches++;
	return 0;
}

/* Stands before libc's: this machine need not have the group. */
struct group *getgrnam(const char *name)
{
	static struct group group = { .gr_gid = TEST_GROUP };

	return group_exists && !strcmp(name, "twinpath") ? &group : NULL;
}

/* ---- fixture ------------------------------------------------------------- */

static void add_uplink(const char *name, unsigned level)
{
	struct config *config = &site.config;
	struct uplink_config *uplink = &config->uplinks[config->uplinks_count];
	unsigned i = config->uplinks_count++;

	strcpy(uplink->name, name);
	snprintf(uplink->interface, sizeof(uplink->interface), "eth%u", i + 1);
	uplink->level = level;
	uplink->tracks_count = 2;
	strcpy(uplink->tracks[0].name, "eth");
	strcpy(uplink->tracks[1].name, "core");
	uplink->tracks[1].kind = TRACK_ICMP;
	assert_int_equal(address_parse("172.29.0.1", &uplink->tracks[1].target),
			 0);
	assert_int_equal(address_parse("172.16.1.2", &uplink->next_hop), 0);
	track_init(&site.tracks[i][0], &uplink->tracks[0]);
	track_init(&site.tracks[i][1], &uplink->tracks[1]);
}

static int setup(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	memset(&site, 0, sizeof(site));
	memset(&asked, 0, sizeof(asked));
	set_intent_result = 0;
	memset(&failback, 0, sizeof(failback));
	counted = true;
	detaches = 0;
	detached = NULL;
	group_exists = false;
	strcpy(directory, "/tmp/twinpath-control-XXXXXX");
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chmod(directory, 0755), 0);
	snprintf(path, sizeof(path), "%s/control", directory);
	strcpy(site.instance, "test");
	site.base = event_base_new();
	site.started = 940000;
	site.config.partner.type = TP_PARTNER_ROUTER;
	assert_int_equal(
		address_parse("192.168.0.4", &site.config.partner.address), 0);
	add_uplink("isp-a", 1);
	strcpy(site.desired.reason, "isp-a has level 1 and is up");
	site.desired.announce = MODEL_NOBODY;
	site.desired.last_resort = MODEL_NOBODY;
	site.desired.states[0] = TP_EXIT_UP;
	assert_int_equal(events_open(&site.events), 0);
	assert_int_equal(control_open(&control, &site, path), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	control_close(control);
	control = NULL;
	/* libevent lets go of a bufferevent in the next turn of the loop. */
	event_base_loop(site.base, EVLOOP_NONBLOCK);
	events_close(site.events);
	event_base_free(site.base);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rmdir(directory), 0);
	return 0;
}

/* ---- a client ------------------------------------------------------------ */

static int dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	assert_true(fd >= 0);
	assert_int_equal(
		connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void turn(void)
{
	struct timeval pause = { .tv_usec = 1000 };

	event_base_loopexit(site.base, &pause);
	event_base_loop(site.base, EVLOOP_ONCE);
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
			 strlen(text));
}

/* Until the newline or the end; the length, 0 at the end. */
static size_t hear(int fd, char *line, size_t size)
{
	struct timespec start, now;
	size_t length = 0;
	ssize_t got;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		got = recv(fd, line + length, 1, 0);
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			break;
		if (got == 1 && line[length] == '\n')
			break;
		if (got == 1) {
			length++;
			assert_true(length < size);
			continue;
		}
		assert_int_equal(errno, EAGAIN);
		clock_gettime(CLOCK_MONOTONIC, &now);
		assert_true((now.tv_sec - start.tv_sec) * 1000 < DEADLINE_MS);
		turn();
	}
	line[length] = '\0';
	return length;
}

/* The next answer, which the caller puts. */
static struct json_object *answer_of(int fd)
{
	static char line[65536];
	struct json_object *answer;

	assert_true(hear(fd, line, sizeof(line)) > 0);
	answer = json_tokener_parse(line);
	assert_non_null(answer);
	return answer;
}

static bool granted(struct json_object *answer)
{
	struct json_object *ok;

	assert_true(json_object_object_get_ex(answer, "ok", &ok));
	return json_object_get_boolean(ok);
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(object, key, &value));
	return json_object_get_string(value);
}

static void expect_granted(const char *request)
{
	int fd = dial();
	struct json_object *answer;

	say(fd, request);
	answer = answer_of(fd);
	if (!granted(answer))
		fail_msg("%s: %s", request, text_of(answer, "error"));
	json_object_put(answer);
	close(fd);
}

/* The error names `part`, and the connection goes on or not as told. */
static void expect_refused_at(int fd, const char *part)
{
	struct json_object *answer = answer_of(fd);

	assert_false(granted(answer));
	if (!strstr(text_of(answer, "error"), part))
		fail_msg("\"%s\" does not say \"%s\"", text_of(answer, "error"),
			 part);
	json_object_put(answer);
}

static void expect_refused(const char *request, const char *part)
{
	int fd = dial();

	say(fd, request);
	expect_refused_at(fd, part);
	close(fd);
}

static void expect_end(int fd)
{
	char line[1024];

	assert_int_equal(hear(fd, line, sizeof(line)), 0);
	close(fd);
}

/* ---- status -------------------------------------------------------------- */

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
	int fd = dial();
	size_t i;

	(void)state;
	say(fd, "{\"command\":\"status\"}\n");
	answer = answer_of(fd);
	assert_true(granted(answer));
	assert_true(json_object_object_get_ex(answer, "status", &status));
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!json_object_object_get_ex(status, fields[i], &value))
			fail_msg("no field %s", fields[i]);
	assert_int_equal(json_object_object_length(status), i);
	assert_string_equal(text_of(status, "selector"), "isp-a");
	assert_string_equal(text_of(status, "uptime_s"), "60.000");
	assert_null(text_of(status, "last_switch"));
	json_object_put(answer);
	close(fd);
}

static void test_status_shows_rules(void **state)
{
	struct json_object *answer, *rules, *to;
	int fd = dial();

	(void)state;
	site.config.firewall = FIREWALL_AUTO;
	say(fd, "{\"command\":\"status\"}\n");
	answer = answer_of(fd);
	rules = json_object_object_get(json_object_object_get(answer, "status"),
				       "rules");
	assert_string_equal(text_of(rules, "firewall"), "auto");
	assert_string_equal(text_of(rules, "first_packets"), "true");
	assert_string_equal(text_of(rules, "because"),
			    "nft table inet house, chain forward: policy drop");
	assert_null(text_of(rules, "unasked"));
	to = json_object_object_get(rules, "to");
	assert_int_equal(json_object_array_length(to), 1);
	to = json_object_array_get_idx(to, 0);
	assert_string_equal(text_of(to, "prefix"), "10.8.0.0/16");
	assert_string_equal(text_of(to, "origin"), "IPsec policy");
	json_object_put(answer);

	site.config.firewall = FIREWALL_NONE;
	say(fd, "{\"command\":\"status\"}\n");
	answer = answer_of(fd);
	rules = json_object_object_get(json_object_object_get(answer, "status"),
				       "rules");
	assert_string_equal(text_of(rules, "first_packets"), "false");
	assert_string_equal(text_of(rules, "because"), "firewall = none");
	assert_string_equal(text_of(rules, "unasked"),
			    "nft table inet house, chain forward: policy drop");
	json_object_put(answer);
	site.config.firewall = FIREWALL_AUTO;
	close(fd);
}

static void test_status_shows_tracks(void **state)
{
	struct json_object *answer, *status, *uplink, *tracks, *track, *probe;
	int fd = dial();

	(void)state;
	site.tracks[0][1].state = TRACK_UP;
	site.tracks[0][1].raw = TRACK_DOWN;
	site.tracks[0][1].changed = 990500;
	site.tracks[0][1].due = 1002500;
	site.tracks[0][1].rtt_us_last = 1234;
	say(fd, "{\"command\":\"status\"}\n");
	answer = answer_of(fd);
	status = json_object_object_get(answer, "status");
	uplink = json_object_array_get_idx(
		json_object_object_get(status, "uplinks"), 0);
	tracks = json_object_object_get(uplink, "tracks");
	assert_int_equal(json_object_array_length(tracks), 2);
	track = json_object_array_get_idx(tracks, 1);
	assert_string_equal(text_of(uplink, "state"), "up");
	assert_string_equal(text_of(uplink, "next_hop"), "172.16.1.2");
	assert_null(text_of(uplink, "next_hop_mac"));
	assert_string_equal(text_of(track, "target"), "172.29.0.1");
	assert_string_equal(text_of(track, "state"), "up");
	assert_string_equal(text_of(track, "raw"), "down");
	assert_string_equal(text_of(track, "since_s"), "9.500");
	assert_string_equal(text_of(track, "pending_s"), "2.500");
	assert_string_equal(text_of(track, "rtt_ms"), "1.234");
	probe = json_object_object_get(track, "probe");
	assert_string_equal(text_of(probe, "window"), "20");
	assert_string_equal(text_of(probe, "probes"), "4");
	assert_string_equal(text_of(probe, "loss_percent"), "25.0");
	assert_string_equal(text_of(probe, "rtt_ms"), "1.500");
	assert_null(text_of(probe, "jitter_ms"));
	assert_string_equal(text_of(probe, "slow"), "5");
	assert_string_equal(text_of(probe, "duplicates"), "2");
	assert_string_equal(text_of(probe, "foreign"), "3");
	assert_string_equal(text_of(probe, "excused"), "4");
	assert_string_equal(text_of(probe, "armed"), "unsupported");
	track = json_object_array_get_idx(tracks, 0);
	assert_null(text_of(track, "rtt_ms"));
	assert_null(json_object_object_get(track, "probe"));
	json_object_put(answer);
	close(fd);
}

static struct json_object *ask_status(int fd)
{
	struct json_object *answer;

	say(fd, "{\"command\":\"status\"}\n");
	answer = answer_of(fd);
	assert_true(granted(answer));
	return answer;
}

static struct json_object *uplink_of(struct json_object *answer)
{
	struct json_object *status = json_object_object_get(answer, "status");

	return json_object_array_get_idx(
		json_object_object_get(status, "uplinks"), 0);
}

static void test_status_of_sessions(void **state)
{
	struct json_object *answer, *uplink;
	int fd = dial();

	(void)state;
	answer = ask_status(fd);
	uplink = uplink_of(answer);
	assert_string_equal(text_of(uplink, "sessions"), "42");
	assert_string_equal(text_of(uplink, "tcp_sessions"), "40");
	assert_string_equal(text_of(uplink, "bindings"), "7");
	assert_string_equal(text_of(uplink, "metered"), "false");
	assert_string_equal(text_of(uplink, "failback"), "sticky");
	assert_string_equal(text_of(uplink, "cut"), "false");
	assert_null(text_of(uplink, "cut_in_s"));
	assert_null(text_of(uplink, "home_in_s"));
	assert_null(text_of(uplink, "waits_s"));
	json_object_put(answer);
	counted = false;
	waits = 1007500;
	site.config.uplinks[0].metered = true;
	site.config.uplinks[0].failback = FAILBACK_DRAIN;
	site.desired.states[0] = TP_EXIT_DRAIN;
	failback.deadline = 1002500;
	failback.home_after = 999000; /* has passed */
	answer = ask_status(fd);
	uplink = uplink_of(answer);
	assert_null(text_of(uplink, "sessions"));
	assert_null(text_of(uplink, "bindings"));
	assert_string_equal(text_of(uplink, "state"), "drain");
	assert_string_equal(text_of(uplink, "metered"), "true");
	assert_string_equal(text_of(uplink, "failback"), "drain");
	assert_string_equal(text_of(uplink, "cut_in_s"), "2.500");
	assert_string_equal(text_of(uplink, "home_in_s"), "0.000");
	assert_string_equal(text_of(uplink, "waits_s"), "7.500");
	json_object_put(answer);
	close(fd);
}

static void test_status_of_published_servers(void **state)
{
	struct json_object *answer, *list, *item;
	int fd = dial();

	(void)state;
	site.config.publishes_count = 1;
	site.config.publishes[0] = (struct publish_config){
		.name = "web",
		.first = 8000,
		.last = 8099,
		.to_first = 9000,
		.to_last = 9099,
		.filtering = TP_FILTER_ENDPOINT,
	};
	address_parse("192.168.0.10", &site.config.publishes[0].to);
	answer = ask_status(fd);
	list = json_object_object_get(json_object_object_get(answer, "status"),
				      "published");
	assert_int_equal(json_object_array_length(list), 1);
	item = json_object_array_get_idx(list, 0);
	assert_string_equal(text_of(item, "name"), "web");
	assert_string_equal(text_of(item, "uplink"), "isp-a");
	assert_string_equal(text_of(item, "protocol"), "tcp");
	assert_string_equal(text_of(item, "ports"), "[ 8000, 8099 ]");
	assert_string_equal(text_of(item, "to"), "192.168.0.10");
	assert_string_equal(text_of(item, "to_ports"), "[ 9000, 9099 ]");
	assert_string_equal(text_of(item, "filtering"), "endpoint-independent");
	assert_string_equal(text_of(item, "open"), "99");
	assert_string_equal(text_of(item, "state"), "99 of 100 open, 8080 not");
	assert_string_equal(text_of(item, "why"),
			    "the gateway itself listens there");
	assert_string_equal(text_of(item, "inside"), "true");
	json_object_put(answer);
	close(fd);
}

static void test_status_of_a_wish(void **state)
{
	struct json_object *answer, *status, *intent;
	int fd = dial();

	(void)state;
	site.intent = (struct intent){
		.kind = INTENT_DRAIN,
		.uplink = "isp-a",
		.since = 999000,
		.until = 1060000,
		.drain = 5000,
		.force = true,
	};
	site.desired.degraded = true;
	answer = ask_status(fd);
	status = json_object_object_get(answer, "status");
	intent = json_object_object_get(status, "intent");
	assert_string_equal(text_of(status, "degraded"), "true");
	assert_string_equal(text_of(intent, "kind"), "drain");
	assert_string_equal(text_of(intent, "uplink"), "isp-a");
	assert_string_equal(text_of(intent, "since_s"), "1.000");
	assert_string_equal(text_of(intent, "left_s"), "60.000");
	assert_string_equal(text_of(intent, "drain_s"), "5.000");
	assert_string_equal(text_of(intent, "force"), "true");
	json_object_put(answer);
	close(fd);
}

static void test_status_of_a_partner_and_a_switch(void **state)
{
	struct json_object *answer, *status, *last, *partner;
	int fd = dial();

	(void)state;
	site.event = 8;
	site.last.event = 7;
	site.last.from = 0;
	site.last.to = MODEL_PARTNER;
	site.last.at = 999000;
	site.facts.partner.mac_known = true;
	site.facts.partner.links[0].known = true;
	memcpy(site.facts.partner.links[0].mac, "\x02\0\0\0\0\x04", 6);
	say(fd, "{\"command\":\"status\"}\n");
	answer = answer_of(fd);
	status = json_object_object_get(answer, "status");
	last = json_object_object_get(status, "last_switch");
	assert_string_equal(text_of(last, "from"), "isp-a");
	assert_string_equal(text_of(last, "to"), "partner");
	assert_string_equal(text_of(last, "ago_s"), "1.000");
	partner = json_object_object_get(status, "partner");
	assert_string_equal(text_of(partner, "type"), "router");
	assert_string_equal(text_of(partner, "address"), "192.168.0.4");
	assert_string_equal(text_of(partner, "mac"), "02:00:00:00:00:04");
	json_object_put(answer);
	close(fd);
}

/* ---- flip ---------------------------------------------------------------- */

static void expect_flip(const char *to, enum intent_kind kind,
			const char *uplink)
{
	char request[128];

	memset(&asked, 0xff, sizeof(asked));
	snprintf(request, sizeof(request),
		 "{\"command\":\"flip\",\"to\":\"%s\"}\n", to);
	expect_granted(request);
	assert_int_equal(asked.kind, kind);
	assert_int_equal(asked.since, site_now());
	assert_string_equal(asked.uplink, uplink);
}

static void test_flip_by_name(void **state)
{
	(void)state;
	expect_flip("isp-a", INTENT_UPLINK, "isp-a");
	expect_flip("partner", INTENT_PARTNER, "");
	expect_flip("auto", INTENT_AUTO, "");
}

static void test_flip_aliases_where_the_primary_is_here(void **state)
{
	(void)state;
	expect_flip("primary", INTENT_UPLINK, "isp-a");
	expect_flip("backup", INTENT_PARTNER, "");
}

static void test_flip_aliases_where_the_primary_is_the_partner(void **state)
{
	(void)state;
	site.config.uplinks[0].level = 3;
	add_uplink("isp-b", 2);
	expect_flip("primary", INTENT_PARTNER, "");
	expect_flip("backup", INTENT_UPLINK, "isp-b");
}

static void test_flip_aliases_without_a_partner(void **state)
{
	(void)state;
	site.config.partner.type = TP_PARTNER_NONE;
	expect_flip("primary", INTENT_UPLINK, "isp-a");
	expect_refused("{\"command\":\"flip\",\"to\":\"backup\"}\n",
		       "no backup exit");
	add_uplink("lte", 5);
	add_uplink("isp-b", 2);
	expect_flip("backup", INTENT_UPLINK, "isp-b");
	site.config.uplinks[0].level = 9;
	expect_flip("primary", INTENT_UPLINK, "isp-b");
	expect_flip("backup", INTENT_UPLINK, "lte");
}

static void test_flip_answers_what_is_now(void **state)
{
	struct json_object *answer;
	int fd = dial();

	(void)state;
	say(fd, "{\"command\":\"flip\",\"to\":\"partner\"}\n");
	answer = answer_of(fd);
	assert_true(granted(answer));
	assert_string_equal(text_of(answer, "selector"), "partner");
	assert_string_equal(text_of(answer, "event"), "1");
	json_object_put(answer);
	close(fd);
}

static void test_flip_says_why_not(void **state)
{
	(void)state;
	set_intent_result = -ENOENT;
	expect_refused("{\"command\":\"flip\",\"to\":\"isp-x\"}\n",
		       "flip isp-x: there is no uplink \"isp-x\"");
	set_intent_result = 0;
	expect_refused("{\"command\":\"flip\"}\n", "\"to\" is missing");
	expect_refused("{\"command\":\"flip\",\"to\":7}\n",
		       "\"to\" is missing");
	expect_refused(
		"{\"command\":\"flip\",\"to\":\"isp-a-with-a-long-name\"}\n",
		"longer than 15");
}

static void test_flip_options(void **state)
{
	(void)state;
	expect_flip("isp-a", INTENT_UPLINK, "isp-a");
	assert_int_equal(asked.until, 0);
	assert_int_equal(asked.drain, 0);
	assert_false(asked.force);
	expect_granted("{\"command\":\"flip\",\"to\":\"isp-a\","
		       "\"for_ms\":7200000,\"drain_ms\":1000,"
		       "\"force\":true}\n");
	assert_int_equal(asked.until, site_now() + 7200000);
	assert_int_equal(asked.drain, 1000);
	assert_true(asked.force);
	expect_granted("{\"command\":\"flip\",\"to\":\"auto\","
		       "\"drain_ms\":5000,\"force\":false}\n");
	assert_int_equal(asked.kind, INTENT_AUTO);
	assert_int_equal(asked.drain, 5000);
}

static void test_flip_options_that_cannot_be(void **state)
{
	static const struct {
		const char *fields, *part;
	} bad[] = {
		{ "\"to\":\"isp-a\",\"for_ms\":999",
		  "\"for_ms\" is no number" },
		{ "\"to\":\"isp-a\",\"for_ms\":-5", "\"for_ms\" is no number" },
		{ "\"to\":\"isp-a\",\"for_ms\":\"2h\"", "\"for_ms\"" },
		{ "\"to\":\"isp-a\",\"for_ms\":null", "\"for_ms\"" },
		{ "\"to\":\"isp-a\",\"drain_ms\":1000.5", "\"drain_ms\"" },
		{ "\"to\":\"isp-a\",\"drain_ms\":99999999999999",
		  "\"drain_ms\"" },
		{ "\"to\":\"isp-a\",\"force\":1", "neither true nor false" },
		{ "\"to\":\"auto\",\"for_ms\":5000", "auto is neither" },
		{ "\"to\":\"auto\",\"force\":true", "auto is neither" },
	};
	char request[200];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(request, sizeof(request),
			 "{\"command\":\"flip\",%s}\n", bad[i].fields);
		asked.since = -1;
		expect_refused(request, bad[i].part);
		assert_int_equal(asked.since, -1); /* nothing was asked */
	}
}

static void test_drain(void **state)
{
	(void)state;
	expect_granted("{\"command\":\"drain\",\"to\":\"isp-a\"}\n");
	assert_int_equal(asked.kind, INTENT_DRAIN);
	assert_string_equal(asked.uplink, "isp-a");
	assert_int_equal(asked.drain, 0);
	expect_granted("{\"command\":\"drain\",\"to\":\"isp-a\","
		       "\"drain_ms\":600000}\n");
	assert_int_equal(asked.drain, 600000);
	expect_refused("{\"command\":\"drain\"}\n", "\"to\" is missing");
	expect_refused("{\"command\":\"drain\",\"to\":\"isp-a\","
		       "\"drain_ms\":0}\n",
		       "drain isp-a: \"drain_ms\"");
	expect_refused(
		"{\"command\":\"drain\",\"to\":\"isp-a-with-a-long-name\"}\n",
		"no uplink is called that");
	set_intent_result = -ENOENT;
	expect_refused("{\"command\":\"drain\",\"to\":\"isp-x\"}\n",
		       "drain isp-x: there is no uplink \"isp-x\"");
}

/* ---- events -------------------------------------------------------------- */

static struct json_object *events_of(int fd, size_t count)
{
	struct json_object *answer = answer_of(fd), *list;

	assert_true(granted(answer));
	assert_true(json_object_object_get_ex(answer, "events", &list));
	assert_int_equal(json_object_array_length(list), count);
	return answer;
}

static void test_events(void **state)
{
	struct json_object *answer, *list;
	int fd = dial();

	(void)state;
	say(fd, "{\"command\":\"events\"}\n");
	json_object_put(events_of(fd, 0));
	log_change(3, "selector", "isp-a", "partner", "isp-a is dead");
	say(fd, "{\"command\":\"events\"}\n");
	answer = events_of(fd, 1);
	json_object_object_get_ex(answer, "events", &list);
	assert_string_equal(text_of(json_object_array_get_idx(list, 0), "to"),
			    "partner");
	json_object_put(answer);
	say(fd, "{\"command\":\"events\",\"follow\":1}\n");
	expect_refused_at(fd, "neither true nor false");
	close(fd);
}

#define FOLLOW "{\"command\":\"events\",\"follow\":true}\n"

static void test_events_are_followed(void **state)
{
	struct json_object *event;
	int fd = dial(), gone = dial();

	(void)state;
	log_change(1, "selector", "none", "isp-a", "the start");
	say(fd, FOLLOW);
	json_object_put(events_of(fd, 1));
	say(gone, FOLLOW);
	json_object_put(events_of(gone, 1));
	/* It is not asked for anything any more, and is no client. */
	say(fd, "{\"command\":\"status\"}\n");
	turn();
	close(gone);
	for (unsigned i = 2; i < 5; i++) {
		log_change(i, "selector", "isp-a", "partner", "it is dead");
		event = answer_of(fd);
		assert_string_equal(text_of(event, "what"), "selector");
		assert_int_equal(atoi(text_of(event, "serial")), i);
		json_object_put(event);
	}
	close(fd);
}

/* The daemon does not wait for who does not read, nor keeps all for him. */
static void test_events_are_not_hoarded(void **state)
{
	char because[200], line[1024];
	int fd = dial();
	size_t lines = 0;

	(void)state;
	memset(because, 'b', sizeof(because) - 1);
	because[sizeof(because) - 1] = '\0';
	say(fd, FOLLOW);
	json_object_put(events_of(fd, 0));
	for (unsigned i = 0; i < 10000; i++) {
		log_change(i, "track", "up", "down", because);
		if (i % 100 == 0)
			turn();
	}
	while (hear(fd, line, sizeof(line)))
		lines++;
	assert_in_range(lines, 100, 9999);
	close(fd);
}

/* ---- explain ------------------------------------------------------------- */

#define EXPLAIN(more)                                           \
	"{\"command\":\"explain\",\"source\":\"192.168.0.10\"," \
	"\"destination\":\"8.8.8.8\"" more "}\n"

static void test_explain(void **state)
{
	(void)state;
	expect_granted(EXPLAIN(""));
	assert_int_equal(explained.proto, IPPROTO_TCP);
	assert_int_equal(ntohs(explained.destination_port), 443);
	assert_int_equal(explained.source_port, 0);
	expect_granted(EXPLAIN(",\"protocol\":\"udp\",\"ports\":\"7:53\""));
	assert_int_equal(explained.proto, IPPROTO_UDP);
	assert_int_equal(ntohs(explained.destination_port), 53);
	assert_int_equal(ntohs(explained.source_port), 7);
	expect_granted(EXPLAIN(",\"protocol\":\"icmp\",\"ports\":\"9\""));
	assert_int_equal(ntohs(explained.source_port), 9);
	expect_granted(EXPLAIN(",\"protocol\":\"47\""));
	assert_int_equal(explained.proto, 47);
}

static void test_explain_refuses(void **state)
{
	static const char *const bad[][2] = {
		{ EXPLAIN(",\"protocol\":\"256\""), "none of tcp" },
		{ EXPLAIN(",\"ports\":\"\""), "neither a port" },
		{ EXPLAIN(",\"ports\":\":\""), "neither a port" },
		{ EXPLAIN(",\"ports\":\"1:65536\""), "neither a port" },
		{ EXPLAIN(",\"ports\":\"-1\""), "neither a port" },
		{ "{\"command\":\"explain\"}\n", "\"source\" is missing" },
		{ "{\"command\":\"explain\",\"source\":\"::1\"}\n",
		  "'::1' is no IPv4 address" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(bad[i][0], bad[i][1]);
}

/* ---- simulate ------------------------------------------------------------ */

static void test_simulate(void **state)
{
	struct json_object *answer, *sessions, *value;
	int fd = dial();

	(void)state;
	say(fd,
	    "{\"command\":\"simulate\",\"what\":\"down\",\"to\":\"isp-a\"}\n");
	answer = answer_of(fd);
	assert_true(granted(answer));
	assert_string_equal(text_of(answer, "from"), "isp-a");
	assert_string_equal(text_of(answer, "to"), "none");
	assert_string_equal(text_of(answer, "reason"), "nothing is up");
	json_object_object_get_ex(answer, "sessions", &sessions);
	/* Of the census: 40 of 42 are TCP. */
	json_object_object_get_ex(sessions, "told", &value);
	assert_int_equal(json_object_get_int(value), 40);
	json_object_object_get_ex(sessions, "refused", &value);
	assert_int_equal(json_object_get_int(value), 2);
	json_object_put(answer);
	close(fd);
	expect_refused("{\"command\":\"simulate\",\"what\":\"up\"}\n",
		       "it is \"down\"");
	expect_refused("{\"command\":\"simulate\",\"what\":\"down\","
		       "\"to\":\"isp-x\"}\n",
		       "there is no uplink \"isp-x\"");
}

/* ---- reload -------------------------------------------------------------- */

static void test_reload(void **state)
{
	(void)state;
	strcpy(site.config.file, "/etc/twinpath/test.conf");
	reloads = wrong = 0;
	expect_granted("{\"command\":\"reload\"}\n");
	assert_int_equal(reloads, 1);
	wrong = 1;
	expect_refused("{\"command\":\"reload\"}\n",
		       "/etc/twinpath/test.conf:7: error: no such key; nothing "
		       "was changed");
	wrong = 3;
	expect_refused("{\"command\":\"reload\"}\n", "(and 2 more)");
}

/* ---- detach -------------------------------------------------------------- */

static void test_detach_answers_all_when_done(void **state)
{
	int first = dial(), second = dial(), third = dial();
	struct json_object *answer;
	char byte;

	(void)state;
	say(first, "{\"command\":\"detach\"}\n");
	say(second, "{\"command\":\"detach\"}\n");
	while (!detaches)
		turn();
	say(third, "{\"command\":\"flip\",\"to\":\"auto\"}\n");
	expect_refused_at(third, "detaching");
	close(third);
	assert_int_equal(recv(first, &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	detached(detached_arg);
	answer = answer_of(first);
	assert_true(granted(answer));
	json_object_put(answer);
	answer = answer_of(second);
	assert_true(granted(answer));
	json_object_put(answer);
	assert_int_equal(detaches, 1);
	expect_end(first);
	expect_end(second);
}

static void test_detach_answer_leaves_with_the_daemon(void **state)
{
	int fd = dial();
	char line[256];

	(void)state;
	say(fd, "{\"command\":\"detach\"}\n");
	while (!detaches)
		turn();
	detached(detached_arg);
	control_close(control); /* no turn of the loop in between */
	control = NULL;
	assert_true(recv(fd, line, sizeof(line), 0) > 0);
	assert_memory_equal(line, "{\"ok\":true}\n", 12);
	close(fd);
}

/* ---- bad clients --------------------------------------------------------- */

static void test_bad_lines(void **state)
{
	(void)state;
	expect_refused("hello\n", "not a line of JSON");
	expect_refused("\n", "not a line of JSON");
	expect_refused("[1,2]\n", "no object");
	expect_refused("null\n", "no object");
	expect_refused("{\"command\":\"status\"\n", "unexpected end");
	expect_refused("{\"command\":\"status\"} x\n", "not a line of JSON");
	expect_refused("{}\n", "no \"command\"");
	expect_refused("{\"command\":[]}\n", "no \"command\"");
	expect_refused("{\"command\":\"reboot\"}\n", "unknown command");
	expect_granted("{\"command\":\"status\"}\n");
}

static void test_a_nul_hides_nothing(void **state)
{
	static const char request[] = "{\"command\":\"status\"}\0junk\n";
	int fd = dial();

	(void)state;
	assert_int_equal(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL),
			 sizeof(request) - 1);
	expect_refused_at(fd, "NUL");
	close(fd);
}

static void test_an_error_does_not_end_the_connection(void **state)
{
	int fd = dial();
	struct json_object *answer;

	(void)state;
	say(fd, "x\n{\"command\":\"status\"}\n");
	expect_refused_at(fd, "JSON");
	answer = answer_of(fd);
	assert_true(granted(answer));
	json_object_put(answer);
	close(fd);
}

static void test_requests_before_the_end_are_answered(void **state)
{
	int fd = dial();
	int i;

	(void)state;
	say(fd, "{}\n{}\n{}\n{\"comm");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	for (i = 0; i < 3; i++)
		expect_refused_at(fd, "no \"command\"");
	expect_refused_at(fd, "does not end with a newline");
	expect_end(fd);
}

static void test_too_long_a_line(void **state)
{
	static char junk[32768];
	int fd = dial();
	size_t sent = 0;
	ssize_t n;

	(void)state;
	memset(junk, 'x', sizeof(junk));
	while (sent < 3 * sizeof(junk)) {
		n = send(fd, junk, sizeof(junk), MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			break; /* told and closed already */
		sent += n > 0 ? (size_t)n : 0;
		turn();
	}
	expect_refused_at(fd, "longer than 64 KiB");
	expect_end(fd);
	expect_granted("{\"command\":\"status\"}\n");
}

static void test_a_silent_client_is_told(void **state)
{
	int silent = dial();

	(void)state;
	say(silent, "{\"command\":");
	expect_granted("{\"command\":\"status\"}\n"); /* blocks nobody */
	expect_refused_at(silent, "no request within 5 s");
	expect_end(silent);
}

/* One that asks and asks without reading costs one answer of memory. */
static void test_a_deaf_client_is_not_served_ahead(void **state)
{
	static const char request[] =
		"{\"command\":\"flip\",\"to\":\"auto\"}\n";
	int fd = dial();
	unsigned asks = 0, turns;

	(void)state;
	for (turns = 0; turns < 200; turns++) {
		while (send(fd, request, strlen(request), MSG_NOSIGNAL) > 0)
			asks++;
		turn();
	}
	assert_true(asks > 1000);
	assert_true(site.event < asks);
	expect_granted("{\"command\":\"status\"}\n");
	close(fd);
}

static void test_clients_are_bounded(void **state)
{
	int fds[33];
	int i;

	(void)state;
	for (i = 0; i < 33; i++) {
		fds[i] = dial();
		turn();
	}
	expect_refused_at(fds[32], "too many clients");
	for (i = 0; i < 33; i++)
		close(fds[i]);
	turn();
	turn();
	expect_granted("{\"command\":\"status\"}\n");
}

/* ---- who may ------------------------------------------------------------- */

/*
 * Whether `uid` may flip.  Credentials are taken at connect(), so being
 * somebody else for that one call is enough.
 */
static bool may_flip(uid_t uid, gid_t gid, gid_t supplementary)
{
	struct json_object *answer;
	bool may;
	int fd;

	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(setgroups(1, &supplementary), 0);
	assert_int_equal(setegid(gid), 0);
	assert_int_equal(seteuid(uid), 0);
	fd = dial();
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
	assert_int_equal(setgroups(0, NULL), 0);
	say(fd, "{\"command\":\"status\"}\n");
	answer = answer_of(fd);
	assert_true(granted(answer));
	json_object_put(answer);
	say(fd, "{\"command\":\"flip\",\"to\":\"auto\"}\n");
	answer = answer_of(fd);
	may = granted(answer);
	if (!may)
		assert_non_null(
			strstr(text_of(answer, "error"), "not permitted"));
	json_object_put(answer);
	close(fd);
	return may;
}

static void reopen(void)
{
	control_close(control);
	control = NULL;
	assert_int_equal(control_open(&control, &site, path), 0);
}

static void test_changes_are_for_root_and_the_group(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_true(may_flip(0, 65534, 65534));
	assert_false(may_flip(65534, 65534, TEST_GROUP));
	assert_false(may_flip(65534, TEST_GROUP, 65534));
	group_exists = true;
	reopen();
	assert_true(may_flip(65534, 65534, TEST_GROUP));
	assert_true(may_flip(65534, TEST_GROUP, 65534));
	assert_false(may_flip(65534, 65534, 65534));
	assert_true(may_flip(0, 0, 0));
	assert_int_equal(site.event, 4);
}

static void test_the_file_has_mode_and_group(void **state)
{
	struct stat file;

	(void)state;
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0660);
	if (geteuid() != 0)
		skip();
	group_exists = true;
	reopen();
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0660);
	assert_int_equal(file.st_gid, TEST_GROUP);
}

/* ---- the file ------------------------------------------------------------ */

/* It fails, and says so in one line that has `part`. */
static int open_refused(const char *at, const char *part)
{
	char line[512] = "";
	struct control *none = NULL;
	int saved = dup(STDERR_FILENO);
	FILE *log = tmpfile();
	int err;

	assert_non_null(log);
	fflush(stderr);
	dup2(fileno(log), STDERR_FILENO);
	err = control_open(&none, &site, at);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(log);
	assert_non_null(fgets(line, sizeof(line), log));
	assert_non_null(strstr(line, part));
	assert_null(fgets(line, sizeof(line), log));
	fclose(log);
	assert_null(none);
	return err;
}

static void test_a_living_socket_is_not_taken(void **state)
{
	(void)state;
	assert_int_equal(open_refused(path, "another twinpathd"), -EADDRINUSE);
	expect_granted("{\"command\":\"status\"}\n");
}

static void test_a_stale_socket_is_replaced(void **state)
{
	char aside[128];

	(void)state;
	/* A daemon that was killed leaves its file: keep it past the close. */
	snprintf(aside, sizeof(aside), "%s.aside", path);
	assert_int_equal(link(path, aside), 0);
	control_close(control);
	control = NULL;
	assert_int_equal(rename(aside, path), 0);
	assert_int_equal(control_open(&control, &site, path), 0);
	expect_granted("{\"command\":\"status\"}\n");
}

static void test_another_file_is_left_alone(void **state)
{
	struct stat file;
	FILE *other;

	(void)state;
	control_close(control);
	control = NULL;
	other = fopen(path, "w");
	assert_non_null(other);
	fclose(other);
	assert_int_equal(open_refused(path, "is no socket: remove it"),
			 -EEXIST);
	assert_int_equal(stat(path, &file), 0);
	assert_true(S_ISREG(file.st_mode));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(control_open(&control, &site, path), 0);
}

static void test_a_successor_keeps_its_file(void **state)
{
	struct control *first = control;
	struct stat file;

	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(control_open(&control, &site, path), 0);
	control_close(first);
	assert_int_equal(stat(path, &file), 0);
	expect_granted("{\"command\":\"status\"}\n");
}

static void test_paths_that_cannot_be(void **state)
{
	char long_path[200];

	(void)state;
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(open_refused(long_path, "too long"), -ENAMETOOLONG);
	assert_int_equal(open_refused("/nonexistent/control",
				      "/nonexistent/control: cannot listen"),
			 -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_status_has_every_field),
		TEST(test_status_shows_rules),
		TEST(test_status_shows_tracks),
		TEST(test_status_of_sessions),
		TEST(test_status_of_a_wish),
		TEST(test_status_of_published_servers),
		TEST(test_status_of_a_partner_and_a_switch),
		TEST(test_flip_by_name),
		TEST(test_flip_aliases_where_the_primary_is_here),
		TEST(test_flip_aliases_where_the_primary_is_the_partner),
		TEST(test_flip_aliases_without_a_partner),
		TEST(test_flip_answers_what_is_now),
		TEST(test_flip_says_why_not),
		TEST(test_flip_options),
		TEST(test_flip_options_that_cannot_be),
		TEST(test_drain),
		TEST(test_events),
		TEST(test_events_are_followed),
		TEST(test_events_are_not_hoarded),
		TEST(test_explain),
		TEST(test_explain_refuses),
		TEST(test_simulate),
		TEST(test_reload),
		TEST(test_detach_answers_all_when_done),
		TEST(test_detach_answer_leaves_with_the_daemon),
		TEST(test_bad_lines),
		TEST(test_a_nul_hides_nothing),
		TEST(test_an_error_does_not_end_the_connection),
		TEST(test_requests_before_the_end_are_answered),
		TEST(test_too_long_a_line),
		TEST(test_a_silent_client_is_told),
		TEST(test_a_deaf_client_is_not_served_ahead),
		TEST(test_clients_are_bounded),
		TEST(test_changes_are_for_root_and_the_group),
		TEST(test_the_file_has_mode_and_group),
		TEST(test_a_living_socket_is_not_taken),
		TEST(test_a_stale_socket_is_replaced),
		TEST(test_another_file_is_left_alone),
		TEST(test_a_successor_keeps_its_file),
		TEST(test_paths_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request.c - the commands of the control socket.
 *
 * Owns: what a command means and who may give it.  It knows no socket, and it
 * changes the site only through site_set_intent, site_reload and site_detach.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "duration.h"
#include "log.h"
#include "request_private.h"
#include "site.h"
#include "status.h"

struct json_object *request_granted(void)
{
	struct json_object *answer = json_object_new_object();

	json_object_object_add(answer, "ok", json_object_new_boolean(true));
	return answer;
}

struct json_object *request_refused(const char *format, ...)
{
	struct json_object *answer = json_object_new_object();
	char sentence[512];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	json_object_object_add(answer, "ok", json_object_new_boolean(false));
	json_object_object_add(answer, "error",
			       json_object_new_string(sentence));
	return answer;
}

const char *request_text(const struct request *request, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(request->json, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

/*
 * The time in a field, which may be missing.  False after saying what is wrong:
 * it is no whole number of milliseconds from 1 s to a year.
 */
static bool request_time(const struct request *request, const char *key,
			 msec_t *out, char why[MODEL_REASON])
{
	struct json_object *value;
	int64_t time;

	*out = 0;
	if (!json_object_object_get_ex(request->json, key, &value))
		return true;
	time = json_object_get_int64(value);
	if (json_object_is_type(value, json_type_int) && time >= 1000 &&
	    time <= DURATION_MAX) {
		*out = time;
		return true;
	}
	snprintf(why, MODEL_REASON,
		 "\"%s\" is no number of milliseconds from 1000 (1s) to "
		 "%lld (8760h)",
		 key, (long long)DURATION_MAX);
	return false;
}

bool request_flag(const struct request *request, const char *key, bool *out,
		  char why[MODEL_REASON])
{
	struct json_object *value;

	*out = false;
	if (!json_object_object_get_ex(request->json, key, &value))
		return true;
	*out = json_object_get_boolean(value);
	if (json_object_is_type(value, json_type_boolean))
		return true;
	snprintf(why, MODEL_REASON, "\"%s\" is neither true nor false", key);
	return false;
}

static struct json_object *request_status(const struct request *request)
{
	struct json_object *answer = request_granted();

	json_object_object_add(answer, "status", status_json(request->site));
	return answer;
}

/* ---- flip ---------------------------------------------------------------- */

/* The uplink with the lowest level, other than `not`; MODEL_NOBODY: none. */
static int best_uplink(const struct config *config, int not )
{
	int best = MODEL_NOBODY;
	int i;

	for (i = 0; i < (int)config->uplinks_count; i++)
		if (i != not &&(best == MODEL_NOBODY ||
				config->uplinks[i].level <
					config->uplinks[best].level))
			best = i;
	return best;
}

/* The site's best exit: ours when it has level 1, else the partner's. */
static int primary(const struct config *config)
{
	int best = best_uplink(config, MODEL_NOBODY);

	if (best != MODEL_NOBODY && config->uplinks[best].level == 1)
		return best;
	return config->partner.type == TP_PARTNER_NONE ? best : MODEL_PARTNER;
}

/* The one after it: the partner, or where there is none our second uplink. */
static int backup(const struct config *config)
{
	int first = primary(config);

	if (first == MODEL_PARTNER)
		return best_uplink(config, MODEL_NOBODY);
	if (config->partner.type != TP_PARTNER_NONE)
		return MODEL_PARTNER;
	return best_uplink(config, first);
}

static void intent_to(struct intent *intent, const struct config *config,
		      int candidate)
{
	if (candidate == MODEL_PARTNER) {
		intent->kind = INTENT_PARTNER;
		return;
	}
	intent->kind = INTENT_UPLINK;
	strcpy(intent->uplink, config->uplinks[candidate].name);
}

/* Returns 0, or -ENOENT with the sentence in `why`. */
static int parse_intent(const struct config *config, const char *to,
			struct intent *intent, char why[MODEL_REASON])
{
	bool alias = !strcmp(to, "primary") || !strcmp(to, "backup");
	int candidate;

	if (alias) {
		candidate = *to == 'p' ? primary(config) : backup(config);
		if (candidate == MODEL_NOBODY) {
			snprintf(
				why, MODEL_REASON,
				"this site has no %s exit: one uplink, no partner",
				to);
			return -ENOENT;
		}
		intent_to(intent, config, candidate);
	} else if (!strcmp(to, "auto")) {
		intent->kind = INTENT_AUTO;
	} else if (!strcmp(to, "partner")) {
		intent->kind = INTENT_PARTNER;
	} else if (strlen(to) < sizeof(intent->uplink)) {
		intent->kind = INTENT_UPLINK;
		strcpy(intent->uplink, to);
	} else {
		snprintf(why, MODEL_REASON,
			 "no uplink has a name longer than %zu characters",
			 sizeof(intent->uplink) - 1);
		return -ENOENT;
	}
	return 0;
}

/* How long, how gently, how firmly. */
static int parse_options(const struct request *request, struct intent *intent,
			 char why[MODEL_REASON])
{
	msec_t length;

	if (!request_time(request, "for_ms", &length, why) ||
	    !request_time(request, "drain_ms", &intent->drain, why) ||
	    !request_flag(request, "force", &intent->force, why))
		return -EINVAL;
	intent->until = length ? intent->since + length : 0;
	if (intent->kind == INTENT_AUTO && (length || intent->force)) {
		snprintf(why, MODEL_REASON, "auto is neither forced nor ended");
		return -EINVAL;
	}
	return 0;
}

/* What is now, after a wish was granted. */
static struct json_object *decision(const struct site *site)
{
	const struct desired *desired = &site->desired;
	struct json_object *answer = request_granted();

	json_object_object_add(answer, "selector",
			       json_object_new_string(decide_name(
				       &site->config, desired->selector)));
	json_object_object_add(answer, "event",
			       json_object_new_int64(site->event));
	json_object_object_add(answer, "reason",
			       json_object_new_string(desired->reason));
	json_object_object_add(answer, "degraded",
			       json_object_new_boolean(desired->degraded));
	return answer;
}

static struct json_object *request_flip(const struct request *request)
{
	struct site *site = request->site;
	struct intent intent = { .since = site_now() };
	const char *to = request_text(request, "to");
	char why[MODEL_REASON] = "";
	int err;

	if (!to || !*to)
		return request_refused(
			"flip: \"to\" is missing: the name of an uplink, partner, auto, primary or backup");
	err = parse_intent(&site->config, to, &intent, why);
	if (!err)
		err = parse_options(request, &intent, why);
	if (!err)
		err = site_set_intent(site, &intent, why);
	if (err)
		return request_refused("flip %s: %s", to,
				       *why ? why : strerror(-err));
	return decision(site);
}

/* Takes an uplink's own name only: it is about a cable, not about a rank. */
static struct json_object *request_drain(const struct request *request)
{
	struct site *site = request->site;
	struct intent intent = { .kind = INTENT_DRAIN, .since = site_now() };
	const char *to = request_text(request, "to");
	char why[MODEL_REASON] = "";
	int err = 0;

	if (!to || !*to)
		return request_refused(
			"drain: \"to\" is missing: the name of an uplink");
	if (strlen(to) < sizeof(intent.uplink)) {
		strcpy(intent.uplink, to);
	} else {
		snprintf(why, sizeof(why), "no uplink is called that");
		err = -ENOENT;
	}
	if (!err)
		err = parse_options(request, &intent, why);
	if (!err)
		err = site_set_intent(site, &intent, why);
	if (err)
		return request_refused("drain %s: %s", to,
				       *why ? why : strerror(-err));
	return decision(site);
}

static struct json_object *request_detach(const struct request *request)
{
	int err = 0;

	/* A second asker waits for the same end. */
	if (!request->site->detaching)
		err = site_detach(request->site, request->detached,
				  request->arg);
	return err ? request_refused("detach: %s", strerror(-err)) : NULL;
}

/* ---- dispatch ------------------------------------------------------------ */

static const struct {
	const char *name;
	struct json_object *(*serve)(const struct request *request);
	bool changes;
} commands[] = {
	{ "status", request_status, false },
	{ "events", request_events, false },
	{ "doctor", request_doctor, false },
	{ "explain", request_explain, false },
	{ "simulate", request_simulate, false },
	{ "flip", request_flip, true },
	{ "drain", request_drain, true },
	{ "reload", request_reload, true },
	{ "detach", request_detach, true },
};

static struct json_object *request_dispatch(const struct request *request)
{
	const struct request_peer *peer = request->peer;
	const char *name = request_text(request, "command");
	size_t i;

	if (!name)
		return request_refused("the request has no \"command\"");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			break;
	if (i == sizeof(commands) / sizeof(commands[0]))
		return request_refused("unknown command \"%.64s\"", name);
	if (!commands[i].changes)
		return commands[i].serve(request);
	if (!peer->may_change) {
		log_warning("control: %s refused to uid %u (pid %d)", name,
			    peer->uid, peer->pid);
		return request_refused(
			"%s: not permitted: be root or a member of the group twinpath",
			name);
	}
	if (request->site->detaching && commands[i].serve != request_detach)
		return request_refused("%s: twinpathd is detaching", name);
	log_info("control: %s asked by uid %u (pid %d)", name, peer->uid,
		 peer->pid);
	return commands[i].serve(request);
}

/* Strict: one object, and nothing after it. */
static struct json_object *parse(const char *line, size_t length,
				 const char **error)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *json;
	enum json_tokener_error state;

	*error = "no memory";
	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
						JSON_TOKENER_VALIDATE_UTF8);
	/* With its NUL, which tells the tokener that no more will come. */
	json = json_tokener_parse_ex(tokener, line, (int)length + 1);
	state = json_tokener_get_error(tokener);
	*error = json_tokener_error_desc(state);
	json_tokener_free(tokener);
	if (state != json_tokener_success)
		return NULL;
	if (json_object_is_type(json, json_type_object))
		return json;
	*error = "no object";
	json_object_put(json);
	return NULL;
}

struct json_object *request_serve(struct site *site, const char *line,
				  size_t length,
				  const struct request_peer *peer,
				  void (*detached)(void *arg), void *arg,
				  bool *follow)
{
	struct request request = {
		.site = site,
		.peer = peer,
		.detached = detached,
		.arg = arg,
		.follow = follow,
	};
	struct json_object *answer;
	const char *error;

	error = "a NUL in it";
	if (strlen(line) == length)
		request.json = parse(line, length, &error);
	if (!request.json)
		return request_refused("the request is not a line of JSON: %s",
				       error);
	answer = request_dispatch(&request);
	json_object_put(request.json);
	return answer;
}

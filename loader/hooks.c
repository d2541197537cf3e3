// SPDX-License-Identifier: GPL-2.0-or-later
/* hooks.c - see hooks.h. */
#include <errno.h>
#include <event2/event.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "events.h"
#include "hooks.h"
#include "log.h"
#include "site.h"

#define WAITING 64
#define VARIABLES 11
#define VARIABLE 512

/* One run of one hook; the configuration may be another one by then. */
struct run {
	TAILQ_ENTRY(run) link;
	struct hook_config hook;
	struct events_entry entry;
};

struct hooks {
	struct events_listener listener; /* first */
	struct site *site;
	struct event *child; /* SIGCHLD */
	struct event *next;  /* the first of the queue is to be started */
	struct event *timer;
	TAILQ_HEAD(, run) queue; /* the first one runs, if pid is set */
	unsigned count, dropped;
	pid_t pid;
	bool killed;
};

/* ---- in the child ---------------------------------------------------------- */

/* Descriptors, signals and a group of its own: nothing of the daemon's. */
static void become(const struct run *run, int input, char *const *environment)
{
	char *const arguments[] = { (char *)run->hook.run, NULL };
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	/* What it prints is for the log, where the daemon's lines are. */
	if (dup2(input, STDIN_FILENO) < 0 ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
	    close_range(STDERR_FILENO + 1, ~0U, 0))
		_exit(127);
	execve(run->hook.run, arguments, environment);
	_exit(errno == ENOENT ? 127 : 126);
}

/* ---- what it is told --------------------------------------------------------- */

static const char *text_of(struct json_object *json, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(json, key, &value) || !value)
		return "";
	return json_object_get_string(value);
}

static struct json_object *describe(const struct hooks *hooks,
				    const struct run *run)
{
	struct json_object *json = events_json(&run->entry);

	json_object_object_add(json, "instance",
			       json_object_new_string(hooks->site->instance));
	json_object_object_add(json, "hook",
			       json_object_new_string(run->hook.name));
	return json;
}

static void fill_environment(struct json_object *json,
			     char text[VARIABLES][VARIABLE],
			     char *environment[VARIABLES + 1])
{
	static const char *const keys[][2] = {
		{ "INSTANCE", "instance" }, { "HOOK", "hook" },
		{ "KIND", "kind" },	    { "WHAT", "what" },
		{ "FROM", "from" },	    { "TO", "to" },
		{ "BECAUSE", "because" },   { "EVENT", "event" },
		{ "SERIAL", "serial" },	    { "TIME", "time" },
	};
	unsigned count = 0;

	snprintf(text[count++], VARIABLE,
		 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
		 "/sbin:/bin");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		snprintf(text[count++], VARIABLE, "TWINPATH_%s=%s", keys[i][0],
			 text_of(json, keys[i][1]));
	for (unsigned i = 0; i < count; i++)
		environment[i] = text[i];
	environment[count] = NULL;
}

/* A file in memory: nobody has to feed a pipe.  Or a negative errno. */
static int make_input(struct json_object *json)
{
	int fd = memfd_create("twinpath-hook", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%s\n",
		    json_object_to_json_string_ext(
			    json, JSON_C_TO_STRING_PLAIN)) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static int start(struct hooks *hooks, const struct run *run)
{
	struct json_object *json = describe(hooks, run);
	static char text[VARIABLES][VARIABLE];
	char *environment[VARIABLES + 1];
	int input = make_input(json);
	pid_t pid = -1;

	fill_environment(json, text, environment);
	json_object_put(json);
	if (input < 0)
		return input;
	pid = fork();
	if (!pid)
		become(run, input, environment);
	close(input);
	if (pid < 0)
		return -errno;
	setpgid(pid, pid); /* whoever comes first; a kill may be due */
	hooks->pid = pid;
	hooks->killed = false;
	return 0;
}

/* ---- the queue ---------------------------------------------------------------- */

static void forget_first(struct hooks *hooks)
{
	struct run *run = TAILQ_FIRST(&hooks->queue);

	TAILQ_REMOVE(&hooks->queue, run, link);
	hooks->count--;
	free(run);
}

static void wait_at_most(struct hooks *hooks, msec_t time)
{
	struct timeval tv = { time / 1000, time % 1000 * 1000 };

	evtimer_add(hooks->timer, &tv);
}

static void run_next(struct hooks *hooks)
{
	struct run *run;
	int err;

	while (!hooks->pid && (run = TAILQ_FIRST(&hooks->queue))) {
		err = start(hooks, run);
		if (!err) {
			wait_at_most(hooks, run->hook.timeout);
			return;
		}
		log_warning("hook %s: cannot be started: %s", run->hook.name,
			    strerror(-err));
		forget_first(hooks);
	}
}

static void say_end(const struct run *run, int status, bool killed)
{
	const struct hook_config *hook = &run->hook;

	if (killed)
		return; /* that was said */
	if (WIFSIGNALED(status))
		log_warning("hook %s: %s was ended by signal %d", hook->name,
			    hook->run, WTERMSIG(status));
	else if (WEXITSTATUS(status) == 127 || WEXITSTATUS(status) == 126)
		log_warning("hook %s: %s cannot be run: exit status %d: is it "
			    "there, and executable?",
			    hook->name, hook->run, WEXITSTATUS(status));
	else if (WEXITSTATUS(status))
		log_warning("hook %s: %s: exit status %d", hook->name,
			    hook->run, WEXITSTATUS(status));
	else
		log_debug("hook %s: done", hook->name);
}

/* Only ours is waited for: one child at a time. */
static void on_child(evutil_socket_t number, short what, void *arg)
{
	struct hooks *hooks = arg;
	int status;

	(void)number;
	(void)what;
	if (!hooks->pid || waitpid(hooks->pid, &status, WNOHANG) != hooks->pid)
		return;
	/* What it started ends with it, or the queue would be none. */
	kill(-hooks->pid, SIGKILL);
	hooks->pid = 0;
	evtimer_del(hooks->timer);
	say_end(TAILQ_FIRST(&hooks->queue), status, hooks->killed);
	forget_first(hooks);
	run_next(hooks);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct hooks *hooks = arg;
	const struct run *run = TAILQ_FIRST(&hooks->queue);

	(void)fd;
	(void)what;
	if (!hooks->pid)
		return;
	log_warning("hook %s: %s is not done after %lld ms: killed",
		    run->hook.name, run->hook.run,
		    (long long)run->hook.timeout);
	hooks->killed = true;
	kill(-hooks->pid, SIGKILL);
}

static void on_next(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	run_next(arg);
}

static void enqueue(struct hooks *hooks, const struct hook_config *hook,
		    const struct events_entry *entry)
{
	struct run *run = NULL;

	if (hooks->count < WAITING)
		run = calloc(1, sizeof(*run));
	if (!run) {
		if (!hooks->dropped++)
			log_warning("hook %s: %u runs wait already: what "
				    "changes meanwhile is not told",
				    hook->name, hooks->count);
		return;
	}
	hooks->dropped = 0;
	run->hook = *hook;
	run->entry = *entry;
	TAILQ_INSERT_TAIL(&hooks->queue, run, link);
	hooks->count++;
}

static void heard(struct events_listener *self,
		  const struct events_entry *entry)
{
	struct hooks *hooks = (struct hooks *)self;
	const struct config *config = &hooks->site->config;

	for (unsigned i = 0; i < config->hooks_count; i++)
		if (config->hooks[i].on & (1U << entry->kind))
			enqueue(hooks, &config->hooks[i], entry);
	/* Not from here: the data plane is being switched just now. */
	if (hooks->count && !hooks->pid)
		event_active(hooks->next, 0, 0);
}

/* ---- open and close ------------------------------------------------------------ */

int hooks_open(struct hooks **out, struct site *site)
{
	struct hooks *hooks = calloc(1, sizeof(*hooks));

	if (!hooks)
		return -ENOMEM;
	hooks->site = site;
	TAILQ_INIT(&hooks->queue);
	hooks->listener.heard = heard;
	events_listen(site->events, &hooks->listener);
	hooks->child = evsignal_new(site->base, SIGCHLD, on_child, hooks);
	hooks->timer = evtimer_new(site->base, on_timer, hooks);
	hooks->next = event_new(site->base, -1, 0, on_next, hooks);
	*out = hooks;
	if (hooks->child && hooks->timer && hooks->next &&
	    !evsignal_add(hooks->child, NULL))
		return 0;
	hooks_close(hooks);
	*out = NULL;
	return -ENOMEM;
}

void hooks_close(struct hooks *hooks)
{
	if (!hooks)
		return;
	events_deafen(&hooks->listener);
	if (hooks->pid)
		kill(-hooks->pid, SIGTERM);
	while (hooks->count)
		forget_first(hooks);
	if (hooks->child)
		event_free(hooks->child);
	if (hooks->next)
		event_free(hooks->next);
	if (hooks->timer)
		event_free(hooks->timer);
	free(hooks);
}

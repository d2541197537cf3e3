// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - twinpathd: options, signals, the loop.
 *
 * The daemon may end at any time: forwarding, translation and expiry go on in
 * the kernel.  Only `twinpath detach` (or --detach) ends them.
 */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "instance_name.h"
#include "log.h"
#include "paths.h"
#include "plane.h"
#include "site.h"
#include "site_reload.h"
#include "twinpath/version.h"

struct options {
	const char *instance;
	const char *config;
	bool detach;
};

static const char usage[] =
	"Usage: twinpathd [--instance NAME] [--config FILE] [--debug]\n"
	"       twinpathd --detach [--instance NAME]\n"
	"\n"
	"  --config FILE    the configuration, see twinpath.conf(5)\n"
	"                   (default: /etc/twinpath/NAME.conf)\n"
	"  --instance NAME  separates pins, sockets and state (default: default)\n"
	"  --debug          log more\n"
	"  --detach         remove what a daemon that is gone left: routes,\n"
	"                   programs, tables\n"
	"  --version, --help\n";

/* -1: go on; else the exit status. */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "instance", required_argument, NULL, 'i' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "debug", no_argument, NULL, 'd' },
		{ "detach", no_argument, NULL, 'D' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->config = optarg;
			break;
		case 'i':
			options->instance = optarg;
			break;
		case 'f':
			break; /* it never leaves it */
		case 'd':
			log_set_level(LOG_LEVEL_DEBUG);
			break;
		case 'D':
			options->detach = true;
			break;
		case 'v':
			puts("twinpathd " TWINPATH_VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	return -1;
}

static int load_config(const char *path, struct config *config)
{
	static struct config_messages messages;
	int err = config_load(path, config, &messages);

	config_messages_log(&messages, "");
	return err;
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct site *site = arg;

	(void)what;
	log_info("signal %d: the daemon stops, forwarding goes on",
		 (int)number);
	event_base_loopbreak(site->base);
}

static void on_hangup(evutil_socket_t number, short what, void *arg)
{
	static struct config_messages messages;

	(void)number;
	(void)what;
	site_reload(arg, "of SIGHUP", &messages);
}

static int run(struct site *site)
{
	struct event *term, *interrupt, *hangup;
	int err;

	site->base = event_base_new();
	if (!site->base)
		return -ENOMEM;
	term = evsignal_new(site->base, SIGTERM, on_signal, site);
	interrupt = evsignal_new(site->base, SIGINT, on_signal, site);
	hangup = evsignal_new(site->base, SIGHUP, on_hangup, site);
	signal(SIGPIPE, SIG_IGN);
	/* Until there is something to reload: a terminal that goes away. */
	signal(SIGHUP, SIG_IGN);
	err = site_start(site);
	if (!err) {
		evsignal_add(hangup, NULL);
		evsignal_add(term, NULL);
		evsignal_add(interrupt, NULL);
		event_base_dispatch(site->base);
	}
	site_stop(site);
	event_free(term);
	event_free(interrupt);
	event_free(hangup);
	event_base_free(site->base);
	return err;
}

/* Clean up after a daemon that is gone; never under a living one. */
static int detach(const char *instance)
{
	struct paths paths;
	int lock, err;

	err = paths_init(&paths, instance);
	if (err)
		return err;
	lock = paths_lock(&paths);
	if (lock < 0) {
		log_error("use 'twinpath --instance %s detach'", instance);
		return lock;
	}
	err = site_clean(instance);
	close(lock);
	if (err)
		log_error("not everything could be removed: %s",
			  strerror(-err));
	return err;
}

int main(int argc, char **argv)
{
	static struct site site;
	struct options options = { .instance = INSTANCE_DEFAULT };
	char path[256];
	int status = parse_options(argc, argv, &options);

	if (status >= 0)
		return status;
	if (!instance_name_valid(options.instance)) {
		log_error("instance '%s': a-z, 0-9 and '-' only, at most 31 of "
			  "them",
			  options.instance);
		return 2;
	}
	if (options.detach)
		return detach(options.instance) ? EXIT_FAILURE : EXIT_SUCCESS;
	snprintf(path, sizeof(path), "/etc/twinpath/%s.conf", options.instance);
	if (load_config(options.config ? options.config : path, &site.config))
		return EXIT_FAILURE;
	snprintf(site.instance, sizeof(site.instance), "%s", options.instance);
	return run(&site) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h - what twinpath's commands are given, and the commands.
 *
 * A command returns an exit status: STATUS_OK, or STATUS_FAILED after one
 * line on stderr that says why.
 */
#ifndef TWINPATH_COMMAND_H
#define TWINPATH_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

enum status {
	STATUS_OK,
	STATUS_FAILED,
	STATUS_USAGE,
};

struct options {
	const char *instance; /* NULL: the only one there is */
	const char *run;      /* directory of the instances' sockets */
	const char *bpffs;    /* directory of the instances' pins */
	const char *root;     /* of the machine that doctor looks at */
	const char *argument; /* the first word after the command; NULL: none */
	char **words;	      /* it and all others, up to a NULL */
	const char *inside;   /* show only this host or prefix */
	const char *exit;     /* show only this exit */
	const char *length;   /* the wish ends after so long */
	const char *drain;    /* what the sessions left behind get */
	bool force;
	bool wait;
	bool follow;
	bool count;
	bool all;
	bool json;
};

int command_status(const struct options *options);
int command_events(const struct options *options);
int command_explain(const struct options *options);
int command_simulate(const struct options *options);
int command_doctor(const struct options *options);
int command_watch(const struct options *options);
int command_flip(const struct options *options);
int command_drain(const struct options *options);
int command_undrain(const struct options *options);
int command_reload(const struct options *options);
int command_detach(const struct options *options);
int command_sessions(const struct options *options);
int command_bindings(const struct options *options);
int command_routes(const struct options *options);
int command_reasons(const struct options *options);
int command_hosts(const struct options *options);
int command_pressure(const struct options *options);
int command_check(const struct options *options);
int command_genkey(const struct options *options);
int command_help(const struct options *options);
int command_version(const struct options *options);

void command_usage(FILE *out);

/* "twinpath: ..." on stderr; returns STATUS_FAILED. */
int command_failed(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/* The same of a line that was not understood; returns STATUS_USAGE. */
int command_misused(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif

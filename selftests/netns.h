/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netns.h - for tests of the daemon's netlink side: a network namespace that
 * only this process is in, `ip` to furnish it, and a loop that turns until
 * something is so.  Without root the tests are skipped.
 */
#ifndef SELFTESTS_NETNS_H
#define SELFTESTS_NETNS_H

#include <stdbool.h>

#include "address.h"
#include "loop.h"
#include "netlink.h"

struct netns {
	struct loop loop;
	struct netlink *netlink;
	unsigned changes; /* all that were told, or-ed */
	unsigned calls;
};

/* Each test gets another namespace; the kernel removes the one before. */
int netns_setup(void **state);
int netns_teardown(void **state);

#define NETNS_TEST(function) \
	cmocka_unit_test_setup_teardown(function, netns_setup, netns_teardown)

struct netns *netns_of(void **state);

/* ---- to furnish it ----------------------------------------------------------- */

/* A shell command that must succeed. */
void netns_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a command prints; the caller frees it. */
char *netns_output(const char *command);

/* Whether a command prints `needle`. */
bool netns_says(const char *command, const char *needle);

/* A veth pair, NAME and NAMEp, both up; NAME has the address. */
void netns_veth(const char *name, const char *address);

/* w0 and w1, and the tables know of them. */
void netns_two_uplinks(struct netns *netns);

struct tp_addr netns_address(const char *text);
struct prefix netns_prefix(const char *text);

/* ---- to wait ----------------------------------------------------------------- */

/* What netlink_open() is given. */
void netns_changed(void *arg, unsigned changes);

#define NETNS_WAIT(netns, condition) LOOP_WAIT(&(netns)->loop, condition)

/* ---- what the tables say ----------------------------------------------------- */

unsigned netns_index_of(struct netns *netns, const char *name);
unsigned netns_entries(struct netns *netns, const char *to);

/* The entry of `to` by this gateway ("": on link), or NULL. */
const struct netlink_route *netns_by(struct netns *netns, const char *to,
				     const char *gateway);
unsigned netns_addresses_on(struct netns *netns, const char *name);
unsigned netns_all_routes(struct netns *netns);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fixture.c - see fixture.h.
 *
 * It must leave nothing behind: a socket that outlives its daemon fails the test
 * that made it.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "events.h"
#include "log.h"
#include "stub.h"

struct fixture fixture;

void fixture_add_uplink(const char *name, unsigned level)
{
	struct config *config = &fixture.site.config;
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
	track_init(&fixture.site.tracks[i][0], &uplink->tracks[0]);
	track_init(&fixture.site.tracks[i][1], &uplink->tracks[1]);
}

int fixture_open(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	memset(&fixture, 0, sizeof(fixture));
	stub_reset();
	strcpy(fixture.directory, "/tmp/twinpath-control-XXXXXX");
	assert_non_null(mkdtemp(fixture.directory));
	assert_int_equal(chmod(fixture.directory, 0755), 0);
	snprintf(fixture.path, sizeof(fixture.path), "%s/control",
		 fixture.directory);
	strcpy(fixture.site.instance, "test");
	fixture.site.base = event_base_new();
	fixture.site.started = 940000;
	fixture.site.config.partner.type = TP_PARTNER_ROUTER;
	assert_int_equal(address_parse("192.168.0.4",
				       &fixture.site.config.partner.address),
			 0);
	fixture_add_uplink("isp-a", 1);
	strcpy(fixture.site.desired.reason, "isp-a has level 1 and is up");
	fixture.site.desired.announce = MODEL_NOBODY;
	fixture.site.desired.last_resort = MODEL_NOBODY;
	fixture.site.desired.states[0] = TP_EXIT_UP;
	assert_int_equal(events_open(&fixture.site.events), 0);
	assert_int_equal(
		control_open(&fixture.control, &fixture.site, fixture.path), 0);
	return 0;
}

int fixture_close(void **state)
{
	(void)state;
	control_close(fixture.control);
	fixture.control = NULL;
	/* libevent lets go of a bufferevent in the next turn of the loop. */
	event_base_loop(fixture.site.base, EVLOOP_NONBLOCK);
	events_close(fixture.site.events);
	event_base_free(fixture.site.base);
	assert_int_equal(access(fixture.path, F_OK), -1);
	assert_int_equal(rmdir(fixture.directory), 0);
	return 0;
}

void fixture_reopen(void)
{
	control_close(fixture.control);
	fixture.control = NULL;
	assert_int_equal(
		control_open(&fixture.control, &fixture.site, fixture.path), 0);
}

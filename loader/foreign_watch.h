/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * foreign_watch.h - the daemon's picture of what foreign.h reads, kept by
 * listening.
 */
#ifndef TWINPATH_FOREIGN_WATCH_H
#define TWINPATH_FOREIGN_WATCH_H

#include <event2/event.h>

#include "foreign.h"

struct foreign_watch;

/*
 * foreign_watch_open - read it, then listen.  `changed` is called from the loop
 * after it was read again and was found to differ from what it was.
 * Returns 0 or a negative errno.
 */
int foreign_watch_open(struct foreign_watch **out, struct event_base *base,
		       void (*changed)(void *arg, const struct foreign *was),
		       void *arg);
void foreign_watch_close(struct foreign_watch *watch);

/* Good until the loop goes on. */
const struct foreign *foreign_seen(const struct foreign_watch *watch);

/* One line in the log for each thing that changed; NULL: from nothing. */
void foreign_log(const struct foreign *was, const struct foreign *is,
		 enum firewall_mode mode);

#endif

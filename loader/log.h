/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h - one line an event, to stderr (systemd's priority prefix when stderr
 * is the journal) and, from error up, never silently lost.
 *
 * Every function saves and restores errno.  Texts carry no newline.
 */
#ifndef TWINPATH_LOG_H
#define TWINPATH_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO, /* the default */
	LOG_LEVEL_DEBUG,
};

void log_set_level(enum log_level level);
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A change of state: "what: old -> new, because".  `event` is the id of the
 * decision that it belongs to, 0 for none (then it is not printed).
 */
void log_change(unsigned event, const char *what, const char *from,
		const char *to, const char *because);

/*
 * log_hold, log_release - between the two, lines wait: whoever reads the log may be
 * slow, and the data plane is being switched.  Whoever keeps the changes hears of
 * them all the same.
 */
void log_hold(void);
void log_release(void);

/* Whoever keeps the changes hears of each one, after it was said; NULL: nobody.
 * It may log, but not a change. */
typedef void log_listener(void *arg, unsigned event, const char *what,
			  const char *from, const char *to,
			  const char *because);
void log_listen(log_listener *listener, void *arg);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paths.h - where an instance keeps what outlives the daemon.
 */
#ifndef TWINPATH_PATHS_H
#define TWINPATH_PATHS_H

#define PATHS_PATH 128

struct paths {
	char run[PATHS_PATH]; /* /run/twinpath/<instance> */
	char lock[PATHS_PATH];
	char control[PATHS_PATH]; /* the socket */
	char sysctls[PATHS_PATH]; /* what they were before us */
	char vrrp[PATHS_PATH];	  /* track file, unless configured */
	char intent[PATHS_PATH];  /* below /var/lib/twinpath/<instance> */
};

/* Fills `paths` and makes the directories.  0 or a negative errno, logged. */
int paths_init(struct paths *paths, const char *instance);

/*
 * Only one daemon an instance: takes the lock, or says whose it is.
 * Returns a file descriptor that holds it until the process ends, or a negative
 * errno, logged.
 */
int paths_lock(const struct paths *paths);

#endif

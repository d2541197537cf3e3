/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plane_routes.h - the daemon's part of the routes of a plane.
 *
 * Owns: routes and regions.  All return 0 or a negative errno.
 */
#ifndef TWINPATH_PLANE_ROUTES_H
#define TWINPATH_PLANE_ROUTES_H

#include "plane.h"

/* One more, `length` of 32 bits; or one less, and whoever remembers looks again. */
int plane_route(struct plane *plane, uint32_t address, uint32_t length,
		const struct tp_route *route);
int plane_unroute(struct plane *plane, uint32_t address, uint32_t length);

/* Those of the standard site; none. */
int plane_routes(struct plane *plane);
int plane_routes_clear(struct plane *plane);

#endif

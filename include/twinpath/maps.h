/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps.h - every key and value that crosses between the BPF programs and
 * userspace, defined once.
 *
 * Owns: the layout of the pinned maps, and its version.  It must never hold code
 * that only one side can compile.
 *
 * Byte order: addresses, ports and MAC addresses are in network order, as on
 * the wire; everything else is in host order.  IPv4 addresses are stored as
 * ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that no map knows a family.
 *
 * Each map has one writer, which says in which file it is:
 *   maps_daemon.h  written by twinpathd, BPF_F_RDONLY_PROG for the programs
 *   maps_plane.h   written by the programs, read by everybody
 *
 * Any change of a layout there must raise TP_LAYOUT: twinpathd adopts pinned
 * maps only when the number matches (see struct tp_layout).
 */
#ifndef TWINPATH_MAPS_H
#define TWINPATH_MAPS_H

#include "twinpath/maps_asks.h"
#include "twinpath/maps_base.h"
#include "twinpath/maps_daemon.h"
#include "twinpath/maps_plane.h"

#define TP_LAYOUT 4
#define TP_LAYOUT_MAGIC 0x74777061U /* "twpa" */

#endif

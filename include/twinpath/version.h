/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * version.h - the one place that says which version this is.
 */
#ifndef TWINPATH_VERSION_H
#define TWINPATH_VERSION_H

#define TWINPATH_VERSION "0.1.0"

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * matrix.h - row I9b: what changes x what is quoted x which error, both ways.
 */
#ifndef CONFORMANCE_MATRIX_H
#define CONFORMANCE_MATRIX_H

#include "conformance.h"

extern const struct vector matrix_vectors[3];

#endif

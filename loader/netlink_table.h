/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netlink_table.h - an array that grows: links, addresses, neighbours,
 * next-hop objects.  Searched by halves where it is kept in order.
 */
#ifndef TWINPATH_NETLINK_TABLE_H
#define TWINPATH_NETLINK_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct netlink_table {
	size_t size; /* of one entry */
	size_t count, room;
	char *entries;
	int (*order)(const void *a, const void *b); /* NULL: as they came */
};

void *netlink_table_at(const struct netlink_table *table, size_t position);
/* NULL gives the first; NULL comes after the last. */
const void *netlink_table_next(const struct netlink_table *table,
			       const void *last);

/*
 * Where `key` stands, or has to stand, in a table with an order.  An entry
 * that compares equal is stored in `found` (else NULL).
 */
size_t netlink_table_find(const struct netlink_table *table, const void *key,
			  void **found);

/* 0 or -ENOMEM; then nothing has changed. */
int netlink_table_insert(struct netlink_table *table, size_t position,
			 const void *entry);
void netlink_table_remove(struct netlink_table *table, size_t position);

/*
 * Put `entry` where the order wants it, over an equal one.  Returns 1 when
 * that changed a byte, 0 when not, or -ENOMEM.
 */
int netlink_table_put(struct netlink_table *table, const void *entry);
/* True when there was one equal to `key`. */
bool netlink_table_drop(struct netlink_table *table, const void *key);

bool netlink_table_equal(const struct netlink_table *a,
			 const struct netlink_table *b);
/* Forget the entries, keep size and order. */
void netlink_table_clear(struct netlink_table *table);

#endif

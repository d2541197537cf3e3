// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink_table.c - an array that grows, in order or as it came.
 *
 * Owns: the memory of the small tables.  Entries are compared byte by byte:
 * whoever fills one zeroes it first.  It must never know what an entry means.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "netlink_table.h"

void *netlink_table_at(const struct netlink_table *table, size_t position)
{
	return table->entries + position * table->size;
}

const void *netlink_table_next(const struct netlink_table *table,
			       const void *last)
{
	const char *next = table->entries;

	if (last)
		next = (const char *)last + table->size;
	if (!next || next == table->entries + table->count * table->size)
		return NULL;
	return next;
}

size_t netlink_table_find(const struct netlink_table *table, const void *key,
			  void **found)
{
	size_t low = 0, high = table->count;

	*found = NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		void *entry = netlink_table_at(table, middle);
		int way = table->order(key, entry);

		if (!way) {
			*found = entry;
			return middle;
		}
		if (way < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int netlink_table_insert(struct netlink_table *table, size_t position,
			 const void *entry)
{
	char *place;

	if (table->count == table->room) {
		size_t room = table->room ? 2 * table->room : 16;
		char *entries = reallocarray(table->entries, room, table->size);

		if (!entries)
			return -ENOMEM;
		table->entries = entries;
		table->room = room;
	}
	place = netlink_table_at(table, position);
	memmove(place + table->size, place,
		(table->count - position) * table->size);
	memcpy(place, entry, table->size);
	table->count++;
	return 0;
}

void netlink_table_remove(struct netlink_table *table, size_t position)
{
	char *place = netlink_table_at(table, position);

	table->count--;
	memmove(place, place + table->size,
		(table->count - position) * table->size);
}

int netlink_table_put(struct netlink_table *table, const void *entry)
{
	void *found;
	size_t position = netlink_table_find(table, entry, &found);
	int err;

	if (!found) {
		err = netlink_table_insert(table, position, entry);
		return err ? err : 1;
	}
	if (!memcmp(found, entry, table->size))
		return 0;
	memcpy(found, entry, table->size);
	return 1;
}

bool netlink_table_drop(struct netlink_table *table, const void *key)
{
	void *found;
	size_t position = netlink_table_find(table, key, &found);

	if (found)
		netlink_table_remove(table, position);
	return found;
}

bool netlink_table_equal(const struct netlink_table *a,
			 const struct netlink_table *b)
{
	if (a->count != b->count)
		return false;
	return !a->count || !memcmp(a->entries, b->entries, a->count * a->size);
}

void netlink_table_clear(struct netlink_table *table)
{
	free(table->entries);
	table->entries = NULL;
	table->count = 0;
	table->room = 0;
}

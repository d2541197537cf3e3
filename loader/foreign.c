// SPDX-License-Identifier: GPL-2.0-or-later
/* foreign.c - see foreign.h; who reads what is in files of their own. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "foreign.h"

void foreign_note(char text[FOREIGN_TEXT], const char *format, ...)
{
	va_list arguments;

	if (text[0])
		return;
	va_start(arguments, format);
	vsnprintf(text, FOREIGN_TEXT, format, arguments);
	va_end(arguments);
}

static bool listed(const struct foreign_list *list, const struct prefix *prefix)
{
	for (unsigned i = 0; i < list->count; i++)
		if (prefix_equal(&list->list[i].prefix, prefix))
			return true;
	return false;
}

/* More than there is room for: then it could be about any packet. */
static void add(struct foreign *out, struct foreign_list *list,
		enum foreign_origin origin, const struct prefix *prefix)
{
	if (listed(list, prefix))
		return;
	if (list->count == FOREIGN_PREFIXES) {
		foreign_note(out->any, "more than %d prefixes in %s",
			     FOREIGN_PREFIXES,
			     origin == FOREIGN_RULE ? "ip rules" :
						      "IPsec policies");
		return;
	}
	list->list[list->count].prefix = *prefix;
	list->list[list->count++].origin = origin;
}

/* An IPv4 0.0.0.0/0 has 96 of the 16 bytes' bits. */
static bool anywhere(const struct prefix *prefix)
{
	return prefix->length == 0 ||
	       (prefix->length == 96 && address_is_v4(&prefix->address));
}

/*
 * By destination where one is named: that is what the data plane looks up
 * anyway.  It may leave more to the kernel than the rule is about, never less.
 */
void foreign_take_prefixes(struct foreign *out, enum foreign_origin origin,
			   const struct prefix *from, const struct prefix *to,
			   const char *what)
{
	if (!anywhere(to))
		add(out, &out->to, origin, to);
	else if (!anywhere(from))
		add(out, &out->from, origin, from);
	else
		foreign_note(out->any, "%s", what);
}

bool foreign_shows_first(const struct foreign *foreign, enum firewall_mode mode)
{
	switch (mode) {
	case FIREWALL_KERNEL:
		return true;
	case FIREWALL_NONE:
		return false;
	case FIREWALL_AUTO:
		break;
	}
	return foreign->forward[0] || foreign->any[0];
}

const char *foreign_shaper(const struct foreign *foreign, unsigned ifindex)
{
	for (unsigned i = 0; i < foreign->shaped_count; i++)
		if (foreign->shaped[i].ifindex == ifindex)
			return foreign->shaped[i].kind;
	return NULL;
}

int foreign_read(struct foreign *out)
{
	int (*const readers[])(struct foreign * out) = {
		foreign_read_nft,    foreign_read_iptables,
		foreign_read_rules,  foreign_read_policies,
		foreign_read_qdiscs,
	};
	int first = 0;

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		int err = readers[i](out);

		first = first ?: err;
	}
	return first;
}

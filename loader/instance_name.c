// SPDX-License-Identifier: GPL-2.0-or-later
/* instance_name.c - see instance_name.h. */
#include <string.h>

#include "instance_name.h"

bool instance_name_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	return *name && *name != '-' && strlen(name) < INSTANCE_NAME &&
	       name[strspn(name, letters)] == '\0';
}

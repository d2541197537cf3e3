// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_value.c - words to values.
 *
 * Owns: what a good number, duration, address, name ... looks like, and the
 * sentence for one that is not.  It knows one word at a time; what two values
 * mean together is config_check.c's.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "config_value.h"
#include "duration.h"

static bool __attribute__((format(printf, 2, 3)))
refuse(const struct config_value *value, const char *format, ...)
{
	char text[CONFIG_MESSAGE_TEXT];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	config_error(value->messages, value->line, "%s: '%s' %s", value->key,
		     value->text, text);
	return false;
}

/* Digits only, nothing before or after them; UINT64_MAX: not a number. */
static uint64_t read_number(const char *text, size_t length)
{
	uint64_t number = 0;
	size_t i;

	if (length == 0 || length > 18)
		return UINT64_MAX;
	for (i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return UINT64_MAX;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	return number;
}

bool config_value_number(const struct config_value *value, unsigned least,
			 unsigned most, unsigned *out)
{
	uint64_t number = read_number(value->text, strlen(value->text));

	if (number < least || number > most)
		return refuse(value, "is not a number from %u to %u", least,
			      most);
	*out = (unsigned)number;
	return true;
}

bool config_value_mss(const struct config_value *value, enum mss_policy *policy,
		      unsigned *most)
{
	uint64_t number = read_number(value->text, strlen(value->text));

	if (strcmp(value->text, "auto") == 0) {
		*policy = MSS_AUTO;
	} else if (strcmp(value->text, "off") == 0) {
		*policy = MSS_OFF;
	} else if (number >= 536 && number <= 65495) {
		*policy = MSS_MOST;
		*most = (unsigned)number;
	} else {
		return refuse(value, "is neither 'auto' nor 'off' nor a number "
				     "from 536 to 65495");
	}
	return true;
}

bool config_value_duration(const struct config_value *value, msec_t least,
			   msec_t most, msec_t *out)
{
	char low[DURATION_TEXT], high[DURATION_TEXT];
	msec_t duration = 0;
	int result = duration_parse(value->text, &duration);

	if (result == -EDOM)
		return refuse(value, "has no unit: write %ss, %sms, %sm or %sh",
			      value->text, value->text, value->text,
			      value->text);
	if (result == -EINVAL)
		return refuse(value, "is not a duration: whole numbers with "
				     "the units h, m, s, ms in this order, "
				     "as in 2h4m or 200ms");
	if (result < 0 || duration < least || duration > most)
		return refuse(value, "is not between %s and %s",
			      duration_print(least, low),
			      duration_print(most, high));
	*out = duration;
	return true;
}

bool config_value_choice(const struct config_value *value,
			 const char *const *choices, unsigned *out)
{
	char all[128] = "";
	size_t used = 0;
	unsigned i;

	for (i = 0; choices[i] != NULL; i++) {
		if (strcmp(choices[i], value->text) == 0) {
			*out = i;
			return true;
		}
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
					 i > 0 ? ", " : "", choices[i]);
	}
	return refuse(value, "is none of %s", all);
}

bool config_value_boolean(const struct config_value *value, bool *out)
{
	static const char *const choices[] = { "false", "true", NULL };
	unsigned choice;

	if (!config_value_choice(value, choices, &choice))
		return false;
	*out = choice == 1;
	return true;
}

bool config_value_ports(const struct config_value *value, uint16_t *first,
			uint16_t *last)
{
	size_t length = strcspn(value->text, "-");
	const char *rest = value->text + length;
	uint64_t low = read_number(value->text, length);
	uint64_t high = low;

	if (*rest == '-')
		high = read_number(rest + 1, strlen(rest + 1));
	if (low < 1 || low > UINT16_MAX || high < 1 || high > UINT16_MAX)
		return refuse(value, "is not a range of ports: FIRST-LAST, "
				     "each from 1 to 65535");
	if (low > high)
		return refuse(value, "ends before it begins");
	*first = (uint16_t)low;
	*last = (uint16_t)high;
	return true;
}

/* Neither 0/8, loopback, multicast nor the reserved block above it. */
static bool is_host(const struct tp_addr *address)
{
	const uint8_t *v4 = address->byte + 12;

	return v4[0] != 0 && v4[0] != 127 && v4[0] < 224;
}

bool config_value_address(const struct config_value *value, struct tp_addr *out)
{
	struct tp_addr address;

	if (strchr(value->text, ':') != NULL)
		return refuse(value, "is an IPv6 address: IPv6 comes later, "
				     "give the IPv4 address");
	if (address_parse(value->text, &address) < 0)
		return refuse(value, "is not an address such as 192.0.2.1");
	if (!is_host(&address))
		return refuse(value, "is not the address of one host "
				     "(0/8, loopback, multicast or reserved)");
	*out = address;
	return true;
}

/* What the writer may have meant: the same with the host bits cleared. */
static bool suggest_prefix(const char *text, char out[ADDRESS_TEXT])
{
	size_t length = strcspn(text, "/");
	char bare[ADDRESS_TEXT];
	struct tp_addr address;
	struct prefix prefix;
	uint64_t bits;

	if (text[length] != '/' || length >= sizeof(bare))
		return false;
	memcpy(bare, text, length);
	bare[length] = '\0';
	bits = read_number(text + length + 1, strlen(text + length + 1));
	if (bits > 32 || address_parse(bare, &address) < 0)
		return false;
	prefix = prefix_of(&address, (uint8_t)(96 + bits));
	prefix_print(&prefix, out);
	return true;
}

bool config_value_prefix(const struct config_value *value, struct prefix *out)
{
	char near[ADDRESS_TEXT];

	if (strchr(value->text, ':') != NULL)
		return refuse(value, "is an IPv6 prefix: IPv6 comes later, "
				     "give an IPv4 prefix");
	if (prefix_parse(value->text, out) == 0)
		return true;
	if (suggest_prefix(value->text, near))
		return refuse(value,
			      "has bits set after its length: "
			      "did you mean %s?",
			      near);
	return refuse(value, "is not a prefix such as 192.0.2.0/24");
}

/* A longer blackhole than one address would swallow its neighbours. */
bool config_value_marker(const struct config_value *value, struct prefix *out)
{
	struct prefix marker;

	if (!config_value_prefix(value, &marker))
		return false;
	if (marker.length != 128)
		return refuse(value, "is more than one address: give a /32 "
				     "that nothing else uses");
	if (!is_host(&marker.address))
		return refuse(value, "is not the address of one host "
				     "(0/8, loopback, multicast or reserved)");
	*out = marker;
	return true;
}

bool config_value_interface(const struct config_value *value,
			    char out[IF_NAMESIZE])
{
	size_t length = strlen(value->text);

	/* what dev_valid_name() of the kernel takes */
	if (length == 0 || length >= IF_NAMESIZE ||
	    strpbrk(value->text, "/: ") != NULL ||
	    strcmp(value->text, ".") == 0 || strcmp(value->text, "..") == 0)
		return refuse(value,
			      "is not an interface's name: 1 to %d "
			      "characters, none of '/', ':' and space",
			      IF_NAMESIZE - 1);
	memcpy(out, value->text, length + 1);
	return true;
}

bool config_value_name(const struct config_value *value, char out[MODEL_NAME])
{
	static const char *const taken[] = {
		"partner", "none", "auto", "primary", "backup", "interface",
	};
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t length = strlen(value->text);
	size_t i;

	if (length == 0 || length >= MODEL_NAME || value->text[0] == '-' ||
	    strspn(value->text, letters) != length)
		return refuse(value,
			      "is not a name: 1 to %d of a-z, 0-9 and "
			      "'-', and '-' not first",
			      MODEL_NAME - 1);
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcmp(taken[i], value->text) == 0)
			return refuse(value, "has a meaning of its own on the "
					     "command line: choose another "
					     "name");
	memcpy(out, value->text, length + 1);
	return true;
}

bool config_value_path(const struct config_value *value, char *out, size_t size)
{
	size_t length = strlen(value->text);

	if (length < 2 || length >= size || value->text[0] != '/' ||
	    value->text[length - 1] == '/')
		return refuse(value, "is not the absolute path of a file");
	memcpy(out, value->text, length + 1);
	return true;
}

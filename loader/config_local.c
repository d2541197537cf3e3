// SPDX-License-Identifier: GPL-2.0-or-later
/* config_local.c - see config_local.h. */
#include <string.h>

#include "config_local.h"

/* "tcp/8080", "udp/5060-5070"; without a protocol both. */
static bool read_local(const struct config_value *value,
		       struct local_ports *out)
{
	struct config_value ports = *value;
	struct local_ports local = { .tcp = true, .udp = true };

	if (!strncmp(value->text, "tcp/", 4))
		local.udp = false;
	else if (!strncmp(value->text, "udp/", 4))
		local.tcp = false;
	if (!local.tcp || !local.udp)
		ports.text += 4;
	if (!*ports.text ||
	    strspn(ports.text, "0123456789-") != strlen(ports.text)) {
		config_error(value->messages, value->line,
			     "%s: '%s' is not tcp/PORT, udp/PORT or PORT, nor "
			     "a range of ports in its place",
			     value->key, value->text);
		return false;
	}
	if (!config_value_ports(&ports, &local.min, &local.max))
		return false;
	*out = local;
	return true;
}

unsigned config_read_locals(const struct config_section *section,
			    struct local_ports out[MODEL_LOCALS])
{
	struct config_value value;
	unsigned i, count = 0;

	for (i = 0; config_get_nth(section, "local", i, &value); i++) {
		if (i == MODEL_LOCALS) {
			config_error(value.messages, value.line,
				     "local: more than %d ports or ranges",
				     MODEL_LOCALS);
			break;
		}
		count += read_local(&value, &out[count]);
	}
	return count;
}

const char *config_local_text(const struct local_ports *local,
			      char text[CONFIG_LOCAL_TEXT])
{
	const char *protocol = local->tcp && local->udp ? "" :
			       local->tcp		? "tcp/" :
							  "udp/";

	if (local->min == local->max)
		snprintf(text, CONFIG_LOCAL_TEXT, "%s%u", protocol, local->min);
	else
		snprintf(text, CONFIG_LOCAL_TEXT, "%s%u-%u", protocol,
			 local->min, local->max);
	return text;
}

/* Is this port of the protocol among them? */
static bool is_kept(const struct local_ports *locals, unsigned count, bool tcp,
		    unsigned port)
{
	for (unsigned i = 0; i < count; i++)
		if ((tcp ? locals[i].tcp : locals[i].udp) &&
		    port >= locals[i].min && port <= locals[i].max)
			return true;
	return false;
}

bool config_locals_leave(const struct config *config,
			 const struct uplink_config *uplink, bool tcp)
{
	for (unsigned port = config->port_min; port <= config->port_max; port++)
		if (!is_kept(config->locals, config->locals_count, tcp, port) &&
		    !is_kept(uplink->locals, uplink->locals_count, tcp, port))
			return true;
	return false;
}

void config_print_locals(FILE *out, const char *indent,
			 const struct local_ports *locals, unsigned count)
{
	char text[CONFIG_LOCAL_TEXT];
	unsigned i;

	if (!count)
		return;
	fprintf(out, "%slocal = {", indent);
	for (i = 0; i < count; i++)
		fprintf(out, "%s %s", i > 0 ? "," : "",
			config_local_text(&locals[i], text));
	fprintf(out, " }\n");
}

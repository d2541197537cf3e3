// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * publish_port.c - does the gateway itself listen on a port?
 *
 * Owns: the question, which is put to the kernel by binding a socket to the port
 * for a moment: its answer counts wildcard listeners, IPv6 ones that take IPv4
 * too, and those of one interface.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "publish.h"

bool publish_listened(const char *interface, const struct tp_addr *address,
		      enum tp_plane plane, uint16_t port)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = address_to_v4(address),
	};
	bool tcp = plane == TP_PLANE_TCP;
	int fd = socket(AF_INET,
			(tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	int yes = 1;
	bool taken;

	if (fd < 0)
		return false;
	/*
	 * With it a TCP port is taken by a listener alone, not by connections
	 * that were; a UDP port would not even be taken by another that has it.
	 */
	if (tcp)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
		   (socklen_t)strlen(interface) + 1);
	taken = bind(fd, (struct sockaddr *)&name, sizeof(name)) &&
		errno == EADDRINUSE;
	close(fd);
	return taken;
}

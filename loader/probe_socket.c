// SPDX-License-Identifier: GPL-2.0-or-later
/* probe_socket.c - see probe_socket.h. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "arrival.h"
#include "probe_socket.h"

static struct sockaddr_in endpoint(const struct tp_addr *address, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = address_to_v4(address),
	};
}

static int confine(int fd, const struct probe_path *path)
{
	struct sockaddr_in here = endpoint(&path->address, 0);
	int ifindex = (int)path->ifindex;
	int one = 1;

	/* The port is chosen when the target is known: one of ours may serve
	 * several targets. */
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &ifindex,
		       sizeof(ifindex)) ||
	    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
		       sizeof(one)) ||
	    arrival_stamp(fd) ||
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)))
		return -errno;
	return 0;
}

int probe_socket_connect(const struct probe_view *view, int type)
{
	struct sockaddr_in there =
		endpoint(&view->config->target, view->config->port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	error = confine(fd, view->path);
	if (!error &&
	    connect(fd, (const struct sockaddr *)&there, sizeof(there)) &&
	    errno != EINPROGRESS)
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

int probe_socket_connected(int fd)
{
	struct pollfd look = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int error = 0;

	if (poll(&look, 1, 0) <= 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size))
		return -errno;
	return error ? -error : 1;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet_socket.c - see packet_socket.h.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "arrival.h"
#include "packet_socket.h"

static int attach(int fd, struct sock_filter *code, unsigned short count)
{
	const struct sock_fprog program = { .len = count, .filter = code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)))
		return -errno;
	return 0;
}

int packet_socket_open(unsigned ifindex, uint16_t protocol,
		       struct sock_filter *code, unsigned short count)
{
	const struct sockaddr_ll here = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = (int)ifindex,
	};
	int error, fd;

	/* Protocol 0 receives nothing; bound last, the socket never sees a
	 * frame that the filter has not. */
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = attach(fd, code, count);
	if (!error)
		error = arrival_stamp(fd);
	if (!error && bind(fd, (const struct sockaddr *)&here, sizeof(here)))
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

ssize_t packet_socket_receive(int fd, void *data, size_t size, int64_t *age)
{
	ssize_t length;

	/* The device going down is told once, as an error of the socket. */
	do
		length = arrival_receive(fd, data, size, age);
	while (length == -ENETDOWN);
	return length;
}

int packet_socket_send(int fd, unsigned ifindex, uint16_t protocol,
		       const uint8_t *mac, const void *data, size_t size)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = (int)ifindex,
		.sll_halen = ETH_ALEN,
	};

	memcpy(to.sll_addr, mac, ETH_ALEN);
	if (sendto(fd, data, size, 0, (const struct sockaddr *)&to,
		   sizeof(to)) < 0)
		return -errno;
	return 0;
}

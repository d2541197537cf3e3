/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet_socket.h - packet sockets of type SOCK_DGRAM: they begin behind the
 * link-layer header, and so serve a device without one.
 *
 * Owns: that nothing is seen but what arrives on one interface and passes one
 * filter.
 */
#ifndef TWINPATH_PACKET_SOCKET_H
#define TWINPATH_PACKET_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sock_filter;

/* `protocol` is an ETH_P_*.  Returns the socket or a negative errno. */
int packet_socket_open(unsigned ifindex, uint16_t protocol,
		       struct sock_filter *code, unsigned short count);

/* As arrival_receive(), of a socket whose device may go down meanwhile. */
ssize_t packet_socket_receive(int fd, void *data, size_t size, int64_t *age);

/* `mac` is six bytes.  Returns 0 or a negative errno. */
int packet_socket_send(int fd, unsigned ifindex, uint16_t protocol,
		       const uint8_t *mac, const void *data, size_t size);

#endif

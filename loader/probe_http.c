// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe_http.c - the kind "http": does a web server answer with the right
 * status?  A captive portal answers too, and with the wrong one.
 *
 * HTTP/1.1 with "Connection: close"; of the answer only the status line is read
 * (RFC 9112, section 4).  No TLS, and no name is looked up: the target is an
 * address, for a look-up could leave by any uplink.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "probe_socket.h"
#include "twinpath/version.h"

#define REQUEST 512
#define STATUS_LINE 12 /* "HTTP/1.1 204" */

enum step {
	CONNECTING,
	ASKED,
};

static int http_begin(const struct probe_view *view,
		      const struct probe_shot *shot)
{
	(void)shot;
	return probe_socket_connect(view, SOCK_STREAM);
}

/* It is short, and the socket's buffer is empty: all of it or nothing. */
static int request(const struct probe_view *view, struct probe_shot *shot)
{
	char text[REQUEST], host[ADDRESS_TEXT];
	int length;

	length = snprintf(text, sizeof(text),
			  "GET %s HTTP/1.1\r\nHost: %s\r\n"
			  "User-Agent: twinpath/" TWINPATH_VERSION "\r\n"
			  "Connection: close\r\n\r\n",
			  view->config->ask,
			  *view->config->host ?
				  view->config->host :
				  address_print(&view->config->target, host));
	if (send(shot->socket, text, (size_t)length,
		 MSG_DONTWAIT | MSG_NOSIGNAL) != length)
		return errno == EAGAIN ? PROBE_WRITE : -errno;
	shot->step = ASKED;
	return PROBE_READ;
}

/* TCP says when its last data came, to the millisecond. */
static int64_t age_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size))
		return 0;
	return (int64_t)info.tcpi_last_data_recv * PROBE_USEC;
}

static int judge(const struct probe_view *view, struct probe_shot *shot)
{
	unsigned wanted = view->config->status, status;
	char line[STATUS_LINE + 1] = "";

	memcpy(line, shot->heard, shot->heard_length);
	if (shot->heard_length < STATUS_LINE || line[8] != ' ' ||
	    strncmp(line, "HTTP/1.", 7) != 0) {
		snprintf(shot->said, sizeof(shot->said), "no HTTP");
		return -EPROTO;
	}
	status = (unsigned)strtoul(line + 9, NULL, 10);
	if (wanted ? status == wanted : status >= 200 && status < 400)
		return PROBE_DONE;
	snprintf(shot->said, sizeof(shot->said), "status %u", status);
	return -EPROTO;
}

static int answer(const struct probe_view *view, struct probe_shot *shot)
{
	ssize_t length = recv(shot->socket, shot->heard + shot->heard_length,
			      STATUS_LINE - shot->heard_length, MSG_DONTWAIT);

	if (length < 0)
		return errno == EAGAIN || errno == EINTR ? PROBE_READ : -errno;
	shot->heard_length += (unsigned)length;
	if (length && shot->heard_length < STATUS_LINE)
		return PROBE_READ;
	shot->age = age_of(shot->socket);
	return judge(view, shot);
}

static int http_go_on(const struct probe_view *view, struct probe_shot *shot)
{
	int connected;

	if (shot->step == ASKED)
		return answer(view, shot);
	connected = probe_socket_connected(shot->socket);
	if (connected <= 0)
		return connected ? connected : PROBE_WRITE;
	return request(view, shot);
}

const struct probe_kind probe_http = {
	.begin = http_begin,
	.go_on = http_go_on,
};

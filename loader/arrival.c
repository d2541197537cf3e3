// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * arrival.c - see arrival.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "arrival.h"

int arrival_stamp(int fd)
{
	int one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)))
		return -errno;
	return 0;
}

/*
 * The kernel's stamp is on the wall clock, which may be set at any time: it is
 * good for a difference to now, and for nothing longer.
 */
static int64_t age_of(struct msghdr *message)
{
	struct cmsghdr *control;
	struct timespec stamp, now;
	int64_t age;

	for (control = CMSG_FIRSTHDR(message); control;
	     control = CMSG_NXTHDR(message, control)) {
		if (control->cmsg_level != SOL_SOCKET ||
		    control->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&stamp, CMSG_DATA(control), sizeof(stamp));
		clock_gettime(CLOCK_REALTIME, &now);
		age = (int64_t)(now.tv_sec - stamp.tv_sec) * 1000000 +
		      (now.tv_nsec - stamp.tv_nsec) / 1000;
		return age > 0 ? age : 0;
	}
	return 0;
}

ssize_t arrival_receive(int fd, void *data, size_t size, int64_t *age)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control),
	};
	ssize_t length;

	do
		length = recvmsg(fd, &message, MSG_DONTWAIT);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	*age = age_of(&message);
	return length;
}

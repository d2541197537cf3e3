// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wire.c - see wire.h.
 *
 * Owns: the sockets at the far ends, and the furniture that the kernel needs to
 * route between the devices.  It must never judge a frame.
 */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define TRIES 20
#define PATIENCE 40 /* ms; $TWINPATH_PATIENCE for slower machines */

static const struct {
	const char *far;
	uint32_t ifindex; /* of the near end */
} ends[WIRE_ENDS] = {
	[WIRE_LAN] = { "tplan-far", PLANE_LAN },
	[WIRE_ISP_A] = { "tpispa-far", PLANE_ISP_A },
	[WIRE_ISP_B] = { "tpispb-far", PLANE_ISP_B },
};

/*
 * The far ends have no addresses: what arrives there is for another MAC, and
 * the stack leaves it alone.  GRO, or a redirect into the veth is lost.
 */
static const char furniture[] =
	"set -e\n"
	"cd /proc/sys/net/ipv4\n"
	"echo 1 >ip_forward\n"
	"echo 0 >icmp_ratelimit\n"
	"echo 1000000 >icmp_msgs_per_sec\n"
	"for d in conf/*; do echo 0 >$d/rp_filter; echo 0 >$d/send_redirects;"
	" echo 0 >$d/accept_redirects; done\n"
	"ip -batch - <<.\n"
	"link set tplan address 02:00:00:00:00:03\n"
	"link set tpispa address 02:00:00:00:01:03\n"
	"link set tpispb address 02:00:00:00:02:03\n"
	"link set tplan-far up\n"
	"link set tpispa-far up\n"
	"link set tpispb-far up\n"
	"neigh replace 192.168.0.10 lladdr 02:00:00:00:00:10 dev tplan\n"
	"neigh replace 192.168.0.20 lladdr 02:00:00:00:00:20 dev tplan\n"
	"neigh replace 192.168.0.30 lladdr 02:00:00:00:00:30 dev tplan\n"
	"neigh replace 192.168.0.4 lladdr 02:00:00:00:00:04 dev tplan\n"
	"neigh replace 203.0.113.254 lladdr 02:00:00:00:01:fe dev tpispa\n"
	"neigh replace 198.51.100.254 lladdr 02:00:00:00:02:fe dev tpispb\n"
	"route replace 192.168.50.0/24 via 192.168.0.30\n"
	"route replace default via 203.0.113.254\n"
	"route replace default via 203.0.113.254 table 101\n"
	"route replace default via 198.51.100.254 table 102\n"
	"rule add fwmark 0x810000/0xff0000 lookup 101\n"
	"rule add fwmark 0x820000/0xff0000 lookup 102\n"
	".\n"
	"for d in tplan tpispa tpispb; do\n"
	"	ethtool -K $d-far gro on >/dev/null\n"
	"	ethtool -K $d-far tx off >/dev/null\n"
	"	ethtool -K $d tx off >/dev/null\n"
	"done\n";

int wire_shell(const char *format, ...)
{
	char *command = NULL;
	va_list arguments;
	int status;

	va_start(arguments, format);
	status = vasprintf(&command, format, arguments);
	va_end(arguments);
	if (status < 0)
		return -ENOMEM;
	status = system(command);
	if (status)
		fprintf(stderr, "wire: failed: %.60s\n", command);
	free(command);
	return status ? -EINVAL : 0;
}

static int open_end(const char *name)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_IP),
				  .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1, room = 4 << 20;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
		       sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    bind(fd, (void *)&at, sizeof(at))) {
		close(fd);
		return -errno;
	}
	return fd;
}

int wire_open(struct wire *wire)
{
	const char *patience = getenv("TWINPATH_PATIENCE");
	int err = wire_shell("%s", furniture);

	wire->patience = patience ? atoi(patience) : PATIENCE;
	wire->attached = false;
	for (int i = 0; i < WIRE_ENDS; i++) {
		wire->socket[i] = err ? -1 : open_end(ends[i].far);
		wire->xdp[i] = -1;
		if (!err && wire->socket[i] < 0) {
			err = wire->socket[i];
			fprintf(stderr, "wire: no socket on %s: %s\n",
				ends[i].far, strerror(-err));
		}
	}
	if (err)
		wire_close(wire);
	return err;
}

void wire_close(struct wire *wire)
{
	wire_detach(wire);
	for (int i = 0; i < WIRE_ENDS; i++)
		if (wire->socket[i] >= 0)
			close(wire->socket[i]);
}

/* ---- the programs -------------------------------------------------------- */

static int attach_tc(uint32_t ifindex, enum bpf_tc_attach_point point,
		     const struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
		    .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = bpf_program__fd(program));

	return bpf_tc_attach(&hook, &opts);
}

static int make_clsact(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	return bpf_tc_hook_create(&hook);
}

static int attach_end(struct wire *wire, int end, const struct plane *plane,
		      bool xdp)
{
	LIBBPF_OPTS(bpf_link_create_opts, native, .flags = XDP_FLAGS_DRV_MODE);
	const struct twinpath *skel = plane->skel;
	uint32_t ifindex = ends[end].ifindex;
	bool lan = end == WIRE_LAN;
	int err = make_clsact(ifindex);

	err = err   ?:
		      attach_tc(ifindex, BPF_TC_EGRESS,
				lan ? skel->progs.tc_back : skel->progs.tc_out);
	err = err   ?:
		      attach_tc(ifindex, BPF_TC_INGRESS,
				lan ? skel->progs.tc_lan : skel->progs.tc_wan);
	if (err || !xdp)
		return err;
	wire->xdp[end] =
		bpf_link_create(bpf_program__fd(lan ? skel->progs.xdp_lan :
						      skel->progs.xdp_wan),
				(int)ifindex, BPF_XDP, &native);
	return wire->xdp[end] < 0 ? wire->xdp[end] : 0;
}

int wire_attach(struct wire *wire, const struct plane *plane, bool xdp)
{
	int err = 0;

	wire->attached = true;
	for (int end = 0; !err && end < WIRE_ENDS; end++)
		err = attach_end(wire, end, plane, xdp);
	if (!err)
		return 0;
	fprintf(stderr, "wire: cannot attach: %s\n", strerror(-err));
	wire_detach(wire);
	return err;
}

void wire_detach(struct wire *wire)
{
	for (int end = 0; wire->attached && end < WIRE_ENDS; end++) {
		LIBBPF_OPTS(bpf_tc_hook, hook,
			    .ifindex = (int)ends[end].ifindex,
			    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

		bpf_tc_hook_destroy(&hook);
		if (wire->xdp[end] >= 0)
			close(wire->xdp[end]);
		wire->xdp[end] = -1;
	}
	wire->attached = false;
}

/* ---- frames -------------------------------------------------------------- */

void wire_forget(struct wire *wire)
{
	uint8_t scrap[64];

	for (int i = 0; i < WIRE_ENDS; i++)
		while (recv(wire->socket[i], scrap, sizeof(scrap),
			    MSG_DONTWAIT | MSG_TRUNC) >= 0)
			;
}

static int put(struct wire *wire, enum wire_end end, const uint8_t *frame,
	       size_t size, const struct virtio_net_hdr *header)
{
	struct iovec parts[] = {
		{ (void *)header, sizeof(*header) },
		{ (void *)frame, size },
	};
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	/* The queue behind a veth may be full for a moment. */
	for (int i = 0; i < TRIES; i++) {
		if (sendmsg(wire->socket[end], &message, 0) >= 0)
			return 0;
		if (errno != ENOBUFS && errno != EAGAIN)
			break;
		usleep(1000);
	}
	return -errno;
}

int wire_send(struct wire *wire, enum wire_end end, const uint8_t *frame,
	      size_t size)
{
	const struct virtio_net_hdr plain = { 0 };

	return put(wire, end, frame, size, &plain);
}

int wire_offload(bool far, bool near)
{
	return wire_shell("for d in tplan tpispa tpispb; do\n"
			  "	ethtool -K $d-far tx %s >/dev/null || exit\n"
			  "	ethtool -K $d tx %s >/dev/null || exit\n"
			  "done\n",
			  far ? "on" : "off", near ? "on" : "off");
}

int wire_send_owed(struct wire *wire, enum wire_end end, const uint8_t *frame,
		   size_t size)
{
	size_t header = (frame[14] & 15) * 4U;
	const struct virtio_net_hdr owed = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = (uint16_t)(14 + header),
		.csum_offset = frame[23] == IPPROTO_TCP ? 16 : 6,
	};

	return put(wire, end, frame, size, &owed);
}

size_t wire_receive(struct wire *wire, enum wire_end end,
		    uint8_t frame[PACKET_MAX], bool *owed)
{
	struct pollfd ready = { .fd = wire->socket[end], .events = POLLIN };
	struct virtio_net_hdr header;
	struct iovec parts[] = { { &header, sizeof(header) },
				 { frame, PACKET_MAX } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t size;

	if (poll(&ready, 1, wire->patience) <= 0)
		return 0;
	size = recvmsg(wire->socket[end], &message, 0);
	if (owed)
		*owed = header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	return size < (ssize_t)sizeof(header) ? 0 :
						(size_t)size - sizeof(header);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* tap.c - see tap.h. */
#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <bpf/libbpf.h>

#define IP_HEADER 20
#define TCP_HEADER 20

static int shell(const char *command)
{
	int status = system(command);

	if (status)
		fprintf(stderr, "tap: failed: %s\n", command);
	return status ? -EINVAL : 0;
}

static int furnish(const char *name, bool raw, const uint8_t mac[6])
{
	char command[256], address[64] = "";

	if (!raw)
		snprintf(address, sizeof(address),
			 "address %02x:%02x:%02x:%02x:%02x:%02x", mac[0],
			 mac[1], mac[2], mac[3], mac[4], mac[5]);
	snprintf(command, sizeof(command),
		 "echo 1 >/proc/sys/net/ipv6/conf/%s/disable_ipv6 && "
		 "ip link set %s %s up && "
		 "tc qdisc add dev %s clsact",
		 name, name, address, name);
	return shell(command);
}

int tap_open(struct tap *tap, const char *name, bool raw, const uint8_t mac[6])
{
	struct ifreq request = { 0 };
	int err = 0;

	*tap = (struct tap){ .raw = raw };
	tap->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_flags = (raw ? IFF_TUN : IFF_TAP) | IFF_NO_PI |
			    IFF_VNET_HDR;
	if (tap->fd < 0 || ioctl(tap->fd, TUNSETIFF, &request))
		err = -errno;
	err = err ?: furnish(name, raw, mac);
	if (err) {
		fprintf(stderr, "tap: no device %s: %s\n", name,
			strerror(-err));
		tap_close(tap);
		return err;
	}
	tap->ifindex = if_nametoindex(name);
	return 0;
}

void tap_close(struct tap *tap)
{
	if (tap->fd >= 0)
		close(tap->fd);
	tap->fd = -1;
}

/* ---- the programs ----------------------------------------------------------- */

static int attach(const struct tap *tap, enum bpf_tc_attach_point point,
		  const struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)tap->ifindex,
		    .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = bpf_program__fd(program));

	return bpf_tc_attach(&hook, &opts);
}

int tap_attach(const struct tap *tap, const struct plane *plane, bool lan)
{
	const struct bpf_program *in, *out;
	const struct twinpath *skel = plane->skel;

	if (tap->raw) {
		in = lan ? skel->progs.tc_lan_raw : skel->progs.tc_wan_raw;
		out = lan ? skel->progs.tc_back_raw : skel->progs.tc_out_raw;
	} else {
		in = lan ? skel->progs.tc_lan : skel->progs.tc_wan;
		out = lan ? skel->progs.tc_back : skel->progs.tc_out;
	}
	return attach(tap, BPF_TC_EGRESS, out) ?:
						 attach(tap, BPF_TC_INGRESS, in);
}

/* ---- packets ---------------------------------------------------------------- */

static int put(const struct tap *tap, const struct virtio_net_hdr *header,
	       const uint8_t *frame, size_t size)
{
	size_t skip = tap->raw ? ETH_HLEN : 0;
	struct iovec parts[] = {
		{ (void *)header, sizeof(*header) },
		{ (void *)(frame + skip), size - skip },
	};

	return writev(tap->fd, parts, 2) < 0 ? -errno : 0;
}

int tap_send(const struct tap *tap, const uint8_t *frame, size_t size)
{
	const struct virtio_net_hdr plain = { 0 };

	return put(tap, &plain, frame, size);
}

/* The checksum field of one that is owed holds the pseudo header's sum. */
static void owe(uint8_t *ip, size_t size)
{
	uint8_t *tcp = ip + IP_HEADER;
	uint32_t sum = IPPROTO_TCP + (uint32_t)(size - IP_HEADER);

	for (unsigned i = 12; i < 20; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	tcp[16] = (uint8_t)(sum >> 8);
	tcp[17] = (uint8_t)sum;
}

int tap_send_super(const struct tap *tap, const uint8_t *frame, size_t size,
		   uint16_t segment)
{
	uint16_t start = (uint16_t)((tap->raw ? 0 : ETH_HLEN) + IP_HEADER);
	const struct virtio_net_hdr header = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.hdr_len = (uint16_t)(start + TCP_HEADER),
		.gso_size = segment,
		.csum_start = start,
		.csum_offset = 16,
	};
	uint8_t copy[PACKET_MAX];

	memcpy(copy, frame, size);
	owe(copy + ETH_HLEN, size - ETH_HLEN);
	return put(tap, &header, copy, size);
}

int tap_emit(const struct tap *tap, const uint8_t *frame, size_t size)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)tap->ifindex,
		.sll_halen = ETH_ALEN,
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return -errno;
	memcpy(to.sll_addr, frame, ETH_ALEN);
	if (sendto(fd, frame + ETH_HLEN, size - ETH_HLEN, 0,
		   (const struct sockaddr *)&to, sizeof(to)) < 0)
		err = -errno;
	close(fd);
	return err;
}

size_t tap_receive(const struct tap *tap, uint8_t frame[PACKET_MAX],
		   int patience)
{
	struct pollfd ready = { .fd = tap->fd, .events = POLLIN };
	size_t skip = tap->raw ? ETH_HLEN : 0;
	struct virtio_net_hdr header;
	struct iovec parts[] = {
		{ &header, sizeof(header) },
		{ frame + skip, PACKET_MAX - skip },
	};
	ssize_t size;

	if (poll(&ready, 1, patience) <= 0)
		return 0;
	memset(frame, 0, ETH_HLEN);
	size = readv(tap->fd, parts, 2);
	if (size < (ssize_t)sizeof(header))
		return 0;
	if (tap->raw)
		frame[12] = 0x08; /* IPv4 */
	return (size_t)size - sizeof(header) + skip;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * masquerade.c - see masquerade.h.
 *
 * Owns: the rules, and conntrack's table in the bench's network namespace.
 */
#include "masquerade.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

#include "wire.h"

static const char rules[] =
	"nft -f - <<.\n"
	"table ip nat {\n"
	"	chain out {\n"
	"		type nat hook postrouting priority srcnat\n"
	"		oifname { tpispa, tpispb } masquerade\n"
	"	}\n"
	"}\n"
	"table ip filter {\n"
	"	chain forward {\n"
	"		type filter hook forward priority filter; policy drop\n"
	"		ct state established,related accept\n"
	"		ct state invalid drop\n"
	"		iifname tplan accept\n"
	"	}\n"
	"	chain input {\n"
	"		type filter hook input priority filter\n"
	"		ct state established,related accept\n"
	"		iifname { tpispa, tpispb } drop\n"
	"	}\n"
	"}\n"
	".\n";

int masquerade_open(void)
{
	/* The bench's segments have no sequence numbers to speak of, and nobody
	 * wants to wait half a minute for fragments to be forgotten. */
	return wire_shell("%secho 1 >/proc/sys/net/netfilter/"
			  "nf_conntrack_tcp_be_liberal\n"
			  "echo 1 >/proc/sys/net/ipv4/ipfrag_time\n",
			  rules);
}

/* Fragments of an earlier packet must not take this one's room. */
static int fragments_gone(void)
{
	return wire_shell("for i in $(seq 100); do\n"
			  "	grep -q '^FRAG: inuse 0 ' /proc/net/sockstat &&"
			  "		exit\n"
			  "	sleep 0.1\n"
			  "done; exit 1");
}

static int connections_gone(void)
{
	const struct {
		struct nlmsghdr header;
		struct nfgenmsg family;
	} all = {
		.header = { .nlmsg_len = sizeof(all),
			    .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 |
					  IPCTNL_MSG_CT_DELETE,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.family = { .nfgen_family = AF_INET },
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (send(fd, &all, sizeof(all), 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		err = -errno;
	close(fd);
	return err ?: answer.error.error;
}

int masquerade_forget(void)
{
	return connections_gone() ?: fragments_gone();
}

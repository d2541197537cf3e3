// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_foreign.c - the machine's own forward rules, ip rules, IPsec policies and
 * qdiscs, as the tools of their owners make them, against a real kernel.  Needs
 * root; works in namespaces of its own.
 */
#include <errno.h>
#include <net/if.h> /* before <linux/if.h>, or they collide */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/netfilter_ipv4/ip_tables.h>

#include <cmocka.h>

#include "foreign_watch.h"
#include "netns.h"

static struct foreign seen;

static const struct foreign *look(void)
{
	assert_int_equal(foreign_read(&seen), 0);
	return &seen;
}

static bool in(const struct foreign_list *list, const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	for (unsigned i = 0; i < list->count; i++)
		if (prefix_equal(&list->list[i].prefix, &prefix))
			return true;
	return false;
}

static void assert_nothing(void)
{
	static const struct foreign nothing;

	assert_memory_equal(look(), &nothing, sizeof(nothing));
}

/* ---- forward rules ------------------------------------------------------------- */

static void test_no_rules(void **state)
{
	netns_of(state); /* skips without root */
	assert_nothing();
	/* What is not about forwarded packets, or decides nothing. */
	netns_run("nft 'add table inet fw;"
		  "add chain inet fw input { type filter hook input priority 0;"
		  " policy drop; };"
		  "add rule inet fw input tcp dport 22 accept;"
		  "add chain inet fw other;"
		  "add rule inet fw other drop;"
		  "add chain inet fw forward { type filter hook forward "
		  "priority 0; };"
		  "add table ip6 fw6;"
		  "add chain ip6 fw6 f { type filter hook forward priority 0;"
		  " policy drop; };"
		  "add table ip nat;"
		  "add chain ip nat p { type nat hook postrouting priority 100;"
		  " };"
		  "add rule ip nat p masquerade'");
	assert_nothing();
}

static void test_forward_policy(void **state)
{
	netns_of(state); /* skips without root */
	netns_run("nft 'add table ip filter; add chain ip filter FORWARD "
		  "{ type filter hook forward priority 0; policy drop; }'");
	assert_string_equal(look()->forward,
			    "nft table ip filter, chain FORWARD: policy drop");
	netns_run("nft 'chain ip filter FORWARD { policy accept; }'");
	assert_nothing();
}

static void test_forward_rule(void **state)
{
	netns_of(state); /* skips without root */
	netns_run("nft 'add table inet fw; add chain inet fw f { type filter "
		  "hook forward priority 10; }; add rule inet fw f counter'");
	assert_string_equal(look()->forward,
			    "nft table inet fw, chain f: has rules");
	assert_true(foreign_shows_first(&seen, FIREWALL_AUTO));
	assert_true(foreign_shows_first(&seen, FIREWALL_KERNEL));
	assert_false(foreign_shows_first(&seen, FIREWALL_NONE));
	netns_run("nft flush chain inet fw f");
	assert_nothing();
	assert_false(foreign_shows_first(&seen, FIREWALL_AUTO));
	assert_true(foreign_shows_first(&seen, FIREWALL_KERNEL));
}

/* ---- the iptables of before nftables --------------------------------------------- */

struct standard {
	struct ipt_entry entry;
	struct xt_standard_target target;
};

struct last {
	struct ipt_entry entry;
	struct xt_error_target target;
};

struct filter {
	struct ipt_replace head;
	char rules[1024];
};

static void add_verdict(struct filter *filter, int verdict)
{
	struct standard *one = (void *)(filter->rules + filter->head.size);

	one->entry.target_offset = sizeof(one->entry);
	one->entry.next_offset = sizeof(*one);
	one->target.target.u.user.target_size = sizeof(one->target);
	one->target.verdict = -verdict - 1;
	filter->head.size += sizeof(*one);
	filter->head.num_entries++;
}

static void add_last(struct filter *filter)
{
	struct last *last = (void *)(filter->rules + filter->head.size);

	last->entry.target_offset = sizeof(last->entry);
	last->entry.next_offset = sizeof(*last);
	last->target.target.u.user.target_size = sizeof(last->target);
	strcpy(last->target.target.u.user.name, XT_ERROR_TARGET);
	strcpy(last->target.errorname, "ERROR");
	filter->head.size += sizeof(*last);
	filter->head.num_entries++;
}

/* As "iptables-legacy -P FORWARD", which Debian's iptables can no longer. */
static void replace_filter(int fd, int policy, bool rule, unsigned entries)
{
	struct filter filter = { .head.name = "filter" };
	struct xt_counters counters[8];

	for (unsigned hook = NF_INET_LOCAL_IN; hook <= NF_INET_LOCAL_OUT;
	     hook++) {
		filter.head.valid_hooks |= 1U << hook;
		filter.head.hook_entry[hook] = filter.head.size;
		if (rule && hook == NF_INET_FORWARD)
			add_verdict(&filter, NF_ACCEPT);
		filter.head.underflow[hook] = filter.head.size;
		add_verdict(&filter,
			    hook == NF_INET_FORWARD ? policy : NF_ACCEPT);
	}
	add_last(&filter);
	filter.head.num_counters = entries; /* that are there now */
	filter.head.counters = counters;
	assert_int_equal(
		setsockopt(fd, IPPROTO_IP, IPT_SO_SET_REPLACE, &filter,
			   (socklen_t)(sizeof(filter.head) + filter.head.size)),
		0);
}

static void test_old_iptables(void **state)
{
	struct ipt_getinfo info = { .name = "filter" };
	socklen_t size = sizeof(info);
	int fd;

	netns_of(state); /* skips without root */
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	assert_true(fd >= 0);
	if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &size)) {
		close(fd);
		skip(); /* this kernel has nftables only */
	}
	assert_nothing(); /* the table is there, and empty */
	replace_filter(fd, NF_DROP, false, 4);
	assert_string_equal(look()->forward, "iptables table filter, chain "
					     "FORWARD: policy DROP");
	replace_filter(fd, NF_ACCEPT, true, 4);
	assert_string_equal(look()->forward,
			    "iptables table filter, chain FORWARD: has rules");
	replace_filter(fd, NF_ACCEPT, false, 5);
	assert_nothing();
	close(fd);
}

/* ---- ip rules ------------------------------------------------------------------- */

static void test_rules_that_say_nothing(void **state)
{
	netns_of(state); /* skips without root */
	netns_run("ip link add w0 type veth peer name w0p");
	netns_run("ip rule add pref 20100 fwmark 0x810000/0xff0000 lookup 20101"
		  " protocol 201");
	netns_run("ip rule add pref 100 lookup main suppress_prefixlength 0");
	netns_run("ip rule add pref 101 oif w0 lookup 100");
	netns_run("ip rule add pref 102 iif lo lookup 100");
	netns_run("ip rule add pref 103 uidrange 1000-2000 lookup 100");
	netns_run("ip rule add pref 40000 to 10.0.0.0/8 lookup 100");
	netns_run("ip -6 rule add pref 104 to fd00::/8 lookup 100");
	assert_nothing();
}

static void test_rules_by_prefix(void **state)
{
	netns_of(state); /* skips without root */
	netns_run("ip rule add pref 100 to 10.8.0.0/16 lookup 100");
	netns_run("ip rule add pref 101 from 192.168.0.50 lookup 100");
	netns_run("ip rule add pref 102 from 192.168.0.51 to 10.9.0.0/16 "
		  "lookup 100");
	netns_run("ip rule add pref 103 to 203.0.113.0/24 prohibit");
	netns_run("ip rule add pref 104 fwmark 7 to 10.8.0.0/16 lookup 100");
	look();
	assert_string_equal(seen.any, "");
	assert_int_equal(seen.to.count, 3);
	assert_true(in(&seen.to, "10.8.0.0/16"));
	assert_true(in(&seen.to, "10.9.0.0/16"));
	assert_true(in(&seen.to, "203.0.113.0/24"));
	assert_int_equal(seen.from.count, 1);
	assert_true(in(&seen.from, "192.168.0.50/32"));
	assert_int_equal(seen.to.list[0].origin, FOREIGN_RULE);
	assert_false(foreign_shows_first(&seen, FIREWALL_AUTO));
}

static void test_rules_about_anything(void **state)
{
	static const struct {
		const char *rule, *text;
	} rules[] = {
		{ "fwmark 1 lookup 100", "ip rule 100: fwmark lookup 100" },
		{ "not from 10.0.0.0/8 lookup 100",
		  "ip rule 100: not lookup 100" },
		{ "iif w0 lookup 100", "ip rule 100: iif lookup 100" },
		{ "tos 0x10 lookup 100", "ip rule 100: tos lookup 100" },
		{ "ipproto tcp lookup 100", "ip rule 100: ipproto lookup 100" },
		{ "dport 25 lookup 100", "ip rule 100: port lookup 100" },
		{ "lookup 52", "ip rule 100: lookup 52" },
		{ "unreachable", "ip rule 100: lookup 0" },
	};

	netns_of(state); /* skips without root */
	netns_run("ip link add w0 type veth peer name w0p");
	for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		netns_run("ip rule add pref 100 %s", rules[i].rule);
		assert_string_equal(look()->any, rules[i].text);
		assert_true(foreign_shows_first(&seen, FIREWALL_AUTO));
		netns_run("ip rule del pref 100");
		assert_nothing();
	}
}

/* More than there is room for could be about any packet. */
static void test_many_rules(void **state)
{
	netns_of(state); /* skips without root */
	netns_run("for i in $(seq 0 %d); do echo rule add pref 100 to "
		  "10.$((i / 256)).$((i %% 256)).0/24 lookup 100; done | "
		  "ip -batch -",
		  FOREIGN_PREFIXES - 1);
	look();
	assert_int_equal(seen.to.count, FOREIGN_PREFIXES);
	assert_string_equal(seen.any, "");
	netns_run("ip rule add pref 100 to 11.0.0.0/8 lookup 100");
	assert_non_null(strstr(look()->any, "ip rules"));
}

/* ---- IPsec ------------------------------------------------------------------------ */

#define TUNNEL "tmpl src 172.16.1.1 dst 172.17.3.1 proto esp mode tunnel"

static void test_policies(void **state)
{
	netns_of(state); /* skips without root */
	netns_run("ip xfrm policy add dir out src 192.168.0.0/24 "
		  "dst 10.8.0.0/16 " TUNNEL);
	netns_run("ip xfrm policy add dir fwd src 10.8.0.0/16 "
		  "dst 192.168.0.0/24 " TUNNEL);
	netns_run("ip xfrm policy add dir in src 10.7.0.0/16 "
		  "dst 192.168.0.0/24 " TUNNEL);
	netns_run("ip xfrm policy add dir fwd dst 203.0.113.0/24 action block");
	netns_run("ip xfrm policy add dir out src 192.168.50.0/24 " TUNNEL);
	/* As it is, by an interface, by a mark: the routes decide. */
	netns_run("ip xfrm policy add dir out dst 10.1.0.0/16");
	netns_run("ip xfrm policy add dir out dst 10.2.0.0/16 if_id 5 " TUNNEL);
	netns_run("ip xfrm policy add dir out dst 10.3.0.0/16 mark 7 " TUNNEL);
	look();
	assert_int_equal(seen.to.count, 3);
	assert_true(in(&seen.to, "10.8.0.0/16"));
	assert_true(in(&seen.to, "192.168.0.0/24"));
	assert_true(in(&seen.to, "203.0.113.0/24"));
	assert_int_equal(seen.to.list[0].origin, FOREIGN_IPSEC);
	assert_int_equal(seen.from.count, 1);
	assert_true(in(&seen.from, "192.168.50.0/24"));
	assert_string_equal(seen.any, "");
}

static void test_policy_for_all(void **state)
{
	netns_of(state); /* skips without root */
	netns_run("ip xfrm policy add dir out proto tcp dport 25 action block");
	assert_string_equal(look()->any, "an IPsec policy for any address");
	netns_run("ip xfrm policy deleteall");
	assert_nothing();
	if (system("ip xfrm policy setdefault fwd block 2>/dev/null"))
		return; /* before Linux 5.15, or its ip */
	assert_non_null(strstr(look()->any, "getdefault"));
	netns_run("ip xfrm policy setdefault fwd accept");
	assert_nothing();
}

/* ---- qdiscs ------------------------------------------------------------------------ */

static void test_qdiscs(void **state)
{
	struct netns *netns = netns_of(state);
	unsigned w0, w1;

	netns_run("ip link add w0 type veth peer name w0p && "
		  "ip link add w1 type veth peer name w1p && "
		  "ip link set w0 up && ip link set w1 up");
	NETNS_WAIT(netns, netns_index_of(netns, "w1"));
	w0 = netns_index_of(netns, "w0");
	w1 = netns_index_of(netns, "w1");
	assert_nothing();
	netns_run("tc qdisc add dev w1 root pfifo && "
		  "tc qdisc add dev w0 clsact");
	assert_nothing();
	netns_run("tc qdisc add dev w0 root handle 1: tbf rate 10mbit "
		  "burst 10k latency 50ms && "
		  "tc qdisc add dev w0 parent 1: htb");
	look();
	assert_int_equal(seen.shaped_count, 1);
	assert_string_equal(foreign_shaper(&seen, w0), "tbf");
	assert_null(foreign_shaper(&seen, w1));
	netns_run("tc qdisc del dev w0 root");
	assert_nothing();
}

/* ---- listening ---------------------------------------------------------------------- */

static unsigned told;

static void on_changed(void *arg, const struct foreign *was)
{
	const struct foreign_watch *const *watch = arg;

	/* Never for nothing. */
	assert_memory_not_equal(was, foreign_seen(*watch), sizeof(*was));
	told++;
}

#define AFTER(command, condition)                                \
	do {                                                     \
		unsigned before = told;                          \
                                                                 \
		netns_run(command);                              \
		NETNS_WAIT(netns, told > before && (condition)); \
	} while (0)

static void test_listening(void **state)
{
	struct netns *netns = netns_of(state);
	struct foreign_watch *watch = NULL;
	const struct foreign *now;

	netns_run("ip link add w0 type veth peer name w0p && "
		  "ip link set w0 up");
	told = 0;
	assert_int_equal(foreign_watch_open(&watch, netns->loop.base,
					    on_changed, &watch),
			 0);
	now = foreign_seen(watch);
	AFTER("nft 'add table ip t; add chain ip t f { type filter hook "
	      "forward priority 0; policy drop; }'",
	      now->forward[0]);
	AFTER("nft flush ruleset", !now->forward[0]);
	AFTER("ip rule add pref 100 to 10.8.0.0/16 lookup 100",
	      now->to.count == 1);
	AFTER("ip rule del pref 100", now->to.count == 0);
	AFTER("ip xfrm policy add dir out dst 10.9.0.0/16 action block",
	      now->to.count == 1);
	AFTER("ip xfrm policy flush", now->to.count == 0);
	AFTER("tc qdisc add dev w0 root tbf rate 1mbit burst 10k latency 9ms",
	      now->shaped_count == 1);
	AFTER("tc qdisc del dev w0 root", now->shaped_count == 0);
	/* What changes nothing that counts is not told. */
	told = 0;
	netns_run("nft add table ip t && ip rule add pref 100 lookup main && "
		  "ip link add w1 type veth peer name w1p");
	AFTER("ip rule add pref 99 lookup 52", now->any[0]);
	assert_int_equal(told, 1);
	foreign_watch_close(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NETNS_TEST(test_no_rules),
		NETNS_TEST(test_forward_policy),
		NETNS_TEST(test_forward_rule),
		NETNS_TEST(test_old_iptables),
		NETNS_TEST(test_rules_that_say_nothing),
		NETNS_TEST(test_rules_by_prefix),
		NETNS_TEST(test_rules_about_anything),
		NETNS_TEST(test_many_rules),
		NETNS_TEST(test_policies),
		NETNS_TEST(test_policy_for_all),
		NETNS_TEST(test_qdiscs),
		NETNS_TEST(test_listening),
	};

	return cmocka_run_group_tests_name("foreign", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reasons.h - why the data plane did what it did with a packet.
 *
 * Owns: the one list of reasons; the enum, the counters and the names are
 * made from it.  Every way out of a program bumps exactly one of them.
 *
 * REASON(name, fate, what it says to an operator)
 */
#ifndef TWINPATH_REASONS_H
#define TWINPATH_REASONS_H

#include <linux/types.h>

/* clang-format off */
#define TP_REASONS(REASON)                                                     \
	/* served */                                                           \
	REASON(translated_out, FORWARDED, "inside to outside, translated")     \
	REASON(translated_in, FORWARDED, "outside to inside, translated")      \
	REASON(error_out, FORWARDED, "ICMP error to the outside, translated")  \
	REASON(error_in, FORWARDED, "ICMP error to the inside, translated")    \
	REASON(take, FORWARDED, "handed to the partner: yours")                \
	REASON(question, FORWARDED, "handed to the partner: yours?")           \
	REASON(session_question, FORWARDED, "handed to the partner: your session?") \
	REASON(returned, FORWARDED, "given back to the partner: not mine")     \
	REASON(moved, FORWARDED, "sent by the kernel to another uplink, put right") \
	REASON(reset, FORWARDED, "answered to the host with a TCP reset")      \
	REASON(hairpin, FORWARDED, "from inside to a port of ours, turned round") \
	/* left to the kernel */                                               \
	REASON(not_ip, PASSED, "not IPv4 or IPv6 (ARP and the like)")          \
	REASON(ipv6, PASSED, "IPv6: passed untouched")                         \
	REASON(vlan, PASSED, "of a VLAN device above this interface")          \
	REASON(not_for_us, PASSED, "frame for another MAC address")            \
	REASON(group, PASSED, "broadcast or multicast")                        \
	REASON(local, PASSED, "for the gateway itself")                        \
	REASON(inside, PASSED, "from inside to inside")                        \
	REASON(own, PASSED, "from the gateway itself")                         \
	REASON(excluded, PASSED, "excluded, under IPsec or a rule: the kernel's") \
	REASON(firewall, PASSED, "first of a session: the kernel's firewall sees it") \
	REASON(ttl, PASSED, "TTL used up: the kernel answers")                 \
	REASON(too_big, PASSED, "larger than the exit's MTU")                  \
	REASON(options, PASSED, "IP options")                                  \
	REASON(fragment_slow, PASSED, "fragment: XDP leaves it to tc")         \
	REASON(no_next_hop, PASSED, "next hop's MAC address not known yet")    \
	REASON(no_neighbour, PASSED, "host's MAC address not known yet")       \
	REASON(not_xdp, PASSED, "XDP cannot do it: tc does")       \
	REASON(link_unknown, PASSED, "interface not in the links map")         \
	REASON(translated_slow_out, PASSED, "translated, on the kernel's way out") \
	REASON(translated_slow_in, PASSED, "translated, then left to the kernel") \
	/* dropped */                                                          \
	REASON(malformed, DROPPED, "header cut short or contradictory")        \
	REASON(bad_flags, DROPPED, "TCP flags that no stack sends")            \
	REASON(bad_checksum, DROPPED, "ICMP error with a wrong checksum")      \
	REASON(bad_quote, DROPPED, "ICMP error quoting what cannot be")        \
	REASON(martian, DROPPED, "source or destination that no host can have") \
	REASON(link_local, DROPPED, "link-local address: never forwarded")     \
	REASON(spoofed, DROPPED, "one of our addresses as source, from where it cannot come") \
	REASON(protocol, DROPPED, "a protocol that cannot be translated")      \
	REASON(not_inside, DROPPED, "source that is not inside")               \
	REASON(inside_from_outside, DROPPED, "from an uplink, to an address that is not its own") \
	REASON(unsolicited, DROPPED, "from outside, to nothing")               \
	REASON(filtered, DROPPED, "from outside, by a remote never sent to")   \
	REASON(no_session, DROPPED, "middle of a session that nobody holds")   \
	REASON(hold, DROPPED, "its session waits for a dead uplink")           \
	REASON(no_exit, DROPPED, "no live exit")                               \
	REASON(wrong_uplink, DROPPED, "session belongs to another uplink")     \
	REASON(untranslated, DROPPED, "inside source about to leave an uplink") \
	REASON(fragment, DROPPED, "fragment that cannot be placed")            \
	REASON(fragment_held, DROPPED, "fragment before its first: kept, and counted again when that has passed") \
	REASON(fragment_full, DROPPED, "fragment before its first: no room to keep it") \
	REASON(fragment_tiny, DROPPED, "fragment that cuts its header short")  \
	REASON(error_lost, DROPPED, "ICMP error about no session of ours")     \
	REASON(redirect, DROPPED, "ICMP redirect, never translated")           \
	REASON(ports_full, DROPPED, "no external port left")                   \
	REASON(sessions_full, DROPPED, "no room for a session")                \
	REASON(remote_taken, DROPPED, "remote that another host talks to, by a protocol without ports") \
	REASON(host_sessions, DROPPED, "its host has as many sessions as it may") \
	REASON(host_ports, DROPPED, "its host has as many external ports as it may") \
	REASON(host_rate, DROPPED, "its host opens more sessions a second than it may") \
	REASON(host_questions, DROPPED, "more flows of its host than the partner is asked about") \
	REASON(contended, DROPPED, "two CPUs opening the same session")        \
	REASON(hairpin_lost, DROPPED, "turned round, and cannot be delivered") \
	REASON(ping_pong, DROPPED, "from the partner, back to the partner")    \
	REASON(probe, DROPPED, "liveness question, come back from the partner") \
	REASON(stranger, DROPPED, "by the partner's link, but not from it")    \
	REASON(stray_return, DROPPED, "returned by the partner, never asked")  \
	REASON(program, DROPPED, "an edit failed: see the program")

/* clang-format on */

enum tp_fate {
	TP_FATE_FORWARDED,
	TP_FATE_PASSED,
	TP_FATE_DROPPED,
};

enum tp_reason {
#define REASON(name, fate, text) TP_REASON_##name,
	TP_REASONS(REASON)
#undef REASON
	TP_REASON_COUNT,
};

/* Hooks: the key of the per-CPU array "reasons". */
#define TP_HOOKS(HOOK) \
	HOOK(xdp_lan)  \
	HOOK(xdp_wan)  \
	HOOK(tc_lan)   \
	HOOK(tc_wan)   \
	HOOK(tc_out)   \
	HOOK(tc_back)

enum tp_hook {
#define HOOK(name) TP_HOOK_##name,
	TP_HOOKS(HOOK)
#undef HOOK
	TP_HOOK_COUNT,
};

/* A struct of named counters, so that a dump prints the names. */
struct tp_reasons {
#define REASON(name, fate, text) __u64 name;
	TP_REASONS(REASON)
#undef REASON
};

_Static_assert(sizeof(struct tp_reasons) == TP_REASON_COUNT * sizeof(__u64),
	       "one counter a reason");

#endif

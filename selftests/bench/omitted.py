# SPDX-License-Identifier: GPL-2.0-or-later
"""Parts of the core that a benchmark's packet would get through without.

Owns: the table.  Each leaves one part out by small changes of the text, as the
faults of mutants/faults.py do.  What is left is no gateway: it lacks what some RFC
or some other packet needs.  But it still translates the benchmark's packets, and
how much faster is what the part costs.
"""

from typing import NamedTuple

OPENING = ("new endpoint", "known endpoint")
HIT = ("1", "64k")
BOTH = OPENING + HIT


class Change(NamedTuple):
    path: str  # below bpf/
    old: str
    new: str


class Part(NamedTuple):
    what: str
    loads: tuple  # of which it is a part
    changes: tuple  # of Change


PARTS = [
    # ---- of a new session ---------------------------------------------------
    Part("is the port a socket of our own?", OPENING, (
        Change("claim.h", "return socket_wants(claim->hook, &claim->ask, "
               "claim->end->plane);", "return 0;"),)),
    Part("is the port reserved?", OPENING, (
        Change("claim.h", "claim_reserved(index) || claim_wanted(claim, port)",
               "claim_wanted(claim, port)"),)),
    Part("other ports than its own, the draw", OPENING, (
        Change("claim.h", "claim.start = port_draw(&claim, 0);", ""),
        Change("claim.h", "bpf_loop(PORT_TRIES, claim_try, &claim, 0);",
               "claim_try(0, &claim);"))),
    Part("routes to destination and source", OPENING, (
        Change("miss.h", "reason = lan_placed(hook, p);", "reason = GO_ON;"),)),
    Part("who owns it, the partner's state", OPENING, (
        Change("miss.h",
               "action = miss_decide(hook, p, session, mate, selected, miss);",
               """{
		const struct tp_exit *chosen = exit_at(selected);

		miss->view.self = miss->view.bindable = 1;
		miss_endpoint(p, miss);
		miss_binding(hook, miss,
			     chosen ? chosen->address : TP_MAX_ADDRESSES);
		action = OWN_BIND;
	}"""),)),
    Part("what a host may have", OPENING, (
        Change("bind.h", "miss->end.ration = ration_get(&miss->end.inside, "
               "hook->now); if (!ration_may_open(hook->set, "
               "miss->end.ration, hook->now))", "if (0)"),
        Change("claim.h", "ration_take(&end->inside, end->ration, "
               "TP_RATION_PORT, hook->set->limits.ports);",
               "RATION_UNCOUNTED;"),
        Change("session_open.h",
               "taken = session_ration(key, ration), number;",
               "taken = ration >> 16 ? RATION_REFUSED : RATION_UNCOUNTED, "
               "number;"))),
    Part("which hosts the partner is told", OPENING, (
        Change("claim.h", "endpoint_note(&end->inside, hook->now);", ""),)),
    Part("whom the endpoint has sent to", OPENING, (
        Change("miss.h", "if (p->flags & PACKET_BINDABLE && !noted) "
               "permission_note(session, hook->now);", ""),)),
    Part("looking again, under the locks", OPENING, (
        Change("claim.h", "return BINDING_NONE; index = binding_find(end, "
               "hook->now);", "return BINDING_NONE; index = BINDING_NONE;"),
        Change("session_open.h", "number = session_number(key, hash);",
               "number = SESSION_NONE;"))),
    Part("the locks", OPENING, (
        Change("claim.h", "if (!lock_take(end->hash))", "if (0)"),
        Change("claim.h", "lock_give(end->hash);", ""),
        Change("session_open.h", "if (!lock_take(hash))", "if (0)"),
        Change("session_open.h", "lock_give(hash);", ""))),
    Part("looking beyond the first bucket", OPENING, (
        Change("session.h", "for (which = 0; which < 3; which++)",
               "for (which = 0; which < 1; which++)"),
        Change("session.h", "&& session_untagged(session_bucket(hash, 1), "
               "tag) && session_untagged(session_bucket(hash, 2), tag);",
               ";"))),
    Part("the emptier bucket, making room", OPENING, (
        Change("session_open.h", "if (session_room(session_bucket(hash, 0)) "
               "< SESSION_TIGHT) session_make_room(hash, (__u32) new);", ""),
        Change("session_open.h", "if (session_room(slot) >= SESSION_SPARE && "
               "session_claim_line(", "if (session_claim_line("),
        Change("session_open.h",
               "if (session_room(first) < SESSION_SPARE && "
               "session_room(second) > session_room(first)) slot = second;",
               ""))),
    Part("the binding's life moved on", OPENING, (
        Change("session_open.h", "if (!binding_lasts(binding, "
               "incarnation, until) && !binding_renew(binding, incarnation, "
               "until, BINDING_JOINED, now)) return 0;", ""),)),
    Part("all that is atomic, as plain writes", OPENING, (
        Change("maps.bpf.h", "#include <bpf/bpf_helpers.h>",
               """#include <bpf/bpf_helpers.h>
#define __sync_val_compare_and_swap(word, expected, next) \\
	({ typeof(*(word)) found_ = *(word); \\
	   if (found_ == (expected)) *(word) = (next); found_; })
#define __sync_lock_test_and_set(word, next) (*(word) = (next))
"""),)),
    # ---- of every packet ----------------------------------------------------
    Part("for us, and from whom?", BOTH, (
        Change("fast.h",
               "frame_for_us(data, end, ETHERNET, link, p) != GO_ON ||",
               "((p->kind = TP_KIND_HOST), 0) ||"),)),
    Part("a hash that nobody can foresee", BOTH, (
        Change("hash.h", "__u64 sum = hash_pair(word[0], k[0], k[1]) + "
               "hash_pair(word[1], k[2], k[3]) + "
               "hash_pair(word[2], k[4], k[5]) + "
               "hash_pair(word[3], k[6], k[7]) + "
               "hash_pair(word[4], k[8], k[9]);",
               "__u64 sum = (word[1] + 3 * word[3] + word[4]) * k[0];"),)),
    Part("counters", BOTH, (
        Change("reason.h", "__u64 *counters = "
               "bpf_map_lookup_elem(&reasons, &hook);",
               "__u64 *counters = 0;"),
        Change("hit.h", "count_out(exit_id, hook->bytes); return p->class",
               "return p->class"))),
    Part("does its exit live, its address?", BOTH, (
        Change("hit.h", "return exit && address && "
               "session_live(session->control, now) && exit_live(exit) && "
               "session->generation == address->generation;",
               "return exit && address;"),
        Change("hit.h", "else if (session->confirm != hook->set->confirm)",
               "else if (0)"))),
    Part("its age, TCP's state", BOTH, (
        Change("hit.h", "if (!session_outward(hook, p, session, note)) {",
               "if (0) {"),)),
    Part("TTL, MTU, MSS, ID, next hop", BOTH, (
        Change("hit.h", "if (p->ttl <= 1) return TP_REASON_ttl; "
               "if (p->size > exit->mtu) return TP_REASON_too_big; "
               "if (!(exit->flags & TP_EXIT_HAS_NEXT_HOP)) "
               "return TP_REASON_no_next_hop; "
               "if (hook->xdp && !(exit->flags & TP_EXIT_XDP)) "
               "return TP_REASON_not_xdp; if (p->flags & PACKET_RARE) {",
               "if (0) {"),)),
]

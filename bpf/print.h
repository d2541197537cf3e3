/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * print.h - what is asked of the data plane from outside a packet: the pinned
 * iterators that print the live sessions and bindings, and the clock.
 *
 * Ages are computed here, by the data plane's own clock.
 */
#ifndef TWINPATH_PRINT_H
#define TWINPATH_PRINT_H

#include "endpoint.h"
#include "parse.h"
#include "session.h"

/* The few kernel types an iterator needs, by field name (CO-RE). */
struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
} __attribute__((preserve_access_index));

struct bpf_map {
	__u32 id;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
} __attribute__((preserve_access_index));

#define PRINT(seq, format, ...)                                         \
	({                                                              \
		static const char print_format[] = format;              \
		__u64 print_args[] = { __VA_ARGS__ };                   \
		bpf_seq_printf(seq, print_format, sizeof(print_format), \
			       print_args, sizeof(print_args));         \
	})
#define PRINT_TEXT(seq, text)                                           \
	({                                                              \
		static const char print_text[] = text;                  \
		bpf_seq_write(seq, print_text, sizeof(print_text) - 1); \
	})

/*
 * A read that walks a million entries without a word ends in EAGAIN
 * (bpf_seq_read), for `cat` too: so there is one now and then.
 */
#define PRINT_PAUSE (1 << 19)

static __always_inline void print_pause(struct seq_file *seq, __u64 number)
{
	if (!(number % PRINT_PAUSE))
		PRINT_TEXT(seq, "#\n");
}

static const char print_states[][12] = { "-", "opening", "established",
					 "closing", "reset" };

static __always_inline const char *print_state(const struct tp_session *s)
{
	__u16 bits = TP_CONTROL_EXTRA(s->control);

	if (s->key.proto != IPPROTO_TCP)
		return print_states[0];
	if (bits & TP_TCP_RST)
		return print_states[4];
	if (bits & TCP_BOTH_FIN)
		return print_states[3];
	return tcp_established(bits) ? print_states[2] : print_states[1];
}

/* By name where there is one, as /etc/protocols has it but for 6in4. */
static __always_inline void print_protocol(struct seq_file *seq, __u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		PRINT_TEXT(seq, "tcp");
		break;
	case IPPROTO_UDP:
		PRINT_TEXT(seq, "udp");
		break;
	case IPPROTO_ICMP:
		PRINT_TEXT(seq, "icmp");
		break;
	case IPPROTO_IPIP:
		PRINT_TEXT(seq, "ipip");
		break;
	case IPPROTO_IPV6:
		PRINT_TEXT(seq, "6in4");
		break;
	case IPPROTO_GRE:
		PRINT_TEXT(seq, "gre");
		break;
	case IPPROTO_ESP:
		PRINT_TEXT(seq, "esp");
		break;
	case IPPROTO_SCTP:
		PRINT_TEXT(seq, "sctp");
		break;
	case PROTO_ETHERIP:
		PRINT_TEXT(seq, "etherip");
		break;
	case PROTO_L2TP:
		PRINT_TEXT(seq, "l2tp");
		break;
	case IPPROTO_MPLS:
		PRINT_TEXT(seq, "mpls");
		break;
	default: /* none that is served */
		PRINT(seq, "ip-%u", proto);
	}
}

/* What the index of a line says, or the line itself where it has no port. */
static __always_inline __u8
print_binding_proto(const struct tp_binding *binding, __u32 index)
{
	__u32 plane = index / 65536 % TP_PLANES;

	APART(plane);
	if (binding->portless)
		return binding->portless >> 8;
	return plane == TP_PLANE_TCP ? IPPROTO_TCP :
	       plane == TP_PLANE_UDP ? IPPROTO_UDP :
				       IPPROTO_ICMP;
}

static __always_inline void
print_endpoint(struct seq_file *seq, const struct tp_addr *address, __be16 port)
{
	PRINT(seq, " %pI4:%u", (__u64)(unsigned long)&address->byte[12],
	      bpf_ntohs(port));
}

/* Ticks as whole seconds; what has passed is 0. */
static __always_inline __u32 print_left(__u32 until, __u32 now)
{
	return clock_passed(until, now) ? 0 :
					  (until - now) / TP_TICKS_PER_SECOND;
}

static __always_inline void print_session(struct seq_file *seq,
					  const struct tp_session *s,
					  const struct tp_settings *set,
					  __u32 now)
{
	__u32 address_id = s->address, exit_id = s->exit;
	const struct tp_address *address =
		bpf_map_lookup_elem(&addresses, &address_id);
	const struct tp_exit *exit = bpf_map_lookup_elem(&exits, &exit_id);
	__u32 left = print_left(TP_CONTROL_EXPIRY(s->control), now);
	__u32 whole = session_timeout(set, s->key.proto, s->key.remote_port,
				      TP_CONTROL_EXTRA(s->control)) /
		      TP_TICKS_PER_SECOND;

	if (!address || !exit)
		return;
	print_protocol(seq, s->key.proto);
	print_endpoint(seq, &s->key.inside, s->key.inside_port);
	print_endpoint(seq, &address->address, s->port);
	print_endpoint(seq, &s->key.remote, s->key.remote_port);
	PRINT(seq, " %s %s %u %u\n", (__u64)(unsigned long)exit->name,
	      (__u64)(unsigned long)print_state(s),
	      whole > left ? whole - left : 0, left);
}

SEC("iter/bpf_map_elem")
int print_sessions(struct bpf_iter__bpf_map_elem *ctx)
{
	const struct tp_settings *set = ONLY(&settings);
	struct seq_file *seq = ctx->meta->seq;
	struct tp_bucket *bucket = ctx->value;
	__u32 i, now;

	if (!bucket || !set)
		return 0;
	if (!ctx->meta->seq_num)
		PRINT_TEXT(seq, "# proto inside external remote exit state "
				"idle left\n");
	else
		print_pause(seq, ctx->meta->seq_num);
	now = clock_now(set);
	for (i = 0; i < TP_BUCKET_LINES; i++)
		if (session_live(bucket->line[i].control, now))
			print_session(seq, &bucket->line[i], set, now);
	return 0;
}

SEC("iter/bpf_map_elem")
int print_bindings(struct bpf_iter__bpf_map_elem *ctx)
{
	const struct tp_settings *set = ONLY(&settings);
	struct seq_file *seq = ctx->meta->seq;
	struct tp_binding *binding = ctx->value;
	const struct tp_address *address;
	const struct tp_exit *exit;
	__u32 *key = ctx->key;
	__u32 now, index, id;
	__be16 port;

	if (!key || !binding || !set)
		return 0;
	if (!ctx->meta->seq_num)
		PRINT_TEXT(seq, "# proto inside external exit open idle "
				"left kind\n");
	else
		print_pause(seq, ctx->meta->seq_num);
	now = clock_now(set);
	if (!binding_live(binding->control, now))
		return 0;
	index = *key;
	id = index / 65536 / TP_PLANES;
	port = bpf_htons((__u16)index);
	if (binding->portless) {
		id = binding->portless & 0xff;
		port = 0;
	}
	address = bpf_map_lookup_elem(&addresses, &id);
	id = binding->exit;
	exit = bpf_map_lookup_elem(&exits, &id);
	if (!address || !exit)
		return 0;
	print_protocol(seq, print_binding_proto(binding, index));
	print_endpoint(seq, &binding->inside, binding->inside_port);
	print_endpoint(seq, &address->address, port);
	PRINT(seq, " %s %u %u", (__u64)(unsigned long)exit->name,
	      TP_CONTROL_EXTRA(binding->control),
	      (now - binding->used) / TP_TICKS_PER_SECOND);
	if (TP_CONTROL_LINE(binding->control) == TP_LINE_STATIC)
		PRINT_TEXT(seq, " - published\n");
	else
		PRINT(seq, " %u dynamic\n",
		      print_left(TP_CONTROL_EXPIRY(binding->control), now));
	return 0;
}

SEC("syscall")
int clock(struct tp_clock *ask)
{
	const struct tp_settings *set = ONLY(&settings);

	ask->now = set ? clock_now(set) : 0;
	return 0;
}

#endif

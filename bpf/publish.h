/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * publish.h - the one change of the bindings that the daemon may ask for:
 * static ones, for servers inside.
 *
 * Owns: making, replacing and withdrawing them.  They are claimed like any other
 * line, by compare-and-swap, and never expire; neither a cut nor another address
 * ends them, only the sessions on them (binding_current).
 */
#ifndef TWINPATH_PUBLISH_H
#define TWINPATH_PUBLISH_H

#include <errno.h>

#include "claim.h"
#include "endpoint.h"

/* Sessions of an evicted binding renew, and find out, once a second. */
#define PUBLISH_GRACE (TP_TICKS_PER_SECOND + BINDING_GRACE)

static __always_inline int publish_is(const struct tp_publish *ask,
				      const struct tp_binding *binding)
{
	return binding->inside_port == ask->inside_port &&
	       address_equal(&binding->inside, &ask->inside);
}

/* So that what the endpoint sends by itself keeps its port (RFC 4787 REQ-1). */
static __always_inline void publish_remember(const struct tp_publish *ask,
					     __u32 now)
{
	const struct tp_seed *keys = ONLY(&seed);
	struct endpoint end = { .inside = ask->inside,
				.port = ask->inside_port,
				.plane = ask->plane,
				.address = ask->address };

	if (!keys || ask->port == ask->inside_port)
		return;
	endpoint_hash(&end, keys);
	endpoint_remember(&end,
			  TP_BINDING_INDEX(ask->address, ask->plane,
					   bpf_ntohs(ask->port)),
			  now);
}

/*
 * Has another endpoint the port now?  A line of an earlier address is nobody's,
 * whatever its expiry says.
 */
static __always_inline int publish_held(const struct tp_binding *binding,
					__u64 control,
					const struct tp_address *address,
					__u32 now)
{
	return TP_CONTROL_LINE(control) != TP_LINE_STATIC &&
	       binding_live(control, now) &&
	       binding_current(binding, control, address);
}

/*
 * From which tick on the line may serve the new server; 0: at once.  Sessions
 * that had the port find out when they next renew, so until then nobody has it:
 * no packet reaches the wrong host.
 */
static __always_inline __u32 publish_start(const struct tp_binding *binding,
					   __u64 control,
					   const struct tp_address *address,
					   __u32 now)
{
	__u32 line = TP_CONTROL_LINE(control);
	__u32 start = now + PUBLISH_GRACE;

	if ((line != TP_LINE_LIVE && line != TP_LINE_CLOSED) ||
	    !binding_current(binding, control, address) ||
	    clock_passed(TP_CONTROL_EXPIRY(control) + PUBLISH_GRACE, now))
		return 0;
	return start ? start : 1;
}

/*
 * The endpoint has the port already, published or by chance: what lives on it
 * goes on.
 */
static __always_inline int publish_keep(const struct tp_publish *ask,
					struct tp_binding *binding, __u64 old,
					__u32 now)
{
	binding->filtering = ask->filtering;
	if (TP_CONTROL_LINE(old) == TP_LINE_STATIC && !binding_live(old, now))
		return -EAGAIN;
	if (__sync_val_compare_and_swap(&binding->control, old,
					TP_CONTROL(0, TP_LINE_STATIC,
						   TP_CONTROL_INCARNATION(old),
						   0)) != old)
		return -EAGAIN;
	claim_release(binding, old);
	return 0;
}

static __always_inline void publish_fill(const struct tp_publish *ask,
					 struct tp_binding *binding, __u32 now)
{
	const struct tp_addr nobody = {};

	binding->inside = ask->inside;
	binding->remote = nobody;
	binding->inside_port = ask->inside_port;
	binding->generation = 0;
	binding->neighbour = 0;
	binding->confirm = 0;
	binding->exit = ask->exit;
	binding->filtering = ask->filtering;
	binding->made = now;
	binding->used = now;
}

/* Busy while it is filled; else like a claim. */
static __always_inline int publish_take(struct tp_binding *binding, __u64 old)
{
	if (__sync_val_compare_and_swap(
		    &binding->control, old,
		    TP_CONTROL(0, TP_LINE_BUSY, TP_CONTROL_INCARNATION(old) + 1,
			       0)) != old)
		return 0;
	claim_release(binding, old);
	return 1;
}

static __always_inline void publish_give(struct tp_binding *binding, __u64 old,
					 __u32 line, __u32 start)
{
	__sync_lock_test_and_set(
		&binding->control,
		TP_CONTROL(start, line, TP_CONTROL_INCARNATION(old) + 1, 0));
}

static __always_inline int publish_make(const struct tp_publish *ask,
					struct tp_binding *binding,
					const struct tp_address *address,
					__u64 old, __u32 now)
{
	int held = publish_held(binding, old, address, now);
	__u32 start = publish_start(binding, old, address, now);

	if (TP_CONTROL_LINE(old) == TP_LINE_BUSY)
		return -EAGAIN;
	if ((held || TP_CONTROL_LINE(old) == TP_LINE_STATIC) &&
	    publish_is(ask, binding) && binding->exit == ask->exit)
		return publish_keep(ask, binding, old, now);
	if (held && ask->action != TP_PUBLISH_TAKE)
		return -EBUSY;
	if (!publish_take(binding, old))
		return -EAGAIN;
	publish_fill(ask, binding, now);
	endpoint_note(&binding->inside, now);
	publish_give(binding, old, TP_LINE_STATIC, start);
	publish_remember(ask, now);
	return start ? -EAGAIN : 0;
}

/* Only what was published, and for this endpoint. */
static __always_inline int publish_withdraw(const struct tp_publish *ask,
					    struct tp_binding *binding,
					    __u64 old)
{
	if (TP_CONTROL_LINE(old) != TP_LINE_STATIC || !publish_is(ask, binding))
		return -ENOENT;
	if (!publish_take(binding, old))
		return -EAGAIN;
	publish_give(binding, old, TP_LINE_FREE, 0);
	return 0;
}

SEC("syscall")
int publish(struct tp_publish *ask)
{
	const struct tp_settings *set = ONLY(&settings);
	__u32 id = ask->address;
	const struct tp_address *address = bpf_map_lookup_elem(&addresses, &id);
	struct tp_binding *binding = binding_at(TP_BINDING_INDEX(
		ask->address, ask->plane, bpf_ntohs(ask->port)));
	__u32 now;
	__u64 old;

	ask->result = -EINVAL;
	if (!set || !address || !binding || ask->plane >= TP_PLANES)
		return 0;
	now = clock_now(set);
	old = *(volatile __u64 *)&binding->control;
	ask->result = ask->action == TP_PUBLISH_WITHDRAW ?
			      publish_withdraw(ask, binding, old) :
			      publish_make(ask, binding, address, old, now);
	return 0;
}

#endif

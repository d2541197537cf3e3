/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interfaces.h - the interfaces of the configuration, and what is on them.
 *
 * Owns: which interface (by name, whatever its index today) carries our
 * programs, in which mode; the sysctls that forwarding needs.  LAN forwarding
 * is switched on only once every uplink that is there has its programs: before
 * that the kernel could forward an inside source untranslated.
 */
#ifndef TWINPATH_INTERFACES_H
#define TWINPATH_INTERFACES_H

#include "attach.h"
#include "foreign.h"
#include "netlink.h"

#define INTERFACES_MAX (MODEL_LANS + MODEL_UPLINKS + TP_KINDS)

struct interface {
	char name[IF_NAMESIZE];
	enum attach_role role;
	int uplink;	  /* index in the config, or MODEL_NOBODY */
	unsigned ifindex; /* that it is attached to, 0: not */
	unsigned refused; /* ifindex that could not be attached: said once */
	bool partner;	  /* it leads there, and to no host */
	bool raw;	  /* it has no MAC header */
	bool xdp;
	char shaper[16]; /* the qdisc that shapes there; "": none does */
};

struct interfaces {
	unsigned count;
	struct interface list[INTERFACES_MAX];
	bool xdp; /* the mode in force */
};

struct interfaces_context {
	const struct plane *plane;
	const struct netlink *netlink;
	const struct config *config;
	const char *instance;
	const struct foreign *foreign;
	const char *sysctls; /* state file */
};

void interfaces_init(struct interfaces *interfaces,
		     const struct config *config);

/*
 * interfaces_start - attach to everything.  `strict`: an interface that is not
 * there is an error (a first start); otherwise it is waited for.
 * Returns 0 or a negative errno after a line that names the interface; then
 * nothing that this call attached is left.
 */
int interfaces_start(struct interfaces *interfaces,
		     const struct interfaces_context *context, bool strict);

/*
 * interfaces_reload - the interfaces of another configuration, in `interfaces`:
 * what `old` has attached stays, what is new is attached, or waited for.
 * Returns 0, or a negative errno after a line that names the interface: then all
 * of them carry what they did before.
 */
int interfaces_reload(struct interfaces *interfaces,
		      const struct interfaces *old,
		      const struct interfaces_context *context);

/* Programs and settings off those of `old` that are none of ours any more. */
void interfaces_release(const struct interfaces *interfaces,
			const struct interfaces *old,
			const struct interfaces_context *context);

/* Links changed: attach to what is new, forget what is gone. */
void interfaces_update(struct interfaces *interfaces,
		       const struct interfaces_context *context);

/* The settings of those that are attached: forwarding, rp_filter, redirects. */
void interfaces_forward(const struct interfaces *interfaces,
			const struct interfaces_context *context);

/* Qdiscs changed: where does XDP leave sending to tc? */
void interfaces_shape(struct interfaces *interfaces,
		      const struct interfaces_context *context);

/* May XDP send there?  Not past a qdisc that shapes: then tc does. */
bool interface_redirects(const struct interface *one);

/* Every LAN interface that exists carries our programs? */
bool interfaces_ready(const struct interfaces *interfaces,
		      const struct netlink *netlink);

const struct interface *interfaces_find(const struct interfaces *interfaces,
					unsigned ifindex);

/*
 * A macvlan that VRRP put on a LAN interface and that is up here?  With or
 * without the virtual address: at a move frames still come for a moment, and the
 * kernel, which takes them too, would hand them on as a take.
 */
bool interfaces_is_virtual(const struct netlink_link *link, unsigned parent);

#endif

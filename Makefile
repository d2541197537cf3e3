# SPDX-License-Identifier: GPL-2.0-or-later
#
# twinpath: one object for the kernel, one daemon, one command.
# `make help` lists the targets and the variables.

O ?= build
V ?= 0
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
CLANG ?= clang
BPFTOOL ?= bpftool
PKG_CONFIG ?= pkg-config
PYTHON ?= /usr/bin/python3
ifeq ($(origin CC),default)
CC := gcc
endif

# An ordinary user's PATH has no sbin, where Debian keeps bpftool.
export PATH := $(PATH):/usr/sbin:/sbin
# A clone that was tested is as clean as one that was not.
export PYTHONDONTWRITEBYTECODE := 1

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

ifeq ($(V),1)
say = @:
Q :=
else
say = @printf '  %-8s%s\n' '$(1)' '$(patsubst $(CURDIR)/%,%,$(2))'
Q := @
endif

# ---- what consists of what ---------------------------------------------------

libs := libbpf libelf zlib libnl-3.0 libconfuse libevent json-c libsodium

bpf-src := $(wildcard bpf/*.bpf.c)
loader-src := $(wildcard loader/*.c)
tools-src := $(wildcard tools/*.c)
harness-src := $(wildcard selftests/harness/*.c)
tests := $(patsubst selftests/%.c,%,$(wildcard selftests/test_*.c))

# Tests that load the BPF programs: they need root, and share the harness.
bpf-tests := $(filter test_packet% test_hammer% test_conformance% test_verified%, \
	$(tests))
pure-tests := $(filter-out $(bpf-tests),$(tests))

# What the command shares with the daemon.
track := track track_damp track_list
config := $(patsubst loader/%.c,%,$(wildcard loader/config*.c)) address \
	duration log $(track)
decide := $(patsubst loader/%.c,%,$(wildcard loader/decide*.c)) share
foreign := $(patsubst loader/%.c,%,$(wildcard loader/foreign*.c))
heartbeat := $(patsubst loader/%.c,%,$(wildcard loader/heartbeat*.c))
liveness := $(patsubst loader/%.c,%,$(wildcard loader/liveness*.c)) checksum
netlink := $(patsubst loader/%.c,%,$(wildcard loader/netlink*.c))
probe := probe arrival checksum echo packet_socket \
	$(addprefix probe_,arp dns echo flight http icmp ping socket tcp)
control := control control_socket request request_doctor request_events \
	request_explain request_reload request_simulate events events_stream \
	status status_partner status_probe status_publish status_rules \
	status_track rules publish liveness_verdict \
	$(foreign) $(netlink) $(decide) $(config)
tools-objs := doctor_find instance_name $(config)

# What of loader/ each test is linked with.
test_address-objs := address
test_census-objs := census
test_config-objs := $(config)
test_config_refused-objs := $(config)
test_conformance-objs := $(config)
test_conflict-objs := conflict $(netlink) address log
test_decide_random-objs := $(decide)
test_duration-objs := duration
test_events-objs := events $(config)
test_failback-objs := failback
test_foreign-objs := $(foreign) $(netlink) address log
test_heartbeat-objs := $(heartbeat) address log
test_heartbeat_accept-objs := heartbeat_accept
test_heartbeat_message-objs := share heartbeat_message heartbeat_report
test_heartbeat_peer-objs := $(heartbeat) address log
test_hold-objs := hold
test_intent-objs := intent file vrrp log
test_intent_site-objs := intent_site
test_key-objs := key log
test_liveness-objs := $(liveness) address log
test_liveness_verdict-objs := liveness_verdict
test_log-objs := log
test_netlink-objs := $(netlink) address log
test_netlink_route-objs := $(netlink) address log
test_netlink_write-objs := $(netlink) address log
test_probe-objs := $(probe) address log
test_probe_window-objs := probe_window
test_quiet-objs := quiet
test_regions-objs := regions address
test_publish-objs := publish publish_port address
test_routing-objs := routing routing_wish $(netlink) address log
test_share-objs := share
test_shortage-objs := shortage
test_sysctl-objs := sysctl $(netlink) address log
test_track-objs := $(track)
test_track_damp-objs := track track_damp
test_track_list-objs := $(track)
test_track_flapping-objs := tracks $(track) $(decide) duration log
test_track_random-objs := tracks $(track) $(decide) duration log

# Tools that the scenario tests measure with.
site-tools := $(if $(wildcard selftests/tools),echo load watch wire)
load-parts := load_attempts load_ping load_tcp load_udp
wire-parts := wire_check wire_follow

# And what of selftests/.
test_ownership_model-parts := $(patsubst selftests/%.c,%, \
	$(wildcard selftests/model/*.c))
test_conformance-parts := $(patsubst selftests/%.c,%, \
	$(wildcard selftests/conformance/*.c))
test_config-parts := config/reader
test_config_refused-parts := config/reader
life := random/dice random/life random/life_throw
test_decide_random-parts := random/dice random/happen
test_heartbeat-parts := heartbeat/side loop
test_heartbeat_peer-parts := heartbeat/side loop
test_liveness-parts := loop
test_packet_raw-parts := raw/gateway raw/pass
test_probe-parts := loop probe/bench probe/peer
test_track_flapping-parts := $(life)
test_track_random-parts := $(life)
$(foreach t,conflict foreign netlink netlink_route netlink_write sysctl, \
	$(eval test_$t-parts := netns loop))
test_routing-parts := netns loop routing/fixture routing/witness
control-parts := $(patsubst selftests/%.c,%,$(wildcard selftests/control/*.c))
$(foreach t,$(filter test_control%,$(tests)),$(eval $t-objs := $(control)) \
	$(eval $t-parts := $(control-parts)))
decide-parts := $(patsubst selftests/%.c,%,$(wildcard selftests/decide/*.c))
$(foreach t,$(filter-out %_random,$(filter test_decide%,$(tests))), \
	$(eval $t-objs := $(decide)) $(eval $t-parts := $(decide-parts)))

# ---- flags -------------------------------------------------------------------

CFLAGS ?= -O2 -g
warnings := -Wall -Wextra -Werror
c-flags = -std=gnu11 $(warnings) -Wshadow -Wmissing-prototypes \
	-Wstrict-prototypes -Iinclude -Iselftests/harness -Iloader -I$(O) \
	-D_GNU_SOURCE $(pkg-cflags) $(CFLAGS) $(CPPFLAGS) -MMD -MP
# UBSan's checks make gcc see overflows that cannot happen: no -O2 there.
asan-flags := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
# <linux/icmp.h> and its like include <asm/types.h>, which Debian keeps in the
# host's multiarch directory; clang does not look there for another target.
bpf-flags = -target bpf -mcpu=v3 -O2 -g -std=gnu11 $(warnings) -Iinclude -Ibpf \
	-idirafter /usr/include/$(shell $(CC) -print-multiarch) -MMD -MP

pkg-cflags := $(shell $(PKG_CONFIG) --cflags $(libs) 2>/dev/null)
pkg-libs := $(shell $(PKG_CONFIG) --libs $(libs) 2>/dev/null) -lm

# ---- targets -----------------------------------------------------------------

.PHONY: all tests site-tools bench-bins deps test test-longer bench demo lab \
	lab-down fuzz-bins install uninstall clean format check-format help

all: $(O)/twinpathd $(O)/twinpath

test-bins := $(tests:%=$(O)/selftests/%) $(pure-tests:%=$(O)/asan/selftests/%)
tests: all $(test-bins) site-tools fuzz-bins
site-tools: $(site-tools:%=$(O)/selftests/tools/%)

objects = $(patsubst %.c,$(O)/%.o,$(1))
twinpathd-o := $(call objects,$(loader-src))
tools-o := $(call objects,$(tools-src)) $(tools-objs:%=$(O)/loader/%.o)
harness-o := $(call objects,$(harness-src))
test-o = $(1)/selftests/$(2).o $($(2)-objs:%=$(1)/loader/%.o) \
	$($(2)-parts:%=$(1)/selftests/%.o)

site-tool-o = $(patsubst %,$(O)/selftests/tools/%.o,tool $(1) $($(1)-parts))

# The benchmark: an engine with programs of its own, and a TCP stream.
bench-src := $(wildcard selftests/bench/*.c)
bench-bpf := $(call objects,$(filter %.bpf.c,$(bench-src)))
bench-skel := $(bench-bpf:.bpf.o=.skel.h)
bench-o := $(call objects,$(filter-out %.bpf.c,$(bench-src)))
bench-bins := $(addprefix $(O)/selftests/bench/,pump bulk)
bench-bins: $(bench-bins)

c-objects := $(sort $(twinpathd-o) $(tools-o) $(harness-o) \
	$(foreach t,$(site-tools),$(call site-tool-o,$t)) \
	$(foreach t,$(tests),$(call test-o,$(O),$t)))
asan-objects := $(sort $(foreach t,$(pure-tests),$(call test-o,$(O)/asan,$t)))
bpf-objects := $(call objects,$(bpf-src))

dirs := $(sort $(O)/ $(dir $(bench-o) $(c-objects) $(asan-objects) $(bpf-objects) \
	$(test-bins)))
$(dirs):
	$(Q)mkdir -p $@

# Other compilers or flags than the last time: all is made anew.
flags := $(CC) $(c-flags) $(asan-flags) $(LDFLAGS) $(CLANG) $(bpf-flags)
ifneq ($(strip $(file <$(O)/flags)),$(strip $(flags)))
.PHONY: $(O)/flags
endif
$(O)/flags: | $(O)/
	@:$(file >$@,$(flags))

# BPF: objects, linked into one, which becomes a header.
$(bpf-objects): $(O)/%.o: %.c $(O)/flags | $(dirs) toolchain
	$(call say,CLANG,$@)
	$(Q)$(CLANG) $(bpf-flags) -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(O)/twinpath.bpf.o: $(bpf-objects)
	$(call say,LINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(O)/twinpath.skel.h: $(O)/twinpath.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name twinpath > $@

# The skeleton must exist before the first compiler runs; from then on the .d
# files know who includes it, and nobody else is compiled anew.
$(c-objects): $(O)/%.o: %.c $(O)/flags | $(dirs) $(O)/twinpath.skel.h
	$(call say,CC,$@)
	$(Q)$(CC) $(c-flags) -c $< -o $@

$(asan-objects): $(O)/asan/%.o: %.c $(O)/flags | $(dirs) toolchain
	$(call say,CC,$@)
	$(Q)$(CC) $(c-flags) $(asan-flags) -c $< -o $@

$(O)/twinpathd: $(twinpathd-o)
$(O)/twinpath: $(tools-o)
$(O)/twinpath: screen := $(shell $(PKG_CONFIG) --libs ncursesw 2>/dev/null)
$(O)/twinpathd $(O)/twinpath:
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(pkg-libs) $(screen)

define test-rules
$(O)/selftests/$(1): $(call test-o,$(O),$(1)) \
		$(if $(filter $(1),$(bpf-tests)),$(harness-o))
$(O)/asan/selftests/$(1): $(call test-o,$(O)/asan,$(1))
endef
$(foreach t,$(tests),$(eval $(call test-rules,$t)))

$(tests:%=$(O)/selftests/%):
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(pkg-libs) -lcmocka -lpthread

$(pure-tests:%=$(O)/asan/selftests/%):
	$(call say,LINK,$@)
	$(Q)$(CC) $(asan-flags) $(LDFLAGS) -o $@ $^ $(pkg-libs) -lcmocka

$(bench-bpf): $(O)/%.o: %.c $(O)/flags | $(dirs) toolchain
	$(call say,CLANG,$@)
	$(Q)$(CLANG) $(bpf-flags) -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(bench-skel): $(O)/%.skel.h: $(O)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $(notdir $*)_bpf > $@

$(bench-o): $(O)/%.o: %.c $(O)/flags $(bench-skel)
	$(call say,CC,$@)
	$(Q)$(CC) $(c-flags) -I$(O)/selftests/bench -c $< -o $@

# The walk over the tables is the daemon's own.
$(O)/selftests/bench/pump: $(call objects,$(addprefix selftests/bench/, \
	chain.c engine.c moment.c program.c pump.c stream.c tables.c) loader/census.c)
$(O)/selftests/bench/bulk: $(call objects,selftests/bench/bulk.c)
$(bench-bins):
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(pkg-libs) -lpthread

$(foreach t,$(site-tools),$(eval \
	$(O)/selftests/tools/$t: $(call site-tool-o,$t)))

$(site-tools:%=$(O)/selftests/tools/%):
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(pkg-libs)

include $(wildcard selftests/fuzz/fuzz.mk)

-include $(patsubst %.o,%.d,$(bench-o) $(bench-bpf) $(c-objects) $(asan-objects) $(bpf-objects))

# Phony and order-only: looked at in every run, and makes nothing out of date.
.PHONY: toolchain
toolchain:
	@for tool in $(CC) $(CLANG) $(BPFTOOL) $(PKG_CONFIG); do \
		command -v $$tool >/dev/null || { \
			echo "$$tool is missing: run 'make deps' as root" >&2; \
			exit 1; }; \
	done
	@$(PKG_CONFIG) --exists $(libs) ncursesw || { \
		$(PKG_CONFIG) --print-errors --exists $(libs) ncursesw; \
		echo "libraries are missing: run 'make deps' as root" >&2; \
		exit 1; }

deps:
	@selftests/deps.sh

# A new make, because what deps installs is looked for when make starts.
again := $(MAKE) --no-print-directory

jobs := $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

test: deps
	@+$(again) $(jobs) tests
	@$(PYTHON) selftests/run --build $(O) $(TESTS)

# Everything that happens to a site, with SESSIONS live sessions: longer, and
# stricter than a busy machine can keep (selftests/longer).
test-longer: deps
	@+$(again) $(jobs) all site-tools
	@cd selftests/longer && PYTHONPATH=../scenario TWINPATH_BUILD=$(abspath $(O)) \
		$(PYTHON) -m pytest -p conftest -q .

# Two CPUs that open, close and expire sessions at full speed, twice SECONDS.
.PHONY: hammer
hammer: deps
	@+$(again) $(jobs) $(O)/selftests/test_hammer
	@TWINPATH_HAMMER_SECONDS=$(or $(SECONDS),30) $(O)/selftests/test_hammer

# Every row of the conformance table, on this kernel: build/conformance.json.
.PHONY: conformance
conformance: deps
	@+$(again) $(jobs) all $(O)/selftests/test_conformance
	@$(PYTHON) selftests/conformance/run --build $(O) $(ROWS)

# docs/nat-compliance.md, from what build/conformance.json says.
.PHONY: compliance
compliance:
	@+$(again) conformance || :
	@$(PYTHON) selftests/conformance/document --build $(O)

# The same in throwaway VMs with Debian's own kernels, and the site on them.
compilers := clang-16 clang-19
.PHONY: conformance-vm verify objects
conformance-vm: deps objects
	@selftests/deps.sh qemu-system-x86 busybox-static cpio kmod xz-utils
	@+$(again) $(jobs) all tests
	@$(PYTHON) selftests/vm/run --build $(O) $(KERNELS:%=--kernel %) \
		$(STEPS:%=--step %) $(ROWS)

# What the verifier walks through, by compiler: bounded.
verify: deps objects
	@+$(again) $(jobs) all $(O)/selftests/test_verified
	@$(PYTHON) selftests/conformance/verify --build $(O)

objects:
	@selftests/deps.sh $(compilers)
	@+for c in $(compilers); do $(again) $(jobs) O=$(O)/$$c CLANG=$$c \
		$(O)/$$c/twinpath.bpf.o || exit 1; done

# One-line faults in the core, each of which a named test must notice.
.PHONY: mutants
mutants: deps
	@$(PYTHON) selftests/mutants/run $(FAULTS)

demo: deps
	@+$(again) $(jobs) all
	@$(PYTHON) selftests/demo.py --build $(abspath $(O))

# Figures, not a test: BENCH=quick takes a minute, the whole about five;
# BENCH=growth is about more sessions, uplinks and routes, and BENCH=parts about
# what each part of the core costs.
bench: deps
	@+$(again) $(jobs) all bench-bins
	@$(PYTHON) -m selftests.bench --build $(abspath $(O)) \
		--size $(or $(BENCH),full)

# docs/performance.svg, and the tables in docs/performance.md: of the last whole
# run, and of the last BENCH=growth and BENCH=parts.
.PHONY: bench-docs
bench-docs:
	@$(PYTHON) -m selftests.bench.document --build $(abspath $(O))

lab: deps
	@+$(again) $(jobs) all
	@$(PYTHON) selftests/lab.py --build $(abspath $(O)) up

lab-down:
	@$(PYTHON) selftests/lab.py --build $(abspath $(O)) down

# ---- install -----------------------------------------------------------------

sbindir := $(DESTDIR)$(PREFIX)/sbin
mandir := $(DESTDIR)$(PREFIX)/share/man
docdir := $(DESTDIR)$(PREFIX)/share/doc/twinpath
completiondir := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
unitdir := $(DESTDIR)$(PREFIX)/lib/systemd/system
sysusersdir := $(DESTDIR)$(PREFIX)/lib/sysusers.d
etcdir := $(DESTDIR)$(SYSCONFDIR)

man8 := $(wildcard man/*.8)
man5 := $(wildcard man/*.5)
docs := $(wildcard docs/*.md)
completion := $(wildcard completion/twinpath)
examples := $(filter-out examples/rt_protos% examples/dhclient%,$(wildcard examples/*))

# to FILES,DIRECTORY[,MODE]: nothing when there are no files.
to = $(if $(1),$(Q)install -m $(or $(3),644) -D -t $(2) $(1))

install: all
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))
	$(call to,$(O)/twinpathd $(O)/twinpath,$(sbindir),755)
	$(call to,$(man8),$(mandir)/man8)
	$(call to,$(man5),$(mandir)/man5)
	$(call to,$(completion),$(completiondir))
	$(call to,README.md COPYING,$(docdir))
	$(call to,$(docs),$(docdir)/docs)
	$(call to,$(examples),$(docdir)/examples)
	$(Q)install -d $(unitdir) $(sysusersdir) $(etcdir)/iproute2/rt_protos.d
	$(Q)install -d -m 750 $(etcdir)/twinpath
	$(Q)sed 's|@PREFIX@|$(PREFIX)|g;s|@SYSCONFDIR@|$(SYSCONFDIR)|g' \
		systemd/twinpath@.service > $(unitdir)/twinpath@.service
	$(Q)install -m 644 systemd/twinpath.sysusers $(sysusersdir)/twinpath.conf
	$(Q)install -m 644 examples/rt_protos.d-twinpath.conf \
		$(etcdir)/iproute2/rt_protos.d/twinpath.conf
	$(Q)for when in enter exit; do \
		install -D -m 644 examples/dhclient-$$when-hooks.d-twinpath \
			$(etcdir)/dhcp/dhclient-$$when-hooks.d/twinpath; \
	done

# $(SYSCONFDIR)/twinpath stays: it holds the user's own files.
uninstall:
	$(call say,REMOVE,$(DESTDIR)$(PREFIX))
	$(Q)rm -f $(sbindir)/twinpathd $(sbindir)/twinpath \
		$(man8:man/%=$(mandir)/man8/%) $(man5:man/%=$(mandir)/man5/%) \
		$(completion:completion/%=$(completiondir)/%) \
		$(unitdir)/twinpath@.service $(sysusersdir)/twinpath.conf \
		$(etcdir)/iproute2/rt_protos.d/twinpath.conf \
		$(etcdir)/dhcp/dhclient-enter-hooks.d/twinpath \
		$(etcdir)/dhcp/dhclient-exit-hooks.d/twinpath
	$(Q)rm -rf $(docdir)

# ---- housekeeping ------------------------------------------------------------

sources = $(wildcard bpf/*.[ch] include/twinpath/*.h loader/*.[ch] tools/*.[ch] \
	selftests/*.[ch] selftests/harness/*.[ch] selftests/model/*.[ch] \
	selftests/tools/*.[ch] selftests/bench/*.[ch])
sources += $(wildcard selftests/config/*.[ch] selftests/control/*.[ch])
sources += $(wildcard selftests/decide/*.[ch] selftests/random/*.[ch] \
	selftests/probe/*.[ch] selftests/raw/*.[ch] selftests/routing/*.[ch] \
	selftests/heartbeat/*.[ch])
sources += $(wildcard selftests/conformance/*.[ch] selftests/fuzz/*.[ch])

format:
	clang-format -i $(sources)

check-format:
	clang-format --dry-run -Werror $(sources)

# Never `rm -rf $(O)`: O may be a directory with other things in it.
clean:
	$(call say,CLEAN,$(O))
	$(Q)rm -rf $(addprefix $(O)/,asan bpf fuzz loader selftests tools twinpath \
		twinpathd twinpath.bpf.o twinpath.skel.h flags \
		bench.json bench.txt bench.svg bench-quick.json \
		bench-quick.txt bench-quick.svg bench-growth.json \
		bench-growth.txt bench-parts.json bench-parts.txt \
		conformance.json conformance.rows.json conformance.part.json \
		verified.json verified.part.json vm clang-16 clang-19)
	$(Q)rmdir $(O) 2>/dev/null || :

define help
Targets
  all           twinpathd, twinpath and the BPF object, in $(O)/ (the default)
  deps          install what is missing from Debian (as root)
  test          build, run every test; TESTS="config packet" runs some (as root)
  test-longer   the scenarios with live sessions; SESSIONS=1000 (as root)
  hammer        two CPUs at both tables, SECONDS=30 of each kind (as root)
  bench         each gateway and the limit; BENCH=quick|growth|parts (as root)
  bench-docs    the last runs' figures, into docs/
  conformance   what RFCs ask of a NAT, row by row; ROWS="U12 F3" (as root)
  compliance    the same, and docs/nat-compliance.md from it (as root)
  conformance-vm  the same on Debian's 6.1 and 6.12; KERNELS=6.1 (as root)
  verify        load what clang 14, 16 and 19 make; count instructions (as root)
  fuzz          mutated packets, FUZZ=60 seconds of them (as root)
  mutants       break the core on purpose; each fault must be noticed (as root)
  demo          the redundant site in namespaces, with real daemons (as root)
  lab lab-down  leave that site running to play with; remove it (as root)
  install       into PREFIX=$(PREFIX), below DESTDIR=
  uninstall     what install put there
  format        clang-format over all C sources; check-format only looks
  clean         remove what was built

Variables
  O=$(O)  V=1 (show commands)  CC=$(CC)  CLANG=$(CLANG)  BPFTOOL=$(BPFTOOL)
  CFLAGS=$(CFLAGS)  PREFIX=$(PREFIX)  SYSCONFDIR=$(SYSCONFDIR)
  DESTDIR=$(DESTDIR)
endef
export help

help:
	@echo "$$help"

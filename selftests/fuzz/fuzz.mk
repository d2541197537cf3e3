# SPDX-License-Identifier: GPL-2.0-or-later
#
# The fuzzers: the core as a program of this machine, with sanitizers, steered by
# libFuzzer; and the loaded programs, by test runs.  Included by the Makefile.

FUZZ ?= 60

fuzz-common := fuzz judge packets
fuzz-harness := packet plane plane_routes plane_site
fuzz-native := native native_helpers native_maps

fuzz-bins := $(addprefix $(O)/selftests/fuzz/,native kernel)
fuzz-bins: $(fuzz-bins)
fuzz-kernel-o := $(patsubst %,$(O)/selftests/fuzz/%.o,$(fuzz-common) kernel) \
	$(fuzz-harness:%=$(O)/selftests/harness/%.o)
fuzz-native-o := $(patsubst %,$(O)/fuzz/selftests/fuzz/%.o,$(fuzz-common) \
	$(fuzz-native)) $(fuzz-harness:%=$(O)/fuzz/selftests/harness/%.o)
fuzz-core-o := $(O)/fuzz/selftests/fuzz/core.o

# Packets lie where they lie: the core may read a word at any address, as the
# verifier allows it for the machines we run on.
fuzz-flags := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize=alignment -fno-sanitize-recover=all
fuzz-core-flags := -std=gnu11 $(warnings) -Iselftests/fuzz/shim \
	-Iinclude -Ibpf -fsanitize=fuzzer-no-link -Wno-unknown-attributes

$(addprefix $(O)/,$(addsuffix /,selftests/fuzz fuzz/selftests/fuzz \
	fuzz/selftests/harness)):
	$(Q)mkdir -p $@

$(filter-out $(c-objects),$(fuzz-kernel-o)): $(O)/%.o: %.c $(O)/flags \
		$(O)/twinpath.skel.h | $(O)/selftests/fuzz/
	$(call say,CC,$@)
	$(Q)$(CC) $(c-flags) -c $< -o $@

$(fuzz-native-o): $(O)/fuzz/%.o: %.c $(O)/flags $(O)/twinpath.skel.h | \
		$(O)/fuzz/selftests/fuzz/ $(O)/fuzz/selftests/harness/
	$(call say,CLANG,$@)
	$(Q)$(CLANG) $(c-flags) $(fuzz-flags) -c $< -o $@

$(fuzz-core-o): selftests/fuzz/core.c $(O)/flags | $(O)/fuzz/selftests/fuzz/
	$(call say,CLANG,$@)
	$(Q)$(CLANG) $(fuzz-core-flags) $(fuzz-flags) -MMD -MP -c $< -o $@

# The core finds its maps by their names, and the harness ours before libbpf's.
$(O)/selftests/fuzz/native: $(fuzz-native-o) $(fuzz-core-o) | $(O)/selftests/fuzz/
	$(call say,LINK,$@)
	$(Q)$(CLANG) $(fuzz-flags) -fsanitize=fuzzer -rdynamic -o $@ $^ \
		$(pkg-libs) -ldl

$(O)/selftests/fuzz/kernel: $(fuzz-kernel-o)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(pkg-libs)

-include $(patsubst %.o,%.d,$(fuzz-native-o) $(fuzz-kernel-o) $(fuzz-core-o))

# Bounded: FUZZ=600 seconds.  What is found goes on in the next run.
.PHONY: fuzz
fuzz: deps
	@+$(again) $(jobs) $(fuzz-bins)
	@$(PYTHON) selftests/fuzz/run --build $(O) --seconds $(FUZZ)

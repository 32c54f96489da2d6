# SPDX-License-Identifier: BSD-2-Clause
# Fuzz targets. A new one, NAME, is test/fuzz/fuzz_NAME.c (LLVMFuzzerTestOneInput), a few small files in test/fuzz/corpus/NAME/
# that run at least 90 % of the decoder's lines, and five lines below:
#	FUZZ_TARGETS += NAME:path/of/decoder.c[,another.c]
#	UNIT_TESTS += test/fuzz/replay_NAME
#	check_PROGRAMS += test/fuzz/replay_NAME
#	test_fuzz_replay_NAME_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_NAME.c
#	test_fuzz_replay_NAME_LDADD = path/of/library.a lib/libcauseway.a $(CRYPTO_LIBS)
# "make check" runs it over the corpus and over every prefix of each file, "make fuzz" fuzzes (FUZZ_SECONDS each; FUZZ=NAME picks
# one) with clang, ASan and UBSan, "make fuzz-coverage" prints the coverage of the decoders by the corpora and fails under 90 %.
# Small inputs for a corpus: build-fuzz/test/fuzz/replay_NAME -merge=1 test/fuzz/corpus/NAME build-fuzz/corpus/NAME
EXTRA_DIST += test/fuzz/run test/fuzz/coverage test/fuzz/corpus
FUZZ_SECONDS = 30
FUZZ = $(FUZZ_TARGETS)
FUZZ_BINARIES = $(foreach t,$(FUZZ),test/fuzz/replay_$(firstword $(subst :, ,$(t))))
FUZZ_PICKED = $(foreach t,$(FUZZ),$(filter $(firstword $(subst :, ,$(t))):%,$(FUZZ_TARGETS)))
FUZZ_FLAGS = -g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=undefined

fuzz:
	@$(TESTENV) $(srcdir)/test/subbuild fuzz CC=clang CFLAGS='$(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined'
	@$(MAKE) -s -C build-fuzz CPPFLAGS=-DCAUSEWAY_LIBFUZZER LDFLAGS=-fsanitize=fuzzer,address,undefined $(FUZZ_BINARIES)
	@$(TESTENV) $(srcdir)/test/fuzz/run $(FUZZ_SECONDS) $(FUZZ_PICKED)

fuzz-coverage:
	@$(TESTENV) $(srcdir)/test/subbuild cov CC=clang CFLAGS='-g -O1 -fprofile-instr-generate -fcoverage-mapping'
	@$(MAKE) -s -C build-cov $(FUZZ_BINARIES)
	@$(TESTENV) $(srcdir)/test/fuzz/coverage $(FUZZ_PICKED)

.PHONY: fuzz fuzz-coverage

# Messages between our own daemons: the first octet picks the message.
FUZZ_TARGETS += ipc:lib/msg_bind.c,lib/msg_ca.c,lib/msg_cert.c,lib/msg_esp.c,lib/msg_fetch.c,lib/msg_ike.c,lib/msg_key.c,lib/msg_resolve.c,lib/msg_sup.c,lib/proc_said.c
UNIT_TESTS += test/fuzz/replay_ipc
check_PROGRAMS += test/fuzz/replay_ipc
test_fuzz_replay_ipc_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_ipc.c
test_fuzz_replay_ipc_LDADD = lib/libcauseway.a $(EVENT_LIBS) $(CRYPTO_LIBS)

# Words of people and peers: addresses, proposals, identities, selectors.
FUZZ_TARGETS += text:lib/addr.c,lib/dn.c,lib/name.c,lib/proposal.c,lib/ts.c
UNIT_TESTS += test/fuzz/replay_text
check_PROGRAMS += test/fuzz/replay_text
test_fuzz_replay_text_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_text.c
test_fuzz_replay_text_LDADD = lib/libcauseway.a $(CRYPTO_LIBS)

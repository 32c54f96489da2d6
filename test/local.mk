# SPDX-License-Identifier: BSD-2-Clause
# The test targets of the contracts. Every one of them runs test/run over TAP programs; its last line is "N passed, N failed".
EXTRA_DIST += test/run
TESTENV = top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)'

check-local: $(check_PROGRAMS)
	@$(TESTENV) $(srcdir)/test/run check $(UNIT_TESTS)

check-net: all $(check_PROGRAMS)
	@$(TESTENV) $(srcdir)/test/run check-net $(NET_TESTS)

.PHONY: check-net

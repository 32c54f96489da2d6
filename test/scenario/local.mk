# SPDX-License-Identifier: BSD-2-Clause
# Scenarios: real packets between network namespaces (root). t_quickstart builds from a clone of its own.
check_PROGRAMS += \
	test/scenario/as_unit \
	test/scenario/deaf \
	test/scenario/forge \
	test/scenario/memsearch \
	test/scenario/sniff
test_scenario_as_unit_SOURCES = test/scenario/as_unit.c
test_scenario_as_unit_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
test_scenario_as_unit_LDADD = $(SECCOMP_LIBS)
test_scenario_deaf_SOURCES = test/scenario/deaf.c test/unit/sync_crowd.c test/unit/sync_crowd.h
test_scenario_forge_SOURCES = test/scenario/forge.c
test_scenario_memsearch_SOURCES = test/scenario/memsearch.c
test_scenario_sniff_SOURCES = test/scenario/sniff.c
SCENARIOS = \
	test/scenario/t_faq4 \
	test/scenario/t_faq6 \
	test/scenario/t_faq_nat \
	test/scenario/t_faq_hosts \
	test/scenario/t_forms \
	test/scenario/t_modes \
	test/scenario/t_bundles \
	test/scenario/t_ah \
	test/scenario/t_old \
	test/scenario/t_options \
	test/scenario/t_tamper \
	test/scenario/t_fragments \
	test/scenario/t_interface \
	test/scenario/t_ipcomp \
	test/scenario/t_rekey \
	test/scenario/t_route \
	test/scenario/t_route_life \
	test/scenario/t_route_demand \
	test/scenario/t_crowd \
	test/scenario/t_kill \
	test/scenario/t_upgrade \
	test/scenario/t_leak \
	test/scenario/t_guard \
	test/scenario/t_filter \
	test/scenario/t_apply \
	test/scenario/t_capture \
	test/scenario/t_edit \
	test/scenario/t_plan \
	test/scenario/t_confirm \
	test/scenario/t_bypolicy \
	test/scenario/t_ike_ah \
	test/scenario/t_ike_comp \
	test/scenario/t_ike_nat \
	test/scenario/t_ike_pop \
	test/scenario/t_racoon \
	test/scenario/t_demand \
	test/scenario/t_children \
	test/scenario/t_resolve \
	test/scenario/t_drift \
	test/scenario/t_secrets \
	test/scenario/t_ca \
	test/scenario/t_explain \
	test/scenario/t_explain_certs \
	test/scenario/t_quickstart \
	test/scenario/t_accounts \
	test/scenario/t_readme \
	test/scenario/t_tutorial \
	test/scenario/t_certs \
	test/scenario/t_dissect \
	test/scenario/t_stalled \
	test/scenario/t_bench \
	test/scenario/t_ike_mtu \
	test/interop/t_strongswan \
	test/interop/t_strongswan_suites \
	test/interop/t_strongswan_certs \
	test/interop/t_parsers
NET_TESTS += $(SCENARIOS)
EXTRA_DIST += test/lib.sh test/tools/jq test/scenario/faq.sh test/scenario/read_old.py test/scenario/beside.py $(SCENARIOS) quickstart etc/packages.debian .ci/run

# SPDX-License-Identifier: BSD-2-Clause
# What goes beside the programs: units, users, sample files. Nothing is enabled or made by "make install".
unitdir = $(prefix)/lib/systemd/system
unit_DATA = etc/systemd/causeway.service etc/systemd/causeway-guard.service
sysusersdir = $(prefix)/lib/sysusers.d
sysusers_DATA = etc/sysusers.d/causeway.conf
samplesdir = $(docdir)/samples
samples_DATA = etc/samples/causeway.yaml etc/samples/sites.yaml
# The API, for whoever writes a client.
apidir = $(docdir)
api_DATA = etc/openapi.json
EXTRA_DIST += $(api_DATA)
# For Prometheus and Grafana, to be copied where these look.
monitoringdir = $(docdir)/monitoring
monitoring_DATA = etc/prometheus/causeway.rules.yml etc/prometheus/causeway.rules.test.yml etc/grafana/causeway.json
EXTRA_DIST += $(monitoring_DATA)
UNIT_TESTS += test/unit/test_metrics
EXTRA_DIST += test/unit/test_metrics
EXTRA_DIST += etc/systemd/causeway.service.in etc/systemd/causeway-guard.service $(sysusers_DATA) $(samples_DATA)
CLEANFILES += etc/systemd/causeway.service

etc/systemd/causeway.service: etc/systemd/causeway.service.in Makefile
	@$(MKDIR_P) etc/systemd
	$(AM_V_GEN)$(SED) 's|@daemondir[@]|$(daemondir)|' $(srcdir)/etc/systemd/causeway.service.in >$@.tmp && mv $@.tmp $@

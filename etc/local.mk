# SPDX-License-Identifier: BSD-2-Clause
# What goes beside the programs: units, users, sample files. Nothing is enabled or made by "make install".
unitdir = $(prefix)/lib/systemd/system
unit_DATA = etc/systemd/causeway.service etc/systemd/causeway-guard.service
# Manual keys at boot: /etc/ipsec.conf, before the network is up.
BOOT_MADE = etc/systemd/causeway-ipsec.service etc/systemd/causeway-ipsec-load.service etc/ipsec-boot
unit_DATA += etc/systemd/causeway-ipsec.service etc/systemd/causeway-ipsec-load.service
daemon_SCRIPTS = etc/ipsec-boot
EXTRA_DIST += $(BOOT_MADE:=.in)
CLEANFILES += $(BOOT_MADE)
$(BOOT_MADE): %: %.in Makefile
	@$(MKDIR_P) etc/systemd
	$(AM_V_GEN)$(SED) -e 's|@daemondir[@]|$(daemondir)|' -e 's|@sbindir[@]|$(sbindir)|' $(srcdir)/$@.in >$@.tmp && mv $@.tmp $@
NET_TESTS += test/scenario/t_boot test/scenario/t_unit
EXTRA_DIST += test/scenario/t_boot test/scenario/t_unit
sysusersdir = $(prefix)/lib/sysusers.d
sysusers_DATA = etc/sysusers.d/causeway.conf
samplesdir = $(docdir)/samples
samples_DATA = etc/samples/causeway.yaml etc/samples/racoon.conf etc/samples/sites.yaml etc/samples/socket-policy.c
# The API, for whoever writes a client.
apidir = $(docdir)
api_DATA = etc/openapi.json
EXTRA_DIST += $(api_DATA)
# What follows a word of ikectl, for shells.
bashcompdir = $(datadir)/bash-completion/completions
zshcompdir = $(datadir)/zsh/site-functions
zshcomp_DATA = etc/completion/_ikectl
EXTRA_DIST += etc/completion/ikectl.bash $(zshcomp_DATA)
install-data-hook: install-bash-completion
install-bash-completion:
	$(MKDIR_P) '$(DESTDIR)$(bashcompdir)'
	$(INSTALL_DATA) $(srcdir)/etc/completion/ikectl.bash '$(DESTDIR)$(bashcompdir)/ikectl'
uninstall-hook: uninstall-bash-completion
uninstall-bash-completion:
	rm -f '$(DESTDIR)$(bashcompdir)/ikectl'
.PHONY: install-bash-completion uninstall-bash-completion
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
	$(AM_V_GEN)$(SED) -e 's|@daemondir[@]|$(daemondir)|' -e 's|@confdir[@]|$(confdir)|' $(srcdir)/etc/systemd/causeway.service.in >$@.tmp && mv $@.tmp $@

# The panel's web server: snippets with this build's paths, and the maker of its certificate.
webdir = $(docdir)/web
WEB_CONF = etc/web/lighttpd.conf etc/web/lighttpd-panel.conf etc/web/nginx.conf etc/web/apache.conf
web_DATA = $(WEB_CONF)
daemon_SCRIPTS += etc/web/web-cert
EXTRA_DIST += $(WEB_CONF:=.in) etc/web/web-cert
CLEANFILES += $(WEB_CONF)
# Made once, for this machine's names; the unit's first start makes it too. "make install" may go to a package, which must not have a key in it.
install-web-cert: install-data
	@test -z '$(DESTDIR)' || { echo 'install-web-cert makes a key for this machine, not for $(DESTDIR)'; false; }
	@'$(daemondir)/web-cert' '$(confdir)/web/panel.pem'
.PHONY: install-web-cert
$(WEB_CONF): %: %.in Makefile
	@$(MKDIR_P) etc/web
	$(AM_V_GEN)$(SED) -e 's|@daemondir[@]|$(daemondir)|' -e 's|@confdir[@]|$(confdir)|' -e 's|@docdir[@]|$(docdir)|' -e 's|@cgidir[@]|$(cgidir)|' \
	    -e 's|@wwwdir[@]|$(wwwdir)|' $(srcdir)/$@.in >$@.tmp && mv $@.tmp $@

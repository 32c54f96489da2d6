# SPDX-License-Identifier: BSD-2-Clause
dist_man_MANS += doc/causeway.4 doc/causeway.cgi.8 doc/causeway-sites.5 doc/causeway.yaml.5 doc/causewayd.8 doc/ikectl.8 doc/ipsecctl.8 doc/ipsec_set_policy.3 doc/keymgr.8 doc/keymgr-fetch.8 doc/setkey.8 doc/spdsync.8 doc/spdsync-resolve.8
EXTRA_DIST += doc/picture.svg doc/panel-overview.png doc/panel-tunnel.png doc/api.md doc/conformance.md doc/known-faults.md doc/tutorial.md doc/decisions

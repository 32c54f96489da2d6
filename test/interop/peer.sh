# SPDX-License-Identifier: BSD-2-Clause
# What every peer is asked, as New York, of a Causeway gateway tg in Tokyo that serves. TH and NH are the hosts behind both.
: "${TH:=10.0.1.10}" "${NH:=10.0.2.10}"

state() { ctl tg status --json | jq -r ".tunnels[0].$1"; }
spi() { state 'children[0].spi_in'; }
ike() { state 'ike | .spi_i + .spi_r'; }
changed() { [ "$($1)" != "$2" ] && tunnel_up tg tokyo-newyork; }
proved() { state ike.proved | grep "$1" || { echo "it says: $(state ike.proved)"; return 1; }; }
# load_until_changed WHAT OLD: some traffic, then as changed.
load_until_changed() { ns th ping -n -q -f -c 40 -W 1 -s 1200 "$NH"; changed "$@"; }
# LISTS: lists of algorithms instead of the policy; AUTH: the proof.
peer_sites() {
	START=$1 faq_sites >"$W/sites.yaml"
	[ -z "${AUTH:-}" ] || sed -i "s/{psk: tokyo-newyork}/$AUTH/" "$W/sites.yaml"
	[ -z "${LISTS:-}" ] || sed -i "s/policy: .*/$LISTS/" "$W/sites.yaml"
}

# exported FORMAT: what our gateway writes for the peer is $W/exported.
exported() {
	peer_sites respond-only
	ctl tg apply "$W/sites.yaml" >/dev/null
	ok "the file for $1 is written" ctl_to "$W/exported" export-peer tokyo-newyork --for "$1"
}
ctl_to() { _to=$1; shift; ctl tg "$@" >"$_to"; }

# we_begin NAME: the peer waits.
we_begin() {
	peer_sites always
	ok "$1: we begin: applied" ctl tg apply "$W/sites.yaml"
	ctl tg up tokyo-newyork >/dev/null 2>&1
	ok "$1: the tunnel is up" wait_for "up" tunnel_up tg tokyo-newyork
	ok "$1: the peer's kernel has it" wait_for "installed" peer_installed ng
	ok "$1: a Tokyo host reaches a New York host" pings th "$NH" 3
	ok "$1: and the other way" pings nh "$TH" 3
	was=$(spi)
	ok "$1: we rekey the child" ctl tg rekey tokyo-newyork
	ok "$1: it has new SPIs" wait_for "rekeyed" changed spi "$was"
	ok "$1: packets pass" pings th "$NH" 3
}

# respond_only: a gateway that waits, and that was not told to keep the tunnel closed.
respond_only() {
	peer_sites respond-only
	ctl tg apply "$W/sites.yaml" >/dev/null
	gw_stop tg
	gw_start tg
	wait_for "Tokyo serves" gw_ready tg
}

# refused: by the peer, when we begin; asked again where it was not ready to answer. "up" may wait a minute for what is known before.
refused() {
	timeout 10 "$CW_ROOT/sbin/ikectl" --run-dir "$W/tg/run" up tokyo-newyork >/dev/null 2>&1
	tunnel_reason tg tokyo-newyork PEER_REFUSED_AUTH
}

# closed: by us, before the peer is stopped: nobody has to find out first that the other is gone.
closed() {
	ctl tg down tokyo-newyork >/dev/null
	wait_for "gone" peer_gone ng >/dev/null
}

# peer_began NAME
peer_began() {
	ok "$1: the peer begins: the tunnel is up here" wait_for "up" tunnel_up tg tokyo-newyork
	ok "$1: the peer's kernel has it" wait_for "installed" peer_installed ng
	ok "$1: a New York host reaches a Tokyo host" pings nh "$TH" 3
	ok "$1: and the other way" pings th "$NH" 3
	was=$(spi)
	ok "$1: we rekey the child" ctl tg rekey tokyo-newyork
	ok "$1: it has new SPIs" wait_for "rekeyed" changed spi "$was"
	ok "$1: packets pass" pings nh "$TH" 3
}

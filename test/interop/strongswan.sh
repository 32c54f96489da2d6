# SPDX-License-Identifier: BSD-2-Clause
# strongSwan with its user-space IPsec in a namespace of the scenario library, as "newyork". What is not said is the FAQ's, with a PSK:
# SS_LOCAL, SS_REMOTE, SS_ID, SS_PEER, SS_TS, SS_PEER_TS, SS_DPD; SS_IKE and SS_ESP (proposals); SS_AUTH and SS_PEER_AUTH (lines of the
# "local" and "remote" sections beside the id); SS_FILE (an exported swanctl.conf instead of all of them but SS_DPD); SS_NAMES (yes: its log names the connection of each line), SS_FRAGMENT (octets of an IKE fragment), SS_FRAGMENTATION (no: it does not know RFC 7383);
# SS_CHILD (lines of the child instead of its proposals); SS_KERNEL=1: over the kernel's own ESP (XFRM by netlink), for the guest. Certificates are put below $W/ss-NAME/swanctl before.

ss() { _s=$1; shift; ip netns exec "$PFX-$_s" env STRONGSWAN_CONF="$W/ss-$_s/strongswan.conf" SWANCTL_DIR="$W/ss-$_s/swanctl" "$@" --uri "unix://$W/ss-$_s/vici"; }

# The exported file is as it is but for what its comments say of kernel-libipsec, and the time of DPD.
ss_conf() {
	if [ -n "${SS_FILE:-}" ]; then
		sed -e 's/^ *encap = no$/    encap = yes/' -e 's/-esn-noesn/-noesn/g' -e "s/dpd_delay = .*/dpd_delay = ${SS_DPD:-30s}/" "$SS_FILE"
		return
	fi
	cat <<-EOF
	connections { s2s { version = 2
	  local_addrs = ${SS_LOCAL:-20.0.0.2}
	  remote_addrs = ${SS_REMOTE:-20.0.0.1}
	  encap = $_encap
	  mobike = no
	  fragmentation = ${SS_FRAGMENTATION:-yes}
	  dpd_delay = ${SS_DPD:-30s}
	  proposals = ${SS_IKE:-aes256gcm16-prfsha384-x25519}
	  local  { ${SS_AUTH:-auth = psk}
	           id = ${SS_ID:-newyork} }
	  remote { ${SS_PEER_AUTH:-auth = psk}
	           id = ${SS_PEER:-tokyo} }
	  children { net { local_ts = ${SS_TS:-10.0.2.0/24}
	                   remote_ts = ${SS_PEER_TS:-10.0.1.0/24}
	                   ${SS_CHILD:-esp_proposals = ${SS_ESP:-aes256gcm16-x25519}} } } } }
	EOF
}

# ss_start NAME PSK
ss_start() {
	_s=$1 _key=$2 _encap=yes _esp=kernel-libipsec
	[ -z "${SS_KERNEL:-}" ] || { _encap=no; _esp=; }
	mkdir -p "$W/ss-$_s/swanctl"
	cat >"$W/ss-$_s/strongswan.conf" <<-EOF
	charon-systemd {
	  load = random nonce openssl pem pkcs1 pkcs8 x509 pubkey revocation constraints hmac kdf gcm aes sha2 sha1 drbg curve25519 curl $_esp kernel-netlink socket-default vici updown counters
	  plugins {
	    vici { socket = unix://$W/ss-$_s/vici }
	    kernel-libipsec { allow_peer_ts = yes }
	  }
	  fragment_size = ${SS_FRAGMENT:-1280}
	  filelog { stderr { default = 1
	    ike = 2
	    cfg = 2
	    ike_name = ${SS_NAMES:-no}
	    flush_line = yes
	    path = $W/ss-$_s/log
	  } }
	}
	EOF
	ss_conf >"$W/ss-$_s/swanctl/swanctl.conf"
	cat >>"$W/ss-$_s/swanctl/swanctl.conf" <<-EOF
	secrets { ike1 { id-a = ${SS_PEER:-tokyo}
	                 id-b = ${SS_ID:-newyork}
	                 secret = "$_key" } }
	EOF
	ip netns exec "$PFX-$_s" env STRONGSWAN_CONF="$W/ss-$_s/strongswan.conf" SWANCTL_DIR="$W/ss-$_s/swanctl" \
		unshare -m sh -c 'mount -t tmpfs tmpfs /run && exec /usr/sbin/charon-systemd' >"$W/ss-$_s/out" 2>&1 &
	eval "SS_$_s=$!"
	PIDS="$PIDS $!"
	wait_for "strongSwan answers" ss "$_s" swanctl --stats && ss "$_s" swanctl --load-all
}

ss_stop() { eval "_p=\$SS_$1"; kill -9 "$_p" 2>/dev/null; wait "$_p" 2>/dev/null; return 0; }
ss_installed() { ss "$1" swanctl --list-sas | grep -q 'INSTALLED, TUNNEL'; }
# ss_times NAME WORDS: how many lines of its log have them. ss_after NAME WORDS N: more than N.
ss_times() { grep -c -F -e "$2" "$W/ss-$1/log"; }
ss_after() { [ "$(ss_times "$1" "$2")" -gt "$3" ]; }
ss_count() { [ "$(ss "$1" swanctl --list-sas | grep -c 'ESTABLISHED')" -eq "$2" ]; }

# SPDX-License-Identifier: BSD-2-Clause
# OpenIKED in a namespace of the scenario library, as "newyork", over the PF_KEY of the kernel it runs on. Runs in the guest
# (test/vm/run), where Debian's package is unpacked. Its user and its /etc/iked are there for its own processes only.
# OI_POLICY: more words of its policy line (lifetime ...); OI_CHILD: its child algorithms. Over Linux's PF_KEY it has no AES-GCM.
# OI_FILE: an exported iked.conf instead, into which the role and the pre-shared key are put, and OI_BYTES where the file has another limit.

# oi_dir NAME: its /etc/iked, with the key that it must have and does not use with a PSK.
oi_dir() {
	_od=$W/oi-$1
	[ -d "$_od" ] && return
	mkdir -p "$_od/iked/ca" "$_od/iked/certs" "$_od/iked/crls" "$_od/iked/private" "$_od/iked/pubkeys" "$_od/iked/ocsp" "$_od/empty"
	mkdir -p "$_od/iked/pubkeys/ipv4" "$_od/iked/pubkeys/ipv6" "$_od/iked/pubkeys/fqdn" "$_od/iked/pubkeys/ufqdn"
	openssl ecparam -genkey -name prime256v1 -noout -out "$_od/iked/private/local.key"
	chmod 755 "$_od" "$_od/empty"
	{ grep -v '^_iked:' /etc/passwd; echo "_iked:x:64000:64000::$_od/empty:/usr/sbin/nologin"; } >"$_od/passwd"
	{ grep -v '^_iked:' /etc/group; echo "_iked:x:64000:"; } >"$_od/group"
}

# oi_certificate NAME LEAF: it proves itself with this one of pki.sh, and believes the CA "ca".
oi_certificate() {
	oi_dir "$1"
	cp "$W/pki/ca.crt" "$_od/iked/ca/"
	cp "$W/pki/$2.crt" "$_od/iked/certs/"
	cp "$W/pki/$2.key" "$_od/iked/private/local.key"
}

# oi_conf active|passive AUTHENTICATION
oi_conf() {
	if [ -n "${OI_FILE:-}" ]; then
		sed -e "s/^#\(psk_[a-z_]*\) = \"\"$/\1 = ${2#psk }/" -e "s/^\(ikev2 .*\) [a-z]* esp/\1 $1 esp/" \
			-e "s/ bytes [0-9]*/ bytes ${OI_BYTES:-4G}/" "$OI_FILE"
		return
	fi
	cat <<-END
	set fragmentation
	set nomobike
	ikev2 "s2s" $1 esp from 10.0.2.0/24 to 10.0.1.0/24 local 20.0.0.2 peer 20.0.0.1 ikesa enc aes-256-gcm prf hmac-sha2-384 group curve25519 childsa enc aes-256 auth hmac-sha2-512 ${OI_CHILD:-group curve25519} srcid newyork dstid tokyo ${OI_POLICY:-} $2
	END
}

# oi_start NAME active|passive AUTHENTICATION: the last words of the policy, like: psk "secret"
oi_start() {
	_o=$1 _od=$W/oi-$1
	oi_dir "$1"
	(umask 077; oi_conf "$2" "$3" >"$_od/iked.conf")
	ip netns exec "$PFX-$_o" unshare -m sh -c "
		mkdir -p /etc/iked && mount --bind '$_od/iked' /etc/iked && mount --bind '$_od/passwd' /etc/passwd &&
		mount --bind '$_od/group' /etc/group && exec /usr/sbin/iked -d -v -f '$_od/iked.conf' -s '$_od/sock'" >>"$_od/log" 2>&1 &
	eval "OI_$_o=$!"
	PIDS="$PIDS $!"
	wait_for "OpenIKED answers" oi "$_o" show sa
}

oi() { _s=$1; shift; /usr/sbin/ikectl -s "$W/oi-$_s/sock" "$@"; }

# oi_stop NAME: and what it left in the kernel.
oi_stop() {
	eval "_p=\$OI_$1"
	kill "$_p" 2>/dev/null
	wait "$_p" 2>/dev/null
	ns "$1" ip xfrm state flush
	ns "$1" ip xfrm policy flush
	return 0
}

# peer_installed NAME: its kernel has SAs in both directions; peer_gone NAME: in none. Of any peer that uses the kernel's own ESP.
peer_installed() { ns "$1" ip xfrm state | grep -c 'proto esp' | awk '{ exit $1 < 2 }'; }
peer_gone() { [ "$(ns "$1" ip xfrm state | grep -c 'proto esp')" -eq 0 ]; }

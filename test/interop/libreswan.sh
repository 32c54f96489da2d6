# SPDX-License-Identifier: BSD-2-Clause
# Libreswan in a namespace of the scenario library, as "newyork", over the XFRM of the kernel it runs on. Runs in the guest
# (test/vm/run), where Debian's package is unpacked: it cannot be installed beside strongSwan.
# LS_FILE: an exported connection instead of the own one, which has the name s2s; LS_CONN is the name. LS_IKE and LS_ESP: its
# algorithms; LS_AUTH: lines of the connection that say how both prove themselves.

# ls_dir NAME: its database of keys and certificates, /etc/ipsec.d and /run.
ls_dir() {
	_ld=$W/ls-$1
	[ -d "$_ld" ] && return
	mkdir -p "$_ld/ipsec.d" "$_ld/nss" "$_ld/run/pluto"
	certutil -N -d "sql:$_ld/nss" --empty-password
}

# ls_certificate NAME LEAF: as oi_certificate.
ls_certificate() {
	ls_dir "$1"
	for _n in ca newyork; do certutil -D -d "sql:$_ld/nss" -n $_n 2>/dev/null; done
	openssl pkcs12 -export -in "$W/pki/$2.crt" -inkey "$W/pki/$2.key" -name newyork -passout pass:none -out "$_ld/own.p12"
	pk12util -i "$_ld/own.p12" -d "sql:$_ld/nss" -W none -K '' && certutil -A -n ca -t CT,, -i "$W/pki/ca.crt" -d "sql:$_ld/nss"
}

ls_conf() {
	printf 'config setup\n  ikev1-policy=drop\n'
	if [ -n "${LS_FILE:-}" ]; then
		cat "$LS_FILE"
		return
	fi
	cat <<-END
	conn s2s
	  ikev2=insist
	  left=20.0.0.2
	  leftid=@newyork
	  leftsubnet=10.0.2.0/24
	  right=20.0.0.1
	  rightid=@tokyo
	  rightsubnet=10.0.1.0/24
	  ike=${LS_IKE:-aes_gcm256-sha2_384;dh31}
	  esp=${LS_ESP:-aes_gcm256;dh31}
	  ${LS_AUTH:-authby=secret}
	  auto=ignore
	END
}

# ls_start NAME [PSK]: it knows the connection and waits; "ipsec auto --up $LS_CONN" begins.
ls_start() {
	_l=$1 _ld=$W/ls-$1
	ls_dir "$1"
	ls_conf >"$_ld/ipsec.conf"
	LS_CONN=$(sed -n 's/^conn //p' "$_ld/ipsec.conf")
	(umask 077; echo "@newyork @tokyo : PSK \"${2:-none}\"" >"$_ld/ipsec.secrets")
	ip netns exec "$PFX-$_l" unshare -m sh -c "
		mount --bind '$_ld/run' /run && mkdir -p /etc/ipsec.d /var/lib/ipsec/nss && mount --bind '$_ld/ipsec.d' /etc/ipsec.d &&
		mount --bind '$_ld/nss' /var/lib/ipsec/nss && exec /usr/libexec/ipsec/pluto --config '$_ld/ipsec.conf' \
			--secretsfile '$_ld/ipsec.secrets' --nofork --stderrlog" >>"$_ld/log" 2>&1 &
	eval "LS_$_l=$!"
	PIDS="$PIDS $!"
	wait_for "Libreswan answers" ls_ "$_l" whack --status >/dev/null &&
		ls_ "$_l" auto --config "$_ld/ipsec.conf" --add "$LS_CONN" && ls_ "$_l" whack --listen
}

# ls_ NAME COMMAND...: "ipsec COMMAND" where that one runs.
ls_() { eval "_p=\$LS_$1"; shift; nsenter -t "$_p" -m -n ipsec "$@"; }

ls_stop() {
	eval "_p=\$LS_$1"
	kill -9 "$_p" 2>/dev/null
	wait "$_p" 2>/dev/null
	ns "$1" ip xfrm state flush
	ns "$1" ip xfrm policy flush
	return 0
}

# SPDX-License-Identifier: BSD-2-Clause
# t_xfrm, t_xfrm_modes and t_xfrm_ah: the algorithms that causeway.ko and the stock kernel's ESP and AH both have, by a name, and how each
# side and the test's own encoder are told of them.
MODULE=$top_builddir/kernel/module/causeway.ko
TOOL=$top_builddir/test/scenario/pfkey_tool OCTETS=$top_builddir/test/vm/esp_octets SETKEY=$top_builddir/keymgr/setkey/setkey
count() { ns tg awk -v n="$1" '$1 == n { v = $2 } END { print v + 0 }' /proc/net/causeway; }
K=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f
octets() { printf %s "$K" | cut -c$((2 * $1 + 1))-$((2 * ($1 + $2))); }

ALGS="aes128gcm16 aes192gcm16 aes256gcm16 chacha20poly1305
	aes128-sha256 aes192-sha256 aes256-sha256 aes128-sha384 aes256-sha384 aes128-sha512 aes256-sha512
	null-sha256 null-sha384 null-sha512"
ALGS_MORE="aes128gmac aes192gmac aes256gmac aes128ctr-sha1 aes192ctr-sha512 aes256ctr-sha256
	camellia128-sha256 camellia192-sha384 camellia256-xcbc aes128-sha1 aes128-sha256_96 aes192-xcbc aes256-cmac null-sha1 null-xcbc null-cmac"
ALGS_WEAK="des-md5 3des-sha1 cast40-sha1 cast128-rmd160 blowfish40-md5 blowfish128-sha256 blowfish448-sha1 aes256-md5 null-md5 null-rmd160 aes128-none"

MACS="sha256 sha384 sha512 sha256_96 sha1 xcbc cmac"
MACS_WEAK="md5 rmd160"

# The guest asks for none of these by itself (test/vm/guest), and names of two parts the kernel makes from them.
alg_modules() {
	for m in esp4 esp6 xfrm_user seqiv echainiv authenc authencesn camellia_generic des_generic cast5_generic blowfish_generic md5 rmd160 xcbc cmac ctr; do
		modprobe $m || { [ $m = md5 ] || [ $m = ctr ] || return; }	# may be part of the kernel itself
	done
}

# alg NAME: kind, hash (the encoder's words), key, akey, module (pfkey_tool's words), setkey (its options), xfrm (ip's words).
alg() {
	akey=- hash=- module= xfrm= setkey= _c=${1%%-*} _m=none
	case $1 in *-*) _m=${1#*-} ;; esac
	_n=$(echo "$_c" | tr -dc 0-9) _icv=96
	case $_c in
	aes*gcm16)	_n=${_c#aes}; _n=${_n%gcm16}; kind=gcm; key=$(octets 3 $((_n / 8 + 4))); xfrm="aead rfc4106(gcm(aes)) 0x$key 128"
			setkey="-E aes-gcm-16 0x$key"; return ;;
	chacha*)	kind=chacha; key=$(octets 5 36); module=chacha; xfrm="aead rfc7539esp(chacha20,poly1305) 0x$key 128"
			setkey="-E chacha20-poly1305 0x$key"; return ;;
	aes*gmac)	kind=gmac; key=$(octets 7 $((_n / 8 + 4))); module="alg 23 0 -"; xfrm="aead rfc4543(gcm(aes)) 0x$key 128"
			setkey="-E aes-gmac 0x$key"; return ;;
	null)		kind=null key=- _id=11; _x='enc ecb(cipher_null) ""' ;;
	aes*ctr)	kind=ctr; key=$(octets 1 $((_n / 8 + 4))) _id=13; _x="enc rfc3686(ctr(aes)) 0x$key" ;;
	aes*)		kind=cbc; key=$(octets 2 $((_n / 8))) _id=12; _x="enc cbc(aes) 0x$key" ;;
	camellia*)	kind=camellia; key=$(octets 4 $((_n / 8))) _id=22; _x="enc cbc(camellia) 0x$key" ;;
	3des)		kind=3des; key=$(octets 6 24) _id=3; _x="enc cbc(des3_ede) 0x$key" ;;
	des)		kind=des; key=$(octets 8 8) _id=2; _x="enc cbc(des) 0x$key" ;;
	cast*)		kind=cast; key=$(octets 9 $((_n / 8))) _id=6; _x="enc cbc(cast5) 0x$key" ;;
	blowfish*)	kind=blowfish; key=$(octets 1 $((_n / 8))) _id=7; _x="enc cbc(blowfish) 0x$key" ;;
	esac
	case $kind in null) setkey="-E null" ;; cbc|ctr) setkey="-E aes-$kind 0x$key" ;; camellia|3des|des|blowfish) setkey="-E $kind-cbc 0x$key" ;;
	cast) setkey="-E cast128-cbc 0x$key" ;; esac
	case $_m in
	none)		hash=none; module="alg $_id 0 -"; xfrm=$_x; return ;;
	sha256_96)	hash=256-96; akey=$(octets 0 32) _a=240 _h="hmac(sha256)" _s=hmac-sha256-96 ;;
	sha1)		hash=sha1; akey=$(octets 0 20) _a=3 _h="hmac(sha1)" _s=hmac-sha1 ;;
	sha*)		hash=${_m#sha}; akey=$(octets 0 $((hash / 8))) _a=$(((hash - 256) / 128 + 5)) _h="hmac(sha$hash)" _icv=$((hash / 2)) _s=hmac-sha$hash ;;
	md5)		hash=md5; akey=$(octets 0 16) _a=2 _h="hmac(md5)" _s=hmac-md5 ;;
	rmd160)		hash=rmd160; akey=$(octets 0 20) _a=8 _h="hmac(rmd160)" _s=hmac-ripemd160 ;;
	xcbc)		hash=xcbc; akey=$(octets 0 16) _a=9 _h="xcbc(aes)" _s=aes-xcbc-mac ;;
	cmac)		hash=cmac; akey=$(octets 0 16) _a=241 _h="cmac(aes)" _s=aes-cmac ;;
	esac
	module="alg $_id $_a $akey"
	setkey="$setkey -A $_s 0x$akey"
	xfrm="$_x auth-trunc $_h 0x$akey $_icv"
}
# mac NAME: the same of an algorithm of AH, which has no cipher.
mac() { alg "null-$1"; setkey=${setkey#-E null } xfrm=${xfrm#*\"\" } module="alg 0 ${module#alg 11 }"; }
legacy() { ns tg "$top_builddir/keymgr/ipsecctl/ipsecctl" -s kernel sysctl net.causeway.legacy="$1"; }

copies() {	# copies NAMESPACE NAMESPACE ADDRESS FAMILY: half a mebibyte by TCP
	ns "$2" timeout 60 socat -u "TCP$4-LISTEN:7000,reuseaddr" "SYSTEM:sha256sum >$W/sum.got" & _p=$!
	PIDS="$PIDS $_p"
	wait_for "somebody listens" ns "$2" sh -c 'ss -ltn | grep -q :7000' || return 1
	head -c 524288 /dev/urandom >"$W/sent"
	ns "$1" timeout 60 socat -u "FILE:$W/sent" "TCP$4:$3:7000" || return 1
	wait "$_p"
	# its last packets are not to meet the SAs that come next
	wait_for "it is closed" closed "$1" "$2" || return 1
	sha256sum <"$W/sent" | cmp - "$W/sum.got"
}
closed() { for _h in "$1" "$2"; do [ -z "$(ns "$_h" ss -Htn state connected exclude time-wait)" ] || return 1; done; }
# What was dropped but for what was too big, while SAs stand.
lost_of() { ns tg awk '/^drop_/ && $1 !~ /^drop_too_big/ && $2 != 0' /proc/net/causeway; }
lost_since() { lost_of | diff "$W/before" -; }

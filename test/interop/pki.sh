# SPDX-License-Identifier: BSD-2-Clause
# Certificates by openssl(1), in $W/pki: what another CA issued. Kinds of keys: rsa p256 p384 p521 ed25519 ed448.

pki_key() {	# KIND FILE
	case $1 in
	rsa) openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:${PKI_RSA_BITS:-3072}" -out "$2" 2>/dev/null ;;
	p*) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:P-${1#p}" -out "$2" ;;
	*) openssl genpkey -algorithm "$1" -out "$2" ;;
	esac
	chmod 600 "$2"
}

# pki_ca NAME KIND [ISSUER]: a CA's key and certificate; with ISSUER an intermediate.
pki_ca() {
	mkdir -p "$W/pki"
	pki_key "$2" "$W/pki/$1.key"
	printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' >"$W/pki/$1.ext"
	pki_sign "$1" "${3:-}" 3650
}

# pki_leaf NAME KIND ISSUER [EXTENSION LINES...]: its identity is DNS:NAME.
pki_leaf() {
	_pn=$1 _pk=$2 _pi=$3; shift 3
	pki_key "$_pk" "$W/pki/$_pn.key"
	{
		printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectAltName=DNS:%s\n' "$_pn"
		for _pl in "$@"; do echo "$_pl"; done
	} >"$W/pki/$_pn.ext"
	pki_sign "$_pn" "$_pi" "${PKI_DAYS:-397}"
}

pki_sign() {	# NAME ISSUER DAYS; PKI_ORG: its organisation
	openssl req -new -key "$W/pki/$1.key" -subj "/O=${PKI_ORG:-Interop}/CN=$1" -out "$W/pki/$1.csr" || return 1
	if [ -n "$2" ]; then
		openssl x509 -req -in "$W/pki/$1.csr" -CA "$W/pki/$2.crt" -CAkey "$W/pki/$2.key" -CAcreateserial -days "$3" -extfile "$W/pki/$1.ext" -out "$W/pki/$1.crt" 2>/dev/null
	else
		openssl x509 -req -in "$W/pki/$1.csr" -key "$W/pki/$1.key" -days "$3" -extfile "$W/pki/$1.ext" -out "$W/pki/$1.crt" 2>/dev/null
	fi
}

# pki_give GATEWAY NAME AS [INTERMEDIATES...]: the certificate, what stands above it, and its key, as files of that gateway's secrets.
pki_give() {
	_pg=$1 _pn=$2 _pa=$3; shift 3
	cp "$W/pki/$_pn.crt" "$W/$_pg/secrets/$_pa.crt"
	for _pl in "$@"; do cat "$W/pki/$_pl.crt" >>"$W/$_pg/secrets/$_pa.crt"; done
	(umask 077; cp "$W/pki/$_pn.key" "$W/$_pg/secrets/$_pa.key"; chmod 600 "$W/$_pg/secrets/$_pa.key")
}
pki_trust() { cp "$W/pki/$2.crt" "$W/$1/secrets/$3.crt"; }	# GATEWAY CA AS

# pki_crl CA FILE [REVOKED LEAF...]: a revocation list in DER.
pki_crl() {
	_pc=$1 _pf=$2; shift 2
	mkdir -p "$W/pki/db-$_pc"
	: >>"$W/pki/db-$_pc/index"
	[ -f "$W/pki/db-$_pc/number" ] || echo 01 >"$W/pki/db-$_pc/number"
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\ndefault_crl_days=7\n' "$W/pki/db-$_pc/index" "$W/pki/db-$_pc/number" >"$W/pki/db-$_pc/conf"
	for _pl in "$@"; do
		openssl ca -config "$W/pki/db-$_pc/conf" -cert "$W/pki/$_pc.crt" -keyfile "$W/pki/$_pc.key" -revoke "$W/pki/$_pl.crt" -crl_reason keyCompromise 2>/dev/null || return 1
	done
	openssl ca -config "$W/pki/db-$_pc/conf" -cert "$W/pki/$_pc.crt" -keyfile "$W/pki/$_pc.key" -gencrl -out "$W/pki/$_pc.crl.pem" 2>/dev/null || return 1
	openssl crl -in "$W/pki/$_pc.crl.pem" -outform DER -out "$_pf"
}

# SPDX-License-Identifier: BSD-2-Clause
# The panel under lighttpd for tests and quickstart, with the configuration that is installed; sourced by POSIX sh.

# panel_copy DIR: what the server's user reads and runs goes below DIR, since that user may not be let into the folder of this build.
panel_copy() {
	cp -R "$CW_ROOT/share/causeway/www" "$1/www" && cp -R "$CW_ROOT/libexec/causeway/cgi" "$1/cgi" && chmod -R go+rX "$1/www" "$1/cgi" || return 1
	_paths="s|$CW_ROOT/share/causeway/www|$1/www|; s|$CW_ROOT/libexec/causeway/cgi|$1/cgi|; s|$CW_ROOT/share/doc/causeway/web/lighttpd-panel.conf|$1/panel.conf|"
	sed "$_paths" "$CW_ROOT/share/doc/causeway/web/lighttpd-panel.conf" >"$1/panel.conf" && sed -i "$_paths" "$1/lighttpd.conf"
}

# panel_conf DIR SOCKET ADDRESS PORT [USER]: a whole configuration around the snippet, and a certificate.
panel_conf() {
	mkdir -p "$1" && "$CW_ROOT/libexec/causeway/web-cert" "$1/panel.pem" localhost 127.0.0.1 >"$1/cert.out" || return 1
	cat >"$1/lighttpd.conf" <<-EOF2
		server.modules = ( "mod_alias", "mod_cgi", "mod_openssl", "mod_setenv" )
		server.document-root = "$CW_ROOT/share/causeway/www"
		server.bind = "$3"
		server.port = $4
		server.pid-file = "$1/pid"
		server.errorlog = "$1/error.log"
		ssl.engine = "enable"
		ssl.pemfile = "$1/panel.pem"
		setenv.set-environment = ( "CAUSEWAY_PANEL_SOCKET" => "$2" )
		url.redirect = ( "^/$" => "/causeway/" )
		include "$CW_ROOT/share/doc/causeway/web/lighttpd-panel.conf"
	EOF2
	[ -z "${5:-}" ] || printf 'server.username = "%s"\nserver.groupname = "%s"\n' "$5" "$5" >>"$1/lighttpd.conf"
	sed -i 's/"mod_cgi",/"mod_cgi", "mod_redirect",/' "$1/lighttpd.conf"
	[ -z "${5:-}" ] || panel_copy "$1"
}

# panel_start DIR SOCKET ADDRESS PORT [USER]: its process is PANEL_PID.
panel_start() {
	panel_conf "$@" || return 1
	: >"$1/error.log"
	[ -z "${5:-}" ] || chown "$5" "$1/error.log"
	lighttpd -D -f "$1/lighttpd.conf" >"$1/out" 2>&1 &
	PANEL_PID=$!
	PIDS="${PIDS:-} $PANEL_PID"
}
panel_answers() { curl -sk --max-time 5 -o "$1/answer" "https://$2:$3/causeway/login" && grep -q 'Sign in' "$1/answer"; }

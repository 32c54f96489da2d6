# SPDX-License-Identifier: BSD-2-Clause
# Sourced by tests that ask the real spdsync in a world of fakes (sync_world.c): the world is started, site a; $W holds all of its files.
: "${top_srcdir:=.}" "${top_builddir:=.}"
PATH=$(cd "$top_srcdir/test/tools" && pwd):$PATH
n=0 bad=0
ok() {	# ok DESCRIPTION COMMAND...
	d=$1; shift
	n=$((n + 1))
	if "$@" >"$W/out" 2>&1; then echo "ok $n - $d"; else
		bad=$((bad + 1)); echo "not ok $n - $d"; echo "# failed: $*"; tail -20 "$W/out" | sed 's/^/# /'; fi
}
not() { ! "$@"; }
for c in curl jq mkfifo patch; do
	command -v $c >/dev/null || { echo "1..1"; echo "not ok 1 - needs the program '$c'"; exit 1; }
done
W=$(mktemp -d "${TMPDIR:-/tmp}/cw-sync.XXXXXX") || exit 1
pid=
finish() { [ -z "$pid" ] || { exec 9>&-; wait "$pid" 2>/dev/null; }; rm -rf "$W"; }
trap finish EXIT
trap 'exit 1' INT TERM
mkfifo "$W/in"
# What is repaired here is repaired by events: the pass that looks once a minute is off (a build with test hooks; in others it
# comes too late, and the counters tell the two apart).
export CAUSEWAY_NO_PASS=1
# The leak checker of a sanitized build needs calls that the sandbox does not allow.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
"$top_builddir/test/unit/sync_world" "$top_builddir/spdsync/spdsync" "$W" a <"$W/in" >"$W/answers" 2>"$W/err" &
pid=$!
exec 9>"$W/in"
world() {	# a command to the world, until it is answered, or the test ends
	_before=$(wc -l <"$W/answers") _i=0
	echo "$*" >&9
	until [ "$(wc -l <"$W/answers")" -gt "$_before" ]; do
		_i=$((_i + 1))
		[ $_i -lt 1500 ] || { echo "not ok $((n + 1)) - the world answers '$*'"; sed 's/^/# /' "$W/err" "$W/log"; exit 1; }
		sleep 0.02
	done
}
get() { curl -sS -m 20 --unix-socket "$W/ro.sock" "http://x/v1/$1"; }
post() { _p=$1; shift; curl -sS -m 30 --unix-socket "$W/rw.sock" -X POST "http://x/v1/$_p" "$@"; }
code() { curl -sS -m 30 -o "$W/body" -w '%{http_code}' "$@"; }
apply() { _f=$1; shift; post "apply?file=$(basename "$_f")$*" --data-binary "@$_f"; }
is() { [ "$1" = "$2" ] || { echo "'$1' instead of '$2'"; return 1; }; }
wait_for() { _i=0; until "$@" >"$W/waited" 2>&1; do _i=$((_i + 1)); [ $_i -lt 300 ] || { cat "$W/waited"; return 1; }; sleep 0.05; done; }
heard() { grep -q "$1" "$W/heard"; }
mark() { : >"$W/heard"; }
policies() { world count; tail -1 "$W/answers" | cut -d' ' -f1; }
settled() { [ "$(get status | jq .in_sync)" = true ]; }
reason_is() { _r=$1; shift; "$@" >"$W/answer"; is "$(jq -r .reason <"$W/answer")" "$_r" || { cat "$W/answer"; false; }; }

cat >"$W/one.yaml" <<'YAML'
version: 1
sites:
  a: {address: 192.0.2.1, networks: [10.0.1.0/24]}
  b: {address: 192.0.2.2, networks: [10.0.2.0/24, 10.0.3.0/24]}
tunnels:
  a-b:
    between: [a, b]
    auth: {psk: a-b}
    policy: modern
    start: always
YAML
{ sed 's|^tunnels:|  c: {address: any, networks: ["10.0.9.0/24"]}\ntunnels:|' "$W/one.yaml"
  printf '  a-c:\n    between: [c, a]\n    auth: {psk: a-c}\n    policy: modern\n    start: always\n    replay_window: 64\n'; } >"$W/two.yaml"

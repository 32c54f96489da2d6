# SPDX-License-Identifier: BSD-2-Clause
# What the scenarios of ipsecd alone share: gateways with a supervisor that only hands over sockets (fake_sup), manual SAs, policies.
# After test/lib.sh. Over the kernel module nobody has to be started: its engine is there for who opens a PF_KEY socket.
# With a user of its own, as under causewayd: the guard is saved from inside the sandbox.
export FAKE_SUP_USER=nobody
TOOLS=$top_builddir/test/scenario
IPSECD=$top_builddir/kernel/user/ipsecd
K1=000102030405060708090a0b0c0d0e0f10111213 K2=100102030405060708090a0b0c0d0e0f10111213

sup_start() {	# sup_start NAME
	on_user || { tool "$1" dump; return; }
	mkdir -p "$W/$1"
	rm -f "$W/$1/in" "$W/$1/pid"
	mkfifo "$W/$1/in"
	# A writer that stays, so that the supervisor's input does not end with each request.
	sleep 3600 >"$W/$1/in" & eval "HOLD_$1=$!"; PIDS="$PIDS $!"
	ip netns exec "$PFX-$1" "$TOOLS/fake_sup" "$IPSECD" "$W/$1" <"$W/$1/in" >>"$W/$1/log" 2>&1 & eval "SUP_$1=$!"; PIDS="$PIDS $!"
	case " $GATEWAYS " in *" $1 "*) ;; *) GATEWAYS="$GATEWAYS $1" ;; esac
	wait_for "ipsecd of $1 serves" [ -s "$W/$1/pid" ]
}
sup_stop() { on_user || return 0; eval "kill \$HOLD_$1"; eval "wait \$SUP_$1" 2>/dev/null; return 0; }
# ask GATEWAY REQUEST: the answer, which comes whole or not at all, is in its file. Here and below the shell reads: this is asked thousands of times.
ask() {
	on_user || return 0
	: >"$W/$1/answer"
	echo "$2" >"$W/$1/in"
	_tries=0
	until [ -s "$W/$1/answer" ]; do
		_tries=$((_tries + 1))
		[ $_tries -lt 500 ] || { echo "no answer to $2"; return 1; }
		sleep 0.02
	done
	while read -r _line; do case $_line in 'reason OK'*) return 0 ;; esac; done <"$W/$1/answer"
	return 1
}
# counters_of GATEWAY: the file that has them now is COUNTERS.
counters_of() {
	if on_user; then COUNTERS=$W/$1/answer; ask "$1" counters; else COUNTERS=$W/$1.counters; ns "$1" cat /proc/net/causeway >"$COUNTERS"; fi
}
counters() { counters_of "$1" && cat "$COUNTERS"; }
# count GATEWAY NAME. Of what nobody has counted there is no line.
count() {
	_v=0
	counters_of "$1" || return
	while read -r _key _val _rest; do [ "$_key" != "$2" ] || _v=$_val; done <"$COUNTERS"
	echo "$_v"
}
counts() { [ "$(count "$1" "$2")" -eq "$3" ]; }
tool() { _g=$1; shift; ns "$_g" "$TOOLS/pfkey_tool" "$(if on_user; then echo "$W/$_g/pfkey.sock"; else echo kernel; fi)" "$@"; }

sas() {	# sas SRC DST BASE [udp 4500 4500]: one pair of SAs on both gateways
	_s=$1 _d=$2 _b=$3; shift 3
	tool tg sa out "$_s" "$_d" $((_b)) 1 $K1 "$@" && tool ng sa in "$_s" "$_d" $((_b)) 1 $K1 "$@" &&
	tool ng sa out "$_d" "$_s" $((_b + 1)) 1 $K2 "$@" && tool tg sa in "$_d" "$_s" $((_b + 1)) 1 $K2 "$@"
}
policies() {	# policies GATEWAY LOCAL REMOTE
	tool "$1" spd out "$2" "$3" 1 && tool "$1" spd in "$3" "$2" 1
}
all_policies() {
	policies tg 10.0.1.0/24 10.0.2.0/24 && policies ng 10.0.2.0/24 10.0.1.0/24 &&
	policies tg fd00:1::/64 fd00:2::/64 && policies ng fd00:2::/64 fd00:1::/64
}
tg_policies() { policies tg 10.0.1.0/24 10.0.2.0/24 && policies tg fd00:1::/64 fd00:2::/64; }
flush() { tool tg flush && tool ng flush; }
tcp_copy() {
	ns nh timeout "${WAIT_S:-60}" socat -u "TCP-LISTEN:7000,reuseaddr" "SYSTEM:sha256sum >$W/sum.got" & _p=$!
	PIDS="$PIDS $_p"
	wait_for "somebody listens" ns nh sh -c 'ss -ltn | grep -q :7000'
	head -c $(($1 * 1048576)) /dev/urandom >"$W/sent"
	ns th timeout "${WAIT_S:-60}" socat -u "FILE:$W/sent" TCP:10.0.2.10:7000
	wait "$_p"
	sha256sum <"$W/sent" | cmp - "$W/sum.got"
}
no_clear_but_forged() {	# the ten forged ones came in by this link; nothing else did, and nothing went out
	[ "$(capture_count wire "($CLEAR_FILTER) and not (src 10.0.2.10 and dst 10.0.1.10 and udp)")" -eq 0 ]
}

# SPDX-License-Identifier: BSD-2-Clause
# The scenario library: network namespaces, gateways, captures and TAP, for POSIX sh. A scenario begins with
#	. "${top_srcdir:-.}/test/lib.sh"
# and ends by running off its end: the trap stops what was started, deletes the namespaces and prints the plan.
# Everything a scenario makes carries the prefix cw<pid>, so that any number of them run at once.
# CW_HOST names the host under test (user, or module where that is loaded), CW_SCALE (1 smallest … 10) scales counts and sizes.
# Waits are for a state, with a ceiling of 60 s; the time is printed, never asserted.

set -u
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}" "${top_builddir:=$top_srcdir/build}"
: "${CW_ROOT:=$top_builddir/inst}" "${CW_SCALE:=1}" "${CW_KEEP:=}"
: "${CW_HOST:=$([ -e /proc/net/causeway ] && echo module || echo user)}"
CW_LIBEXEC=$CW_ROOT/libexec/causeway
CW_TOOLS=$top_builddir/test/scenario
JQ=$(command -v jq) GOJQ=$(command -v gojq)
PATH=$(cd "$top_srcdir/test/tools" && pwd):$PATH
PFX=cw$$
W=$(mktemp -d "${TMPDIR:-/tmp}/causeway.XXXXXX") || exit 1
chmod 755 "$W"
TESTS=0 FAILURES=0 PIDS= NAMESPACES= GATEWAYS=

# One uid in a user namespace, where an ordinary user runs quickstart: then daemons have no users of their own, a network namespace is
# entered by who makes it and never left (the way back would be to the machine's own), and tcpdump, which leaves root, is not to be had.
: "${CW_ONE_UID:=}"

# ---- TAP ----

# ok DESCRIPTION COMMAND...: one test; its output is shown when it fails.
ok() {
	_ok=$1; shift
	TESTS=$((TESTS + 1))
	if "$@" >"$W/out" 2>&1; then
		echo "ok $TESTS - $_ok"
	else
		FAILURES=$((FAILURES + 1))
		echo "not ok $TESTS - $_ok"
		{ echo "failed: $*"; tail -40 "$W/out"; } | sed 's/^/#   /'
		return 1
	fi
}

not() { ! "$@"; }
diag() { echo "# $*"; }

# need COMMAND...: what a scenario cannot do without; fails loudly instead of skipping.
need() {
	for _c in "$@"; do
		command -v "$_c" >/dev/null || { echo "not ok $((TESTS + 1)) - needs the program '$_c'"; TESTS=$((TESTS + 1)); FAILURES=$((FAILURES + 1)); exit 1; }
	done
	[ "$(id -u)" = 0 ] || { echo "not ok $((TESTS + 1)) - needs root (network namespaces)"; TESTS=$((TESTS + 1)); FAILURES=$((FAILURES + 1)); exit 1; }
}

# uptime_cs: hundredths of a second since the machine started, in UPTIME_CS. A program that is started, date too, costs as much as many lines of shell.
uptime_cs() { read -r UPTIME_CS _ </proc/uptime; UPTIME_CS=${UPTIME_CS%.*}${UPTIME_CS#*.}; }

# wait_for DESCRIPTION COMMAND...: until the command succeeds, at most 60 s. Prints how long it took.
wait_for() {
	_d=$1; shift
	uptime_cs; _t0=$UPTIME_CS
	_end=$((UPTIME_CS + ${WAIT_S:-60} * 100)) _looks=0
	while ! "$@" >"$W/wait.out" 2>&1; do
		uptime_cs
		[ "$UPTIME_CS" -lt "$_end" ] || { echo "gave up waiting: $_d"; tail -5 "$W/wait.out"; return 1; }
		# A look costs much of a tenth of a second, which others need who wait beside: what did not come at once is looked for less often.
		_looks=$((_looks + 1))
		if [ "$_looks" -lt 3 ]; then sleep 0.02; elif [ "$_looks" -lt 12 ]; then sleep 0.1; else sleep 0.3; fi
	done
	uptime_cs
	diag "$_d: $(((UPTIME_CS - _t0) * 10)) ms"
}

# jq: gojq, where it is, which reads the same language and starts in half the time. "jq -e" of jq 1.6 (Debian 12) succeeds when it gets no input
# at all, as from a curl whose server is not there yet, and a check that waits for something would pass at once; in gojq, jq 1.7 and here that
# is a failure. test/tools/jq is for who starts jq from elsewhere, without a shell of its own.
if [ -n "$GOJQ" ]; then
	jq() { HOME=/nonexistent "$GOJQ" "$@"; }	# it stops where it may not look for a file of its own
elif [ -n "$JQ" ]; then
	jq() {
		case " $*" in
		*" -e "*|*" -ce "*|*" -se "*)
			_said=$("$JQ" "$@")
			_status=$?
			[ -z "$_said" ] || printf '%s\n' "$_said"
			[ -n "$_said" ] || [ $_status -ne 0 ] || return 4
			return $_status ;;
		esac
		"$JQ" "$@"
	}
fi

# ---- namespaces ----

ns_add() {
	for _n in "$@"; do
		if [ -z "$CW_ONE_UID" ]; then
			ip netns add "$PFX-$_n" || exit 1
		else
			: >"/run/netns/$PFX-$_n" && unshare --net="/run/netns/$PFX-$_n" true || exit 1
		fi
		NAMESPACES="$NAMESPACES $PFX-$_n"
		ns "$_n" sh -c 'ip link set lo up; cd /proc/sys/net/ipv6/conf; echo 0 >default/accept_dad; echo 0 >all/accept_dad; echo 0 >default/router_solicitations'
	done
}

# ns NAME COMMAND...: run it inside.
ns() { _n=$1; shift; ip netns exec "$PFX-$_n" "$@"; }

# ns_end: none is left; what ran in them was stopped before.
ns_end() {
	for _n in $NAMESPACES; do ip netns del "$_n"; done
	NAMESPACES=
}

# ns_ip NAME: what ip is to do inside, a line each on its standard input. One start of it costs as much as many lines.
ns_ip() { ip -n "$PFX-$1" -batch -; }

# ns_link A IF-A B IF-B: a cable.
ns_link() {
	printf '%s\n' "link add $2 type veth peer name $4 netns $PFX-$3" "link set $2 up" | ns_ip "$1" || exit 1
	ip -n "$PFX-$3" link set "$4" up
}

# ns_addr NAME IF ADDRESS/LEN...
ns_addr() {
	_ns=$1 _if=$2; shift 2
	for _a in "$@"; do
		case $_a in *:*) echo "addr add $_a dev $_if nodad" ;; *) echo "addr add $_a dev $_if" ;; esac
	done | ns_ip "$_ns" || exit 1
}

ns_forward() { ns "$1" sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'; }

# faq_net: the network of the FAQ: host th 10.0.1.10 - gateway tg 10.0.1.1|20.0.0.1 - 20.0.0.2|10.0.2.1 gateway ng - 10.0.2.10 host nh,
# and the same with IPv6 (fd00:1::/64 - fc00::1, fc00::2 - fd00:2::/64). The outside interface of both gateways is "out".
faq_net() {
	ns_add th tg ng nh
	ns_link th eth0 tg in; ns_link nh eth0 ng in; ns_link tg out ng out
	faq_addresses
}

faq_addresses() {
	# A gateway's default route leads out, as on the Internet: what is not protected would leave there in the clear.
	while read -r _at _dev _four _six _via4 _via6; do
		{
			printf '%s\n' "addr add $_four dev $_dev" "addr add $_six dev $_dev nodad"
			[ -z "$_via4" ] || printf '%s\n' "route add default via $_via4" "route add ::/0 via $_via6"
		} | ns_ip "$_at" || exit 1
	done <<-EOF
	tg in   10.0.1.1/24  fd00:1::1/64
	tg out  20.0.0.1/24  fc00::1/64    20.0.0.2 fc00::2
	ng in   10.0.2.1/24  fd00:2::1/64
	ng out  20.0.0.2/24  fc00::2/64    20.0.0.1 fc00::1
	th eth0 10.0.1.10/24 fd00:1::10/64 10.0.1.1 fd00:1::1
	nh eth0 10.0.2.10/24 fd00:2::10/64 10.0.2.1 fd00:2::1
	EOF
	ns_forward tg; ns_forward ng
}

# faq_net_nat: the same, but Tokyo is behind a NAT box nb (20.0.0.1 is the box; Tokyo's gateway is 192.168.7.2).
faq_net_nat() {
	ns_add th tg nb ng nh
	ns_link th eth0 tg in; ns_link nh eth0 ng in; ns_link tg out nb lan; ns_link nb wan ng out
	ns_addr th eth0 10.0.1.10/24; ns_addr tg in 10.0.1.1/24; ns_addr tg out 192.168.7.2/24
	ns_addr nb lan 192.168.7.1/24; ns_addr nb wan 20.0.0.1/24
	ns_addr ng out 20.0.0.2/24; ns_addr ng in 10.0.2.1/24; ns_addr nh eth0 10.0.2.10/24
	ns_forward tg; ns_forward ng; ns_forward nb
	ns th ip route add default via 10.0.1.1; ns nh ip route add default via 10.0.2.1
	ns tg ip route add default via 192.168.7.1; ns ng ip route add default via 20.0.0.1
	ns nb nft -f - <<-EOF
	table ip nat { chain post { type nat hook postrouting priority srcnat; oifname "wan" masquerade random; }; }
	EOF
}

# ---- gateways ----

# gw_setup NAME SITE [GATEWAY-FILE LINES...]: directories and the gateway file. Secrets go to $W/NAME/secrets.
gw_setup() {
	_g=$1 _site=$2; shift 2
	mkdir -p "$W/$_g/run" "$W/$_g/state" "$W/$_g/secrets"
	chmod 700 "$W/$_g/secrets"
	{ echo "version: 1"; echo "site: $_site"; for _l in "$@"; do echo "$_l"; done; } >"$W/$_g/causeway.yaml"
}

# secret NAME FILE OCTETS
secret() { (umask 077; printf '%s\n' "$3" >"$W/$1/secrets/$2"); }

# gw_start NAME: causewayd in the namespace of that name.
gw_start() {
	ip netns exec "$PFX-$1" "$CW_LIBEXEC/causewayd" -c "$W/$1/causeway.yaml" --run-dir "$W/$1/run" --state-dir "$W/$1/state" \
		--secret-dir "$W/$1/secrets" --libexec "$CW_LIBEXEC" ${CW_ONE_UID:+--no-users} >>"$W/$1/log" 2>&1 &
	eval "PID_$1=$!"
	PIDS="$PIDS $!"
	case " $GATEWAYS " in *" $1 "*) ;; *) GATEWAYS="$GATEWAYS $1" ;; esac
}

gw_pid() { eval "echo \$PID_$1"; }

# daemon_pid GATEWAY PROGRAM: nothing while it does not run. The file says 0 then, and to kill(2) that is everybody here.
daemon_pid() { awk -v p="$2" '$1 == p { for (i = 2; i <= NF; i++) if ($i ~ /^pid=[1-9]/) print substr($i, 5) }' "$W/$1/run/state"; }

gw_stop() {
	_p=$(gw_pid "$1")
	kill "$_p" 2>/dev/null
	wait "$_p" 2>/dev/null
	return 0
}

# ctl NAME ARGUMENTS...: that gateway's ikectl.
ctl() { _g=$1; shift; "$CW_ROOT/sbin/ikectl" --run-dir "$W/$_g/run" "$@"; }

gw_ready() { ctl "$1" status --json >/dev/null; }

# tunnel_up GATEWAY TUNNEL [CHILD]: negotiated up, both SAs in the kernel.
tunnel_up() {
	ctl "$1" status --json | jq -e --arg t "$2" --arg c "${3:-net}" \
		'.tunnels[] | select(.name == $t) | .children[] | select(.name == $c) | .negotiated == "up" and .kernel == "both"'
}

# tunnel_reason GATEWAY TUNNEL NAME: explain gives this reason, now or in one of its records.
tunnel_reason() { ctl "$1" explain "$2" --json | jq -e --arg r "$3" '.now.reason == $r or any(.records[]; .reason == $r)'; }

# counter GATEWAY NAME: one of the engine's counters.
counter() { ctl "$1" counters --json | jq -r --arg n "$2" '.engine[$n] // 0'; }

# drops GATEWAY: every drop reason that is not 0, sorted, "name=value" a line. What is dropped as too big is path MTU discovery at
# work, not a loss: its sender is told.
drops() { ctl "$1" counters --json | jq -r '.engine | to_entries[] | select((.key | test("^drop_|^guard_")) and (.key | test("^drop_(keepalive|too_big)") | not) and .value != 0) | "\(.key)=\(.value)"' | sort; }

# ---- the engine, which is ipsecd or the kernel's ----

on_user() { [ "$CW_HOST" = user ]; }

# gw_pfkey GATEWAY ARGUMENTS...: somebody else at the gateway's PF_KEY (pfkey_tool).
gw_pfkey() {
	_g=$1; shift
	if on_user; then ns "$_g" "$CW_TOOLS/pfkey_tool" "$W/$_g/run/pfkey.sock" "$@"; else ns "$_g" "$CW_TOOLS/pfkey_tool" kernel "$@"; fi
}

# gw_engine GATEWAY ENGINE: what the gateway file says, for the next start.
gw_engine() { sed -i '/^engine:/d' "$W/$1/causeway.yaml" && echo "engine: $2" >>"$W/$1/causeway.yaml"; }

# daemon_away GATEWAY PROGRAM: it dies and does not start again; daemon_back PROGRAM. CW_LIBEXEC is a copy of the scenario's own.
daemon_away() {
	mv "$CW_LIBEXEC/$2" "$CW_LIBEXEC/$2.away"
	kill -9 "$(daemon_pid "$1" "$2")"
}
daemon_back() { mv "$CW_LIBEXEC/$1.away" "$CW_LIBEXEC/$1"; }

# engine_away GATEWAY PEER: that gateway has no engine until engine_back. A module that is in use stays, so both stop, it is taken
# out, and the gateway waits for it; the peer, in the same kernel, has ipsecd from then on.
engine_away() {
	if on_user; then daemon_away "$1" ipsecd; return; fi
	gw_stop "$1"; gw_stop "$2"
	rmmod causeway && gw_engine "$1" module && gw_engine "$2" user || return 1
	gw_start "$1"; gw_start "$2"
	wait_for "$1 serves without an engine" gw_ready "$1" && wait_for "$2 serves" gw_ready "$2"
}
engine_back() { if on_user; then daemon_back ipsecd; else insmod "$top_builddir/kernel/module/causeway.ko"; fi; }

# module_out: a test that loads the module itself may come in the same guest behind one that left it loaded, or that used the system's own
# PF_KEY and told the kernel to look for no module (test/vm/system.sh). module_back: who comes behind finds it loaded as before module_out.
module_out() {
	MODULE_WAS=
	[ ! -e /proc/net/causeway ] || { MODULE_WAS=1; wait_for "the module of before is taken out" rmmod causeway; } || return 1
	! grep -q '^af_key ' /proc/modules || wait_for "af_key is taken out" rmmod af_key || return 1
	[ ! -x /run/modprobe ] || echo /run/modprobe >/proc/sys/kernel/modprobe
}
module_back() { [ -z "$MODULE_WAS" ] || insmod "$top_builddir/kernel/module/causeway.ko"; }

# faq_sites [TUNNEL LINES...]: the FAQ's site file on stdout.
faq_sites() {
	cat <<-EOF
	version: 1
	sites:
	  tokyo:   {address: ${TOKYO:-20.0.0.1}, networks: [${TOKYO_NETS:-10.0.1.0/24}]}
	  newyork: {address: ${NEWYORK:-20.0.0.2}, networks: [${NEWYORK_NETS:-10.0.2.0/24}]}
	tunnels:
	  tokyo-newyork:
	    between: [tokyo, newyork]
	    auth: {psk: tokyo-newyork}
	    policy: ${POLICY:-modern}
	    start: ${START:-always}
	EOF
	for _l in "$@"; do echo "    $_l"; done
}

# faq_up: both gateways of faq_net started, the same file applied on both, the tunnel up.
faq_up() {
	faq_sites "$@" >"$W/sites.yaml"
	_psk=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
	gw_setup tg tokyo; gw_setup ng newyork
	secret tg tokyo-newyork "$_psk"; secret ng tokyo-newyork "$_psk"
	gw_start tg; gw_start ng
	wait_for "Tokyo serves" gw_ready tg || return 1
	wait_for "New York serves" gw_ready ng || return 1
	ctl tg apply "$W/sites.yaml" && ctl ng apply "$W/sites.yaml" || return 1
	wait_for "the tunnel is up in Tokyo" tunnel_up tg tokyo-newyork || return 1
	wait_for "the tunnel is up in New York" tunnel_up ng tokyo-newyork
}

# ---- packets ----

# capture_start ID NS IF [FILTER...]: to $W/ID.pcap; capture_stop ID. Of what is called wire, the headers are kept: it may be gigabytes.
capture_start() {
	_id=$1 _ns=$2 _if=$3; shift 3
	case $_id in wire) set -- -s 160 "$@" ;; esac
	if [ -z "$CW_ONE_UID" ]; then set -- tcpdump -i "$_if" -n -U --immediate-mode -w - "$@"; else set -- "$CW_TOOLS/sniff" "$_if"; fi
	: >"$W/$_id.log"	# what an earlier capture of that name said is no sign that this one listens
	ip netns exec "$PFX-$_ns" "$@" >"$W/$_id.pcap" 2>"$W/$_id.log" &
	eval "CAP_$_id=$!"
	PIDS="$PIDS $!"
	_n=0
	while ! grep -qs 'listening on' "$W/$_id.log" && [ "$_n" -lt 100 ]; do sleep 0.05; _n=$((_n + 1)); done
}

capture_stop() {
	eval "_p=\$CAP_$1"
	sleep 0.2
	kill -INT "$_p" 2>/dev/null
	wait "$_p" 2>/dev/null
	return 0
}

# capture_read FILE [FILTER]: one line a packet.
capture_read() { _f=$1; shift; ${CW_ONE_UID:+unshare -U} tcpdump -n -r "$_f" "$@" 2>/dev/null; }
# capture_count ID [FILTER]: how many packets match.
capture_count() { _id=$1; shift; capture_read "$W/$_id.pcap" "$@" | wc -l; }

# No packet between the protected networks in the clear on a captured outside link; UDP to port 12345 is our own forger's.
CLEAR_FILTER='not udp dst port 12345 and ((net 10.0.1.0/24 and net 10.0.2.0/24) or (ip6 net fd00:1::/64 and ip6 net fd00:2::/64))'
no_clear() { _c=$(capture_count "$1" "$CLEAR_FILTER"); [ "$_c" -eq 0 ] || { capture_read "$W/$1.pcap" "$CLEAR_FILTER" | head; return 1; }; }

# pings NS ADDRESS COUNT [INTERVAL]: all of them answered.
pings() { ns "$1" ping -n -q -c "$3" -i "${4:-0.2}" -W 2 "$2" | tee "$W/ping.out" | grep -q " $3 received"; }

# flood ID NS ADDRESS COUNT PERIOD_MS: that many echo requests in the background, one every PERIOD_MS. By fping, as ping waits for the
# last answers no longer than twice the longest round trip so far: what a busy machine held up for 30 ms it calls lost.
flood() {
	ns "$2" fping -q -i 1 -p "$5" -c "$4" -t 5000 "$3" >"$W/flood.$1" 2>&1 &
	PIDS="$PIDS $!"
	echo "$! $4" >"$W/flood.$1.pid"
}
flooding() { read -r _p _n <"$W/flood.$1.pid" && kill -0 "$_p" 2>/dev/null; }
# flood_end ID: waits for it. flood_whole ID: and was each of them answered?
flood_end() { read -r _p _n <"$W/flood.$1.pid"; wait "$_p" 2>/dev/null; cat "$W/flood.$1"; }
flood_whole() { flood_end "$1"; grep -q " = $_n/$_n/0%" "$W/flood.$1"; }

# ---- the end ----

cleanup() {
	_rc=$?
	trap - EXIT INT TERM HUP
	trap '' PIPE		# nobody reads us any more, but everything is still to be taken down
	for _p in $PIDS; do kill "$_p" 2>/dev/null; done
	for _p in $PIDS; do
		_n=0
		while kill -0 "$_p" 2>/dev/null && [ "$_n" -lt 60 ]; do sleep 0.1; _n=$((_n + 1)); done
		kill -9 "$_p" 2>/dev/null
		wait "$_p" 2>/dev/null
	done
	for _n in $NAMESPACES; do
		for _p in $(ip netns pids "$_n" 2>/dev/null); do kill -9 "$_p" 2>/dev/null; done
		ip netns del "$_n" 2>/dev/null
	done
	if [ "$FAILURES" -gt 0 ] || [ -n "$CW_KEEP" ]; then
		for _g in $GATEWAYS; do echo "# log of $_g:"; tail -60 "$W/$_g/log" 2>/dev/null | sed 's/^/#   /'; done
	fi
	if [ -n "$CW_KEEP" ]; then echo "# kept: $W"; else rm -rf "$W"; fi
	[ -n "${NO_PLAN:-}" ] || echo "1..$TESTS"
	[ "$_rc" -ne 0 ] || [ "$FAILURES" -eq 0 ] || _rc=1
	exit "$_rc"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP PIPE

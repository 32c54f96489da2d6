# SPDX-License-Identifier: BSD-2-Clause
# What the scenarios share in which the last octet counts: packets that were captured come to Tokyo once more, changed, cut or in pieces, by the
# hand of somebody on the outside link. After ipsecd.sh, but for what is of pieces alone.
SETKEY=$top_builddir/keymgr/setkey/setkey
setkey() { _g=$1; shift; if on_user; then ns "$_g" "$SETKEY" -s "$W/$_g/pfkey.sock" "$@"; else ns "$_g" "$SETKEY" "$@"; fi; }
key() { printf "0x%0$(($1 * 2))d" 7; }	# of so many octets
# An AH header that is cut off within its first two octets is none to the guard of ipsecd, which is a packet filter.
out_of() {
	_out=0 _dropped=0 _twice=0
	counters_of tg || return
	while read -r _key _val _rest; do
		case $_key in
		plain_out) _out=$_val ;;
		drops | guard_in) _dropped=$((_dropped + _val)) ;;
		drop_replay_duplicate) _twice=$_val ;;
		esac
	done <"$COUNTERS"
	NOW_OUT="$_out $_dropped $_twice"
}
grew() { out_of; _now=$NOW_OUT; [ "$_now" = "$1" ] || { echo "plain_out, drops, duplicates: $_now, not $1"; return 1; }; }
# grows DELIVERED DROPPED DUPLICATES COMMAND...: by so many; ? for what each host counts in its own way.
grows() {
	_plain=$1 _drops=$2 _dups=$3; shift 3
	out_of
	# shellcheck disable=SC2086
	set -- $NOW_OUT "$@"
	_plain=$(($1 + _plain)) _dups=$(($3 + _dups)) _had=$2; shift 3
	"$@" || return 1
	if [ "$_drops" = '?' ]; then
		wait_for "it is delivered" eval '[ "$(count tg plain_out)" -eq $_plain ]' || return
		out_of
		_drops=${NOW_OUT#* }
		_drops=$((${_drops% *} - _had))
	fi
	WAIT_S=20 wait_for "they are counted" grew "$_plain $((_had + _drops)) $_dups"
}
forge() { ns ng "$TOOLS/forge" out "$@"; }

# ends MODE: who speaks to whom there, over IPv$f.
ends() {
	A=20.0.0.1 B=20.0.0.2 N=10.0.1.0/24 M=10.0.2.0/24 to=nh target=10.0.1.10 ip=ip bits=32
	[ "$f" = 4 ] || A=fc00::1 B=fc00::2 N=fd00:1::/64 M=fd00:2::/64 target=fd00:1::10 ip=ip6 bits=128
	[ "$1" = tunnel ] || N=$A/$bits M=$B/$bits to=ng target=$A
}
# Both gateways keyed anew, but Tokyo has no SA inbound: what New York sends meanwhile, so many packets of the form, it has not seen.
keyed() {	# keyed COUNT PROTOCOL SATYPE MODE ALGORITHM...
	_many=$1; shift
	_p=$1 _t=$2 _m=$3 ab='' ba=''; shift 3
	[ "$_m" = transport ] || ab=$A-$B ba=$B-$A
	_in="add $B $A $_t 0x2002 -m $_m $*;"
	{
		echo "flush; spdflush;"
		echo "add $A $B $_t 0x2001 -m $_m $*;"
		echo "spdadd $N $M any -P out ipsec $_p/$_m/$ab/$LEVEL; spdadd $M $N any -P in ipsec $_p/$_m/$ba/$LEVEL;"
	} >"$W/a.conf"
	{
		cat "$W/a.conf"
		echo "$_in"
	} | sed 's/-P out/-P tmp/; s/-P in/-P out/; s/-P tmp/-P in/' >"$W/b.conf"
	echo "$_in" >"$W/in.conf"
	chmod 600 "$W/a.conf" "$W/b.conf" "$W/in.conf"
	setkey tg -f "$W/a.conf" && setkey ng -f "$W/b.conf" && ask tg synced && ask ng synced || return 1
	# Those that a busy ipsecd has at once leave as one datagram of UDP, which is seen as one here: then slower.
	for _apart in 0.01 0.03 0.1 0.2; do
		capture_start esp tg out
		ns $to ping -n -q -c "$_many" -i $_apart -W 0.2 -s 600 ${FILL:+-p $FILL} $target >/dev/null
		capture_stop esp
		tcpdump -r "$W/esp.pcap" -w "$W/in.pcap" "src $B and ($form)" 2>/dev/null
		[ "$(capture_count in)" -ne "$_many" ] || break
	done
	[ "$(capture_count in)" -eq "$_many" ] && setkey tg -f "$W/in.conf" && ask tg synced
}

# What comes in pieces: those of P1, P2 and P3; LATE and EARLY overlap two of them.
orders() {	# orders COMMAND...: three pieces in each order; behind the command comes which order, from 1 on
	_turn=0
	for _order in "$P1 $P2 $P3" "$P1 $P3 $P2" "$P2 $P1 $P3" "$P2 $P3 $P1" "$P3 $P1 $P2" "$P3 $P2 $P1"; do
		_turn=$((_turn + 1))
		# shellcheck disable=SC2086
		"$@" $_turn $_order || return
	done
}
# The last piece of each is the one that makes all of it void, so that nothing is left which another could make whole. The octets are the right ones
# wherever they overlap: who put those together would have the packet, which no checksum then hides.
overlaps() {
	"$@" "$P1" "$P3" "${P1%-*}-${P2#*-}" && "$@" "$P1" "$P3" "$LATE" && "$@" "$P2" "$P3" "$EARLY"
}
# 65 pieces without a gap, each of which passes a tunnel. The last one ends so many octets beyond 65535 as the packet has: who counts in 16 bits has made it whole.
oversize() {
	_from=0
	while [ $_from -lt 64512 ]; do set -- "$@" "0-1024@$_from"; _from=$((_from + 1024)); done
	"$@" 0-1016@64512 0-+8@65528
}

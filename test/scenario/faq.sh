# SPDX-License-Identifier: BSD-2-Clause
# The FAQ's two branches and everything that must hold between them; t_faq4, t_faq6 and t_faq_nat give the addresses.
# Sourced with: TH NH (hosts' addresses), TG_IN NG_IN (gateways' inner addresses), RH_CLEAR (forged source, forged destination).

# The forger sits on the outside link: in the other gateway's namespace, on the interface towards this one.
forge() { ns "$FORGE_NS" "$CW_TOOLS/forge" "$FORGE_IF" "$@"; }

# MEBIBYTES that do not compress or repeat, the same ones each time.
octets() { head -c $(($1 * 1048576)) /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 -nosalt 2>/dev/null; }

tcp_copy() {	# tcp_copy MEBIBYTES: from Tokyo to New York, compared by checksum
	octets "$1" | sha256sum >"$W/sum.sent"
	ns nh socat -u -b 65536 "TCP-LISTEN:7000,reuseaddr$SOCAT6" "SYSTEM:sha256sum >$W/sum.got" &
	_p=$!
	PIDS="$PIDS $_p"
	wait_for "the receiver listens" listens || return 1
	_t0=$(date +%s%N)
	octets "$1" | ns th socat -u -b 65536 - "TCP:$NH_SOCAT:7000"
	wait "$_p"
	echo "# $1 MiB in $((($(date +%s%N) - _t0) / 1000000)) ms" >&3
	cmp "$W/sum.sent" "$W/sum.got"
}
listens() { ns nh ss -Hltn 'sport = :7000' | grep -q .; }
exec 3>&1

# counts_one COUNTER N COMMAND...: the command raises this drop counter by N and no other drop counter.
counts_one() {
	_name=$1 _by=$2; shift 2
	drops tg >"$W/drops.before"
	_was=$(counter tg "$_name")
	"$@" || return 1
	sleep 0.5
	_is=$(counter tg "$_name")
	drops tg >"$W/drops.after"
	[ $((_is - _was)) -eq "$_by" ] || { echo "$_name went from $_was to $_is, not by $_by"; diff "$W/drops.before" "$W/drops.after"; return 1; }
	grep -v "^$_name=" "$W/drops.before" >"$W/drops.b2"; grep -v "^$_name=" "$W/drops.after" >"$W/drops.a2"
	cmp "$W/drops.b2" "$W/drops.a2" || { diff "$W/drops.b2" "$W/drops.a2"; return 1; }
}

proven() { ctl "$1" status --json | jq -e '.tunnels[0].children[0].proven == true'; }
# The outside link carried ESP, IKE (whole or in fragments) and neighbour discovery, nothing else but what we forged ourselves.
OTHER_FILTER='not (ip proto 50 or ip6 proto 50 or udp port 500 or udp port 4500 or arp or icmp6 or ip6 multicast or udp dst port 12345 or (ip[6:2] & 0x1fff != 0) or ip6 proto 44)'
only_ipsec() {
	_n=$(capture_count wire "$OTHER_FILTER")
	[ "$_n" -eq 0 ] || { tcpdump -n -r "$W/wire.pcap" "$OTHER_FILTER" | head; return 1; }
	[ "$(capture_count wire 'ip proto 50 or ip6 proto 50 or udp port 4500')" -gt 10 ]
}
no_loss_while() {	# 200 packets a second while the command runs; none lost
	flood rekey th "$NH" 600 5
	sleep 0.5
	"$@" || return 1
	flood_whole rekey
}
generation() { ctl tg status --json | jq -r '.tunnels[0].children[0].spi_in'; }
rekeyed() { [ "$(generation)" != "$1" ] && tunnel_up tg tokyo-newyork && tunnel_up ng tokyo-newyork; }
rekey_child() { _g=$(generation); ctl "$1" rekey tokyo-newyork && wait_for "rekeyed" rekeyed "$_g"; }
ike_spi() { ctl tg status --json | jq -r '.tunnels[0].ike.spi_i + .tunnels[0].ike.spi_r'; }
rekey_ike() { _g=$(ike_spi); ctl "$1" rekey --ike tokyo-newyork && [ "$(ike_spi)" != "$_g" ]; }
one_pair() { [ "$(ctl "$1" show sas --json | jq '[.sas[] | select(.state == "mature" or .state == "dying")] | length')" -eq 2 ]; }

faq_assertions() {
	ok "a Tokyo host reaches a New York host" pings th "$NH" 5
	ok "and the other way" pings nh "$TH" 5
	ok "Tokyo's gateway itself reaches the New York host" pings tg "$NH" 2
	ok "and New York's gateway the Tokyo host" pings ng "$TH" 2
	ok "a packet of 4000 octets passes" ns th ping -n -c 3 -i 0.3 -W 2 -s 4000 "$NH"
	ok "the tunnel is proven in Tokyo" wait_for proven proven tg
	ok "and in New York" wait_for proven proven ng
	ok "${TCP_MIB:=$((8 * CW_SCALE))} Mibyte by TCP arrive intact" tcp_copy "$TCP_MIB"
	ok "a child rekey from Tokyo loses nothing at 200 packets a second" no_loss_while rekey_child tg
	ok "a child rekey from New York loses nothing" no_loss_while rekey_child ng
	ok "an IKE rekey from Tokyo loses nothing" no_loss_while rekey_ike tg
	ok "an IKE rekey from New York loses nothing" no_loss_while rekey_ike ng
	ok "afterwards Tokyo has one pair of SAs" wait_for "one pair" one_pair tg
	ok "and New York too" wait_for "one pair" one_pair ng
	ok "no engine dropped anything in Tokyo" sh -c "[ -z '$(drops tg)' ]"
	ok "nor in New York" sh -c "[ -z '$(drops ng)' ]"
}

# What comes from outside and is not what it seems: each is dropped for its own reason, and for no other.
forged_assertions() {
	capture_start esp tg out
	pings th "$NH" 5 >/dev/null
	capture_stop esp
	ok "ten forged clear packets are dropped by the guard" counts_one guard_in 10 forge clear "$NH" "$TH" 10 "$W/esp.pcap"
	# The capture holds both directions; only what was sent to Tokyo counts there.
	tcpdump -r "$W/esp.pcap" -w "$W/in.pcap" "$TO_TOKYO" 2>/dev/null
	ok "three replayed ESP packets are dropped as replays" counts_one drop_replay_duplicate 3 forge replay "$W/in.pcap" 3
	pings th "$NH" 3 >/dev/null
	ok "three packets with a flipped bit are dropped" counts_one drop_icv_wrong 3 forge flip "$W/in.pcap" 3
	ok "three truncated packets are dropped" counts_one drop_esp_truncated 3 forge cut "$W/in.pcap" 3
	ok "the tunnel does not mind" pings th "$NH" 5
}

# restarted GATEWAY PID: it is the causewayd started last that lives there, and the API is answered by its own spdsync, not by PID's.
restarted() {
	_q=$(ctl "$1" status --json | jq -r .supervisor | awk '$1 == "spdsync" { for (i = 2; i <= NF; i++) if ($i ~ /^pid=[1-9]/) print substr($i, 5) }')
	[ -n "$_q" ] && [ "$_q" -gt 1 ] && [ "$_q" != "$2" ] || { echo "spdsync is process '$_q', was $2"; return 1; }
	[ "$(cat "/proc/$(gw_pid "$1")/comm")" = causewayd ] && [ "$(awk '{ print $4 }' "/proc/$_q/stat")" = "$(gw_pid "$1")" ] ||
		{ echo "process $_q is not a child of the causewayd that was started"; return 1; }
}
back_up() { restarted tg "$1" && tunnel_up tg tokyo-newyork; }

# The end: closed tunnel, stopped suite; never a clear packet.
closing_assertions() {
	ok "ikectl down closes the tunnel" ctl tg down tokyo-newyork
	ok "then nothing passes" not pings th "$NH" 2
	ok "ikectl up opens it again" ctl tg up tokyo-newyork
	ok "and packets pass" wait_for "ping" pings th "$NH" 1
	_was=$(daemon_pid tg spdsync)
	ok "the running spdsync is known" test -n "$_was"
	gw_stop tg
	ok "the suite in Tokyo stopped: nothing passes" not pings th "$NH" 2
	ok "and nobody answers there" not gw_ready tg
	gw_start tg
	ok "it starts again and the tunnel comes back by itself" wait_for "up again" back_up "$_was"
	ok "and packets pass again" wait_for "ping" pings th "$NH" 1
	gw_stop tg; gw_stop ng
	ok "both suites stopped: nothing passes" not pings th "$NH" 3
	ok "nor from the other side" not pings nh "$TH" 3
	capture_stop wire
	ok "from the first apply on, no packet between the networks was in the clear" no_clear wire
	ok "the outside link saw only IKE and ESP" only_ipsec
}

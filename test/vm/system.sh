# SPDX-License-Identifier: BSD-2-Clause
# Gateways over the stock kernel's own PF_KEY and ESP (engine: system) in the guest; sourced behind test/lib.sh.

# system_modules: what is used, and nothing after. Each REGISTER makes af_key look for every algorithm that it ever heard of, by a
# modprobe each: a minute in an emulated guest.
system_modules() {
	module_out || return 1
	modprobe -a xfrm_user esp4 esp6 veth tun dummy nf_tables nft_fib_inet nft_ct nft_nat nft_masq nft_chain_nat af_key || return 1
	modprobe -q nft_objref		# 6.12 has it in nf_tables
	for f in '127.0.0.1 dst 127.0.0.1' '::1 dst ::1'; do
		# shellcheck disable=SC2086
		ip xfrm state add src $f proto esp spi 0x100 mode tunnel auth-trunc 'hmac(sha512)' "$(key 128)" 256 enc 'cbc(aes)' "$(key 64)" || return 1
	done
	ip xfrm state flush
	echo >/proc/sys/kernel/modprobe
}
key() { printf "0x%0$1d" 1; }

both_up() { tunnel_up tg tokyo-newyork && tunnel_up ng tokyo-newyork; }
spi() { ctl tg status --json | jq -r '.tunnels[] | select(.name == "tokyo-newyork") | .children[0].spi_in'; }
changed() { [ "$(spi)" != "$1" ] && both_up; }

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The device has MTU 65535, so that the system never fragments before us; the engine tells senders what fits. An address-less TUN
 * is dropped by the reverse path filter in both its modes; src_valid_mark together with the mark that the guard sets on what
 * comes from it makes the filter look in our table (measured: neither alone is enough). For the same filter's sake the engine's
 * ICMP errors carry the address that the refused packet was sent to: an address of this gateway would not pass.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device.h"

static bool
set_sysctl(const char *family, const char *name, const char *key, const char *value)
{
	char path[128];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, name, key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = write(fd, value, strlen(value));
		close(fd);
	}
	return n > 0;
}

bool
device_set_up(const char *name, uint32_t *ifindex, const char **step)
{
	struct ifreq r = { 0 };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok = false;

	*step = "setting the device up";
	if (s < 0)
		return false;
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	r.ifr_mtu = 65535;
	if (ioctl(s, SIOCSIFMTU, &r) < 0 || ioctl(s, SIOCGIFINDEX, &r) < 0)
		goto out;
	*ifindex = (uint32_t)r.ifr_ifindex;
	*step = "setting net.ipv4.conf of the device";
	if (!set_sysctl("ipv4", name, "rp_filter", "0") || !set_sysctl("ipv4", name, "src_valid_mark", "1"))
		goto out;
	/*
	 * With a policy for everything the way back to the peer's address is the TUN too, and a strict filter would drop its ESP;
	 * the guard marks that as ours, and the filter of every interface is told to mind the mark.
	 */
	if (!set_sysctl("ipv4", "all", "src_valid_mark", "1"))
		goto out;
	set_sysctl("ipv4", name, "send_redirects", "0");
	/* Nobody else is on this link: no link-local address, no solicitations. Absent where IPv6 is switched off. */
	set_sysctl("ipv6", name, "addr_gen_mode", "1");
	set_sysctl("ipv6", name, "router_solicitations", "0");
	set_sysctl("ipv6", name, "accept_ra", "0");
	*step = "switching the device on";
	r.ifr_flags = IFF_UP | IFF_RUNNING | IFF_POINTOPOINT | IFF_NOARP;
	ok = ioctl(s, SIOCSIFFLAGS, &r) == 0;
out:
	close(s);
	return ok;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Tunnels that are interfaces. The engine gets its packets where the device sends them, so that the system's filter and tcpdump have the
 * clear form; and what comes out of an interface's SAs comes in by the device, by the system's filter again. Nothing of the wire form
 * ever goes through it. A device is made before PF_KEY's mutex is taken and goes in a work: the lock of the system's devices (rtnl) is
 * never taken under that mutex, and is what makes and takes them one at a time.
 */
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/version.h>
#include <net/addrconf.h>
#include <net/ip.h>

#include <causeway/pfkey.h>

#include "mod.h"

struct mod_iface {
	struct list_head at;
	char		 name[CW_IFACE_LEN];
	u32		 num;		/* of the device; a device that goes takes it along */
	unsigned int	 users;		/* policies, SAs and messages that name it */
	struct net_device *dev;		/* under rtnl; NULL: it went with its namespace */
};

static const struct net_device_ops ops;

bool
mod_iface_is(const struct net_device *dev)
{
	return dev && dev->netdev_ops == &ops;
}

static struct host *
host_of(const struct net_device *dev)
{
	return *(struct host **)netdev_priv(dev);
}

/* -- packets -- */

/* The system's own chatter on its new link (multicast listener reports): never to be forwarded, RFC 4291 2.5.2. On a tunnel that waits
 * for its first packet it would be that. */
static bool
is_unspecified(struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IPV6) && pskb_may_pull(skb, sizeof(struct ipv6hdr)) && ipv6_addr_any(&ipv6_hdr(skb)->saddr);
}

static netdev_tx_t
on_xmit(struct sk_buff *skb, struct net_device *dev)
{
	dev_sw_netstats_tx_add(dev, 1, skb->len);
	skb_reset_network_header(skb);
	if (is_unspecified(skb)) {
		consume_skb(skb);
		return NETDEV_TX_OK;
	}
	mod_take_plain(host_of(dev), skb, NULL, (u32)dev->ifindex);
	return NETDEV_TX_OK;
}

void
mod_iface_deliver(struct host *h, struct cw_pkt *p)
{
	struct net_device *dev = dev_get_by_index_rcu(h->net, (int)p->iface);
	struct sk_buff *skb = mod_pkt_skb(p);

	if (!mod_iface_is(dev) || !(dev->flags & IFF_UP)) {
		cw_count(h->e, CW_DROP_PLAIN_WRITE, 1);
		kfree_skb(skb);
		return;
	}
	skb_reset_network_header(skb);
	skb_reset_mac_header(skb);
	skb_reset_mac_len(skb);
	/* The guard's mark of the wire form too: it says which table the way back to the peer is in, and a strict reverse path filter
	 * would look there for what comes out of the tunnel. */
	skb_scrub_packet(skb, true);
	skb_clear_hash(skb);
	skb->ip_summed = CHECKSUM_NONE;
	skb->csum_valid = 0;
	skb->encapsulation = 0;
	skb_orphan(skb);
	skb->protocol = ip_hdr(skb)->version == 4 ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	skb->dev = dev;
	dev_sw_netstats_rx_add(dev, skb->len);
	netif_rx(skb);
}

/* -- the device -- */

static int
on_init(struct net_device *dev)
{
	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	return dev->tstats ? 0 : -ENOMEM;
}

/* Nobody else is on this link: no link-local address by itself, and nobody to be sent elsewhere. */
static int
on_open(struct net_device *dev)
{
	struct in_device *d4 = __in_dev_get_rtnl(dev);
	struct inet6_dev *d6 = __in6_dev_get(dev);

	if (d4)
		IN_DEV_CONF_SET(d4, SEND_REDIRECTS, false);
	if (d6)
		d6->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;
	return 0;
}

/* Its namespace goes, or we take it away: under rtnl, both. */
static void
on_uninit(struct net_device *dev)
{
	struct host *h = host_of(dev);
	struct mod_iface *x;

	spin_lock_bh(&h->iface_lock);
	list_for_each_entry(x, &h->ifaces, at)
		if (x->dev == dev)
			x->dev = NULL;
	spin_unlock_bh(&h->iface_lock);
}

static void
on_free(struct net_device *dev)
{
	free_percpu(dev->tstats);
}

static const struct net_device_ops ops = {
	.ndo_init = on_init,
	.ndo_uninit = on_uninit,
	.ndo_open = on_open,
	.ndo_start_xmit = on_xmit,
	.ndo_get_stats64 = dev_get_tstats64,
};

static const struct device_type type = { .name = "causeway" };

/* The MTU is that of ipsecd's: the system never cuts before us, who tell the sender what the path has. */
static void
setup(struct net_device *dev)
{
	netdev_features_t f = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA | NETIF_F_GSO_SOFTWARE;

	dev->netdev_ops = &ops;
	dev->priv_destructor = on_free;
	dev->needs_free_netdev = true;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->mtu = IP_MAX_MTU;
	dev->min_mtu = IPV6_MIN_MTU;
	dev->max_mtu = IP_MAX_MTU;
	dev->features |= f;
	dev->hw_features |= f;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
#ifdef CAUSEWAY_NETNS_STAYS	/* Kbuild looked for it: what was a feature is a bit of its own since 6.12, and has had two names */
	dev->CAUSEWAY_NETNS_STAYS = true;
#else
	dev->features |= NETIF_F_NETNS_LOCAL;
#endif
	SET_NETDEV_DEVTYPE(dev, &type);
}

static struct mod_iface *
of_name(struct host *h, const char *name)
{
	struct mod_iface *x;

	list_for_each_entry(x, &h->ifaces, at)
		if (x->dev && strcmp(x->name, name) == 0)
			return x;
	return NULL;
}

static bool
hold(struct host *h, const char *name, u32 *num)
{
	struct mod_iface *x;

	spin_lock_bh(&h->iface_lock);
	x = of_name(h, name);
	if (x) {
		x->users++;
		*num = x->num;
	}
	spin_unlock_bh(&h->iface_lock);
	return x != NULL;
}

/* Under rtnl; an error of errno.h, positive. */
static int
make(struct host *h, const char *name, u32 *num)
{
	struct net_device *dev = NULL;
	struct mod_iface *x;
	int err = ENOMEM;

	if (h->nifaces >= CW_IFACES_MAX)
		return ENOSPC;
	x = mod_fail() ? NULL : kzalloc(sizeof(*x), GFP_KERNEL_ACCOUNT);
	if (x)
		dev = alloc_netdev(sizeof(struct host *), name, NET_NAME_USER, setup);
	if (!dev)
		goto out;
	dev_net_set(dev, h->net);
	dev->group = CW_IFACES_GROUP;
	*(struct host **)netdev_priv(dev) = h;
	err = -register_netdevice(dev);
	if (err) {
		free_netdev(dev);
		goto out;
	}
	strscpy(x->name, name, sizeof(x->name));
	x->num = *num = (u32)dev->ifindex;
	x->users = 1;
	x->dev = dev;
	spin_lock_bh(&h->iface_lock);
	list_add(&x->at, &h->ifaces);
	spin_unlock_bh(&h->iface_lock);
	h->nifaces++;
	err = -dev_open(dev, NULL);
	if (err) {
		host_iface_put(h, *num);
		*num = 0;
	}
	return err;
out:
	kfree(x);
	return err;
}

int
mod_iface_before(struct host *h, const u8 *msg, size_t len, u32 *num)
{
	char name[CW_IFACE_LEN];
	int err = 0;

	*num = 0;
	if (!cw_pfkey_iface(msg, len, name) || hold(h, name, num))
		return 0;
	rtnl_lock();
	if (!hold(h, name, num))
		err = make(h, name, num);
	rtnl_unlock();
	return err;
}

/* -- what the engine asks, under the host's mutex -- */

int
host_iface_hold(struct host *h, const char *name, u32 *num)
{
	return hold(h, name, num) ? 0 : h->iface_err ? h->iface_err : ENOENT;
}

void
host_iface_put(struct host *h, u32 num)
{
	struct mod_iface *x;
	bool last = false;

	if (!num)
		return;
	spin_lock_bh(&h->iface_lock);
	list_for_each_entry(x, &h->ifaces, at)
		if (x->num == num) {
			last = --x->users == 0;
			break;
		}
	spin_unlock_bh(&h->iface_lock);
	if (last)
		queue_work(mod_wq, &h->iface_work);
}

u32
host_iface_find(struct host *h, const char *name)
{
	struct mod_iface *x;
	u32 num;

	spin_lock_bh(&h->iface_lock);
	x = of_name(h, name);
	num = x ? x->num : 0;
	spin_unlock_bh(&h->iface_lock);
	return num;
}

/* Those that nobody names, or all; under rtnl. */
static void
take_away(struct host *h, bool all)
{
	struct mod_iface *x, *next;
	struct net_device *dev;
	LIST_HEAD(gone);
	LIST_HEAD(devs);

	spin_lock_bh(&h->iface_lock);
	list_for_each_entry_safe(x, next, &h->ifaces, at)
		if (all || x->users == 0)
			list_move(&x->at, &gone);
	spin_unlock_bh(&h->iface_lock);
	list_for_each_entry_safe(x, next, &gone, at) {
		dev = x->dev;
		list_del(&x->at);
		kfree(x);
		h->nifaces--;
		if (dev)
			unregister_netdevice_queue(dev, &devs);
	}
	unregister_netdevice_many(&devs);
}

static void
on_work(struct work_struct *w)
{
	rtnl_lock();
	take_away(container_of(w, struct host, iface_work), false);
	rtnl_unlock();
}

void
mod_iface_init(struct host *h)
{
	spin_lock_init(&h->iface_lock);
	INIT_LIST_HEAD(&h->ifaces);
	INIT_WORK(&h->iface_work, on_work);
}

/* There are no sockets any more, and after this no packet of ours comes by a device. Policies and SAs may still give back what they named. */
void
mod_iface_exit(struct host *h)
{
	rtnl_lock();
	take_away(h, true);
	rtnl_unlock();
}

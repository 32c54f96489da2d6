// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * PF_KEY as a socket family. A message that is sent is handled before send() returns, and its answers stand in the receive
 * queue then. A dump stops when a part of the queue is full and goes on as it is read; who does not read what must be said is
 * cut off, and reads the end of the file when it has read the rest.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/socket.h>
#include <net/sock.h>

#include "mod.h"

#define MESSAGE_MAX	32768u
#define EVENTS_LEAST	(1u << 20)	/* how far a reader may be behind what must be said, whatever its buffer; as with ipsecd */

struct pf_sock {
	struct sock	sk;
	struct host	*h;
	struct cw_client *c;
	bool		dumping;	/* rows wait for room */
};
static struct pf_sock *pf_sk(struct sock *sk) { return container_of(sk, struct pf_sock, sk); }

static struct proto pf_proto = {
	.name = "CAUSEWAY",
	.owner = THIS_MODULE,
	.obj_size = sizeof(struct pf_sock),
};

/* Answers may hold key octets. */
static void
wipe(struct sk_buff *skb)
{
	memzero_explicit(skb->data, skb_headlen(skb));
}

static void
pf_destruct(struct sock *sk)
{
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&sk->sk_receive_queue)) != NULL) {
		wipe(skb);
		kfree_skb(skb);
	}
}

static int
pf_release(struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct pf_sock *p;

	if (!sk)
		return 0;
	p = pf_sk(sk);
	mutex_lock(&p->h->mutex);
	cw_client_close(p->h->e, p->c);
	mutex_unlock(&p->h->mutex);
	sock_orphan(sk);
	sock->sk = NULL;
	sock_put(sk);
	return 0;
}

/* Where no event may be lost. False: it is over its bound. */
static bool
enqueue(struct sock *sk, const u8 *msg, size_t len, unsigned int bound)
{
	struct sk_buff *skb;

	if ((unsigned int)atomic_read(&sk->sk_rmem_alloc) + len > bound)
		return false;
	skb = mod_fail() ? NULL : alloc_skb(len, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return false;
	skb_put_data(skb, msg, len);
	skb_set_owner_r(skb, sk);
	skb_queue_tail(&sk->sk_receive_queue, skb);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
	return true;
}

bool
host_pfkey_out(struct host *h, void *cookie, const u8 *msg, size_t len, bool may_refuse)
{
	struct sock *sk = cookie;
	unsigned int all = (unsigned int)READ_ONCE(sk->sk_rcvbuf), events = max(all, EVENTS_LEAST);

	if (len >= 16 && msg[2] && cw_knob(h->e, CW_KNOB_KEY_DEBUG))
		pr_info_ratelimited("PF_KEY message %u was refused: %u\n", msg[1], msg[2]);
	if (READ_ONCE(sk->sk_shutdown))
		return true;
	if (may_refuse) {
		if (enqueue(sk, msg, len, all / 2))
			return true;
		WRITE_ONCE(pf_sk(sk)->dumping, true);
		return false;
	}
	if (!enqueue(sk, msg, len, events)) {
		WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
		sk->sk_err = ENOBUFS;
		sk_error_report(sk);
	}
	return true;
}

static int
pf_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct pf_sock *p = pf_sk(sock->sk);
	int err = 0, iface_err;
	u32 iface;
	u8 *buf;

	if (msg->msg_flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (len > MESSAGE_MAX)
		return -EMSGSIZE;
	if (READ_ONCE(sock->sk->sk_shutdown))
		return -EPIPE;
	buf = kvmalloc(len ? len : 1, GFP_KERNEL_ACCOUNT);
	if (!buf)
		return -ENOBUFS;
	if (memcpy_from_msg(buf, msg, (int)len)) {
		err = -EFAULT;
	} else {
		iface_err = mod_iface_before(p->h, buf, len, &iface);
		mutex_lock(&p->h->mutex);
		p->h->iface_err = iface_err;
		cw_pfkey(p->h->e, p->c, buf, len, mod_now());
		mutex_unlock(&p->h->mutex);
		host_iface_put(p->h, iface);
		host_wake(p->h);
	}
	kvfree_sensitive(buf, len);
	return err ? err : (int)len;
}

/* The dump goes on when most of what it filled was read. */
static void
resume(struct pf_sock *p)
{
	if (!READ_ONCE(p->dumping) || atomic_read(&p->sk.sk_rmem_alloc) > READ_ONCE(p->sk.sk_rcvbuf) / 4)
		return;
	mutex_lock(&p->h->mutex);
	if (p->dumping) {
		WRITE_ONCE(p->dumping, false);
		cw_pfkey_resume(p->h->e, p->c, mod_now());
	}
	mutex_unlock(&p->h->mutex);
}

static int
pf_recvmsg(struct socket *sock, struct msghdr *msg, size_t len, int flags)
{
	struct sock *sk = sock->sk;
	struct sk_buff *skb;
	size_t n;
	int err;

	if (flags & ~(MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_COMPAT | MSG_CMSG_CLOEXEC))
		return -EINVAL;
	skb = skb_recv_datagram(sk, flags, &err);
	if (!skb)
		return err == -EAGAIN && READ_ONCE(sk->sk_shutdown) ? 0 : err;	/* but ENOBUFS is said, once */
	n = skb->len;
	if (n > len) {
		msg->msg_flags |= MSG_TRUNC;
		n = len;
	}
	err = skb_copy_datagram_msg(skb, 0, msg, (int)n);
	if (err == 0)
		err = flags & MSG_TRUNC ? (int)skb->len : (int)n;
	if (!(flags & MSG_PEEK))
		wipe(skb);
	skb_free_datagram(sk, skb);
	resume(pf_sk(sk));
	return err;
}

static const struct proto_ops pf_ops = {
	.family = PF_KEY,
	.owner = THIS_MODULE,
	.bind = sock_no_bind,
	.connect = sock_no_connect,
	.socketpair = sock_no_socketpair,
	.accept = sock_no_accept,
	.getname = sock_no_getname,
	.ioctl = sock_no_ioctl,
	.listen = sock_no_listen,
	.shutdown = sock_no_shutdown,
	.mmap = sock_no_mmap,
	.release = pf_release,
	.poll = datagram_poll,
	.sendmsg = pf_sendmsg,
	.recvmsg = pf_recvmsg,
};

static int
pf_create(struct net *net, struct socket *sock, int protocol, int kern)
{
	struct pf_sock *p;
	struct sock *sk;
	int err;

	if (!ns_capable(net->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	if (sock->type != SOCK_RAW)
		return -ESOCKTNOSUPPORT;
	if (protocol != PF_KEY_V2)
		return -EPROTONOSUPPORT;
	sk = sk_alloc(net, PF_KEY, GFP_KERNEL, &pf_proto, kern);
	if (!sk)
		return -ENOMEM;
	p = pf_sk(sk);
	p->h = mod_host(net);
	p->dumping = false;
	sock->ops = &pf_ops;
	sock_init_data(sock, sk);
	sk->sk_family = PF_KEY;
	sk->sk_destruct = pf_destruct;
	mutex_lock(&p->h->mutex);
	err = mod_host_start(p->h);
	if (!err) {
		p->c = cw_client_open(p->h->e, sk, CW_CLIENT_KEYS, (u32)task_tgid_nr(current));
		err = p->c ? 0 : -ENOBUFS;
	}
	mutex_unlock(&p->h->mutex);
	if (err) {
		sock_orphan(sk);
		sock->sk = NULL;
		sock_put(sk);
	}
	return err;
}

static const struct net_proto_family pf_family = {
	.family = PF_KEY,
	.create = pf_create,
	.owner = THIS_MODULE,
};

int
mod_pfkey_init(void)
{
	int err = proto_register(&pf_proto, 0);

	if (err)
		return err;
	err = sock_register(&pf_family);
	if (err == -EEXIST)
		pr_err("another module (af_key) has PF_KEY sockets already: unload it first (modprobe -r af_key), and keep it from being loaded by itself (a line \"blacklist af_key\" in /etc/modprobe.d)\n");
	if (err)
		proto_unregister(&pf_proto);
	return err;
}

void
mod_pfkey_exit(void)
{
	sock_unregister(PF_KEY);
	proto_unregister(&pf_proto);
}

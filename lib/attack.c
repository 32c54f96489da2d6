/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "attack.h"
#include "dgram.h"
#include "ipc.h"
#include "log.h"
#include "msg_key.h"

#define PORT		4999		/* somebody listens there in the test, TCP, 127.0.0.1 */
#define CALL_ID		0x7fff0001u
#define DELAY_MS	100		/* until the links have said HELLO */

struct attack {
	const char	*name;
	bool		(*run)(struct proc *);	/* true: it did what no captured daemon may do; false: errno says why not */
};

static struct sockaddr_in
target(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static bool
open_below(const char *dir, const char *file, int flags)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return open(path, flags | O_CLOEXEC, 0600) >= 0;
}

static bool open_key(struct proc *p) { return open_below(p->secret_dir, "attack-key", O_RDONLY); }
static bool open_private(struct proc *p) { return open_below(p->key_dir, "attack.key", O_RDONLY); }
static bool open_world(struct proc *p) { return open_below(p->run_dir, "state", O_RDONLY); }	/* mode 0644: no owner's matter */
static bool open_store(struct proc *p) { return open_below(p->state_dir, "causeway.db", O_RDWR); }
static bool write_tmp(struct proc *p) { return open_below(p->run_dir, "attack-out", O_WRONLY | O_CREAT); }

static bool
pfkey(struct proc *p)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%.90s/pfkey.sock", p->run_dir);
	return fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
}

/*
 * Where nothing stops it, it is done only with our module (whose file can be seen, if not read, under Landlock): the call alone would load
 * the system's own PF_KEY into the test's machine.
 */
static bool
pfkey_system(struct proc *p)
{
	return (p->attack_mode != ATTACK_CLOSED && access("/proc/net/causeway", F_OK) != 0) || socket(AF_KEY, SOCK_RAW, 2) >= 0;
}

static bool inet_udp(struct proc *p) { return socket(AF_INET, SOCK_DGRAM, 0) >= 0; }
static bool inet_raw(struct proc *p) { return socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6) >= 0; }
static bool netlink(struct proc *p) { return socket(AF_NETLINK, SOCK_RAW, 0) >= 0; }

static bool
run_program(struct proc *p)
{
	char *argv[] = { (char *)(uintptr_t)"echo", (char *)(uintptr_t)"attack exec succeeded", NULL }, *none = NULL;

	execve("/bin/echo", argv, &none);
	return false;
}

static bool new_process(struct proc *p) { pid_t pid = fork(); if (pid == 0) _exit(0); return pid > 0; }

static bool
tcp_connect(struct proc *p)
{
	struct sockaddr_in a = target();

	return connect(p->attack_tcp, (struct sockaddr *)&a, sizeof(a)) == 0;
}

static bool
tcp_bind(struct proc *p)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(PORT + 1) };

	return bind(p->attack_tcp, (struct sockaddr *)&a, sizeof(a)) == 0;
}

/* iked may send from UDP 500 and 4500, that is its work; it may not turn such a socket to one peer and shut out the others. */
static bool
udp_connect(struct proc *p)
{
	struct sockaddr_in a = target();

	return connect(p->attack_udp, (struct sockaddr *)&a, sizeof(a)) == 0;
}

static bool trace(struct proc *p) { return ptrace(PTRACE_SEIZE, p->attack_keymgr, NULL, NULL) == 0; }

static bool
read_memory(struct proc *p)
{
	char b[8];
	struct iovec mine = { b, sizeof(b) }, theirs = { NULL, sizeof(b) };

	/* Nothing is mapped at address 0: EFAULT means that looking was permitted. */
	return process_vm_readv(p->attack_keymgr, &mine, 1, &theirs, 1, 0) >= 0 || errno == EFAULT;
}

static bool send_signal(struct proc *p) { return kill(p->attack_keymgr, 0) == 0; }
static bool end_supervisor(struct proc *p) { return kill(p->attack_parent, 0) == 0; }
static bool be_root(struct proc *p) { return setuid(0) == 0; }
static bool be_dumpable(struct proc *p) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0; }

static bool
write_code(struct proc *p)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool
make_code(struct proc *p)
{
	void *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return m != MAP_FAILED && mprotect(m, 4096, PROT_READ | PROT_EXEC) == 0;
}

/*
 * The link to keymgr, on a copy. What breaks the contract must close it: recv then says so. As the positive control, where there
 * is no sandbox, the same path carries a request that is permitted, and it is answered.
 */
static bool
talk(struct proc *p, const void *breach, size_t n)
{
	static uint8_t b[IPC_MAX + 1];
	struct wr w = wr_of(b, sizeof(b));
	ssize_t got;

	if (p->attack_mode == ATTACK_OPEN) {
		wr_le16(&w, KEY_KE_NEW);
		wr_le16(&w, IPC_VERSION);
		wr_le32(&w, CALL_ID);
		wr_le16(&w, 31);		/* x25519 */
		breach = b;
		n = w.n;
	}
	if (sendto(p->attack_fd, breach, n, MSG_NOSIGNAL, NULL, 0) < 0)
		return false;
	while ((got = recvfrom(p->attack_fd, b, sizeof(b), 0, NULL, NULL)) > 0) {
		struct rd r = rd_of(bytes_of(b, (size_t)got));
		uint16_t type = rd_le16(&r);

		rd_le16(&r);
		if ((type & IPC_REPLY) && rd_le32(&r) == CALL_ID)
			return true;
	}
	if (got == 0)
		errno = ECONNRESET;
	return false;
}

static bool
talk_type(struct proc *p, uint16_t type, uint16_t version, uint32_t id, size_t body)
{
	static uint8_t b[IPC_MAX + 1];
	struct wr w = wr_of(b, sizeof(b));

	wr_le16(&w, type);
	wr_le16(&w, version);
	wr_le32(&w, id);
	return talk(p, b, w.n + body);
}

static bool
ipc_hello_twice(struct proc *p)
{
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));

	wr_le16(&w, IPC_HELLO);
	wr_le16(&w, IPC_VERSION);
	wr_le32(&w, 0);
	str_put(&w, PACKAGE_VERSION);
	return talk(p, b, w.n);
}

static bool ipc_short(struct proc *p) { return talk(p, "\x10\0\1", 3); }
static bool ipc_version(struct proc *p) { return talk_type(p, KEY_KE_NEW, 9, CALL_ID, 2); }
static bool ipc_unknown(struct proc *p) { return talk_type(p, 999, IPC_VERSION, CALL_ID, 0); }
static bool ipc_trailing(struct proc *p) { return talk_type(p, KEY_KE_NEW, IPC_VERSION, CALL_ID, 3); }
static bool ipc_truncated(struct proc *p) { return talk_type(p, KEY_KE_NEW, IPC_VERSION, CALL_ID, 1); }
static bool ipc_oversized(struct proc *p) { return talk_type(p, KEY_KE_NEW, IPC_VERSION, CALL_ID, IPC_MAX - IPC_HEAD + 1); }
static bool ipc_too_long(struct proc *p) { return talk_type(p, KEY_CHILD_SEND, IPC_VERSION, CALL_ID, 60000); }
static bool ipc_unpermitted(struct proc *p) { return talk_type(p, KEY_ENGINE_LOST, IPC_VERSION, CALL_ID, 0); }
static bool ipc_answer(struct proc *p) { return talk_type(p, KEY_ACQUIRE | IPC_REPLY, IPC_VERSION, CALL_ID, 2); }

static const struct attack attacks[] = {
	{ "open_key", open_key }, { "open_private", open_private }, { "open_world", open_world }, { "open_store", open_store }, { "write_file", write_tmp },
	{ "pfkey", pfkey }, { "pfkey_system", pfkey_system }, { "inet_udp", inet_udp }, { "inet_raw", inet_raw },
	{ "netlink", netlink }, { "exec", run_program }, { "fork", new_process }, { "tcp_connect", tcp_connect },
	{ "tcp_bind", tcp_bind }, { "udp_connect", udp_connect }, { "ptrace", trace }, { "read_memory", read_memory },
	{ "kill", send_signal }, { "kill_supervisor", end_supervisor }, { "setuid", be_root }, { "dumpable", be_dumpable },
	{ "write_code", write_code }, { "make_code", make_code }, { "ipc_short", ipc_short }, { "ipc_version", ipc_version },
	{ "ipc_unknown", ipc_unknown }, { "ipc_trailing", ipc_trailing }, { "ipc_truncated", ipc_truncated },
	{ "ipc_oversized", ipc_oversized }, { "ipc_too_long", ipc_too_long }, { "ipc_hello_twice", ipc_hello_twice },
	{ "ipc_unpermitted", ipc_unpermitted }, { "ipc_answer", ipc_answer },
};

#define NATTACKS ((int)(sizeof(attacks) / sizeof(attacks[0])))

void
attack_options(struct proc *p, int argc, char **argv)
{
	static const char *const modes[] = { "--attack", "--attack-landlock", "--attack-open" };

	for (int i = 0; argc == 3 && i < 3; i++) {
		if (strcmp(argv[1], modes[i]) == 0) {
			p->attack_mode = i;
			p->attack = atoi(argv[2]);
		}
	}
	if (p->attack > NATTACKS) {
		p->attack = 0;
		p->attack_mode = ATTACK_CLOSED;
		log_info(NULL, "attack", "The list is over.");
	}
}

void
attack_prepare(struct proc *p)
{
	struct timeval patience = { 5, 0 };
	char line[256], path[256];
	FILE *f;

	p->attack_parent = getppid();
	p->attack_tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	p->attack_udp = -1;
	for (unsigned i = 0; i < p->nfds; i++) {
		if (strcmp(p->fds[i].name, "keymgr") == 0)
			p->attack_fd = dup(p->fds[i].fd);
		if (strcmp(p->fds[i].name, "ike4") == 0)
			p->attack_udp = dup(p->fds[i].fd);
	}
	setsockopt(p->attack_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	snprintf(path, sizeof(path), "%s/state", p->run_dir);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "keymgr pid=%d", &p->attack_keymgr);
	if (f)
		fclose(f);
}

static void
on_attack(evutil_socket_t fd, short what, void *arg)
{
	struct proc *p = arg;
	const struct attack *a = &attacks[p->attack - 1];
	bool done;

	log_info(NULL, "attack", "%s begins", a->name);
	errno = 0;
	done = a->run(p);
	log_info(NULL, "attack", "%s: %s", a->name, done ? "succeeded" : strerrorname_np(errno) ? strerrorname_np(errno) : "?");
	_exit(0);
}

void
attack_arm(struct proc *p)
{
	struct timeval tv = { 0, DELAY_MS * 1000 };

	event_base_once(p->base, -1, EV_TIMEOUT, on_attack, p, &tv);
}

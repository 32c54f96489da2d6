/* SPDX-License-Identifier: BSD-2-Clause */
/* The panel's sandbox attacked from inside: what a captured causeway.cgi could try ends the process before it happens. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "sandbox.h"

/* A socket that was open before, the address of one that is not spdsync's, and the connection to spdsync. */
static int spare, line[2];
static struct sockaddr_un other = { .sun_family = AF_UNIX };

#define KILLED	(128 + SIGSYS)	/* lib/sandbox.c's handler */

static void
read_file(void)
{
	open("/etc/passwd", O_RDONLY);
}

static void
write_file(void)
{
	open("/tmp/causeway-captured", O_WRONLY | O_CREAT, 0600);
}

static void
run_program(void)
{
	char *const v[] = { (char *)(uintptr_t)"/bin/true", NULL };

	execve(v[0], v, NULL);
}

static void
new_process(void)
{
	syscall(SYS_fork);
}

static void
internet(void)
{
	syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static void
netlink(void)
{
	syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0);
}

static void
listens(void)
{
	syscall(SYS_bind, 0, NULL, 0);
}

static void
traces(void)
{
	ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void
kills(void)
{
	kill(getpid(), 0);
}

static void
code(void)
{
	syscall(SYS_mmap, NULL, 4096, 7 /* PROT_READ | PROT_WRITE | PROT_EXEC */, 0x22 /* private, anonymous */, -1, 0);
}

/* Other sockets of the machine: rw.sock, a bus, an agent. Neither a new socket nor one that was open, nor a name beside a message. */
static void
new_socket(void)
{
	socket(AF_UNIX, SOCK_STREAM, 0);
}

static void
pair(void)
{
	int fd[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
}

static void
connects(void)
{
	connect(spare, (struct sockaddr *)&other, sizeof(other));
}

static void
sends_to(void)
{
	sendto(spare, "x", 1, 0, (struct sockaddr *)&other, sizeof(other));
}

static void
sends_message(void)
{
	struct iovec v = { (void *)(uintptr_t)"x", 1 };
	struct msghdr m = { .msg_name = &other, .msg_namelen = sizeof(other), .msg_iov = &v, .msg_iovlen = 1 };

	sendmsg(spare, &m, 0);
}

/* What it is for still goes: a question and an answer over the connection that was there before. */
static void
spdsync(void)
{
	struct asker w = { .fd = line[0], .token = "", .client = "" };
	struct answer a;

	ask(&w, &a, "GET", "/v1/self", NULL, 5);
	if (a.status != 200 || !js_is(a.body, "well"))
		_exit(1);
	answer_free(&a);
}

static int
inside(void (*attempt)(void))
{
	static struct proc p = { .name = "causeway.cgi" };
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		int quiet = open("/dev/null", O_WRONLY);

		dup2(quiet, STDERR_FILENO);
		proc_confine(&p, &cgi_sandbox);
		attempt();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void
test_attacks(void **state)
{
	void (*const attacks[])(void) = { read_file, write_file, run_program, new_process, internet, netlink, listens, traces, kills, code,
	    new_socket, pair, connects, sends_to, sends_message };
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"well\":true}";
	int heard = socket(AF_UNIX, SOCK_DGRAM, 0);
	char octet[1];

	(void)state;
	json_object_seed(0);	/* as main() does */
	/* An address of the abstract names, which no file's mode guards. */
	snprintf(other.sun_path + 1, sizeof(other.sun_path) - 1, "causeway-test-%d", (int)getpid());
	assert_int_equal(bind(heard, (struct sockaddr *)&other, sizeof(other)), 0);
	spare = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_true(spare >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, line), 0);
	for (unsigned i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		if (inside(attacks[i]) != KILLED)
			fail_msg("attack %u was not ended", i);
	assert_int_equal(recv(heard, octet, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(send(line[1], answer, sizeof(answer) - 1, 0), sizeof(answer) - 1);
	assert_int_equal(inside(spdsync), 0);
	close(line[0]);
	close(line[1]);
	close(heard);
	close(spare);
	assert_int_equal(access("/tmp/causeway-captured", F_OK), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_attacks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

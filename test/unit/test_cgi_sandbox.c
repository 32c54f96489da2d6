/* SPDX-License-Identifier: BSD-2-Clause */
/* The panel's sandbox attacked from inside: what a captured causeway.cgi could try ends the process before it happens. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

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

static void
spdsync(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		_exit(1);
	close(fd);
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
	void (*const attacks[])(void) = { read_file, write_file, run_program, new_process, internet, netlink, listens, traces, kills, code };

	(void)state;
	for (unsigned i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		if (inside(attacks[i]) != KILLED)
			fail_msg("attack %u was not ended", i);
	assert_int_equal(inside(spdsync), 0);
	assert_int_equal(access("/tmp/causeway-captured", F_OK), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_attacks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

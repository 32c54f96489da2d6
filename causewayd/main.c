/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * causewayd, the supervisor: it reads the gateway file, opens every socket as root, and starts the daemons that do the
 * work. It parses nothing that comes from a network.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "host.h"
#include "proc.h"
#include "supervise.h"

#define CONF_MAX	65536

struct options {
	bool	no_users;
	int	attack;
	const char *attack_option;
};

static const char *const users[DAEMONS] = { "_causeway-esp", "_causeway-key", "_causeway-sync", "_causeway-ike",
	"_causeway-fetch", "_causeway-fetch" };

static _Noreturn void
usage(void)
{
	fprintf(stderr, "usage: causewayd [-c FILE] [--run-dir D] [--state-dir D] [--secret-dir D] [--libexec D] [--no-users]\n");
	exit(2);
}

#ifdef CAUSEWAY_TEST_HOOKS
/* --attack DAEMON and its two weaker forms. */
static void
hook_option(struct options *o, int c, const char *value)
{
	for (int i = 0; i < DAEMONS; i++)
		if (strcmp(value, daemon_names[i]) == 0)
			o->attack = i;
	o->attack_option = c == 'O' ? "--attack-open" : c == 'L' ? "--attack-landlock" : "--attack";
	if (o->attack < 0)
		usage();
}
#endif

static void
read_options(int argc, char **argv, struct places *p, struct options *o)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' }, { "run-dir", required_argument, NULL, 'r' },
		{ "state-dir", required_argument, NULL, 's' }, { "secret-dir", required_argument, NULL, 'k' },
		{ "libexec", required_argument, NULL, 'l' }, { "no-users", no_argument, NULL, 'n' },
		{ "version", no_argument, NULL, 'V' },
#ifdef CAUSEWAY_TEST_HOOKS
		{ "attack", required_argument, NULL, 'A' }, { "attack-open", required_argument, NULL, 'O' },
		{ "attack-landlock", required_argument, NULL, 'L' },
#endif
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		switch (c) {
		case 'c': p->conf = optarg; break;
		case 'r': p->run = optarg; break;
		case 's': p->state = optarg; break;
		case 'k': p->secrets = optarg; break;
		case 'l': p->libexec = optarg; break;
		case 'n': o->no_users = true; break;
#ifdef CAUSEWAY_TEST_HOOKS
		case 'A': case 'L': case 'O': hook_option(o, c, optarg); break;
#endif
		case 'V': printf("causewayd (Causeway) %s\n", PACKAGE_VERSION); exit(0);
		default: usage();
		}
	}
	if (optind != argc)
		usage();
}

/* The file's octets, to be freed; the reason is printed. */
static char *
read_conf(const char *path, size_t *n)
{
	char *text = malloc(CONF_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	*n = 0;
	while (fd >= 0 && text && *n <= CONF_MAX && (got = read(fd, text + *n, CONF_MAX + 1 - *n)) > 0)
		*n += (size_t)got;
	if (fd < 0 || got < 0)
		fprintf(stderr, "causewayd: %s cannot be read: %s.\n", path, strerror(errno));
	else if (*n > CONF_MAX)
		fprintf(stderr, "causewayd: %s is longer than 64 KiB.\n", path);
	if (fd >= 0)
		close(fd);
	if (text && got == 0 && *n <= CONF_MAX)
		return text;
	free(text);
	return NULL;
}

static void
load_conf(const char *path, struct conf *c)
{
	struct yt_error e;
	size_t n;
	char *text = read_conf(path, &n);

	if (text == NULL)
		exit(1);
	if (!conf_read(c, text, n, &e)) {
		fprintf(stderr, "causewayd: %s:%u:%u: %s\n", path, e.line, e.column, e.message);
		if (e.excerpt[0])
			fprintf(stderr, "%s\n", e.excerpt);
		if (e.hint[0])
			fprintf(stderr, "%s\n", e.hint);
		exit(1);
	}
	free(text);
}

static _Noreturn void
refuse(const char *why)
{
	log_error(NULL, "start_failed", "%s", why);
	exit(1);
}

/* The daemons' users; they are wanted for the folders. */
static void
find_users(struct supervisor *s, bool no_users, struct owner own[DAEMONS])
{
	char why[256];

	for (unsigned i = 0; i < DAEMONS; i++) {
		const struct passwd *pw = no_users ? NULL : getpwnam(users[i]);

		own[i] = (struct owner){ 0, 0 };
		if (no_users)
			continue;
		if (pw == NULL) {
			snprintf(why, sizeof(why), "The user %s does not exist. Make the users with "
			    "\"systemd-sysusers etc/sysusers.d/causeway.conf\", or start with --no-users for a test.", users[i]);
			refuse(why);
		}
		own[i] = (struct owner){ pw->pw_uid, pw->pw_gid };
		snprintf(s->child[i].user, sizeof(s->child[i].user), "%s", users[i]);
	}
}

static void
fill_config(struct supervisor *s, const struct conf *c, const struct places *p)
{
	struct msg_sup_config *m = &s->config;

	snprintf(m->run_dir, sizeof(m->run_dir), "%s", p->run);
	snprintf(m->state_dir, sizeof(m->state_dir), "%s", p->store_dir);
	snprintf(m->secret_dir, sizeof(m->secret_dir), "%s", p->secrets);
	snprintf(m->key_dir, sizeof(m->key_dir), "%s", p->key_dir);
	snprintf(m->crl_dir, sizeof(m->crl_dir), "%s", p->crl_dir);
	snprintf(m->guard_file, sizeof(m->guard_file), "%s", p->guard_file);
	snprintf(m->site, sizeof(m->site), "%s", c->site);
	snprintf(m->engine, sizeof(m->engine), "%s", conf_engine_name(s->engine));
	snprintf(m->engine_asked, sizeof(m->engine_asked), "%s", conf_engine_name(s->asked));
	m->ike_port = c->ike_port;
	m->natt_port = c->natt_port;
	m->legacy = c->legacy;
	m->log_level = (uint8_t)c->level;
}

/* It comes with the first socket, or not at all: then the saved guard is all that stands, and to begin nothing is honest. */
static void
want_system(void)
{
	const struct reason_row *row;
	enum reason why;
	char text[512];
	int fd = host_pfkey_open(CONF_SYSTEM, false, &why);

	if (fd >= 0) {
		close(fd);
		return;
	}
	row = reason_row(why);
	snprintf(text, sizeof(text), "%s %s", row->sentence, row->hint);
	refuse(text);
}

static void
remove_state(const char *run)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/state", run);
	unlink(path);
}

int
main(int argc, char **argv)
{
	struct places places = { .conf = CAUSEWAY_SYSCONFDIR "/causeway.yaml", .run = "/run/causeway",
		.state = "/var/lib/causeway", .secrets = CAUSEWAY_SYSCONFDIR "/secrets", .libexec = CAUSEWAY_LIBEXECDIR, .lock = -1 };
	struct options options = { false, -1, NULL };
	static struct supervisor s;
	struct sockets sockets = { .n = 0 };
	struct conf conf;
	struct owner own[DAEMONS];
	char why[400] = "";

	read_options(argc, argv, &places, &options);
	log_init("causewayd", LOG_INFO);
	load_conf(places.conf, &conf);
	log_set_level(conf.level);
	if (geteuid() != 0)
		refuse("causewayd opens the sockets of the suite and must be started by root.");
	close_range(STDERR_FILENO + 1, ~0u, 0);
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	proc_harden();
	s.asked = conf.engine;
	s.engine = host_choose(conf.engine);
	if (s.engine == CONF_USER && host_module_runs())
		refuse("The engine is to be ipsecd, but that of the kernel module runs in this network namespace and would take the packets "
		    "first. Unload it with 'modprobe -r causeway', or use 'engine: module'.");
	if (s.engine == CONF_SYSTEM)
		want_system();
	find_users(&s, options.no_users, own);
	if (!places_make(&places, own[D_SPDSYNC], own[D_IPSECD], own[D_KEYMGR], why, sizeof(why)) ||
	    !sockets_open_net(&sockets, host_is_kernel(s.engine), conf.ike_port, conf.natt_port, why, sizeof(why)) ||
	    !sockets_open_unix(&sockets, host_is_kernel(s.engine), places.run, conf.panel_group, why, sizeof(why)))
		refuse(why);
	if (s.engine == CONF_SYSTEM)
		sockets_encap(&sockets);
	s.base = event_base_new();
	s.places = &places;
	s.sockets = &sockets;
	s.attack_daemon = options.attack;
	s.attack_option = options.attack_option;
	fill_config(&s, &conf, &places);
	if (s.base == NULL || !supervise_start(&s))
		refuse("No memory.");
	event_base_dispatch(s.base);
	supervise_end(&s);
	sockets_close(&sockets);
	remove_state(places.run);
	event_base_free(s.base);
	close(places.lock);
	return 0;
}

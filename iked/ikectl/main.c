/* SPDX-License-Identifier: BSD-2-Clause */
/* ikectl: the control command, a client of spdsync's API and nothing else. A table of subcommands. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "command.h"
#include "ctl.h"
#include "yamltree.h"

const struct command commands[] = {
	{ "apply", "FILE | DIRECTORY", "check the site files and make them what this gateway does; '-' is standard input", 1, 1, cmd_apply },
	{ "audit", "", "who changed what, from where, and how it ended", 0, 0, cmd_audit },
	{ "bundle", "[--output FILE] [--log FILE]", "a support file without secrets: states, explanations, events, audit, counters, log", 0, 0, cmd_bundle },
	{ "ca", "COMMAND ...", "a small CA: init, issue, renew, revoke, crl, list, export", 0, 3, cmd_ca },
	{ "capture", "TUNNEL[/CHILD] [FILE]", "what a tunnel carries, in the clear, as pcapng: 'ikectl capture NAME | tcpdump -nr -'", 1, 2, cmd_capture },
	{ "cert", "import FILE | remove NAME", "bring a certificate that another CA issued, or take one away", 0, 3, cmd_cert },
	{ "check", "FILE | DIRECTORY", "say what is wrong with a site file, or what applying it would change", 1, 1, cmd_check },
	{ "close", "", "put the guard back after 'open'", 0, 0, cmd_close },
	{ "compare", "FILE | DIRECTORY", "what the other end's site file says differently about our tunnels", 1, 1, cmd_compare },
	{ "complete", "-- WORD ...", "what the last word may become: the shells' completions ask it", 1, 1000, cmd_complete },
	{ "confirm", "", "keep what 'apply --confirm' put in force", 0, 0, cmd_confirm },
	{ "counters", "", "every drop reason and total of the engine and of iked", 0, 0, cmd_counters },
	{ "csr", "NAME", "make a key, keep it, and print the request for its certificate", 1, 1, cmd_csr },
	{ "delete", "TUNNEL", "take one tunnel out of the file in force", 1, 1, cmd_delete },
	{ "diff", "[FROM [TO]]", "what differs between two revisions; without numbers, what the last one changed", 0, 2, cmd_diff },
	{ "down", "TUNNEL", "close a tunnel and keep it closed", 1, 1, cmd_down },
	{ "edit", "TUNNEL", "another block for one tunnel, or a new tunnel: by an editor, or --file FILE", 1, 1, cmd_edit },
	{ "events", "[TUNNEL]", "what happens, as it happens (--since ID | oldest: from there on)", 0, 1, cmd_events },
	{ "explain", "TUNNEL", "say why a tunnel is as it is, and what to do", 1, 1, cmd_explain },
	{ "export-peer", "TUNNEL --for FORMAT", "what the other end needs: causeway, strongswan, libreswan, openiked, fields", 1, 1, cmd_export_peer },
	{ "history", "", "the applied revisions", 0, 0, cmd_history },
	{ "import", "FORMAT FILE ...", "a site file from swanctl.conf, ipsec.conf, iked.conf, racoon.conf or setkey.conf", 2, 4, cmd_import },
	{ "metrics", "", "counters and gauges as Prometheus reads them", 0, 0, cmd_metrics },
	{ "open", "", "take the guard away: protected networks may be reached in the clear", 0, 0, cmd_open },
	{ "plan", "FILE | DIRECTORY", "what applying a site file would do to each tunnel: the same as check", 1, 1, cmd_check },
	{ "racoon", "COMMAND ...", "how IKE serves policies by setkey: put a racoon.conf in force, check, compare, show or remove it, watch", 0, 4, cmd_racoon },
	{ "rekey", "TUNNEL", "make new keys now (--ike: for the IKE SA)", 1, 1, cmd_rekey },
	{ "restart", "TUNNEL", "close a tunnel and set it up anew", 1, 1, cmd_restart },
	{ "rollback", "REVISION", "make the file of an earlier revision what this gateway does", 1, 1, cmd_rollback },
	{ "show", "certs | policies | sas | config N", "certificates and who uses them; what stands in the engine; a revision's text", 1, 2, cmd_show },
	{ "secret", "COMMAND ...", "pre-shared keys that keymgr keeps: new, put, remove", 0, 3, cmd_secret },
	{ "session", "COMMAND ...", "who is signed in at the panel: list, end", 0, 2, cmd_session },
	{ "shutdown", "", "close all tunnels and end the suite; the guard stays", 0, 0, cmd_shutdown },
	{ "status", "[TUNNEL]", "the gateway, or one tunnel; --watch: until it is interrupted", 0, 1, cmd_status },
	{ "token", "COMMAND ...", "tokens for programs: list, add, remove", 0, 2, cmd_token },
	{ "trace", "SRC DST [PROTO [SPORT DPORT]]", "what the engine does with such a packet: policy, what comes first, SAs, the last drop", 2, 5, cmd_trace },
	{ "traffic", "[TUNNEL]", "how much a tunnel carries, or all: now, and over --span 2h, 1d or 31d", 0, 1, cmd_traffic },
	{ "undo", "", "go back at once from what 'apply --confirm' put in force", 0, 0, cmd_undo },
	{ "up", "TUNNEL", "start a tunnel and wait for it", 1, 1, cmd_up },
	{ "user", "COMMAND ...", "users of the panel: first, list, add, role, password, disable, enable, delete", 0, 3, cmd_user },
};
const size_t ncommands = sizeof(commands) / sizeof(commands[0]);

static void
usage(FILE *to)
{
	fprintf(to, "usage: ikectl [--json] [--run-dir DIR] [--timeout SECONDS] COMMAND\n\n");
	for (size_t i = 0; i < ncommands; i++)
		fprintf(to, "  %-11s %-28s %s\n", commands[i].name, commands[i].words, commands[i].help);
	fprintf(to, "\n  --comment TEXT  kept with the revision (apply, delete, edit, rollback)\n"
	    "  --confirm S     undo it after S seconds unless 'ikectl confirm' comes (apply, delete, edit, rollback)\n"
	    "  --wait          with --confirm: until it is confirmed or undone; on a terminal that is so anyway\n"
	    "  --file FILE     the tunnel's block (edit); '-' is standard input\n"
	    "  --label NAMES   only tunnels with these labels, NAME=VALUE or NAME with commas between them (status)\n"
	    "  --state STATE   only tunnels in this state, or 'not-up' (status)\n"
	    "  --match TEXT    only tunnels whose or whose peer's name has it (status)\n"
	    "  --limit N       so many tunnels (status); the last N lines (audit, history): 100 unless told; of traffic: 20; packets (capture)\n"
	    "  --after NAME    the tunnels after that one (status); --before N: the lines before that one (audit, history)\n"
	    "  --remove NAMES  tunnels and sites that may go, or 'all' (apply, check)\n"
	    "  --ike           rekey the IKE SA instead of the child\n"
	    "  --json          the API's answer as it is\n"
	    "  'ikectl ca', 'ikectl cert' and ikectl(8) tell the options of certificates and the CA\n"
	    "  'initiate', 'list-sas', 'configure', 'enable' and other verbs of swanctl and birdc are understood\n"
	    "\nExit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 not permitted, 5 daemon unreachable, 6 timed out,\n7 applied but undone.\n");
}

/* Those of certificates and the CA have no letter of their own for people; these are for struct ctl's given. */
const struct option options[] = {
	{ "key", required_argument, NULL, 'k' },
	{ "days", required_argument, NULL, 'd' },
	{ "subject", required_argument, NULL, 's' },
	{ "crl-url", required_argument, NULL, 'u' },
	{ "csr", required_argument, NULL, 'q' },
	{ "out", required_argument, NULL, 'o' },
	{ "serial", required_argument, NULL, 'n' },
	{ "reason", required_argument, NULL, 'y' },
	{ "name", required_argument, NULL, 'N' },
	{ "trust", required_argument, NULL, 'T' },
	{ "ca", required_argument, NULL, 'C' },
	{ "password-file", required_argument, NULL, 'w' },
	{ "id", required_argument, NULL, 'I' },
	{ "keep-key", no_argument, NULL, 'K' },
	{ "der", no_argument, NULL, 'D' },
	{ "pem", no_argument, NULL, 'p' },
	{ "p12", no_argument, NULL, 'P' },
	{ "with-key", no_argument, NULL, 'W' },
	{ "replace", no_argument, NULL, 'x' },
	{ "role", required_argument, NULL, 'E' },
	{ "json", no_argument, NULL, 'j' },
	{ "ike", no_argument, NULL, 'i' },
	{ "watch", no_argument, NULL, 'v' },
	{ "since", required_argument, NULL, 'e' },
	{ "run-dir", required_argument, NULL, 'r' },
	{ "timeout", required_argument, NULL, 't' },
	{ "confirm", required_argument, NULL, 'U' },
	{ "wait", no_argument, NULL, 'A' },
	{ "comment", required_argument, NULL, 'c' },
	{ "file", required_argument, NULL, 'f' },
	{ "limit", required_argument, NULL, 'l' },
	{ "remove", required_argument, NULL, 'R' },
	{ "label", required_argument, NULL, 'B' },
	{ "state", required_argument, NULL, 'Q' },
	{ "match", required_argument, NULL, 'M' },
	{ "after", required_argument, NULL, 'a' },
	{ "before", required_argument, NULL, 'b' },
	{ "output", required_argument, NULL, 'O' },
	{ "log", required_argument, NULL, 'L' },
	{ "secrets", required_argument, NULL, 'S' },
	{ "for", required_argument, NULL, 'F' },
	{ "span", required_argument, NULL, 'G' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

/* One of certificates or the CA; which command takes it is that command's to say. False: it is not one of them, or one too many. */
static bool
take_cert_option(struct ctl *ctl, int c)
{
	struct { int letter; const char **value; } texts[] = {
		{ 'k', &ctl->key }, { 'd', &ctl->days }, { 's', &ctl->subject }, { 'u', &ctl->crl_url }, { 'q', &ctl->csr }, { 'o', &ctl->out },
		{ 'n', &ctl->serial }, { 'y', &ctl->why }, { 'N', &ctl->name }, { 'T', &ctl->trust }, { 'C', &ctl->ca }, { 'w', &ctl->password_file },
		{ 'E', &ctl->role },
	};
	struct { int letter; bool *value; } flags[] = { { 'K', &ctl->keep_key }, { 'D', &ctl->der }, { 'p', &ctl->pem }, { 'P', &ctl->p12 },
		{ 'W', &ctl->with_key }, { 'x', &ctl->replace } };
	size_t n = strlen(ctl->given);

	if (strchr(ctl->given, c) == NULL && n + 1 < sizeof(ctl->given))
		ctl->given[n] = (char)c;
	if (c == 'I' && ctl->nids < sizeof(ctl->ids) / sizeof(ctl->ids[0])) {
		ctl->ids[ctl->nids++] = optarg;
		return true;
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].letter == c) {
			*texts[i].value = optarg;
			return true;
		}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].letter == c)
			return *flags[i].value = true;
	return false;
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < ncommands; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
unknown(const char *name)
{
	const char *names[ncommands + 1], *near;

	for (size_t i = 0; i < ncommands; i++)
		names[i] = commands[i].name;
	names[ncommands] = NULL;
	near = yt_nearest(name, names);
	fprintf(stderr, "ikectl: there is no command '%s'", name);
	if (near)
		fprintf(stderr, "; did you mean '%s'?", near);
	fputs(near ? " 'ikectl --help' lists all\n" : "; 'ikectl --help' lists them\n", stderr);
	return CTL_USAGE;
}

bool
ctl_seconds(const char *s, long *out)
{
	char *end;

	*out = strtol(s, &end, 10);
	return *s && !*end && *out > 0 && *out <= 86400;
}

/* What could not be written was not said: a full disk must not look like an answer. */
static int
said(int rc)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return rc;
	fprintf(stderr, "ikectl: standard output: %s\n", strerror(errno ? errno : EIO));
	return rc == CTL_OK ? CTL_FAILED : rc;
}

int
main(int argc, char **argv)
{
	struct ctl ctl = { .run_dir = "/run/causeway" };
	const struct command *cmd;
	int c;

	ctl.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1)
		switch (c) {
		case 'j': ctl.json = true; break;
		case 'i': ctl.ike = true; break;
		case 'v': ctl.watch = true; break;
		case 'e': ctl.since = optarg; break;
		case 'A': ctl.wait = true; break;
		case 'U':
			if (ctl_seconds(optarg, &ctl.confirm_s))
				break;
			fprintf(stderr, "ikectl: --confirm takes seconds, 2 to 86400\n");
			return CTL_USAGE;
		case 'r': ctl.run_dir = optarg; break;
		case 'c': ctl.comment = optarg; break;
		case 'f': ctl.file = optarg; break;
		case 'l': ctl.limit = optarg; break;
		case 'B': ctl.label = optarg; break;
		case 'Q': ctl.state = optarg; break;
		case 'M': ctl.match = optarg; break;
		case 'a': ctl.after = optarg; break;
		case 'b': ctl.before = optarg; break;
		case 'R': ctl.remove = optarg; break;
		case 'O': ctl.output = optarg; break;
		case 'L': ctl.log = optarg; break;
		case 'S': ctl.secrets = optarg; break;
		case 'F': ctl.peer_for = optarg; break;
		case 'G': ctl.span = optarg; break;
		case 'h': usage(stdout); return CTL_OK;
		case 'V': printf("ikectl (Causeway) %s\n", PACKAGE_VERSION); return CTL_OK;
		case 't':
			if (ctl_seconds(optarg, &ctl.timeout_s))
				break;
			fprintf(stderr, "ikectl: --timeout takes seconds, 1 to 86400\n");
			return CTL_USAGE;
		default:
			if (c != '?' && take_cert_option(&ctl, c))
				break;
			usage(stderr);
			return CTL_USAGE;
		}
	argc -= optind;
	argv += optind;
	const char *words[argc + 2];
	if (argc > 0 && strcmp(argv[0], "complete") != 0) {
		argc = alias_timeout(argc, argv, &ctl.confirm_s);
		argc = alias_words(argc, argv, words);
		argv = (char **)words;
	}
	if (argc == 0) {
		usage(stderr);
		return CTL_USAGE;
	}
	cmd = find(argv[0]);
	if (!cmd)
		return unknown(argv[0]);
	if (argc - 1 < cmd->min || argc - 1 > cmd->max) {
		fprintf(stderr, "usage: ikectl %s %s\n", cmd->name, cmd->words);
		return CTL_USAGE;
	}
	if (ctl.given[0] && cmd->run != cmd_ca && cmd->run != cmd_cert && cmd->run != cmd_csr && cmd->run != cmd_user &&
	    cmd->run != cmd_token && cmd->run != cmd_secret) {
		fprintf(stderr, "ikectl: one of the options is not for '%s'\n", cmd->name);
		return CTL_USAGE;
	}
	return said(cmd->run(&ctl, argc - 1, argv + 1));
}

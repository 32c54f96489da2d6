/* SPDX-License-Identifier: BSD-2-Clause */
/* What waits to be confirmed: keep it, undo it, or watch how it ends, with a countdown on a terminal. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "http.h"

#define SILENT_S	30	/* spdsync is started again meanwhile; after that it is not coming back */

static void
print_confirmed(const struct ctl *ctl, json_t *answer)
{
	printf("revision %s is confirmed\n", text(answer, "revision"));
}

int
cmd_confirm(const struct ctl *ctl, int argc, char **argv)
{
	return ctl_ask(ctl, true, "/v1/confirm", "application/json", "", 0, print_confirmed);
}

int
cmd_undo(const struct ctl *ctl, int argc, char **argv)
{
	return ctl_ask(ctl, true, "/v1/undo", "application/json", "", 0, print_plan);
}

/* GET /v1/confirm, quietly: NULL while nobody answers. */
static json_t *
look(const struct ctl *ctl)
{
	char socket[512];
	struct http h;
	json_t *j;

	snprintf(socket, sizeof(socket), "%s/ro.sock", ctl->run_dir);
	http_call(&h, socket, "GET", "/v1/confirm", NULL, NULL, 0, 5);
	j = h.status == 200 ? json_incref(h.body) : NULL;
	http_free(&h);
	return j;
}

static json_int_t
revision_of(json_t *object)
{
	return json_integer_value(json_object_get(object, "revision"));
}

static int
tell_end(const struct ctl *ctl, json_int_t revision, json_t *undone)
{
	bool gone = revision_of(undone) == revision;

	if (ctl->json) {
		json_t *j = json_pack("{s:I, s:b, s:O?}", "revision", revision, "confirmed", !gone, "why", json_object_get(undone, "why"));

		ctl_json(j);
		json_decref(j);
	} else if (gone)
		fprintf(stderr, "ikectl: revision %lld was undone: %s\n", (long long)revision, text(undone, "why"));
	else
		printf("revision %lld is confirmed\n", (long long)revision);
	return gone ? CTL_UNDONE : CTL_OK;
}

/* A second, or until somebody at the terminal has typed a line. */
static void
pause_or_obey(const struct ctl *ctl, bool terminal)
{
	struct pollfd p = { .fd = terminal ? STDIN_FILENO : -1, .events = POLLIN };
	char line[16];

	if (poll(&p, 1, 1000) <= 0 || !fgets(line, sizeof(line), stdin))
		return;
	putchar('\n');
	if (*line == 'y' || *line == 'Y')
		ctl_ask(ctl, true, "/v1/confirm", "application/json", "", 0, print_confirmed);
	else if (*line == 'u' || *line == 'U')
		ctl_ask(ctl, true, "/v1/undo", "application/json", "", 0, print_plan);
}

int
confirm_watch(const struct ctl *ctl, json_t *answer)
{
	bool terminal = !ctl->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	json_int_t revision = revision_of(json_object_get(answer, "confirm"));
	time_t heard = time(NULL);

	if (!revision || (!terminal && !ctl->wait))
		return CTL_OK;
	for (;;) {
		json_t *now = look(ctl), *pending = json_object_get(now, "pending");
		int rc = -1;

		if (now) {
			heard = time(NULL);
			if (revision_of(pending) != revision) {
				if (terminal)
					putchar('\n');
				rc = tell_end(ctl, revision, json_object_get(now, "undone"));
			} else if (terminal) {
				printf("\rrevision %lld is undone in %s s; 'y' and Enter keep it, 'u' and Enter undo it ", (long long)revision,
				    text(pending, "seconds_left"));
				fflush(stdout);
			}
			json_decref(now);
		} else if (time(NULL) - heard > SILENT_S) {
			fprintf(stderr, "ikectl: spdsync does not answer any more; when it starts, it undoes what was not confirmed\n");
			rc = CTL_UNREACHABLE;
		}
		if (rc >= 0)
			return rc;
		pause_or_obey(ctl, terminal);
	}
}

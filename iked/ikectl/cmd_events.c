/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is not one answer of JSON: "metrics", which is text; "events", and "status --watch", which is the status drawn anew when something happened. Both read the event stream; when it ends (spdsync
 * was restarted, or we were too slow) they go on after the last id, so that nothing is missed that the ring still has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "http.h"
#include "name.h"
#include "sub.h"

#define TRIES		30	/* half a second each: a restart takes a second or two */
#define REDRAW_S	10

struct listener {
	const struct ctl *ctl;
	const char	*tunnel;	/* NULL: all */
	char		last[32];	/* id of the last event */
	bool		began, heard;
	void		(*run)(struct listener *, json_t *);
	void		(*idle)(void *);	/* about once a second; NULL: nothing to do */
	time_t		drawn;
	bool		due;
	bool		whole;		/* policies_watch() */
};

static void
listener_line(void *arg, const char *line)
{
	struct listener *l = arg;
	json_t *j = event_line(line, l->last);

	if (j == NULL)
		return;
	l->heard = true;
	if (strcmp(json_get(j, "event"), "begin") != 0 || !l->began)
		l->run(l, j);
	l->began = true;
	json_decref(j);
}

/* Until it cannot be reached any more; the exit code says why. */
static int
listen_on(struct listener *l)
{
	char socket[512], path[128];
	unsigned tries = 0;
	struct http h;
	int rc;

	snprintf(socket, sizeof(socket), "%s/ro.sock", l->ctl->run_dir);
	for (;;) {
		snprintf(path, sizeof(path), "/v1/events");
		ctl_query(path, sizeof(path), "since", l->last[0] ? l->last : l->ctl->since);
		l->heard = false;
		http_lines(&h, socket, path, l->ctl->timeout_s, listener_line, l->idle, l);
		if (l->ctl->timeout_s && h.timed_out)
			return CTL_OK;		/* it was to end then */
		tries = l->heard ? 0 : tries + 1;
		if (!l->began || (h.status != 0 && h.status != 200) || tries > TRIES) {
			rc = ctl_answered(l->ctl, &h, socket);
			http_free(&h);
			return rc;
		}
		http_free(&h);
		usleep(500000);
	}
}

/* ---- events ---- */

static void
tell(struct listener *l, json_t *event)
{
	const char *name = text(event, "event"), *tunnel = json_string_value(json_object_get(event, "tunnel"));

	if (l->tunnel && strcmp(name, "begin") != 0 && strcmp(name, "lost") != 0 && (!tunnel || strcmp(tunnel, l->tunnel) != 0))
		return;
	if (l->ctl->json) {
		json_dumpf(event, stdout, JSON_COMPACT);
	} else if (strcmp(name, "begin") == 0) {
		return;
	} else {
		print_event(event);
	}
	putchar('\n');
	fflush(stdout);
}

int
cmd_events(const struct ctl *ctl, int argc, char **argv)
{
	struct listener l = { .ctl = ctl, .tunnel = argc ? argv[0] : NULL, .run = tell };

	if (argc && !name_ok(argv[0])) {
		fprintf(stderr, "ikectl: '%s' is not the name of a tunnel\n", argv[0]);
		return CTL_NOT_FOUND;
	}
	return listen_on(&l);
}

/* ---- iked -f FILE -d ---- */

/* Of a negotiation that has just ended, everything that was said. */
static void
print_whole(struct listener *l, const char *tunnel)
{
	char path[128];
	json_t *answer = NULL, *error = NULL, *records;

	snprintf(path, sizeof(path), "/v1/explain/%s", tunnel ? tunnel : "-");
	if (ctl_call(l->ctl, false, path, NULL, NULL, 0, &answer, &error) == CTL_OK &&
	    json_array_size(records = json_object_get(answer, "records")))
		print_negotiation(l->ctl, json_array_get(records, 0));
	json_decref(answer);
	json_decref(error);
}

static void
print_policy_event(struct listener *l, json_t *event)
{
	const char *name = text(event, "event"), *tunnel = json_string_value(json_object_get(event, "tunnel"));
	bool negotiation = strcmp(name, "negotiation") == 0;

	if (tunnel ? strncmp(tunnel, "spd-", 4) != 0 || !name_ok(tunnel) : !negotiation && strcmp(name, "daemon") != 0 && strcmp(name, "lost") != 0)
		return;
	tell(l, event);
	if (negotiation && l->whole && !l->ctl->json)
		print_whole(l, tunnel);
	fflush(stdout);
}

int
policies_watch(const struct ctl *ctl, bool whole)
{
	struct listener l = { .ctl = ctl, .run = print_policy_event, .whole = whole };

	return listen_on(&l);
}

/* ---- status --watch ---- */

static void
draw_soon(struct listener *l, json_t *event)
{
	(void)event;
	l->due = true;
}

/* Once a second at most, however much happens; and now and then although nothing did, for the counters. */
static void
draw(void *arg)
{
	struct listener *l = arg;
	time_t now = time(NULL);

	if (!l->began || now == l->drawn || (!l->due && now - l->drawn < REDRAW_S))
		return;
	l->due = false;
	l->drawn = now;
	if (!l->ctl->json && isatty(STDOUT_FILENO))
		printf("\033[H\033[2J");
	status_once(l->ctl, l->tunnel);
	fflush(stdout);
}

int
status_watch(const struct ctl *ctl, const char *tunnel)
{
	struct listener l = { .ctl = ctl, .tunnel = tunnel, .run = draw_soon, .idle = draw };

	return listen_on(&l);
}

/* ---- metrics ---- */

/* With --json: {"metrics": "the text"}. */
int
cmd_metrics(const struct ctl *ctl, int argc, char **argv)
{
	char socket[512], *text;
	struct http h;
	json_t *j;
	int rc;

	(void)argc, (void)argv;
	snprintf(socket, sizeof(socket), "%s/ro.sock", ctl->run_dir);
	text = http_text(&h, socket, "/metrics", ctl->timeout_s ? ctl->timeout_s : 10);
	rc = text ? CTL_OK : ctl_answered(ctl, &h, socket);
	if (text && ctl->json) {
		j = json_pack("{s:s}", "metrics", text);
		ctl_json(j);
		json_decref(j);
	} else if (text)
		fputs(text, stdout);
	free(text);
	http_free(&h);
	return rc;
}

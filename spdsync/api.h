/* SPDX-License-Identifier: BSD-2-Clause */
/* The control API (doc/api.md): requests come in over HTTP, a row of the route table runs, an answer goes out once. */
#ifndef CAUSEWAY_API_H
#define CAUSEWAY_API_H

#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <jansson.h>

#include "accounts.h"
#include "name.h"
#include "plan.h"
#include "reason.h"
#include "sync.h"

#define API_BODY_MAX	(16u << 20)
#define API_BODY_ASK	(1u << 20)	/* on sockets that only answer questions: a site file to be looked at */
#define API_BODY_FIRST	65536	/* on the panel's, until a connection has shown who may apply */
#define API_OPEN_MAX	64	/* requests at a time on one socket; what is over that is answered 503 */

struct listener;

/* One request, from its arrival until its answer was written or its connection ended. */
struct req {
	struct api		*api;
	struct sync		*s;
	struct evhttp_request	*http;		/* NULL: the connection ended */
	struct event		*timer;
	struct listener		*l;
	uint64_t		since_ns;	/* when it came */
	char			name[128];	/* the variable part of the path */
	char			author[STORE_AUTHOR], origin[STORE_AUTHOR];
	char			client[CLIENT_CAP];	/* the panel's: "" not told */
	struct grant		grant;
	struct account_wait	*wait;		/* for a password's hash */
	struct audit_row	*audit;		/* what it is going to change; written when it ends */
	char			file[256];	/* query "file"; "" none */
	struct evkeyvalq	query;
	json_t			*reply;		/* prepared answer of one that waits for the revision to settle */
	bool			one;		/* only the tunnel "name" is concerned */
	bool			checking;	/* it settled, keymgr is asked for its warnings */
	void			(*checked)(void *);	/* what to do when keymgr has said what secrets are like */
	json_t			*counters, *drops;
	json_t			*list;		/* of a question that takes several calls */
	void			(*counted)(struct req *, json_t *);
	void			(*late)(void *);	/* GET: what to do when the engine does not answer; NULL: 504 */
	uint32_t		call;		/* in flight to another daemon */
	struct ipc		*call_link;
	unsigned		paged;
	size_t			from, most, seen, foreign;	/* of a list in parts: what is asked for; what there is */
	uint32_t		dump;		/* a PF_KEY dump in flight */
	struct req		*next;
};

struct api *api_new(struct sync *);
void api_free(struct api *);
void api_listen(struct api *, const char *name, int fd);	/* "api-ro" "api-rw" "api-panel" "api-files" */
int api_take_file(struct api *, const char *ticket);		/* files.h */
void api_settled(struct api *);					/* it is in force, or kept out: those who wait get their answer */
void api_checked(struct api *);					/* keymgr said what it had to say */

void api_link_gone(struct api *, struct ipc *);	/* NULL: the PF_KEY link. Those who wait for its answer get an error */

/* An answer ends the request. */
void req_reply(struct req *, int code, json_t *);		/* takes the JSON */
void req_text(struct req *, const char *type, const char *text, size_t n);	/* of a GET */
void req_error(struct req *, int code, enum reason, const char *message, const char *hint);	/* NULL: the reason's own */
void req_error_at(struct req *, int code, const struct yt_error *);
/* This request changes something: the audit log gets a line when it is answered, or when its client does not wait for that. */
void req_audit(struct req *, const char *action, const char *detail);
void req_audited(struct req *);		/* the store wrote the line already */
/* For a change that the store makes together with its line: the line as it is when all goes well (NULL: no memory), and what follows when it did. */
const struct audit_row *req_line(struct req *);
void req_told(struct req *);
const char *req_query(struct req *, const char *key);		/* NULL: not there */
/* A request that waits: after these seconds the function runs, unless it was answered. */
bool req_timer(struct req *, unsigned seconds, void (*run)(evutil_socket_t, short, void *));
/* Reads the engine's counters (showkernel.c), then runs next with them; NULL when they could not be had. */
void engine_counters(struct req *, void (*next)(struct req *, json_t *));
/* The query "wait": how many seconds another daemon has for its answer, 1 to REQ_WAIT_S, which it is when nothing was said. False: an error was sent. */
#define REQ_WAIT_S	60
bool req_wait(struct req *, unsigned *seconds);
void req_wait_settled(struct req *);	/* api_settled or 10 s: req->reply with its "in_sync" */

/* Handlers by file. */
void get_status(struct req *);		/* show.c */
void get_tunnels(struct req *);
void get_tunnel(struct req *);
json_t *suite_json(uint8_t proto, const struct suite *);
json_t *ike_json(const struct rt *);	/* NULL: null */
json_t *utunnel_json(struct sync *, const struct utunnel *);	/* showbypolicy.c: one by policies of setkey's, in the form of all */
json_t *utunnels_json(struct sync *);
/* Whose SA of keymgr's it is, when it is no tunnel's of the site file; NULL: of none. child "": an older one's, which is on its way out. */
struct sa_info;
const struct utunnel *utunnel_of_sa(struct sync *, const struct sa_info *, char child[static NAME_CAP], bool *in);
json_t *tunnels_json(struct sync *, const unsigned *which, size_t n, bool brief);	/* those tunnels, by their places in rt; brief: what a list shows of them */
void get_traffic(struct req *);		/* ratesapi.c */
json_t *rate_json(const struct rates_child *, unsigned kind);	/* now; NULL or not known: null */
json_t *rate_last_json(const struct rates_child *, unsigned kind);	/* seconds since the last packet of that way was seen; none was: null */
json_t *rates_now_json(const struct sync *);	/* of all together */
/* tunpart.c: does the query ask for a part of the tunnels? That part, with the numbers of all; NULL: an error was sent. */
bool tunnels_in_parts(struct req *);
json_t *tunnels_part(struct req *);
void get_sas(struct req *);		/* showkernel.c */
void get_policies(struct req *);
void get_counters(struct req *);
void get_metrics(struct req *);		/* metrics.c */
void get_explain(struct req *);		/* explain.c */
void get_revisions(struct req *);	/* revisions.c */
void get_revision(struct req *);
void get_diff(struct req *);
void no_tunnel(struct req *, const char *what);	/* 404 of r->name, with the name that may have been meant */
void no_revision(struct req *, const struct store_error *);	/* 404, or 503 with the store's words */
void get_audit(struct req *);
uint64_t parse_count(const char *, uint64_t max);	/* list.c. 0: not a number in 1..max */
#define LIST_MAX	1000		/* rows of an answer */
/* A part of a list that is at hand: the queries "limit" and "offset"; without them all of it. newest: its last come first. */
bool window_good(struct req *);		/* false: an error was sent */
json_t *window_of(struct req *, const json_t *list, bool newest);
/*
 * A list of the store, of which the query's "limit" and "before" (or "after", which read takes itself) want a part: the answer has the rows below
 * "key", and in "next" the place of the last one when there are more. A list never ends without saying so, and one that cannot be read is an error.
 */
struct list {
	const char	*key;
	unsigned	preset;		/* how many without "limit" */
	size_t		size;		/* of a row */
	int		(*read)(struct req *, uint64_t before, void *rows, int most);	/* how many it read; -1: it failed. before 0: from the newest */
	json_t		*(*row)(struct req *, const void *);
	json_t		*(*place)(const void *);
};
void list_serve(struct req *, const struct list *);	/* list.c */
void post_check(struct req *);		/* apply.c */
void post_apply(struct req *);
void post_rollback(struct req *);
struct change;
void apply_change(struct req *, struct change *, const char *comment);	/* it is valid and may come into force; the answer too */
void get_tunnel_text(struct req *);	/* editapi.c */
void put_tunnel(struct req *);
void delete_tunnel(struct req *);
json_t *plan_json(const struct plan *);
struct change;
json_t *apply_answer(const struct change *, json_t *revision, bool unchanged);
void get_confirm(struct req *);		/* confirmapi.c */
void post_confirm(struct req *);
void post_undo(struct req *);
void get_sites(struct req *);		/* sitelist.c */
void get_racoon(struct req *);		/* racoonapi.c */
void put_racoon(struct req *);
void delete_racoon(struct req *);
void post_racoon_keys(struct req *);
void get_export(struct req *);		/* between.c */
void post_compare(struct req *);
void apply_warnings(struct sync *, const char *only, json_t *);	/* what keymgr says about the secrets of all, or of one tunnel, into "warnings" */
void post_up(struct req *);		/* act.c */
void post_down(struct req *);
void post_rekey(struct req *);
void post_restart(struct req *);
void post_open(struct req *);
void post_close(struct req *);
void post_shutdown(struct req *);

/* Shared pieces of JSON. */
json_t *json_text(const char *);	/* "" and NULL become null; what is not UTF-8 is escaped */
json_t *json_words(const char *);	/* always a string */
json_t *json_number(uint64_t);
json_t *json_address(const struct addr *);	/* null: there is none */
json_t *json_time(uint64_t unix_s);
json_t *json_spi(uint32_t);
json_t *json_revision(const struct revision *, uint64_t current);
/* Why a tunnel is as it is (explain.c): reason and detail, and what iked says of its worst child. */
struct verdict { enum reason reason; char detail[512]; enum child_negotiated state; bool retry; uint64_t retry_in_s; };
const struct child_state *child_state_of(const struct rt *, const char *name, bool *up);	/* what iked says of it; NULL: nothing (show.c) */
void tunnel_verdict(struct sync *, const struct want_tunnel *, const struct rt *, struct verdict *);
const char *verdict_message(const struct verdict *);
enum child_negotiated tunnel_worst(const struct tunnel_state *);	/* NULL: down */
int tunnel_badness(enum child_negotiated);	/* more is worse */
const char *negotiated_name(enum child_negotiated);

#endif

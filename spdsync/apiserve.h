/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that serve HTTP share: a listener, and the life of a request (req.c) between its arrival (api.c) and its answer. */
#ifndef CAUSEWAY_APISERVE_H
#define CAUSEWAY_APISERVE_H

#include "api.h"

struct listener {
	struct api	*api;
	struct evhttp	*http;
	struct door	*door;
	bool		rw, panel;
	unsigned	open;		/* connections with a request, until their answer has left; a socket's readers fill its own slots only */
	struct leaving	*leaving;	/* of these, whose answer is on its way */
};

/* What the audit log has of requests that were refused lately. */
struct refusals { uint64_t since; unsigned n, untold; };

struct api {
	struct sync	*s;
	struct listener	l[8];
	unsigned	nl;
	struct files	*files;
	struct hashing	*hashing;
	struct refusals	refusals;
	struct req	*reqs;
	struct event	*look;		/* for clients that went away meanwhile */
};

struct req *req_new(struct listener *, struct evhttp_request *);	/* NULL: no memory */
void req_free(struct req *);
/* Ends the request without an answer: who takes its connection has it to himself, with its close callback, and counts it himself. */
struct evhttp_request *req_detach(struct req *);
json_t *error_json(int code, enum reason, const char *message, const char *hint);
/* In a close callback: libevent gives up a request that was not answered to its end, and then it is ours. */
void request_closed(struct evhttp_request *);
void req_busy(struct evhttp_request *);		/* answers a request for which there is no place */
void http_error(struct evhttp_request *, int code, enum reason, const char *message, const char *hint);	/* answers one that was detached */
void audit_write(struct sync *, struct audit_row *, enum reason);	/* also to the log and as an event; result is filled */
/*
 * A client that has said all may close its half of the connection and still wants its answer: so nobody waits for that end, and no
 * more is read (client_heard; after each piece of an answer, because evhttp reads again then) unless another request may come. Who closed both halves is gone,
 * which client_gone asks the system.
 */
void client_heard(struct evhttp_request *);
bool client_gone(struct evhttp_request *);

#endif

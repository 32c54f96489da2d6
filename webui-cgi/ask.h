/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one thing the panel may talk to: spdsync's panel.sock, HTTP and JSON, each request with a deadline. The connection is made before the
 * sandbox closes and is the only one there is: a captured panel reaches no other socket of the machine.
 */
#ifndef CAUSEWAY_CGI_ASK_H
#define CAUSEWAY_CGI_ASK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define ASK_MAX	(32u << 20)	/* octets of an answer */

struct asker {
	int		 fd;		/* to spdsync, non-blocking, the caller's; below 0: minus the errno of why there is none */
	const char	*token;		/* of the session; "" none */
	const char	*client;	/* the browser's address, for the throttle and the audit log */
};
struct answer {
	int		 status;	/* 0: there was none; then the sentence says why */
	json_t		*body;		/* NULL: no JSON */
	char		 why[160];
};

/* The octets of an answer, RFC 9112: its status, and where its body lies. It is as long as it says it is, and nothing comes after it unasked. */
enum answered { ANSWER_BAD, ANSWER_MORE, ANSWER_OK };
enum answered answer_decode(const char *p, size_t n, int *status, size_t *body, size_t *len);

/* One after the other over the same connection; after one that failed for want of an answer all others fail. */
void ask(struct asker *, struct answer *, const char *method, const char *path, const char *body, unsigned deadline_s);
void answer_free(struct answer *);

/* Members of an answer; what is not there, or of another type, is "", 0, false or NULL. */
const char *js_str(const json_t *, const char *key);
long long js_int(const json_t *, const char *key);
bool js_is(const json_t *, const char *key);
bool js_has(const json_t *, const char *key);	/* there and not null */

#endif

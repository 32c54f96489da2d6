/* SPDX-License-Identifier: BSD-2-Clause */
/* One page on its way: what was asked, who asks, and what is written. */
#ifndef CAUSEWAY_CGI_PAGE_H
#define CAUSEWAY_CGI_PAGE_H

#include "ask.h"
#include "fields.h"
#include "html.h"
#include "request.h"

enum role { ROLE_NONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_EDITOR, ROLE_ADMIN };

struct page {
	struct request	 rq;
	struct fields	 form;			/* of a POST */
	struct asker	 asker;
	const struct route *route;
	char		 name[64];		/* the part of the path that "*" stands for */
	struct html	 out;			/* what stands in <main> */
	struct html	 url;			/* of the question that is being asked */
	int		 status;
	char		 title[160];
	char		 command[256];		/* what does the same on the gateway; "" nothing */
	char		 location[512];		/* of a redirection */
	char		 cookie[128];		/* a new session, or "-": it ends */
	char		 user[64];
	enum role	 role;
	char		 csrf[65];
	char		 state[16];		/* of the tunnel that the page is of */
	bool		 live;			/* it shows what changes by itself */
	long long	 pending_s;		/* seconds until a change undoes itself; 0 none */
	long long	 proof_s;		/* seconds for which what is dangerous wants no password */
	long long	 others;		/* sessions that its reader has besides */
	char		 until[32];		/* the end of this one */
	bool		 asks;			/* it is the question for the password: nothing else comes on it */
};

/*
 * Every route: what it takes, and who may. The role is there so that a page offers only what its reader may do and says so early; whether he
 * may is decided in spdsync, of every request.
 */
struct route {
	enum method	 method;
	const char	*path;			/* "*" stands for one name */
	enum role	 role;
	const struct field *fields;		/* of the form (POST) or of the query (GET) */
	void		(*run)(struct page *);
};
extern const struct route routes[];
extern const size_t nroutes;
/* Does the path fit? The part that "*" stands for, a name, goes to name. */
bool route_fits(const char *pattern, const char *path, char *name, size_t cap);

/* RFC 2104 over SHA-256 with the session as key; 64 hexadecimal digits. Nobody without the session can make it, and it says nothing of the session. */
void csrf_make(const char *session, char out[65]);
bool csrf_good(const char *session, const char *sent);

/* page.c: asking, and the sentence when the answer is an error */
const char *page_url(struct page *);		/* what was put into p->url since */
#define URL(p, ...) ({ html_free(&(p)->url); put(&(p)->url, __VA_ARGS__); page_url(p); })
bool page_get(struct page *, struct answer *, const char *path);	/* false: the page says what is wrong */
bool page_post(struct page *, struct answer *, const char *method, const char *path, const char *body, unsigned deadline_s);
void page_fail(struct page *, int status, const char *title, const char *message, const char *hint);
void page_go(struct page *, const char *path);	/* 303, to a path of ours that needs no escaping */
const char *page_field(const struct page *, const char *name);	/* "" when it is not there */
bool page_session(struct page *, const struct answer *);	/* what spdsync gave a session goes on as: the cookie, and what is asked from here on */
void page_say(struct page *, const char *title, const char *command);

/* page_proof.c: the password again, before what is dangerous */
#define PROOF_SOON	60		/* seconds before its end a form asks for it beforehand */
void page_proof_field(struct page *);	/* in a form whose fields no page gives back: a field for it, when it is going to be asked for */
bool page_proof_take(struct page *);	/* what came in that field; false: it is wrong, and the page asks again */
bool page_proof_needed(struct page *);	/* true: the page asks */
void page_proof_ask(struct page *, const char *wrong);

/* look.c: what pages are made of */
void look_form(struct page *, const char *path);	/* begins a form that posts to a path of ours */
void look_form_id(struct page *, const char *id);	/* the token for buttons elsewhere on the page, each of which says where it leads */
void look_form_name(struct page *, const char *head, const char *name, const char *tail);
enum mark { MARK_GOOD, MARK_WAIT, MARK_BAD, MARK_OFF, MARK_ODD };
void look_mark(struct html *, enum mark, const char *word);	/* sign, word and colour */
void look_state(struct html *, const char *state);	/* the mark that belongs to a state */
void look_engine(struct html *, const char *kernel);	/* which SAs of a child the engine has */
void look_host(struct html *, const json_t *engine);	/* what the engine is, and whether it serves */
void look_code(struct html *, const char *code);	/* a reason code, small; "" and OK: nothing */
void look_reason(struct html *, const char *code);	/* its sentence, and the code beside it */
void look_number(struct html *, long long);	/* 1,234,567 */
void look_time(struct html *, const char *rfc3339);
void look_last(struct html *, long long s);	/* "now", "3 min ago" */
void look_note(struct html *, const char *kind, const char *text);	/* "good" "bad" "warn" "info" */
void look_page(struct page *, struct html *whole);	/* everything around the page */
/* "1-50 of 3,000" and links to what is before and after; path and the query besides: "&amp;match=..." may be empty. */
void look_pager(struct page *, const char *path, long long offset, long long shown, long long total, long long rows, const char *match, const char *state);
void look_said(struct page *, const char *said);	/* what the action that led here did */
void look_said_of(struct page *, const char *of, const char *said);	/* the same, of which tunnel */

/* pages by file */
void page_login(struct page *);		/* page_login.c */
void page_login_post(struct page *);
void page_first(struct page *);
void page_first_post(struct page *);
void page_logout_post(struct page *);
void page_account(struct page *);	/* page_account.c */
void page_account_post(struct page *);
void page_overview(struct page *);	/* page_overview.c */
void page_tunnels(struct page *);	/* page_tunnels.c */
void page_tunnel(struct page *);	/* page_tunnel.c */
void page_tunnel_act(struct page *);
void page_tunnel_actions(struct page *);	/* what its state lets one do */
void page_tunnel_buttons(struct page *, const char *name, const char *state);	/* the same in a row of a list, for the form "act" */
void page_ladder(struct page *, const json_t *record);	/* ladder.c */
void page_traffic(struct page *, const char *name);	/* graph.c */
void page_rate(struct html *, const json_t *from, const char *key);	/* "" when it is not known */
void page_config(struct page *);	/* page_config.c */
void page_config_post(struct page *);
void page_confirm_post(struct page *);
void page_plan(struct page *, const json_t *plan);
void page_warnings(struct page *, const json_t *warnings);
void page_pending(struct page *, const json_t *confirm);
void page_history(struct page *);	/* page_history.c */
void page_revision(struct page *);
void page_rollback_post(struct page *);
void page_new(struct page *);		/* page_new.c */
void page_new_post(struct page *);
void page_tunnel_tabs(struct page *, const char *at);	/* page_parts.c */
void page_tunnel_config(struct page *);
void page_tunnel_config_post(struct page *);
void page_export(struct page *);
void page_secret(struct page *);		/* page_secret.c */
void page_secret_post(struct page *);
#define SECRET_CAP	56	/* "base64:", 44 digits */
bool secret_make(char out[SECRET_CAP]);
/* Hands one in, and says on the page how that went; typed "": one is made, and shown. replace: one that was handed in before goes. */
bool secret_give(struct page *, const char *name, const char *typed, bool replace);
void page_policies(struct page *);	/* page_kernel.c */
void page_sas(struct page *);
void page_certs(struct page *);		/* page_certs.c */
void page_certs_post(struct page *);
void page_log(struct page *);		/* page_log.c */
void page_tunnel_log(struct page *);
void page_lately(struct page *, size_t rows);	/* the newest events, on another page */
void page_audit(struct page *);		/* page_look.c */
void page_system(struct page *);
void page_users(struct page *);		/* page_users.c */
void page_users_post(struct page *);
void page_user_post(struct page *);
void page_session_end(struct page *);
void page_token_end(struct page *);
void page_tokens_post(struct page *);

#endif

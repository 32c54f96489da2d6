/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates and the CA: one call to keymgr a request, several for a list. Descriptors of files.sock are passed on unread. */
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "certbody.h"
#include "certs.h"
#include "certwatch.h"
#include "clock.h"
#include "files.h"
#include "keymgrcall.h"

#define MISSING	"'ikectl show certs' tells what is here."

/* ---- answers ---- */

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	req_error(arg, 504, R_BUSY, "It is not done yet; it goes on.", "'ikectl show certs' tells when it is.");
}

static void
list_late(void *arg)
{
	req_error(arg, 504, R_KEYMGR_DOWN, "The key manager does not answer.", NULL);
}

static void
made_done(void *arg, enum reason reason, struct rd *body)
{
	struct req *r = arg;
	struct cert_made made;

	r->call = 0;
	certwatch_look(r->s->certs);
	if (reason != R_OK)
		keymgr_fail(r, reason, body, MISSING);
	else if (!cert_made_get(body, &made) || !rd_done(body))
		req_error(r, 502, R_INTERNAL, NULL, NULL);
	else
		req_reply(r, 200, cert_made_json(&made));
}

static void
removed_done(void *arg, enum reason reason, struct rd *body)
{
	struct req *r = arg;

	certwatch_look(r->s->certs);
	if (reason == R_NOT_FOUND) {
		r->call = 0;
		keymgr_fail(r, reason, body, MISSING);
	} else {
		keymgr_removed(r, reason, body);
	}
}

/* ---- calls ---- */

/* fd: -1 none; it stays the caller's. */
static void
call(struct req *r, uint16_t type, const struct wr *w, int fd, ipc_done *done)
{
	keymgr_call(r, type, w, fd, done, on_late);
}

/* The body, or NULL after an error. */
static struct certbody *
body_of(struct req *r, enum certbody_kind kind)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->http);
	size_t n = evbuffer_get_length(in);
	struct certbody *b = malloc(sizeof(*b));
	char why[300] = "The body is too long.";

	if (b && n <= 4 * CERT_PEM_MAX && certbody_get(n ? (const char *)evbuffer_pullup(in, -1) : "", n, kind, b, why, sizeof(why)))
		return b;
	free(b);
	req_error(r, 400, R_REQUEST_INVALID, why, NULL);
	return NULL;
}

/* The descriptor of the query's ticket. False after an error. */
static bool
file_of(struct req *r, bool needed, int *fd)
{
	const char *ticket = req_query(r, "files");

	*fd = ticket ? api_take_file(r->api, ticket) : -1;
	if (*fd >= 0 || (!ticket && !needed))
		return true;
	req_error(r, 400, R_REQUEST_INVALID, ticket ? "The ticket of 'files' is not known (any more)." : "The query 'files' is missing.",
	    "A descriptor is handed over on files.sock first; doc/api.md tells how.");
	return false;
}

/* Who a site is when nobody says: what the site file in force says, and nothing when it does not know it. */
static unsigned
site_ids(const struct req *r, const char *site, char ids[CERT_IDS][ID_CAP])
{
	const struct site *s = r->s->sites ? sites_find(r->s->sites, site) : NULL;

	if (s == NULL)
		return 0;
	snprintf(ids[0], ID_CAP, "%s", s->id);
	return 1;
}

/* ---- requests ---- */

#define MESSAGE	(CERT_PEM_MAX + 8192)

void
post_csr(struct req *r)
{
	struct certbody *b = keymgr_named(r) ? body_of(r, BODY_CSR) : NULL;
	uint8_t buf[MESSAGE];
	struct wr w = wr_of(buf, sizeof(buf));

	if (!b)
		return;
	snprintf(b->csr.name, sizeof(b->csr.name), "%.63s", r->name);
	if (b->csr.nids == 0)
		b->csr.nids = site_ids(r, r->name, b->csr.ids);
	if (b->csr.nids == 0)
		snprintf(b->csr.ids[b->csr.nids++], ID_CAP, "fqdn:%s", r->name);
	cert_csr_put(&w, &b->csr);
	free(b);
	req_audit(r, "certificate request", r->name);
	call(r, CERT_CSR, &w, -1, made_done);
}

/* A box (msg_cert.h) around a certificate that came in the body: public, so it may pass through here. -1 after an error. */
static int
box_of(struct req *r, const struct certbody *b)
{
	uint8_t buf[CERT_BOX_HEAD + CERT_PEM_MAX];
	struct wr w = wr_of(buf, sizeof(buf));
	int fd = memfd_create("certificate", MFD_CLOEXEC);

	wr_le32(&w, (uint32_t)b->pem_n);
	wr_le32(&w, 0);
	wr_le32(&w, 0);
	wr_mem(&w, b->request, b->pem_n);
	if (fd >= 0 && wr_ok(&w) && pwrite(fd, buf, w.n, 0) == (ssize_t)w.n)
		return fd;
	if (fd >= 0)
		close(fd);
	req_error(r, 503, R_NO_MEMORY, NULL, NULL);
	return -1;
}

void
post_import(struct req *r)
{
	struct certbody *b = body_of(r, BODY_IMPORT);
	uint8_t buf[MESSAGE];
	struct wr w = wr_of(buf, sizeof(buf));
	int fd = -1;

	if (b && (b->pem_n ? (fd = box_of(r, b)) >= 0 : file_of(r, true, &fd))) {
		cert_import_put(&w, &b->import);
		req_audit(r, "certificate import", b->import.name);
		call(r, CERT_IMPORT, &w, fd, made_done);
		close(fd);
	}
	free(b);
}

void
post_export(struct req *r)
{
	struct certbody *b = keymgr_named(r) ? body_of(r, BODY_EXPORT) : NULL;
	uint8_t buf[MESSAGE];
	struct wr w = wr_of(buf, sizeof(buf));
	int fd = -1;

	if (b && file_of(r, true, &fd)) {
		snprintf(b->export.name, sizeof(b->export.name), "%.63s", r->name);
		cert_export_put(&w, &b->export);
		req_audit(r, b->export.with_key || b->export.form == CERT_AS_P12 ? "certificate and key export" : "certificate export", r->name);
		call(r, CERT_EXPORT, &w, fd, made_done);
		close(fd);
	}
	free(b);
}

void
post_remove(struct req *r)
{
	keymgr_remove(r, CERT_REMOVE, "certificate removal", removed_done, on_late);
}

void
post_ca_init(struct req *r)
{
	struct certbody *b = keymgr_named(r) ? body_of(r, BODY_INIT) : NULL;
	uint8_t buf[MESSAGE];
	struct wr w = wr_of(buf, sizeof(buf));

	if (!b)
		return;
	snprintf(b->init.name, sizeof(b->init.name), "%.63s", r->name);
	ca_init_put(&w, &b->init);
	free(b);
	req_audit(r, "new CA", r->name);
	call(r, CA_INIT, &w, -1, made_done);
}

/* Without names: a renewal has those of before, a site that the file knows its own, any other one those that its request has. */
void
post_ca_issue(struct req *r)
{
	struct certbody *b = keymgr_named(r) ? body_of(r, BODY_ISSUE) : NULL;
	uint8_t buf[MESSAGE];
	struct wr w = wr_of(buf, sizeof(buf));

	if (!b)
		return;
	snprintf(b->issue.ca, sizeof(b->issue.ca), "%.63s", r->name);
	if (b->issue.nids == 0 && !b->issue.renew)
		b->issue.nids = site_ids(r, b->issue.site, b->issue.ids);
	ca_issue_put(&w, &b->issue);
	req_audit(r, b->issue.renew ? "certificate renewal" : "certificate issue", b->issue.site);
	free(b);
	call(r, CA_ISSUE, &w, -1, made_done);
}

void
post_ca_revoke(struct req *r)
{
	struct certbody *b = keymgr_named(r) ? body_of(r, BODY_REVOKE) : NULL;
	uint8_t buf[MESSAGE];
	struct wr w = wr_of(buf, sizeof(buf));

	if (!b)
		return;
	snprintf(b->revoke.ca, sizeof(b->revoke.ca), "%.63s", r->name);
	ca_revoke_put(&w, &b->revoke);
	req_audit(r, "certificate revocation", b->revoke.site[0] ? b->revoke.site : b->revoke.serial);
	free(b);
	call(r, CA_REVOKE, &w, -1, made_done);
}

void
post_ca_crl(struct req *r)
{
	struct certbody *b = keymgr_named(r) ? body_of(r, BODY_CRL) : NULL;
	uint8_t buf[MESSAGE];
	struct wr w = wr_of(buf, sizeof(buf));
	int fd = -1;

	if (b && file_of(r, false, &fd)) {
		snprintf(b->crl.ca, sizeof(b->crl.ca), "%.63s", r->name);
		ca_crl_put(&w, &b->crl);
		req_audit(r, "revocation list", r->name);
		call(r, CA_CRL, &w, fd, made_done);
		if (fd >= 0)
			close(fd);
	}
	free(b);
}

/* ---- lists, page by page ---- */

static void ask_certs(struct req *, const char *after);
static void ask_issued(struct req *);

/* What needs somebody first, with "order=worst". */
static json_t *
worst_first(const json_t *list)
{
	json_t *out = json_array(), *c;
	size_t i;

	for (int good = 0; good <= 1; good++)
		json_array_foreach(list, i, c)
			if ((strcmp(json_string_value(json_object_get(c, "reason")), "OK") == 0) == (good != 0))
				json_array_append(out, c);
	return out;
}

static void
reply_certs(struct req *r)
{
	json_t *list = req_query(r, "order") ? worst_first(r->list) : json_incref(r->list), *issuing = json_array(), *c;
	size_t i;

	json_array_foreach(r->list, i, c)
		if (json_is_true(json_object_get(c, "issues")))
			json_array_append(issuing, json_object_get(c, "name"));
	req_reply(r, 200, json_pack("{s:o, s:I, s:o}", "certs", window_of(r, list, false), "total", (json_int_t)json_array_size(list), "issuing", issuing));
	json_decref(list);
}

static void
certs_done(void *arg, enum reason reason, struct rd *body)
{
	struct cert_info *c = malloc(sizeof(*c));
	struct req *r = arg;
	char after[NAME_CAP] = "";
	unsigned n;

	r->call = 0;
	if (reason != R_OK || c == NULL) {
		keymgr_fail(r, c ? reason : R_NO_MEMORY, c ? body : NULL, MISSING);
		free(c);
		return;
	}
	n = rd_le16(body);
	for (unsigned i = 0; i < n && cert_info_get(body, c); i++) {
		json_array_append_new(r->list, cert_info_json(c, clock_wall_s()));
		snprintf(after, sizeof(after), "%s", c->name);
	}
	free(c);
	if (!rd_done(body))
		req_error(r, 502, R_INTERNAL, NULL, NULL);
	else if (n)
		ask_certs(r, after);
	else
		reply_certs(r);
}

static void
ask_certs(struct req *r, const char *after)
{
	struct pump *k = &r->s->keymgr;
	uint8_t buf[128];
	struct wr w = wr_of(buf, sizeof(buf));

	str_put(&w, after);
	r->call_link = k->ipc;
	r->call = k->up ? ipc_call(k->ipc, CERT_LIST, wr_bytes(&w), R_KEYMGR_DOWN, certs_done, r) : 0;
	if (r->call == 0)
		req_error(r, 503, R_KEYMGR_DOWN, NULL, NULL);
}

void
get_certs(struct req *r)
{
	const char *order = req_query(r, "order");

	if (order && strcmp(order, "worst") != 0) {
		req_error(r, 400, R_REQUEST_INVALID, "'order' is worst.", "");
		return;
	}
	if (!window_good(r))
		return;
	r->late = list_late;
	r->list = json_array();
	ask_certs(r, "");
}

static void
issued_done(void *arg, enum reason reason, struct rd *body)
{
	struct ca_issued c;
	struct req *r = arg;
	unsigned n;

	r->call = 0;
	if (reason != R_OK) {
		keymgr_fail(r, reason, body, MISSING);
		return;
	}
	n = rd_le16(body);
	for (unsigned i = 0; i < n && ca_issued_get(body, &c); i++)
		json_array_append_new(r->list, ca_issued_json(&c, clock_wall_s()));
	r->paged += n;
	if (!rd_done(body))
		req_error(r, 502, R_INTERNAL, NULL, NULL);
	else if (n)
		ask_issued(r);
	else
		req_reply(r, 200, json_pack("{s:s, s:o, s:I}", "ca", r->name, "issued", window_of(r, r->list, req_query(r, "limit") != NULL), "total",
		    (json_int_t)json_array_size(r->list)));
}

static void
ask_issued(struct req *r)
{
	struct pump *k = &r->s->keymgr;
	uint8_t buf[128];
	struct wr w = wr_of(buf, sizeof(buf));

	str_put(&w, r->name);
	wr_le32(&w, r->paged);
	r->call_link = k->ipc;
	r->call = k->up ? ipc_call(k->ipc, CA_LIST, wr_bytes(&w), R_KEYMGR_DOWN, issued_done, r) : 0;
	if (r->call == 0)
		req_error(r, 503, R_KEYMGR_DOWN, NULL, NULL);
}

void
get_issued(struct req *r)
{
	if (!window_good(r) || !keymgr_named(r))
		return;
	r->late = list_late;
	r->list = json_array();
	ask_issued(r);
}

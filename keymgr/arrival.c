/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a source gives is judged here, wherever it came from: the network, the cache, a file. It replaces what was known only when it is valid
 * and not older: who could make us take back a list could make us forget a revocation.
 */
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certtext.h"
#include "dn.h"
#include "log.h"
#include "source_in.h"
#include "store.h"

#define NUMBER	40	/* of a list, in words */

static void __attribute__((format(printf, 3, 4)))
fail(struct source *s, enum reason r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->detail, sizeof(s->detail), fmt, ap);
	va_end(ap);
	s->reason = r;
}

static void
well(struct source *s)
{
	s->reason = R_OK;
	s->detail[0] = '\0';
}

/* Lists */

static bool
is_name_of(struct bytes name, X509 *x)
{
	uint8_t *der = NULL;
	int n = i2d_X509_NAME(X509_get_subject_name(x), &der);
	bool same = n > 0 && bytes_eq(name, bytes_of(der, (size_t)n));

	OPENSSL_free(der);
	return same;
}

static const char *
name_text(struct bytes name, char *buf, size_t cap)
{
	if (!dn_from_der(name, buf, cap))
		snprintf(buf, cap, "another CA");
	return buf;
}

/* Which of the CAs that are known from valid paths signed it? NULL and the reason. */
static struct issuer *
who_signed(struct source *s, const struct crl *c)
{
	char name[160];
	const char *why = "", *one;
	bool named = false;

	for (struct issuer *i = s->all->issuers; i; i = i->next) {
		if (!is_name_of(c->issuer, i->cert))
			continue;
		named = true;
		if (X509_get0_pubkey(i->cert) && crl_signed_by(c, X509_get0_pubkey(i->cert), &one))
			return i;
		if (one[0])
			why = one;
	}
	ERR_clear_error();
	name_text(c->issuer, name, sizeof(name));
	if (!named)
		fail(s, R_CRL_INVALID, "it is a list of %s", name);
	else if (why[0])
		fail(s, R_CRL_INVALID, "its signature cannot be used: %.150s", why);
	else
		fail(s, R_CRL_INVALID, "it is not signed with the key of %s", name);
	return NULL;
}

/* RFC 5280 5.2.3: numbers grow. Lists of other keys or other scopes have numbers of their own. */
static bool
is_older(const struct source *s, const struct crl *c, const struct issuer *i)
{
	int cmp;

	if (s->list.der == NULL || s->list_issuer != i || !bytes_eq(s->list.scope, c->scope))
		return false;
	cmp = c->number.n && s->list.number.n ? crl_number_cmp(c->number, s->list.number) : 0;
	return cmp < 0 || (cmp == 0 && c->this_update < s->list.this_update);
}

static void
number_text(struct bytes n, char buf[static NUMBER])
{
	uint64_t v = 0;

	for (size_t i = 0; i < n.n; i++)
		v = v << 8 | n.p[i];
	if (n.n <= 8)
		snprintf(buf, NUMBER, "%llu", (unsigned long long)v);
	else
		snprintf(buf, NUMBER, "of %zu octets", n.n);
}

static bool
check_list(struct source *s, const struct crl *c, struct issuer **who)
{
	uint64_t now = s->all->now();
	char date[32], had[NUMBER], has[NUMBER];

	if (c->this_update > now + s->all->skew) {
		certtext_date(c->this_update, date);
		fail(s, R_CRL_INVALID, "it is from the future, %s: compare the clocks", date);
		return false;
	}
	if ((*who = who_signed(s, c)) == NULL)
		return false;
	if (!(*who)->may_sign) {
		fail(s, R_CRL_INVALID, "the CA may not sign lists: its certificate has no key usage cRLSign");
		return false;
	}
	if (is_older(s, c, *who)) {
		number_text(s->list.number, had);
		number_text(c->number, has);
		fail(s, R_CRL_INVALID, "it is older (number %s) than the one that is known (number %s)", has, had);
		return false;
	}
	return true;
}

/* True: it counts, and is the source's now. */
static bool
take_list(struct source *s, struct bytes in, uint64_t when)
{
	struct issuer *who = NULL;
	struct crl c;
	const char *why = crl_read(in, &c);

	if (why) {
		fail(s, R_CRL_INVALID, "%s", why);
		return false;
	}
	if (!check_list(s, &c, &who)) {
		crl_free(&c);
		return false;
	}
	if (!source_room(s, c.n + c.nentries * 8)) {
		fail(s, R_CRL_TOO_LARGE, "all lists of this CA together are larger than %u MiB", SOURCE_ANCHOR >> 20);
		crl_free(&c);
		return false;
	}
	if (!crl_index(&c)) {
		fail(s, R_NO_MEMORY, "no memory");
		crl_free(&c);
		return false;
	}
	who->refs++;
	source_forget(s);
	s->list = c;
	s->list_issuer = who;
	s->came = when;
	source_plan(s, c.this_update, c.next_update);
	well(s);
	return true;
}

/* OCSP */

static bool
take_answer(struct source *s, struct bytes in, uint64_t when, bool asked)
{
	struct ocsp_answer a;
	char detail[OCSP_DETAIL];
	uint8_t *copy;
	struct bytes nonce = bytes_of(s->nonce, asked ? sizeof(s->nonce) : 0);
	enum reason r = ocsp_read(in, s->issuer->cert, bytes_of(s->serial, s->nserial), nonce, s->all->now(), s->all->skew, &a, detail);

	if (r != R_OK) {
		fail(s, r, "%s", detail);
		return false;
	}
	if (s->answer_der.n && a.this_update < s->answer.this_update) {
		fail(s, R_OCSP_INVALID, "it is older than the one that is known");
		return false;
	}
	if ((copy = malloc(in.n)) == NULL) {
		fail(s, R_NO_MEMORY, "no memory");
		return false;
	}
	memcpy(copy, in.p, in.n);
	source_forget(s);
	s->answer = a;
	s->answer_der = bytes_of(copy, in.n);
	s->came = when;
	source_plan(s, a.this_update, a.next_update ? a.next_update : a.this_update + OCSP_UNDATED_S);
	well(s);
	return true;
}

/* At hand */

/* A file counts at once; it is its own cache. */
static void
look_at_file(struct source *s)
{
	char detail[STORE_DETAIL], dir[512];
	char *slash;
	uint8_t *buf = NULL;
	struct stat st, seen;
	size_t n = 0;
	int fd = -1;

	if (stat(s->url, &st) != 0) {
		source_forget(s);
		s->ino = 0;
		fail(s, R_CRL_MISSING, "there is no such file");
		return;
	}
	if (st.st_ino == s->ino && (uint64_t)st.st_size == s->size && st.st_mtim.tv_sec == s->mtime.tv_sec && st.st_mtim.tv_nsec == s->mtime.tv_nsec)
		return;
	snprintf(dir, sizeof(dir), "%s", s->url);
	slash = strrchr(dir, '/');
	*slash++ = '\0';
	s->asked = s->all->now();
	if (store_open(dir, slash, STORE_PUBLIC, CRL_MAX * 3ull / 2, &fd, &seen, detail) != R_OK) {
		fail(s, R_CRL_INVALID, "%.250s", detail);
	} else {
		if ((buf = malloc((size_t)seen.st_size + 1)) != NULL && store_read_fd(fd, buf, (size_t)seen.st_size, &n))
			take_list(s, bytes_of(buf, n), s->asked);
		else
			fail(s, R_CRL_INVALID, "it cannot be read");
		close(fd);
		free(buf);
	}
	s->ino = st.st_ino;
	s->size = (uint64_t)st.st_size;
	s->mtime = st.st_mtim;
	if (s->reason != R_OK)
		log_at(LOG_WARN, NULL, "crl_file", s->reason, "The list %s is of no use: %s.", s->url, s->detail);
	if (s->all->changed)
		s->all->changed(s->all->ctx, s);
}

/* When none of the CAs known now signed it, it is left where it is. */
static void
look_into_cache(struct source *s)
{
	uint64_t when;
	bool list = s->kind == SOURCE_LIST, ok;
	struct bytes b = cache_get(s->all->cache, s->key, list ? CRL_MAX : OCSP_ANSWER_MAX, &when);

	s->looked = true;
	if (b.n == 0)
		return;
	ok = list ? take_list(s, b, when) : take_answer(s, b, when, false);
	if (!ok) {
		log_at(LOG_INFO, NULL, "cache_unusable", s->reason, "What the cache has of %s is of no use: %s.", s->url, s->detail);
		cache_drop(s->all->cache, s->key);
		well(s);	/* the server was not asked yet */
	}
	free((void *)(uintptr_t)b.p);
}

void
source_look(struct source *s)
{
	s->used = s->all->now();
	if (s->kind == SOURCE_FILE)
		look_at_file(s);
	else if (!s->looked && s->came == 0)
		look_into_cache(s);
}

/* The network */

void
source_arrived(void *arg, enum reason r, const char *detail, struct bytes octets)
{
	struct source *s = arg;
	bool list = s->kind == SOURCE_LIST, was_well = s->reason == R_OK, ok = false;
	uint64_t now = s->all->now();

	s->flight = 0;
	s->again = now + SOURCE_AGAIN_S;
	if (r == R_OK && !list && octets.n > OCSP_ANSWER_MAX)
		fail(s, R_OCSP_INVALID, "it is no OCSP answer");
	else if (r == R_OK)
		ok = list ? take_list(s, octets, now) : take_answer(s, octets, now, true);
	else
		fail(s, r, "%s", r == R_FETCH_DOWN ? "keymgr-fetch is not running" : detail);
	if (r == R_FETCH_DOWN)
		s->again = now + 1;
	if (r == R_OK && !ok && s->refs == 0 && !s->kept) {
		/* who needed it went meanwhile, and with them, perhaps, who told which CA it is of: the next one asks again */
		s->again = 0;
		well(s);
		return;
	}
	if (ok && list)
		cache_put(s->all->cache, s->key, bytes_of(s->list.der, s->list.n));
	else if (ok)
		cache_put(s->all->cache, s->key, s->answer_der);
	if (ok)
		log_debug(NULL, "revocation_list", "%s was fetched: %zu octets.", s->url, octets.n);
	else if (was_well)
		log_at(LOG_WARN, NULL, "revocation_list", s->reason, "%s cannot be used: %s.", s->url, s->detail);
	if (s->all->changed)
		s->all->changed(s->all->ctx, s);
}

bool
source_ask(struct source *s)
{
	struct bytes post = { NULL, 0 };
	uint8_t q[FETCH_POST];

	if (s->flight)
		return true;
	if (s->kind == SOURCE_FILE || s->all->now() < s->again || strlen(s->url) >= FETCH_URL)
		return false;
	if (s->kind == SOURCE_OCSP) {
		if (RAND_bytes(s->nonce, sizeof(s->nonce)) != 1)
			return false;
		post = bytes_of(q, ocsp_request(s->issuer->cert, bytes_of(s->serial, s->nserial), bytes_of(s->nonce, sizeof(s->nonce)), q, sizeof(q)));
		if (post.n == 0)
			return false;
	}
	s->asked = s->all->now();
	s->flight = fetching_get(s->all->fetching, s->url, s->configured, post, source_arrived, s);
	if (s->flight == 0) {
		s->again = s->asked + SOURCE_AGAIN_S;
		fail(s, R_CRL_UNREACHABLE, "too many addresses are being fetched");
	}
	return s->flight != 0;
}

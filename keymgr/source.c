/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "source.h"
#include "source_in.h"
#include "store.h"

/* Issuers */

static bool
issuer_id(X509 *x, uint8_t id[static 32])
{
	uint8_t *name = NULL, *key = NULL;
	int n = i2d_X509_NAME(X509_get_subject_name(x), &name), k = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &key);
	EVP_MD_CTX *m = EVP_MD_CTX_new();
	bool ok = m && n > 0 && k > 0 && EVP_DigestInit_ex(m, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(m, name, (size_t)n) == 1 &&
	    EVP_DigestUpdate(m, key, (size_t)k) == 1 && EVP_DigestFinal_ex(m, id, NULL) == 1;

	EVP_MD_CTX_free(m);
	OPENSSL_free(name);
	OPENSSL_free(key);
	return ok;
}

struct issuer *
issuer_get(struct sources *all, X509 *x)
{
	struct issuer *i;
	uint8_t id[32];

	if (!issuer_id(x, id))
		return NULL;
	for (i = all->issuers; i; i = i->next)
		if (memcmp(i->id, id, sizeof(id)) == 0)
			break;
	if (i == NULL) {
		if ((i = calloc(1, sizeof(*i))) == NULL)
			return NULL;
		memcpy(i->id, id, sizeof(id));
		X509_up_ref(x);
		i->cert = x;
		i->may_sign = (X509_get_key_usage(x) & KU_CRL_SIGN) != 0;	/* all bits without the extension */
		i->next = all->issuers;
		all->issuers = i;
	}
	i->refs++;
	return i;
}

void
issuer_put(struct sources *all, struct issuer *i)
{
	struct issuer **pp = &all->issuers;

	if (i == NULL || --i->refs > 0)
		return;
	while (*pp != i)
		pp = &(*pp)->next;
	*pp = i->next;
	X509_free(i->cert);
	free(i);
}

/* The table */

static bool
key_of(enum source_kind kind, const char *url, struct issuer *issuer, struct bytes serial, uint8_t key[static CACHE_KEY])
{
	static const uint8_t none[32];
	uint8_t k = (uint8_t)kind;
	EVP_MD_CTX *m = EVP_MD_CTX_new();
	bool ok = m && EVP_DigestInit_ex(m, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(m, url, strlen(url)) == 1;

	/* a list's is the SHA-256 of its address alone, so that people find it */
	if (ok && kind != SOURCE_LIST)
		ok = EVP_DigestUpdate(m, &k, 1) == 1 && EVP_DigestUpdate(m, issuer ? issuer->id : none, 32) == 1 &&
		    EVP_DigestUpdate(m, serial.p, serial.n) == 1;
	ok = ok && EVP_DigestFinal_ex(m, key, NULL) == 1;
	EVP_MD_CTX_free(m);
	return ok;
}

static size_t
octets(const struct source *s)
{
	return s->list.n + s->list.nentries * 8 + s->answer_der.n;
}

void
source_forget(struct source *s)
{
	crl_free(&s->list);
	issuer_put(s->all, s->list_issuer);
	s->list_issuer = NULL;
	free((void *)(uintptr_t)s->answer_der.p);
	s->answer_der = bytes_of(NULL, 0);
}

static struct source **
bucket_of(struct sources *all, const uint8_t key[static CACHE_KEY])
{
	return &all->bucket[(key[0] << 8 | key[1]) % SOURCE_BUCKETS];
}

static void
drop(struct source *s)
{
	struct source **pp = &s->all->list;

	while (*pp != s)
		pp = &(*pp)->next;
	*pp = s->next;
	pp = bucket_of(s->all, s->key);
	while (*pp != s)
		pp = &(*pp)->same;
	*pp = s->same;
	s->all->n--;
	fetching_cancel(s->all->fetching, s->flight);
	source_forget(s);
	issuer_put(s->all, s->issuer);
	free(s->url);
	free(s);
}

/* Those that nobody needs now are kept while there is room; the one that was not used for longest goes. */
static bool
drop_oldest(struct sources *all, const char *anchor)
{
	struct source *old = NULL;

	for (struct source *s = all->list; s; s = s->next)
		if (s->refs == 0 && !s->kept && s->flight == 0 && (anchor == NULL || strcmp(s->anchor, anchor) == 0) && (old == NULL || s->used < old->used))
			old = s;
	if (old)
		drop(old);
	return old != NULL;
}

bool
source_room(struct source *s, size_t n)
{
	struct sources *all = s->all;

	for (;;) {
		size_t sum = n, own = n;
		bool over_own;

		for (const struct source *t = all->list; t; t = t->next) {
			if (t == s)
				continue;
			sum += octets(t);
			own += strcmp(t->anchor, s->anchor) == 0 ? octets(t) : 0;
		}
		over_own = own > SOURCE_ANCHOR;
		if (!over_own && sum <= SOURCE_LISTS)
			return true;
		s->refs++;		/* not itself */
		if (!drop_oldest(all, over_own ? s->anchor : NULL)) {
			s->refs--;
			return false;
		}
		s->refs--;
	}
}

static struct source *
get(struct sources *all, enum source_kind kind, const char *url, bool configured, const char *anchor, struct issuer *issuer, struct bytes serial)
{
	uint8_t key[CACHE_KEY];
	struct source *s;

	if (serial.n > SOURCE_SERIAL || !key_of(kind, url, issuer, serial, key))
		return NULL;
	for (s = *bucket_of(all, key); s; s = s->same)
		if (s->kind == kind && memcmp(s->key, key, sizeof(key)) == 0)
			break;
	if (s == NULL) {
		if ((all->n >= SOURCES_MAX && !drop_oldest(all, NULL)) || (s = calloc(1, sizeof(*s))) == NULL)
			return NULL;
		if ((s->url = strdup(url)) == NULL) {
			free(s);
			return NULL;
		}
		s->all = all;
		s->kind = kind;
		memcpy(s->key, key, sizeof(key));
		snprintf(s->anchor, sizeof(s->anchor), "%s", anchor);
		s->nserial = serial.n;
		if (serial.n)
			memcpy(s->serial, serial.p, serial.n);
		if ((s->issuer = issuer) != NULL)
			issuer->refs++;
		s->next = all->list;
		all->list = s;
		s->same = *bucket_of(all, key);
		*bucket_of(all, key) = s;
		all->n++;
	}
	s->configured |= configured;
	s->used = all->now();
	s->refs++;
	return s;
}

struct source *
source_list(struct sources *all, const char *url, bool configured, const char *anchor)
{
	return get(all, SOURCE_LIST, url, configured, anchor, NULL, bytes_of(NULL, 0));
}

struct source *
source_file(struct sources *all, const char *dir, const char *anchor)
{
	char path[512];
	int n = snprintf(path, sizeof(path), "%s/%s.crl", dir, anchor);

	return n > 0 && (size_t)n < sizeof(path) ? get(all, SOURCE_FILE, path, true, anchor, NULL, bytes_of(NULL, 0)) : NULL;
}

struct source *
source_ocsp(struct sources *all, const char *url, bool configured, const char *anchor, struct issuer *issuer, struct bytes serial)
{
	return get(all, SOURCE_OCSP, url, configured, anchor, issuer, serial);
}

void
source_ref(struct source *s)
{
	s->refs++;
}

void
source_put(struct source *s)
{
	if (s)
		s->refs--;
}

bool
sources_init(struct sources *all, struct fetching *f, const char *cache_dir, uint64_t (*now)(void), uint64_t skew)
{
	memset(all, 0, sizeof(*all));
	all->fetching = f;
	all->now = now;
	all->skew = skew;
	all->cache = cache_new(cache_dir ? cache_dir : "");
	return all->cache != NULL;
}

void
sources_fini(struct sources *all)
{
	while (all->list)
		drop(all->list);
	cache_free(all->cache);
}

/* Times */

bool
source_fresh(const struct source *s, uint64_t now)
{
	uint64_t end = 0;

	if (s->list.der)
		end = s->list.next_update;
	else if (s->answer_der.n)
		end = s->answer.next_update ? s->answer.next_update : s->answer.this_update + OCSP_UNDATED_S;
	return end + s->all->skew >= now && end != 0;
}

/*
 * At some point between 75 and 85 % of its life it is asked for again, not all of them at once. Where the CA gives the same one again,
 * the rest of its life is cut in four; there is a minute between two questions in any case.
 */
void
source_plan(struct source *s, uint64_t from, uint64_t to)
{
	uint64_t now = s->all->now(), life = to > from ? to - from : 0, at;
	uint16_t roll = 0;

	RAND_bytes((unsigned char *)&roll, sizeof(roll));
	at = from + life * 75 / 100 + life / 1000 * (roll % 100);
	if (at <= now)
		at = now + (to > now ? (to - now) / 4 : 0);
	s->refresh = at > now + SOURCE_AGAIN_S ? at : now + SOURCE_AGAIN_S;
}

void
sources_tend(struct sources *all)
{
	uint64_t now = all->now();

	for (struct source *s = all->list, *next; s; s = next) {
		bool wanted = s->refs > 0 || s->kept;

		s->refs++;	/* changed() may drop others, and make new ones, which stand in front */
		if (!wanted)
			;
		else if (s->kind == SOURCE_FILE)
			source_look(s);
		else if (s->came && now >= s->refresh)
			source_ask(s);
		else if (s->asked && s->came == 0)	/* it never gave anything: the server may be back */
			source_ask(s);
		next = s->next;
		s->refs--;
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Delay, never a lock: nobody keeps somebody else out for more than a minute. The buckets bound the table, whatever names are tried. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <string.h>

#include "accounts.h"
#include "sql.h"

#define FREE		5
#define DELAY_MAX_S	60
#define FORGET_S	3600		/* after so long without a try all is well again */
#define CLIENTS		0x10000

struct attempt { int64_t bucket, failures, last, next, said; };

static int64_t
bucket_of(const void *what, size_t n)
{
	uint8_t d[EVP_MAX_MD_SIZE] = { 0 };

	EVP_Digest(what, n, d, NULL, EVP_sha256(), NULL);
	return d[0] << 8 | d[1];
}

/* An IPv6 network of 64 bits is one client, however its addresses are written; an IPv4 address in IPv6 is the IPv4 address. */
static int64_t
client_bucket(const char *client)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, client, &four) == 1)
		return CLIENTS + bucket_of(&four, 4);
	if (inet_pton(AF_INET6, client, &six) == 1)
		return CLIENTS + (IN6_IS_ADDR_V4MAPPED(&six) ? bucket_of(six.s6_addr + 12, 4) : bucket_of(six.s6_addr, 8));
	return CLIENTS + bucket_of("", 0);
}

static bool
load(struct store *s, int64_t bucket, uint64_t now, struct attempt *a)
{
	sqlite3_stmt *st = sql_prepare(store_db(s), "SELECT failures, last, next, said FROM attempt WHERE bucket = ?1", "i", bucket);
	int rc = st ? sqlite3_step(st) : SQLITE_ERROR;

	*a = (struct attempt){ .bucket = bucket };
	if (rc == SQLITE_ROW) {
		a->failures = sqlite3_column_int64(st, 0);
		a->last = sqlite3_column_int64(st, 1);
		a->next = sqlite3_column_int64(st, 2);
		a->said = sqlite3_column_int64(st, 3);
	}
	sqlite3_finalize(st);
	/* A clock that was set back must not keep anybody out. */
	if (a->last > (int64_t)now || a->last + FORGET_S < (int64_t)now)
		*a = (struct attempt){ .bucket = bucket };
	return rc == SQLITE_ROW || rc == SQLITE_DONE;	/* a read that failed is not a first try */
}

static bool
save(struct store *s, const struct attempt *a)
{
	return sql_finish(sql_prepare(store_db(s), "INSERT OR REPLACE INTO attempt (bucket, failures, last, next, said) VALUES (?1, ?2, ?3, ?4, ?5)", "iiiii",
	    a->bucket, a->failures, a->last, a->next, a->said));
}

static void
charge(struct attempt *a, uint64_t now)
{
	int64_t over = ++a->failures - FREE;

	a->last = (int64_t)now;
	a->next = (int64_t)now + (over < 0 ? 0 : over < 6 ? (int64_t)1 << over : DELAY_MAX_S);
	a->said = 0;
}

enum reason
throttle_charge(struct store *s, const char *user, const char *client, uint64_t now, unsigned *wait_s, bool *first)
{
	struct attempt a[2];
	bool ok = sql_run(store_db(s), "BEGIN IMMEDIATE") && load(s, bucket_of(user, strlen(user)), now, &a[0]) && load(s, client_bucket(client), now, &a[1]);
	int64_t until = ok ? a[0].next > a[1].next ? a[0].next : a[1].next : 0;

	*wait_s = until > (int64_t)now ? (unsigned)(until - (int64_t)now) : 0;
	*first = *wait_s && !(a[0].next >= a[1].next ? &a[0] : &a[1])->said;
	for (int i = 0; ok && i < 2; i++) {
		if (*wait_s == 0)
			charge(&a[i], now);
		else if (a[i].next == until)
			a[i].said = 1;
		ok = (*wait_s && !*first) || save(s, &a[i]);
	}
	if (ok && sql_run(store_db(s), "COMMIT"))
		return *wait_s ? R_LOGIN_THROTTLED : R_OK;
	sql_run(store_db(s), "ROLLBACK");
	return R_STORE_FAILED;
}

/* The address is only given back this one try: an account of one's own must not buy guesses at those of others. */
bool
throttle_clear(struct store *s, const char *user, const char *client, uint64_t now)
{
	struct attempt mine = { .bucket = bucket_of(user, strlen(user)), .last = (int64_t)now }, a;

	if (!save(s, &mine) || !load(s, client_bucket(client), now, &a))
		return false;
	if (a.failures > 0)
		a.failures--;
	a.next = (int64_t)now;
	return save(s, &a);
}

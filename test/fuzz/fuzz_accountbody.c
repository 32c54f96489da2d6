/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON of requests about accounts: what is taken is within its limits; what is not leaves nothing behind, and its sentence holds no value. */
#include <stdlib.h>
#include <string.h>

#include "accountbody.h"
#include "name.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check(const struct accountbody *b, enum accountbody_kind kind)
{
	must(b->user[0] == '\0' || name_ok(b->user));
	must(b->name[0] == '\0' || name_ok(b->name));
	must(b->password.n <= 500 && b->fresh.n <= 500 && b->token.n <= 64);
	must(!memchr(b->password.b, '\0', b->password.n) && !memchr(b->token.b, '\0', b->token.n));
	must(b->role <= ROLE_ADMIN && b->disabled >= -1 && b->disabled <= 1);
	must(kind == ACCOUNT_LOGIN || kind == ACCOUNT_CHANGE || kind >= ACCOUNT_PROOF || kind == ACCOUNT_TOKEN || b->user[0]);
	must(kind != ACCOUNT_TOKEN || (b->name[0] && b->role && b->days >= 1 && b->days <= ACCOUNT_DAYS_MAX));
	must(kind != ACCOUNT_NEW || (b->role && b->password.n));
	must(!password_good(&b->password, b->user) || b->password.n >= 8);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct accountbody none = { .disabled = 0 };
	enum accountbody_kind kind;
	struct accountbody b;
	char why[200] = "";

	if (n == 0)
		return 0;
	kind = (enum accountbody_kind)(p[0] % ACCOUNT_KINDS);
	if (accountbody_get((const char *)p + 1, n - 1, kind, &b, why, sizeof(why)))
		check(&b, kind);
	else
		must(why[0] && memcmp(&b, &none, sizeof(b)) == 0);
	accountbody_wipe(&b);
	return 0;
}

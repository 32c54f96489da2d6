/* SPDX-License-Identifier: BSD-2-Clause */
#include <strings.h>

#include "crl.h"
#include "der.h"

enum { NAME_URI = DER_PLAIN(6) };	/* GeneralName, RFC 5280 4.2.1.6 */

static bool
point_read(struct bytes in, struct distpoint *d)
{
	struct rd r = rd_of(in), name;
	struct bytes b;

	*d = (struct distpoint){ .some_reasons = false };
	if (der_maybe(&r, DER_MADE(0), &b)) {
		name = rd_of(b);
		if (!der_maybe(&name, DER_MADE(0), &d->names))
			der_get(&name, DER_MADE(1));	/* relative to the issuer: nothing that could be fetched */
		if (!rd_done(&name))
			rd_fail(&r);
	}
	d->some_reasons = der_maybe(&r, DER_PLAIN(1), &b);
	der_maybe(&r, DER_MADE(2), &d->issuer);
	return rd_done(&r);
}

unsigned
distpoint_read(struct bytes ext, struct distpoint v[static DISTPOINTS])
{
	struct rd r = rd_of(ext), list = rd_of(der_get(&r, DER_SEQUENCE));
	unsigned n = 0;

	while (rd_left(&list) > 0 && n < DISTPOINTS)
		if (!point_read(der_get(&list, DER_SEQUENCE), &v[n++]))
			return 0;
	return rd_done(&r) && rd_ok(&list) ? n : 0;
}

bool
distpoint_url(struct rd *names, char url[static TRUST_URL])
{
	while (rd_left(names) > 0) {
		uint8_t tag;
		struct bytes b = der_any(names, &tag, NULL);

		if (!rd_ok(names) || tag != NAME_URI || b.n < 8 || b.n >= TRUST_URL || memchr(b.p, '\0', b.n))
			continue;
		if (strncasecmp((const char *)b.p, "http://", 7) != 0 && strncasecmp((const char *)b.p, "https://", 8) != 0)
			continue;
		memcpy(url, b.p, b.n);
		url[b.n] = '\0';
		return true;
	}
	return false;
}

bool
distpoint_has(struct bytes names, const char *url)
{
	struct rd r = rd_of(names);

	while (rd_left(&r) > 0) {
		uint8_t tag;
		struct bytes b = der_any(&r, &tag, NULL);

		if (rd_ok(&r) && tag == NAME_URI && bytes_eq(b, bytes_of(url, strlen(url))))
			return true;
	}
	return false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON bodies of up, down and rekey. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "act.h"
#include "msg_ike.h"

bool
act_body(const char *text, size_t n, struct act *a, char *why, size_t cap)
{
	const char *child = NULL, *what = NULL;
	json_error_t err;
	json_t *j;
	bool ok = true;

	memset(a, 0, sizeof(*a));
	a->what = IKE_REKEY_CHILD;
	if (n == 0)
		return true;
	j = json_loadb(text, n, JSON_REJECT_DUPLICATES, &err);
	if (!j) {
		snprintf(why, cap, "The body is not JSON: %.100s.", err.text);
		return false;
	}
	if (json_unpack_ex(j, &err, JSON_STRICT, "{s?s, s?s}", "child", &child, "what", &what) != 0) {
		snprintf(why, cap, "The body may have 'child' and 'what', both strings.");
		ok = false;
	}
	if (ok && child && !name_ok(child)) {
		snprintf(why, cap, "'child' is not a name.");
		ok = false;
	}
	if (ok && what && strcmp(what, "ike") != 0 && strcmp(what, "child") != 0) {
		snprintf(why, cap, "'what' is 'child' or 'ike'.");
		ok = false;
	}
	if (ok && child)
		snprintf(a->child, sizeof(a->child), "%s", child);
	if (ok && what && strcmp(what, "ike") == 0)
		a->what = IKE_REKEY_SA;
	json_decref(j);
	return ok;
}

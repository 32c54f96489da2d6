/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "racoondiff.h"

static const char *
word(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool
same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void
say(json_t *list, const char *field, const char *here, const char *there)
{
	json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "field", field, "here", here, "there", there));
}

static void
words(json_t *list, const char *field, const char *here, const char *there, const char *unsaid)
{
	if (!same(here, there))
		say(list, field, here ? here : unsaid, there ? there : unsaid);
}

static const char *
seconds(json_t *o, char buf[static 32])
{
	json_t *v = json_object_get(o, "lifetime_s");

	if (!json_is_integer(v))
		return NULL;
	snprintf(buf, 32, "%lld s", (long long)json_integer_value(v));
	return buf;
}

static void
lifetimes(json_t *list, const char *field, json_t *ours, json_t *theirs)
{
	char a[32], b[32];

	words(list, field, seconds(ours, a), seconds(theirs, b), "as preset");
}

/* As IKE finds it (iked.8): the section of the peer's address, else the one for everybody; where no address is said, the only one. */
static json_t *
section(json_t *conf, const char *address)
{
	json_t *all = json_object_get(conf, "remotes"), *v, *anonymous = NULL;
	size_t i;

	json_array_foreach(all, i, v) {
		const char *of = word(v, "address");

		if (address && of && strcmp(of, address) == 0)
			return v;
		if (!of)
			anonymous = v;
	}
	return anonymous ? anonymous : !address && json_array_size(all) == 1 ? json_array_get(all, 0) : NULL;
}

static void
diff_remotes(json_t *list, json_t *ours, json_t *theirs)
{
	if (!ours || !theirs) {
		say(list, "remote", ours ? "there is a section" : "no section is for the other host", theirs ? "there is a section" : "no section is for this host");
		return;
	}
	words(list, "proposals of IKE", word(ours, "ike"), word(theirs, "ike"), "none");
	lifetimes(list, "lifetime of IKE", ours, theirs);
	words(list, "identity of this host", word(ours, "id_local"), word(theirs, "id_remote"), "its address");
	words(list, "identity of the other host", word(ours, "id_remote"), word(theirs, "id_local"), "its address");
	if (json_is_true(json_object_get(ours, "passive")) && json_is_true(json_object_get(theirs, "passive")))
		say(list, "who begins", "passive", "passive");
}

static json_t *
mirror_of(json_t *conf, json_t *sainfo)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(conf, "sainfos"), i, v)
		if (same(word(v, "local"), word(sainfo, "remote")) && same(word(v, "remote"), word(sainfo, "local")))
			return v;
	return NULL;
}

/* "sainfo 10.0.1.0/24 - anonymous", as this host has it. */
static void
name(json_t *sainfo, bool mirrored, const char *what, char *buf, size_t cap)
{
	const char *a = word(sainfo, mirrored ? "remote" : "local"), *b = word(sainfo, mirrored ? "local" : "remote");

	snprintf(buf, cap, "%s%ssainfo %s - %s", what, *what ? " of " : "", a ? a : "anonymous", b ? b : "anonymous");
}

static void
diff_sainfos(json_t *list, json_t *ours, json_t *theirs)
{
	char field[512];
	json_t *v, *m;
	size_t i;

	json_array_foreach(json_object_get(ours, "sainfos"), i, v) {
		m = mirror_of(theirs, v);
		name(v, false, m ? "proposals" : "", field, sizeof(field));
		if (!m) {
			say(list, field, "there is a section", "there is none");
			continue;
		}
		words(list, field, word(v, "esp"), word(m, "esp"), "none");
		name(v, false, "proposals of AH", field, sizeof(field));
		words(list, field, word(v, "ah"), word(m, "ah"), "none");
		name(v, false, "lifetime", field, sizeof(field));
		lifetimes(list, field, v, m);
	}
	json_array_foreach(json_object_get(theirs, "sainfos"), i, v)
		if (!mirror_of(ours, v)) {
			name(v, true, "", field, sizeof(field));
			say(list, field, "there is none", "there is a section");
		}
}

json_t *
racoon_diff(json_t *ours, json_t *theirs, const char *there, const char *here)
{
	json_t *list = json_array();

	diff_remotes(list, section(ours, there), section(theirs, here));
	diff_sainfos(list, ours, theirs);
	return list;
}

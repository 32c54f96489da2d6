/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of lib/yamltree.h becomes sites and tunnels. Every value is checked here by itself; what one part of the file says
 * about another part is sitecheck.c's. A tunnel must carry between, auth, policy (or ike and esp) and start: then a file that
 * was cut inside a tunnel is not valid (doc/decisions/0004-truncated-files.md).
 */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "bypolicy.h"
#include "edit.h"
#include "siteauth.h"

#define DAY	86400ull

const char *const sites_top_keys[] = { "version", "sites", "tunnels", "trust", NULL };
const char *const sites_site_keys[] = { "address", "networks", "id", "auth", NULL };
const char *const sites_tunnel_keys[] = { "between", "auth", "policy", "ike", "esp", "start", "encapsulation", "ike_lifetime",
	"child_lifetime", "children", "labels", "ike_hard_lifetime", "child_hard_lifetime", "child_bytes", "child_packets", "replay_window", "interface", NULL };
static const char *const presets[] = { "modern", "compatible", "legacy", NULL };

static bool
digits(const char **s, uint64_t *v)
{
	const char *p = *s;

	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (*v = 0; *p >= '0' && *p <= '9'; p++) {
		if (*v > (UINT64_MAX - 9) / 10)
			return false;
		*v = *v * 10 + (uint64_t)(*p - '0');
	}
	*s = p;
	return true;
}

static bool
scaled(const char *s, const char *const *units, const uint64_t *factors, uint64_t *v)
{
	if (!digits(&s, v))
		return false;
	for (size_t i = 0; units[i]; i++)
		if (strcmp(s, units[i]) == 0) {
			if (*v > UINT64_MAX / factors[i])
				return false;
			*v *= factors[i];
			return true;
		}
	return false;
}

bool
duration_parse(const char *s, uint64_t *seconds)
{
	static const char *const units[] = { "s", "m", "h", "d", NULL };
	static const uint64_t factors[] = { 1, 60, 3600, DAY };

	return scaled(s, units, factors, seconds);
}

bool
quantity_parse(const char *s, uint64_t *v)
{
	static const char *const units[] = { "", "KiB", "MiB", "GiB", "TiB", NULL };
	static const uint64_t factors[] = { 1, 1ull << 10, 1ull << 20, 1ull << 30, 1ull << 40 };

	return scaled(s, units, factors, v);
}

/* ---- small pieces ---- */

static bool
read_name(struct yt *yt, const char *text, unsigned line, unsigned column, char out[NAME_CAP])
{
	if (!name_ok(text))
		return yt_fail(yt, R_NAME_INVALID, line, column, "Names are lower-case letters, digits and inner hyphens, at most 63.",
		    "'%.80s' is not a name.", text);
	memcpy(out, text, strlen(text) + 1);
	return true;
}

bool
site_name_read(struct yt *yt, const struct yt_node *n, char out[NAME_CAP])
{
	if (n->kind != YT_SCALAR || !n->text)
		return yt_fail_at(yt, n, R_VALUE_INVALID, "", "A name is expected here.");
	return read_name(yt, n->text, n->line, n->column, out);
}

static uint64_t
read_duration(struct yt *yt, const struct yt_node *map, const char *key, uint64_t lo, uint64_t hi, uint64_t fallback)
{
	const char *s = yt_scalar(yt, map, key, YT_MAY);
	uint64_t v;

	if (!s)
		return fallback;
	if (!duration_parse(s, &v)) {
		yt_fail_at(yt, yt_get(yt, map, key, YT_MAY), R_VALUE_INVALID, "Write for example 30s, 10m, 8h or 7d.",
		    "'%s: %.40s' is not a length of time.", key, s);
		return fallback;
	}
	if (v < lo || v > hi) {
		yt_fail_at(yt, yt_get(yt, map, key, YT_MAY), R_VALUE_INVALID, "", "'%s' must be %llu to %llu seconds.", key,
		    (unsigned long long)lo, (unsigned long long)hi);
		return fallback;
	}
	return v;
}

static uint64_t
read_quantity(struct yt *yt, const struct yt_node *map, const char *key, uint64_t lo, uint64_t fallback)
{
	const char *s = yt_scalar(yt, map, key, YT_MAY);
	uint64_t v;

	if (!s)
		return fallback;
	if (!quantity_parse(s, &v) || v < lo) {
		yt_fail_at(yt, yt_get(yt, map, key, YT_MAY), R_VALUE_INVALID, "Write for example 1000000000 or 64GiB.",
		    "'%s: %.40s' is not a number of at least %llu.", key, s, (unsigned long long)lo);
		return fallback;
	}
	return v;
}

/* A word of a list to its number; -1 with the error set. */
int
site_word_read(struct yt *yt, const struct yt_node *map, const char *key, enum yt_need need, const char *const *words, int fallback)
{
	const char *s = yt_scalar(yt, map, key, need), *near;
	char hint[200] = "It can be ";

	if (!s)
		return fallback;
	for (int i = 0; words[i]; i++) {
		if (strcmp(s, words[i]) == 0)
			return i;
		snprintf(hint + strlen(hint), sizeof(hint) - strlen(hint), "%s'%s'", i ? ", " : "", words[i]);
	}
	near = yt_nearest(s, words);
	if (near)
		snprintf(hint, sizeof(hint), "Did you mean '%s'?", near);
	else
		snprintf(hint + strlen(hint), sizeof(hint) - strlen(hint), ".");
	yt_fail_at(yt, yt_get(yt, map, key, YT_MAY), R_VALUE_INVALID, hint, "'%.40s' is not a value of '%s'.", s, key);
	return fallback;
}

/* ---- sites ---- */

static bool
looks_numeric(const char *s)
{
	return strchr(s, ':') || strspn(s, "0123456789./xX") == strlen(s);
}

/* Names are the same in capitals (RFC 4343), and both ends compare them by octets. */
static bool
read_host(struct yt *yt, const struct yt_node *at, const char *text, struct site *s)
{
	s->host = strdup(text);
	if (!s->host)
		return yt_fail_at(yt, at, R_NO_MEMORY, NULL, "There is not enough memory.");
	for (char *p = s->host; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 'a' - 'A' : *p);
	return host_ok(s->host) || yt_fail_at(yt, at, R_VALUE_INVALID,
	    "Write it like 192.0.2.1 or 2001:db8::1, as a whole name like gw.example.org, or 'any'.", "'%.64s' is neither an address nor the whole name of a host.", text);
}

static bool
read_address(struct yt *yt, const struct yt_node *map, struct site *site)
{
	struct addr *out = &site->address;
	const char *s = yt_scalar(yt, map, "address", YT_MUST);
	const struct yt_node *at;

	if (!s)
		return false;
	if (strcmp(s, "any") == 0) {
		memset(out, 0, sizeof(*out));
		return true;
	}
	at = yt_get(yt, map, "address", YT_MAY);
	if (!addr_parse(s, out))
		return looks_numeric(s) ? yt_fail_at(yt, at, R_VALUE_INVALID, "Write it like 192.0.2.1 or 2001:db8::1, or 'any'.",
		    "'%.64s' is not an IP address.", s) :
		    read_host(yt, at, s, site);
	if (addr_is_any(out))
		return yt_fail_at(yt, at, R_VALUE_INVALID, "Write 'any' for a site that only initiates.", "'%.64s' is no gateway's address.", s);
	return true;
}

static bool
read_networks(struct yt *yt, const struct yt_node *map, struct site *s)
{
	const struct yt_node *list = yt_get_kind(yt, map, "networks", YT_LIST, YT_MUST);

	if (!list)
		return false;
	if (list->n == 0 || list->n > SITE_NETS)
		return yt_fail_at(yt, list, R_VALUE_INVALID, "", "'networks' must have 1 to %d members.", SITE_NETS);
	s->nets = calloc(list->n, sizeof(*s->nets));
	if (!s->nets)
		return yt_fail_at(yt, list, R_NO_MEMORY, NULL, "There is not enough memory.");
	for (const struct yt_node *c = list->child; c; c = c->next) {
		struct prefix *p = &s->nets[s->nnets];

		if (c->kind != YT_SCALAR || !c->text || !prefix_parse(c->text, p))
			return yt_fail_at(yt, c, R_VALUE_INVALID, "Write it like 10.0.1.0/24 or 2001:db8:1::/64; the host bits must be zero.",
			    "'%.64s' is not a network.", c->kind == YT_SCALAR && c->text ? c->text : "this");
		for (unsigned i = 0; i < s->nnets; i++)
			if (prefix_has(&s->nets[i], &p->addr) || prefix_has(p, &s->nets[i].addr))
				return yt_fail_at(yt, c, R_OVERLAP, "Keep the wider one.", "'%.64s' overlaps another network of the same site.", c->text);
		s->nnets++;
	}
	return true;
}

static bool
read_id(struct yt *yt, const struct yt_node *map, struct site *s)
{
	const char *id = yt_scalar(yt, map, "id", YT_MAY);
	uint8_t body[512];
	struct wr w = wr_of(body, sizeof(body));

	if (!id) {
		snprintf(s->id, sizeof(s->id), "fqdn:%s", s->name);
		return yt->err.reason == R_OK;
	}
	if (strlen(id) >= sizeof(s->id) || !id_to_wire(id, &w))
		return yt_fail_at(yt, yt_get(yt, map, "id", YT_MAY), R_VALUE_INVALID,
		    "It begins with fqdn:, email:, ip:, dn: or key:, for example fqdn:gw.example.org.", "'%.80s' is not an identity.", id);
	snprintf(s->id, sizeof(s->id), "%s", id);
	return true;
}

static bool
read_site(struct yt *yt, struct sites *all, const struct yt_node *n, struct site *s)
{
	s->line = n->key_line;
	s->column = n->key_column;
	return read_name(yt, n->key, n->key_line, n->key_column, s->name) && yt_only(yt, n, sites_site_keys) &&
	    read_address(yt, n, s) && read_networks(yt, n, s) && read_id(yt, n, s) && site_auth_read(yt, all, n, s);
}

/* ---- tunnels ---- */

static bool
site_index(struct yt *yt, const struct sites *all, const struct yt_node *n, unsigned *out)
{
	const struct site *s = n->kind == YT_SCALAR && n->text ? sites_find(all, n->text) : NULL;
	const char *names[257], *near;
	char hint[160] = "";
	unsigned i;

	if (s) {
		*out = (unsigned)(s - all->sites);
		return true;
	}
	for (i = 0; i < all->nsites && i < 256; i++)
		names[i] = all->sites[i].name;
	names[i] = NULL;
	near = n->text ? yt_nearest(n->text, names) : NULL;
	if (near)
		snprintf(hint, sizeof(hint), "Did you mean '%s'?", near);
	return yt_fail_at(yt, n, R_REFERENCE_UNKNOWN, hint, "There is no site '%.64s' in this file.", n->text ? n->text : "?");
}

static bool
read_between(struct yt *yt, const struct sites *all, const struct yt_node *map, struct site_tunnel *t)
{
	const struct yt_node *list = yt_get_kind(yt, map, "between", YT_LIST, YT_MUST);

	if (!list)
		return false;
	if (list->n != 2)
		return yt_fail_at(yt, list, R_VALUE_INVALID, "Write it like [tokyo, newyork].", "'between' must name two sites.");
	if (!site_index(yt, all, list->child, &t->a) || !site_index(yt, all, list->child->next, &t->b))
		return false;
	if (t->a == t->b)
		return yt_fail_at(yt, list->child->next, R_VALUE_INVALID, "", "A tunnel joins two different sites.");
	return true;
}

static bool
read_list(struct yt *yt, const struct yt_node *map, const char *key, uint8_t proto, struct proposals *out)
{
	const struct yt_node *list = yt_get_kind(yt, map, key, YT_LIST, YT_MUST);

	if (!list)
		return false;
	if (list->n == 0 || list->n > PROPOSALS_MAX)
		return yt_fail_at(yt, list, R_VALUE_INVALID, "", "'%s' must have 1 to %d members.", key, PROPOSALS_MAX);
	for (const struct yt_node *c = list->child; c; c = c->next) {
		const char *why = "it is not a single value";
		size_t at = 0;

		if (c->kind != YT_SCALAR || !c->text || !proposal_parse(proto, c->text, &out->v[out->n], &why, &at))
			return yt_fail(yt, R_VALUE_INVALID, c->line, c->column + (unsigned)at,
			    proto == PROTO_IKE ? "Write it like aes256gcm16-prfsha384-x25519." : "Write it like aes256gcm16-x25519-esn.",
			    "'%.80s' is not a proposal: %s.", c->text ? c->text : "this", why);
		out->n++;
	}
	return true;
}

static bool
read_algorithms(struct yt *yt, const struct yt_node *map, bool legacy, struct site_tunnel *t)
{
	const struct yt_node *pol = yt_get(yt, map, "policy", YT_MAY), *ike = yt_get(yt, map, "ike", YT_MAY),
	    *esp = yt_get(yt, map, "esp", YT_MAY);
	int which;

	t->ike = calloc(1, sizeof(*t->ike));
	t->esp = calloc(1, sizeof(*t->esp));
	if (!t->ike || !t->esp)
		return yt_fail_at(yt, map, R_NO_MEMORY, NULL, "There is not enough memory.");
	if (pol && (ike || esp))
		return yt_fail(yt, R_VALUE_INVALID, (ike ? ike : esp)->key_line, (ike ? ike : esp)->key_column, "Keep one of the two.",
		    "'policy' and lists of algorithms exclude each other.");
	if (!pol && !ike && !esp)
		return yt_get(yt, map, "policy", YT_MUST) != NULL;
	if (!pol)
		return read_list(yt, map, "ike", PROTO_IKE, t->ike) && read_list(yt, map, "esp", PROTO_ESP, t->esp);
	which = site_word_read(yt, map, "policy", YT_MUST, presets, -1);
	if (which < 0)
		return false;
	snprintf(t->policy, sizeof(t->policy), "%s", presets[which]);
	if (strcmp(t->policy, "legacy") == 0 && !legacy)
		return yt_fail_at(yt, pol, R_PRESET_FORBIDDEN, NULL, "The policy 'legacy' is switched off on this gateway.");
	if (!preset_find(t->policy, t->ike, t->esp))
		return yt_fail_at(yt, pol, R_VALUE_INVALID, "Write 'modern' or 'compatible'.", "The policy '%s' is not built in.", t->policy);
	return true;
}

static bool
read_tunnel(struct yt *yt, struct sites *all, const struct yt_node *n, bool legacy, struct site_tunnel *t)
{
	static const char *const starts[] = { "respond-only", "always", "on-demand", NULL };	/* order: enum start_mode */
	static const char *const encaps[] = { "auto", "udp", "esp", NULL };			/* order: enum encap_mode */

	t->line = n->key_line;
	t->column = n->key_column;
	t->end_line = n->end_line;
	t->open = n->open;
	if (!read_name(yt, n->key, n->key_line, n->key_column, t->name))
		return false;
	/* Two tunnels of one name would be one to iked and keymgr. */
	if (strncmp(t->name, BYPOLICY_PREFIX, sizeof(BYPOLICY_PREFIX) - 1) == 0)
		return yt_fail(yt, R_NAME_INVALID, n->key_line, n->key_column, "Give it another name.",
		    "'%s': names that begin with '" BYPOLICY_PREFIX "' are those of tunnels by setkey's policies.", t->name);
	if (!yt_only(yt, n, sites_tunnel_keys) ||
	    !read_between(yt, all, n, t) || !tunnel_auth_read(yt, all, n, t) || !read_algorithms(yt, n, legacy, t))
		return false;
	t->start = (uint8_t)site_word_read(yt, n, "start", YT_MUST, starts, START_RESPOND);
	t->encap = (uint8_t)site_word_read(yt, n, "encapsulation", YT_MAY, encaps, ENCAP_AUTO);
	/* Contracts, "Lifetimes". The floor lets a test rekey within seconds. */
	t->ike_life_s = read_duration(yt, n, "ike_lifetime", 5, 30 * DAY, 8 * 3600);
	t->child_life_s = read_duration(yt, n, "child_lifetime", 3, 30 * DAY, 3600);
	t->ike_hard_s = read_duration(yt, n, "ike_hard_lifetime", t->ike_life_s, 60 * DAY, 0);
	t->child_hard_s = read_duration(yt, n, "child_hard_lifetime", t->child_life_s, 60 * DAY, 0);
	t->child_bytes = read_quantity(yt, n, "child_bytes", 1 << 20, 64ull << 30);
	t->child_packets = read_quantity(yt, n, "child_packets", 1000, 1ull << 32);
	t->replay_window = (uint32_t)yt_number(yt, n, "replay_window", 32, 4096, 1024);
	return yt->err.reason == R_OK && children_read(yt, all, n, t) && iface_read(yt, all, n, t) && labels_read(yt, n, t);
}

/* ---- the whole ---- */

/* Where a member stands among the sorted keys: arrays are sorted, but read in the order of the file, so that its first error is told. */
static unsigned
slot(const struct yt_node *map, const struct yt_node *member)
{
	unsigned lo = 0, hi = map->n;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (strcmp(map->by_key[mid]->key, member->key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool
read_version(struct yt *yt)
{
	const char *v = yt_scalar(yt, yt->root, "version", YT_MUST);

	if (v && strcmp(v, "1") != 0)
		return yt_fail_at(yt, yt_get(yt, yt->root, "version", YT_MAY), R_VALUE_INVALID, "Write 'version: 1'.",
		    "This Causeway reads version 1 of site files, not '%.40s'.", v);
	return v != NULL;
}

static bool
read_all(struct yt *yt, struct sites *all, bool legacy)
{
	const struct yt_node *sites, *tunnels;
	unsigned line, column;

	if (!yt_only(yt, yt->root, sites_top_keys) || !read_version(yt) ||
	    !(sites = yt_get_kind(yt, yt->root, "sites", YT_MAP, YT_MUST)) ||
	    !(tunnels = yt_get_kind(yt, yt->root, "tunnels", YT_MAP, YT_MUST)))
		return false;
	if (sites->n > SITES_MAX || tunnels->n > TUNNELS_MAX)
		return yt_fail_at(yt, sites, R_TOO_LARGE, NULL, "The file has too many sites or tunnels.");
	all->sites = calloc(sites->n + 1u, sizeof(*all->sites));
	all->tunnels = calloc(tunnels->n + 1u, sizeof(*all->tunnels));
	if (!all->sites || !all->tunnels)
		return yt_fail_at(yt, yt->root, R_NO_MEMORY, NULL, "There is not enough memory.");
	all->nsites = sites->n;
	all->ntunnels = tunnels->n;
	for (const struct yt_node *c = sites->child; c; c = c->next)
		if (!read_site(yt, all, c, &all->sites[slot(sites, c)]))
			return false;
	for (const struct yt_node *c = tunnels->child; c; c = c->next) {
		all->tunnels[slot(tunnels, c)].flow = tunnels->flow;
		if (!read_tunnel(yt, all, c, legacy, &all->tunnels[slot(tunnels, c)]))
			return false;
	}
	if (tunnels->n == 0) {
		all->none_line = tunnels->line;
		all->none_column = tunnels->column;
	}
	if (!trust_read(yt, all))
		return false;
	if (yt->n && yt->text[yt->n - 1] != '\n') {
		yt_end(yt, &line, &column);
		return yt_fail(yt, R_YAML_TRUNCATED, line, column, "Was it copied completely? A site file ends with a newline.",
		    "The last line does not end.");
	}
	if (!edit_places(all, yt->text, yt->n))
		return yt_fail(yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
	return sites_check(yt, all);
}

bool
sites_read_tunnel(struct yt *yt, const struct sites *all, const struct yt_node *n, bool legacy, struct site_tunnel *t, struct site_key **keys)
{
	struct sites with = *all;	/* the same sites; only the keys are its own */
	bool ok;

	with.keys = NULL;
	memset(t, 0, sizeof(*t));
	ok = read_tunnel(yt, &with, n, legacy, t) && tunnel_check(yt, &with, t);
	*keys = with.keys;
	return ok || yt_fail(yt, R_INTERNAL, 0, 0, NULL, "The tunnel was refused without a reason.");
}

struct sites *
sites_read(const char *text, size_t n, bool legacy, struct yt_error *err)
{
	struct sites *all = calloc(1, sizeof(*all));
	struct yt yt;

	if (yt_read(&yt, text, n) && all && !read_all(&yt, all, legacy) && yt.err.reason == R_OK)
		yt_fail(&yt, R_INTERNAL, 0, 0, NULL, "The file was refused without a reason.");
	if (!all)
		yt_fail(&yt, R_NO_MEMORY, 0, 0, NULL, "There is not enough memory.");
	*err = yt.err;
	yt_free(&yt);
	if (err->reason != R_OK) {
		sites_free(all);
		return NULL;
	}
	return all;
}

void
site_keys_free(struct site_key *k)
{
	for (struct site_key *next; k; k = next) {
		next = k->next;
		free(k);
	}
}

void
tunnel_fini(struct site_tunnel *t)
{
	free(t->auth);
	free(t->ike);
	free(t->esp);
	children_free(t);
	free(t->labels);
	memset(t, 0, sizeof(*t));
}

void
sites_free(struct sites *all)
{
	if (!all)
		return;
	for (unsigned i = 0; all->sites && i < all->nsites; i++) {
		free(all->sites[i].nets);
		free(all->sites[i].host);
		free(all->sites[i].own);
	}
	site_keys_free(all->keys);
	free(all->rules);
	for (unsigned i = 0; all->tunnels && i < all->ntunnels; i++)
		tunnel_fini(&all->tunnels[i]);
	free(all->sites);
	free(all->tunnels);
	free(all);
}

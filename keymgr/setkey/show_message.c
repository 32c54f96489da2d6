/* SPDX-License-Identifier: BSD-2-Clause */
/* Every part of a message, for -v and -x, in the layout of the original's debug lines. A key is shown by its length alone. */
#include "setkey.h"

static bool
has(const struct pfkey_msg *m, unsigned ext)
{
	return (m->has & PFKEY_HAS(ext)) != 0;
}

static void
lifetime(FILE *f, unsigned ext, const struct pfkey_lifetime *l)
{
	fprintf(f, "sadb_ext{ type=%u }\nsadb_lifetime{ alloc=%llu, bytes=%llu\n  addtime=%llu, usetime=%llu }\n", ext, (unsigned long long)l->packets,
	    (unsigned long long)l->bytes, (unsigned long long)l->addtime, (unsigned long long)l->usetime);
}

static void
address(FILE *f, unsigned ext, const struct pfkey_address *a)
{
	char text[ENDPOINT_STR];

	fprintf(f, "sadb_ext{ type=%u }\nsadb_address{ proto=%u prefixlen=%u %s }\n", ext, a->proto, a->prefixlen, endpoint_str(&a->ep, text));
}

static void
policy(FILE *f, const struct pfkey_policy *p)
{
	char text[160];

	fprintf(f, "sadb_ext{ type=%u }\nsadb_x_policy{ type=%u dir=%u flags=0x00 id=%u priority=%u }\n", SADB_X_EXT_POLICY, p->type, p->dir, p->id,
	    p->priority);
	for (unsigned i = 0; i < p->n; i++)
		fprintf(f, "  sadb_x_ipsecrequest{ %s }\n", poltext_request(&p->req[i], true, text, sizeof(text)) ? text : "?");
}

static void
algorithms(FILE *f, unsigned ext, const struct pfkey_algs *v)
{
	fprintf(f, "sadb_ext{ type=%u }\nsadb_supported{\n", ext);
	for (unsigned i = 0; i < v->n; i++)
		fprintf(f, "  sadb_alg{ id=%u ivlen=%u min=%u max=%u }\n", v->v[i].sadb_alg_id, v->v[i].sadb_alg_ivlen, v->v[i].sadb_alg_minbits,
		    v->v[i].sadb_alg_maxbits);
	fputs("}\n", f);
}

static void
show_rest(FILE *f, const struct pfkey_msg *m)
{
	if (has(m, SADB_X_EXT_NAT_T_TYPE))
		fprintf(f, "sadb_x_nat_t{ type=%u sport=%u dport=%u }\n", m->natt_type, m->natt_sport, m->natt_dport);
	if (has(m, CW_EXT_REPLAY))
		fprintf(f, "causeway_replay{ packets=%u }\n", m->replay_window);
	if (has(m, CW_EXT_SAFLAGS))
		fprintf(f, "causeway_saflags{ flags=0x%08x }\n", m->sa_flags);
	if (has(m, CW_EXT_HELLO))
		fprintf(f, "causeway_hello{ version=%u features=0x%llx }\n", m->hello_version, (unsigned long long)m->hello_features);
	if (has(m, CW_EXT_IFACE))
		fprintf(f, "causeway_interface{ \"%s\" }\n", m->iface);
	if (has(m, CW_EXT_OWNER))
		fprintf(f, "causeway_owner{ \"%s\" }\n", m->owner);
}

void
show_message(FILE *f, const struct pfkey_msg *m, size_t octets)
{
	fprintf(f, "sadb_msg{ version=%u type=%u errno=%u satype=%u\n  len=%zu reserved=0 seq=%u pid=%u }\n", PF_KEY_V2, m->type, m->err, m->satype,
	    octets / 8, m->seq, m->pid);
	if (has(m, SADB_EXT_SA))
		fprintf(f, "sadb_ext{ type=%u }\nsadb_sa{ spi=%u replay=%u state=%u\n  auth=%u encrypt=%u flags=0x%08x }\n", SADB_EXT_SA, m->sa.spi,
		    m->sa.replay, m->sa.state, m->sa.auth, m->sa.encrypt, m->sa.flags);
	if (has(m, SADB_X_EXT_SA2))
		fprintf(f, "sadb_ext{ type=%u }\nsadb_x_sa2{ mode=%u reqid=%u sequence=%u }\n", SADB_X_EXT_SA2, m->sa2.mode, m->sa2.reqid, m->sa2.sequence);
	if (has(m, SADB_EXT_LIFETIME_CURRENT))
		lifetime(f, SADB_EXT_LIFETIME_CURRENT, &m->current);
	if (has(m, SADB_EXT_LIFETIME_HARD))
		lifetime(f, SADB_EXT_LIFETIME_HARD, &m->hard);
	if (has(m, SADB_EXT_LIFETIME_SOFT))
		lifetime(f, SADB_EXT_LIFETIME_SOFT, &m->soft);
	if (has(m, SADB_EXT_ADDRESS_SRC))
		address(f, SADB_EXT_ADDRESS_SRC, &m->src);
	if (has(m, SADB_EXT_ADDRESS_DST))
		address(f, SADB_EXT_ADDRESS_DST, &m->dst);
	if (has(m, SADB_EXT_KEY_AUTH))
		fprintf(f, "sadb_ext{ type=%u }\nsadb_key{ bits=%zu }\n", SADB_EXT_KEY_AUTH, m->key_auth.n * 8);
	if (has(m, SADB_EXT_KEY_ENCRYPT))
		fprintf(f, "sadb_ext{ type=%u }\nsadb_key{ bits=%zu }\n", SADB_EXT_KEY_ENCRYPT, m->key_encrypt.n * 8);
	if (has(m, SADB_EXT_SPIRANGE))
		fprintf(f, "sadb_ext{ type=%u }\nsadb_spirange{ min=0x%08x max=0x%08x }\n", SADB_EXT_SPIRANGE, m->spi_min, m->spi_max);
	if (has(m, SADB_X_EXT_POLICY))
		policy(f, &m->policy);
	if (has(m, SADB_EXT_SUPPORTED_AUTH))
		algorithms(f, SADB_EXT_SUPPORTED_AUTH, &m->algs_auth);
	if (has(m, SADB_EXT_SUPPORTED_ENCRYPT))
		algorithms(f, SADB_EXT_SUPPORTED_ENCRYPT, &m->algs_encrypt);
	show_rest(f, m);
	fputc('\n', f);
}

void
show_hex(FILE *f, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%02x", i == 0 ? "" : i % 32 == 0 ? "\n" : i % 4 == 0 ? " " : "", p[i]);
	fputc('\n', f);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What AH and ESP were before RFC 2401: RFC 1826, and RFC 1827 with the transforms of RFC 1829 and 1851. Neither has a sequence number, so
 * everything can be sent again, and that ESP has no ICV, so everything can be changed: both are for CW_KNOB_LEGACY alone. Where they do not
 * differ from what came after them, the code is that of ah.c, esp_in.c and esp_out.c; what an SA of them may have is said here.
 */
#include "pf.h"

/* A transform of RFC 1829's kind, with whatever block cipher: an IV, and blocks behind it. */
static bool
is_cbc(const struct cw_alg *enc)
{
	return enc && enc->iv && !enc->aead && !enc->salt;
}

static int
old_esp(const struct pf_msg *m)
{
	if (m->auth)
		return EINVAL;		/* RFC 1827 3: it has no place for an ICV */
	if (!is_cbc(cw_alg_find(false, m->encrypt)))
		return EOPNOTSUPP;
	return (m->sa_flags & CW_SA_IV4B) && m->encrypt != SADB_EALG_DESCBC ? EINVAL : 0;
}

/*
 * Its flag is RFC 2367's SADB_SAFLAGS_PFS as well, which asks an engine for nothing and may come from any key manager. An ESP with an ICV cannot
 * be the old one (RFC 1827 3): there it is that, of who asks for a window, as a key manager does that has forward secrecy to tell of. KAME's
 * programs ask for none with the old form, and their setkey sets CW_SA_CYCSEQ unless told otherwise: they are not given the new ESP instead.
 */
void
pf_pfs(struct pf_msg *m)
{
	if (m->satype == SADB_SATYPE_ESP && !pf_unauthenticated(m) && m->sa_replay && !(m->sa_flags & CW_SA_KAME))
		m->sa_flags &= ~CW_SA_OLD;
}

int
pf_old(struct cw_engine *e, struct cw_sa *sa, const struct pf_msg *m)
{
	if (sa->proto == IP_COMP)
		return 0;
	sa->old = (m->sa_flags & CW_SA_OLD) != 0;
	if ((m->sa_flags & CW_SA_IV4B) && !(sa->old && sa->proto == IP_ESP))
		return EINVAL;		/* RFC 2405 3: 64 bits */
	if (!sa->old)
		return 0;
	if (!cw_knob(e, CW_KNOB_LEGACY))
		return EPERM;
	if ((m->has & PF_BIT(CW_EXT_REPLAY) ? m->replay : m->sa_replay) || (sa->flags & CW_SAF_ESN))
		return EINVAL;
	return sa->proto == IP_ESP ? old_esp(m) : 0;
}

/* RFC 1829 2: 64 bits, or 32 of which the complement follows. */
void
cw_old_iv(struct cw_pkt *p, const struct cw_sa *sa)
{
	uint8_t *iv = p->crypt.esp + 4, *whole = p->aside.icv;

	p->crypt.iv = iv;
	if (sa->iv != 4)
		return;
	for (unsigned i = 0; i < 4; i++) {
		whole[i] = iv[i];
		whole[i + 4] = (uint8_t)~iv[i];
	}
	p->crypt.iv = whole;
}

void
cw_old_head(struct cw_pkt *p, const struct cw_sa *sa, uint8_t *padding, uint32_t n)
{
	if (sa->std_flags & CW_SA_ZEROPAD)
		memset(padding, 0, n);
	else if (sa->std_flags & CW_SA_RANDPAD)
		host_random(padding, n);
	host_random(p->crypt.esp + 4, sa->iv);
	cw_old_iv(p, sa);
}

/* RFC 1828 2 and 1852 2: filled as the digest fills its last block, which ends with the length in bits, least octet first in MD5. */
void
cw_keyfill(unsigned auth, const uint8_t *key, size_t n, uint8_t block[CW_KEYFILL])
{
	unsigned bits = (unsigned)n * 8;
	uint8_t low = (uint8_t)bits, high = (uint8_t)(bits >> 8);

	memset(block, 0, CW_KEYFILL);
	memcpy(block, key, n);
	block[n] = 0x80;
	block[auth == CW_AALG_KEYED_MD5 ? 56 : 63] = low;
	block[auth == CW_AALG_KEYED_MD5 ? 57 : 62] = high;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth.h"
#include "prf.h"

enum { EXCHANGE_IKE_SA_INIT = 34, FLAG_INITIATOR = 0x08, FLAG_RESPONSE = 0x20, PLD_NONCE = 40 };	/* RFC 7296 3.1, 3.2 */

static const char *
header_check(struct rd *r, const struct auth_side *s, size_t len, uint8_t *next)
{
	uint64_t spi_i = rd_u64(r), spi_r = rd_u64(r);
	uint8_t version, exchange, flags;
	uint32_t msgid, length;

	*next = rd_u8(r);
	version = rd_u8(r);
	exchange = rd_u8(r);
	flags = rd_u8(r);
	msgid = rd_u32(r);
	length = rd_u32(r);
	if (!rd_ok(r))
		return "the message is shorter than an IKE header";
	/* RFC 7296 2.6: the first message carries 0 for the SPI that is not chosen yet */
	if (spi_i != s->spi_i || spi_r != (s->initiator ? 0 : s->spi_r))
		return "the message has the SPIs of another SA";
	if (version >> 4 != 2 || exchange != EXCHANGE_IKE_SA_INIT)
		return "the message is not an IKE_SA_INIT";
	if ((flags & (FLAG_INITIATOR | FLAG_RESPONSE)) != (s->initiator ? FLAG_INITIATOR : FLAG_RESPONSE))
		return "the message is from the other side";
	if (msgid != 0 || length != len)
		return "the message has another number or length than its header says";
	return NULL;
}

const char *
auth_message_check(struct bytes message, const struct auth_side *s)
{
	struct rd r = rd_of(message);
	unsigned nonces = 0;
	uint8_t next;
	const char *why = header_check(&r, s, message.n, &next);

	while (why == NULL && next != 0) {
		uint8_t type = next;
		uint16_t len;
		struct bytes body;

		next = rd_u8(&r);
		rd_u8(&r);
		len = rd_u16(&r);
		if (len < 4)
			rd_fail(&r);
		body = rd_bytes(&r, len >= 4 ? len - 4u : 0);
		if (!rd_ok(&r))
			return "the message's chain of payloads is broken";
		if (type != PLD_NONCE)
			continue;
		nonces++;
		if (!bytes_eq(body, s->nonce_own))
			why = "the message has another nonce than this SA";
	}
	if (why == NULL && !rd_done(&r))
		why = "octets follow the message's last payload";
	if (why == NULL && nonces != 1)
		why = "the message does not have one nonce";
	return why;
}

bool
auth_octets(const struct auth_side *s, struct bytes message, struct bytes id, struct wr *w)
{
	struct secret maced = { 0 };
	bool ok = prf(s->prf, s->sk_p, &id, 1, &maced);

	wr_span(w, message);
	wr_span(w, s->nonce_other);
	wr_span(w, secret_bytes(&maced));
	secret_wipe(&maced);
	return ok && wr_ok(w);
}

bool
auth_psk(const struct auth_side *s, const struct secret *psk, struct bytes message, struct bytes id, struct secret *out)
{
	static const char pad[] = "Key Pad for IKEv2";	/* 17 octets, without the terminator */
	struct bytes padded = bytes_of(pad, sizeof(pad) - 1);
	struct secret key = { 0 }, maced = { 0 };
	struct bytes octets[3];
	bool ok;

	ok = prf(s->prf, secret_bytes(psk), &padded, 1, &key) && prf(s->prf, s->sk_p, &id, 1, &maced);
	octets[0] = message;
	octets[1] = s->nonce_other;
	octets[2] = secret_bytes(&maced);
	ok = ok && prf(s->prf, secret_bytes(&key), octets, 3, out);
	secret_wipe(&key);
	secret_wipe(&maced);
	return ok;
}

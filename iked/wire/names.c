/* SPDX-License-Identifier: BSD-2-Clause */
/* The words for payloads, exchanges and errors. */
#include <stdio.h>

#include "wire/msg.h"

static const struct {
	uint16_t	notify;
	const char	*sentence;
} errors[] = {
#define W(name, notify, sentence)	[WE_##name] = { notify, sentence },
#include "wire/werr.def"
#undef W
};

const char *
pld_name(uint8_t type)
{
	static const char *const names[] = {
		[PLD_SA - PLD_SA] = "SA", [PLD_KE - PLD_SA] = "KE", [PLD_IDI - PLD_SA] = "IDi", [PLD_IDR - PLD_SA] = "IDr",
		[PLD_CERT - PLD_SA] = "CERT", [PLD_CERTREQ - PLD_SA] = "CERTREQ", [PLD_AUTH - PLD_SA] = "AUTH",
		[PLD_NONCE - PLD_SA] = "Nonce", [PLD_NOTIFY - PLD_SA] = "Notify", [PLD_DELETE - PLD_SA] = "Delete",
		[PLD_VENDOR - PLD_SA] = "Vendor ID", [PLD_TSI - PLD_SA] = "TSi", [PLD_TSR - PLD_SA] = "TSr",
		[PLD_SK - PLD_SA] = "SK", [PLD_CP - PLD_SA] = "CP", [PLD_EAP - PLD_SA] = "EAP", [PLD_SKF - PLD_SA] = "SKF",
	};

	if (!PLD_KNOWN(type))
		return "unknown";
	return names[type - PLD_SA];
}

const char *
exchange_name(uint8_t exchange)
{
	static const char *const names[] = { "IKE_SA_INIT", "IKE_AUTH", "CREATE_CHILD_SA", "INFORMATIONAL" };

	if (exchange < EX_IKE_SA_INIT || exchange > EX_INFORMATIONAL)
		return "an unknown exchange";
	return names[exchange - EX_IKE_SA_INIT];
}

const char *
werr_str(enum werr e, uint8_t pld, char buf[static WERR_STR])
{
	const char *s = (unsigned)e < WE_MAX ? errors[e].sentence : "an unknown error";
	const char *at = strstr(s, "%s");

	if (at == NULL)
		snprintf(buf, WERR_STR, "%s", s);
	else
		snprintf(buf, WERR_STR, "%.*s%s%s", (int)(at - s), s, pld_name(pld), at + 2);
	return buf;
}

uint16_t
werr_notify(enum werr e)
{
	return (unsigned)e < WE_MAX ? errors[e].notify : 0;
}

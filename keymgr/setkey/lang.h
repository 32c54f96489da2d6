/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setkey's command language: text to struct cmd, pure. Names are looked up only through struct names; without it the text has to
 * be numeric but for the protocols that everybody knows. Octets of keys are in the struct and nowhere else: no error shows them.
 */
#ifndef SETKEY_LANG_H
#define SETKEY_LANG_H

#include "pfkey.h"
#include "poltext.h"
#include "secret.h"

/* The lexer. */
enum token_kind { TOK_END, TOK_WORD, TOK_QUOTED, TOK_SEMICOLON, TOK_SLASH, TOK_OPEN, TOK_CLOSE, TOK_BAD };
struct token {
	enum token_kind	kind;
	size_t		at, n;		/* the octets in the text, quotes included */
};
struct lexer {
	struct bytes	text;
	size_t		i;
};
void lex_next(struct lexer *, struct token *);
/* Where the first command ends, behind its semicolon; 0 when the text ends before. */
size_t lex_command_end(struct bytes text);
/* The line that has an octet, with everything that may be a key masked; and where that octet is in it. Lines and columns count from 1. */
struct place { unsigned line, column; };
struct place lex_place(struct bytes text, size_t at);
void lex_show_line(struct bytes text, size_t at, char *buf, size_t cap);

/* Algorithms. */
enum alg_kind { ALG_ENC, ALG_AUTH, ALG_COMP };
#define SAF_OLD		CW_SA_OLD	/* sadb_sa_flags as KAME numbers them */
#define SAF_IV4B	CW_SA_IV4B
#define SAF_DERIV	0x020u
#define SAF_CYCSEQ	CW_SA_CYCSEQ
#define SAF_RAWCPI	0x080u
#define SAF_RANDPAD	CW_SA_RANDPAD
#define SAF_ZEROPAD	CW_SA_ZEROPAD
#define AALG_NULL	251
#define SATYPE_TCP	11		/* SADB_X_SATYPE_TCPSIGNATURE of the BSDs */
struct algo {
	const char	*name;
	uint8_t		kind, id;
	uint16_t	min, max, step;	/* bits; max 0: no key */
	uint32_t	flags;		/* what the name adds to sadb_sa_flags */
	const char	*shown;		/* how dumps call it, NULL: name */
};
const struct algo *algo_find(enum alg_kind, struct bytes name);
const struct algo *algo_by_id(enum alg_kind, unsigned id);
const char *algo_shown(enum alg_kind, unsigned id, char buf[static 16]);
const char *cipher_shown(unsigned id, uint32_t sa_flags, char buf[static 16]);	/* that of an SA, whose flags may be part of its name */
const char *const *algo_names(enum alg_kind);
const char *algo_never(struct bytes name);	/* why nobody has what manuals name; NULL: it is no such name */
/* Why it is weak: then an engine takes it only where its switch "legacy" is on. NULL: it is not. */
const char *algo_weak(const struct algo *);
bool algo_key_fits(const struct algo *, size_t bits);
/* "128, 192 or 256 bits" */
void algo_lengths(const struct algo *, char *buf, size_t cap);

/* Commands. */
enum verb { V_ADD, V_UPDATE, V_GETSPI, V_GET, V_DELETE, V_DELETEALL, V_FLUSH, V_DUMP, V_SPDADD, V_SPDUPDATE, V_SPDDELETE, V_SPDDUMP, V_SPDFLUSH, V_EXIT };
#define HOSTS_MAX	16
struct hosts {			/* a name may be many addresses */
	unsigned	n;
	struct addr	v[HOSTS_MAX];
	uint8_t		plen;
	bool		has_plen, has_port;
	uint16_t	port;
	bool		named;
};
struct cmd {
	enum verb	verb;
	size_t		at, end;	/* in the text: its first octet, and what is behind its semicolon */
	struct hosts	src, dst;
	uint8_t		satype;		/* SADB_SATYPE_*; UNSPEC: all */
	bool		udp;		/* esp-udp */
	struct addr	natt_oa;	/* fam 0: none */
	uint32_t	spi;
	uint8_t		mode;
	uint32_t	reqid, replay, flags;
	struct pfkey_lifetime hard, soft;
	bool		has_mode, has_hard, has_soft;
	const struct algo *enc, *auth, *comp;
	struct secret	ekey, akey;
	bool		readable_key;	/* it was typed as text */
	uint8_t		upper;		/* protocol of a policy's selector, 255 any */
	uint16_t	misc_src, misc_dst;	/* ICMP's type and code, GRE's key, in place of ports */
	bool		tagged, context;
	struct pfkey_policy policy;
	char		iface[CW_IFACE_LEN];	/* "": of none */
	size_t		at_iface;
	size_t		at_proto, at_mode, at_enc, at_auth, at_policy, at_spi, at_flags, at_extra;	/* for what the engine refuses */
};
struct lang_error {
	size_t		at, n;
	char		text[96];	/* as the original says it */
	char		hint[224];	/* a sentence more, or "" */
};
struct names {
	/* Addresses of a name, of family 0, 4 or 6: how many; 0 and *why when there is none. */
	unsigned	(*hosts)(const char *name, uint8_t fam, struct addr *v, unsigned cap, const char **why);
	int		(*service)(const char *name);	/* port or -1 */
	int		(*protocol)(const char *name);	/* number or -1 */
};
/* One command, from *i on, which is moved behind it. 1: there is one. 0: the text has ended. -1: error, and *i is behind the next semicolon. */
int lang_parse(struct bytes text, size_t *i, const struct names *, struct cmd *, struct lang_error *);
void cmd_wipe(struct cmd *);
/* Upper protocols that need no /etc/protocols. */
int upper_number(struct bytes name);
const char *upper_name(unsigned proto);		/* NULL: say the number */
/* Inside lang*.c. */
struct parser {
	struct lexer		lx;
	struct token		tok;		/* the one that is looked at */
	const struct names	*names;
	struct cmd		*c;
	struct lang_error	*e;
	uint8_t			fam;		/* of -4 and -6; 0 any */
	bool			numeric;
};
struct bytes lang_text(const struct parser *);
bool lang_is(const struct parser *, const char *word);
void lang_step(struct parser *);
bool lang_fail(struct parser *, size_t at, size_t n, const char *text, const char *hint, ...) __attribute__((format(printf, 5, 6)));
bool lang_fail_here(struct parser *, const char *text, const char *const *words);	/* suggests the nearest word */
bool lang_number(struct parser *, uint64_t max, uint64_t *v, const char *text);
bool lang_word(struct parser *, char *buf, size_t cap);
bool lang_host(struct parser *, struct hosts *);		/* an address or a name */
bool lang_end(struct parser *, struct hosts *);			/* host[port] */
bool lang_range(struct parser *, struct hosts *);		/* host/len[port] */
bool lang_sa_rest(struct parser *);				/* from the protocol on */
bool lang_proto(struct parser *);
bool lang_iface(struct parser *);				/* -dev NAME; the option is looked at */
bool lang_policy_rest(struct parser *);				/* from the upper protocol on */
bool lang_policy(struct parser *);				/* -P ... */

#endif

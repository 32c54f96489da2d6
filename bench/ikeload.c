/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The load of bench/handshakes: an IKEv2 initiator that plays COUNT peers, peer-0001 and on, one after the other, against one responder: one
 * IKE SA with one child each (x25519, AES-256-GCM), by PSK or by ECDSA P-256 certificates that it makes itself below a CA. Afterwards it
 * answers what it is asked (RFC 7296 1.4: is it alive?), whatever that is, with nothing; the SAs stay at the responder. It checks that the responder took everything, and with PSK also the responder's proof.
 *	ikeload HOST COUNT psk PSK-FILE
 *	ikeload HOST COUNT ecdsa CA-CERT CA-KEY
 * Everything goes to and from port 4500, each peer with a port of its own here.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "auth.h"
#include "derive.h"
#include "ke.h"
#include "name.h"
#include "prf.h"
#include "wire/msg.h"
#include "wire/natd.h"
#include "wire/sk.h"

#define BUF		16384
#define TRIES		5
#define METHOD_DIGITAL	14	/* RFC 7427 */
#define HASH_SHA256	2
#define RESPONDER	"fqdn:hub"

static const struct suite ike_suite = { ENCR_AES_GCM_16, 256, PRF_HMAC_SHA2_384, 0, KE_X25519, 0 };
static struct bytes none;

struct peer {
	unsigned	n;		/* from 1 */
	int		fd;
	X509		*cert;		/* ecdsa */
	EVP_PKEY	*key;
	uint64_t	spi_i, spi_r;
	uint8_t		ni[32], request[BUF], response[BUF];
	size_t		nrequest, nresponse;
	struct ike_keys	keys;
	struct bytes	nr;		/* inside response */
	struct sk_key	ei;		/* since it is up, to answer with */
	uint64_t	sealed;		/* messages under it, which is the last one's IV */
};

static struct secret psk;
static int up = -1;		/* epoll: the peers that are up, and at last the standard input (no peer) */
static X509 *ca_cert;
static EVP_PKEY *ca_key;
static struct sockaddr_in hub = { .sin_family = AF_INET };

static void
random_fill(void *p, size_t n)
{
	if (getrandom(p, n, 0) != (ssize_t)n)
		err(1, "getrandom");
}

/* A body of an ID payload. */
static struct bytes
id_body(const char *text, uint8_t buf[static ID_CAP])
{
	struct wr w = wr_of(buf, ID_CAP);

	if (!id_to_wire(text, &w))
		errx(1, "%s is no identity", text);
	return wr_bytes(&w);
}

static const char *
peer_id(const struct peer *p, char buf[static 32])
{
	snprintf(buf, 32, "fqdn:peer-%04u", p->n);
	return buf;
}

/* Send, and wait for the answer of this exchange; a lost datagram is sent again. Returns the answer's length without the non-ESP marker. */
static size_t
ask(struct peer *p, const uint8_t *msg, size_t n, uint8_t answer[static BUF])
{
	uint8_t out[BUF + 4] = { 0 }, in[BUF + 4];

	memcpy(out + 4, msg, n);
	for (unsigned i = 0; i < TRIES; i++) {
		struct pollfd pf = { .fd = p->fd, .events = POLLIN };

		if (send(p->fd, out, n + 4, 0) < 0)
			err(1, "send");
		while (poll(&pf, 1, 2000) == 1) {
			ssize_t got = recv(p->fd, in, sizeof(in), 0);

			if (got < 4 + HDR_LEN || memcmp(in, "\0\0\0\0", 4) != 0 || in[4 + 18] != out[4 + 18] || !(in[4 + 19] & HDR_RESPONSE))
				continue;
			memcpy(answer, in + 4, (size_t)got - 4);
			return (size_t)got - 4;
		}
	}
	errx(1, "peer %u: no answer", p->n);
}

static void
init(struct peer *p)
{
	struct ike_hdr h = { .spi_i = p->spi_i, .version = 0x20, .exchange = EX_IKE_SA_INIT, .initiator = true };
	static const uint8_t hashes[] = { 0, HASH_SHA256, 0, 3, 0, 4 };
	struct proposals offer = { .n = 1 };
	uint8_t pub[KE_PUB_MAX], fake[NATD_LEN];
	struct wr w = wr_of(pub, sizeof(pub));
	struct secret gir, seed;
	struct msg_out o;
	struct bytes b;
	static struct msg m;
	struct ke ke;
	const char *why;
	size_t at;

	if (!proposal_parse(PROTO_IKE, "aes256gcm16-prfsha384-x25519", &offer.v[0], &why, &at) || ke_new(&ke, KE_X25519, &w) != KE_OK)
		errx(1, "key exchange");
	random_fill(p->ni, sizeof(p->ni));
	random_fill(fake, sizeof(fake));	/* no hash of ours fits, so there is a NAT between us, and port 4500 is right from the start */
	msg_begin(&o, p->request, sizeof(p->request), &h);
	pld_sa_put(&o, &offer, none);
	pld_ke_put(&o, KE_X25519, wr_bytes(&w));
	pld_nonce_put(&o, bytes_of(p->ni, sizeof(p->ni)));
	pld_notify_put(&o, 0, none, N_NAT_DETECTION_SOURCE_IP, bytes_of(fake, sizeof(fake)));
	pld_notify_put(&o, 0, none, N_NAT_DETECTION_DESTINATION_IP, bytes_of(fake, sizeof(fake)));
	pld_notify_put(&o, 0, none, N_SIGNATURE_HASH_ALGORITHMS, bytes_of(hashes, sizeof(hashes)));
	b = msg_end(&o);
	p->nrequest = b.n;
	p->nresponse = ask(p, p->request, p->nrequest, p->response);
	if (msg_get_outer(bytes_of(p->response, p->nresponse), &m) != WE_OK || m.sa.proposals.n != 1 || m.ke.group != KE_X25519)
		errx(1, "peer %u: IKE_SA_INIT was refused", p->n);
	p->spi_r = m.hdr.spi_r;
	p->nr = m.nonce;
	if (ke_secret(&ke, m.ke.data, &gir) != KE_OK ||
	    !derive_skeyseed(ike_suite.prf, bytes_of(p->ni, sizeof(p->ni)), p->nr, &gir, &seed) ||
	    !derive_ike_keys(&ike_suite, &seed, bytes_of(p->ni, sizeof(p->ni)), p->nr, p->spi_i, p->spi_r, &p->keys))
		errx(1, "peer %u: keys", p->n);
	ke_wipe(&ke);
}

static struct auth_side
side(const struct peer *p, bool initiator)
{
	struct bytes ni = bytes_of(p->ni, sizeof(p->ni));

	return (struct auth_side){ .prf = ike_suite.prf, .initiator = initiator, .spi_i = p->spi_i, .spi_r = p->spi_r, .nonce_own = initiator ? ni : p->nr,
	    .nonce_other = initiator ? p->nr : ni, .sk_p = secret_bytes(initiator ? &p->keys.sk_pi : &p->keys.sk_pr) };
}

/* RFC 7427: the length and octets of the AlgorithmIdentifier ecdsa-with-SHA256, then the signature over what RFC 7296 2.15 names. */
static void
put_signature(struct peer *p, struct msg_out *o, struct bytes id)
{
	static const uint8_t alg[] = { 12, 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
	struct secret maced;
	uint8_t *octets, data[256], *der = NULL;
	size_t n = 0, sig = sizeof(data) - sizeof(alg);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int len = i2d_X509(p->cert, &der);

	if (!prf(ike_suite.prf, secret_bytes(&p->keys.sk_pi), &id, 1, &maced) || !(octets = malloc(p->nrequest + p->nr.n + maced.n)) || !ctx || len <= 0)
		errx(1, "signature");
	memcpy(octets, p->request, p->nrequest);
	memcpy(octets + (n += p->nrequest), p->nr.p, p->nr.n);
	memcpy(octets + (n += p->nr.n), maced.b, maced.n);
	n += maced.n;
	memcpy(data, alg, sizeof(alg));
	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, p->key) != 1 || EVP_DigestSign(ctx, data + sizeof(alg), &sig, octets, n) != 1)
		errx(1, "signature");
	pld_cert_put(o, false, 4, bytes_of(der, (size_t)len));
	pld_auth_put(o, METHOD_DIGITAL, bytes_of(data, sizeof(alg) + sig));
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(der);
	free(octets);
}

/* We ask for the responder's certificate as its own CA would. */
static void
put_certreq(struct msg_out *o)
{
	uint8_t *der = NULL, hash[20];
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(ca_cert), &der);

	if (n <= 0 || EVP_Digest(der, (size_t)n, hash, NULL, EVP_sha1(), NULL) != 1)
		errx(1, "the CA's key");
	pld_cert_put(o, true, 4, bytes_of(hash, sizeof(hash)));
	OPENSSL_free(der);
}

static void
ts_of(struct ts_list *l, const char *text)
{
	struct prefix p;

	if (!prefix_parse(text, &p))
		errx(1, "%s is no prefix", text);
	l->n = 1;
	l->v[0] = ts_from_prefix(&p);
}

static void
auth(struct peer *p)
{
	struct ike_hdr h = { .spi_i = p->spi_i, .spi_r = p->spi_r, .version = 0x20, .exchange = EX_IKE_AUTH, .initiator = true, .id = 1 };
	uint8_t chain[BUF], out[BUF], in[BUF], plain[BUF], idb[ID_CAP], iv[8], spi[4] = { 0x70, 0, (uint8_t)(p->n >> 8), (uint8_t)p->n };
	struct auth_side mine = side(p, true), theirs = side(p, false);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = p };
	struct sk_key er;
	struct proposals offer = { .n = 1 };
	static struct ts_list i, r;
	static struct msg m;
	struct msg_out o;
	struct secret proof;
	struct bytes b, inner, id;
	char text[32], net[40];
	const char *why;
	size_t at;

	id = id_body(peer_id(p, text), idb);
	snprintf(net, sizeof(net), "10.%u.%u.0/24", 100 + p->n / 256, p->n % 256);
	ts_of(&i, net);
	ts_of(&r, "10.0.1.0/24");
	if (!proposal_parse(PROTO_ESP, "aes256gcm16", &offer.v[0], &why, &at) || !sk_key_set(&p->ei, &ike_suite, secret_bytes(&p->keys.sk_ei), none) ||
	    !sk_key_set(&er, &ike_suite, secret_bytes(&p->keys.sk_er), none))
		errx(1, "keys");
	msg_begin_inner(&o, chain, sizeof(chain));
	pld_id_put(&o, true, id);
	if (p->cert) {
		put_signature(p, &o, id);
		put_certreq(&o);
	} else {
		if (!auth_psk(&mine, &psk, bytes_of(p->request, p->nrequest), id, &proof))
			errx(1, "proof");
		pld_auth_put(&o, AUTH_METHOD_PSK, secret_bytes(&proof));
	}
	pld_sa_put(&o, &offer, bytes_of(spi, 4));
	pld_ts_put(&o, true, &i);
	pld_ts_put(&o, false, &r);
	sk_iv_counter(++p->sealed, iv);
	b = msg_end(&o);
	b = sk_seal(&p->ei, &h, iv, o.first, b, out, sizeof(out));
	if (b.n == 0)
		errx(1, "IKE_AUTH is too long");
	at = ask(p, b.p, b.n, in);
	if (msg_get_outer(bytes_of(in, at), &m) != WE_OK || sk_open(&er, &m, plain, sizeof(plain), &inner) != WE_OK || msg_get_inner(&m, inner) != WE_OK)
		errx(1, "peer %u: the answer to IKE_AUTH cannot be read", p->n);
	if (!msg_has(&m, PLD_AUTH) || !msg_has(&m, PLD_SA)) {
		const struct wire_notify *n = msg_error(&m);

		errx(1, "peer %u: IKE_AUTH was refused: notify %u", p->n, n ? n->type : 0);
	}
	if (!p->cert && (!auth_psk(&theirs, &psk, bytes_of(p->response, p->nresponse), m.idr, &proof) || !secret_eq(&proof, m.auth.data)))
		errx(1, "peer %u: the responder's proof is wrong", p->n);
	sk_key_wipe(&er);
	ike_keys_wipe(&p->keys);
	if (epoll_ctl(up, EPOLL_CTL_ADD, p->fd, &ev) != 0)
		err(1, "epoll_ctl");
}

/* To an INFORMATIONAL request of the responder's an empty answer; it is read no further than its header. */
static void
answer_one(struct peer *p)
{
	struct ike_hdr h = { .spi_i = p->spi_i, .spi_r = p->spi_r, .version = 0x20, .exchange = EX_INFORMATIONAL, .initiator = true, .response = true };
	uint8_t in[BUF + 4], out[256] = { 0 }, iv[8];
	ssize_t got = recv(p->fd, in, sizeof(in), MSG_DONTWAIT);
	struct bytes b;

	if (got < 4 + HDR_LEN || memcmp(in, "\0\0\0\0", 4) != 0 || in[4 + 18] != EX_INFORMATIONAL || (in[4 + 19] & HDR_RESPONSE))
		return;
	h.id = (uint32_t)in[24] << 24 | (uint32_t)in[25] << 16 | (uint32_t)in[26] << 8 | in[27];
	sk_iv_counter(++p->sealed, iv);
	b = sk_seal(&p->ei, &h, iv, 0, none, out + 4, sizeof(out) - 4);
	if (b.n == 0 || send(p->fd, out, b.n + 4, 0) < 0)
		warn("peer %u: no answer to message %u", p->n, h.id);
}

/* Answer what has come; with for_ever, until the standard input says something or ends. */
static void
answer(bool for_ever)
{
	struct epoll_event ev[64];
	int n;

	while ((n = epoll_wait(up, ev, 64, for_ever ? -1 : 0)) > 0)
		for (int i = 0; i < n; i++) {
			if (!ev[i].data.ptr)
				return;
			answer_one(ev[i].data.ptr);
		}
}

/* A P-256 key and a certificate with the peer's name, below the CA. */
static void
make_cert(struct peer *p)
{
	char name[32], san[64];
	X509_EXTENSION *x;
	X509 *c = X509_new();

	peer_id(p, name);
	snprintf(san, sizeof(san), "DNS:%s", name + 5);
	p->key = EVP_EC_gen("P-256");
	if (!c || !p->key || !(x = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san)) || !X509_set_version(c, 2) ||
	    !ASN1_INTEGER_set(X509_get_serialNumber(c), 1000 + p->n) || !X509_gmtime_adj(X509_getm_notBefore(c), -3600) ||
	    !X509_gmtime_adj(X509_getm_notAfter(c), 86400) || !X509_set_pubkey(c, p->key) || !X509_set_issuer_name(c, X509_get_subject_name(ca_cert)) ||
	    !X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC, (const uint8_t *)name + 5, -1, -1, 0) ||
	    !X509_add_ext(c, x, -1) || X509_sign(c, ca_key, EVP_sha256()) <= 0)
		errx(1, "a certificate cannot be made");
	X509_EXTENSION_free(x);
	p->cert = c;
}

static void
read_psk(const char *path)
{
	char line[256];
	FILE *f = fopen(path, "r");

	if (!f || !fgets(line, sizeof(line), f))
		err(1, "%s", path);
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	secret_set(&psk, bytes_of(line, strlen(line)));
}

static void
read_ca(const char *cert, const char *key)
{
	FILE *c = fopen(cert, "r"), *k = fopen(key, "r");

	if (!c || !k || !(ca_cert = PEM_read_X509(c, NULL, NULL, NULL)) || !(ca_key = PEM_read_PrivateKey(k, NULL, NULL, NULL)))
		errx(1, "%s, %s: not readable", cert, key);
	fclose(c);
	fclose(k);
}

int
main(int argc, char **argv)
{
	unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	struct epoll_event in = { .events = EPOLLIN };
	struct timespec a, b;
	struct peer *peers;

	if (argc == 5 && strcmp(argv[3], "psk") == 0)
		read_psk(argv[4]);
	else if (argc == 6 && strcmp(argv[3], "ecdsa") == 0)
		read_ca(argv[4], argv[5]);
	else
		errx(2, "usage: ikeload HOST COUNT psk FILE | ikeload HOST COUNT ecdsa CA-CERT CA-KEY");
	hub.sin_port = htons(4500);
	if (inet_pton(AF_INET, argv[1], &hub.sin_addr) != 1 || count == 0 || count > 9999)
		errx(2, "an IPv4 address and a count from 1 to 9999 are wanted");
	peers = calloc(count, sizeof(*peers));
	up = epoll_create1(EPOLL_CLOEXEC);
	if (!peers || up < 0)
		err(1, NULL);
	for (unsigned i = 0; i < count; i++) {
		struct peer *p = &peers[i];

		p->n = i + 1;
		random_fill(&p->spi_i, sizeof(p->spi_i));
		if ((p->fd = socket(AF_INET, SOCK_DGRAM, 0)) < 0 || connect(p->fd, (struct sockaddr *)&hub, sizeof(hub)) != 0)
			err(1, "socket");
		if (ca_cert)
			make_cert(p);
	}
	printf("ready\n");
	fflush(stdout);
	if (getchar() == EOF)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (unsigned i = 0; i < count; i++) {
		init(&peers[i]);
		auth(&peers[i]);
		answer(false);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%.3f\n", (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
	fflush(stdout);
	if (epoll_ctl(up, EPOLL_CTL_ADD, STDIN_FILENO, &in) != 0)	/* a file: there is nothing to wait for */
		return 0;
	answer(true);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "msg_samples.h"

static const uint8_t octets[600] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

struct addr
ip(const char *s)
{
	struct addr a;

	assert_true(addr_parse(s, &a));
	return a;
}

struct endpoint
ep(const char *s, uint16_t port)
{
	return (struct endpoint){ ip(s), port };
}

static void
ts_fill(struct ts_list *l, const char *prefix)
{
	struct prefix p;

	assert_true(prefix_parse(prefix, &p));
	l->v[l->n++] = ts_from_prefix(&p);
}

static const struct suite suite_gcm = { ENCR_AES_GCM_16, 256, PRF_HMAC_SHA2_384, 0, KE_X25519, ESN_YES };
static const struct suite suite_cbc = { ENCR_AES_CBC, 128, PRF_HMAC_SHA2_256, INTEG_HMAC_SHA2_256_128, KE_ECP256, ESN_NO };

static void
fill_binding(void *p)
{
	struct binding *b = p;

	strcpy(b->tunnel, "tokyo-newyork");
	strcpy(b->psk_local, "tokyo-newyork");
	strcpy(b->psk_remote, "tokyo-newyork");
	strcpy(b->id_local, "fqdn:tokyo");
	strcpy(b->id_remote, "fqdn:newyork");
	strcpy(b->iface, "vpn0");
	b->nreqids = 2;
	b->reqids[0] = 7;
	b->reqids[1] = 70000;
}

/* Of the user's policies: keys by psk.txt. */
static void
fill_binding_policies(void *p)
{
	struct binding *b = p;

	fill_binding(p);
	memset(b->psk_local, 0, sizeof(b->psk_local));
	memset(b->psk_remote, 0, sizeof(b->psk_remote));
	strcpy(b->tunnel, "spd-20-0-0-2");
	strcpy(b->id_local, "ip:20.0.0.1");
	strcpy(b->id_remote, "ip:20.0.0.2");
	b->policies = 1;
	addr_parse("2001:db8::7", &b->peer);
	b->policy[0] = (struct bound_policy){ .id = 3, .transport = 1, .comp = 1, .comp_reqid = 78 };
	b->policy[1] = (struct bound_policy){ .id = 0x80000001, .reqid = 77, .ah = 1 };
}

/* Mixed: a certificate here, a public key there. */
static void
fill_binding_cert(void *p)
{
	struct binding *b = p;

	fill_binding(p);
	b->how_local = AUTH_BY_CERT;
	b->how_remote = AUTH_BY_KEY;
	b->old_methods = 1;
	b->psk_local[0] = b->psk_remote[0] = '\0';
	memset(b->psk_local, 0, sizeof(b->psk_local));
	memset(b->psk_remote, 0, sizeof(b->psk_remote));
	strcpy(b->cert, "tokyo");
	b->npublic = 91;
	memcpy(b->public_key, octets, b->npublic);
}

static void
fill_binding_trust(void *p)
{
	struct binding *b = p;

	fill_binding(p);
	b->how_remote = AUTH_BY_CERT;
	memset(b->psk_remote, 0, sizeof(b->psk_remote));
	b->ntrust = 2;
	strcpy(b->trust[0], "ca");
	strcpy(b->trust[1], "old-ca");
}

static void
fill_trust(void *p)
{
	struct trust_rule *t = p;

	strcpy(t->name, "ca");
	t->revocation = REVOKE_STRICT;
	t->ncrls = 2;
	strcpy(t->crls[0], "http://ca.example.com/ca.crl");
	strcpy(t->crls[1], "file:///srv/ca.crl");
	strcpy(t->ocsp, "http://ocsp.example.com/");
}

static void
fill_fetch(void *p)
{
	struct fetch *f = p;

	f->id = 7;
	strcpy(f->url, "http://ocsp.example.com/");
	f->post = bytes_of(octets, 80);
}

static void
fill_fetched(void *p)
{
	struct fetched *f = p;

	f->id = 7;
	f->size = 70000;
}

static void
fill_resolve(void *obj)
{
	struct resolve *m = obj;

	m->id = 7;
	strcpy(m->host, "gw.example.org");
}

static void
fill_resolved(void *obj)
{
	struct resolved *m = obj;

	m->id = 7;
	m->ttl_s = 300;
	m->n = 2;
	m->addr[0] = (struct addr){ 4, { 192, 0, 2, 1 } };
	m->addr[1] = (struct addr){ 6, { 0x20, 1, 0x0d, 0xb8, [15] = 1 } };
}

static void
fill_resolve_failed(void *obj)
{
	struct resolved *m = obj;

	m->id = 7;
	m->reason = R_HOST_UNKNOWN;
	strcpy(m->detail, "there is no such name");
}

static void
fill_fetch_failed(void *p)
{
	struct fetched *f = p;

	f->id = 8;
	f->reason = R_CRL_UNREACHABLE;
	strcpy(f->detail, "Connection refused");
}

static void
fill_cert_info(void *p)
{
	struct cert_info *c = p;

	strcpy(c->name, "ca");
	c->own = c->has_cert = c->has_key = c->is_ca = c->issues = c->is_anchor = 1;
	strcpy(c->key, "ecdsa-p256");
	strcpy(c->subject, "CN=Example CA");
	strcpy(c->issuer, "CN=Example CA");
	strcpy(c->serial, "01ab");
	strcpy(c->names, "fqdn:ca.example.com");
	strcpy(c->fingerprint, "00");
	strcpy(c->public_key, "MCowBQYDK2VwAyEA");
	c->not_before = 1;
	c->not_after = 1ull << 40;
	c->reason = R_CERT_EXPIRES_SOON;
	strcpy(c->detail, "in 12 days");
	c->revocation = REVOKE_SOFT;
	c->crl_this = c->crl_next = c->crl_checked = 5;
	c->crl_revoked = 1;
	strcpy(c->crl_url, "http://ca.example.com/ca.crl");
	c->crl_reason = R_CRL_STALE;
	strcpy(c->crl_detail, "since yesterday");
	c->nusers = CERT_USERS + 9;
	for (unsigned i = 0; i < CERT_USERS; i++)
		strcpy(c->users[i], "tokyo-newyork");
}

static void
fill_cert_csr(void *p)
{
	struct cert_csr *c = p;

	strcpy(c->name, "newyork");
	strcpy(c->key, "ed25519");
	strcpy(c->subject, "C=US, CN=newyork");
	c->nids = 2;
	strcpy(c->ids[0], "fqdn:newyork");
	strcpy(c->ids[1], "ip:20.0.0.2");
}

static void
fill_cert_import(void *p)
{
	struct cert_import *c = p;

	strcpy(c->name, "newyork");
	strcpy(c->trust, "ca");
	c->replace = 1;
}

static void
fill_cert_export(void *p)
{
	struct cert_export *c = p;

	strcpy(c->name, "newyork");
	c->form = CERT_AS_P12;
	c->with_key = 1;
}

static void
fill_ca_init(void *p)
{
	struct ca_init *c = p;

	strcpy(c->name, "ca");
	strcpy(c->key, "ecdsa-p384");
	strcpy(c->subject, "O=Example, CN=Example CA");
	strcpy(c->crl_url, "http://ca.example.com/ca.crl");
	c->days = 3650;
}

static void
fill_ca_issue(void *p)
{
	struct ca_issue *c = p;

	strcpy(c->ca, "ca");
	strcpy(c->site, "newyork");
	strcpy(c->key, "rsa-3072");
	c->days = 397;
	c->renew = c->keep_key = 1;
	c->nids = CERT_IDS;
	for (unsigned i = 0; i < CERT_IDS; i++)
		strcpy(c->ids[i], "fqdn:newyork");
	c->csr = bytes_of(octets, 300);
}

static void
fill_ca_revoke(void *p)
{
	struct ca_revoke *c = p;

	strcpy(c->ca, "ca");
	strcpy(c->site, "newyork");
	c->why = 1;
}

static void
fill_ca_revoke_serial(void *p)
{
	struct ca_revoke *c = p;

	strcpy(c->ca, "ca");
	strcpy(c->serial, "0123456789abcdef");
	c->why = 9;
}

static void
fill_ca_crl(void *p)
{
	struct ca_crl *c = p;

	strcpy(c->ca, "ca");
	c->days = CERT_DAYS_MAX;
	c->der = 1;
}

static void
fill_cert_made(void *p)
{
	struct cert_made *c = p;

	strcpy(c->name, "newyork");
	strcpy(c->ca, "ca");
	strcpy(c->key, "ecdsa-p256");
	c->has_cert = c->has_key = 1;
	strcpy(c->subject, "CN=newyork");
	strcpy(c->serial, "0123456789abcdef");
	strcpy(c->names, "fqdn:newyork");
	strcpy(c->fingerprint, "00");
	c->not_before = 1;
	c->not_after = 1ull << 40;
	c->crl_number = 7;
	c->crl_next = 8;
	c->crl_revoked = 9;
	c->count = 1;
	c->pem = bytes_of(octets, 500);
}

static void
fill_ca_issued(void *p)
{
	struct ca_issued *c = p;

	strcpy(c->serial, "0123456789abcdef");
	strcpy(c->site, "newyork");
	strcpy(c->names, "fqdn:newyork");
	c->not_after = 1ull << 40;
	c->revoked = 5;
	c->why = 10;
}

static void
fill_relay(void *p)
{
	struct relay *m = p;

	m->local = ep("20.0.0.1", 4500);
	m->remote = ep("20.0.0.2", 1024);
	m->data = bytes_of(octets, 28);
}

static void
fill_relay6(void *p)
{
	struct relay *m = p;

	m->local = ep("2001:db8::1", 4500);
	m->remote = ep("2001:db8::2", 4500);
	m->data = bytes_of(octets, 1);
}

static void
fill_esp_route(void *p)
{
	struct esp_route *m = p;

	strcpy(m->iface, "vpn0");
	assert_true(prefix_parse("10.0.2.0/24", &m->remote) && prefix_parse("0.0.0.0/0", &m->local));
}

static void
fill_esp_route6(void *p)
{
	struct esp_route *m = p;

	strcpy(m->iface, "v");
	assert_true(prefix_parse("2001:db8:2::/48", &m->remote) && prefix_parse("2001:db8::1/128", &m->local));
}

void
fill_tunnel(void *p)
{
	struct tunnel *t = p;

	strcpy(t->name, "tokyo-newyork");
	t->local = ip("20.0.0.1");
	t->remote = ip("20.0.0.2");
	strcpy(t->id_local, "fqdn:tokyo");
	strcpy(t->id_remote, "fqdn:newyork");
	t->start = START_ALWAYS;
	t->first = 1;
	t->encap = ENCAP_UDP;
	strcpy(t->iface, "to-site.2_longs");
	t->prefer_udp = 1;
	t->ike_life_s = 28800;
	t->child_life_s = 3600;
	t->child_life_bytes = 64ull << 30;
	t->child_life_packets = 1ull << 32;
	t->ike_hard_s = 90000;
	t->child_hard_s = 7200;
	t->replay_window = 4096;
	memcpy(t->proofs, octets + 1, sizeof(t->proofs));
	memcpy(t->digest, octets, sizeof(t->digest));
	assert_true(preset_find("modern", &t->ike, &t->esp));
	t->nchildren = 2;
	for (unsigned i = 0; i < 2; i++) {
		strcpy(t->children[i].name, i ? "voice" : "net");
		t->children[i].reqid = i + 1;
		ts_fill(&t->children[i].local, "10.0.1.0/24");
		ts_fill(&t->children[i].remote, "10.0.2.0/24");
		ts_fill(&t->children[i].remote, "2001:db8:2::/48");
	}
	t->children[1].mode = CHILD_TRANSPORT;
	t->children[1].esp = 1;
	t->children[1].comp = COMP_DEMANDED;
	t->children[1].life_s = 600;
	t->children[1].local.v[0].proto = 17;
	t->children[1].local.v[0].port_lo = t->children[1].local.v[0].port_hi = 5060;
}

static void
fill_tunnel_any(void *p)
{
	struct tunnel *t = p;
	struct proposals ah;

	fill_tunnel(t);
	t->local = ip("2001:db8::1");
	memset(&t->remote, 0, sizeof(t->remote));
	t->start = START_RESPOND;
	t->nchildren = 1;
	memset(&t->children[1], 0, sizeof(t->children[1]));
	assert_true(preset_find("compatible", &t->ike, &t->esp));
	preset_ah(&ah);
	t->esp.v[t->esp.n++] = ah.v[0];
	t->children[0].ah = 1;
}

static void
fill_state(void *p)
{
	struct tunnel_state *t = p;
	struct child_state *c = &t->children[0];

	strcpy(t->name, "tokyo-newyork");
	t->ike_up = t->ike_initiator = 1;
	t->spi_i = 0x1122334455667788;
	t->spi_r = 0x99aabbccddeeff00;
	t->ike_suite = suite_gcm;
	t->local = ep("20.0.0.1", 4500);
	t->remote = ep("20.0.0.2", 4500);
	t->nat_remote = 1;
	strcpy(t->id_remote, "fqdn:newyork");
	t->since_s = 17;
	t->rekey_in_s = 20000;
	t->reason = R_CONFIG_DIFFERS;
	strcpy(t->detail, "the digests differ");
	strcpy(t->proved, "certificate CN=newyork");
	t->retry_in_s = 3;
	t->nchildren = 1;
	strcpy(c->name, "net");
	c->wanted = c->proven = c->udp = c->comp = 1;
	c->negotiated = CHILD_REKEYING;
	c->spi_in = 0x100;
	c->spi_out = 0xffffffff;
	c->reqid = 1;
	c->suite = suite_cbc;
	c->since_s = 5;
	c->rekey_in_s = 3000;
	ts_fill(&c->local, "10.0.1.0/24");
	ts_fill(&c->remote, "10.0.2.0/24");
}

void
fill_state_down(void *p)
{
	struct tunnel_state *t = p;

	strcpy(t->name, "a-b");
	t->reason = R_PEER_NO_ANSWER;
}

static void
fill_record(void *p)
{
	struct record *m = p;

	strcpy(m->tunnel, "tokyo-newyork");
	strcpy(m->child, "net");
	m->time_s = 1800000000;
	m->reason = R_NO_PROPOSAL_IKE;
	record_fact(m, "role", "%s", "responder");
	record_fact(m, "offered", "%s-%u", "aes256gcm16", 1u);
}

static void
fill_derive(void *p)
{
	struct key_derive *m = p;

	m->ke = 7;
	m->old_ike = 3;
	m->initiator = 1;
	m->suite = suite_gcm;
	m->spi_i = 1;
	m->spi_r = 2;
	m->ni = bytes_of(octets, 16);
	m->nr = bytes_of(octets, 256);
	m->peer_public = bytes_of(octets, 32);
}

static void
fill_derived(void *p)
{
	struct key_derived *m = p;

	m->ike = 9;
	m->sk_ei = m->sk_er = bytes_of(octets, 36);
	m->sk_ai = m->sk_ar = bytes_of(octets, 0);
}

static void
fill_auth(void *p)
{
	struct key_auth *m = p;

	m->ike = 9;
	strcpy(m->tunnel, "tokyo-newyork");
	m->initiator = 1;
	m->method = 2;
	m->message = bytes_of(octets, 500);
	m->id = bytes_of(octets, 12);
	m->data = bytes_of(octets, 48);
}

static void
fill_auth_cert(void *p)
{
	struct key_auth *m = p;

	fill_auth(p);
	m->method = 14;
	m->want = KEY_WANT_X509 | KEY_WANT_OCSP;
	m->hashes = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5;
	m->ncerts = 2;
	m->certs[0] = (struct key_cert){ CERT_X509, bytes_of(octets, 600) };
	m->certs[1] = (struct key_cert){ CERT_OCSP, bytes_of(octets, 1) };
}

static void
fill_proof(void *p)
{
	struct key_proof *m = p;

	m->method = 14;
	m->data = bytes_of(octets, 72);
	m->ncerts = KEY_CERTS;
	for (unsigned i = 0; i < KEY_CERTS; i++)
		m->certs[i] = (struct key_cert){ i ? CERT_X509 : CERT_RAW_KEY, bytes_of(octets, 100 + i) };
}

static void
fill_spi(void *p)
{
	struct key_spi *m = p;

	m->child = 4;
	m->reqid = 1;
	m->local = ip("20.0.0.1");
	m->remote = ip("20.0.0.2");
}

static void
fill_child(void *p)
{
	struct key_child *m = p;

	m->child = 4;
	m->ike = 9;
	m->ke = 8;
	m->initiator = 1;
	m->which = KEY_IN | KEY_OUT;
	m->esn = m->udp = 1;
	m->spi_in = 0x1000;
	m->spi_out = 0x2000;
	m->reqid = 1;
	m->replay_window = 4096;
	m->cpi_in = 256;
	m->cpi_out = 61439;
	strcpy(m->name, "tokyo-newyork/net");
	m->suite = suite_gcm;
	m->local = ep("20.0.0.1", 4500);
	m->remote = ep("20.0.0.2", 4500);
	m->soft_s = 3000;
	m->hard_s = 3960;
	m->soft_bytes = m->hard_bytes = 1ull << 40;
	m->soft_packets = m->hard_packets = 1ull << 32;
	m->ni = bytes_of(octets, 32);
	m->nr = bytes_of(octets, 32);
	m->peer_public = bytes_of(octets, 32);
	ts_fill(&m->ts_local, "10.0.1.0/24");
	ts_fill(&m->ts_remote, "10.0.2.0/24");
}

static void
fill_child_ah(void *p)
{
	struct key_child *m = p;

	fill_child(m);
	m->udp = 0;
	m->cpi_in = m->cpi_out = 0;
	m->suite = (struct suite){ .integ = INTEG_HMAC_SHA2_512_256, .ke = KE_X25519 };
}

static void
fill_installed(void *p)
{
	struct key_installed *m = p;

	m->child = 4;
	m->reqid = 1;
	m->spi_in = 0x1000;
	m->spi_out = 0x2000;
	m->local = ep("2001:db8::1", 4500);
	m->remote = ep("2001:db8::2", 4500);
	strcpy(m->name, "tokyo-newyork/net");
}

static void
fill_stray(void *p)
{
	struct key_stray *m = p;

	m->spi = 0xdeadbeef;
	m->local = ep("192.0.2.1", 4500);
	m->remote = ep("192.0.2.2", 61000);
}

static void
fill_stray_ah(void *p)
{
	struct key_stray *m = p;

	m->ah = 1;
	m->spi = 0x100;
	m->local = ep("2001:db8::1", 0);
	m->remote = ep("2001:db8::2", 0);
}

static void
fill_config(void *p)
{
	struct msg_sup_config *c = p;

	strcpy(c->user, "_causeway-ike");
	strcpy(c->run_dir, "/run/causeway");
	strcpy(c->state_dir, "/var/lib/causeway");
	strcpy(c->secret_dir, "/etc/causeway/secrets");
	strcpy(c->key_dir, "/var/lib/causeway/keys");
	strcpy(c->crl_dir, "/etc/causeway/crl");
	strcpy(c->guard_file, "/var/lib/causeway/guard.nft");
	strcpy(c->site, "tokyo");
	strcpy(c->engine, "module");
	strcpy(c->engine_asked, "auto");
	c->ike_port = 500;
	c->natt_port = 4500;
	c->legacy = 1;
	c->log_level = 2;
}

#define S(name, type, fill) { name, CODEC_##type, sizeof(struct type), fill, put_##type, get_##type }
const struct sample samples[] = {
	S("binding", binding, fill_binding),
	S("binding-cert", binding, fill_binding_cert),
	S("binding-trust", binding, fill_binding_trust),
	S("binding-policies", binding, fill_binding_policies),
	S("relay", relay, fill_relay),
	S("relay6", relay, fill_relay6),
	S("esp_route", esp_route, fill_esp_route),
	S("esp_route6", esp_route, fill_esp_route6),
	S("tunnel", tunnel, fill_tunnel),
	S("tunnel-any", tunnel, fill_tunnel_any),
	S("state", tunnel_state, fill_state),
	S("state-down", tunnel_state, fill_state_down),
	S("record", record, fill_record),
	S("derive", key_derive, fill_derive),
	S("derived", key_derived, fill_derived),
	S("auth", key_auth, fill_auth),
	S("auth-cert", key_auth, fill_auth_cert),
	S("spi", key_spi, fill_spi),
	S("child", key_child, fill_child),
	S("child-ah", key_child, fill_child_ah),
	S("installed", key_installed, fill_installed),
	S("config", msg_sup_config, fill_config),
	S("proof", key_proof, fill_proof),
	S("trust", trust_rule, fill_trust),
	S("fetch", fetch, fill_fetch),
	S("fetched", fetched, fill_fetched),
	S("fetch-failed", fetched, fill_fetch_failed),
	S("resolve", resolve, fill_resolve),
	S("resolved", resolved, fill_resolved),
	S("resolve-failed", resolved, fill_resolve_failed),
	S("stray", key_stray, fill_stray),
	S("stray-ah", key_stray, fill_stray_ah),
	S("cert-info", cert_info, fill_cert_info),
	S("cert-csr", cert_csr, fill_cert_csr),
	S("cert-import", cert_import, fill_cert_import),
	S("cert-export", cert_export, fill_cert_export),
	S("ca-init", ca_init, fill_ca_init),
	S("ca-issue", ca_issue, fill_ca_issue),
	S("ca-revoke", ca_revoke, fill_ca_revoke),
	S("ca-revoke-serial", ca_revoke, fill_ca_revoke_serial),
	S("ca-crl", ca_crl, fill_ca_crl),
	S("cert-made", cert_made, fill_cert_made),
	S("ca-issued", ca_issued, fill_ca_issued),
};
const size_t nsamples = sizeof(samples) / sizeof(samples[0]);

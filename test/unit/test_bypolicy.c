/* SPDX-License-Identifier: BSD-2-Clause */
/* What IKE negotiates for policies of the user's, and what it says of those for which it cannot. */
#include "test.h"

#include <netinet/in.h>

#include "bypolicy.h"

static uint32_t taken_reqid;
static const char *taken_name;

static bool
reqid_taken(void *arg, uint32_t reqid)
{
	(void)arg;
	return reqid == taken_reqid;
}

static bool
name_taken(void *arg, const char *name)
{
	(void)arg;
	return taken_name && strcmp(name, taken_name) == 0;
}

static const struct utaken taken = { reqid_taken, name_taken, NULL };

static struct addr
ip(const char *s)
{
	struct addr a;

	assert_true(addr_parse(s, &a));
	return a;
}

/* "A[110] 0.0.0.0/0 tcp" and what it asks for; ends NULL: transport */
static struct upolicy
policy(uint32_t id, const char *src, uint16_t sport, const char *dst, uint8_t proto, const char *from, const char *to)
{
	struct upolicy p = { .id = id, .sport = sport, .proto = proto, .nreq = 1 };

	assert_true(prefix_parse(src, &p.src));
	assert_true(prefix_parse(dst, &p.dst));
	p.req[0] = (struct pfkey_request){ .proto = IPPROTO_ESP, .mode = from ? CW_MODE_TUNNEL : CW_MODE_TRANSPORT, .level = CW_LEVEL_REQUIRE };
	if (from) {
		p.req[0].src = ip(from);
		p.req[0].dst = ip(to);
	}
	return p;
}

static const char *
ts_of(const struct ts *t)
{
	static char buf[TS_STR];

	return ts_str(t, buf);
}

/* The FAQ's two hosts, and its VPN. */
static void
test_faq(void **state)
{
	struct upolicy p[2] = { policy(7, "20.0.0.1", 0, "20.0.0.2", 0, NULL, NULL),
	    policy(5, "10.0.1.0/24", 0, "10.0.2.0/24", 0, "20.0.0.1", "20.0.0.2") };
	const struct utunnel *t;
	struct binding b;
	struct tunnel m;
	struct umap u;

	assert_true(umap_build(&u, p, 2, NULL, 0, NULL, &taken));
	assert_int_equal(u.n, 1);
	assert_int_equal(u.nrefused, 0);
	assert_false(u.by_peers);
	t = umap_find(&u, "spd-20-0-0-2");
	assert_non_null(t);
	assert_null(umap_find(&u, "spd-20-0-0-1"));
	assert_int_equal(t->n, 2);
	assert_int_equal(t->child[0].id, 5);
	assert_false(t->child[0].transport);
	assert_string_equal(ts_of(&t->child[0].local), "10.0.1.0/24");
	assert_string_equal(ts_of(&t->child[0].remote), "10.0.2.0/24");
	assert_true(t->child[1].transport);
	assert_string_equal(ts_of(&t->child[1].local), "20.0.0.1/32");
	assert_string_equal(ts_of(&t->child[1].remote), "20.0.0.2/32");
	utunnel_msg(t, NULL, &m);
	assert_string_equal(m.name, "spd-20-0-0-2");
	assert_string_equal(m.id_local, "ip:20.0.0.1");
	assert_string_equal(m.id_remote, "ip:20.0.0.2");
	assert_int_equal(m.start, START_ON_DEMAND);
	assert_int_equal(m.nchildren, 2);
	assert_string_equal(m.children[1].name, "p7");
	assert_int_equal(m.children[0].mode, CHILD_TUNNEL);
	assert_int_equal(m.children[1].mode, CHILD_TRANSPORT);
	assert_true(m.children[0].reqid >= BIND_NUMBERS && m.children[1].reqid >= BIND_NUMBERS && m.children[0].reqid != m.children[1].reqid);
	utunnel_binding(t, NULL, &b);
	assert_int_equal(b.policies, 1);
	assert_int_equal(b.reqids[1], m.children[1].reqid);
	assert_int_equal(b.policy[1].id, 7);
	assert_int_equal(b.policy[1].transport, 1);
	assert_int_equal(b.policy[1].reqid, 0);
	umap_fini(&u);
}

static struct upolicy
pair(uint32_t id, bool tunnel, uint8_t inner)
{
	struct upolicy p = tunnel ? policy(id, "10.0.1.0/24", 0, "10.0.2.0/24", 0, "20.0.0.1", "20.0.0.2") : policy(id, "20.0.0.1", 0, "20.0.0.2", IPPROTO_TCP, NULL, NULL);

	p.nreq = 2;
	p.req[0].proto = inner;
	p.req[1] = (struct pfkey_request){ .proto = inner == IPPROTO_ESP ? IPPROTO_AH : IPPROTO_ESP, .mode = CW_MODE_TRANSPORT, .level = CW_LEVEL_REQUIRE, .reqid = 77 };
	return p;
}

/* ESP and AH around one packet: two children, the outer one for what the inner one makes. */
static void
test_pair(void **state)
{
	static const struct { bool tunnel; uint8_t inner; const char *local, *remote, *outer_local, *outer_remote, *name; } v[] = {
		{ false, IPPROTO_ESP, "20.0.0.1/32 tcp", "20.0.0.2/32 tcp", "20.0.0.1/32 proto-50", "20.0.0.2/32 proto-50", "p7-ah" },
		{ false, IPPROTO_AH, "20.0.0.1/32 tcp", "20.0.0.2/32 tcp", "20.0.0.1/32 proto-51", "20.0.0.2/32 proto-51", "p7-esp" },
		{ true, IPPROTO_ESP, "10.0.1.0/24", "10.0.2.0/24", "20.0.0.1/32 proto-50", "20.0.0.2/32 proto-50", "p7-ah" },
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct upolicy p[2] = { pair(7, v[i].tunnel, v[i].inner), policy(9, "20.0.0.1", 0, "20.0.0.2", 17, NULL, NULL) };
		const struct uchild *c;
		struct binding b;
		struct tunnel m;
		struct umap u;

		assert_true(umap_build(&u, p, 2, NULL, 0, NULL, &taken));
		assert_int_equal(u.nrefused, 0);
		assert_int_equal(u.n, 1);
		c = u.v[0].child;
		assert_int_equal(u.v[0].n, 3);
		assert_true(c[0].ah == (v[i].inner == IPPROTO_AH) && c[1].ah != c[0].ah && !c[2].ah);
		assert_true(c[0].transport == !v[i].tunnel && c[1].transport && c[0].inside == 0 && c[1].inside == v[i].inner);
		assert_true(c[0].number != c[1].number && c[0].reqid == 0 && c[1].reqid == 77);
		assert_string_equal(ts_of(&c[0].local), v[i].local);
		assert_string_equal(ts_of(&c[0].remote), v[i].remote);
		assert_string_equal(ts_of(&c[1].local), v[i].outer_local);
		assert_string_equal(ts_of(&c[1].remote), v[i].outer_remote);
		utunnel_msg(&u.v[0], NULL, &m);
		assert_string_equal(m.children[0].name, "p7");
		assert_string_equal(m.children[1].name, v[i].name);
		assert_true(m.children[0].ah == c[0].ah && m.children[1].ah == c[1].ah && m.children[1].mode == CHILD_TRANSPORT);
		utunnel_binding(&u.v[0], NULL, &b);
		assert_true(b.policy[0].id == 7 && b.policy[1].id == 7 && b.policy[0].ah == c[0].ah && b.policy[1].ah == c[1].ah && b.policy[1].reqid == 77);
		umap_fini(&u);
	}
}

/* All of it or nothing; and each peer once. */
static void
test_pair_room(void **state)
{
	struct addr peers[] = { ip("10.0.0.9"), ip("10.0.0.9"), ip("10.0.0.7") };
	struct upolicy p[IKE_CHILDREN], any = pair(3, false, IPPROTO_ESP);
	struct umap u;

	for (unsigned i = 0; i < IKE_CHILDREN - 1; i++)
		p[i] = policy(i + 1, "20.0.0.1", (uint16_t)(i + 1), "20.0.0.2", IPPROTO_TCP, NULL, NULL);
	p[IKE_CHILDREN - 1] = pair(100, false, IPPROTO_ESP);
	assert_true(umap_build(&u, p, IKE_CHILDREN, NULL, 0, NULL, &taken));
	assert_true(u.n == 1 && u.v[0].n == IKE_CHILDREN - 1 && u.nrefused == 1 && u.refused[0].id == 100);
	umap_fini(&u);
	assert_true(prefix_parse("0.0.0.0/0", &any.dst));
	assert_true(umap_build(&u, &any, 1, peers, 3, NULL, &taken));
	assert_true(u.n == 2 && u.v[0].n == 2 && u.v[1].n == 2 && u.nrefused == 0);
	assert_string_equal(ts_of(&u.v[1].child[1].remote), "10.0.0.9/32 proto-50");
	umap_fini(&u);
}

/* POP: the server's policy names everybody, and those that psk.txt has a key for are negotiated with. */
static void
test_wildcard(void **state)
{
	struct addr peers[] = { ip("10.0.0.9"), ip("2001:db8::9"), ip("10.0.0.7"), ip("10.0.0.1"), ip("10.0.0.9") };
	struct upolicy p = policy(3, "10.0.0.1", 110, "0.0.0.0/0", IPPROTO_TCP, NULL, NULL);
	struct umap u;

	assert_true(umap_build(&u, &p, 1, peers, 5, NULL, &taken));
	assert_true(u.by_peers);
	assert_int_equal(u.n, 2);		/* not the other family, not ourselves, and nobody twice */
	assert_int_equal(u.nrefused, 0);
	assert_string_equal(u.v[0].name, "spd-10-0-0-7");
	assert_int_equal(u.v[1].n, 1);
	assert_string_equal(ts_of(&u.v[1].child[0].local), "10.0.0.1/32 tcp 110");
	assert_string_equal(ts_of(&u.v[1].child[0].remote), "10.0.0.9/32 tcp");
	assert_int_not_equal(u.v[0].child[0].number, u.v[1].child[0].number);
	umap_fini(&u);
	assert_true(umap_build(&u, &p, 1, peers + 1, 1, NULL, &taken));
	assert_int_equal(u.n, 0);
	assert_int_equal(u.nrefused, 1);
	assert_non_null(strstr(u.refused[0].why, "psk.txt"));
	umap_fini(&u);
}

static void
refused(struct upolicy p, const char *why)
{
	struct umap u;

	p.id = 9;
	assert_true(umap_build(&u, &p, 1, NULL, 0, NULL, &taken));
	assert_int_equal(u.n, 0);
	assert_int_equal(u.nrefused, 1);
	assert_int_equal(u.refused[0].id, 9);
	if (!strstr(u.refused[0].why, why))
		fail_msg("%s, not %s", u.refused[0].why, why);
	umap_fini(&u);
}

static void
test_refused(void **state)
{
	const struct upolicy hosts = policy(1, "20.0.0.1", 0, "20.0.0.2", 0, NULL, NULL), vpn = policy(1, "10.0.1.0/24", 0, "10.0.2.0/24", 0, "20.0.0.1", "20.0.0.2");
	struct upolicy p;

	p = hosts; p.nreq = 2; p.req[1] = p.req[0]; refused(p, "several transforms");
	p = vpn; p.nreq = 2; p.req[1] = p.req[0]; p.req[1].proto = IPPROTO_AH; refused(p, "outer one is in transport mode");
	p = pair(1, false, IPPROTO_ESP); p.req[1].reqid = taken_reqid = 77; refused(p, "site file"); taken_reqid = 0;
	p = pair(1, false, IPPROTO_ESP); p.req[1].reqid = BIND_NUMBERS; refused(p, "too large");
	p = pair(1, false, IPPROTO_ESP); p.nreq = 3; refused(p, "several transforms");
	p = hosts; p.nreq = 3; p.req[1] = p.req[0]; p.req[1].proto = IPPROTO_AH; refused(p, "several transforms");
	p = hosts; p.req[0].proto = IPPROTO_COMP; refused(p, "IPComp alone");
	p = vpn; p.nreq = 2; p.req[1] = p.req[0]; p.req[0] = hosts.req[0]; p.req[0].proto = IPPROTO_COMP; refused(p, "not what IKE negotiates");
	p = vpn; p.nreq = 2; p.req[1] = p.req[0]; p.req[0].proto = IPPROTO_COMP; refused(p, "not what IKE negotiates");
	p = hosts; p.req[0].reqid = taken_reqid = 77; refused(p, "site file");
	taken_reqid = 0;
	p = hosts; p.req[0].reqid = BIND_NUMBERS; refused(p, "too large");
	p = hosts; p.proto = IPPROTO_ICMP; p.sport = 8; refused(p, "ICMP");
	p = hosts; p.proto = IPPROTO_GRE; p.sport = 1; refused(p, "a key of GRE");
	p = vpn; p.proto = IPPROTO_GRE; p.sport = 0; p.dport = 7; refused(p, "a key of GRE");
	p = hosts; p.proto = IPPROTO_MH; p.sport = 5; refused(p, "a type of MH");
	p = hosts; p.req[0].mode = CW_MODE_ANY; refused(p, "mode open");
	refused(policy(1, "20.0.0.0/24", 0, "20.0.0.2", 0, NULL, NULL), "not one address");
	refused(policy(1, "20.0.0.1", 0, "20.0.0.1", 0, NULL, NULL), "to itself");
	p = vpn; p.req[0].dst = ip("0.0.0.0"); refused(p, "two ends");
	p = vpn; p.req[0].dst = ip("2001:db8::1"); refused(p, "two families");
}

/* AH; and IPComp inside ESP, in both forms that are one header in IKE's eyes. */
static void
test_kinds(void **state)
{
	struct upolicy p[4] = { policy(1, "20.0.0.1", 0, "20.0.0.2", 0, NULL, NULL), policy(2, "20.0.0.1", 110, "20.0.0.2", IPPROTO_TCP, NULL, NULL),
	    policy(3, "10.0.1.0/24", 0, "10.0.2.0/24", 0, "20.0.0.1", "20.0.0.2"), policy(4, "20.0.0.1", 25, "20.0.0.2", IPPROTO_TCP, NULL, NULL) };
	struct proposals own;
	struct binding b;
	struct tunnel m;
	struct umap u;

	p[0].req[0].proto = IPPROTO_AH;
	for (unsigned i = 1; i < 4; i++) {
		p[i].nreq = 2;
		p[i].req[1] = p[0].req[0];
		p[i].req[1].proto = IPPROTO_ESP;
		p[i].req[1].reqid = 100 + i;
		p[i].req[0].proto = IPPROTO_COMP;
		p[i].req[0].reqid = 200 + i;
		p[i].req[0].level = i == 1 ? CW_LEVEL_REQUIRE : CW_LEVEL_USE;
	}
	assert_true(umap_build(&u, p, 4, NULL, 0, NULL, &taken));
	assert_true(u.n == 1 && u.v[0].n == 4 && u.nrefused == 0);
	utunnel_msg(&u.v[0], NULL, &m);
	utunnel_binding(&u.v[0], NULL, &b);
	assert_true(m.children[0].ah == 1 && m.children[0].comp == COMP_NONE && m.children[0].mode == CHILD_TRANSPORT);
	assert_true(b.policy[0].ah == 1 && b.policy[0].comp == 0);
	tunnel_child_esp(&m, 0, &own);
	assert_true(own.n == 1 && own.v[0].proto == PROTO_AH);
	tunnel_child_esp(&m, 1, &own);
	for (unsigned i = 0; i < own.n; i++)
		assert_int_equal(own.v[i].proto, PROTO_ESP);
	assert_true(m.children[1].ah == 0 && m.children[1].comp == COMP_DEMANDED && m.children[1].mode == CHILD_TRANSPORT);
	assert_true(m.children[3].comp == COMP_WANTED);
	assert_true(m.children[2].comp == COMP_DEMANDED && m.children[2].mode == CHILD_TUNNEL);	/* whatever its level: it makes the header */
	for (unsigned i = 1; i < 4; i++)
		assert_true(b.policy[i].comp == 1 && b.policy[i].comp_reqid == 200 + i && b.policy[i].reqid == 100 + i && b.policy[i].transport == (i != 2));
	umap_fini(&u);
	taken_reqid = 203;
	assert_true(umap_build(&u, p, 4, NULL, 0, NULL, &taken));
	assert_true(u.nrefused == 1 && u.refused[0].id == 4 && strstr(u.refused[0].why, "site file"));
	taken_reqid = 0;
	umap_fini(&u);
}

/* Only what goes out and asks for a transform: entrust, none and discard leave it to others, and so do policies for what comes in. */
static void
test_which(void **state)
{
	static const uint16_t others[] = { CW_POLICY_DISCARD, CW_POLICY_NONE, 3 /* entrust */, CW_POLICY_BYPASS };
	struct pfkey_msg m;
	struct upolicy p;

	pfkey_msg_init(&m, SADB_X_SPDADD, SADB_SATYPE_UNSPEC);
	assert_false(upolicy_get(&m, &p));
	m.has = PFKEY_HAS(SADB_X_EXT_POLICY) | PFKEY_HAS(SADB_EXT_ADDRESS_SRC) | PFKEY_HAS(SADB_EXT_ADDRESS_DST);
	m.src = (struct pfkey_address){ .ep = { ip("20.0.0.1"), 110 }, .proto = IPPROTO_TCP, .prefixlen = 32 };
	m.dst = (struct pfkey_address){ .ep = { ip("0.0.0.0"), 0 }, .proto = IPPROTO_TCP };
	m.policy = (struct pfkey_policy){ .type = CW_POLICY_IPSEC, .dir = CW_DIR_OUT, .id = 4, .n = 1 };
	assert_true(upolicy_get(&m, &p));
	assert_int_equal(p.id, 4);
	assert_int_equal(p.proto, IPPROTO_TCP);
	assert_int_equal(p.sport, 110);
	assert_int_equal(p.dst.len, 0);
	m.src.proto = CW_ULPROTO_ANY;
	assert_true(upolicy_get(&m, &p) && p.proto == 0);
	m.policy.dir = CW_DIR_IN;
	assert_false(upolicy_get(&m, &p));
	m.policy.dir = CW_DIR_OUT;
	m.policy.n = 0;
	assert_false(upolicy_get(&m, &p));
	m.policy.n = 1;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		m.policy.type = others[i];
		assert_false(upolicy_get(&m, &p));
	}
}

/* The same policies, in whatever order they are found, make the same; names that are taken are not taken again. */
static void
test_names(void **state)
{
	struct upolicy p[] = { policy(1, "20.0.0.1", 0, "20.0.0.2", 0, NULL, NULL), policy(2, "20.0.0.3", 0, "20.0.0.2", 0, NULL, NULL),
	    policy(3, "2001:db8::1", 0, "2001:db8:1::", 0, NULL, NULL) }, q[] = { p[2], p[0], p[1] };
	struct umap u, v;

	assert_true(umap_build(&u, p, 3, NULL, 0, NULL, &taken));
	assert_true(umap_build(&v, q, 3, NULL, 0, NULL, &taken));
	assert_int_equal(u.n, 3);
	assert_memory_equal(u.v, v.v, 3 * sizeof(*u.v));
	assert_non_null(umap_find(&u, "spd-20-0-0-2"));
	assert_true(addr_eq(&umap_find(&u, "spd-20-0-0-2-x2")->local, &p[1].src.addr));
	assert_non_null(umap_find(&u, "spd-2001-db8-1--0"));
	for (size_t i = 0; i < u.n; i++)
		assert_true(name_ok(u.v[i].name));
	umap_fini(&v);
	taken_name = "spd-20-0-0-2";
	assert_true(umap_build(&v, p, 3, NULL, 0, NULL, &taken));
	assert_null(umap_find(&v, "spd-20-0-0-2"));
	assert_non_null(umap_find(&v, "spd-20-0-0-2-x2"));
	assert_non_null(umap_find(&v, "spd-20-0-0-2-x3"));
	taken_name = NULL;
	umap_fini(&u);
	umap_fini(&v);
}

/* Four thousand addresses of ours towards one peer: names and tunnels are looked up, not searched for. */
static bool
asked_for(void *arg, const char *name)
{
	(void)name;
	++*(size_t *)arg;
	return false;
}

static void
test_many(void **state)
{
	static struct upolicy p[BYPOLICY_MAX + 2];
	size_t asked = 0;
	const struct utaken count = { reqid_taken, asked_for, &asked };
	const struct addr peers[2] = { ip("192.0.2.1"), ip("192.0.2.2") };
	struct umap u;
	char here[32];

	for (unsigned i = 0; i < BYPOLICY_MAX; i++) {
		snprintf(here, sizeof(here), "10.%u.%u.1", i >> 8, i & 255);
		p[i] = policy(i + 1, here, 0, "20.0.0.2", 0, NULL, NULL);
	}
	assert_true(umap_build(&u, p, BYPOLICY_MAX, NULL, 0, NULL, &count));
	assert_int_equal(u.n, BYPOLICY_MAX);
	for (size_t i = 1; i < u.n; i++)
		assert_true(strcmp(u.v[i - 1].name, u.v[i].name) < 0);
	assert_true(asked <= 2 * BYPOLICY_MAX);
	umap_fini(&u);
	for (unsigned i = BYPOLICY_MAX; i < BYPOLICY_MAX + 2; i++) {	/* no more of them, and it is said of each once, also where it names everybody */
		snprintf(here, sizeof(here), "10.%u.%u.1", i >> 8, i & 255);
		p[i] = policy(i + 1, here, 0, "0.0.0.0/0", 0, NULL, NULL);
	}
	assert_true(umap_build(&u, p, BYPOLICY_MAX + 2, peers, 2, NULL, &taken));
	assert_int_equal(u.n, BYPOLICY_MAX);
	assert_int_equal(u.nrefused, 2);
	assert_true(u.refused[0].id == BYPOLICY_MAX + 1 && u.refused[1].id == BYPOLICY_MAX + 2);
	assert_non_null(strstr(u.refused[0].why, "too many pairs of gateways"));
	umap_fini(&u);
}

/* A change of a child gives it another number, so that its SAs are made anew; one pair of gateways has room for so many. */
static void
test_numbers(void **state)
{
	struct upolicy p[IKE_CHILDREN + 2];
	struct umap u, v;

	for (unsigned i = 0; i < IKE_CHILDREN + 2; i++)
		p[i] = policy(i + 1, "20.0.0.1", (uint16_t)(i + 1), "20.0.0.2", IPPROTO_UDP, NULL, NULL);
	assert_true(umap_build(&u, p, IKE_CHILDREN + 2, NULL, 0, NULL, &taken));
	assert_int_equal(u.n, 1);
	assert_int_equal(u.v[0].n, IKE_CHILDREN);
	assert_int_equal(u.nrefused, 2);
	assert_non_null(strstr(u.refused[0].why, "16 policies"));
	for (unsigned i = 0; i < IKE_CHILDREN; i++)
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(u.v[0].child[i].number, u.v[0].child[k].number);
	p[0].req[0].reqid = 5;
	p[1].sport = 99;
	assert_true(umap_build(&v, p, IKE_CHILDREN + 2, NULL, 0, NULL, &taken));
	assert_int_not_equal(u.v[0].child[0].number, v.v[0].child[0].number);
	assert_int_not_equal(u.v[0].child[1].number, v.v[0].child[1].number);
	assert_int_equal(u.v[0].child[2].number, v.v[0].child[2].number);
	umap_fini(&u);
	umap_fini(&v);
}

/* racoon.conf: each child has the proposals and the lifetime of its sainfo, the tunnel those of its peer's section. */
static void
test_racoon_conf(void **state)
{
#define PROPOSAL "proposal { encryption_algorithm aes; hash_algorithm sha256; authentication_method pre_shared_key; dh_group 14; }"
	static const char text[] = "remote 20.0.0.2 { my_identifier fqdn \"a.example\"; lifetime time 1 hour; nat_traversal force; passive on; " PROPOSAL " }\n"
	    "sainfo anonymous { encryption_algorithm aes_gcm 256, aes 256; authentication_algorithm hmac_sha256; }\n"
	    "sainfo address 20.0.0.1[110] tcp anonymous { lifetime time 10 min; encryption_algorithm aes 256, aes_gcm 128; authentication_algorithm hmac_sha256; }\n";
	struct upolicy p[] = { policy(1, "20.0.0.1", 0, "20.0.0.2", 0, NULL, NULL), policy(2, "20.0.0.1", 110, "20.0.0.2", IPPROTO_TCP, NULL, NULL),
	    policy(3, "20.0.0.1", 0, "20.0.0.9", 0, NULL, NULL) };
	struct yt_error err = { 0 };
	struct racoon *conf = racoon_read(text, sizeof(text) - 1, &err), *none = racoon_read("", 0, &err);
	struct proposals own;
	struct binding b;
	struct tunnel m;
	struct umap u;
	char said[512];

	assert_true(conf && none);
	assert_true(umap_build(&u, p, 3, NULL, 0, conf, &taken));
	assert_int_equal(u.n, 1);
	assert_int_equal(u.nrefused, 1);
	assert_int_equal(u.refused[0].id, 3);
	assert_non_null(strstr(u.refused[0].why, "no section 'remote'"));
	utunnel_msg(&u.v[0], conf, &m);
	assert_string_equal(m.id_local, "fqdn:a.example");
	assert_string_equal(m.id_remote, "ip:20.0.0.2");
	assert_int_equal(m.ike_life_s, 3600);
	assert_int_equal(m.start, START_RESPOND);
	assert_int_equal(m.encap, ENCAP_UDP);
	assert_int_equal(m.ike.n, 1);
	assert_int_equal(m.esp.n, 3);		/* one of them is both children's */
	tunnel_child_esp(&m, 0, &own);
	assert_string_equal(proposals_str(&own, said, sizeof(said)), "aes256gcm16-esn-noesn, aes256-sha256-esn-noesn");
	tunnel_child_esp(&m, 1, &own);
	assert_string_equal(proposals_str(&own, said, sizeof(said)), "aes256-sha256-esn-noesn, aes128gcm16-esn-noesn");
	assert_int_equal(m.children[0].life_s, 0);
	assert_int_equal(m.children[1].life_s, 600);
	utunnel_binding(&u.v[0], conf, &b);
	assert_string_equal(b.id_local, "fqdn:a.example");
	assert_true(addr_eq(&b.peer, &u.v[0].remote));
	umap_fini(&u);
	assert_true(umap_build(&u, p, 3, NULL, 0, none, &taken));
	assert_int_equal(u.n, 0);
	assert_int_equal(u.nrefused, 3);
	umap_fini(&u);
	racoon_free(conf);
	racoon_free(none);
}

/* AH by racoon.conf: the sainfo's integrity algorithms, and its group; without one there is nothing to negotiate. */
static void
test_racoon_ah(void **state)
{
	static const char text[] = "remote anonymous { " PROPOSAL " }\n"
	    "sainfo anonymous { pfs_group 14; encryption_algorithm aes 256; authentication_algorithm hmac_sha512, hmac_sha256; }\n"
	    "sainfo address 20.0.0.1[110] tcp anonymous { encryption_algorithm aes_gcm 256; }\n";
	struct upolicy p[] = { policy(1, "20.0.0.1", 0, "20.0.0.2", 0, NULL, NULL), policy(2, "20.0.0.1", 110, "20.0.0.2", IPPROTO_TCP, NULL, NULL),
	    policy(3, "20.0.0.1", 25, "20.0.0.2", IPPROTO_TCP, NULL, NULL) };
	struct yt_error err = { 0 };
	struct racoon *conf = racoon_read(text, sizeof(text) - 1, &err);
	struct proposals own;
	struct tunnel m;
	struct umap u;
	char said[256];

	assert_non_null(conf);
	p[0].req[0].proto = p[1].req[0].proto = IPPROTO_AH;
	assert_true(umap_build(&u, p, 3, NULL, 0, conf, &taken));
	assert_true(u.n == 1 && u.v[0].n == 2 && u.nrefused == 1 && u.refused[0].id == 2);
	assert_non_null(strstr(u.refused[0].why, "authentication_algorithm"));
	utunnel_msg(&u.v[0], conf, &m);
	tunnel_child_esp(&m, 0, &own);
	assert_string_equal(proposals_str(&own, said, sizeof(said)), "sha512-sha256-modp2048-esn-noesn");
	assert_int_equal(own.v[0].proto, PROTO_AH);
	tunnel_child_esp(&m, 1, &own);
	assert_true(own.n == 1 && own.v[0].proto == PROTO_ESP);
	umap_fini(&u);
	racoon_free(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faq), cmocka_unit_test(test_pair), cmocka_unit_test(test_pair_room), cmocka_unit_test(test_which), cmocka_unit_test(test_wildcard), cmocka_unit_test(test_refused), cmocka_unit_test(test_kinds), cmocka_unit_test(test_names), cmocka_unit_test(test_many),
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_racoon_conf), cmocka_unit_test(test_racoon_ah),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

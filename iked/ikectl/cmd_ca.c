/* SPDX-License-Identifier: BSD-2-Clause */
/* The small CA. What was done goes to standard output, or the certificate itself; what comes next goes to standard error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "name.h"
#include "sub.h"

static const char *
ca_name(const struct ctl *ctl)
{
	return ctl->ca ? ctl->ca : "ca";
}

static bool
ca_path(const struct ctl *ctl, const char *name, const char *verb, char *path, size_t cap)
{
	snprintf(path, cap, "/v1/ca/%.64s/%s", name, verb);
	return is_name("a CA", name);
}

static int
ca_init(const struct ctl *ctl, int argc, char **argv)
{
	const char *name = argc ? argv[0] : ca_name(ctl);
	json_t *body, *answer;
	char path[160];
	int rc;

	if (!ca_path(ctl, name, "init", path, sizeof(path)))
		return CTL_USAGE;
	body = json_object();
	set_text(body, "key", ctl->key);
	set_text(body, "subject", ctl->subject);
	set_text(body, "crl_url", ctl->crl_url);
	if (!set_days(body, ctl)) {
		json_decref(body);
		return CTL_USAGE;
	}
	rc = post_json(ctl, path, body, &answer, NULL);
	if (answer && ctl->json)
		ctl_json(answer);
	else if (answer) {
		print_made("a new CA", answer);
		fprintf(stderr, "Next: 'ikectl ca issue SITE' with the name of this gateway's site; for each other gateway 'ikectl csr SITE' there,\n"
		    "and here 'ikectl ca issue SITE --csr FILE' with the request that it prints.\n");
	}
	json_decref(answer);
	return rc;
}

/* Of a request the certificate goes back where it came from; else it is in its place. */
static int
issued(const struct ctl *ctl, const char *site, json_t *answer)
{
	const char *pem = json_get(answer, "pem");

	if (*pem && (ctl->out || !ctl->json) && !text_save(ctl, pem, ctl->out))
		return CTL_FAILED;
	if (ctl->json) {
		ctl_json(answer);
	} else if (*pem) {
		fflush(stdout);
		fprintf(stderr, "%s: a certificate for the key that lives on another gateway, valid until %.10s.\n"
		    "Next: bring it there: 'ikectl cert import FILE' puts it beside its key and makes the CA a trust anchor.\n",
		    site, text(answer, "not_after"));
	} else {
		print_made("a certificate with its key", answer);
		fprintf(stderr, "Next: it is used by tunnels with 'auth: {certificate: %s, trust: %s}' in the site file, from the next 'ikectl apply' on.\n",
		    site, text(answer, "ca"));
	}
	return CTL_OK;
}

static int
issue(const struct ctl *ctl, const char *site, bool renew)
{
	char path[160], *csr = NULL;
	json_t *body, *answer = NULL;
	size_t n = 0;
	int rc = CTL_USAGE;

	if (!is_name("a site", site) || !ca_path(ctl, ca_name(ctl), "issue", path, sizeof(path)))
		return CTL_USAGE;
	if (ctl->csr && (csr = ctl_slurp(ctl, ctl->csr, &n)) == NULL)
		return CTL_FAILED;
	body = json_object();
	json_object_set_new(body, "site", json_string(site));
	set_text(body, "key", ctl->key);
	set_ids(body, ctl);
	if (csr)
		json_object_set_new(body, "csr", json_stringn_nocheck(csr, n));
	if (renew)
		json_object_set_new(body, "renew", json_true());
	if (ctl->keep_key)
		json_object_set_new(body, "keep_key", json_true());
	if (set_days(body, ctl))
		rc = post_json(ctl, path, json_incref(body), &answer, NULL);
	json_decref(body);
	if (answer)
		rc = issued(ctl, site, answer);
	json_decref(answer);
	free(csr);
	return rc;
}

static int
ca_issue(const struct ctl *ctl, int argc, char **argv)
{
	return issue(ctl, argv[0], false);
}

static int
ca_renew(const struct ctl *ctl, int argc, char **argv)
{
	return issue(ctl, argv[0], true);
}

static int
ca_revoke(const struct ctl *ctl, int argc, char **argv)
{
	json_t *body, *answer, *crl;
	char path[160];
	int rc;

	if ((argc == 1) == (ctl->serial != NULL)) {
		fprintf(stderr, "ikectl: say which: the name of a site, or --serial\n");
		return CTL_USAGE;
	}
	if (!ca_path(ctl, ca_name(ctl), "revoke", path, sizeof(path)) || (argc && !is_name("a site", argv[0])))
		return CTL_USAGE;
	body = json_object();
	set_text(body, "site", argc ? argv[0] : NULL);
	set_text(body, "serial", ctl->serial);
	set_text(body, "why", ctl->why);
	rc = post_json(ctl, path, body, &answer, NULL);
	crl = json_object_get(answer, "crl");
	if (answer && ctl->json)
		ctl_json(answer);
	else if (answer) {
		printf("%s: revoked, %s in all; list number %s of the CA %s has %s\n", text(answer, "name"), text(answer, "count"),
		    text(crl, "number"), text(answer, "ca"), text(crl, "revoked"));
		fflush(stdout);
		fprintf(stderr, "Next: publish the new list: 'ikectl ca crl --out FILE' where the web server has it. This gateway knows it already.\n");
	}
	json_decref(answer);
	return rc;
}

static int
ca_crl(const struct ctl *ctl, int argc, char **argv)
{
	json_t *body, *answer = NULL, *crl;
	struct box box = { .fd = -1, .conn = -1 };
	char path[200];
	int rc = CTL_FAILED;

	if (!ca_path(ctl, ca_name(ctl), "crl", path, sizeof(path)))
		return CTL_USAGE;
	body = json_object();
	if (ctl->der)
		json_object_set_new(body, "der", json_true());
	if (!set_days(body, ctl))
		rc = CTL_USAGE;
	else if (box_make(ctl, &box, NULL, NULL, NULL, NULL) && (rc = box_send(ctl, &box, path, sizeof(path))) == CTL_OK)
		rc = post_json(ctl, path, json_incref(body), &answer, NULL);
	json_decref(body);
	if (answer && (ctl->out || !ctl->json) && !box_save(ctl, &box, ctl->out, false))
		rc = CTL_FAILED;
	crl = json_object_get(answer, "crl");
	if (answer && rc == CTL_OK && ctl->json)
		ctl_json(answer);
	else if (answer && rc == CTL_OK)
		fprintf(stderr, "List number %s of the CA %s: %s revoked, good until %.10s.\n", text(crl, "number"), text(answer, "ca"),
		    text(crl, "revoked"), text(crl, "next_update"));
	box_free(&box);
	json_decref(answer);
	return rc;
}

static int
ca_list(const struct ctl *ctl, int argc, char **argv)
{
	json_t *answer;
	char path[160];
	int rc;

	if (!ca_path(ctl, ca_name(ctl), "issued", path, sizeof(path)))
		return CTL_USAGE;
	rc = ctl_call(ctl, false, path, NULL, NULL, 0, &answer, NULL);
	if (answer && ctl->json)
		ctl_json(answer);
	else if (answer)
		print_issued(ctl, answer);
	json_decref(answer);
	return rc;
}

/* The password of a PKCS#12 file: from its file, or typed twice. */
static bool
new_password(const struct ctl *ctl, char *buf, size_t cap)
{
	if (!ctl->p12 || ctl->password_file || ask_password("Password of the new file: ", true, buf, cap))
		return true;
	fprintf(stderr, "ikectl: a PKCS#12 file needs a password: '--password-file FILE', or a terminal to ask on\n");
	return false;
}

static int
ca_export(const struct ctl *ctl, int argc, char **argv)
{
	bool secret = ctl->p12 || ctl->with_key;
	struct box box = { .fd = -1, .conn = -1 };
	char path[200], password[256] = "";
	json_t *body, *answer = NULL;
	int rc = CTL_FAILED;

	if (!is_name("a site", argv[0]))
		return CTL_USAGE;
	if (ctl->p12 && ctl->pem) {
		fprintf(stderr, "ikectl: --pem or --p12, not both\n");
		return CTL_USAGE;
	}
	if (secret && (!ctl->out || strcmp(ctl->out, "-") == 0)) {
		fprintf(stderr, "ikectl: a private key goes into a file: --out FILE\n");
		return CTL_USAGE;
	}
	if (!new_password(ctl, password, sizeof(password)))
		return CTL_FAILED;
	snprintf(path, sizeof(path), "/v1/certs/%.64s/export", argv[0]);
	body = json_pack("{s:s, s:b}", "form", ctl->p12 ? "p12" : "pem", "with_key", ctl->with_key);
	if (box_make(ctl, &box, NULL, NULL, ctl->p12 ? ctl->password_file : NULL, password[0] ? password : NULL) &&
	    (rc = box_send(ctl, &box, path, sizeof(path))) == CTL_OK)
		rc = post_json(ctl, path, json_incref(body), &answer, NULL);
	explicit_bzero(password, sizeof(password));
	json_decref(body);
	if (answer && (ctl->out || !ctl->json) && !box_save(ctl, &box, ctl->out, secret))
		rc = CTL_FAILED;
	if (answer && rc == CTL_OK && ctl->json)
		ctl_json(answer);
	else if (answer && rc == CTL_OK && ctl->out)
		fprintf(stderr, "%s: %s in %s%s.\n", argv[0], ctl->p12 ? "certificate, chain and private key" : ctl->with_key ?
		    "certificate, chain and the private key in the clear" : "certificate and chain", ctl->out,
		    secret ? ", which only its owner can read" : "");
	box_free(&box);
	json_decref(answer);
	return rc;
}

static const struct sub subs[] = {
	{ "init", "[NAME] [--key KIND] [--days N] [--subject DN] [--crl-url URL]", "a new CA, its certificate and its empty revocation list", 0, 1,
	    "kdsuC", ca_init },
	{ "issue", "SITE [--csr FILE [--out FILE]] [--id ID]... [--key KIND] [--days N] [--ca NAME]", "a certificate, here or for a request of another gateway",
	    1, 1, "qoIkdC", ca_issue },
	{ "renew", "SITE [--csr FILE | --keep-key] [--out FILE] [--id ID]... [--key KIND] [--days N] [--ca NAME]", "the same names again", 1, 1,
	    "qoIkdCK", ca_renew },
	{ "revoke", "SITE | --serial HEX [--reason WHY] [--ca NAME]", "never to be trusted again, and a new list that says so", 0, 1, "nyC", ca_revoke },
	{ "crl", "[--out FILE] [--days N] [--der] [--ca NAME]", "a new revocation list, to be published", 0, 0, "odDC", ca_crl },
	{ "list", "[--ca NAME]", "what it issued", 0, 0, "C", ca_list },
	{ "export", "SITE [--pem [--with-key] | --p12 [--password-file FILE]] [--out FILE]", "a certificate that is kept here, for other programs", 1, 1,
	    "pPWwo", ca_export },
};

int
cmd_ca(const struct ctl *ctl, int argc, char **argv)
{
	return sub_run(ctl, "ca", subs, sizeof(subs) / sizeof(subs[0]), argc, argv);
}

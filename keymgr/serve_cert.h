/* SPDX-License-Identifier: BSD-2-Clause */
/* spdsync's requests about certificates and the CA (msg_cert.h), for its table in serve.c. */
#ifndef KEYMGR_SERVE_CERT_H
#define KEYMGR_SERVE_CERT_H

#include "msg_cert.h"
#include "serve.h"
#include "store.h"

bool serve_cert_init(struct keymgr *);
void serve_cert_fini(struct keymgr *);
/* Once the folders can be used: what a crash left is finished, lists are looked after. */
void serve_cert_start(struct keymgr *);

bool on_cert_list(void *ctx, struct ipc *, struct ipc_msg *);
bool on_cert_csr(void *ctx, struct ipc *, struct ipc_msg *);
bool on_cert_import(void *ctx, struct ipc *, struct ipc_msg *);
bool on_cert_export(void *ctx, struct ipc *, struct ipc_msg *);
bool on_cert_remove(void *ctx, struct ipc *, struct ipc_msg *);
bool on_ca_init(void *ctx, struct ipc *, struct ipc_msg *);
bool on_ca_issue(void *ctx, struct ipc *, struct ipc_msg *);
bool on_ca_revoke(void *ctx, struct ipc *, struct ipc_msg *);
bool on_ca_crl(void *ctx, struct ipc *, struct ipc_msg *);
bool on_ca_list(void *ctx, struct ipc *, struct ipc_msg *);
bool on_psk_put(void *ctx, struct ipc *, struct ipc_msg *);
bool on_psk_remove(void *ctx, struct ipc *, struct ipc_msg *);
bool on_psktxt_put(void *ctx, struct ipc *, struct ipc_msg *);

#define SERVE_CERT_ROWS \
	{ CERT_LIST,	"CERT_LIST",	IPC_AFTER_HELLO, NAME_CAP + 2,				on_cert_list }, \
	{ CERT_CSR,	"CERT_CSR",	IPC_AFTER_HELLO, sizeof(struct cert_csr) + 64,		on_cert_csr }, \
	{ CERT_IMPORT,	"CERT_IMPORT",	IPC_AFTER_HELLO, sizeof(struct cert_import) + 64,	on_cert_import }, \
	{ CERT_EXPORT,	"CERT_EXPORT",	IPC_AFTER_HELLO, sizeof(struct cert_export) + 64,	on_cert_export }, \
	{ CERT_REMOVE,	"CERT_REMOVE",	IPC_AFTER_HELLO, NAME_CAP + 2,				on_cert_remove }, \
	{ CA_INIT,	"CA_INIT",	IPC_AFTER_HELLO, sizeof(struct ca_init) + 64,		on_ca_init }, \
	{ CA_ISSUE,	"CA_ISSUE",	IPC_AFTER_HELLO, sizeof(struct ca_issue) + CERT_PEM_MAX, on_ca_issue }, \
	{ CA_REVOKE,	"CA_REVOKE",	IPC_AFTER_HELLO, sizeof(struct ca_revoke) + 64,		on_ca_revoke }, \
	{ CA_CRL,	"CA_CRL",	IPC_AFTER_HELLO, sizeof(struct ca_crl) + 64,		on_ca_crl }, \
	{ CA_LIST,	"CA_LIST",	IPC_AFTER_HELLO, NAME_CAP + 8,				on_ca_list }, \
	{ PSK_PUT,	"PSK_PUT",	IPC_AFTER_HELLO, NAME_CAP + 3 + STORE_FILE_MAX,		on_psk_put }, \
	{ PSK_REMOVE,	"PSK_REMOVE",	IPC_AFTER_HELLO, NAME_CAP + 2,				on_psk_remove }, \
	{ PSKTXT_PUT,	"PSKTXT_PUT",	IPC_AFTER_HELLO, IPC_MAX - IPC_HEAD,			on_psktxt_put }

#endif

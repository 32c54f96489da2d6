/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A memory file for keymgr (lib/msg_cert.h): contents of files go in and out of it inside the kernel, so that no private key is ever in
 * ikectl's memory. A password that was typed is, until it is written there.
 */
#ifndef IKECTL_BOX_H
#define IKECTL_BOX_H

#include "ctl.h"

struct box {
	int	fd;		/* the memory file, -1 none */
	int	conn;		/* to files.sock, while the ticket is to be good */
	char	ticket[33];
};

/* Each file may be NULL: empty. "-" is standard input. False after a sentence. */
bool box_make(const struct ctl *, struct box *, const char *file, const char *key_file, const char *password_file, const char *password);
/* Hands it over; the path gets "?files=TICKET". Returns an exit code. */
int box_send(const struct ctl *, struct box *, char *path, size_t cap);
/* What keymgr wrote into it, to a file ("-": standard output); private: 0600, else as umask says. False after a sentence. */
bool box_save(const struct ctl *, const struct box *, const char *out, bool private);
void box_free(struct box *);

/* Public text to a file or standard output, all or nothing. False after a sentence. */
bool text_save(const struct ctl *, const char *text, const char *out);
/* Typed twice when it is a new one. False: there is no terminal, or nothing was typed. */
bool ask_password(const char *prompt, bool twice, char *buf, size_t cap);

#endif

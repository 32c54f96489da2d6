/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets pass through in bodies, headers and answers; libevent and jansson hold them in memory of theirs, which is wiped as it goes back. */
#ifndef CAUSEWAY_WIPING_H
#define CAUSEWAY_WIPING_H

void wiping_begin(void);	/* before either library is used */
void wiping_free(void *);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Between the files of the installed library. */
#ifndef CAUSEWAY_IPSEC_IN_H
#define CAUSEWAY_IPSEC_IN_H

#include "pfkey.h"

void *ipsec_in_fail(const char *text);	/* what ipsec_strerror() says from now on; NULL */
bool ipsec_in_read(const char *policy, struct pfkey_msg *);	/* the policy of one extension, into m->policy */

#endif

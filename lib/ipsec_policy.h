/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ipsec_set_policy(3): the names that programs know, over poltext. A policy is one sadb_x_policy extension with its requests, in the
 * host's layout. None of them keeps anything but the last error, which is the thread's.
 */
#ifndef CAUSEWAY_IPSEC_POLICY_H
#define CAUSEWAY_IPSEC_POLICY_H

/* Allocated by malloc; NULL: ipsec_strerror() says why. len octets of the text count. */
char *ipsec_set_policy(const char *text, int len);
/* Octets of a policy, or -1. */
int ipsec_get_policylen(char *policy);
/* The text, allocated by malloc, with delim (NULL: a space) before each request; NULL: ipsec_strerror(). */
char *ipsec_dump_policy(char *policy, char *delim);
const char *ipsec_strerror(void);

#endif

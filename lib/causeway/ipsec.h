/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ipsec_set_policy(3): the names that programs know, over setkey's own parser. A policy is one sadb_x_policy extension with its
 * requests, in the host's layout. None of them keeps anything but the last error, which is the thread's.
 */
#ifndef CAUSEWAY_IPSEC_H
#define CAUSEWAY_IPSEC_H

#ifdef __cplusplus
extern "C" {
#endif

/* Allocated by malloc; NULL: ipsec_strerror() says why. len octets of the text count. */
char *ipsec_set_policy(const char *text, int len);
/* Octets of a policy, or -1. */
int ipsec_get_policylen(char *policy);
/* The text, allocated by malloc, with delim (NULL: a space) before each request; NULL: ipsec_strerror(). */
char *ipsec_dump_policy(char *policy, char *delim);
const char *ipsec_strerror(void);

/*
 * Bind a policy (what ipsec_set_policy gave, in or out; type ipsec or bypass) to a socket's local address, protocol and port, and to its
 * peer's where it is connected. 0, or -1 with errno and ipsec_strerror(): the socket has to be bound. It stands until ipsec_unbind_policy
 * of the same direction, also when the socket was closed. engine: the engine's PF_KEY socket, NULL for the usual one; where the
 * module serves it is that.
 */
int ipsec_bind_policy(int socket, const char *policy, const char *engine);
int ipsec_unbind_policy(int socket, const char *policy, const char *engine);

#ifdef __cplusplus
}
#endif
#endif

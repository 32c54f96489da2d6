/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A web server for tests: one process a connection, and paths that behave as bad servers do. Files are served from a folder.
 *	/NAME          the file, or 404
 *	/ok            "fetched\n"; a POST gets its own body back, if it is an OCSP request by its type
 *	/empty         200 and no octet
 *	/slow          takes the request and says nothing
 *	/drip          an octet now and then, for ever
 *	/big           100 MB with their length; /endless without
 *	/at-limit, /over-limit   20 MiB, and one octet more, without their length
 *	/garbage       nothing like HTTP
 *	/short         closes before all that it promised
 *	/loop, /to-file, /to-ftp, /to-ok, /hops-N   redirects
 */
#ifndef TEST_WEB_H
#define TEST_WEB_H

#include <stdint.h>
#include <sys/types.h>

/* On 127.0.0.1 or all addresses; port 0: any, and told. dir may be NULL. The server's pid; it ends with its parent. */
pid_t web_start(const char *address, uint16_t *port, const char *dir);
void web_stop(pid_t);
/* A directory that answers every search with this file as certificateRevocationList;binary. */
pid_t ldap_start(const char *address, uint16_t *port, const char *file);

#endif

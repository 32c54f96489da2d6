/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CAUSEWAY_CGI_SANDBOX_H
#define CAUSEWAY_CGI_SANDBOX_H

#include "proc.h"

extern const struct sandbox cgi_sandbox;

#endif

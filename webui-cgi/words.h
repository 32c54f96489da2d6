/* SPDX-License-Identifier: BSD-2-Clause */
/* What names of the API mean, for people; NULL: a name that is not known here, which is shown as it is. */
#ifndef CAUSEWAY_CGI_WORDS_H
#define CAUSEWAY_CGI_WORDS_H

const char *words_counter(const char *name);	/* of iked, spdsync, or "drop_..." of the engine */
const char *words_fact(const char *key);	/* of a negotiation's record */

#endif

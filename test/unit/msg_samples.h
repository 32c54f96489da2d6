/* SPDX-License-Identifier: BSD-2-Clause */
/* One or two filled messages of each kind; what they hold is what the fuzzer's seeds hold. */
#ifndef TEST_MSG_SAMPLES_H
#define TEST_MSG_SAMPLES_H

#include "test.h"

#include "msg_codecs.h"

/* One sample message: its codec, and what fills the struct. */
struct sample {
	const char	*name;
	enum msg_codec	 pick;
	size_t		 size;
	void		(*fill)(void *);
	void		(*put)(struct wr *, const void *);
	bool		(*get)(struct rd *, void *);
};

/* An address and an endpoint as text; they fail the test that gives a wrong one. */
struct addr ip(const char *);
struct endpoint ep(const char *, uint16_t port);

void fill_tunnel(void *);
void fill_state_down(void *);

extern const struct sample samples[];
extern const size_t nsamples;

#endif

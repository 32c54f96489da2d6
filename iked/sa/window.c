/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "clock.h"
#include "sa/window.h"

static bool
keep(uint8_t **to, size_t *n, struct bytes b)
{
	uint8_t *p = malloc(b.n ? b.n : 1);

	if (!p)
		return false;
	memcpy(p, b.p, b.n);
	free(*to);
	*to = p;
	*n = b.n;
	return true;
}

bool
window_send(struct window *w, struct bytes request, size_t part, uint64_t now)
{
	if (w->busy || request.n == 0 || !keep(&w->req, &w->nreq, request))
		return false;
	w->req_part = part;
	w->busy = true;
	w->tries = 0;
	w->sent_at = now;
	w->next_out++;
	return true;
}

bool
window_send_again(struct window *w, struct bytes request, uint64_t now)
{
	if (!w->busy || request.n == 0 || !keep(&w->req, &w->nreq, request))
		return false;
	w->req_part = request.n;
	w->tries = 0;
	w->sent_at = now;
	return true;
}

bool
window_is_response(const struct window *w, uint32_t id)
{
	return w->busy && id == w->next_out - 1;
}

void
window_response(struct window *w)
{
	w->busy = false;
	free(w->req);
	w->req = NULL;
	w->nreq = 0;
}

uint64_t
window_resend_at(const struct window *w)
{
	return w->busy ? w->sent_at + ((NS_PER_S / 2) << w->tries) : UINT64_MAX;
}

struct bytes
window_resend(struct window *w)
{
	if (!w->busy || w->tries >= WINDOW_TRIES)
		return (struct bytes){ NULL, 0 };
	w->tries++;
	return bytes_of(w->req, w->nreq);
}

enum window_verdict
window_request(const struct window *w, uint32_t id)
{
	if (id == w->next_in)
		return w->working ? WIN_WORKING : WIN_NEW;
	if (id + 1 == w->next_in && w->rsp)
		return WIN_REPEAT;
	return WIN_OUTSIDE;
}

void
window_work(struct window *w)
{
	w->working = true;
}

bool
window_answer(struct window *w, struct bytes response, size_t part)
{
	if (!w->working || response.n == 0 || !keep(&w->rsp, &w->nrsp, response))
		return false;
	w->rsp_part = part;
	w->working = false;
	w->next_in++;
	return true;
}

struct bytes
window_reply(const struct window *w)
{
	return bytes_of(w->rsp, w->nrsp);
}

void
window_fini(struct window *w)
{
	free(w->req);
	free(w->rsp);
	*w = (struct window){ 0 };
}

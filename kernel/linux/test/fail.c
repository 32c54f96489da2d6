// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * In the tests' build of the module only: allocations that fail when they are told to (once the nth from now, or one of every so
 * many), ciphers that finish later, and ciphers that do nothing.
 */
#include <crypto/internal/aead.h>
#include <linux/module.h>

#include "mod.h"

static unsigned int fail_every;
module_param(fail_every, uint, 0644);
MODULE_PARM_DESC(fail_every, "one allocation of so many fails (0: none)");

static atomic_t fail_nth = ATOMIC_INIT(0), failed = ATOMIC_INIT(0), asked = ATOMIC_INIT(0), late = ATOMIC_INIT(0);

static int
on_set(const char *s, const struct kernel_param *p)
{
	int v, err = kstrtoint(s, 0, &v);

	if (!err)
		atomic_set(p->arg, v);
	return err;
}

static int
on_get(char *buf, const struct kernel_param *p)
{
	return sysfs_emit(buf, "%d\n", atomic_read((const atomic_t *)p->arg));
}

static const struct kernel_param_ops counter = { .set = on_set, .get = on_get };
module_param_cb(fail_nth, &counter, &fail_nth, 0644);
MODULE_PARM_DESC(fail_nth, "the allocation of this number, from now on, fails (0: none)");
module_param_cb(failed, &counter, &failed, 0644);
MODULE_PARM_DESC(failed, "how many have failed");

module_param_cb(late, &counter, &late, 0644);
MODULE_PARM_DESC(late, "how many ciphers have finished later");

static bool cipher_later;
module_param(cipher_later, bool, 0644);
MODULE_PARM_DESC(cipher_later, "ciphers finish later");

bool
mod_fail(void)
{
	unsigned int every = READ_ONCE(fail_every);
	bool fail = every && (unsigned int)atomic_inc_return(&asked) % every == 0;

	if (atomic_read(&fail_nth) > 0 && atomic_dec_return(&fail_nth) == 0)
		fail = true;
	if (fail)
		atomic_inc(&failed);
	return fail;
}

/* What is left is the way of a packet (bench/vm). The name is of a cipher that the kernel's own IPsec can have too. */
static bool cipher_null;
module_param(cipher_null, bool, 0644);
MODULE_PARM_DESC(cipher_null, "new SAs get the null cipher and no ICV, whatever was asked for");

bool
mod_cipher_null(void)
{
	return READ_ONCE(cipher_null);
}

struct later {
	struct work_struct work;
	struct aead_request *r;
	bool		 seal;
};

static void
on_later(struct work_struct *w)
{
	struct later *l = container_of(w, struct later, work);
	int err = l->seal ? crypto_aead_encrypt(l->r) : crypto_aead_decrypt(l->r);

	atomic_inc(&late);
	if (err != -EINPROGRESS && err != -EBUSY) {
		local_bh_disable();
		aead_request_complete(l->r, err);
		local_bh_enable();
	}
	kfree(l);
}

bool
mod_crypt_later(struct aead_request *r, bool seal)
{
	struct later *l = READ_ONCE(cipher_later) ? kmalloc(sizeof(*l), GFP_ATOMIC | __GFP_NOWARN) : NULL;

	if (!l)
		return false;
	INIT_WORK(&l->work, on_later);
	l->r = r;
	l->seal = seal;
	queue_work(mod_wq, &l->work);
	return true;
}

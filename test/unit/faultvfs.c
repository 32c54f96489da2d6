/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real files are written at once, as a process that is killed leaves them. Beside them stands what is surely on the disk (the content at the last
 * sync) and what was written since: when the power goes, each of those writes is there, or not, or in part, whatever their order.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faultvfs.h"

#define FILES	32

struct change { struct change *next; sqlite3_int64 at; int n; uint8_t *data; };	/* data NULL: cut off at `at` */

struct disk {
	char		name[512];
	uint8_t		*sure;
	size_t		n;
	struct change	*since, **last;
	bool		gone;		/* deleted, and that is not synced */
};

struct ffile { sqlite3_file base; struct disk *disk; sqlite3_file *real; };

static sqlite3_vfs *below;
static struct disk disks[FILES];
static struct { enum fault kind; bool lying, armed, struck; unsigned nth, count; uint32_t seed; } f;

static void
die(const char *what)
{
	perror(what);
	_exit(70);
}

static uint32_t
dice(uint32_t sides)
{
	f.seed = f.seed * 1664525u + 1013904223u;
	return (f.seed >> 8) % sides;
}

/* ---- what the disk may hold ---- */

static void
read_in(struct disk *d)
{
	FILE *in = fopen(d->name, "rb");
	long n;

	free(d->sure);
	d->sure = NULL;
	d->n = 0;
	if (!in)
		return;
	fseek(in, 0, SEEK_END);
	n = ftell(in);
	rewind(in);
	d->sure = malloc((size_t)n + 1);
	if (!d->sure || (d->n = fread(d->sure, 1, (size_t)n, in)) != (size_t)n)
		die(d->name);
	fclose(in);
}

static void
forget_changes(struct disk *d)
{
	struct change *c, *next;

	for (c = d->since; c; c = next) {
		next = c->next;
		free(c->data);
		free(c);
	}
	d->since = NULL;
	d->last = &d->since;
	d->gone = false;
}

static struct disk *
disk_of(const char *name)
{
	struct disk *d = disks;

	while (d < disks + FILES && d->name[0] && strcmp(d->name, name) != 0)
		d++;
	if (d == disks + FILES)
		die("too many files");
	if (!d->name[0]) {
		snprintf(d->name, sizeof(d->name), "%s", name);
		d->last = &d->since;
		if (f.kind == FAULT_POWER)
			read_in(d);
	}
	return d;
}

static void
remember(struct disk *d, sqlite3_int64 at, const void *data, int n)
{
	struct change *c;

	if (f.kind != FAULT_POWER || !d)
		return;
	c = calloc(1, sizeof(*c));
	if (!c || (data && !(c->data = malloc((size_t)n + 1))))
		die("memory");
	c->at = at;
	c->n = n;
	if (data)
		memcpy(c->data, data, (size_t)n);
	*d->last = c;
	d->last = &c->next;
}

/* In thirds: not there, there, a part of it. */
static void
put_change(int fd, const struct change *c)
{
	uint32_t how = dice(3);
	size_t n = how == 2 ? dice((uint32_t)c->n + 1) : (size_t)c->n;

	if (how == 0)
		return;
	if (!c->data ? ftruncate(fd, c->at) < 0 : pwrite(fd, c->data, n, c->at) != (ssize_t)n)
		die("the disk");
}

void
fault_power(void)
{
	char shm[520];

	for (struct disk *d = disks; d < disks + FILES && d->name[0]; d++) {
		int fd;

		if (d->gone && dice(2))
			continue;
		fd = open(d->name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || (d->n && write(fd, d->sure, d->n) != (ssize_t)d->n))
			die(d->name);
		for (const struct change *c = d->since; c; c = c->next)
			put_change(fd, c);
		close(fd);
	}
	snprintf(shm, sizeof(shm), "%s-shm", disks[0].name);
	unlink(shm);
}

/* ---- whose turn it is ---- */

/* True: this one is to fail. */
static bool
strikes(bool writes)
{
	if (!f.armed || (!writes && f.kind != FAULT_ONE))
		return false;
	f.count++;
	if (f.count < f.nth || (f.count > f.nth && f.kind != FAULT_FULL))
		return false;
	f.struck = true;
	if (f.kind == FAULT_POWER)
		fault_power();
	if (f.kind == FAULT_POWER || f.kind == FAULT_KILL)
		_exit(FAULT_KILLED);
	return f.kind != FAULT_TORN;
}

static struct ffile *
ff(sqlite3_file *file)
{
	return (struct ffile *)file;
}

static int
f_close(sqlite3_file *file)
{
	return ff(file)->real->pMethods ? ff(file)->real->pMethods->xClose(ff(file)->real) : SQLITE_OK;
}

static int
f_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
	return strikes(false) ? SQLITE_IOERR_READ : ff(file)->real->pMethods->xRead(ff(file)->real, to, n, at);
}

static int
f_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
	bool before = f.struck;

	if (strikes(true))
		return f.kind == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	if (f.kind == FAULT_TORN && f.struck && !before) {
		ff(file)->real->pMethods->xWrite(ff(file)->real, from, (int)dice((uint32_t)n) + 1, at);
		_exit(FAULT_KILLED);
	}
	remember(ff(file)->disk, at, from, n);
	return ff(file)->real->pMethods->xWrite(ff(file)->real, from, n, at);
}

static int
f_truncate(sqlite3_file *file, sqlite3_int64 n)
{
	if (strikes(true))
		return SQLITE_IOERR_TRUNCATE;
	remember(ff(file)->disk, n, NULL, 0);
	return ff(file)->real->pMethods->xTruncate(ff(file)->real, n);
}

static int
f_sync(sqlite3_file *file, int flags)
{
	(void)flags;
	if (strikes(true))
		return SQLITE_IOERR_FSYNC;
	if (f.kind == FAULT_POWER && !f.lying && ff(file)->disk) {
		read_in(ff(file)->disk);
		forget_changes(ff(file)->disk);
	}
	return SQLITE_OK;
}

static int
f_size(sqlite3_file *file, sqlite3_int64 *n)
{
	return ff(file)->real->pMethods->xFileSize(ff(file)->real, n);
}

static int
f_lock(sqlite3_file *file, int how)
{
	return ff(file)->real->pMethods->xLock(ff(file)->real, how);
}

static int
f_unlock(sqlite3_file *file, int how)
{
	return ff(file)->real->pMethods->xUnlock(ff(file)->real, how);
}

static int
f_reserved(sqlite3_file *file, int *out)
{
	return ff(file)->real->pMethods->xCheckReservedLock(ff(file)->real, out);
}

static int
f_control(sqlite3_file *file, int op, void *arg)
{
	return ff(file)->real->pMethods->xFileControl(ff(file)->real, op, arg);
}

static int
f_sector(sqlite3_file *file)
{
	return ff(file)->real->pMethods->xSectorSize(ff(file)->real);
}

static int
f_traits(sqlite3_file *file)
{
	return ff(file)->real->pMethods->xDeviceCharacteristics(ff(file)->real);
}

static int
f_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return ff(file)->real->pMethods->xShmMap(ff(file)->real, page, size, extend, out);
}

static int
f_shm_lock(sqlite3_file *file, int at, int n, int flags)
{
	return ff(file)->real->pMethods->xShmLock(ff(file)->real, at, n, flags);
}

static void
f_shm_barrier(sqlite3_file *file)
{
	ff(file)->real->pMethods->xShmBarrier(ff(file)->real);
}

static int
f_shm_unmap(sqlite3_file *file, int away)
{
	return ff(file)->real->pMethods->xShmUnmap(ff(file)->real, away);
}

static const sqlite3_io_methods methods = {
	2, f_close, f_read, f_write, f_truncate, f_sync, f_size, f_lock, f_unlock, f_reserved, f_control, f_sector, f_traits,
	f_shm_map, f_shm_lock, f_shm_barrier, f_shm_unmap, NULL, NULL
};

/* ---- names ---- */

static int
v_open(sqlite3_vfs *v, sqlite3_filename name, sqlite3_file *file, int flags, int *out)
{
	struct ffile *one = ff(file);
	int rc;

	(void)v;
	one->base.pMethods = NULL;
	if ((flags & SQLITE_OPEN_CREATE) && strikes(true))
		return SQLITE_CANTOPEN;
	one->disk = name ? disk_of(name) : NULL;
	one->real = (sqlite3_file *)(one + 1);
	rc = below->xOpen(below, name, one->real, flags, out);
	if (rc == SQLITE_OK)
		one->base.pMethods = &methods;
	return rc;
}

static int
v_delete(sqlite3_vfs *v, const char *name, int sync)
{
	struct disk *d = disk_of(name);
	int rc;

	(void)v;
	if (strikes(true))
		return SQLITE_IOERR_DELETE;
	rc = below->xDelete(below, name, 0);
	if (rc == SQLITE_OK && sync) {
		read_in(d);
		forget_changes(d);
	}
	if (rc == SQLITE_OK)
		d->gone = true;
	return rc;
}

static int
v_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
	(void)v;
	return below->xAccess(below, name, flags, out);
}

static int
v_full(sqlite3_vfs *v, const char *name, int n, char *out)
{
	(void)v;
	return below->xFullPathname(below, name, n, out);
}

bool
fault_register(void)
{
	static sqlite3_vfs vfs;

	sqlite3_initialize();
	below = sqlite3_vfs_find(NULL);
	if (!below)
		return false;
	vfs = *below;
	vfs.zName = "fault";
	vfs.pNext = NULL;
	vfs.szOsFile = (int)sizeof(struct ffile) + below->szOsFile;
	vfs.xOpen = v_open;
	vfs.xDelete = v_delete;
	vfs.xAccess = v_access;
	vfs.xFullPathname = v_full;
	return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK;
}

void
fault_begin(enum fault kind, uint32_t seed, bool lying)
{
	memset(disks, 0, sizeof(disks));
	f.kind = kind;
	f.seed = seed;
	f.lying = lying;
}

void
fault_arm(unsigned nth)
{
	f.nth = nth;
	f.count = 0;
	f.armed = nth != 0;
	f.struck = false;
}

unsigned
fault_count(void)
{
	return f.count;
}

bool
fault_struck(void)
{
	return f.struck;
}

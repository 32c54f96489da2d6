/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of site files as one text, which keeps every octet of them: each file behind a line that names it (lib/yamlparts.c reads it). */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl.h"
#include "yamltree.h"

bool
dir_is(const char *name)
{
	struct stat st;

	return strcmp(name, "-") != 0 && stat(name, &st) == 0 && S_ISDIR(st.st_mode);
}

static int
is_site_file(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return d->d_name[0] != '.' && dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int
by_octets(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* One file behind its mark. */
static bool
add(const struct ctl *ctl, const char *dir, const char *name, char **all, size_t *n)
{
	char path[4096], mark[YT_FILE + sizeof(YT_PART)];
	size_t len = 0, m;
	char *text, *grown;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (strlen(name) >= YT_FILE || strpbrk(name, "\n\r")) {
		ctl_unreadable(ctl, path, "its name is too long, or holds a line end");
		return false;
	}
	text = ctl_slurp(ctl, path, &len);
	if (!text)
		return false;
	m = (size_t)snprintf(mark, sizeof(mark), "%s%s\n", YT_PART, name);
	grown = len && text[len - 1] != '\n' ? NULL : realloc(*all, *n + m + len + 1);
	if (grown) {
		memcpy(grown + *n, mark, m);
		memcpy(grown + *n + m, text, len);
		*all = grown;
		*n += m + len;
	} else
		ctl_unreadable(ctl, path, len && text[len - 1] != '\n' ? "the last line does not end; was the file copied completely?" : "there is not enough memory");
	free(text);
	return grown != NULL;
}

char *
dir_slurp(const struct ctl *ctl, const char *dir, size_t *n)
{
	struct dirent **v = NULL;
	int count = scandir(dir, &v, is_site_file, by_octets);
	char *all = NULL;
	bool ok = count > 0;

	*n = 0;
	if (count < 0)
		ctl_unreadable(ctl, dir, strerror(errno));
	else if (count == 0)
		ctl_unreadable(ctl, dir, "no file in this directory ends in .yaml");
	for (int i = 0; i < count; i++) {
		ok = ok && add(ctl, dir, v[i]->d_name, &all, n);
		free(v[i]);
	}
	free(v);
	if (ok)
		return all;
	free(all);
	return NULL;
}

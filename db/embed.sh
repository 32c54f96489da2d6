#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# db/embed.sh MIGRATION...: the texts as a C header on stdout. Comments are left out; the SQL has no quotes or backslashes.
set -eu
echo '/* SPDX-License-Identifier: BSD-2-Clause */'
echo '/* Made by db/embed.sh. */'
text()
{
	sed -e '/^--/d' -e 's/["\\]/\\&/g' -e 's/^/	"/' -e 's/$/\\n"/' "$1"
}
echo 'static const char *const store_migrations[] = {'
for f in "$@"; do
	text "$f"
	echo '	,'
done
echo '};'

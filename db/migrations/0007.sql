-- SPDX-License-Identifier: BSD-2-Clause
-- The racoon.conf that is in force, octet for octet, or no row: how IKE serves policies that are not the site file's.
CREATE TABLE racoon (
	one INTEGER PRIMARY KEY,
	time INTEGER NOT NULL,
	author TEXT NOT NULL,
	file TEXT NOT NULL,
	text BLOB NOT NULL
);

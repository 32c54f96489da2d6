-- SPDX-License-Identifier: BSD-2-Clause
-- The store as all migrations together make it; test/unit/store_test.c compares the two. For reading, and for tools.
-- A revision is one applied site file, octet for octet. state: 'current' is the number of the revision that is in force, 'confirmed' that
-- of the one that comes back if nobody confirms it; they are equal when nothing is to be confirmed.
CREATE TABLE revision (
	number INTEGER PRIMARY KEY,
	time INTEGER NOT NULL,
	author TEXT NOT NULL,
	comment TEXT NOT NULL,
	sha256 TEXT NOT NULL,
	text BLOB NOT NULL
);
-- A revision with a row here is an edit: its text is what stands, in the text of the revision base, from octet 'at' on in the place of 'cut'
-- octets. depth: how many edits on end it is; a whole text stands after 64 at the latest.
CREATE TABLE edit (
	revision INTEGER PRIMARY KEY,
	base INTEGER NOT NULL,
	at INTEGER NOT NULL,
	cut INTEGER NOT NULL,
	depth INTEGER NOT NULL
);
-- One row a child that was ever applied. A number is not given again to another child until all of 1-16383 were used, and then
-- the one that was retired first.
CREATE TABLE reqid (
	reqid INTEGER PRIMARY KEY,
	tunnel TEXT NOT NULL,
	child TEXT NOT NULL,
	retired INTEGER
);
CREATE UNIQUE INDEX reqid_live ON reqid (tunnel, child) WHERE retired IS NULL;
CREATE TABLE state (
	name TEXT PRIMARY KEY,
	value INTEGER NOT NULL
);
-- Who changed something, from where, what, and the reason it ended with. Rows are never changed.
CREATE TABLE audit (
	number INTEGER PRIMARY KEY,
	time INTEGER NOT NULL,
	author TEXT NOT NULL,
	origin TEXT NOT NULL,
	action TEXT NOT NULL,
	detail TEXT NOT NULL,
	result TEXT NOT NULL
);
-- The last known addresses of peers that are given by a host name: they stay in use over a restart, and while the DNS is silent.
CREATE TABLE host (
	name TEXT PRIMARY KEY,
	addresses TEXT NOT NULL		-- with blanks between them
);

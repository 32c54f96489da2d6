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
-- Accounts. role: 1 viewer, 2 operator, 3 editor, 4 admin. hash: yescrypt's string.
CREATE TABLE user (
	name TEXT PRIMARY KEY,
	role INTEGER NOT NULL,
	hash TEXT NOT NULL,
	disabled INTEGER NOT NULL,
	created INTEGER NOT NULL
);
-- Sessions of people. The token itself is never kept. seen: at most a minute late; user: who signed in; client: from where;
-- proved: when the password was last shown in it.
CREATE TABLE session (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	sha256 TEXT NOT NULL UNIQUE,
	user TEXT NOT NULL,
	client TEXT NOT NULL,
	created INTEGER NOT NULL,
	seen INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	proved INTEGER NOT NULL
);
-- Tokens of programs. user: whose it is, empty when it was made at the console; used: 0 never, else at most a minute late.
CREATE TABLE token (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	sha256 TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	user TEXT NOT NULL,
	role INTEGER NOT NULL,
	created INTEGER NOT NULL,
	used INTEGER NOT NULL,
	expires INTEGER NOT NULL
);
-- What makes the first user, once.
CREATE TABLE first_token (
	sha256 TEXT NOT NULL,
	expires INTEGER NOT NULL
);
-- Login throttling. bucket: 16 bits of a hash of the user's name or, from 65536 on, of the client's address. said: the audit log has this delay.
CREATE TABLE attempt (
	bucket INTEGER PRIMARY KEY,
	failures INTEGER NOT NULL,
	last INTEGER NOT NULL,
	next INTEGER NOT NULL,
	said INTEGER NOT NULL
);
-- The racoon.conf that is in force, octet for octet, or no row: how IKE serves policies that are not the site file's.
CREATE TABLE racoon (
	one INTEGER PRIMARY KEY,
	time INTEGER NOT NULL,
	author TEXT NOT NULL,
	file TEXT NOT NULL,
	text BLOB NOT NULL
);

-- SPDX-License-Identifier: BSD-2-Clause
-- Accounts of the panel and of programs. Of sessions, tokens and the first user's token only SHA-256 is kept, of passwords a yescrypt hash.
CREATE TABLE user (
	name TEXT PRIMARY KEY,
	role INTEGER NOT NULL,
	hash TEXT NOT NULL,
	disabled INTEGER NOT NULL,
	created INTEGER NOT NULL
);
CREATE TABLE session (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	sha256 TEXT NOT NULL UNIQUE,
	user TEXT NOT NULL,
	client TEXT NOT NULL,
	created INTEGER NOT NULL,
	seen INTEGER NOT NULL,
	expires INTEGER NOT NULL
);
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
CREATE TABLE first_token (
	sha256 TEXT NOT NULL,
	expires INTEGER NOT NULL
);
CREATE TABLE attempt (
	bucket INTEGER PRIMARY KEY,
	failures INTEGER NOT NULL,
	last INTEGER NOT NULL,
	next INTEGER NOT NULL,
	said INTEGER NOT NULL
);

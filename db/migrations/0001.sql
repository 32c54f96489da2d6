-- SPDX-License-Identifier: BSD-2-Clause
-- The first form of the store.
CREATE TABLE revision (
	number INTEGER PRIMARY KEY,
	time INTEGER NOT NULL,
	author TEXT NOT NULL,
	comment TEXT NOT NULL,
	sha256 TEXT NOT NULL,
	text BLOB NOT NULL
);
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
CREATE TABLE audit (
	number INTEGER PRIMARY KEY,
	time INTEGER NOT NULL,
	author TEXT NOT NULL,
	action TEXT NOT NULL,
	detail TEXT NOT NULL
);

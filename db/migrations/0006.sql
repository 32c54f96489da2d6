-- SPDX-License-Identifier: BSD-2-Clause
-- Of a session, when its user's password was last shown in it.
ALTER TABLE session RENAME TO session_before;
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
INSERT INTO session SELECT number, sha256, user, client, created, seen, expires, created FROM session_before;
DROP TABLE session_before;

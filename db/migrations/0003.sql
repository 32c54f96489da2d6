-- SPDX-License-Identifier: BSD-2-Clause
-- A revision that an edit of one tunnel made is kept as that edit: a store of ten thousand tunnels does not grow by megabytes with each.
CREATE TABLE edit (
	revision INTEGER PRIMARY KEY,
	base INTEGER NOT NULL,
	at INTEGER NOT NULL,
	cut INTEGER NOT NULL,
	depth INTEGER NOT NULL
);

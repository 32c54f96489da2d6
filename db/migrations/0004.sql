-- SPDX-License-Identifier: BSD-2-Clause
-- The last known addresses of peers that are given by a host name: they stay in use over a restart, and while the DNS is silent.
CREATE TABLE host (
	name TEXT PRIMARY KEY,
	addresses TEXT NOT NULL		-- with blanks between them
);

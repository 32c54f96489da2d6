-- SPDX-License-Identifier: BSD-2-Clause
-- The audit log says from where and how it ended; the revision that an unconfirmed one falls back to has its number.
ALTER TABLE audit RENAME TO audit_1;
CREATE TABLE audit (
	number INTEGER PRIMARY KEY,
	time INTEGER NOT NULL,
	author TEXT NOT NULL,
	origin TEXT NOT NULL,
	action TEXT NOT NULL,
	detail TEXT NOT NULL,
	result TEXT NOT NULL
);
INSERT INTO audit SELECT number, time, author, '', action, detail, '' FROM audit_1;
DROP TABLE audit_1;
INSERT INTO state SELECT 'confirmed', value FROM state WHERE name = 'current';

-- Each kind of conflict.
INSERT INTO accounts (email, name, code) VALUES ('ada@example.com', 'Other', 'Y') ON CONFLICT (email) DO UPDATE SET name = 'Ada B.' RETURNING name
INSERT INTO accounts (email, handle, name, code) VALUES ('cy@example.com', 'ada', 'Cy', 'Z') ON CONFLICT (handle) WHERE gone_at IS NULL DO NOTHING RETURNING email
INSERT INTO accounts (email, name, code) VALUES ('cy@example.com', 'BO', 'Z') ON CONFLICT (lower(name)) DO UPDATE SET region = 'south' RETURNING email, region
INSERT INTO accounts (email, name, code) VALUES ('dee@example.com', 'Dee', 'X') ON CONFLICT (region, code) DO NOTHING RETURNING email
INSERT INTO items (account_id, sku) VALUES (1, 'nut') ON CONFLICT (account_id, sku) DO UPDATE SET sku = 'bolt' RETURNING id, sku
SELECT id, account_id, sku FROM items ORDER BY id
SELECT * FROM accounts ORDER BY id
UPDATE seats SET position = 3 - position RETURNING id, position
INSERT INTO bookings (during) VALUES ('[2025-01-02, 2025-01-03)') RETURNING during
DELETE FROM items WHERE account_id = 2 RETURNING sku
DELETE FROM accounts WHERE id = 2 RETURNING email
SELECT count(*)::integer AS n FROM bookings WHERE during && '[2025-01-01, 2025-01-09)'

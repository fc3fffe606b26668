INSERT INTO accounts (email, handle, name, region, code) VALUES
  ('ada@example.com', 'ada', 'Ada', NULL, 'X'), ('bo@example.com', NULL, 'Bo', 'north', 'X');
INSERT INTO items (id, account_id, sku) VALUES
  ('00000000-0000-4000-8000-000000000001', 1, 'nut'), ('00000000-0000-4000-8000-000000000002', 2, 'nut');
INSERT INTO bookings (during) VALUES ('[2025-01-01, 2025-01-02)');
INSERT INTO seats (position) VALUES (1), (2);

-- Fjord (7) has every difficulty. Gale's id and model ids lie beyond 2^53, where a JavaScript number is no longer exact. Harbour (9)
-- has the same model ids as Fjord, and they are other models.
INSERT INTO "Org" (id, "legalName") VALUES (7, 'Fjord Språk AS'), (9007199254740993, 'Gale Media'), (9, 'Harbour & Sons');

INSERT INTO "Model" ("orgId", id, name, family, "contextSize", state, "replacedBy") VALUES
  (7, 1001, 'claude-3-7-sonnet', 'claude', 200000, 'sunset', NULL),
  (7, 1002, 'claude-sonnet-5-5', 'claude', 200000, 'live', NULL),
  (7, 1000, 'claude-3-5-sonnet', 'claude', 200000, 'gone', 1001),
  (7, 1003, 'gemini-2.5-flash', 'gemini', 1000000, 'live', NULL),
  (7, 1004, 'claude-3-opus', 'claude', 200000, 'gone', NULL),
  (9007199254740993, 9007199254740995, 'claude-3-7-sonnet', 'claude', 200000, 'live', NULL),
  (9007199254740993, 9007199254740997, 'claude-sonnet-5-5', 'claude', 200000, 'live', NULL),
  (9007199254740993, 9007199254740996, 'gemini-2.5-flash', 'gemini', 1000000, 'live', NULL),
  (9, 1001, 'gemini-2.5-flash', 'gemini', 1000000, 'live', NULL),
  (9, 1002, 'claude-3-7-sonnet', 'claude', 200000, 'live', NULL);
INSERT INTO "SpeechModel" ("orgId", id, name, state) VALUES
  (7, 1001, 'whisper-1', 'live'), (7, 1002, 'gpt-4o-transcribe', 'live'), (9, 1001, 'whisper-1', 'live'), (9, 1002, 'gpt-4o-transcribe', 'live');

INSERT INTO "user" ("orgId", id, email, "group", "preferredModelId") VALUES
  (7, 1, 'astrid@fjord.example', 'desk', 1001), (7, 2, 'bo@fjord.example', 'desk', NULL), (7, 3, 'claude-3-7-sonnet', 'robots', 1001), (7, 4, 'dag@fjord.example', 'lab', 1002),
  (9007199254740993, 1, 'eve@gale.example', 'desk', 9007199254740995), (9, 1, 'finn@harbour.example', 'desk', 1001);

-- Fjord: 1-12 open on the source, over the partitions of two years; the rest are one of a kind.
INSERT INTO "Order" ("orgId", id, "placedAt", "customerId", "select", "modelId", "modelSettings")
SELECT 7, n, timestamptz '2025-09-15 10:00+00' + n * interval '20 days', 1 + n % 2, 'page ' || n, 1001, jsonb_build_object('tone', n) FROM generate_series(1, 12) AS n;
INSERT INTO "Order" ("orgId", id, "placedAt", "customerId", "select", status, "modelId", "modelSettings") VALUES
  (7, 13, '2031-05-01 10:00+00', 1, 'all', 'open',      1001, '{"tone": 1.50}'),
  (7, 14, '2025-03-01 10:00+00', 1, 'all', 'delivered', 1001, '{"tone": 2.50}'),
  (7, 15, '2025-04-01 10:00+00', 2, 'all', 'delivered', 1001, '{"tone": 3.50}'),
  (7, 16, '2026-02-01 10:00+00', 1, 'all', 'cancelled', 1001, '{"tone": 4.50}'),
  (7, 17, '2026-02-02 10:00+00', 1, 'all', 'open',      1002, '{"tone": 5.50}'),
  (7, 18, '2026-02-03 10:00+00', 1, 'all', 'open',      1003, '{"tone": 6.50}'),
  (7, 19, '2026-02-04 10:00+00', 1, 'all', 'open',      NULL, '{"tone": 7.50}'),
  (9007199254740993, 1, '2026-02-01 10:00+00', 1, 'all', 'open', 9007199254740995, '{"tone": 8.50}'),
  (9007199254740993, 2, '2026-02-02 10:00+00', 1, 'all', 'open', 9007199254740996, '{"tone": 9.50}'),
  (9, 1, '2026-02-01 10:00+00', 1, 'all', 'open', 1001, '{"tone": 0.50}');

INSERT INTO "Attachment" ("orderOrg", "orderId", "orderPlacedAt", no, "readerModelId") VALUES
  (7, 13, '2031-05-01 10:00+00', 1, 1001), (7, 13, '2031-05-01 10:00+00', 2, NULL), (7, 14, '2025-03-01 10:00+00', 1, 1001),
  (7, 17, '2026-02-02 10:00+00', 1, 1003), (9, 1, '2026-02-01 10:00+00', 1, 1001);

-- Desk has both models: one row too many after the move.
INSERT INTO "TeamModel" ("orgId", team, "modelId", since) VALUES
  (7, 'desk', 1001, '2024-05-01'), (7, 'desk', 1002, '2025-11-01'), (7, 'lab', 1001, '2024-06-01'), (7, 'lab', 1003, '2025-01-01'),
  (9, 'desk', 1001, '2024-07-01'), (9, 'desk', 1002, '2024-08-01'), (9007199254740993, 'desk', 9007199254740995, '2024-09-01');

INSERT INTO "Glossary" ("orgId", term, translation, "modelId") VALUES
  (7, 'fjord', 'inlet', 1001), (7, 'hytte', 'cabin', 1001), (7, 'kos', 'cosiness', 1002), (7, 'dugnad', 'claude-3-7-sonnet', NULL), (9, 'fjord', 'inlet', 1001);

INSERT INTO "Workflow" ("orgId", id, steps, "raw") VALUES
  (7, 1, '[{"do": "translate", "modelId": 1001}, {"do": "review", "modelId": "1001", "weight": 1.10}, {"do": "proof", "modelId": 1002}]', '[]'),
  (7, 2, '[]', '[ {"modelId": 1001, "seed": 1e2},{"modelId":10010} ]'),
  (7, 3, '[{"do": "count", "words": 1001, "modelId": 1003}]', '[ ]'),
  (9007199254740993, 1, '[{"do": "translate", "modelId": 9007199254740995, "seed": 9007199254740993}, {"do": "review", "modelId": 9007199254740996}]', '[]'),
  (9, 1, '[{"do": "translate", "modelId": 1001}]', '[{"modelId":1001}]');
INSERT INTO "Playlist" ("orgId", name, "modelIds") VALUES
  (7, 'legal', '{1003,1001}'), (7, 'fast', '{1003}'), (9007199254740993, 'legal', '{9007199254740996,9007199254740995}'), (9, 'legal', '{1001,1002}');

INSERT INTO "Recording" ("orgId", id, "modelId") VALUES (7, 1, 1001), (7, 2, 1001), (7, 3, 1002), (9, 1, 1001);

INSERT INTO billing.rate_plans ("orgId", plan, model_id, cents) VALUES
  (7, 'word', 1001, 1.250), (7, 'page', 1003, 90.000), (9, 'word', 1001, 2.500), (9007199254740993, 'word', 9007199254740995, 3.000);
INSERT INTO billing."Usage" ("orgId", day, "modelId", words) SELECT 7, date '2026-01-01' + n, 1001, 100 * n FROM generate_series(1, 14) AS n;
INSERT INTO billing."Usage" ("orgId", day, "modelId", words) SELECT 7, date '2026-01-01' + n, 1002, 10 * n FROM generate_series(1, 4) AS n;
INSERT INTO billing."Usage" ("orgId", day, "modelId", words) SELECT 9, date '2026-01-01' + n, 1001, 7 * n FROM generate_series(1, 6) AS n;
INSERT INTO billing."Usage" ("orgId", day, "modelId", words) SELECT 9007199254740993, date '2026-01-01' + n, 9007199254740995, 5 * n FROM generate_series(1, 3) AS n;

INSERT INTO alembic_version VALUES ('a1b2c3');
INSERT INTO countries VALUES ('NO', 'Norway'), ('SE', 'Sweden');
INSERT INTO roles (name) VALUES ('admin'), ('analyst'), ('viewer');
INSERT INTO users (id, email, is_admin, country_code) VALUES
  ('00000000-0000-4000-8000-00000000000a', 'ada@example.com', true, 'NO'),
  ('00000000-0000-4000-8000-00000000000b', 'Bo@example.com', false, 'SE'),
  ('00000000-0000-4000-8000-00000000000c', 'bo@example.com', false, NULL);
INSERT INTO user_roles VALUES
  ('00000000-0000-4000-8000-00000000000a', 1, NULL),
  ('00000000-0000-4000-8000-00000000000b', 2, '00000000-0000-4000-8000-00000000000a'),
  ('00000000-0000-4000-8000-00000000000c', 3, '00000000-0000-4000-8000-00000000000a');
INSERT INTO clients VALUES
  ('00000000-0000-4000-8000-0000000000c1', 'Harbour'),
  ('00000000-0000-4000-8000-0000000000c2', 'Airport');
INSERT INTO client_access VALUES
  ('00000000-0000-4000-8000-0000000000c1', '00000000-0000-4000-8000-00000000000b', 'read'),
  ('00000000-0000-4000-8000-0000000000c2', '00000000-0000-4000-8000-00000000000b', 'write');
INSERT INTO assets (client_id, hostname, address, criticality, strategy, updated_at) VALUES
  ('00000000-0000-4000-8000-0000000000c1', 'crane-1', '10.0.0.1', 'CRITICAL', 'rehost', '2025-01-01 10:00+00'),
  ('00000000-0000-4000-8000-0000000000c1', 'crane-2', 'Pier.example', 'HIGH', 'refactor', '2025-01-02 10:00+00'),
  ('00000000-0000-4000-8000-0000000000c1', 'crane-3', 'pier.example', 'LOW', 'retain', '2025-01-03 10:00+00'),
  ('00000000-0000-4000-8000-0000000000c2', 'tower', NULL, 'MEDIUM', NULL, '2025-01-04 10:00+00'),
  (NULL, 'spare', NULL, 'LOW', 'retire', '2025-01-05 10:00+00');
INSERT INTO dependencies (asset_id, dependent_id) VALUES (1, 2), (2, 3), (4, 99);
INSERT INTO proposals (asset_id, strategy, note) VALUES
  (1, 'rehost', NULL), (1, 'Re-host', 'first try'), (2, 'REFACTOR', NULL), (3, 'retain', NULL);
INSERT INTO discovery_flows (id, slug, started_by) VALUES
  ('00000000-0000-4000-8000-0000000000d1', 'north', '00000000-0000-4000-8000-00000000000a');
INSERT INTO discovery_flow_steps VALUES
  ('00000000-0000-4000-8000-0000000000d1', 1, 'scan'), ('00000000-0000-4000-8000-0000000000d1', 2, 'review');
INSERT INTO assessment_flows (id, slug) VALUES ('00000000-0000-4000-8000-0000000000e1', 'first');
INSERT INTO assessment_flow_steps VALUES ('00000000-0000-4000-8000-0000000000e1', 1, 'score');
INSERT INTO planning_flows (id, slug) VALUES ('00000000-0000-4000-8000-0000000000f1', 'Wave-1');
INSERT INTO planning_flow_steps (flow_id, follows, name) VALUES
  ('00000000-0000-4000-8000-0000000000f1', NULL, 'freeze'), ('00000000-0000-4000-8000-0000000000f1', 1, 'move');
INSERT INTO comments (entity_type, entity_id, author, body) VALUES
  ('asset', '1', '00000000-0000-4000-8000-00000000000a', 'the big one'),
  ('flow', '00000000-0000-4000-8000-0000000000f1', NULL, 'not before May');
INSERT INTO audit_log (happened_at, what) VALUES ('2025-01-01 09:00+00', 'began'), ('2025-01-02 09:00+00', 'went on');
INSERT INTO tags VALUES ('edge'), ('core');
INSERT INTO asset_tags VALUES (1, 'core'), (2, 'core'), (2, 'edge');

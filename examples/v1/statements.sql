-- Statements of the old application, one a line, with values. Each answers on V1 as it does while a conversion is under way.
SELECT * FROM assets ORDER BY id
SELECT id, hostname FROM assets WHERE criticality >= 'HIGH' ORDER BY criticality DESC, id
SELECT * FROM important_assets ORDER BY id
SELECT * FROM assets_of('00000000-0000-4000-8000-0000000000c1')
SELECT a.hostname, d.dependent_id FROM dependencies d JOIN assets a ON a.id = d.asset_id ORDER BY d.id
INSERT INTO users (id, email) VALUES ('00000000-0000-4000-8000-0000000000aa', 'cy@example.com') ON CONFLICT (email) DO UPDATE SET is_admin = true RETURNING *
INSERT INTO users (id, email) VALUES ('00000000-0000-4000-8000-0000000000ab', 'ada@example.com') ON CONFLICT (email) DO NOTHING RETURNING id
INSERT INTO assets (hostname, criticality, strategy) VALUES ('new', 'HIGH', 'retire') RETURNING hostname, criticality, strategy
INSERT INTO assets (hostname) VALUES ('plain') RETURNING criticality, strategy
UPDATE assets SET criticality = 'LOW' WHERE hostname = 'crane-1' RETURNING id, criticality
UPDATE proposals SET note = 'again' WHERE strategy = 'Re-host' RETURNING *
INSERT INTO dependencies (asset_id, dependent_id) VALUES (1, 3) RETURNING asset_id, dependent_id, kind
DELETE FROM asset_tags WHERE tag = 'edge' RETURNING *
UPDATE tags SET name = 'middle' WHERE name = 'core' RETURNING name
SELECT * FROM asset_tags ORDER BY asset_id, tag
INSERT INTO planning_flows (id, slug) VALUES ('00000000-0000-4000-8000-0000000000f2', 'WAVE-2') RETURNING slug
DELETE FROM planning_flow_steps WHERE name = 'freeze' RETURNING name
SELECT follows, name FROM planning_flow_steps ORDER BY id
INSERT INTO user_roles VALUES ('00000000-0000-4000-8000-00000000000a', 3, '00000000-0000-4000-8000-00000000000c')
DELETE FROM users WHERE email = 'bo@example.com'
SELECT user_id, assigned_by FROM user_roles ORDER BY user_id
INSERT INTO audit_log (what) VALUES ('written') RETURNING what
SELECT count(*) FROM client_access

-- None of them reads a row that is put aside.
SELECT * FROM tasks ORDER BY id
SELECT p.code, t.title FROM projects p JOIN tasks t ON t.project_id = p.id ORDER BY p.id, t.id
SELECT * FROM notes ORDER BY id
SELECT * FROM assignments WHERE task_id <> 2 ORDER BY task_id
INSERT INTO tasks (project_id, title) VALUES ('00000000-0000-4000-8000-0000000000b1', 'varnish') RETURNING title
INSERT INTO notes (task_id, body) VALUES (2, 'soft') RETURNING task_id, body
INSERT INTO people (id, org_id, email) VALUES ('00000000-0000-4000-8000-0000000000b3', '00000000-0000-4000-8000-0000000000b0', 'bo@example.com') ON CONFLICT (email) DO NOTHING RETURNING id
INSERT INTO files (org_id, path) VALUES ('00000000-0000-4000-8000-0000000000b0', '/d') RETURNING path
UPDATE tasks SET project_id = '00000000-0000-4000-8000-0000000000a1' WHERE title = 'varnish' RETURNING title
SELECT path FROM files WHERE org_id = '00000000-0000-4000-8000-0000000000a0'
DELETE FROM assignments WHERE task_id = 3 RETURNING person_id
SELECT day::text FROM holidays ORDER BY day

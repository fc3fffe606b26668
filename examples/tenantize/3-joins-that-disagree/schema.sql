-- Half a tenant: some tables know their organisation, some only by a row that they name, and of some rows the two ends disagree.

CREATE TABLE orgs (
  id uuid PRIMARY KEY,
  name text NOT NULL
);

CREATE TABLE holidays (
  day date PRIMARY KEY
);

CREATE TABLE projects (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  org_id uuid NOT NULL REFERENCES orgs (id),
  code text NOT NULL,
  UNIQUE (org_id, code)
);

CREATE TABLE people (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  org_id uuid NOT NULL REFERENCES orgs (id),
  email text NOT NULL UNIQUE
);

CREATE TABLE tasks (
  id serial PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  title text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE notes (
  id serial PRIMARY KEY,
  task_id integer REFERENCES tasks (id),
  body text NOT NULL
);

-- Who works on what: the task and the person each lead to an organisation.
CREATE TABLE assignments (
  task_id integer NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  person_id uuid NOT NULL REFERENCES people (id),
  PRIMARY KEY (task_id, person_id)
);

CREATE TABLE files (
  id serial PRIMARY KEY,
  org_id uuid REFERENCES orgs (id),
  path text NOT NULL
);

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;
CREATE TRIGGER tasks_touch BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION touch();

DO $$ BEGIN
  CREATE ROLE work_legacy LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO work_legacy;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO work_legacy;

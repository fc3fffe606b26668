-- Unique keys of every kind, each of which V1 names in ON CONFLICT where it can.

CREATE TABLE accounts (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL UNIQUE,
  handle text,
  gone_at timestamptz,
  name text NOT NULL,
  region text,
  code text NOT NULL,
  UNIQUE NULLS NOT DISTINCT (region, code)
);
CREATE UNIQUE INDEX accounts_handle_open ON accounts (handle) WHERE gone_at IS NULL;
CREATE UNIQUE INDEX accounts_name_lower ON accounts (lower(name));

-- It stays where it is: its statements need what a view cannot do.
CREATE TABLE items (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_id integer NOT NULL REFERENCES accounts (id),
  sku text NOT NULL,
  UNIQUE (account_id, sku)
);

CREATE TABLE bookings (
  id serial PRIMARY KEY,
  during tsrange NOT NULL,
  EXCLUDE USING gist (during WITH &&)
);

CREATE TABLE seats (
  id serial PRIMARY KEY,
  position integer NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED
);

DO $$ BEGIN
  CREATE ROLE keys_legacy LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO keys_legacy;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO keys_legacy;

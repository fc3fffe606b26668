-- for: state
-- The fence left behind in a database that Drover is attached to, where the configuration asks for it (`fence: trigger`): a
-- row that newly names a retired model is refused. Each fence is a piece of the row as JSON that a new row must not contain.

SET LOCAL lock_timeout = '5s';

CREATE TABLE {{schema}}.fences (
  tenant_id {{tenant_type}} NOT NULL,
  migration_id uuid NOT NULL,
  number integer NOT NULL,
  table_name text NOT NULL,
  content jsonb NOT NULL,
  message text NOT NULL,
  active boolean NOT NULL DEFAULT true,
  CONSTRAINT fences_pkey PRIMARY KEY (tenant_id, migration_id, number),
  CONSTRAINT fences_migration_fkey FOREIGN KEY (tenant_id, migration_id)
    REFERENCES {{schema}}.migrations (tenant_id, id)
);

CREATE INDEX fences_table_idx ON {{schema}}.fences (table_name) WHERE active;

-- A row that named the model in this place before may be changed in all else: history is not frozen. In another place it may not
-- begin to, so each fence is asked by itself.
CREATE FUNCTION {{schema}}.refuse_retired() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $function$
DECLARE
  refusal text;
BEGIN
  SELECT f.message INTO refusal FROM {{schema}}.fences f
  WHERE f.table_name = TG_ARGV[0] AND f.active AND pg_catalog.to_jsonb(NEW) @> f.content
    AND (TG_OP = 'INSERT' OR NOT pg_catalog.to_jsonb(OLD) @> f.content) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'DR001', MESSAGE = refusal;
  END IF;
  RETURN NEW;
END
$function$;

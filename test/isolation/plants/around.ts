import type { Plant } from './plant.ts';

const noop = `CREATE FUNCTION {{schema}}.noop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  CREATE TRIGGER noop BEFORE INSERT ON {{bookings}} FOR EACH ROW EXECUTE FUNCTION {{schema}}.noop();`;
const fills = (
  when: string,
  body: string,
): string => `CREATE FUNCTION {{schema}}.own() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN ${body} RETURN NEW; END $$;
  CREATE TRIGGER own BEFORE ${when} ON {{bookings}} FOR EACH ROW EXECUTE FUNCTION {{schema}}.own();
  ALTER POLICY tenant ON {{bookings}} WITH CHECK (true);`;
const ofContext = `NULLIF(current_setting('app.org', true), '')::uuid`;
const foreign = `CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere;
  CREATE FOREIGN TABLE {{extra}} ({{id}} integer) SERVER elsewhere;`;
const part = `CREATE TABLE {{extra}} () INHERITS ({{bookings}}); GRANT SELECT ON {{extra}} TO {{app}}`;

export const aroundPlants: readonly Plant[] = [
  {
    rule: 'view-exempt-owner',
    sql: 'CREATE VIEW {{extra}} AS SELECT * FROM {{bookings}}; GRANT SELECT ON {{extra}} TO {{app}}',
  },
  {
    rule: 'view-exempt-owner',
    severity: 'warning',
    sql: 'CREATE VIEW {{extra}} AS SELECT * FROM {{bookings}}; GRANT SELECT ON {{extra}} TO {{job}}',
    shapes: ['plain'],
  },
  {
    rule: 'view-exempt-owner',
    sql: `CREATE VIEW {{extra}} AS SELECT * FROM {{bookings}};
      CREATE VIEW {{schema}}.outermost WITH (security_invoker) AS SELECT * FROM {{extra}}; GRANT SELECT ON {{extra}} TO {{app}}`,
    shapes: ['plain'],
  },
  {
    rule: 'materialized-view-open',
    sql: 'CREATE MATERIALIZED VIEW {{extra}} AS SELECT * FROM {{bookings}}; GRANT SELECT ON {{extra}} TO {{app}}',
  },
  {
    rule: 'definer-function-open',
    sql: `CREATE FUNCTION {{schema}}.count_all() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
      AS $$ SELECT count(*) FROM {{bookings}} $$`,
  },
  {
    rule: 'definer-function-open',
    severity: 'warning',
    sql: `CREATE FUNCTION {{schema}}.count_all() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
      AS $$ SELECT count(*) FROM {{bookings}} WHERE {{org_id}}::text = current_setting('app.org', true) $$`,
  },
  {
    rule: 'definer-search-path',
    severity: 'warning',
    sql: `CREATE SCHEMA lab; GRANT CREATE, USAGE ON SCHEMA lab TO {{app}};
      CREATE FUNCTION {{schema}}.one() RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER AS $$ SELECT 1 $$`,
    shapes: ['plain', 'elsewhere'],
  },
  {
    rule: 'rule-as-owner',
    sql: `CREATE TABLE {{extra}} ({{note}} text); GRANT INSERT ON {{extra}} TO {{app}};
      CREATE RULE echo AS ON INSERT TO {{extra}} DO ALSO UPDATE {{bookings}} SET {{note}} = NEW.{{note}}`,
    tenant: () => ({ global: ['{{currencies}}', '{{extra}}'] }),
  },
  {
    rule: 'tenant-trigger-partial',
    sql: fills('INSERT OR UPDATE', `NEW.{{org_id}} := COALESCE(NEW.{{org_id}}, ${ofContext});`),
  },
  {
    rule: 'tenant-trigger-partial',
    sql: fills('INSERT', `NEW.{{org_id}} = ${ofContext};`),
    shapes: ['plain'],
    use: 'nothing',
  },
  // One that sets it always is no help where the policy alone is asked, and the policy is what is told.
  {
    rule: 'check-weaker-than-using',
    sql: fills('INSERT OR UPDATE', `NEW.{{org_id}} := ${ofContext};`),
    shapes: ['plain'],
    use: 'nothing',
  },
  {
    rule: 'trigger-disabled',
    severity: 'warning',
    sql: `${noop} ALTER TABLE {{bookings}} DISABLE TRIGGER noop`,
  },
  {
    rule: 'trigger-disabled',
    sql: `CREATE TABLE {{extra}} ({{org_id}} uuid NOT NULL REFERENCES {{orgs}}, {{id}} uuid PRIMARY KEY);
      CREATE INDEX ON {{extra}} ({{org_id}}); ALTER TABLE {{extra}} DISABLE TRIGGER ALL`,
  },
  {
    rule: 'child-table-reachable',
    sql: part,
    refused: { partitioned: '42809' },
  },
  {
    rule: 'child-table-reachable',
    sql: 'GRANT SELECT ON {{schema}}.bookings_0 TO {{app}}',
    shapes: ['partitioned'],
  },
  { rule: 'foreign-table-open', sql: `${foreign} GRANT SELECT ON {{extra}} TO {{app}}` },
  { rule: 'whole-table-grant', sql: 'GRANT TRUNCATE ON {{bookings}} TO {{app}}' },
  {
    rule: 'whole-table-grant',
    severity: 'warning',
    sql: 'GRANT TRIGGER ON {{bookings}} TO {{app}}',
    shapes: ['plain'],
  },
  {
    rule: 'whole-table-grant',
    severity: 'warning',
    sql: 'CREATE SCHEMA lab; GRANT CREATE ON SCHEMA lab TO {{app}}; GRANT REFERENCES ON {{bookings}} TO {{app}}',
    shapes: ['plain'],
  },
  {
    rule: 'sequence-readable',
    severity: 'info',
    sql: `CREATE SEQUENCE {{extra}} OWNED BY {{users}}.{{note}}; GRANT SELECT ON SEQUENCE {{extra}} TO {{app}}`,
  },
  {
    rule: 'large-objects-shared',
    severity: 'warning',
    sql: 'SELECT lo_create(424242); GRANT SELECT ON LARGE OBJECT 424242 TO {{app}}',
    shapes: ['plain'],
  },
  {
    rule: 'function-leakproof',
    severity: 'warning',
    sql: 'CREATE FUNCTION {{schema}}.one() RETURNS integer LANGUAGE sql IMMUTABLE LEAKPROOF AS $$ SELECT 1 $$',
    shapes: ['plain', 'elsewhere'],
  },
  {
    rule: 'publication-unfiltered',
    severity: 'warning',
    sql: 'CREATE PUBLICATION outward FOR TABLE {{bookings}}',
  },
  {
    rule: 'publication-unfiltered',
    severity: 'warning',
    sql: 'CREATE PUBLICATION outward FOR ALL TABLES',
    shapes: ['plain', 'partitioned'],
  },
  {
    rule: 'publication-filter-blocks-writes',
    severity: 'warning',
    sql: `CREATE PUBLICATION outward FOR TABLE {{bookings}} WHERE ({{note}} = 'x') WITH (publish_via_partition_root = true)`,
  },
];

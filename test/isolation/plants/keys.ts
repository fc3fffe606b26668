import { roleName, secured, shownAs } from '../ground.ts';
import type { Shape } from '../ground.ts';
import type { Plant } from './plant.ts';

/** A key of its own for each user, which a key without the tenant can name. */
const looseUsers = `ALTER TABLE {{users}} ADD UNIQUE ({{id}}); ALTER TABLE {{rooms}} ADD COLUMN {{user_id}} uuid;
  CREATE INDEX ON {{rooms}} ({{user_id}});`;
const crosses = `${looseUsers} ALTER TABLE {{rooms}} ADD CONSTRAINT crosses FOREIGN KEY ({{user_id}}) REFERENCES {{users}} ({{id}})`;
const toJob = `REVOKE INSERT, UPDATE, DELETE ON {{rooms}}, {{users}} FROM {{app}};
  GRANT SELECT, INSERT, UPDATE ON {{rooms}} TO {{job}};
  CREATE POLICY job ON {{rooms}} TO {{job}} USING ({{org_id}} = NULLIF(current_setting('app.org', true), '')::uuid);`;

const notes = (columns: string, by = 'org_id'): string =>
  `CREATE TABLE {{notes}} (${columns}) {{BY ${by}}}; {{PARTS notes}}`;
const optional = `${notes(`{{org_id}} uuid REFERENCES {{orgs}}, {{user_id}} uuid NOT NULL, {{note}} text,
  CONSTRAINT half FOREIGN KEY ({{org_id}}, {{user_id}}) REFERENCES {{users}}`)}
  CREATE INDEX ON {{notes}} ({{org_id}}, {{user_id}});`;
const byName = (shape: Shape): { column: string } => ({ column: shownAs(shape, 'org_id') });

export const keyPlants: readonly Plant[] = [
  { rule: 'key-crosses-tenants', sql: crosses },
  { rule: 'key-crosses-tenants', severity: 'warning', sql: `${toJob} ${crosses}`, use: 'nothing' },
  {
    rule: 'key-crosses-tenants',
    // A tree: the parent of a room may be another tenant's room.
    sql: `ALTER TABLE {{users}} ADD UNIQUE ({{id}}), ADD COLUMN {{room_id}} uuid;
      CREATE INDEX ON {{users}} ({{room_id}});
      ALTER TABLE {{users}} ADD CONSTRAINT tree FOREIGN KEY ({{room_id}}) REFERENCES {{users}} ({{id}})`,
  },
  {
    rule: 'key-crosses-tenants',
    // Two parents and no tenant of its own: one says whose the row is, the other may be anybody's.
    left: 'no SQL',
    sql: `ALTER TABLE {{users}} ADD UNIQUE ({{id}});
      CREATE TABLE {{groups}} ({{org_id}} uuid NOT NULL REFERENCES {{orgs}}, {{id}} uuid PRIMARY KEY DEFAULT gen_random_uuid());
      CREATE INDEX ON {{groups}} ({{org_id}});
      ${notes(
        `{{user_id}} uuid NOT NULL REFERENCES {{users}} ({{id}}), {{room_id}} uuid NOT NULL REFERENCES {{groups}},
        PRIMARY KEY ({{user_id}}, {{room_id}})`,
        'user_id',
      )}
      CREATE INDEX ON {{notes}} ({{room_id}});
      ${secured('notes', `EXISTS (SELECT FROM {{users}} u WHERE u.{{id}} = {{user_id}})`)}`,
  },
  { rule: 'key-acts-across-tenants', sql: `${crosses} ON DELETE CASCADE` },
  { rule: 'key-acts-across-tenants', sql: `${crosses} ON DELETE SET NULL` },
  { rule: 'key-acts-across-tenants', sql: `${crosses} ON UPDATE CASCADE` },
  {
    rule: 'key-acts-across-tenants',
    severity: 'warning',
    sql: `${toJob} ${crosses} ON DELETE CASCADE`,
    use: 'nothing',
  },
  { rule: 'key-tenant-optional', sql: `${optional} ${secured('notes')}` },
  {
    rule: 'key-tenant-optional',
    severity: 'warning',
    sql: `${optional} ALTER TABLE {{notes}} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
      GRANT INSERT, SELECT ON {{notes}} TO {{job}};
      CREATE POLICY job ON {{notes}} TO {{job}} USING ({{org_id}} = NULLIF(current_setting('app.org', true), '')::uuid);`,
  },
  {
    rule: 'key-set-null-tenant',
    severity: 'warning',
    sql: `ALTER TABLE {{bookings}} ADD {{partner_id}} uuid, ADD CONSTRAINT lets_go
        FOREIGN KEY ({{org_id}}, {{partner_id}}) REFERENCES {{users}} ON DELETE SET NULL;
      CREATE INDEX ON {{bookings}} ({{org_id}}, {{partner_id}})`,
  },
  {
    rule: 'key-set-null-tenant',
    severity: 'warning',
    sql: `ALTER TABLE {{bookings}} ADD {{partner_id}} uuid, ADD CONSTRAINT lets_go
        FOREIGN KEY ({{org_id}}, {{partner_id}}) REFERENCES {{users}} ON UPDATE SET NULL ON DELETE SET NULL ({{partner_id}});
      CREATE INDEX ON {{bookings}} ({{org_id}}, {{partner_id}})`,
  },
  {
    rule: 'key-not-validated',
    severity: 'warning',
    sql: `ALTER TABLE {{bookings}} ADD {{partner_id}} uuid, ADD CONSTRAINT later
        FOREIGN KEY ({{org_id}}, {{partner_id}}) REFERENCES {{users}} NOT VALID;
      CREATE INDEX ON {{bookings}} ({{org_id}}, {{partner_id}})`,
    refused: { partitioned: '42809' },
    refusedBefore: 180_000,
  },
  {
    rule: 'key-not-validated',
    severity: 'warning',
    sql: `ALTER TABLE {{rooms}} ADD CONSTRAINT later CHECK ({{org_id}} IS NOT NULL) NOT VALID`,
  },
  {
    rule: 'key-not-validated',
    severity: 'warning',
    // The owner may be NULL in old rows alone: that nobody looked is the one fault.
    sql: `${optional} ${secured('notes')} ALTER TABLE {{notes}} ADD CONSTRAINT later CHECK ({{org_id}} IS NOT NULL) NOT VALID`,
  },
  {
    rule: 'key-not-validated',
    severity: 'warning',
    since: 180_000,
    sql: `${optional} ${secured('notes')} ALTER TABLE {{notes}} ADD CONSTRAINT later NOT NULL {{org_id}} NOT VALID`,
  },
  {
    rule: 'key-not-enforced',
    since: 180_000,
    sql: `ALTER TABLE {{rooms}} ADD CONSTRAINT hopes CHECK ({{org_id}} IS NOT NULL) NOT ENFORCED`,
  },
  {
    rule: 'key-not-enforced',
    since: 180_000,
    sql: `${looseUsers} ALTER TABLE {{rooms}}
        ADD CONSTRAINT crosses FOREIGN KEY ({{user_id}}) REFERENCES {{users}} ({{id}}),
        ADD CONSTRAINT hopes FOREIGN KEY ({{org_id}}, {{user_id}}) REFERENCES {{users}} NOT ENFORCED`,
  },
  {
    rule: 'key-not-enforced',
    severity: 'warning',
    since: 180_000,
    sql: `${toJob} ALTER TABLE {{rooms}} ADD CONSTRAINT hopes CHECK ({{org_id}} IS NOT NULL) NOT ENFORCED`,
    use: 'nothing',
  },
];

export const uniquePlants: readonly Plant[] = [
  {
    rule: 'unique-across-tenants',
    severity: 'warning',
    sql: `ALTER TABLE {{rooms}} ADD UNIQUE ({{note}})`,
    refused: { partitioned: '0A000' },
  },
  {
    rule: 'unique-across-tenants',
    severity: 'warning',
    sql: `${notes('{{org_id}} uuid NOT NULL REFERENCES {{orgs}}, {{note}} text', 'note')}
      CREATE INDEX ON {{notes}} ({{org_id}}); CREATE UNIQUE INDEX ON {{notes}} ({{note}})`,
  },
  {
    rule: 'unique-across-tenants',
    severity: 'warning',
    // INCLUDE is not compared, nor is what a predicate reads.
    sql: `CREATE UNIQUE INDEX ON {{users}} (lower({{note}})) INCLUDE ({{org_id}}) WHERE {{org_id}} IS NOT NULL`,
    left: 'no SQL',
    shapes: ['plain', 'quoted', 'elsewhere'],
  },
  {
    rule: 'unique-across-tenants',
    severity: 'warning',
    sql: `ALTER TABLE {{users}} ADD EXCLUDE USING hash ({{note}} WITH =)`,
    left: 'no SQL',
    shapes: ['plain', 'quoted', 'elsewhere'],
  },
  {
    rule: 'unique-across-tenants',
    severity: 'warning',
    sql: `CREATE UNIQUE INDEX ON {{schema}}.rooms_0 ({{note}})`,
    shapes: ['partitioned'],
  },
];

export const ownerPlants: readonly Plant[] = [
  {
    rule: 'tenant-column-nullable',
    severity: 'warning',
    sql: `${notes('{{org_id}} uuid REFERENCES {{orgs}}, {{note}} text')} CREATE INDEX ON {{notes}} ({{org_id}})`,
  },
  {
    rule: 'tenant-column-type',
    severity: 'warning',
    sql: notes('{{org_id}} text NOT NULL, {{note}} text'),
    tenant: byName,
  },
  {
    rule: 'tenant-root-untied',
    severity: 'warning',
    sql: notes('{{org_id}} uuid NOT NULL, {{note}} text'),
    tenant: byName,
  },
  {
    rule: 'tenant-root-untied',
    severity: 'warning',
    // The way to the root goes by a user that need not be named.
    sql: `${notes(`{{org_id}} uuid NOT NULL, {{user_id}} uuid, FOREIGN KEY ({{org_id}}, {{user_id}}) REFERENCES {{users}}`)}
      CREATE INDEX ON {{notes}} ({{org_id}}, {{user_id}})`,
    tenant: byName,
  },
  {
    rule: 'child-without-tenant-column',
    severity: 'info',
    sql: `ALTER TABLE {{users}} ADD UNIQUE ({{id}});
      ${notes('{{user_id}} uuid NOT NULL REFERENCES {{users}} ({{id}}), {{note}} text', 'user_id')}
      CREATE INDEX ON {{notes}} ({{user_id}});
      ${secured('notes', `EXISTS (SELECT FROM {{users}} u WHERE u.{{id}} = {{user_id}})`)}`,
  },
  {
    rule: 'child-without-tenant-column',
    severity: 'warning',
    sql: `ALTER TABLE {{users}} ADD UNIQUE ({{id}});
      ${notes('{{user_id}} uuid NOT NULL REFERENCES {{users}} ({{id}}), {{note}} text', 'user_id')}
      CREATE INDEX ON {{notes}} ({{user_id}}); ALTER TABLE {{notes}} ENABLE ROW LEVEL SECURITY`,
  },
  {
    rule: 'second-owner-untied',
    severity: 'warning',
    sql: `CREATE TABLE {{partners}} ({{id}} uuid PRIMARY KEY); ALTER TABLE {{partners}} ENABLE ROW LEVEL SECURITY;
      ALTER TABLE {{orgs}} ADD {{partner_id}} uuid REFERENCES {{partners}}; CREATE INDEX ON {{orgs}} ({{partner_id}});
      ALTER TABLE {{rooms}} ADD {{partner_id}} uuid REFERENCES {{partners}}; CREATE INDEX ON {{rooms}} ({{partner_id}});`,
  },
  {
    rule: 'ownership-unknown',
    severity: 'warning',
    sql: `CREATE TABLE {{loose}} ({{id}} uuid, {{note}} text) {{BY id}}; {{PARTS loose}} GRANT SELECT ON {{loose}} TO {{app}}`,
  },
];

export const indexPlants: readonly Plant[] = [
  {
    rule: 'tenant-index-missing',
    severity: 'info',
    sql: `${notes('{{org_id}} uuid NOT NULL REFERENCES {{orgs}}, {{note}} integer', 'note')}
      INSERT INTO {{orgs}} VALUES ('00000000-0000-0000-0000-000000000001');
      INSERT INTO {{notes}} SELECT '00000000-0000-0000-0000-000000000001', n FROM generate_series(1, 10001) AS n;
      ANALYZE {{notes}}`,
  },
  {
    rule: 'foreign-key-unindexed',
    severity: 'info',
    sql: `ALTER TABLE {{rooms}} ADD CONSTRAINT priced FOREIGN KEY ({{note}}) REFERENCES {{currencies}}`,
  },
  {
    rule: 'foreign-key-unindexed',
    severity: 'info',
    // An index on some of its rows serves those alone.
    sql: `ALTER TABLE {{rooms}} ADD CONSTRAINT priced FOREIGN KEY ({{note}}) REFERENCES {{currencies}};
      CREATE INDEX ON {{rooms}} ({{note}}) WHERE {{note}} > 'b'`,
  },
  {
    rule: 'enum-column',
    severity: 'info',
    sql: `CREATE TYPE {{mood}} AS ENUM ('low', 'high'); ALTER TABLE {{rooms}} ADD {{state}} {{mood}};
      CREATE INDEX ON {{rooms}} ({{org_id}}, {{state}})`,
  },
  {
    rule: 'index-not-leakproof',
    severity: 'info',
    sql: `ALTER TABLE {{rooms}} ADD {{state}} numeric; CREATE INDEX ON {{rooms}} ({{org_id}}, {{state}})`,
  },
];

const ignoring =
  (at: string, until?: string): NonNullable<Plant['isolation']> =>
  () => ({
    roles: [roleName('app')],
    trusted: [roleName('backup')],
    ignore: [{ rule: 'rls-off', at, reason: 'tried', ...(until === undefined ? {} : { until }) }],
  });

export const serverPlants: readonly Plant[] = [
  {
    rule: 'server-cve',
    severity: 'warning',
    sql: '',
    shapes: ['plain'],
    changed: (facts) => ({ ...facts, version: 150_019 }),
  },
  { rule: 'ignore-dead', severity: 'warning', sql: '', shapes: ['plain'], isolation: ignoring('*') },
  {
    rule: 'ignore-dead',
    severity: 'warning',
    sql: 'CREATE TABLE {{currencies2}} ()',
    shapes: ['plain'],
    isolation: ignoring('public.rooms', '2026-11-30'),
  },
];

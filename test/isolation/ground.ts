/**
 * A sound schema of two tenants' tables in four shapes, made and judged in a transaction that is rolled back. In a text `{{…}}` stands
 * for what the shape calls a table, a column or a role, and `{{@…}}` for the bare name; `{{BY note}}` and `{{PARTS notes}}` make
 * the table a partitioned one in that shape.
 */
import { randomBytes } from 'node:crypto';
import type { IsolationFacts } from '../../src/engine/isolation/facts.ts';
import type { IsolationFinding, IsolationReport } from '../../src/engine/isolation/report.ts';
import type { Config, IsolationConfig } from '../../src/engine/rules/config.ts';
import type { IsolationSettings } from '../../src/isolation/ground.ts';
import { judge } from '../../src/isolation/judge.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import { backToSavepoint } from '../../src/postgres/driver/question.ts';
import { factsWithin } from '../../src/postgres/isolation/owned-facts.ts';
import { quoteIdent, quoteLiteral } from '../../src/postgres/sql/identifiers.ts';
import { freshDatabase } from '../support/databases.ts';
import type { Engine } from '../support/databases.ts';

export const shapes = ['plain', 'quoted', 'elsewhere', 'partitioned'] as const;
export type Shape = (typeof shapes)[number];

const columns = ['id', 'org_id', 'room_id', 'user_id', 'partner_id', 'note', 'state'];
const roleNames = ['app', 'job', 'owner', 'backup'];

/** Roles belong to the whole server, which other files use at the same time. */
const run = randomBytes(3).toString('hex');

export function roleName(role: string): string {
  return `dr_${run}_${role}`;
}

/** What the shape calls a table, a column, a policy or a key. */
export function shownAs(shape: Shape, name: string): string {
  const [first = '', ...rest] = name;
  return shape === 'quoted' ? `${first.toUpperCase()}${rest.join('')} "x` : name;
}

function schemaOf(shape: Shape): string {
  return shape === 'elsewhere' ? 'side' : 'public';
}

/** Fills the placeholders of a text. */
export function fill(shape: Shape, text: string): string {
  const sql = text.replaceAll(/\{\{(BY|PARTS) (\w+)\}\}/g, (_, what: string, word: string) => {
    if (shape !== 'partitioned') return '';
    return what === 'BY' ? `PARTITION BY HASH ({{${word}}})` : parts(word);
  });
  return sql.replaceAll(/\{\{(@?)(\w+)\}\}/g, (_, bare: string, word: string) => {
    if (roleNames.includes(word)) return roleName(word);
    if (word === 'schema') return quoteIdent(schemaOf(shape));
    const name = shownAs(shape, word);
    if (bare === '@') return quoteLiteral(name).slice(1, -1);
    if (columns.includes(word)) return quoteIdent(name);
    return `${quoteIdent(schemaOf(shape))}.${quoteIdent(name)}`;
  });
}

const tenant = `{{org_id}} = NULLIF(current_setting('app.org', true), '')::uuid`;

function parts(table: string): string {
  const part = (at: number): string =>
    `CREATE TABLE {{schema}}.${table}_${at} PARTITION OF {{${table}}} FOR VALUES WITH (MODULUS 2, REMAINDER ${at});`;
  return part(0) + part(1);
}

/** Forced row-level security, one policy for the application, and its rights. */
export function secured(table: string, condition = tenant): string {
  return `ALTER TABLE {{${table}}} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON {{${table}}} TO {{app}} USING (${condition}) WITH CHECK (${condition});
    GRANT SELECT, INSERT, UPDATE, DELETE ON {{${table}}} TO {{app}};`;
}

function base(shape: Shape): string {
  return `
    ${roleNames.map((role) => `CREATE ROLE {{${role}}}${role === 'app' || role === 'job' ? ' LOGIN' : ''};`).join('\n')}
    ${shape === 'elsewhere' ? 'CREATE SCHEMA {{schema}};' : ''}
    GRANT USAGE ON SCHEMA {{schema}} TO {{app}}, {{job}}, {{owner}}, {{backup}};
    CREATE TABLE {{orgs}} ({{id}} uuid PRIMARY KEY, {{note}} text);
    CREATE TABLE {{currencies}} ({{id}} text PRIMARY KEY);
    GRANT SELECT ON {{currencies}} TO {{app}};
    CREATE TABLE {{users}} ({{org_id}} uuid NOT NULL REFERENCES {{orgs}}, {{id}} uuid DEFAULT gen_random_uuid(), {{note}} text,
      PRIMARY KEY ({{org_id}}, {{id}}));
    CREATE TABLE {{rooms}} ({{org_id}} uuid NOT NULL REFERENCES {{orgs}}, {{id}} uuid DEFAULT gen_random_uuid(), {{note}} text,
      PRIMARY KEY ({{org_id}}, {{id}})) {{BY org_id}};
    CREATE TABLE {{bookings}} ({{org_id}} uuid NOT NULL REFERENCES {{orgs}}, {{id}} uuid DEFAULT gen_random_uuid(),
      {{room_id}} uuid NOT NULL, {{user_id}} uuid NOT NULL, {{note}} text, {{state}} text NOT NULL DEFAULT 'open',
      PRIMARY KEY ({{org_id}}, {{id}}),
      FOREIGN KEY ({{org_id}}, {{room_id}}) REFERENCES {{rooms}},
      FOREIGN KEY ({{org_id}}, {{user_id}}) REFERENCES {{users}}) {{BY org_id}};
    {{PARTS rooms}} {{PARTS bookings}}
    CREATE INDEX ON {{bookings}} ({{org_id}}, {{room_id}});
    CREATE INDEX ON {{bookings}} ({{org_id}}, {{user_id}});
    ${secured('orgs', tenant.replace('{{org_id}}', '{{id}}'))}
    ${['users', 'rooms', 'bookings'].map((table) => secured(table)).join('\n')}`;
}

function configOf(shape: Shape, isolation: IsolationConfig): Config {
  const name = (table: string): string =>
    `${quoteIdent(schemaOf(shape))}.${quoteIdent(shownAs(shape, table))}`;
  return {
    version: 1,
    database: { schemas: [schemaOf(shape)] },
    tenant: { root: name('orgs'), key: shownAs(shape, 'id'), global: [name('currencies')] },
    isolation,
  };
}

/** One fault, put into the sound schema. */
export interface Planting {
  readonly sql: string;
  readonly shape: Shape;
  readonly isolation?: IsolationConfig;
  /** Of the tenancy: `{ unrelated: ['bookings.org_id'] }`. */
  readonly tenant?: Partial<Config['tenant']>;
  /** What is not the database's to say: its version. */
  readonly changed?: (facts: IsolationFacts) => IsolationFacts;
  /** What the application needs beside its own rows to work, or `nothing`: it is not tried, as what is planted changes what it may. */
  readonly use?: string;
}

class RolledBack extends Error {}

/** Makes the sound schema, and puts the fault into it. */
export async function plant(tx: Tx, { shape, sql }: Planting): Promise<void> {
  await tx.script(fill(shape, base(shape)));
  if (sql !== '') await tx.script(fill(shape, sql));
}

/** What the SQL of `--fix` did. */
export interface Mended {
  /** Statements that were run. */
  readonly ran: readonly string[];
  readonly left: readonly string[];
}

export interface Judged {
  readonly facts: IsolationFacts;
  readonly settings: IsolationSettings;
  readonly report: IsolationReport;
}

/** What came of a fault: the judgement, or why PostgreSQL did not take it. */
export type Outcome =
  | { readonly report: IsolationReport; readonly mended?: Mended | { readonly failed: unknown } }
  | { readonly error: unknown };

export interface JudgedFault extends Omit<Planting, 'shape'> {
  /** Is asked in the same transaction. */
  readonly mend?: (tx: Tx, planting: Planting, judged: Judged) => Promise<Mended>;
}

/** Judges the schema with each fault by itself. The schema is made once; every fault is taken out of it again. */
export async function judgeEach(
  database: Database,
  shape: Shape,
  plantings: readonly JudgedFault[],
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const work = async (tx: Tx): Promise<never> => {
    await plant(tx, { shape, sql: '' });
    for (const planting of plantings) {
      await tx.run('SAVEPOINT fault');
      outcomes.push(await outcomeOf(tx, database.engine, { ...planting, shape }));
      await tx.ask(backToSavepoint('fault'));
    }
    throw new RolledBack();
  };
  await database.transaction({}, work).catch((error: unknown) => {
    if (!(error instanceof RolledBack)) throw error;
  });
  return outcomes;
}

async function outcomeOf(
  tx: Tx,
  engine: Database['engine'],
  { mend, ...planting }: JudgedFault & Planting,
): Promise<Outcome> {
  try {
    if (planting.sql !== '') await tx.script(fill(planting.shape, planting.sql));
    const judged = await judgeWithin(tx, engine, planting);
    const { report } = judged;
    if (mend === undefined) return { report };
    return { report, mended: await mend(tx, planting, judged).catch((failed: unknown) => ({ failed })) };
  } catch (error) {
    return { error };
  }
}

/** Judges the schema with the fault, and takes both back. */
export async function judgePlanted(database: Database, planting: Planting): Promise<IsolationReport> {
  let report: IsolationReport | undefined;
  const work = async (tx: Tx): Promise<never> => {
    await plant(tx, planting);
    ({ report } = await judgeWithin(tx, database.engine, planting));
    throw new RolledBack();
  };
  await database.transaction({}, work).catch((error: unknown) => {
    if (!(error instanceof RolledBack)) throw error;
  });
  if (report === undefined) throw new Error('nothing was judged');
  return report;
}

/** The schema as it is. */
export async function judgeWithin(tx: Tx, engine: Database['engine'], planting: Planting): Promise<Judged> {
  const { facts, settings } = await readPlanted(tx, engine, planting);
  return { facts, settings, report: await judge(facts, settings) };
}

/** What the schema is judged by. */
export async function readPlanted(
  tx: Tx,
  engine: Database['engine'],
  planting: Planting,
): Promise<{ facts: IsolationFacts; settings: IsolationSettings }> {
  const { shape, tenant: said_ = {}, changed = (facts) => facts } = planting;
  const said = planting.isolation ?? { roles: [roleName('app')], trusted: [roleName('backup')] };
  const plain = configOf(shape, said);
  const global = said_.global?.map((name) => fill(shape, name));
  const config = {
    ...plain,
    tenant: { ...plain.tenant, ...said_, ...(global === undefined ? {} : { global }) },
  };
  const others = await tx.many<{ name: string }>(
    `SELECT rolname::text AS name FROM pg_roles WHERE rolname NOT LIKE $1`,
    [`dr\\_${run}\\_%`],
  );
  const { facts } = await factsWithin(tx, engine, {
    config,
    records: 'drover',
    roles: said.roles ?? [],
    settings: ['app.org'],
  });
  const settings: IsolationSettings = {
    ownership: 'declared',
    ...(said.roles === undefined ? {} : { roles: { names: said.roles, from: 'configuration' } }),
    // What other files do with the server is not this one's fault.
    trusted: [...(said.trusted ?? []), ...others.map(({ name }) => name)],
    context: ['app.org', ...(said.context ?? [])],
    ignored: said.ignore ?? [],
    today: '2026-12-01',
  };
  // Nor is the release of the server that runs the tests: the newest of its major version is meant.
  const version = Math.floor(facts.version / 10_000) * 10_000 + 9_999;
  return { facts: changed({ ...facts, version }), settings };
}

/** `rule object`, for comparison. */
export function shownFindings({ findings }: IsolationReport): string[] {
  return findings.map(
    ({ rule, severity, at }: IsolationFinding) =>
      `${severity} ${rule} ${at.name}${at.part === undefined ? '' : `.${at.part}`}`,
  );
}

export interface OpenedFresh {
  readonly database: Database;
  /** Of a server. */
  readonly url: string | undefined;
  readonly close: () => Promise<void>;
}

export async function openFresh(engine: Engine): Promise<OpenedFresh> {
  const { target, drop } = await freshDatabase(engine);
  const database = await openDatabase(target);
  return {
    database,
    url: 'url' in target ? target.url : undefined,
    close: async () => {
      await database.close();
      await drop();
    },
  };
}

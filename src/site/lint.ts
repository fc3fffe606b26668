/** A folder of migrations, judged before any database runs it: on a scratch database that is thrown away, and statement by statement. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConfigFile } from '../config-file.ts';
import type { Environment } from '../config.ts';
import { tableId } from '../engine/catalogue/catalog.ts';
import type { TableId } from '../engine/catalogue/catalog.ts';
import { splitName } from '../engine/catalogue/names.ts';
import type { Config } from '../engine/rules/config.ts';
import { sharedSchemas, tenancyOf } from '../engine/rules/tenancy.ts';
import { given } from '../engine/given.ts';
import { DroverError } from '../errors.ts';
import type { FormatInput } from '../isolation/formats/input.ts';
import { placesOf } from '../isolation/lint/places.ts';
import type { LintReport } from '../isolation/lint/finding.ts';
import { lintMigrations } from '../isolation/lint/lint.ts';
import type { RanMigrations } from '../isolation/lint/lint.ts';
import { rolesMissing, runnable } from '../isolation/lint/runnable.ts';
import type { LintTenancy } from '../isolation/lint/sketch.ts';
import { readMigration } from '../isolation/lint/statements.ts';
import type { ReadMigration } from '../isolation/lint/statements.ts';
import { readCatalog } from '../postgres/catalogue/catalog.ts';
import { openDatabase } from '../postgres/driver/connect.ts';
import type { Database } from '../postgres/driver/database.ts';
import { makeRoles, runFile } from '../postgres/isolation/scratch.ts';
import { judgeDeclared } from './doctor.ts';
import { withDatabase } from './open.ts';
import { resolveWhere } from './where.ts';

export interface LintOptions {
  /** What is there before the files: the schema of a database that they are for. */
  readonly base?: string;
  readonly config?: string;
  /** Its tables say how many rows a statement reads or writes anew. */
  readonly database?: string;
}

/**
 * @throws USAGE_INVALID where the folder has no SQL, an ignore has no reason, or no configuration says whose the tables are; CONFIG_INVALID
 */
export async function lint(
  folder: string,
  options: LintOptions,
  { environment, now }: { readonly environment: Environment; readonly now: Date },
): Promise<LintReport> {
  const config = readConfig(options, environment);
  const migrations = await Promise.all(filesIn(folder).map((file) => read(join(folder, file), file)));
  const base = options.base === undefined ? undefined : await read(options.base, options.base);
  const tenancy = tenancyIn(config);
  const rows = options.database === undefined ? undefined : await rowsIn(options, { environment, config });
  const today = now.toISOString().slice(0, 10);
  const ran = await run(config, { base, migrations, tenancy, today });
  return lintMigrations({ base: base?.statements ?? [], migrations, tenancy, ran, ...given({ rows }) });
}

/** Where the objects of a database are made in a folder of SQL: by themselves, else with what they are part of. @throws USAGE_INVALID */
export async function readSources(folder: string): Promise<NonNullable<FormatInput['places']>> {
  const paths = filesIn(folder).map((file) => join(folder, file));
  const files = await Promise.all(paths.map((path) => read(path, path)));
  const places = placesOf(
    files.flatMap(({ statements }) => statements),
    'public',
  );
  return (at) => places(at) ?? places({ kind: at.kind, schema: at.schema, name: at.name });
}

function readConfig({ config: named }: LintOptions, { configFile }: Environment): Config {
  const file = named ?? configFile;
  if (named === undefined && !existsSync(file)) {
    const message = `No configuration says whose the tables are: write ${file} with tenant.root, or name one with --config.`;
    throw new DroverError('USAGE_INVALID', message, { file });
  }
  const { config } = openConfigFile(file, 'ownership');
  if (tenancyOf(config) === 'rows') return config;
  const message = `${file} describes no database in which tenants share tables, and nothing of such a one is judged.`;
  throw new DroverError('USAGE_INVALID', message, { file });
}

/** In the order of their paths. What takes a migration back is none. */
function filesIn(folder: string): string[] {
  const found = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'))
    : [];
  const files = found.filter((path) => path.endsWith('.sql') && !/(?:^|[./_-])down\.sql$/.test(path)).sort();
  if (files.length > 0) return files;
  const message = `${folder} has no file of SQL. Name the folder of the migrations.`;
  throw new DroverError('USAGE_INVALID', message, { folder });
}

function read(path: string, file: string): Promise<ReadMigration> {
  // Commands of psql are no SQL; their lines stay, so that the others keep their numbers.
  const text = readFileSync(path, 'utf8').replaceAll(/^\\.*$/gm, '');
  return readMigration({ file, text });
}

function tenancyIn(config: Config): LintTenancy {
  const [schema = 'public'] = sharedSchemas(config);
  const idOf = (name: string): TableId => {
    const parts = splitName(name) ?? [name];
    return tableId(parts.at(-2) ?? schema, parts.at(-1) ?? '');
  };
  const { root, column, global = [] } = config.tenant;
  const { session } = config.database ?? {};
  return {
    root: root === undefined ? undefined : idOf(root),
    column,
    global: global.map(idOf),
    roles: config.isolation?.roles ?? (session?.role === undefined ? [] : [session.role]),
    context: [...Object.keys(session?.settings ?? {}), ...(config.isolation?.context ?? [])],
    schema,
  };
}

/** The planner's estimates. */
async function rowsIn(
  { database }: LintOptions,
  { environment, config }: { readonly environment: Environment; readonly config: Config },
): Promise<ReadonlyMap<TableId, number>> {
  const where = resolveWhere(given({ database }), environment);
  const { tables } = await withDatabase(where, (db) =>
    db.transaction({ readOnly: true }, (tx) => readCatalog(tx, { schemas: sharedSchemas(config) })),
  );
  return new Map(tables.map(({ id, rowEstimate }) => [id, rowEstimate]));
}

interface RunInput {
  readonly base: ReadMigration | undefined;
  readonly migrations: readonly ReadMigration[];
  readonly tenancy: LintTenancy;
  readonly today: string;
}

type Ran = RanMigrations | NonNullable<LintReport['notRun']>;

/** On an embedded database that nobody else sees. What stood wrong before the files is not theirs. */
async function run(config: Config, { base, migrations, tenancy, today }: RunInput): Promise<Ran> {
  const all = [...(base === undefined ? [] : [base]), ...migrations];
  const unread = all.find((each) => each.unread !== undefined);
  if (unread !== undefined) return { file: unread.file, line: 1, reason: unread.unread ?? '' };
  const dataDir = mkdtempSync(join(tmpdir(), 'drover-lint-'));
  const database = await openDatabase({ dataDir });
  try {
    const known = [...tenancy.roles, ...(config.isolation?.trusted ?? [])];
    const statements = all.flatMap((each) => each.statements);
    await makeRoles(database, rolesMissing(statements, known));
    const failedBase = base === undefined ? undefined : await take(database, base);
    if (failedBase !== undefined) return failedBase;
    const before = base === undefined ? [] : (await judgeDeclared(database, config, today)).report.findings;
    for (const migration of migrations) {
      const failed = await take(database, migration);
      if (failed !== undefined) return failed;
    }
    const { report, facts } = await judgeDeclared(database, config, today);
    const stood = new Set(before.map(({ fingerprint }) => fingerprint));
    return { facts, findings: report.findings.filter(({ fingerprint }) => !stood.has(fingerprint)) };
  } finally {
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function take(
  database: Database,
  { file, statements }: ReadMigration,
): Promise<NonNullable<LintReport['notRun']> | undefined> {
  const failed = await runFile(database, statements.map(runnable));
  return failed === undefined
    ? undefined
    : { file, line: statements[failed.at]?.line ?? 1, reason: failed.reason };
}

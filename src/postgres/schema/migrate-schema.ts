/**
 * Brings Drover's own schema up to date. Every process does this at start, and any number of them may do it at once:
 * each file is applied in one transaction that first takes an advisory lock and then looks again at what is applied,
 * so one process applies a file and the others find it done. The lock belongs to the transaction, because a session's
 * lock would be lost in a pooler. After each transaction the schema is that of a whole number of files.
 *
 * Where the schema was not there, all files are one transaction, with the proof at its end: an installation that fails leaves
 * nothing, roles included.
 *
 * A file is about the rows of all tenants, whoever owns them: see the end of this file.
 */
import { DroverError } from '../../errors.ts';
import type { Database, Tx } from '../driver/database.ts';
import type { Opening } from '../driver/opening.ts';
import { quoteIdent, quoteTable } from '../sql/identifiers.ts';
import { checksumOf, fillTemplate, migrationsFolder, readMigrationFiles } from './migration-files.ts';
import type { MigrationFile, SchemaVariant } from './migration-files.ts';
import {
  createSchema,
  findSchema,
  listApplied,
  lockSchema,
  recordApplied,
  strangeOwner,
} from './schema-record.ts';
import type { AppliedMigration, StrangeOwner } from './schema-record.ts';

export interface MigrateOptions {
  readonly schema: string;
  readonly variant: SchemaVariant;
  /** Generated SQL that follows the files and is applied again whenever its text changes; a template like theirs. */
  readonly generated?: { readonly name: string; readonly template: string };
  /** Where the files are; the package's own by default. */
  readonly folder?: string;
  /** What must hold of a schema that was just made; where it throws, the schema is not made. */
  readonly prove?: (tx: Tx) => Promise<void>;
}

interface MigrateWork extends MigrateOptions {
  readonly files: readonly MigrationFile[];
}

/** Applies what is missing and returns its names, in order; an empty list where the schema was up to date. */
export async function migrateSchema(db: Database, options: MigrateOptions): Promise<string[]> {
  checkSchemaName(options.schema);
  const work = { ...options, files: readMigrationFiles(options.variant, options.folder ?? migrationsFolder) };
  const applied: string[] = [];
  for (;;) {
    const names = await db.transaction(opening, (tx) => applySome(tx, work));
    if (names.length === 0) return applied;
    applied.push(...names);
  }
}

/**
 * The names of what migrateSchema would apply, without applying it.
 * @throws MIGRATION_CHANGED, MIGRATION_UNKNOWN and SCHEMA_OCCUPIED as migrateSchema does
 */
export async function listPending(db: Database, options: MigrateOptions): Promise<string[]> {
  const work = { ...options, files: readMigrationFiles(options.variant, options.folder ?? migrationsFolder) };
  return db.transaction({ readOnly: true }, async (tx) => {
    const found = await findSchema(tx, work.schema);
    if (found === 'foreign') throw occupied(work.schema);
    const applied = found === 'ours' ? await listApplied(tx, work.schema) : [];
    for (const row of applied) checkApplied(work, row);
    return pendingOf(applied, work);
  });
}

function pendingOf(applied: readonly AppliedMigration[], { files, generated }: MigrateWork): string[] {
  const missing = files.filter((file) => !applied.some((row) => row.version === file.version));
  const current = generated === undefined || isGenerated(applied, generated.template);
  return [...missing.map(({ name }) => name), ...(current ? [] : [generated.name])];
}

// Long enough for another process to finish a migration; then LOCK_TIMEOUT instead of a start that never ends.
const opening: Opening = { settings: [`SET LOCAL lock_timeout = '120s'`] };

/** All of a new schema; of one that is there what comes next, or nothing. @throws NOT_PERMITTED where it is somebody else's */
async function applySome(tx: Tx, work: MigrateWork): Promise<string[]> {
  await lockSchema(tx, work.schema);
  const found = await findSchema(tx, work.schema);
  if (found === 'foreign') throw occupied(work.schema);
  if (found !== 'ours') return install(tx, work, found === 'missing');
  const strange = await strangeOwner(tx, work.schema);
  if (strange !== undefined) {
    const applied = strange.reads ? await listApplied(tx, work.schema) : [];
    const pending = pendingOf(applied, work);
    if (pending.length > 0) throw notOwner(work.schema, { ...strange, pending });
  }
  const next = await applyNext(tx, work);
  return next === undefined ? [] : [next];
}

async function install(tx: Tx, work: MigrateWork, missing: boolean): Promise<string[]> {
  await createSchema(tx, work.schema, missing);
  const applied: string[] = [];
  for (let next = await applyNext(tx, work); next !== undefined; next = await applyNext(tx, work))
    applied.push(next);
  await work.prove?.(tx);
  return applied;
}

async function applyNext(tx: Tx, work: MigrateWork): Promise<string | undefined> {
  const applied = await listApplied(tx, work.schema);
  for (const row of applied) checkApplied(work, row);
  const last = applied.filter((row) => row.version !== generatedVersion).at(-1)?.version ?? '';
  const next = work.files.find((file) => !applied.some((row) => row.version === file.version));
  if (next !== undefined && next.version < last) throw unknown(work.schema, last);
  return next === undefined ? applyGenerated(tx, work, applied) : applyFile(tx, work, next);
}

function checkApplied(work: MigrateWork, row: AppliedMigration): void {
  if (row.variant !== work.variant) throw otherVariant(work, row);
  if (row.version === generatedVersion) return;
  const file = work.files.find((candidate) => candidate.version === row.version);
  if (file === undefined) throw unknown(work.schema, row.name);
  if (file.checksum !== row.checksum) throw changed(work.schema, file.name);
}

async function applyFile(tx: Tx, work: MigrateWork, file: MigrationFile): Promise<string> {
  const { schema } = work;
  const run = (template: string): Promise<void> => runTemplate(tx, work, { ...file, template });
  await inSight(tx, { schema, template: file.template, run });
  const { version, name, checksum } = file;
  await recordApplied(tx, schema, { version, name, checksum, variant: work.variant });
  return name;
}

const generatedVersion = 'generated';

async function applyGenerated(
  tx: Tx,
  work: MigrateWork,
  applied: readonly AppliedMigration[],
): Promise<string | undefined> {
  if (work.generated === undefined) return undefined;
  if (isGenerated(applied, work.generated.template)) return undefined;
  await runTemplate(tx, work, work.generated);
  const { name } = work.generated;
  const checksum = generatedChecksum(applied, work.generated.template);
  await recordApplied(tx, work.schema, { version: generatedVersion, name, checksum, variant: work.variant });
  return name;
}

function isGenerated(applied: readonly AppliedMigration[], template: string): boolean {
  const checksum = generatedChecksum(applied, template);
  return applied.some((row) => row.version === generatedVersion && row.checksum === checksum);
}

/** What is generated depends on the tables that are there, so a new file makes it run again. */
function generatedChecksum(applied: readonly AppliedMigration[], template: string): string {
  const state = applied.filter((row) => row.version !== generatedVersion).map((row) => row.checksum);
  return checksumOf([template, ...state].join('\n'));
}

async function runTemplate(
  tx: Tx,
  work: MigrateWork,
  part: { name: string; template: string },
): Promise<void> {
  try {
    await tx.script(fillTemplate(part.template, work.schema, work.variant));
  } catch (cause) {
    throw failed(part.name, cause);
  }
}

function checkSchemaName(schema: string): void {
  quoteIdent(schema);
  if (/^[A-Za-z_][A-Za-z0-9_$-]*$/.test(schema) && !/^(pg_|information_schema$)/i.test(schema)) return;
  const message = `${JSON.stringify(schema)} cannot be the name of Drover's schema: use letters, digits and _.`;
  throw new DroverError('INVALID_IDENTIFIER', message, { schema });
}

function failed(name: string, cause: unknown): DroverError {
  const reason = cause instanceof DroverError ? cause.message : String(cause);
  const data = { file: name, ...(cause instanceof DroverError ? cause.data : {}) };
  const message =
    `The migration ${name} failed and was rolled back; the schema is as it was before it. ` +
    `${reason} Mend the cause and start again.`;
  return new DroverError('MIGRATION_FAILED', message, data, { cause });
}

function changed(schema: string, name: string): DroverError {
  const message =
    `The migration ${name} is not the text that was applied to the schema ${schema}. ` +
    'Restore the file from the version of Drover that applied it; a change to the schema is a new file.';
  return new DroverError('MIGRATION_CHANGED', message, { file: name, schema });
}

function unknown(schema: string, name: string): DroverError {
  const message =
    `The schema ${schema} has the migration ${name}, which this version of Drover does not know ` +
    'or would apply out of order: it was upgraded by a newer one. Start that version.';
  return new DroverError('MIGRATION_UNKNOWN', message, { file: name, schema });
}

function otherVariant(work: MigrateWork, row: AppliedMigration): DroverError {
  const message =
    `The schema ${work.schema} holds Drover's ${row.variant} tables, and the ${work.variant} tables are asked for. ` +
    'Choose another schema name.';
  return new DroverError('SCHEMA_OCCUPIED', message, { schema: work.schema, file: row.name });
}

function notOwner(
  schema: string,
  { owner, login, reads, pending }: StrangeOwner & { readonly pending: readonly string[] },
): DroverError {
  const age = `The schema ${schema} is older than this Drover: ${pending.join(', ')} ${pending.length === 1 ? 'is' : 'are'} missing. It`;
  const once = `Run this command, or another one that writes, once as ${owner}; after that ${login} goes on.`;
  const always = `Connect as ${owner}, or as a login that is a member of it.`;
  const [begin, may, way] = reads
    ? [age, 'change it', once]
    : [`The schema ${schema}`, 'see which version it has', always];
  const message = `${begin} belongs to ${owner}, and the login ${login} may not ${may}. ${way} Nothing was changed.`;
  return new DroverError('NOT_PERMITTED', message, { schema, owner, login, ...(reads ? { pending } : {}) });
}

function occupied(schema: string): DroverError {
  const message = `The schema ${schema} has tables that are not Drover's, and nothing was changed in it. Choose another schema name.`;
  return new DroverError('SCHEMA_OCCUPIED', message, { schema });
}

/*
 * A file of migrations is about the rows of all tenants: it changes them, or has a new key tried on them. Row-level security is forced and
 * binds the owner, too, who would change none and hear nothing of it. A key is tried by a query that obeys it as well: it passes where no
 * row is seen, and fails where the owner sees the rows that refer, as a member of the operator’s role, and not those they name. So it is
 * lifted for the length of the file, of the tables that the file names, under their exclusive locks: nobody else reads them meanwhile.
 */

/** Two files lift it themselves, and one of them ends that too early. */
const ownSwitch = /^ALTER TABLE \S+ (?:NO )?FORCE ROW LEVEL SECURITY;$/gm;

interface Sight {
  readonly schema: string;
  /** With `{{schema}}` before each table. */
  readonly template: string;
  /** What runs the text meanwhile. */
  readonly run: (template: string) => Promise<void>;
}

/** Runs a file while the owner sees all rows of its tables. Afterwards row-level security is forced where it was. */
async function inSight(tx: Tx, { schema, template, run }: Sight): Promise<void> {
  const forced = await listForced(tx, schema, tablesOf(template));
  const turn = (word: 'FORCE' | 'NO FORCE'): string =>
    forced
      .map((name) => `ALTER TABLE IF EXISTS ${quoteTable({ schema, name })} ${word} ROW LEVEL SECURITY;`)
      .join('\n');
  // Whoever wants to read waits behind a lock that is waited for.
  if (forced.length > 0) await tx.script(`SET LOCAL lock_timeout = '5s';\n${turn('NO FORCE')}`);
  await run(template.replaceAll(ownSwitch, ''));
  if (forced.length > 0) await tx.script(turn('FORCE'));
}

function tablesOf(template: string): string[] {
  const text = template.replaceAll(/--[^\n]*/g, '');
  return [...new Set([...text.matchAll(/\{\{schema\}\}\.(\w+)/g)].map(([, name = '']) => name))];
}

async function listForced(tx: Tx, schema: string, tables: readonly string[]): Promise<string[]> {
  const rows = await tx.many<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = ANY ($2::text[]) AND c.relforcerowsecurity ORDER BY 1`,
    [schema, tables],
  );
  return rows.map(({ name }) => name);
}

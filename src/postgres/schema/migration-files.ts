/**
 * The files of Drover's own schema: `NNNN_title.sql`, numbered without a gap, each with a header that says which
 * variants it is for. `platform` is the whole schema; `state` is what Drover keeps about its work inside a database
 * it is attached to, where tenants are text and there are no roles, grants or policies.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DroverError } from '../../errors.ts';
import { quoteIdent, quoteLiteral } from '../sql/identifiers.ts';

export type SchemaVariant = 'platform' | 'state';

export interface MigrationFile {
  readonly version: string;
  /** The file's name. */
  readonly name: string;
  readonly variants: readonly SchemaVariant[];
  /** With placeholders, see fillTemplate. */
  readonly template: string;
  readonly checksum: string;
}

/** Where the package keeps its migrations. */
export const migrationsFolder = fileURLToPath(new URL('../../../migrations/', import.meta.url));

/** The files of a variant in order. */
export function readMigrationFiles(
  variant: SchemaVariant,
  folder: string = migrationsFolder,
): MigrationFile[] {
  const names = readdirSync(folder).filter((name) => /^\d{4}_\w+\.sql$/.test(name));
  const files = names.sort().map((name) => readMigrationFile(folder, name));
  for (const [at, file] of files.entries()) {
    if (Number(file.version) !== at + 1)
      throw invalid(file.name, 'its number does not follow the one before');
  }
  return files.filter((file) => file.variants.includes(variant));
}

function readMigrationFile(folder: string, name: string): MigrationFile {
  // A checkout may turn line ends around; the text means the same and must have the same checksum.
  const template = readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n');
  const listed = /^-- for: ([a-z, ]+)\n/.exec(template)?.[1]?.split(', ') ?? [];
  const variants = listed.filter((word) => word === 'state' || word === 'platform');
  if (variants.length === 0 || variants.length !== listed.length) {
    throw invalid(name, 'its first line must be "-- for: state, platform" or "-- for: platform"');
  }
  return { version: name.slice(0, 4), name, variants, template, checksum: checksumOf(template) };
}

/** How a text is recognised again. */
export function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Puts the schema and the type of a tenant's key into a template. */
export function fillTemplate(template: string, schema: string, variant: SchemaVariant): string {
  return template
    .replaceAll('{{schema}}', () => quoteIdent(schema))
    .replaceAll('{{schema_name}}', () => quoteLiteral(schema))
    .replaceAll('{{tenant_type}}', variant === 'platform' ? 'uuid' : 'text');
}

function invalid(name: string, reason: string): DroverError {
  const message = `The migration ${name} cannot be used: ${reason}. Reinstall Drover, or mend the file.`;
  return new DroverError('MIGRATION_FILE_INVALID', message, { file: name });
}

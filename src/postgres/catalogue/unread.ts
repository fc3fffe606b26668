/** What of the database a plan does not look at: schemas that the configuration does not name, and tables of other servers. */
import { tableId } from '../../engine/catalogue/catalog.ts';
import { meaning } from '../../engine/catalogue/names.ts';
import type { NotLookedAt } from '../../engine/plan/snapshot.ts';
import type { Config } from '../../engine/rules/config.ts';
import { sharedSchemas } from '../../engine/rules/tenancy.ts';
import type { Tx } from '../driver/database.ts';
import { likePatterns } from './own-schema.ts';

interface NamedTable {
  readonly schema: string;
  readonly name: string;
  /** Its rows are another server's. */
  readonly isForeign: boolean;
}

interface Wanted {
  /** Schemas that are looked at: of them only the foreign tables. */
  readonly looked: readonly string[];
  /** Names of schemas, as LIKE takes them, that are nobody's business. */
  readonly unlike: readonly string[];
}

/** Tables that no extension brought; partitions are of their parent. */
const tablesSql = String.raw`
SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind = 'f' AS "isForeign"
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND (n.nspname = ANY ($1::text[]) AND c.relkind = 'f' OR NOT n.nspname = ANY ($1::text[]) AND NOT n.nspname LIKE ANY ($2::text[]))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/** The tables of all schemas but those that are left out, the server's own among them. */
export function listTables(
  tx: Tx,
  { looked, unlike }: Wanted = { looked: [], unlike: [] },
): Promise<NamedTable[]> {
  return tx.many<NamedTable>(tablesSql, [looked, unlike]);
}

interface UnreadInput {
  readonly config: Config;
  /** The schema of Drover's own records. */
  readonly records: string;
  /** The tenant's own schema, where each has one. */
  readonly own?: string;
  /** Ids of the tables that are looked at, those of other schemas among them. */
  readonly read: ReadonlySet<string>;
}

export async function readUnread(
  tx: Tx,
  { config, records, own, read }: UnreadInput,
): Promise<NotLookedAt[]> {
  const looked = [...sharedSchemas(config), ...(own === undefined ? [] : [own])];
  const found = await listTables(tx, { looked, unlike: likePatterns(config) });
  const ids = new Set([...read, ...found.map(({ schema, name }) => tableId(schema, name))]);
  const isIgnored = meaning({ ids, schemas: looked }, config.database?.ignore ?? []);
  const unread = found.filter(({ schema, name }) => {
    const id = tableId(schema, name);
    return schema !== records && !read.has(id) && !isIgnored({ id, schema });
  });
  const elsewhere = Map.groupBy(unread, ({ schema }) => (looked.includes(schema) ? '' : schema));
  const foreign = elsewhere.get('') ?? [];
  elsewhere.delete('');
  return [
    ...[...elsewhere].map(([name, tables]) => ({ what: 'schema' as const, name, tables: tables.length })),
    ...foreign.map(({ schema, name }) => ({
      what: 'foreign table' as const,
      name: tableId(schema, name),
      tables: 1,
    })),
  ];
}

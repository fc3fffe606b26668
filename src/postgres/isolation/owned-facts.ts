/** The facts of a database under a configuration, read in one transaction that only reads. */
import type { Config, ConfigProblem } from '../../engine/rules/config.ts';
import type { IsolationFacts } from '../../engine/isolation/facts.ts';
import { resolveRules } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { findNamedColumn, findNamedTable } from '../../engine/catalogue/names.ts';
import { sharedSchemas } from '../../engine/rules/tenancy.ts';
import { readCatalog } from '../catalogue/catalog.ts';
import type { Database, Tx } from '../driver/database.ts';
import { readIsolationFacts } from './read-facts.ts';

export interface OwnedRequest {
  readonly config: Config;
  /** The schema of Drover's own records, which is nobody's. */
  readonly records: string;
  readonly roles: readonly string[];
  readonly settings: readonly string[];
}

export interface OwnedFacts {
  readonly facts: IsolationFacts;
  /** Whose the tables are: what probing and counting rows begin with. */
  readonly rules: Rules;
  /** What of the configuration does not fit the catalogue. */
  readonly problems: readonly ConfigProblem[];
}

/** REPEATABLE READ and READ ONLY, so that all facts are of one moment. */
export function readOwnedFacts(database: Database, request: OwnedRequest): Promise<OwnedFacts> {
  return database.transaction({ isolation: 'repeatable read', readOnly: true }, (tx) =>
    factsWithin(tx, database.engine, request),
  );
}

/** The same in a transaction that is open. */
export async function factsWithin(
  tx: Tx,
  engine: Database['engine'],
  { config, records, roles, settings }: OwnedRequest,
): Promise<OwnedFacts> {
  const schemas = sharedSchemas(config);
  const read = await readCatalog(tx, { schemas, ignore: config.database?.ignore ?? [] });
  const tables = read.tables.filter(({ schema }) => schema !== records);
  const { rules, problems } = resolveRules({ tables }, config);
  const { catalog, ownership } = rules;
  const facts = await readIsolationFacts(tx, {
    engine,
    catalog,
    ownership,
    root: rootOf(rules),
    ...declaredOf(rules),
    roles,
    settings,
  });
  return { facts, rules, problems };
}

/** What somebody said about columns and rows that the catalogue cannot. */
function declaredOf({ scope, config }: Rules): Pick<IsolationFacts, 'unrelated' | 'partlyGlobal'> {
  const unrelated = (config.tenant.unrelated ?? []).flatMap((name) => {
    const found = findNamedColumn(scope, name);
    return found === undefined ? [] : [{ table: found.table.id, column: found.column.name }];
  });
  const partlyGlobal = (config.model?.tables ?? [])
    .filter(({ global }) => global !== undefined)
    .flatMap(({ table }) => findNamedTable(scope, table)?.id ?? []);
  return { unrelated, partlyGlobal };
}

function rootOf({ scope, config }: Rules): IsolationFacts['root'] {
  const root = findNamedTable(scope, config.tenant.root ?? '');
  const key = config.tenant.key ?? root?.primaryKey[0];
  return root === undefined || key === undefined ? undefined : { table: root.id, key };
}

/** `aliases: redirect`: the columns in which a key that a row had is written over with the one that it has, whoever writes it. */
import type { Table, TableId } from '../../catalogue/catalog.ts';
import type { Place } from '../place.ts';
import { tableOf, type Rules } from '../references.ts';
import { subjectOf } from './view.ts';

/** How the triggers are called, up to a digest of the column. */
export const redirectTrigger = 'drover_redirect_';

export interface RedirectedColumn {
  readonly table: Table;
  readonly column: string;
  /** The key of the row itself, under which no other is inserted, or what refers to it. */
  readonly of: 'row' | 'reference';
  /** Says whose a row is; undefined where all rows are of one tenant. */
  readonly tenantColumn?: string;
}

/** None where the configuration does not ask for it. */
export function redirectedColumns(rules: Rules): RedirectedColumn[] {
  const { subject, config, places } = rules;
  if (subject === undefined || subjectOf(config)?.aliases !== 'redirect') return [];
  const following = subject.followers.flatMap(({ table, columns }) =>
    columns.map(({ column, foreignKey }) => ({
      table,
      column,
      of: foreignKey === undefined ? ('row' as const) : ('reference' as const),
    })),
  );
  const named = places
    .filter((place) => isRedirected(rules, place))
    .map(({ table, column }) => ({ table, column, of: 'reference' as const }));
  const found = new Map<string, RedirectedColumn>();
  for (const { table: id, column, of } of [...following, ...named]) {
    const owner = ownerOf(rules, id);
    const known = `${of} ${id} ${column}`;
    if (owner !== undefined && !found.has(known))
      found.set(known, { table: tableOf(rules, id), column, of, ...owner });
  }
  return [...found.values()];
}

/** A column that holds the key and nothing else, in every row, of a table whose rows say whose they are. */
export function isRedirected(rules: Rules, place: Place): boolean {
  const { carrier, shape, columns, conditions, among, role, json, table } = place;
  const [only, ...others] = columns;
  return (
    subjectOf(rules.config)?.aliases === 'redirect' &&
    role === 'reference' &&
    carrier === 'columns' &&
    shape === 'scalar' &&
    json === undefined &&
    among === undefined &&
    Object.values(conditions).every((condition) => condition === undefined) &&
    only?.template === '{key}' &&
    others.length === 0 &&
    ownerOf(rules, table) !== undefined
  );
}

/** Undefined where a row does not say whose it is. */
function ownerOf(rules: Rules, id: TableId): Pick<RedirectedColumn, 'tenantColumn'> | undefined {
  const ownership = rules.ownership.get(id);
  if (ownership?.kind === 'single') return {};
  const [path, ...more] = ownership?.kind === 'tenant' ? ownership.paths : [];
  return path === undefined || more.length > 0 || path.hops.length > 0
    ? undefined
    : { tenantColumn: path.column };
}

/**
 * What a plan looks through by value: every column that can name a model, whatever the configuration says of it. Four kinds are left out.
 * Columns that say who a row is name no model. Computed columns follow their source. Keys of models are found by the places. Columns that
 * the configuration calls history, a dead copy, bound to data, or none of Drover's business stay as they are; a plan lists them.
 */
import { findColumn, type Column, type Table, type TableId } from '../catalogue/catalog.ts';
import { findNamedTable } from '../catalogue/names.ts';
import { identifyingColumns } from '../rules/coverage.ts';
import { saysWhichRows } from '../rules/place.ts';
import type { Place } from '../rules/place.ts';
import type { Rules } from '../rules/references.ts';
import type { ColumnKind } from './occurrence.ts';

export interface ScannedColumn {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** A table with the columns to look through. */
export interface Scannable {
  readonly table: Table;
  readonly columns: readonly ScannedColumn[];
  /** The one column that says whose a row is, where there is one; and may it be empty, so that a row belongs to nobody? */
  readonly owner?: { readonly column: string; readonly nullable: boolean };
}

export function scannableOf(rules: Rules): Scannable[] {
  const whole = wholeTables(rules);
  return rules.catalog.tables.flatMap((table) => {
    if (whole.has(table.id)) return [];
    const columns = table.columns.flatMap((column): ScannedColumn[] => {
      const kind = kindOf(column);
      return kind === undefined || isLeftOut(rules, table, column) ? [] : [{ name: column.name, kind }];
    });
    return columns.length === 0 ? [] : [{ table, columns, ...ownerOf(rules, table) }];
  });
}

/** Tables that the configuration settles as a whole: `usage.*`. */
function wholeTables({ config, scope }: Rules): ReadonlySet<TableId> {
  const named = (config.places ?? []).flatMap(({ at }) => (at.endsWith('.*') ? [at.slice(0, -2)] : []));
  return new Set(named.flatMap((name) => findNamedTable(scope, name)?.id ?? []));
}

function isLeftOut(rules: Rules, table: Table, column: Column): boolean {
  if (column.computed || identifyingColumns(rules, table).has(column.name)) return true;
  const places = rules.places.filter((place) => place.table === table.id && place.column === column.name);
  return places.some((place) => isSettled(place) || isKeyOfModel(place, column));
}

const settled: ReadonlySet<Place['role']> = new Set([
  'ignore',
  'catalogue',
  'history',
  'dead-copy',
  'data-bound',
]);

/** A document is settled only where its pointers lead, and a column not by what holds for some of its rows. */
function isSettled(place: Place): boolean {
  return place.json === undefined && settled.has(place.role) && !saysWhichRows(place);
}

/** The database compares such keys as they are, so the place finds each of them. */
function isKeyOfModel({ carrier, columns }: Place, { name, kind }: Column): boolean {
  const isKey = columns.some((part) => part.column === name && part.template === '{key}');
  return carrier === 'columns' && isKey && (kind === 'uuid' || kind === 'integer');
}

function ownerOf(rules: Rules, table: Table): Pick<Scannable, 'owner'> {
  const ownership = rules.ownership.get(table.id);
  const [path, ...others] = ownership?.kind === 'tenant' ? ownership.paths : [];
  if (path === undefined || others.length > 0 || path.hops.length > 0) return {};
  return { owner: { column: path.column, nullable: findColumn(table, path.column)?.notNull !== true } };
}

/** Types whose values are no words, whatever domain or list is made of them. */
const wordless = new RegExp(
  `^(${[
    'boolean|smallint|integer|bigint|numeric|real|double precision|money|oid|xid|pg_lsn|bit',
    'date|time|timestamp|interval|inet|cidr|macaddr',
    'point|line|lseg|box|path|polygon|circle|vector|halfvec|sparsevec|geometry|geography|cube|tsvector|tsquery',
  ].join('|')})\\b`,
);

/** What a column holds, for the reading of its text; undefined where it cannot name a model. */
function kindOf({ kind, type }: Column): ColumnKind | undefined {
  if (kind !== 'other') return kind;
  const base = type.replace(/^"?[\w$]+"?\./, '').replace(/(\[\])+$/, '');
  if (wordless.test(base)) return undefined;
  const list = type.endsWith('[]') ? '[]' : '';
  if (base === 'bytea' || base === 'xml' || base === 'hstore' || base === 'citext') return `${base}${list}`;
  if (base.endsWith('range')) return /^(int|num|ts|tstz|date)/.test(base) ? undefined : 'range';
  if (base === 'json' || base === 'jsonb') return `${base}${list}`;
  return `other${list}`;
}

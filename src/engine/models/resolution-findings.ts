/** What somebody should know about how the models of a move were found in one tenant. */
import { type Finding, finding } from '../finding.ts';
import type { ModelFacts } from './model.ts';
import { label } from './select.ts';

/** Several rows fit, and one of them was taken. */
export function otherTargets(chosen: ModelFacts, others: readonly ModelFacts[]): Finding[] {
  if (others.length === 0) return [];
  const also = `${others.map(label).join(', ')} would fit as well`;
  const message = `${label(chosen)} was taken; ${also}. A mapping for this tenant says which.`;
  return [finding('warning', 'OTHER_TARGETS', message, { count: others.length })];
}

/** The tenant has a model that is written almost so. */
export function nearMisses(side: 'source' | 'target', near: readonly ModelFacts[]): Finding[] {
  if (near.length === 0) return [];
  const also = `Not the ${side}, but almost: ${near.map(label).join(', ')}`;
  const message = `${also}. Where that is meant, a mapping for this tenant says so.`;
  return [finding('info', 'NEAR_MISS', message, { count: near.length })];
}

/** The tenant has a row of its own that is called like the source, which is everybody's. */
export function ownNamesakes(source: ModelFacts, others: readonly ModelFacts[]): Finding[] {
  const own = others.filter(({ tenant }) => typeof tenant === 'string');
  if (own.length === 0 || typeof source.tenant === 'string') return [];
  const way = 'name it by its key; in a run a mapping for this tenant says so';
  const message = `${own.map(label).join(', ')} is the tenant's own and stays. Where that is meant, ${way}.`;
  return [finding('info', 'OWN_NAMESAKE', message, { count: own.length })];
}

/** Which of the two keys of a re-key a row has. */
export interface RowsFound {
  readonly table: string;
  readonly from: string;
  readonly to: string;
  readonly there: { readonly source: boolean; readonly target: boolean };
  /** The condition by which the row is busy, where it is. */
  readonly busy?: string;
  /** Are the two to become one? */
  readonly merge: boolean;
}

/** What somebody should know of the rows that have the key and the key to be. */
export function rowFindings({ table, from, to, there, busy, merge }: RowsFound): Finding[] {
  const both =
    `${table} has a row ${from} and a row ${to}. A re-key gives one row another key and makes two rows one only where that is said: ` +
    'add --merge, or choose a key that no row has.';
  const gone = `${table} has no row ${from}; the row ${to} is there. Only what still names ${from} is repaired.`;
  const working = `The row ${from} of ${table} is busy (${busy ?? ''}): wait until it is not, then plan again.`;
  return [
    ...(there.source && there.target && !merge ? [finding('error', 'BOTH_ROWS_EXIST', both)] : []),
    ...(there.source ? [] : [finding('warning', 'SOURCE_ROW_GONE', gone)]),
    ...(busy === undefined ? [] : [finding('error', 'ROW_BUSY', working)]),
  ];
}

/** What somebody should know about how the models of a move were found in one tenant. */
import { type Finding, finding } from '../finding.ts';
import { keysText } from '../key-pairs.ts';
import type { KeyPair } from '../key-pairs.ts';
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

/** Which keys of a re-key rows have. */
interface RowsFound {
  readonly table: string;
  /** Pairs of which both keys are those of rows, which are not to become one. */
  readonly both: readonly KeyPair[];
  /** Pairs of which only the second one is. */
  readonly gone: readonly KeyPair[];
  /** Keys of busy rows. */
  readonly busy: readonly string[];
  /** The condition by which a row is busy. */
  readonly condition?: string;
  /** Keys that one row gives up and another one gets. */
  readonly reused: readonly string[];
}

/** What somebody should know of the rows that have the keys and the keys to be. */
export function rowFindings({ table, both, gone, busy, condition, reused }: RowsFound): Finding[] {
  const [taken, lost] = [sides(both), sides(gone)];
  const working = keysText(busy);
  return [
    ...(both.length === 0
      ? []
      : [
          finding(
            'error',
            'BOTH_ROWS_EXIST',
            `${table} has a row ${taken.from} and a row ${taken.to}. A re-key gives one row another key and makes two rows one only ` +
              'where that is said: add --merge, or choose a key that no row has.',
            several(both.length),
          ),
        ]),
    ...(gone.length === 0
      ? []
      : [
          finding(
            'warning',
            'SOURCE_ROW_GONE',
            `${table} has no row ${lost.from}; the row ${lost.to} is there. Only what still names ${lost.from} is repaired.`,
            several(gone.length),
          ),
        ]),
    ...(busy.length === 0
      ? []
      : [
          finding(
            'error',
            'ROW_BUSY',
            `The row ${working} of ${table} is busy (${condition ?? ''}): wait until it is not, then plan again.`,
            several(busy.length),
          ),
        ]),
    ...(reused.length === 0
      ? []
      : [
          finding(
            'warning',
            'KEYS_CHANGE_HANDS',
            reused.length === 1
              ? `The key ${keysText(reused)} of ${table} passes from one row to another, so no alias leads from it: whoever holds it ` +
                  'from before finds the other row.'
              : `${reused.length} keys of ${table} (${keysText(reused)}) pass from one row to another, so no alias leads from them: ` +
                  'whoever holds one from before finds another row.',
            { count: reused.length },
          ),
        ]),
  ];
}

function sides(pairs: readonly KeyPair[]): KeyPair {
  return { from: keysText(pairs.map(({ from }) => from)), to: keysText(pairs.map(({ to }) => to)) };
}

function several(count: number): { readonly count?: number } {
  return count === 1 ? {} : { count };
}

/**
 * The rounds in which rows get other keys, with what follows them in each. What lies between two others in a chain, or in a ring, goes
 * through a key that no row has. It reads only.
 */
import type { Column } from '../../../engine/catalogue/catalog.ts';
import { keysBetween, roundsOf } from '../../../engine/key-pairs.ts';
import type { KeyPair } from '../../../engine/key-pairs.ts';
import type { RekeyRound } from '../../../engine/plan/snapshot.ts';
import { isUuid } from '../../../engine/uuid.ts';
import { sha256 } from '../../catalogue/digest.ts';
import type { Tx } from '../../driver/database.ts';
import { columnOf } from '../../sql/cast.ts';
import { isAmong, largestOf } from '../../sql/key-map.ts';
import { column, rowsOf, sql } from '../../sql/sql.ts';
import type { Impossible } from './reach.ts';
import { readFollowers } from './following.ts';
import type { SubjectOf } from './following.ts';

interface Rounds {
  readonly rounds: readonly RekeyRound[];
  /** Rows that go through a free key, with that key. */
  readonly through: readonly KeyPair[];
  readonly impossible: Impossible;
}

export const nothingRekeyed: Rounds = { rounds: [], through: [], impossible: [] };

export async function readRounds(tx: Tx, about: SubjectOf, moving: readonly KeyPair[]): Promise<Rounds> {
  const between = keysBetween(moving);
  const free = await freeKeys(tx, about, between);
  if (free === undefined) return { ...nothingRekeyed, impossible: [noFreeKey(about, between)] };
  const origin = new Map([...free].map(([from, key]) => [key, from]));
  const rounds: RekeyRound[] = [];
  for (const pairs of roundsOf(moving, free)) {
    // Nobody has a free key yet: its rows are those of the key before.
    const keys = pairs.map(({ from }) => origin.get(from) ?? from);
    rounds.push({ pairs, followers: await readFollowers(tx, about, keys) });
  }
  return { rounds, through: [...free].map(([from, to]) => ({ from, to })), impossible: [] };
}

/** For each key one that no row has, the same in every plan of the same rows; undefined where the type has none to give. */
async function freeKeys(
  tx: Tx,
  { subject: { table, key } }: SubjectOf,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string> | undefined> {
  if (keys.length === 0) return new Map();
  const own = columnOf(table, key);
  // Keys have at most 18 digits.
  const most = largestOf(own);
  const largest = most === undefined || most < 10n ** 18n ? most : 10n ** 18n - 1n;
  if (own.kind === 'enum' || (own.kind === 'integer' && largest === undefined)) return undefined;
  const candidates = keys.map((text, at) =>
    largest === undefined ? freeText(own, text) : String(largest - BigInt(at)),
  );
  const taken = await tx.many<{ key: string }>(
    sql`SELECT ${column('t', key)}::text AS key FROM ${rowsOf(table)} t WHERE ${isAmong(own, column('t', key), candidates)}`,
  );
  const isFree = taken.length === 0 && new Set(candidates).size === keys.length;
  return isFree ? new Map(keys.map((text, at) => [text, candidates[at] ?? ''])) : undefined;
}

/** Of the form of a uuid where the key is one; else as long as the column allows. Whether a CHECK allows it is asked afterwards. */
function freeText({ kind, type }: Column, key: string): string {
  const hex = sha256(`free ${key}`);
  if (kind === 'uuid' || isUuid(key))
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `8${hex.slice(13, 16)}`,
      `8${hex.slice(17, 20)}`,
      hex.slice(20, 32),
    ].join('-');
  const most = Number(/\((\d+)\)/.exec(type)?.[1] ?? 32);
  return hex.slice(0, Math.min(32, most));
}

function noFreeKey({ subject: { table } }: SubjectOf, between: readonly string[]): Impossible[number] {
  const message =
    `rows of ${table.id} change keys with each other, or in a chain of more than two (${between.slice(0, 3).join(', ')}), and of this ` +
    'type no free key is known through which one of them could go: give one of them another key first';
  return { word: 'no-free-key', message };
}

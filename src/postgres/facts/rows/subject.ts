/** The facts of a re-key beside the places: what follows the row by foreign key, and what stands in the way. It reads only. */
import { columnPath } from '../../../engine/catalogue/names.ts';
import { scannableOf } from '../../../engine/inventory/scannable.ts';
import { isTelling, mostLookedFor } from '../../../engine/models/key-forms.ts';
import { keysOf } from '../../../engine/models/model.ts';
import type { SubjectFacts, MergingFacts } from '../../../engine/plan/snapshot.ts';
import { given } from '../../../engine/given.ts';
import type { Follower } from '../../../engine/rules/rows/followers.ts';
import { changedTables } from '../../../engine/rules/rows/merging.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import type { Tx } from '../../driver/database.ts';
import { one } from '../../driver/question.ts';
import { columnOf, isKeyOf } from '../../sql/cast.ts';
import { isAmong } from '../../sql/key-map.ts';
import { mineSql } from '../../sql/row.ts';
import { allOf, column, rowsOf, sql } from '../../sql/sql.ts';
import { readAround } from './around.ts';
import type { Around } from './around.ts';
import { readMerging } from './merging.ts';
import { readFollowers } from './following.ts';
import type { SubjectOf } from './following.ts';
import { nothingRekeyed, readRounds } from './rounds.ts';
import { rowContext } from '../member.ts';
import type { Member } from '../member.ts';

/** For each member what a re-key of its row is planned from; nothing where models move. */
export async function readSubjects(
  tx: Tx,
  rules: Rules,
  members: readonly Member[],
): Promise<(SubjectFacts | undefined)[]> {
  const { subject } = rules;
  const found: (SubjectFacts | undefined)[] = [];
  for (const member of members)
    found.push(subject === undefined ? undefined : await readSubject(tx, { rules, subject, member }));
  return found;
}

async function readSubject(tx: Tx, about: SubjectOf): Promise<SubjectFacts> {
  const { rules, subject, member } = about;
  const keys = keysOf(member.pair);
  const { moving = [] } = member.pair;
  const froms = keys.map(({ from }) => from);
  const isMerge = member.intent.merge === true && moving.length > 0;
  const found = isMerge ? nothingRekeyed : await readRounds(tx, about, moving);
  const followers =
    found.rounds.length === 1 && moving.length === keys.length
      ? (found.rounds[0]?.followers ?? [])
      : await readFollowers(tx, about, froms);
  const row = { rules, subject, member, pairs: isMerge ? moving : keys, through: found.through };
  const merged = isMerge ? await readMerging(tx, row) : undefined;
  const around = await readAround(tx, {
    ...row,
    ...given({ merging: merged && mergedAround(about, merged.merging) }),
  });
  const silent = keys.length > mostLookedFor ? froms : froms.filter((key) => !isTelling(key));
  return {
    followers,
    rounds: found.rounds,
    ...around,
    impossible: [...around.impossible, ...found.impossible, ...(merged?.impossible ?? [])],
    ...given({ merging: merged?.merging }),
    ...(silent.length === 0 ? {} : { lookalikes: await readLookalikes(tx, about, silent) }),
  };
}

/** What of the database a merge writes to. */
function mergedAround(
  { rules, subject }: SubjectOf,
  { mappings, lost }: MergingFacts,
): NonNullable<Around['merging']> {
  const removed = new Set(lost.map(({ table }) => table));
  const changed = new Map<string, Follower>(
    changedTables(rules.catalog, subject, mappings).map((one) => [one.table, one]),
  );
  for (const table of removed) if (!changed.has(table)) changed.set(table, { table, columns: [] });
  return { changed: [...changed.values()], removed };
}

/** A name that says: the key of another row. */
const keyName = /(^|_)(id|key|ref|uuid|no|number)$/i;

/**
 * Columns that may hold a key which tells nothing by itself: of its kind, without a foreign key or a place, called like a key or like
 * the table, and with the value in a row of the tenant.
 */
async function readLookalikes(
  tx: Tx,
  { rules, subject, member }: SubjectOf,
  keys: readonly string[],
): Promise<NonNullable<SubjectFacts['lookalikes']>> {
  const own = columnOf(subject.table, subject.key);
  const called = subject.table.name.toLowerCase().replace(/(es|s)$/, '');
  const columns = scannableOf(rules).flatMap(({ table, columns: all }) =>
    all.flatMap(({ name }) => {
      const held = columnOf(table, name);
      const isPlace = rules.places.some((place) => place.table === table.id && place.column === name);
      const isCalled = keyName.test(name) || name.toLowerCase().includes(called);
      // A table that numbers its own rows has numbers of its own.
      const isNumbering = table.primaryKey.includes(name) && held.hasDefault;
      // Of keys that a narrower column cannot hold it holds none; the others it may.
      const possible = keys.filter((key) => isKeyOf(held, key));
      const mayHold = held.kind === own.kind && !isPlace && !isNumbering && isCalled && possible.length > 0;
      return mayHold ? [{ table, held, possible }] : [];
    }),
  );
  const counted = await tx.together(
    columns.map(({ table, held, possible }) => {
      const where = allOf([
        isAmong(held, column('t', held.name), possible),
        mineSql(rowContext(rules, table, [member])),
      ]);
      return one<{ rows: number }>(sql`SELECT count(*) AS rows FROM ${rowsOf(table)} t WHERE ${where}`);
    }),
  );
  return columns
    .map(({ table, held }, at) => ({
      column: columnPath(rules.scope, table, held.name),
      rows: counted[at]?.rows ?? 0,
    }))
    .filter(({ rows }) => rows > 0);
}

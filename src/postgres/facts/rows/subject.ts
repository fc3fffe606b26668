/** The facts of a re-key beside the places: what follows the row by foreign key, and what stands in the way. It reads only. */
import { columnPath } from '../../../engine/catalogue/names.ts';
import { scannableOf } from '../../../engine/inventory/scannable.ts';
import { isTelling } from '../../../engine/models/key-forms.ts';
import type { SubjectFacts, FollowingRows, MergingFacts } from '../../../engine/plan/snapshot.ts';
import { given } from '../../../engine/given.ts';
import type { Follower, Subject } from '../../../engine/rules/rows/followers.ts';
import { changedTables } from '../../../engine/rules/rows/merging.ts';
import { tableOf } from '../../../engine/rules/references.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import { isSharedRows } from '../../../engine/tenant.ts';
import type { Tx } from '../../driver/database.ts';
import { one } from '../../driver/question.ts';
import type { Question } from '../../driver/question.ts';
import { columnOf, equalsEach, isKeyOf } from '../../sql/cast.ts';
import { followsSql } from '../../sql/following.ts';
import type { FollowedKey } from '../../sql/following.ts';
import { findRowKey, keyHash } from '../../sql/keys.ts';
import { mineSql, ownerSql } from '../../sql/row.ts';
import { allOf, column, literal, raw, rowsOf, sql } from '../../sql/sql.ts';
import { readAround } from './around.ts';
import type { Around } from './around.ts';
import { readMerging } from './merging.ts';
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

interface SubjectOf {
  readonly rules: Rules;
  readonly subject: Subject;
  readonly member: Member;
}

async function readSubject(tx: Tx, about: SubjectOf): Promise<SubjectFacts> {
  const { rules, subject, member } = about;
  const { source, target } = member.pair;
  const followers = await readFollowers(tx, about, source.key ?? '');
  const row = { rules, subject, member, key: source.key ?? '', to: target.key ?? '' };
  const merged = member.intent.merge === true ? await readMerging(tx, row) : undefined;
  const around = await readAround(tx, {
    ...row,
    ...given({ merging: merged && mergedAround(about, merged.merging) }),
  });
  const telling = isTelling(source.key ?? '');
  return {
    followers,
    ...around,
    impossible: [...around.impossible, ...(merged?.impossible ?? [])],
    ...given({ merging: merged?.merging }),
    ...(telling ? {} : { lookalikes: await readLookalikes(tx, about) }),
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

/** The rows that have the key by foreign key, table by table in the order of the rules. */
function readFollowers(tx: Tx, about: SubjectOf, key: string): Promise<FollowingRows[]> {
  return tx.together(about.subject.followers.map((follower) => followersOf(about, follower, key)));
}

/** How many there are, in the same order, whosever they are. */
export function countFollowers(
  tx: Tx,
  about: SubjectOf,
  key: string,
): Promise<Pick<FollowingRows, 'table' | 'rows'>[]> {
  const { rules, subject, member } = about;
  return tx.together(
    subject.followers.map((follower) => {
      const table = tableOf(rules, follower.table);
      const follows = followsSql(followingOf(about, key), rowContext(rules, table, [member]), follower);
      return one<Pick<FollowingRows, 'table' | 'rows'>>(
        sql`SELECT ${literal(table.id)} AS "table", count(*) AS rows FROM ${rowsOf(table)} t WHERE ${follows}`,
      );
    }),
  );
}

/** What is known of rows by their key and tenant. */
function followingOf({ rules, subject, member }: SubjectOf, key: string): FollowedKey {
  const { tenants } = rowContext(rules, subject.table, [member]);
  return { rules, subject, key, tenants };
}

function followersOf(about: SubjectOf, follower: Follower, key: string): Question<FollowingRows> {
  const { rules, member } = about;
  const table = tableOf(rules, follower.table);
  const context = rowContext(rules, table, [member]);
  const rowKey = findRowKey(rules, table);
  const digest = rowKey === undefined ? raw(`''`) : sql`coalesce(sum(${keyHash(rowKey)}::numeric), 0)::text`;
  const others = isSharedRows(member.intent.tenant)
    ? raw('0::bigint')
    : sql`count(*) FILTER (WHERE ${ownerSql(context)} IN ('other', 'disagree'))`;
  return one<FollowingRows>(sql`SELECT ${literal(table.id)} AS "table", count(*) AS rows, ${others} AS others,
      ${digest} AS digest FROM ${rowsOf(table)} t WHERE ${followsSql(followingOf(about, key), context, follower)}`);
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
): Promise<NonNullable<SubjectFacts['lookalikes']>> {
  const key = member.pair.source.key ?? '';
  const own = columnOf(subject.table, subject.key);
  const called = subject.table.name.toLowerCase().replace(/(es|s)$/, '');
  const columns = scannableOf(rules).flatMap(({ table, columns: all }) =>
    all.flatMap(({ name }) => {
      const held = columnOf(table, name);
      const isPlace = rules.places.some((place) => place.table === table.id && place.column === name);
      const isCalled = keyName.test(name) || name.toLowerCase().includes(called);
      // A table that numbers its own rows has numbers of its own.
      const isNumbering = table.primaryKey.includes(name) && held.hasDefault;
      const mayHold = held.kind === own.kind && !isPlace && !isNumbering && isCalled && isKeyOf(held, key);
      return mayHold ? [{ table, held }] : [];
    }),
  );
  const counted = await tx.together(
    columns.map(({ table, held }) => {
      const where = allOf([
        equalsEach(held, column('t', held.name), [key]),
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

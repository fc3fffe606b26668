/** The rows that refer to rows of some keys by foreign key, table by table. It reads only. */
import type { FollowingRows } from '../../../engine/plan/snapshot.ts';
import { tableOf } from '../../../engine/rules/references.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import type { Follower, Subject } from '../../../engine/rules/rows/followers.ts';
import { isSharedRows } from '../../../engine/tenant.ts';
import type { Tx } from '../../driver/database.ts';
import { one } from '../../driver/question.ts';
import type { Question } from '../../driver/question.ts';
import { followsSql } from '../../sql/following.ts';
import type { FollowedKey } from '../../sql/following.ts';
import { findRowKey, keyHash } from '../../sql/keys.ts';
import { ownerSql } from '../../sql/row.ts';
import { literal, raw, rowsOf, sql } from '../../sql/sql.ts';
import { rowContext } from '../member.ts';
import type { Member } from '../member.ts';

/** A table of which rows of a member get other keys. */
export interface SubjectOf {
  readonly rules: Rules;
  readonly subject: Subject;
  readonly member: Member;
}

/** The rows that have one of the keys by foreign key, table by table in the order of the rules. */
export function readFollowers(tx: Tx, about: SubjectOf, keys: readonly string[]): Promise<FollowingRows[]> {
  return tx.together(about.subject.followers.map((follower) => followersOf(about, follower, keys)));
}

/** How many there are, in the same order, whosever they are. */
export function countFollowers(
  tx: Tx,
  about: SubjectOf,
  keys: readonly string[],
): Promise<Pick<FollowingRows, 'table' | 'rows'>[]> {
  const { rules, subject, member } = about;
  return tx.together(
    subject.followers.map((follower) => {
      const table = tableOf(rules, follower.table);
      const follows = followsSql(followingOf(about, keys), rowContext(rules, table, [member]), follower);
      return one<Pick<FollowingRows, 'table' | 'rows'>>(
        sql`SELECT ${literal(table.id)} AS "table", count(*) AS rows FROM ${rowsOf(table)} t WHERE ${follows}`,
      );
    }),
  );
}

/** What is known of rows by their keys and tenant. */
function followingOf({ rules, subject, member }: SubjectOf, keys: readonly string[]): FollowedKey {
  const { tenants } = rowContext(rules, subject.table, [member]);
  return { rules, subject, keys, tenants };
}

function followersOf(about: SubjectOf, follower: Follower, keys: readonly string[]): Question<FollowingRows> {
  const { rules, member } = about;
  const table = tableOf(rules, follower.table);
  const context = rowContext(rules, table, [member]);
  const rowKey = findRowKey(rules, table);
  const digest = rowKey === undefined ? raw(`''`) : sql`coalesce(sum(${keyHash(rowKey)}::numeric), 0)::text`;
  const others = isSharedRows(member.intent.tenant)
    ? raw('0::bigint')
    : sql`count(*) FILTER (WHERE ${ownerSql(context)} IN ('other', 'disagree'))`;
  return one<FollowingRows>(sql`SELECT ${literal(table.id)} AS "table", count(*) AS rows, ${others} AS others,
      ${digest} AS digest FROM ${rowsOf(table)} t WHERE ${followsSql(followingOf(about, keys), context, follower)}`);
}

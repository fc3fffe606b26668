/**
 * The rules of a site for whoever only reads. They follow from the configuration, which is fixed, and from the catalogue, which takes
 * some twenty milliseconds to read; so they are kept, and each time the catalogue is asked whether it is what it was.
 *
 * Why one question is enough: what changes the meaning of a catalogue row writes a new version of it, with the id of the
 * transaction that did, and what is dropped is gone. So the versions of all rows that the rules are read from mark the
 * catalogue, and a mark that was seen before means the same rules. In place PostgreSQL changes only figures, such as the estimated
 * number of rows, on which nobody relies who asks here. A plan and whatever writes read the catalogue itself (`readRules`).
 */
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import { one, prepared, readAs } from '../driver/question.ts';
import { readStoredRules, type Site, withKnown } from '../scope/site.ts';

interface Kept {
  readonly mark: string;
  readonly rules: Rules;
}

const keptBy = new WeakMap<Site, Kept>();

/** The rules as the catalogue is in this transaction, which changes no table itself. Not for plans. @throws CONFIG_MISMATCH with every problem */
export async function rulesForReading(tx: Tx, site: Site): Promise<Rules> {
  return rulesMarked(tx, site, await tx.ask(catalogueMark));
}

/** The same where the mark of the catalogue was asked for in this transaction, together with something else. */
export async function rulesMarked(tx: Tx, site: Site, mark: string): Promise<Rules> {
  const kept = keptBy.get(site);
  if (kept?.mark === mark) return withKnown(site, kept.rules);
  const rules = await readStoredRules(tx, site);
  // Where every statement sees the newest, the catalogue may have changed between two of them.
  if ((await tx.ask(catalogueMark)) === mark) keptBy.set(site, { mark, rules });
  return withKnown(site, rules);
}

/** Of what the server itself brought (below 16384) nothing can be changed, but for the names of schemas. */
const markSql = prepared(String.raw`
SELECT count(*) || ' ' || sum(pg_catalog.hashint8extended((object << 32) | version::text::bigint, kind)) AS mark FROM (
  SELECT 1 AS kind, oid::bigint AS object, xmin AS version FROM pg_catalog.pg_class WHERE oid >= 16384
  UNION ALL SELECT 2, attrelid::bigint, xmin FROM pg_catalog.pg_attribute WHERE attrelid >= 16384
  UNION ALL SELECT 3, oid::bigint, xmin FROM pg_catalog.pg_attrdef
  UNION ALL SELECT 4, oid::bigint, xmin FROM pg_catalog.pg_constraint WHERE oid >= 16384
  UNION ALL SELECT 5, indexrelid::bigint, xmin FROM pg_catalog.pg_index WHERE indexrelid >= 16384
  UNION ALL SELECT 6, inhrelid::bigint, xmin FROM pg_catalog.pg_inherits
  UNION ALL SELECT 7, oid::bigint, xmin FROM pg_catalog.pg_trigger WHERE oid >= 16384
  UNION ALL SELECT 8, oid::bigint, xmin FROM pg_catalog.pg_proc WHERE oid >= 16384
  UNION ALL SELECT 9, oid::bigint, xmin FROM pg_catalog.pg_type WHERE oid >= 16384
  UNION ALL SELECT 10, oid::bigint, xmin FROM pg_catalog.pg_namespace
  UNION ALL SELECT 11, oid::bigint, xmin FROM pg_catalog.pg_policy
  UNION ALL SELECT 12, pg_catalog.hashtext(pg_catalog.pg_get_userbyid(role)::text)::bigint, p.xmin
    FROM pg_catalog.pg_policy p, pg_catalog.unnest(p.polroles) AS role
  UNION ALL SELECT 13, objid::bigint, xmin FROM pg_catalog.pg_depend
    WHERE classid = 'pg_catalog.pg_class'::regclass AND deptype = 'e'
) AS versions`);

export const catalogueMark = readAs(one<{ mark: string }>(markSql), ({ mark }) => mark);

/**
 * The mark of a catalogue: equal where the rules that follow from it are the same (see rules.ts).
 *
 * Where each tenant has a schema of its own, the mark is of that schema and of those that are nobody's. So a table made in one tenant's
 * schema is no news to another, and a thousand schemas cost each tenant no more than one.
 */
import { one, prepared } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { ownParameters, ownRelations } from './own-schema.ts';
import type { OwnSchema } from './own-schema.ts';

/** What a transaction sees of the catalogue, see `sight`. */
export interface CatalogueSight {
  readonly sight: string | null;
}

/** What a transaction sees of the catalogue, with the versions of all rows. */
export interface Marked extends CatalogueSight {
  readonly mark: string;
}

/**
 * What the transaction sees, as a text that is equal for no other sight: the snapshot, of the server as it was started. None where
 * that is not all: a transaction that has written sees its own changes, and a standby does not tell what is under way.
 */
const sight = `CASE WHEN pg_catalog.pg_current_xact_id_if_assigned() IS NULL AND NOT pg_catalog.pg_is_in_recovery()
  THEN pg_catalog.pg_postmaster_start_time() || ' ' || pg_catalog.pg_current_snapshot() END AS sight`;

export const catalogueSight = one<CatalogueSight>(prepared(`SELECT ${sight}`));

/** Of what the server itself brought (below 16384) nothing can be changed, but for the names of schemas. */
const markSql = prepared(`
SELECT ${sight}, count(*) || ' ' || sum(pg_catalog.hashint8extended((object << 32) | version::text::bigint, kind)) AS mark FROM (
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
    WHERE refclassid = 'pg_catalog.pg_extension'::regclass AND classid = 'pg_catalog.pg_class'::regclass AND deptype = 'e'
  UNION ALL SELECT 14, oid::bigint, xmin FROM pg_catalog.pg_enum
) AS versions`);

/** The mark of the catalogue, with the sight in which it is that: both of one snapshot. */
export const catalogueMark = one<Marked>(markSql);

/**
 * The rest of what says who reaches what: views and rules, roles with their memberships and settings, publications, event triggers,
 * rights on what is not there yet. Access lists are in the rows of the first mark.
 */
export const reachMark = one<{ mark: string }>(
  prepared(`
SELECT count(*) || ' ' || sum(pg_catalog.hashtextextended(version, 0)) AS mark FROM (
  SELECT 'rewrite ' || oid || ' ' || xmin AS version FROM pg_catalog.pg_rewrite WHERE oid >= 16384
  UNION ALL SELECT 'role ' || r::text FROM pg_catalog.pg_roles r
  UNION ALL SELECT 'member ' || m::text FROM pg_catalog.pg_auth_members m
  UNION ALL SELECT 'setting ' || s::text FROM pg_catalog.pg_db_role_setting s
  UNION ALL SELECT 'parameter ' || p::text FROM pg_catalog.pg_parameter_acl p
  UNION ALL SELECT 'default ' || d::text FROM pg_catalog.pg_default_acl d
  UNION ALL SELECT 'database ' || d.datdba || COALESCE(d.datacl::text, '') FROM pg_catalog.pg_database d
    WHERE d.datname = pg_catalog.current_database()
  UNION ALL SELECT 'publication ' || oid || ' ' || xmin FROM pg_catalog.pg_publication
  UNION ALL SELECT 'published ' || oid || ' ' || xmin FROM pg_catalog.pg_publication_rel
  UNION ALL SELECT 'published schema ' || oid || ' ' || xmin FROM pg_catalog.pg_publication_namespace
  UNION ALL SELECT 'event ' || oid || ' ' || xmin FROM pg_catalog.pg_event_trigger
  UNION ALL SELECT 'object ' || oid || ' ' || xmin FROM pg_catalog.pg_largeobject_metadata
) AS versions`),
);

/** The mark of the schema of one tenant and of the schemas that are nobody's. */
export function catalogueMarkOf(own: OwnSchema): Question<Marked> {
  return one<Marked>(ownMarkSql, ownParameters(own));
}

const ownMarkSql = prepared(`
WITH ${ownRelations}
SELECT ${sight}, count(*) || ' ' || sum(pg_catalog.hashint8extended((object << 32) | version::text::bigint, kind)) AS mark FROM (
  SELECT 1 AS kind, oid::bigint AS object, xmin AS version FROM pg_catalog.pg_class WHERE oid IN (SELECT oid FROM own)
  UNION ALL SELECT 2, attrelid::bigint, xmin FROM pg_catalog.pg_attribute WHERE attrelid IN (SELECT oid FROM own)
  UNION ALL SELECT 3, oid::bigint, xmin FROM pg_catalog.pg_attrdef WHERE adrelid IN (SELECT oid FROM own)
  UNION ALL SELECT 4, oid::bigint, xmin FROM pg_catalog.pg_constraint WHERE conrelid IN (SELECT oid FROM own)
  UNION ALL SELECT 5, indexrelid::bigint, xmin FROM pg_catalog.pg_index WHERE indrelid IN (SELECT oid FROM own)
  UNION ALL SELECT 6, inhrelid::bigint, xmin FROM pg_catalog.pg_inherits WHERE inhrelid IN (SELECT oid FROM own)
  UNION ALL SELECT 7, oid::bigint, xmin FROM pg_catalog.pg_trigger WHERE tgrelid IN (SELECT oid FROM own)
  UNION ALL SELECT 8, p.oid::bigint, p.xmin FROM spaces s
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = s.oid
    JOIN pg_catalog.pg_proc p ON p.oid = d.objid WHERE d.classid = 'pg_catalog.pg_proc'::regclass
  UNION ALL SELECT 9, oid::bigint, xmin FROM pg_catalog.pg_type WHERE oid >= 16384
    AND oid IN (SELECT atttypid FROM pg_catalog.pg_attribute WHERE attrelid IN (SELECT oid FROM own))
  UNION ALL SELECT 10, oid::bigint, xmin FROM pg_catalog.pg_namespace WHERE oid IN (SELECT oid FROM spaces)
  UNION ALL SELECT 11, oid::bigint, xmin FROM pg_catalog.pg_policy WHERE polrelid IN (SELECT oid FROM own)
  UNION ALL SELECT 12, pg_catalog.hashtext(pg_catalog.pg_get_userbyid(role)::text)::bigint, p.xmin
    FROM pg_catalog.pg_policy p, pg_catalog.unnest(p.polroles) AS role WHERE p.polrelid IN (SELECT oid FROM own)
  UNION ALL SELECT 13, objid::bigint, xmin FROM pg_catalog.pg_depend
    WHERE refclassid = 'pg_catalog.pg_extension'::regclass AND classid = 'pg_catalog.pg_class'::regclass AND deptype = 'e'
      AND objid IN (SELECT oid FROM own)
  UNION ALL SELECT 14, oid::bigint, xmin FROM pg_catalog.pg_constraint WHERE contype = 'f' AND confrelid IN (SELECT oid FROM own)
) AS versions`);

/** What a conversion rests on, of all relations of some schemas, as pg_catalog has it. It locks nothing and reads no row. */
import type { RelationMarks } from '../../engine/tenantize/drift.ts';
import { many } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { ofExtension } from '../isolation/relations-sql.ts';

/** Each policy of a table with all that it says; names in it have their schema where nothing is on the search_path. */
export function policiesOf(table: string): string {
  return `(SELECT coalesce(json_agg(json_build_object('name', p.polname, 'says', concat_ws(' ', p.polcmd, p.polpermissive,
     (SELECT string_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r)::text END, ' ' ORDER BY r) FROM unnest(p.polroles) r),
     'USING', pg_get_expr(p.polqual, p.polrelid), 'CHECK', pg_get_expr(p.polwithcheck, p.polrelid))) ORDER BY p.polname), '[]')
   FROM pg_policy p WHERE p.polrelid = ${table})`;
}

const marksSql = `
SELECT n.nspname::text AS schema, c.relname::text AS name,
  CASE WHEN c.relkind IN ('r', 'p', 'f') THEN 'table' WHEN c.relkind = 'v' THEN 'view' ELSE 'other' END AS kind,
  c.relrowsecurity AS secured, c.relforcerowsecurity AS forced,
  (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull,
     'labels',
     (SELECT string_agg(e.enumlabel, E'\\n' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = a.atttypid))
     ORDER BY a.attnum), '[]')
   FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  (SELECT coalesce(json_agg(json_build_object('name', t.tgname, 'calls', t.tgfoid::regproc::text, 'enabled', t.tgenabled)
     ORDER BY t.tgname), '[]')
   FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) AS triggers,
  (SELECT coalesce(json_agg(json_build_object('name', k.conname, 'validated', k.convalidated,
     'isCheck', k.contype = 'c') ORDER BY k.conname), '[]')
   FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 'n') AS constraints,
  (SELECT coalesce(json_agg(json_build_object('name', x.relname, 'valid', i.indisvalid) ORDER BY x.relname), '[]')
   FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid) AS indexes,
  ${policiesOf('c.oid')} AS policies,
  CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END AS reads,
  (SELECT coalesce(json_agg(DISTINCT pg_get_userbyid(g.grantee)::text || ' ' || lower(g.privilege_type)), '[]')
   FROM aclexplode(c.relacl) g WHERE g.grantee <> 0) AS grants
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relpersistence <> 't' AND n.nspname = ANY($1::text[])
  AND NOT ${ofExtension('pg_class', 'c.oid')}
ORDER BY 1, 2`;

/** Names of functions are written with their schema: the search_path of a session must not decide how. */
export function catalogueMarks(schemas: readonly string[]): Question<RelationMarks[]> {
  return many<RelationMarks>(marksSql, [schemas]);
}

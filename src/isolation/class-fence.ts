/**
 * The rule of security classes in Drover's own schema: in a space of a class nothing uses a model of a lower one. It stands here and
 * nowhere else, so that it holds for whatever writes: requests, migrations, rollbacks, SQL by hand.
 *
 * A key cannot say "not lower", so triggers do, one for each statement and table. They look at what the statement made so: a use that was
 * there before refuses nothing. Whoever makes a use holds its space FOR KEY SHARE and, where that demands something, its model and the
 * default that it falls back to; whoever changes a class or such a default holds that FOR UPDATE. So the one waits for the other and sees
 * what it did, and nobody waits for a change of anything else.
 */

/** What uses models in spaces: by its columns, within the nodes of its pipelines, or by what it falls back to where it names none. */
interface Users {
  readonly table: string;
  readonly space: string;
  readonly columns: Readonly<Record<string, ClassedKind>>;
  readonly pipeline?: boolean;
  /** A row without this column uses the default of its tenant, where its space has none. */
  readonly falls?: string;
}

type ClassedKind = (typeof kinds)[number];
const kinds = ['completion', 'transcription', 'embedding'] as const;

const users: readonly Users[] = [
  ...kinds.map((kind) => ({
    table: `space_${kind}_models`,
    space: 'space_id',
    columns: { model_id: kind },
  })),
  { table: 'spaces', space: 'id', columns: { default_completion_model_id: 'completion' } },
  {
    table: 'assistants',
    space: 'space_id',
    columns: { completion_model_id: 'completion' },
    falls: 'completion_model_id',
  },
  {
    table: 'apps',
    space: 'space_id',
    columns: { completion_model_id: 'completion', transcription_model_id: 'transcription' },
    pipeline: true,
    falls: 'completion_model_id',
  },
  {
    table: 'services',
    space: 'space_id',
    columns: { completion_model_id: 'completion', transcription_model_id: 'transcription' },
    falls: 'completion_model_id',
  },
];

/** The uses of the rows of `from`: tenant, row, space, table, column, kind, and the model as text, NULL where the row names none. */
function usesOf({ table, space, columns, pipeline, falls }: Users, from: string, where = 'true'): string {
  const id = table.endsWith('_models') ? 'NULL::pg_catalog.uuid' : 't.id';
  const use = (field: string, kind: ClassedKind, model: string, only: string): string =>
    `SELECT t.tenant_id, ${id} AS id, t.${space} AS space_id, '${table}' AS type, '${field}' AS field, '${kind}' AS kind,
      ${model} AS model FROM ${from} t WHERE (${where}) AND ${only}`;
  const nodes = `SELECT DISTINCT t.tenant_id, t.id, t.${space}, '${table}', 'pipeline', 'completion', pg_catalog.lower(n.id #>> '{}')
      FROM ${from} t CROSS JOIN LATERAL pg_catalog.jsonb_path_query(t.pipeline, 'lax $.nodes[*].data.model.id') n(id)
      WHERE (${where}) AND n.id #>> '{}' IS NOT NULL`;
  const named = Object.entries(columns).map(([field, kind]) =>
    use(field, kind, `t.${field}::text`, `t.${field} IS NOT NULL`),
  );
  const fallen = falls === undefined ? [] : [use(falls, 'completion', 'NULL', `t.${falls} IS NULL`)];
  return [...named, ...(pipeline === true ? [nodes] : []), ...fallen].join('\n    UNION ALL ');
}

/** How many rows of a table use a model in a space, as what `refuse_below_class` is given. */
function counted(uses: string): string {
  return `SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.model, pg_catalog.count(*) AS rows FROM (
    ${uses}) u GROUP BY 1, 2, 3, 4, 5, 6) c`;
}

/** Every use in those tenants. */
const allUses = `CREATE OR REPLACE FUNCTION {{schema}}.model_uses(of_tenants uuid[])
RETURNS TABLE (tenant_id uuid, id uuid, space_id uuid, type text, field text, kind text, model text)
LANGUAGE sql STABLE SET search_path = '' AS $function$
    ${users.map(ofTenants).join('\n    UNION ALL ')}
$function$;`;

function ofTenants(one: Users): string {
  return usesOf(one, `{{schema}}.${one.table}`, 't.tenant_id = ANY (of_tenants)');
}

/** The uses in the tenants of changed rows that `where` is about. */
function usesWhere(where: string): string {
  return `SELECT * FROM {{schema}}.model_uses(ARRAY(SELECT DISTINCT n.tenant_id FROM new_rows n)) u WHERE ${where}`;
}

const usesRow = 'tenant_id uuid, space_id uuid, type text, field text, kind text, model text, rows bigint';

/** Spaces first: where none of them demands anything, nothing else is held. Each is read by a statement that began when it was held. */
const refuse = `CREATE OR REPLACE FUNCTION {{schema}}.refuse_below_class(uses jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
  below jsonb;
  told text;
BEGIN
  IF uses IS NULL THEN
    RETURN;
  END IF;
  PERFORM FROM {{schema}}.spaces s WHERE (s.tenant_id, s.id) IN
    (SELECT u.tenant_id, u.space_id FROM pg_catalog.jsonb_to_recordset(uses) AS u(${usesRow}))
  ORDER BY s.tenant_id, s.id FOR KEY SHARE;
  PERFORM FROM {{schema}}.tenant_defaults d WHERE d.tenant_id IN
    (SELECT u.tenant_id FROM pg_catalog.jsonb_to_recordset(uses) AS u(${usesRow})
      JOIN {{schema}}.spaces s ON s.tenant_id = u.tenant_id AND s.id = u.space_id AND s.security_classification > 0
      WHERE u.model IS NULL AND s.default_completion_model_id IS NULL)
  ORDER BY d.tenant_id FOR KEY SHARE;
  uses := (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(f)) FROM (
    SELECT u.tenant_id, u.space_id, u.type, u.field, u.kind, u.rows, u.model IS NULL AS falls,
      coalesce(u.model, d.completion_model_id::text) AS model
    FROM pg_catalog.jsonb_to_recordset(uses) AS u(${usesRow})
    JOIN {{schema}}.spaces s ON s.tenant_id = u.tenant_id AND s.id = u.space_id AND s.security_classification > 0
    LEFT JOIN {{schema}}.tenant_defaults d
      ON u.model IS NULL AND s.default_completion_model_id IS NULL AND d.tenant_id = u.tenant_id) f WHERE f.model IS NOT NULL);
  IF uses IS NULL THEN
    RETURN;
  END IF;
${kinds
  .map(
    (kind) => `  PERFORM FROM {{schema}}.${kind}_models m WHERE (m.tenant_id, m.id::text) IN
    (SELECT u.tenant_id, u.model FROM pg_catalog.jsonb_to_recordset(uses) AS u(${usesRow}) WHERE u.kind = '${kind}')
  ORDER BY m.tenant_id, m.id FOR KEY SHARE;`,
  )
  .join('\n')}
  WITH found AS (
    SELECT u.type, u.field, u.falls, u.rows, u.kind, s.id AS space_id, s.name AS space, s.security_classification AS demanded,
      m.id AS model_id, m.name AS model, m.security_classification AS has
    FROM pg_catalog.jsonb_to_recordset(uses) AS u(${usesRow}, falls boolean)
    JOIN {{schema}}.spaces s ON s.tenant_id = u.tenant_id AND s.id = u.space_id
    JOIN (${kinds
      .map(
        (kind) =>
          `SELECT '${kind}' AS kind, o.tenant_id, o.id, o.name, o.security_classification FROM {{schema}}.${kind}_models o`,
      )
      .join(' UNION ALL\n      ')}) m
      ON m.kind = u.kind AND m.tenant_id = u.tenant_id AND m.id::text = u.model
    WHERE m.security_classification < s.security_classification),
  pairs AS (
    SELECT DISTINCT pg_catalog.concat('“', space, '” demands security class ', demanded, ', and ', model,
      CASE WHEN falls THEN ' (the default of the organisation, which rows without a model use there)' END, ' has ', has) AS pair,
      space_id, model_id FROM found),
  shown AS (SELECT pair FROM pairs ORDER BY space_id, model_id, pair LIMIT 3)
  SELECT (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('type', f.type, 'field', f.field, 'by_default', f.falls, 'rows', f.rows,
        'space', pg_catalog.jsonb_build_object('id', f.space_id, 'name', f.space, 'security_classification', f.demanded),
        'model', pg_catalog.jsonb_build_object('kind', f.kind, 'id', f.model_id, 'name', f.model, 'security_classification', f.has)))
      FROM (SELECT * FROM found ORDER BY space_id, model_id, type, field LIMIT 20) f),
    pg_catalog.concat((SELECT pg_catalog.string_agg(pair, '; ') FROM shown),
      (SELECT pg_catalog.concat('; and ', pg_catalog.count(*) - 3, ' more') FROM pairs HAVING pg_catalog.count(*) > 3),
      '. Choose a model of that class, or change a class: ',
      (SELECT pg_catalog.concat('PATCH /api/v1/', kind, '-models/', model_id, ' or /api/v1/spaces/', space_id) FROM found
        ORDER BY space_id, model_id, type, field LIMIT 1), ' with security_classification.')
  INTO below, told;
  IF below IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DR002', MESSAGE = told, DETAIL = below::text;
  END IF;
END
$function$;`;

/** What follows from a change of the rows themselves: the uses that they have and had not. */
function ofRows(one: Users): string {
  const now = usesOf(one, 'new_rows');
  return `  IF TG_OP = 'INSERT' THEN
    PERFORM {{schema}}.refuse_below_class((${counted(now)}));
  ELSE
    PERFORM {{schema}}.refuse_below_class((${counted(`(${now})\n    EXCEPT (${usesOf(one, 'old_rows')})`)}));
  END IF;`;
}

/** A class that rises is asked of all in the space; where a default goes, of those who fall back to the tenant's. */
function ofSpaces(): string {
  const risen = 'n.security_classification > o.security_classification';
  const emptied = 'n.default_completion_model_id IS NULL AND o.default_completion_model_id IS NOT NULL';
  const changed = `SELECT FROM new_rows n JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id WHERE`;
  const uses = usesWhere(
    `EXISTS (${changed} n.tenant_id = u.tenant_id AND n.id = u.space_id AND (${risen} OR u.model IS NULL AND ${emptied}))`,
  );
  return `  IF TG_OP = 'UPDATE' THEN
    PERFORM FROM {{schema}}.spaces s WHERE (s.tenant_id, s.id) IN (SELECT n.tenant_id, n.id FROM new_rows n
      JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id WHERE ${risen} OR ${emptied})
    ORDER BY s.tenant_id, s.id FOR UPDATE;
    IF FOUND THEN
      PERFORM {{schema}}.refuse_below_class((${counted(uses)}));
    END IF;
  END IF;`;
}

/** A class that falls is asked of all who use the model. */
function ofModels(kind: ClassedKind): string {
  const changed = (columns: string): string =>
    `SELECT ${columns} FROM new_rows n JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id
      WHERE n.security_classification < o.security_classification`;
  const defaults = `SELECT d.completion_model_id FROM {{schema}}.tenant_defaults d WHERE d.tenant_id = n.tenant_id`;
  const byDefault = `u.model IS NULL AND n.id IN (${defaults})`;
  const used = kind === 'completion' ? `(u.model = n.id::text OR ${byDefault})` : 'u.model = n.id::text';
  const uses = usesWhere(
    `u.kind = '${kind}' AND EXISTS (${changed('')} AND n.tenant_id = u.tenant_id AND ${used})`,
  );
  return `  PERFORM FROM {{schema}}.${kind}_models m WHERE (m.tenant_id, m.id) IN (${changed('n.tenant_id, n.id')})
  ORDER BY m.tenant_id, m.id FOR UPDATE;
  IF FOUND THEN
    PERFORM {{schema}}.refuse_below_class((${counted(uses)}));
  END IF;`;
}

/** A default that is not there yet cannot be held: then it is the spaces. */
const ofDefaults = `  IF TG_OP = 'INSERT' THEN
    PERFORM FROM {{schema}}.spaces s WHERE s.tenant_id IN (SELECT n.tenant_id FROM new_rows n WHERE n.completion_model_id IS NOT NULL)
    ORDER BY s.tenant_id, s.id FOR UPDATE;
  ELSE
    PERFORM FROM {{schema}}.tenant_defaults d WHERE d.tenant_id IN (SELECT n.tenant_id FROM new_rows n
      JOIN old_rows o ON o.tenant_id = n.tenant_id WHERE n.completion_model_id IS DISTINCT FROM o.completion_model_id)
    ORDER BY d.tenant_id FOR UPDATE;
  END IF;
  IF FOUND THEN
    PERFORM {{schema}}.refuse_below_class((${counted(usesWhere('u.model IS NULL'))}));
  END IF;`;

/** One function for each table, and a trigger for each kind of statement: PostgreSQL shows the changed rows of one kind only. */
function judged(table: string, ofWhat: readonly string[], on: readonly ('INSERT' | 'UPDATE')[]): string {
  const name = `meet_class_in_${table}`;
  const body = `CREATE OR REPLACE FUNCTION {{schema}}.${name}() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $function$
BEGIN
${ofWhat.join('\n')}
  RETURN NULL;
END
$function$;`;
  const triggers = on.map((event) => {
    const shown =
      event === 'INSERT' ? 'NEW TABLE AS new_rows' : 'OLD TABLE AS old_rows NEW TABLE AS new_rows';
    return `CREATE OR REPLACE TRIGGER drover_class_${event.toLowerCase()} AFTER ${event} ON {{schema}}.${table}
  REFERENCING ${shown} FOR EACH STATEMENT EXECUTE FUNCTION {{schema}}.${name}();`;
  });
  return [body, ...triggers].join('\n');
}

/** To be run as the owner of the schema, after its tables are there. Citus has no triggers on its tables. */
export const classFence: string = [
  allUses,
  refuse,
  ...users.map((one) =>
    judged(one.table, one.table === 'spaces' ? [ofRows(one), ofSpaces()] : [ofRows(one)], [
      'INSERT',
      'UPDATE',
    ]),
  ),
  ...kinds.map((kind) => judged(`${kind}_models`, [ofModels(kind)], ['UPDATE'])),
  judged('tenant_defaults', [ofDefaults], ['INSERT', 'UPDATE']),
].join('\n');

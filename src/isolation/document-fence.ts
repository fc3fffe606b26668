/**
 * The fence of documents in Drover's own schema. A foreign key cannot guard what stands in a document, so a trigger does what a key would
 * do: it holds the models that a pipeline newly names, and refuses retired ones. A template like the isolation of the schema, and
 * with it made again where it changes. Citus has no triggers on its tables: there only the API holds them (`held` in the configuration).
 */

/** Tables of which the column `pipeline` is such a document. */
const tables = ['app_templates', 'apps'];

/** Whoever writes: an update that changes nothing in the document passes, and so does what it named before. */
const holdModels = `CREATE OR REPLACE FUNCTION {{schema}}.hold_models() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
  before jsonb := CASE WHEN TG_OP = 'UPDATE' THEN OLD.pipeline END;
  ids text[] := ARRAY(SELECT lower(v #>> '{}') FROM jsonb_path_query(NEW.pipeline, '$.nodes[*].data.model.id') v
    EXCEPT SELECT lower(v #>> '{}') FROM jsonb_path_query(before, '$.nodes[*].data.model.id') v);
  names text[] := ARRAY(SELECT lower(btrim(v #>> '{}')) FROM jsonb_path_query(NEW.pipeline, '$.nodes[*].data.model.name') v
    EXCEPT SELECT lower(btrim(v #>> '{}')) FROM jsonb_path_query(before, '$.nodes[*].data.model.name') v);
  retired text;
BEGIN
  IF ids = '{}' AND names = '{}' THEN
    RETURN NEW;
  END IF;
  PERFORM FROM {{schema}}.completion_models m
  WHERE m.tenant_id = NEW.tenant_id AND (m.id::text = ANY (ids) OR lower(m.name) = ANY (names)) ORDER BY m.id FOR KEY SHARE;
  SELECT m.name INTO retired FROM {{schema}}.completion_models m
  WHERE m.tenant_id = NEW.tenant_id AND NOT m.is_live AND (m.id::text = ANY (ids) OR lower(m.name) = ANY (names) AND NOT EXISTS (
    SELECT FROM {{schema}}.completion_models l WHERE l.tenant_id = m.tenant_id AND l.is_live AND lower(l.name) = lower(m.name)))
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'DR001', MESSAGE = concat(retired, ' is retired: a pipeline cannot name it any more.');
  END IF;
  RETURN NEW;
END
$function$;`;

/** To be run as the owner of the schema, after its tables are there. */
export const documentFence: string = [
  holdModels,
  ...tables.map(
    (table) =>
      `CREATE OR REPLACE TRIGGER drover_holds_models BEFORE INSERT OR UPDATE OF pipeline ON {{schema}}.${table}
  FOR EACH ROW EXECUTE FUNCTION {{schema}}.hold_models();`,
  ),
].join('\n');

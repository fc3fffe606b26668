-- for: state
-- The fence of documents, lists and texts, and of values that the database takes for equal (`fence: trigger`). A fence keeps what a
-- row looks like as a condition over the row `t`. Before it is asked, the row must hold one of its words, so that a row which
-- names nothing costs little. A condition reads no table, and it is asked with the rights of whoever writes the row.

SET LOCAL lock_timeout = '5s';

-- A fence without a condition is one of 0007: its content alone decides. Of others the content is the tenant of the row.
ALTER TABLE {{schema}}.fences ADD COLUMN condition text;
-- The tenant of the row as text; empty where the fence is for rows of several, or of nobody.
ALTER TABLE {{schema}}.fences ADD COLUMN owner text NOT NULL DEFAULT '';
CREATE INDEX fences_owner_idx ON {{schema}}.fences (table_name, owner) WHERE active;
-- Of the place. A row of a table that has one of them no more cannot name anything there.
ALTER TABLE {{schema}}.fences ADD COLUMN columns text[];
-- In lower case and without backslashes, as `plain` makes the text of a row.
ALTER TABLE {{schema}}.fences ADD COLUMN words text[];
-- The condition is asked of rows without any of the words, too: the database could take something else for equal.
ALTER TABLE {{schema}}.fences ADD COLUMN always boolean NOT NULL DEFAULT false;
-- The search path under which the condition was written.
ALTER TABLE {{schema}}.fences ADD COLUMN path text;

-- The text without escapes: however deep a document lies in strings, a name in it reads the same.
CREATE FUNCTION {{schema}}.plain(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $function$
  SELECT pg_catalog.replace(pg_catalog.lower(value COLLATE "default"), '\', '')
$function$;

CREATE FUNCTION {{schema}}.mentions(value text, words text[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS $function$
  SELECT pg_catalog.bool_or(pg_catalog.strpos({{schema}}.plain(value), w) > 0) FROM pg_catalog.unnest(words) w
$function$;

-- NULL where the text is no document.
CREATE FUNCTION {{schema}}.document(value text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $function$
BEGIN
  RETURN value::pg_catalog.jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN NULL;
END
$function$;

-- `part`: the values of one component, `exact` to the letter, `folded` in any letters and without the blanks around them.
CREATE FUNCTION {{schema}}.is_one(value text, part jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $function$
  SELECT coalesce((part -> 'exact') ? value
    OR (part -> 'folded') ? pg_catalog.lower(pg_catalog.btrim(value, E' \t\n\r\f\v') COLLATE "default"), false)
$function$;

-- Does one of the values stand in a longer text by itself, not preceded by what goes on with a name, nor followed by it?
CREATE FUNCTION {{schema}}.stands_in(value text, part jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $function$
  SELECT coalesce(pg_catalog.bool_or(pg_catalog.lower(value COLLATE "default") ~ pg_catalog.concat('(^|[^a-z0-9_.-])',
    pg_catalog.regexp_replace(pg_catalog.lower(w), '([^[:alnum:]])', '\\\1', 'g'), '($|[^a-z0-9_.-]|\.($|[^0-9]))')), false)
  FROM (SELECT e FROM pg_catalog.jsonb_array_elements_text(part -> 'exact') e
    UNION SELECT e FROM pg_catalog.jsonb_array_elements_text(part -> 'folded') e) words (w)
$function$;

-- Does one of the words stand in the columns of the row, however deep in a document?
CREATE FUNCTION {{schema}}.holds(of_row jsonb, columns text[], words text[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS $function$
  SELECT EXISTS (SELECT FROM pg_catalog.unnest(columns) c
    WHERE {{schema}}.stands_in({{schema}}.plain(pg_catalog.regexp_replace(of_row ->> c, '\\+[nrtbf]', ' ', 'g')),
      pg_catalog.jsonb_build_object('exact', words)))
$function$;

CREATE FUNCTION {{schema}}.children(value jsonb) RETURNS SETOF jsonb LANGUAGE sql IMMUTABLE AS $function$
  SELECT e FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(value) WHEN 'array' THEN value ELSE '[]' END) e
  UNION ALL
  SELECT e.value FROM pg_catalog.jsonb_each(CASE pg_catalog.jsonb_typeof(value) WHEN 'object' THEN value ELSE '{}' END) e
$function$;

-- The values to which one step leads: {"literal": name}, "one", "any" or "json", as in src/engine/edit/json-pointer.ts.
CREATE FUNCTION {{schema}}.step(reached jsonb[], step jsonb) RETURNS jsonb[] LANGUAGE plpgsql IMMUTABLE AS $function$
DECLARE
  name text := step ->> 'literal';
BEGIN
  RETURN CASE step #>> '{}'
    WHEN 'one' THEN ARRAY(SELECT c FROM pg_catalog.unnest(reached) v, {{schema}}.children(v) c)
    WHEN 'any' THEN ARRAY(
      WITH RECURSIVE down (v) AS (
        SELECT pg_catalog.unnest(reached) UNION ALL SELECT c FROM down, {{schema}}.children(v) c)
      SELECT v FROM down)
    WHEN 'json' THEN ARRAY(
      SELECT d FROM pg_catalog.unnest(reached) v, {{schema}}.document(CASE pg_catalog.jsonb_typeof(v) WHEN 'string' THEN v #>> '{}' END) d
      WHERE d IS NOT NULL)
    ELSE ARRAY(
      SELECT c FROM pg_catalog.unnest(reached) v CROSS JOIN LATERAL (SELECT CASE pg_catalog.jsonb_typeof(v)
        WHEN 'object' THEN v -> name
        WHEN 'array' THEN CASE WHEN name ~ '^(0|[1-9][0-9]{0,8})$' THEN v -> name::integer END END) x (c)
      WHERE c IS NOT NULL)
  END;
END
$function$;

-- A string or a number as its text.
CREATE FUNCTION {{schema}}.scalar(value jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $function$
  SELECT CASE WHEN pg_catalog.jsonb_typeof(value) IN ('string', 'number') THEN value #>> '{}' END
$function$;

-- Does the text name the source, in the shape that the place has?
CREATE FUNCTION {{schema}}.text_names(value text, shape text, part jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $function$
  SELECT CASE shape
    WHEN 'comma' THEN EXISTS (SELECT FROM pg_catalog.regexp_split_to_table(value, ',') e WHERE {{schema}}.is_one(e, part))
    WHEN 'bars' THEN EXISTS (SELECT FROM pg_catalog.regexp_split_to_table(value, '[|]') e WHERE {{schema}}.is_one(e, part))
    WHEN 'inside' THEN {{schema}}.stands_in(value, part)
    ELSE {{schema}}.is_one(value, part) END
$function$;

-- Does the object name it by all of its members? One that is missing or null is empty.
CREATE FUNCTION {{schema}}.object_names(value jsonb, parts jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $function$
  SELECT pg_catalog.jsonb_typeof(value) = 'object'
    AND pg_catalog.bool_and({{schema}}.is_one(coalesce({{schema}}.scalar(value -> (p ->> 'member')), ''), p))
  FROM pg_catalog.jsonb_array_elements(parts) e (p)
$function$;

-- Does the document name the source at the place? `place`: `steps`, `names` (of members), `shape`, and `parts`, with `member` in objects.
CREATE FUNCTION {{schema}}.document_names(value jsonb, place jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $function$
DECLARE
  reached jsonb[] := ARRAY[value];
  step jsonb;
  parts jsonb := place -> 'parts';
  part jsonb := parts -> 0;
  shape text := place ->> 'shape';
BEGIN
  FOR step IN SELECT * FROM pg_catalog.jsonb_array_elements(place -> 'steps') LOOP
    reached := {{schema}}.step(reached, step);
  END LOOP;
  IF (place ->> 'names')::boolean THEN
    RETURN EXISTS (SELECT FROM pg_catalog.unnest(reached) v, pg_catalog.jsonb_object_keys(
      CASE pg_catalog.jsonb_typeof(v) WHEN 'object' THEN v ELSE '{}' END) k WHERE {{schema}}.is_one(k, part));
  END IF;
  IF shape = 'list' THEN
    reached := ARRAY(SELECT e FROM pg_catalog.unnest(reached) v, pg_catalog.jsonb_array_elements(
      CASE pg_catalog.jsonb_typeof(v) WHEN 'array' THEN v ELSE '[]' END) e);
  END IF;
  RETURN EXISTS (SELECT FROM pg_catalog.unnest(reached) v WHERE CASE WHEN part ? 'member' THEN {{schema}}.object_names(v, parts)
    ELSE {{schema}}.text_names({{schema}}.scalar(v), shape, part) END);
END
$function$;

-- The fences that may concern a row. The rows of `fences` are nobody's to read but Drover's; who asks must have the row. A trigger is
-- seen by all at once, its fences only by snapshots that are younger: a transaction that kept an older one has to begin again.
-- `latest`: the migration that put up the latest fence of the table. Fences of other tenants are not looked at: which column has the
-- tenant is said by each fence, so any value of the row may be it.
CREATE FUNCTION {{schema}}.fences_before(of_table text, latest uuid, written jsonb)
RETURNS SETOF {{schema}}.fences LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $function$
DECLARE
  said text := written::pg_catalog.text;
  bare text := {{schema}}.plain(said);
  owners text[] := ARRAY(SELECT e.value FROM pg_catalog.jsonb_each_text(written) e WHERE pg_catalog.length(e.value) <= 200) || ''::text;
BEGIN
  IF pg_catalog.current_setting('transaction_isolation') IN ('repeatable read', 'serializable')
    AND NOT EXISTS (SELECT FROM {{schema}}.fences f WHERE f.migration_id = latest) THEN
    RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'A model was migrated away by Drover meanwhile; try again.';
  END IF;
  RETURN QUERY SELECT f.* FROM {{schema}}.fences f
  WHERE f.table_name = of_table AND f.active AND f.owner = ANY (owners) AND written @> f.content AND (f.condition IS NULL OR written ?& f.columns
    AND (f.always OR pg_catalog.strpos(said, '\u') > 0 OR EXISTS (SELECT FROM pg_catalog.unnest(f.words) w WHERE pg_catalog.strpos(bare, w) > 0)));
END
$function$;

-- A row that named the model in this place before may be changed in all else: history is not frozen. In another place it may not
-- begin to, so each fence is asked by itself. Where a condition cannot be asked any more (a type that changed, a cast that fails, a
-- function that the writer may not call), it is the words that count, so that a row without them can be written all the same.
CREATE FUNCTION {{schema}}.refuse_named() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
  written jsonb := pg_catalog.to_jsonb(NEW);
  stood jsonb := CASE WHEN TG_OP = 'UPDATE' THEN pg_catalog.to_jsonb(OLD) END;
  fence record;
  named boolean;
  before boolean;
  refusal text;
BEGIN
  IF written = stood THEN
    RETURN NEW;
  END IF;
  FOR fence IN SELECT * FROM {{schema}}.fences_before(TG_ARGV[0], TG_ARGV[1]::pg_catalog.uuid, written) LOOP
    named := NULL;
    before := false;
    refusal := fence.message;
    IF fence.condition IS NULL THEN
      named := true;
      before := stood @> fence.content;
    ELSE
      BEGIN
        PERFORM pg_catalog.set_config('search_path', fence.path, true);
        EXECUTE pg_catalog.concat('SELECT ', fence.condition, ' FROM (SELECT ($1).*) t') INTO named USING NEW;
        IF named AND stood IS NOT NULL THEN
          EXECUTE pg_catalog.concat('SELECT ', fence.condition, ' FROM (SELECT ($1).*) t') INTO before USING OLD;
        END IF;
      EXCEPTION
        -- What is not the fault of the condition is for the writer to know, who may try again.
        WHEN transaction_rollback OR insufficient_resources OR operator_intervention OR system_error OR lock_not_available THEN
          RAISE;
        WHEN OTHERS THEN
          named := coalesce(named, {{schema}}.holds(written, fence.columns, fence.words));
          before := {{schema}}.holds(stood, fence.columns, fence.words);
          refusal := pg_catalog.concat(fence.message, ' Whether the row names it in ', TG_TABLE_NAME, '.',
            pg_catalog.array_to_string(fence.columns, ', '), ' cannot be told any more (', SQLERRM,
            '), so what mentions it there is refused. Mend that, or lift this fence: UPDATE {{schema}}.fences SET active = false',
            ' WHERE migration_id = ''', fence.migration_id, ''' AND number = ', fence.number);
      END;
    END IF;
    IF named AND NOT coalesce(before, false) THEN
      RAISE EXCEPTION USING ERRCODE = 'DR001', MESSAGE = refusal;
    END IF;
  END LOOP;
  RETURN NEW;
END
$function$;

/**
 * The fence of workspaces in Drover's own schema. A workspace names its model by text, which no foreign key guards, so a trigger does what
 * a key would do: it holds the models that the new text means, and refuses what only retired ones of the tenant are called. Which
 * models a text means is known to the registry alone. It says so with each pair that it lets workspaces have, and with each verdict
 * (`names`). Where it has not said so yet, any model of the tenant may be meant: then one that is retired refuses them all.
 *
 * The rule is the one of the API (src/platform/workspaces/named-models.ts). Like the fence of documents it is made again where it
 * changes, and stands nowhere on Citus.
 */

/** After the row, so that a verdict counts that was written by the same statement. What does not change the text passes. */
export const workspaceFence = `CREATE OR REPLACE FUNCTION {{schema}}.hold_meant_models() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
  said text[] := CASE NEW.route
    WHEN 'registry' THEN (SELECT p.names FROM {{schema}}.registry_pairs p WHERE p.runtime = NEW.runtime AND p.model = NEW.registry_model)
    ELSE (SELECT v.names FROM {{schema}}.workspace_verdicts v WHERE v.tenant_id = NEW.tenant_id AND v.workspace_id = NEW.id
      AND v.runtime = NEW.runtime AND v.model = NEW.verdict_model) END;
  known boolean := said IS NOT NULL;
  names text[] := ARRAY(SELECT lower(n) FROM unnest(said || NEW.model) n);
  retired text;
BEGIN
  IF NEW.model IS NULL OR TG_OP = 'UPDATE' AND (NEW.tenant_id, NEW.model) = (OLD.tenant_id, OLD.model) THEN
    RETURN NULL;
  END IF;
  PERFORM FROM {{schema}}.completion_models m
  WHERE m.tenant_id = NEW.tenant_id AND (NOT known OR lower(m.name) = ANY (names)) ORDER BY m.id FOR KEY SHARE;
  WITH meant AS (
    SELECT m.name, m.is_live, m.name = NEW.model AS by_name FROM {{schema}}.completion_models m
    WHERE m.tenant_id = NEW.tenant_id AND (NOT known OR lower(m.name) = ANY (names)))
  SELECT min(name) FILTER (WHERE NOT is_live) INTO retired FROM meant WHERE by_name = (SELECT bool_or(by_name) FROM meant)
  HAVING NOT CASE WHEN known OR bool_or(by_name) THEN bool_or(is_live) ELSE bool_and(is_live) END;
  IF retired IS NULL THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'DR001', MESSAGE = CASE WHEN known
    THEN concat(retired, ' is retired: a workspace cannot name it any more.')
    ELSE concat('Nobody has said yet which model “', NEW.model, '” means, and ', retired,
      ' is retired. A server says it when it starts: drover serve.') END;
END
$function$;
CREATE OR REPLACE TRIGGER drover_holds_models AFTER INSERT OR UPDATE OF model ON {{schema}}.workspaces
  FOR EACH ROW EXECUTE FUNCTION {{schema}}.hold_meant_models();`;

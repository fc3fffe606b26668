/**
 * `aliases: redirect`: what somebody writes by an old key goes to the row. A trigger of each column asks for the alias. A row that is
 * inserted under an old key is not inserted, and a column that is written with an old key holds the current one, before its foreign key is
 * checked. The triggers do nothing while there is no alias, so they are put up before the first re-key, each in a short transaction of its
 * own: in that of the re-key they would wait for writers who wait for the row.
 *
 * Drover's own work says `drover.redirect = off` (../scope/rows-site.ts): the key that it gives back leads elsewhere until it has ended.
 */
import { createHash } from 'node:crypto';
import { redirectTrigger, type RedirectedColumn } from '../../engine/rules/rows/redirect.ts';
import type { TableId } from '../../engine/catalogue/catalog.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { stateTable } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { asOperator } from '../scope/tenant.ts';
import { quoteIdent, quoteLiteral, quoteTable } from '../sql/identifiers.ts';
import { standsSql } from './aliases.ts';

interface Redirects {
  readonly tenant: TenantKey;
  /** The table of the rows. */
  readonly of: TableId;
  readonly columns: readonly RedirectedColumn[];
}

/** @throws CONFIG_MISMATCH where the records are elsewhere, LOCK_TIMEOUT where writers do not let a trigger be made */
export async function putUpRedirects(site: Site, about: Redirects): Promise<void> {
  if (about.columns.length === 0) return;
  if (site.state.separate)
    throw new DroverError(
      'CONFIG_MISMATCH',
      'aliases: redirect needs Drover’s records in the same database; leave it out with --state.',
    );
  const missing = await site.database.transaction({ readOnly: true }, (tx) => missingOf(tx, about));
  const lockTimeoutMs = site.config.database?.lockTimeoutMs ?? 10_000;
  for (const [at, one] of missing.entries())
    await asOperator(site.database, { settings: {}, lockTimeoutMs }, async (tx) => {
      if (at === 0) await tx.script(redirectFunction(site));
      await tx.script(triggerSql(site, about, one));
    });
}

async function missingOf(tx: Tx, { columns }: Redirects): Promise<RedirectedColumn[]> {
  const found = await tx.many<{ at: number }>(
    `SELECT w.at::int - 1 AS at FROM unnest($1::text[], $2::text[]) WITH ORDINALITY w (name, trigger, at)
     WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = w.name::regclass AND t.tgname = w.trigger)`,
    [columns.map(({ table }) => quoteTable(table)), columns.map(nameOf)],
  );
  return found.flatMap(({ at }) => columns[at] ?? []);
}

function nameOf({ column, of }: RedirectedColumn): string {
  const digest = createHash('sha256').update(`${of} ${column}`).digest('hex');
  return `${redirectTrigger}${digest.slice(0, 8)}`;
}

function triggerSql(site: Site, { tenant, of: rows }: Redirects, one: RedirectedColumn): string {
  const { table, column, of, tenantColumn = '' } = one;
  const words = [rows, column, of, tenantColumn, recordedTenant(tenant)].map(quoteLiteral).join(', ');
  const event = of === 'row' ? 'INSERT' : `INSERT OR UPDATE OF ${quoteIdent(column)}`;
  return `CREATE OR REPLACE TRIGGER ${nameOf(one)} BEFORE ${event} ON ${quoteTable(table)}
    FOR EACH ROW EXECUTE FUNCTION ${quoteIdent(site.state.schema)}.redirect_key(${words})`;
}

/** With the rights of who made it: a writer sees no records. */
function redirectFunction(site: Site): string {
  return `CREATE OR REPLACE FUNCTION ${quoteIdent(site.state.schema)}.redirect_key() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  written jsonb;
  current text;
BEGIN
  IF current_setting('drover.redirect', true) = 'off' THEN RETURN new; END IF;
  written := to_jsonb(new);
  SELECT a.new_key INTO current FROM ${stateTable(site, 'aliases')} a
    WHERE a.tenant_id = CASE TG_ARGV[3] WHEN '' THEN TG_ARGV[4] ELSE written ->> TG_ARGV[3] END
      AND a.table_name = TG_ARGV[0] AND a.old_key = written ->> TG_ARGV[1] AND ${standsSql(site)};
  IF current IS NULL THEN RETURN new; END IF;
  IF TG_ARGV[2] = 'row' THEN RETURN NULL; END IF;
  RETURN jsonb_populate_record(new, jsonb_build_object(TG_ARGV[1], current));
END
$function$`;
}

/**
 * The pairs of runtime and model that the database lets workspaces name. Written by the operator's role alone; see
 * migrations/0012_workspaces.sql for the two keys that rest on them.
 */
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteTable } from '../../postgres/sql/identifiers.ts';
import { encodeParameter } from '../../postgres/sql/values.ts';
import { one, prepared, type Question } from '../../postgres/driver/question.ts';

interface Pair {
  readonly runtime: string;
  readonly model: string;
}

/** As src/registry/verdict/pairs.ts says it; null where nobody has said it. */
export interface KnownPair extends Pair {
  readonly payers: string | null;
  readonly names: readonly string[] | null;
}

const pairsOf = (schema: string): string => quoteTable({ schema, name: 'registry_pairs' });
const verdictsOf = (schema: string): string => quoteTable({ schema, name: 'workspace_verdicts' });
const workspacesOf = (schema: string): string => quoteTable({ schema, name: 'workspaces' });

export function listRegistryPairs(tx: Tx, schema: string): Promise<KnownPair[]> {
  return tx.many<KnownPair>(
    `SELECT runtime, model, payers, names FROM ${pairsOf(schema)} ORDER BY runtime, model`,
  );
}

/** Pairs that are there already get the payer and the names of now. */
export async function putRegistryPairs(tx: Tx, schema: string, pairs: readonly KnownPair[]): Promise<void> {
  if (pairs.length === 0) return;
  await tx.run(
    `INSERT INTO ${pairsOf(schema)} (runtime, model, payers, names)
     SELECT p.runtime, p.model, p.payers, p.names::text[]
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS p (runtime, model, payers, names) ORDER BY 1, 2
     ON CONFLICT (runtime, model) DO UPDATE SET payers = excluded.payers, names = excluded.names`,
    [...columnsOf(pairs), ...knownColumns(pairs)],
  );
}

/** @throws STILL_REFERENCED where a workspace has got one of them meanwhile */
export async function deleteRegistryPairs(tx: Tx, schema: string, pairs: readonly Pair[]): Promise<void> {
  await tx.run(
    `DELETE FROM ${pairsOf(schema)} d USING unnest($1::text[], $2::text[]) AS p (runtime, model)
     WHERE d.runtime = p.runtime AND d.model = p.model`,
    columnsOf(pairs),
  );
}

/** A workspace and a pair that it has, or would have. */
export interface PairHolder extends Pair {
  readonly tenant_id: string;
  readonly id: string;
}

/** One whose pair a verdict is about. */
type JudgedPair = PairHolder & KnownPair;

/** The holders in the tenants of this transaction. Their rows are locked, so that nothing changes until the pairs are gone. */
export function lockHolders(tx: Tx, schema: string, pairs: readonly KnownPair[]): Promise<JudgedPair[]> {
  return tx.many<JudgedPair>(
    `SELECT w.tenant_id, w.id, w.runtime, w.registry_model AS model, p.payers, p.names::text[] AS names FROM ${workspacesOf(schema)} w
     JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS p (runtime, model, payers, names)
       ON w.runtime = p.runtime AND w.registry_model = p.model
     ORDER BY w.tenant_id, w.id FOR UPDATE OF w`,
    [...columnsOf(pairs), ...knownColumns(pairs)],
  );
}

/**
 * `allowed`: by the registry and the secrets of now. `kept`: the registry has withdrawn it, and the workspace may keep it, or be given it
 * back by a rollback. `ended`: it runs no more; the workspace has it until its pair changes, and then the verdict is dead.
 */
export type Reason = 'allowed' | 'kept' | 'ended';

/** As the operator. What a verdict says stays, unless it is ended; who pays is added where it is not said, and the names are of now. */
export async function insertVerdicts(
  tx: Tx,
  schema: string,
  {
    holders,
    reason,
    version,
  }: { holders: readonly JudgedPair[]; reason: 'allowed' | 'kept'; version: string },
): Promise<void> {
  await tx.run(
    `INSERT INTO ${verdictsOf(schema)} AS v (tenant_id, workspace_id, runtime, model, payers, names, reason, registry_version)
     SELECT h.tenant_id, h.id, h.runtime, h.model, h.payers, h.names::text[], $7, $8
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) AS h (tenant_id, id, runtime, model, payers, names)
     ON CONFLICT (tenant_id, workspace_id, runtime, model) DO UPDATE SET payers = coalesce(v.payers, excluded.payers),
       names = excluded.names, reason = CASE WHEN v.reason = 'ended' THEN excluded.reason ELSE v.reason END, ${notHeld}
     WHERE v.payers IS NULL OR v.reason = 'ended' OR v.names IS DISTINCT FROM excluded.names`,
    [...holderColumns(holders), ...knownColumns(holders), reason, version],
  );
}

/** A verdict that was given for a workspace, and whether it has that pair now. */
export interface GivenVerdict extends PairHolder {
  readonly reason: Reason;
  readonly names: readonly string[] | null;
  readonly in_use: boolean;
  /** Names of the secrets that the workspace could use. */
  readonly secrets: string[];
}

/** The verdicts of some tenants: of one workspace where it is named. */
export function listVerdicts(
  tx: Tx,
  schema: string,
  {
    tenants,
    workspaceId,
  }: { readonly tenants: readonly string[]; readonly workspaceId?: string | undefined },
): Promise<GivenVerdict[]> {
  return tx.many<GivenVerdict>(
    `SELECT v.tenant_id, v.workspace_id AS id, v.runtime, v.model, v.reason, v.names,
       EXISTS (SELECT FROM ${workspacesOf(schema)} w WHERE w.tenant_id = v.tenant_id AND w.id = v.workspace_id
         AND w.runtime = v.runtime AND w.verdict_model = v.model) AS in_use,
       ARRAY(SELECT s.name FROM ${quoteTable({ schema, name: 'workspace_secrets' })} s
             WHERE s.tenant_id = v.tenant_id AND s.workspace_id = v.workspace_id
             UNION SELECT t.name FROM ${quoteTable({ schema, name: 'tenant_secrets' })} t
             WHERE t.tenant_id = v.tenant_id ORDER BY 1) AS secrets
     FROM ${verdictsOf(schema)} v
     WHERE v.tenant_id = ANY ($1::uuid[]) AND ($2::uuid IS NULL OR v.workspace_id = $2)
     ORDER BY 1, 2, 3, 4`,
    [tenants, workspaceId ?? null],
  );
}

const held = 'held_tenant_id, held_id, held_runtime, held_model';
const notHeld = `(${held}) = (NULL, NULL, NULL, NULL)`;

/**
 * As the operator: the workspaces have these pairs. One that is ended holds on to the pair from now on.
 * @throws STILL_REFERENCED where a workspace has got another pair meanwhile
 */
export async function markVerdicts(
  tx: Tx,
  schema: string,
  { verdicts, reason }: { readonly verdicts: readonly PairHolder[]; readonly reason: Reason },
): Promise<void> {
  if (verdicts.length === 0) return;
  const pair = reason === 'ended' ? `(${held}) = (v.tenant_id, v.workspace_id, v.runtime, v.model)` : notHeld;
  await tx.run(
    `UPDATE ${verdictsOf(schema)} v SET reason = $5, ${pair} FROM ${holdersSql} WHERE ${sameVerdict}`,
    [...holderColumns(verdicts), reason],
  );
}

/** As the operator: what the pairs mean. */
export async function nameVerdicts(
  tx: Tx,
  schema: string,
  verdicts: readonly (PairHolder & Pick<GivenVerdict, 'names'>)[],
): Promise<void> {
  if (verdicts.length === 0) return;
  const names = verdicts.map((verdict) => encodeParameter(verdict.names));
  await tx.run(
    `UPDATE ${verdictsOf(schema)} v SET names = h.names::text[]
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) AS h (tenant_id, id, runtime, model, names)
     WHERE ${sameVerdict}`,
    [...holderColumns(verdicts), names],
  );
}

/** As the operator. @throws STILL_REFERENCED where a workspace has come to rest on one of them meanwhile */
export async function withdrawVerdicts(
  tx: Tx,
  schema: string,
  verdicts: readonly PairHolder[],
): Promise<void> {
  await tx.run(
    `DELETE FROM ${verdictsOf(schema)} v USING ${holdersSql} WHERE ${sameVerdict}`,
    holderColumns(verdicts),
  );
}

const holdersSql =
  'unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS h (tenant_id, id, runtime, model)';
const sameVerdict =
  'v.tenant_id = h.tenant_id AND v.workspace_id = h.id AND v.runtime = h.runtime AND v.model = h.model';

/** As the operator: the verdicts of a workspace, but for the one that it rests on now. */
export async function deleteVerdicts(
  tx: Tx,
  schema: string,
  { tenantId, id, except }: { tenantId: string; id: string; except?: Pair | undefined },
): Promise<void> {
  await tx.run(
    `DELETE FROM ${verdictsOf(schema)} WHERE tenant_id = $1 AND workspace_id = $2
     AND ($3::text IS NULL OR (runtime, model) <> ($3, $4::text))`,
    [tenantId, id, except?.runtime ?? null, except?.model ?? null],
  );
}

interface PairStanding {
  /** The pair is one of the registry's. */
  readonly listed: boolean;
  /** There are verdicts about the workspace, whatever the pair. */
  readonly judged: boolean;
}

/** What the database knows of a pair, and of a workspace that would have it. */
export function findStanding(
  schema: string,
  { tenant_id, id, runtime, model }: PairHolder,
): Question<PairStanding> {
  return one<PairStanding>(
    prepared(
      `SELECT EXISTS (SELECT FROM ${pairsOf(schema)} WHERE runtime = $3 AND model = $4) AS listed,
              EXISTS (SELECT FROM ${verdictsOf(schema)} WHERE tenant_id = $1 AND workspace_id = $2) AS judged`,
    ),
    [tenant_id, id, runtime, model],
  );
}

/** From here on the workspaces rest on verdicts of their own. Nothing else about them changes. */
export async function restOnVerdicts(tx: Tx, schema: string, holders: readonly PairHolder[]): Promise<void> {
  await tx.run(
    `UPDATE ${workspacesOf(schema)} w SET route = 'verdict' FROM unnest($1::uuid[], $2::uuid[]) AS h (tenant_id, id)
     WHERE w.tenant_id = h.tenant_id AND w.id = h.id`,
    [holders.map(({ tenant_id }) => tenant_id), holders.map(({ id }) => id)],
  );
}

/** As the operator. */
export async function listTenantIds(tx: Tx, schema: string): Promise<string[]> {
  const rows = await tx.many<{ id: string }>(
    `SELECT id::text AS id FROM ${quoteTable({ schema, name: 'tenants' })} ORDER BY 1`,
  );
  return rows.map(({ id }) => id);
}

function columnsOf(pairs: readonly Pair[]): [string[], string[]] {
  return [pairs.map(({ runtime }) => runtime), pairs.map(({ model }) => model)];
}

/** A list of lists would have to be as long in each row: each is the text of an array. */
function knownColumns(pairs: readonly KnownPair[]): (string | null)[][] {
  return [pairs.map(({ payers }) => payers), pairs.map(({ names }) => encodeParameter(names))];
}

function holderColumns(holders: readonly PairHolder[]): string[][] {
  return [holders.map(({ tenant_id }) => tenant_id), holders.map(({ id }) => id), ...columnsOf(holders)];
}

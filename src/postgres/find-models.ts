/** Model rows of a tenant by their keys, and what a retired one was replaced by. */
import type { ModelFacts } from '../engine/model.ts';
import type { ModelTable } from '../engine/place.ts';
import type { Rules } from '../engine/references.ts';
import { Binder, castFor } from './binder.ts';
import type { Tx } from './database.ts';
import { quoteIdent, quoteRows } from './identifiers.ts';
import { columnOf } from './match-sql.ts';
import { listModels } from './model-rows.ts';
import { mineSql } from './row-sql.ts';

interface Where {
  readonly rules: Rules;
  readonly tenant: string;
}

/** The model of that key, of whatever kind. Undefined where the tenant has none. */
export async function findModelByKey(
  tx: Tx,
  { rules, tenant }: Where,
  key: string,
): Promise<ModelFacts | undefined> {
  for (const model of rules.modelTables) {
    const found = (await listModels(tx, rules, { model, tenant })).find((one) => one.key === key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** How often a successor is followed: longer chains are mistakes, and a circle ends, too. */
const maxSteps = 20;

/** The first model in the line of successors that may be chosen, by the column that a migration writes (`$target`). */
export async function findSuccessor(
  tx: Tx,
  where: Where,
  model: ModelFacts,
): Promise<ModelFacts | undefined> {
  const table = where.rules.modelTables.find(({ kind }) => kind === model.kind);
  const column = Object.entries(table?.config.retire ?? {}).find(([, value]) => value === '$target')?.[0];
  if (table === undefined || column === undefined) return undefined;
  const models = await listModels(tx, where.rules, { model: table, tenant: where.tenant });
  let current: ModelFacts | undefined = model;
  for (let step = 0; step < maxSteps && current?.key !== undefined; step += 1) {
    const next: string | null = await readSuccessor(tx, where, { table, column, key: current.key });
    current = models.find(({ key }) => key === next);
    if (current?.retired === false) return current;
  }
  return undefined;
}

async function readSuccessor(
  tx: Tx,
  { rules, tenant }: Where,
  { table: model, column, key }: { table: ModelTable; column: string; key: string },
): Promise<string | null> {
  const binder = new Binder();
  const mine = mineSql({ binder, rules, table: model.table, tenant });
  const id = binder.bind(key, castFor(columnOf(model.table, model.key)));
  const row = await tx.maybeOne<{ successor: string | null }>(
    `SELECT t.${quoteIdent(column)}::text AS successor FROM ${quoteRows(model.table)} t WHERE ${mine} AND t.${quoteIdent(model.key)} = ${id}`,
    binder.values,
  );
  return row?.successor ?? null;
}

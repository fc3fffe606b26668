/**
 * What the surroundings of a row demand of its model (`demands`), while a migration is taken back: demands and classes count as they are
 * now. A row returns only to a model that meets them, unless the one that goes does not either; then nothing gets worse.
 */
import { keysOfTenants } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { canMove } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { everyMember } from '../driver/members.ts';
import type { Tx } from '../driver/database.ts';
import { rowAlone } from '../facts/member.ts';
import { modelsOfKind } from '../facts/model-rows.ts';
import { demandedBy, missesDemand } from '../sql/demands.ts';
import type { Demands } from '../sql/demands.ts';
import { otherSide } from '../sql/reliance.ts';
import type { ValuesSide } from '../sql/reliance.ts';
import { allOf, anyOf, column, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import type { Chunk, Hindrance, UndoContext } from './chunk.ts';

/** Places in a table whose rows the demands of their surroundings may keep from returning. */
export function demandsIn(context: UndoContext, table: string, chunks: readonly Chunk[]): Hindrance[] {
  const members = everyMember(chunks.map(({ member }) => context.members[member]));
  return context.rules.places.flatMap((place) => {
    const { demands } = place;
    if (demands === undefined || place.table !== table || !canMove(place)) return [];
    const models = (side: ValuesSide): ModelFacts[] =>
      members.map(({ pair }) => (side === 'from' ? pair.source : pair.target));
    const demanded = demandedBy(demands, askedOf(context.rules, demands));
    const misses = (side: ValuesSide): Sql => missesDemand(demanded, models(side));
    const may = anyOf([sql`NOT ${misses(context.restores)}`, misses(otherSide(context.restores))]);
    const { parent, ...asked } = demands;
    const own = Object.values(asked);
    const where = parent === undefined ? '' : `, by ${parent.from.join(', ')}`;
    const reason = `its former model does not meet what is demanded there now (${own.join(', ')}${where})`;
    return [{ place, row: rowAlone(place, members), columns: parent?.from ?? own, may, reason }];
  });
}

function askedOf(rules: Rules, { parent }: Demands): (name: string) => Sql {
  if (parent === undefined) return (name) => column('t', name);
  const { table, from, to } = parent;
  const on = allOf(from.map((own, at) => sql`${column('d', to[at] ?? '')} = ${column('t', own)}`));
  return (name) => sql`(SELECT ${column('d', name)} FROM ${rowsOf(tableOf(rules, table))} d WHERE ${on})`;
}

/**
 * The models, all of one kind, with their classes and regions as they are now, where anything is demanded; a record has only names.
 * @param tenants one for each model, or none where the database has a single tenant
 */
export async function withClasses(
  tx: Tx,
  rules: Rules,
  { models, tenants }: { readonly models: readonly ModelFacts[]; readonly tenants: readonly TenantKey[] },
): Promise<ModelFacts[]> {
  const [first] = models;
  if (first === undefined || rules.places.every(({ demands }) => demands === undefined)) return [...models];
  const several = keysOfTenants(tenants);
  const found = await tx.ask(modelsOfKind(rules, { kind: first.kind, tenants: several }));
  return models.map((model, at) => {
    const row = found[several === undefined ? 0 : at]?.find(
      ({ key }) => key !== undefined && key === model.key,
    );
    if (row === undefined) return model;
    const { security, region } = row;
    return {
      ...model,
      ...(security === undefined ? {} : { security }),
      ...(region === undefined ? {} : { region }),
    };
  });
}

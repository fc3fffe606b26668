/**
 * The tenant's own rows of the models that a workspace would name. Whoever writes a workspace holds them before anything else
 * (`held` in drover.config.yaml), so a migration that takes one of them away waits, or has retired it already and is noticed.
 */
import { listModels, listModelsByName, type ModelState } from '../queries/model-choice.ts';
import { namesMeant } from '../../registry/known/any-spelling.ts';
import { inOrder, type Question, readAs } from '../../postgres/driver/question.ts';
import { isUsable, refuseUnusable } from '../rows/model-choice.ts';
import { requireRegistry } from './live-registry.ts';
import type { RoutingCall } from './routing.ts';
import { type InTenant, tenantOf } from './unit.ts';

/** The rows that a text could mean, by that text. */
export type NamedModels = ReadonlyMap<string, readonly ModelState[]>;

/** Holds them until the transaction ends. @param texts as they were given @throws REGISTRY_UNAVAILABLE */
export function holdNamedModels(
  call: RoutingCall,
  texts: readonly (string | null | undefined)[],
): Question<NamedModels> {
  const loaded = requireRegistry(call.routing.registry);
  const given = texts.flatMap((text) => text?.trim() || []);
  const meant = new Map(given.map((text) => [text, namesMeant(loaded, text).map(fold)]));
  const names = [...new Set([...meant.values()].flat())];
  if (names.length === 0) return readAs(inOrder([]), () => new Map());
  const rowsOf = listModelsByName(tenantOf(call), { kind: 'completion', names });
  return readAs(rowsOf, (rows) => {
    const found = [...meant].map(
      ([text, all]) => [text, rows.filter(({ name }) => all.includes(fold(name)))] as const,
    );
    return new Map(found);
  });
}

/**
 * A model that the tenant has retired or disabled is not chosen anew, whatever the registry allows; one of which it has no row
 * is the registry's business alone.
 * @throws MODEL_RETIRED with the successor, MODEL_DISABLED
 */
export async function refuseUnusableName(at: InTenant, held: NamedModels, model: string): Promise<void> {
  const first = unusable(held.get(model) ?? [], model);
  if (first !== undefined) await refuseUnusable(at, { field: 'model', kind: 'completion' }, first);
}

/** Would refuseUnusableName let this text pass? For menus, which hold nothing. */
export async function usableNames(at: InTenant): Promise<(text: string) => boolean> {
  const loaded = requireRegistry(at.routing.registry);
  const rows = await listModels(at.tx, tenantOf(at), 'completion');
  const byName = Map.groupBy(rows, ({ name }) => fold(name));
  const rowsOf = (text: string): ModelState[] =>
    [...new Set(namesMeant(loaded, text).map(fold))].flatMap((name) => byName.get(name) ?? []);
  return (text) => unusable(rowsOf(text), text) === undefined;
}

/** A row in another case is the same model. */
function fold(name: string): string {
  return name.toLowerCase();
}

/**
 * One of the rows, where there are some and none can be chosen. A text that is the very name of a row means that row, although another
 * one is the same model by another name.
 */
function unusable(meant: readonly ModelState[], text: string): ModelState | undefined {
  const exact = meant.filter(({ name }) => name === text);
  const rows = exact.length > 0 ? exact : meant;
  return rows.some(isUsable) ? undefined : rows[0];
}

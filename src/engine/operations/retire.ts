/** retire: marks the source as migrated, only where nothing live refers to it any more. */
import { given } from '../given.ts';
import type { RetireStep } from '../plan/plan-types.ts';
import type { Snapshot } from '../plan/snapshot.ts';
import { modelTableOf } from '../rules/references.ts';
import { isSharedRows } from '../tenant.ts';
import { type Operation, stepBase, type StepInput } from './operation.ts';

export const retire: Operation<RetireStep> = {
  plan: retireStep,
  touches: () => [],
  mappings: () => [],
  describe: ({ set }) => `sets ${Object.keys(set).join(', ')}`,
  movesRows: false,
};

function retireStep(input: StepInput): RetireStep[] {
  const { rules, source, target } = input.snapshot;
  const model = modelTableOf(rules, source);
  const set = model?.config.retire;
  if (!input.retires || source.marked === true || isEverybodys(input.snapshot)) return [];
  if (model === undefined || set === undefined || source.key === undefined) return [];
  const name = source.components['name'];
  return [
    {
      ...stepBase(input, { table: model.table.id }, { expected: 1 }),
      operation: 'retire',
      entity: 'models',
      includeDead: true,
      set: target.key === undefined ? withoutTarget(set) : set,
      rows: [{ key: source.key, ...given({ name }) }],
    },
  ];
}

/** A target without a row has no key that the source's row could name. */
function withoutTarget(set: RetireStep['set']): RetireStep['set'] {
  return Object.fromEntries(
    Object.entries(set).map(([name, value]) => [name, value === '$target' ? null : value]),
  );
}

/**
 * A model that all tenants may use is not retired because one of them has left it, but with the last of the shared rows. Where each tenant
 * has a schema of its own these are moved without a lock on any tenant's tables, so nobody knows what is written there meanwhile.
 */
function isEverybodys({ tenant, source, rules }: Snapshot): boolean {
  return (
    tenant !== null && source.tenant === null && (!isSharedRows(tenant.key) || rules.schema !== undefined)
  );
}

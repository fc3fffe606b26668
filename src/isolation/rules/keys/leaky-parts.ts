/** Indexes of which a part after the owner cannot be asked before a policy. */
import type { IndexFact } from '../../../engine/isolation/facts.ts';
import type { Ground } from '../../ground.ts';
import { indexesOf, tenantTables } from './key-facts.ts';
import type { TenantTable } from './key-facts.ts';

export interface LeakyIndex {
  readonly owned: TenantTable;
  readonly index: IndexFact;
  /** The parts, null where one is an expression. */
  readonly parts: readonly (string | null)[];
}

/** Only where policies are asked: without row-level security every condition may use the index. */
export function leakyIndexes(ground: Ground): LeakyIndex[] {
  return tenantTables(ground)
    .filter(({ relation }) => relation.secured)
    .flatMap((owned) =>
      indexesOf(ground, owned.id).flatMap((index) => {
        const from = index.columns.indexOf(owned.ownerColumn);
        const parts = index.columns.filter(
          (_, at) => from >= 0 && at > from && index.leakproof[at] === false,
        );
        return index.method !== 'btree' || parts.length === 0 ? [] : [{ owned, index, parts }];
      }),
    );
}

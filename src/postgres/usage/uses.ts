/** The models of a tenant with what becomes of them and how many rows use each. Reading only, nothing is stored. */
import type { TenantKey } from '../../engine/tenant.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { successorOf } from '../../engine/models/successor.ts';
import type { Successor } from '../../engine/models/successor.ts';
import { DroverError } from '../../errors.ts';
import { listModels } from '../facts/model-rows.ts';
import { withTenant } from '../scope/site.ts';
import { readRules } from '../catalogue/rules.ts';
import type { Site } from '../scope/site.ts';
import { countUsage } from './usage.ts';
import type { UsageByType } from './usage.ts';

export interface ModelUse {
  readonly model: ModelFacts;
  /** Of those that end. */
  readonly successor: Successor | null;
  readonly usage: UsageByType;
}

/** By kind, then by name; those that no table holds are not listed. @throws KIND_UNKNOWN */
export function readModelUses(
  site: Site,
  { tenant, kind }: { readonly tenant: TenantKey; readonly kind: string | undefined },
): Promise<ModelUse[]> {
  return withTenant(site, { tenant, readOnly: true }, async (tx) => {
    const rules = await readRules(tx, site, tenant);
    const kinds = rules.kinds.join(', ');
    if (kind !== undefined && !rules.kinds.includes(kind))
      throw new DroverError('KIND_UNKNOWN', `There is no kind of model "${kind}"; there are: ${kinds}.`);
    const uses: ModelUse[] = [];
    for (const table of rules.modelTables) {
      if (kind !== undefined && table.kind !== kind) continue;
      const models = await listModels(tx, rules, { model: table, tenant });
      const counts = models.length === 0 ? [] : await countUsage(tx, { rules, models, tenant });
      for (const [at, model] of models.entries()) {
        const successor =
          model.lifecycle === undefined ? undefined : successorOf(models, model, rules.knowledge);
        uses.push({ model: shown(model), successor: successor ?? null, usage: counts[at] ?? {} });
      }
    }
    return uses.toSorted((a, b) => compareUses(a.model, b.model));
  });
}

/** Without what serves plans only. */
function shown({ spellings: _spellings, successors: _successors, ...model }: ModelFacts): ModelFacts {
  return model;
}

function compareUses(a: ModelFacts, b: ModelFacts): number {
  const idOf = ({ kind, components: { name = '' } }: ModelFacts): string => `${kind} ${name}`;
  return idOf(a) < idOf(b) ? -1 : 1;
}

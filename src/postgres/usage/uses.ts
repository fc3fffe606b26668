/** The models of a tenant with what becomes of them and how many rows use each. Reading only, nothing is stored. */
import type { TenantKey } from '../../engine/tenant.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { successorOf } from '../../engine/models/successor.ts';
import type { Successor } from '../../engine/models/successor.ts';
import { DroverError } from '../../errors.ts';
import { ofItsKind, withKnownNames } from '../../engine/rules/named-models.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import { listModelsOfKind } from '../facts/model-rows.ts';
import { withTenant } from '../scope/site.ts';
import { readRules } from '../catalogue/rules.ts';
import type { Site } from '../scope/site.ts';
import { listTextModels } from './text-models.ts';
import { countUsage } from './usage.ts';
import type { UsageByType } from './usage.ts';

export interface ModelUse {
  readonly model: ModelFacts;
  /** Of those that end. */
  readonly successor: Successor | null;
  readonly usage: UsageByType;
}

/**
 * By kind, then by name: the models that have a row, and those that values name without one, as far as rows use them at the places of
 * the configuration. @throws KIND_UNKNOWN
 */
export function readModelUses(
  site: Site,
  { tenant, kind }: { readonly tenant: TenantKey; readonly kind: string | undefined },
): Promise<ModelUse[]> {
  return withTenant(site, { tenant, readOnly: true }, async (tx) => {
    const rules = await readRules(tx, site, tenant);
    const isText = rules.modelTables.length === 0;
    const kinds = isText ? [...new Set(rules.knowledge?.models().map((one) => one.kind))] : rules.kinds;
    if (kind !== undefined && !kinds.includes(kind))
      throw new DroverError(
        'KIND_UNKNOWN',
        `There is no kind of model "${kind}"; there are: ${kinds.join(', ')}.`,
      );
    const uses: ModelUse[] = [];
    for (const each of isText || kind === undefined ? rules.kinds : [kind])
      uses.push(...(await usesOfKind(tx, rules, { tenant, kind: each })));
    return uses
      .filter(({ model }) => kind === undefined || model.kind === kind)
      .toSorted((a, b) => compareUses(a.model, b.model));
  });
}

async function usesOfKind(
  tx: Tx,
  rules: Rules,
  { tenant, kind }: { readonly tenant: TenantKey; readonly kind: string },
): Promise<ModelUse[]> {
  const rows = await listModelsOfKind(tx, { rules, tenant }, kind);
  const models = [...rows, ...(await listTextModels(tx, rules, { tenant, kind, rows }))];
  if (models.length === 0) return [];
  const counts = await countUsage(tx, { rules: withKnownNames(rules), models, tenant });
  return models.flatMap((model, at): ModelUse[] => {
    const usage = counts[at] ?? {};
    if (model.key === undefined && Object.keys(usage).length === 0) return [];
    const successor = model.lifecycle === undefined ? undefined : successorOf(rows, model, rules.knowledge);
    return [{ model: shown(ofItsKind(model)), successor: successor ?? null, usage }];
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

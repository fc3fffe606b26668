/** Models that no table holds and that values name all the same: by what the registry knows, and by what rows hold. */
import type { ModelFacts } from '../../engine/models/model.ts';
import { isRowOf, knownModels, othersInUse } from '../../engine/rules/named-models.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { modelsInUse } from '../move/named-models.ts';

interface TextModelsQuery {
  readonly tenant: TenantKey;
  readonly kind: string;
  /** The models of that kind that have a row. */
  readonly rows: readonly ModelFacts[];
}

/** Models that texts name and that have no row among `rows`. Where no table holds models, also names that the registry does not know. */
export async function listTextModels(
  tx: Tx,
  rules: Rules,
  { tenant, kind, rows }: TextModelsQuery,
): Promise<ModelFacts[]> {
  const known = knownModels(rules, kind)
    .filter((model) => !rows.some((row) => isRowOf(row, model)))
    .map(({ tenant: _nobodys, ...model }) => model);
  if (rules.modelTables.length > 0) return known;
  return [...known, ...othersInUse(rules, known, await modelsInUse(tx, rules, tenant))];
}

/** A page of models with how much each is used, read from one snapshot. */
import type { ModelNames } from '../../engine/models/model.ts';
import { catalogueSight } from '../../postgres/catalogue/mark.ts';
import { rulesSeen } from '../../postgres/catalogue/rules.ts';
import { listModelsOfKind } from '../../postgres/facts/model-rows.ts';
import { countUsage, type UsageByType } from '../../postgres/usage/usage.ts';
import { providerNames } from '../queries/model-choice.ts';
import type { ModelKind, Values } from '../resources/declaration.ts';
import { endsOf, mayEnd, type ModelEnd, readModelEnds } from './model-ends.ts';
import { listResource, type Page, pageOf, type PageRequest } from './read.ts';
import { type ResourceRequest, reading } from './unit.ts';

interface ModelPage extends Page {
  /** In the order of the items. */
  readonly usage: readonly UsageByType[] | undefined;
  /** By id, of those that end. */
  readonly ends: ReadonlyMap<string, ModelEnd>;
}

/**
 * Uses are counted through the places of the engine on every call: nothing is stored that could be wrong. All models of the tenant
 * are read only where somebody may know one of the page: its successor, and who else is called as it is written, may be any of
 * them. Otherwise the rows of the page say all that is needed.
 */
export function listModelsInUse(
  asked: ResourceRequest,
  kind: ModelKind,
  request: PageRequest,
): Promise<ModelPage> {
  const { platform, caller } = asked;
  const tenant = caller.tenantId;
  return reading(asked, async (tx) => {
    const [page, providers, seen] = await tx.together([
      pageOf(asked, request),
      providerNames({ schema: platform.schema, tenantId: tenant }),
      catalogueSight,
    ]);
    const rules = await rulesSeen(tx, platform.site, { seen, tenant });
    const some = page.items.some((row) => mayEnd(row, rules.knowledge));
    const known = some ? await listModelsOfKind(tx, { rules, tenant }, kind) : [];
    const byKey = new Map(known.map((model) => [model.key, model]));
    const models = page.items.map(
      (row): ModelNames => byKey.get(String(row['id'])) ?? { kind, tenant, ...namesOf(row, providers) },
    );
    const { lookups } = platform;
    const usage = models.length === 0 ? [] : await countUsage(tx, { rules, tenant, models, lookups });
    return { ...page, ends: endsOf(known, rules.knowledge), usage };
  });
}

/** What a model is called by its own row, as drover.config.yaml has it. */
function namesOf(
  { id, name, family, provider_id: providerId }: Values,
  providers: ReadonlyMap<string, string>,
): Pick<ModelNames, 'key' | 'components'> {
  const provider = providers.get(String(providerId));
  const components = { name: String(name), family: String(family) };
  return { key: String(id), components: provider === undefined ? components : { ...components, provider } };
}

/** A page of models without their uses: one statement, where none of the models can end. */
export async function listModelsAlone(
  asked: ResourceRequest,
  kind: ModelKind,
  request: PageRequest,
): Promise<ModelPage> {
  const page = await listResource(asked, request);
  const knowledge = asked.platform.site.knowledge();
  const some = page.items.some((row) => mayEnd(row, knowledge));
  return { ...page, ends: some ? await readModelEnds(asked, kind) : new Map(), usage: undefined };
}

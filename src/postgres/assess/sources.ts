/** The models in use that end, with what could follow each: what the rules about its rows rest on. Reads only. */
import { isEmbedding } from '../../engine/models/kinds.ts';
import { isEnding, noteOfRow } from '../../engine/models/lifecycle.ts';
import { withKnowledge } from '../../engine/models/knowledge.ts';
import { keyText, modelLabel } from '../../engine/models/model.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { saysWhat } from '../../engine/models/retirements.ts';
import { modelFromText, selectModel } from '../../engine/models/select.ts';
import { rankTargets } from '../../engine/models/suggest.ts';
import type { Suggestion } from '../../engine/models/suggest.ts';
import { refusing } from '../../engine/finding.ts';
import { ofItsKind, withKnownNames } from '../../engine/rules/named-models.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { listModelsOfKind } from '../facts/model-rows.ts';
import { chosen } from '../facts/pair.ts';
import { listTextModels } from '../usage/text-models.ts';
import { countUsage } from '../usage/usage.ts';
import type { UsageByType } from '../usage/usage.ts';

/** A model that ends and that rows of the tenant name. */
export interface EndingSource {
  readonly model: ModelFacts;
  /** As `drover plan --from` and `--kind` take it. */
  readonly source: string;
  readonly kind: string;
  readonly label: string;
  readonly ends: string | null;
  /** Who says so: `registry`, `database`, `both`. */
  readonly says: string;
  readonly dataBound: boolean;
  readonly target: ModelFacts | null;
  /** As `--to` takes it. */
  readonly targetText: string | null;
  /** Somebody gave it, so that a mistake in it is theirs. */
  readonly given: boolean;
  readonly elsewhere: string | null;
  readonly otherVendor: string | null;
}

export interface SourcesAsked {
  readonly rules: Rules;
  readonly tenant: TenantKey;
  readonly today: string;
  readonly horizon: string;
  /** By what somebody calls the source: the target. */
  readonly targets: Readonly<Record<string, string>>;
}

/**
 * By kind, then as the tables have them.
 * @throws MODEL_NOT_FOUND, MODEL_AMBIGUOUS where somebody gave a target of another model, or one that is not there
 */
export async function readSources(tx: Tx, asked: SourcesAsked): Promise<EndingSource[]> {
  const { rules, tenant } = asked;
  const sources: EndingSource[] = [];
  const used: ModelFacts[] = [];
  for (const kind of rules.kinds) {
    const rows = await listModelsOfKind(tx, { rules, tenant }, kind);
    const all = [...rows, ...(await listTextModels(tx, rules, { tenant, kind, rows }))];
    const ending = all.filter(isEnding);
    if (ending.length === 0) continue;
    const counts = await countUsage(tx, { rules: withKnownNames(rules), models: ending, tenant });
    const inUse = ending.filter((_, at) => isUsed(counts[at] ?? {}));
    used.push(...inUse);
    const isText = rules.modelTables.length === 0;
    sources.push(...inUse.map((model) => sourceOf(asked, { model, kind, candidates: isText ? all : rows })));
  }
  for (const text of Object.keys(asked.targets)) chosen(selectModel(used, text, { side: 'source' }));
  return sources;
}

/** Rows that a migration would move, dead ones among them. Records of what happened are no use. */
function isUsed(counts: UsageByType): boolean {
  return Object.values(counts).some(({ live, dead }) => live + dead > 0);
}

interface SourceAsked {
  readonly model: ModelFacts;
  readonly kind: string;
  readonly candidates: readonly ModelFacts[];
}

function sourceOf(asked: SourcesAsked, { model, kind, candidates }: SourceAsked): EndingSource {
  const { rules, today, horizon } = asked;
  const { priceLimit } = rules.config;
  const known = candidates.filter(({ table }) => table === model.table);
  const ranked = rankTargets(ofItsKind(model), known.map(ofItsKind), {
    today,
    ...(priceLimit === undefined ? {} : { priceLimit }),
  }).filter(({ findings }) => refusing(findings).length === 0);
  const vendor = vendorOf(rules, model);
  const same = ranked.filter((one) => isSameModel(one.model, model));
  const others = ranked.filter((one) => !isSameModel(one.model, model));
  const isOwn = ({ model: one, reasons }: Suggestion): boolean =>
    vendorOf(rules, one) === vendor || reasons.some(({ code }) => code === 'NAMED_SUCCESSOR');
  const named = givenTarget(asked, { model, kind, candidates });
  const target = named ?? others.find(isOwn)?.model ?? null;
  const text = (one: ModelFacts | undefined): string | null =>
    one === undefined ? null : textFor(rules, candidates, one);
  return {
    model,
    source: textFor(rules, candidates, model),
    kind,
    label: modelLabel(model),
    ends: model.shutdown?.slice(0, 10) ?? null,
    says: saysWhat({ says: model.lifecycle ?? [noteOfRow(model)] }),
    dataBound: isEmbedding(ofItsKind(model)),
    target,
    targetText: text(target ?? undefined),
    given: named !== undefined,
    elsewhere: text(same.find((one) => isUsable(one.model, horizon))?.model),
    otherVendor: text(others.find((one) => !isOwn(one) && coversAll(model, one.model))?.model),
  };
}

/** @throws MODEL_NOT_FOUND, MODEL_AMBIGUOUS */
function givenTarget(
  { rules, targets }: SourcesAsked,
  { model, kind, candidates }: SourceAsked,
): ModelFacts | undefined {
  const entry = Object.entries(targets).find(
    ([from]) => 'model' in selectModel([model], from, { side: 'source' }),
  );
  if (entry === undefined) return undefined;
  if (rules.modelTables.length > 0)
    return chosen(selectModel(candidates, entry[1], { side: 'target', source: model }));
  const named = chosen(modelFromText(rules.config, { kind, text: entry[1] }));
  return withKnowledge(named, { knowledge: rules.knowledge, said: new Set<string>() });
}

/** Who made it, by what the registry knows; otherwise who serves it. */
function vendorOf({ knowledge }: Rules, { kind, knownKind, components, family }: ModelFacts): string {
  const { name = '', provider } = components;
  const known = knowledge?.find(knownKind ?? kind, name, provider);
  return known?.vendor ?? provider ?? components['family'] ?? family ?? '';
}

/** The same model of the registry, or one of the same name, at another provider. */
function isSameModel(one: ModelFacts, other: ModelFacts): boolean {
  const name = one.components['name'] ?? '';
  if (one.components['provider'] === other.components['provider']) return false;
  return name === other.components['name'] || (other.spellings ?? []).some(({ text }) => text === name);
}

function isUsable({ providerUsable, enabled, shutdown }: ModelFacts, horizon: string): boolean {
  return enabled && providerUsable === true && (shutdown === undefined || shutdown.slice(0, 10) > horizon);
}

/** What nobody knows of it is not covered. */
function coversAll(source: ModelFacts, model: ModelFacts): boolean {
  const lost = lostCapabilities(source, model);
  const context =
    source.context === undefined || (model.context !== undefined && model.context >= source.context);
  return lost !== null && lost.length === 0 && context;
}

/** Null where nobody says what the source can. */
export function lostCapabilities(source: ModelFacts, target: ModelFacts): string[] | null {
  const names = Object.keys(source.capabilities);
  if (names.length === 0) return null;
  return names
    .filter((name) => source.capabilities[name] === true && target.capabilities[name] !== true)
    .sort();
}

/** What a person writes to mean it and no other: its name, with its provider where several have the name, else its key. */
function textFor({ config, modelTables }: Rules, all: readonly ModelFacts[], model: ModelFacts): string {
  const { name = '', provider = '' } = model.components;
  if (modelTables.length === 0)
    return config.model?.identity?.includes('provider') === true ? `${provider}/${name}` : name;
  const texts = [name, `${provider}/${name}`].filter((text) => text !== '' && !text.startsWith('/'));
  const meant = texts.find((text) => {
    const found = selectModel(all, text, { side: 'source' });
    return 'model' in found && found.model === model;
  });
  return meant ?? keyText(model) ?? name;
}

/** A plan cannot be made to it: a fact about the pair, and no failure of the survey. */
export function isAboutModels(error: unknown): error is DroverError {
  return error instanceof DroverError && /^(MODEL_|KINDS_DIFFER$|SAME_MODEL$)/.test(error.code);
}

/**
 * What is known of every row of a tenant that names a model which ends. The rows are read in one read-only transaction; what a plan to
 * the target would find is read beside it, one plan for each source. Nothing is written.
 */
import type { AssetFacts, ParameterFate } from '../../engine/assess/facts.ts';
import type { SurveySettings } from '../../engine/assess/recommend.ts';
import type { Finding } from '../../engine/finding.ts';
import { compareText } from '../../engine/order.ts';
import type { ParameterPolicy } from '../../engine/plan/intent.ts';
import { given } from '../../engine/given.ts';
import { isShared } from '../../engine/plan/completion.ts';
import { withKnownNames } from '../../engine/rules/named-models.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { Counts } from '../../engine/own.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { readRules } from '../catalogue/rules.ts';
import type { Tx } from '../driver/database.ts';
import { readToday } from '../facts/snapshot.ts';
import { planMove } from '../move/plan.ts';
import { withTenant } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { findRowKey } from '../sql/keys.ts';
import { listUses } from '../usage/usage.ts';
import type { Use } from '../usage/usage.ts';
import { readFates } from './parameter-fates.ts';
import type { NamedUse } from './parameter-fates.ts';
import { readAround, readEdges } from './around.ts';
import type { AroundAsked, RowAround } from './around.ts';
import { isAboutModels, lostCapabilities, readSources } from './sources.ts';
import type { EndingSource } from './sources.ts';

export interface SurveyAsked {
  readonly tenant: TenantKey;
  /** Undefined: so many days after today. */
  readonly horizon?: string | undefined;
  readonly useDays: number;
  readonly parameters: ParameterPolicy;
  readonly targets: Readonly<Record<string, string>>;
}

/** A row, by its table and key. */
export interface RowId {
  readonly table: string;
  readonly key: string;
}

export interface Survey {
  readonly settings: SurveySettings;
  readonly sources: readonly EndingSource[];
  readonly facts: readonly AssetFacts[];
  readonly edges: readonly { readonly dependent: RowId; readonly dependency: RowId }[];
  /** Rows that no assessment can follow, because nothing names them for good: of tables without a key. */
  readonly keyless: Readonly<Record<string, number>>;
  /** Grants, defaults and rows of the catalogue that name one of the sources: they follow the assets of their tenant. */
  readonly followers: number;
  /** Live rows that are nobody's alone and name one of the sources. */
  readonly shared: number;
}

/** How far ahead is looked where nobody says a day. */
const horizonDays = 180;

export async function surveyTenant(site: Site, asked: SurveyAsked): Promise<Survey> {
  const read = await withTenant(site, { tenant: asked.tenant, readOnly: true }, (tx) =>
    readRows(tx, site, asked),
  );
  const { settings, sources, rows, rules } = read;
  const planned = new Map<EndingSource, PlanFindings>();
  for (const source of sources) planned.set(source, await findingsOf(site, asked, source));
  const facts = [...Map.groupBy(rows, ({ source }) => source)].flatMap(([source, mine]) => {
    const placesInUse = new Set(mine.flatMap(({ use }) => use.places));
    const findings = planned.get(source) ?? nothingFound;
    return mine.map((row) => factsOf({ rules, row, findings, placesInUse }));
  });
  return {
    settings,
    sources,
    facts: facts.toSorted(compareFacts),
    edges: read.edges,
    keyless: read.keyless,
    followers: read.followers,
    shared: [...planned.values()].reduce((sum, { shared }) => sum + shared, 0),
  };
}

function compareFacts(a: AssetFacts, b: AssetFacts): number {
  return compareText(a.table, b.table) || compareText(a.key, b.key) || compareText(a.source, b.source);
}

/** A row that names a source, and all that was read of it. */
interface SurveyedRow extends NamedUse {
  readonly around: RowAround;
  readonly parameters: ParameterFate | null;
}

async function readRows(tx: Tx, site: Site, { tenant, targets, ...asked }: SurveyAsked) {
  const rules = await readRules(tx, site, tenant);
  const today = await readToday(tx);
  const horizon = asked.horizon ?? later(today, horizonDays);
  const sources = await readSources(tx, { rules, tenant, today, horizon, targets });
  const named = await readUses(tx, rules, { tenant, sources });
  const rows: SurveyedRow[] = [];
  const tables: AroundAsked[] = [];
  for (const [id, mine] of Map.groupBy(named.uses, ({ use }) => use.table)) {
    const table = {
      rules,
      tenant,
      table: tableOf(rules, id),
      keys: [...new Set(mine.map(({ use }) => use.key))],
    };
    tables.push(table);
    const around = await readAround(tx, table, later(today, -asked.useDays));
    const fates = await readFates(tx, table, { mine, policy: asked.parameters });
    for (const one of mine)
      rows.push({ ...one, around: around.get(one.use.key) ?? unseen, parameters: fates(one) });
  }
  const settings = { today, horizon, useDays: asked.useDays };
  return {
    settings,
    sources,
    rules,
    rows,
    edges: await edgesAmong(tx, tables),
    keyless: named.keyless,
    followers: named.settings,
  };
}

/** A row that went away while it was read. */
const unseen: RowAround = { dependents: 0, lastUse: null, created: null };

function later(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
}

/** More rows of one model than this are not told apart in memory. */
const mostRows = 1_000_000;

async function readUses(
  tx: Tx,
  rules: Rules,
  { tenant, sources }: { readonly tenant: TenantKey; readonly sources: readonly EndingSource[] },
): Promise<{ uses: NamedUse[]; keyless: Record<string, number>; settings: number }> {
  const uses: NamedUse[] = [];
  let settings = 0;
  const keyless = new Counts();
  for (const source of sources)
    for (const use of await listUses(
      tx,
      { rules: withKnownNames(rules), tenant },
      { model: source.model, limit: mostRows },
    )) {
      if (use.state === 'history') continue;
      if (isSetting(rules, use)) settings += 1;
      else if (findRowKey(rules, tableOf(rules, use.table)) === undefined) keyless.add(use.table, 1);
      else uses.push({ source, use });
    }
  return { uses, keyless: keyless.record(), settings };
}

/** A grant, a default, a row of the catalogue: it says what a tenant may use and uses nothing itself, so it follows the tenant's assets. */
function isSetting({ places, modelTables }: Rules, { table, places: named }: Use): boolean {
  if (modelTables.some((model) => model.table.id === table)) return true;
  const mine = places.filter(({ id }) => named.includes(id));
  return mine.every(({ role, defaultOf }) => role === 'grant' || defaultOf !== undefined);
}

async function edgesAmong(tx: Tx, tables: readonly AroundAsked[]): Promise<Survey['edges']> {
  const edges: { dependent: RowId; dependency: RowId }[] = [];
  for (const asked of tables)
    for (const child of tables)
      for (const { dependent, dependency } of await readEdges(tx, asked, child))
        edges.push({
          dependent: { table: child.table.id, key: dependent },
          dependency: { table: asked.table.id, key: dependency },
        });
  return edges;
}

/** What the plan to the target says, by place. */
interface PlanFindings {
  readonly errors: readonly Pick<Finding, 'code' | 'place'>[];
  readonly asked: readonly string[];
  readonly shared: number;
}

const nothingFound: PlanFindings = { errors: [], asked: [], shared: 0 };

/** Codes of questions: somebody has to answer before such a row can move. */
const questions: ReadonlySet<string> = new Set(['ASK_OPEN', 'UNREADABLE_DOCUMENT', 'DOCUMENT_TOO_LARGE']);

async function findingsOf(
  site: Site,
  { tenant, parameters }: SurveyAsked,
  source: EndingSource,
): Promise<PlanFindings> {
  const { targetText: to, source: from, kind, dataBound } = source;
  if (to === null || dataBound) return nothingFound;
  const intent = { from, to, kind, parameters, answers: {}, leaveAsks: false, ...given({ tenant }) };
  try {
    const { findings, leftBehind } = await planMove(site, intent);
    const errors = findings.filter(({ severity }) => severity === 'error');
    return {
      errors: errors.filter(({ code }) => !questions.has(code)),
      asked: errors.flatMap(({ code, place }) => (questions.has(code) && place !== undefined ? [place] : [])),
      shared: leftBehind.reduce((sum, entry) => sum + (entry.live && isShared(entry) ? entry.count : 0), 0),
    };
  } catch (error) {
    // A target that somebody gave is that person's to mend.
    if (source.given || !isAboutModels(error)) throw error;
    return { ...nothingFound, errors: [{ code: error.code }] };
  }
}

interface FactsAsked {
  readonly rules: Rules;
  readonly row: SurveyedRow;
  readonly findings: PlanFindings;
  /** All places by which rows name the source. */
  readonly placesInUse: ReadonlySet<string>;
}

function factsOf({ rules, row, findings, placesInUse }: FactsAsked): AssetFacts {
  const { source, use, around, parameters } = row;
  const { model, target } = source;
  return {
    table: use.table,
    key: use.key,
    kind: use.type,
    name: use.name,
    source: source.source,
    dead: use.state === 'dead',
    dependents: around.dependents,
    uses: around.uses ?? null,
    lastUse: around.lastUse,
    created: around.created,
    dataBound: source.dataBound,
    ends: source.ends,
    elsewhere: source.elsewhere,
    target: source.targetText,
    errors: errorsOf(use, findings, placesInUse),
    asked: findings.asked.some((place) => use.places.includes(place)),
    capabilitiesLost: target === null ? null : lostCapabilities(model, target),
    contextLower: target === null ? null : lowerContext(model, target),
    parameters,
    priceOver: target === null ? null : costsMore(rules, model, target),
    otherVendor: source.otherVendor,
  };
}

/** An error at a place names the rows of that place. One of the pair, or at a place that no row of the source has, stops all of them. */
function errorsOf({ places }: Use, { errors }: PlanFindings, placesInUse: ReadonlySet<string>): string[] {
  const mine = errors.filter(
    ({ place }) => place === undefined || places.includes(place) || !placesInUse.has(place),
  );
  return [...new Set(mine.map(({ code }) => code))].sort(compareText);
}

function lowerContext(
  { context: before }: EndingSource['model'],
  { context: after }: EndingSource['model'],
): boolean | null {
  return before === undefined || after === undefined ? null : after < before;
}

/** False where nobody sets a limit. */
function costsMore(
  { config: { priceLimit } }: Rules,
  source: EndingSource['model'],
  target: EndingSource['model'],
): boolean | null {
  if (priceLimit === undefined) return false;
  const prices = [[source.priceIn, target.priceIn] as const, [source.priceOut, target.priceOut] as const];
  if (
    prices.some(
      ([before, after]) => before !== undefined && after !== undefined && after > before * priceLimit,
    )
  )
    return true;
  return prices.some(([before, after]) => before === undefined || after === undefined) ? null : false;
}

/** An inventory by model: where each is named, when it ends, what follows it. */
import { compareText } from '../order.ts';
import type { Occurrence, SchemaOccurrence } from './occurrence.ts';

/** What is known of a model that may be found. */
export interface KnownModel {
  readonly id: string;
  readonly vendor: string;
  readonly kind: string;
  readonly status: 'active' | 'deprecated' | 'withdrawn' | 'retired';
  readonly announced?: string;
  /** The first day on which its vendor no longer serves it. */
  readonly shutdown?: string;
  /** Its vendor promises to serve it until this day, and says no more. */
  readonly notBefore?: string;
  /** Who else serves it, and until when. */
  readonly distributors: readonly { readonly via: string; readonly shutdown: string }[];
  readonly successor?: string;
  /** Id and aliases. */
  readonly names: readonly string[];
}

export interface ModelReport {
  readonly model: KnownModel;
  /** Sum of the rows of all occurrences. */
  readonly count: number;
  readonly occurrences: readonly Occurrence[];
  readonly schema: readonly SchemaOccurrence[];
  /** Snapshots and variants that are models of their own, or that nobody knows. */
  readonly related: readonly Occurrence[];
  readonly relatedSchema: readonly SchemaOccurrence[];
}

interface InventoryFindings {
  readonly occurrences: readonly Occurrence[];
  readonly schema: readonly SchemaOccurrence[];
}

/** Models that are named, those that end first before the others; of those the ones with the most rows. */
export function reportModels(found: InventoryFindings, models: readonly KnownModel[]): ModelReport[] {
  const rows = Map.groupBy(found.occurrences, ({ model }) => model);
  const schema = Map.groupBy(found.schema, ({ model }) => model);
  const named = models.filter(({ id }) => rows.has(id) || schema.has(id));
  return named.map((model) => reportOf(model, { named, rows, schema })).sort(compareReports);
}

/** One model, also where nothing names it. */
export function reportModel(
  found: InventoryFindings,
  model: KnownModel,
  models: readonly KnownModel[],
): ModelReport {
  const rows = Map.groupBy(found.occurrences, (each) => each.model);
  const schema = Map.groupBy(found.schema, (each) => each.model);
  return reportOf(model, { named: models, rows, schema });
}

interface GroupedFindings {
  readonly named: readonly KnownModel[];
  readonly rows: ReadonlyMap<string, readonly Occurrence[]>;
  readonly schema: ReadonlyMap<string, readonly SchemaOccurrence[]>;
}

function reportOf(model: KnownModel, { named, rows, schema }: GroupedFindings): ModelReport {
  const [own, ofSchema] = [rows.get(model.id) ?? [], schema.get(model.id) ?? []];
  const variants = named.filter((other) => isVariantOf(other, model)).map(({ id }) => id);
  const occurrences = own.filter(({ snapshot }) => !snapshot);
  return {
    model,
    count: countRows(occurrences),
    occurrences,
    schema: ofSchema.filter(({ snapshot }) => !snapshot),
    related: [...own.filter(({ snapshot }) => snapshot), ...variants.flatMap((id) => rows.get(id) ?? [])],
    relatedSchema: [
      ...ofSchema.filter(({ snapshot }) => snapshot),
      ...variants.flatMap((id) => schema.get(id) ?? []),
    ],
  };
}

const variantEnd = /^(?:-\d{4}(?:-\d\d-\d\d|\d{4})?|@\d{8}|:[\w.-]+)$/;

/** Is a model a dated snapshot of another one, or the same with a word behind a colon? */
function isVariantOf(
  other: Pick<KnownModel, 'id' | 'names'>,
  model: Pick<KnownModel, 'id' | 'names'>,
): boolean {
  if (other.id === model.id) return false;
  return other.names.some((name) => isVariantName(name, model.names));
}

/** One of the names with a day, or with a word behind a colon. */
export function isVariantName(name: string, bases: readonly string[]): boolean {
  return bases.some((base) => name.startsWith(base) && variantEnd.test(name.slice(base.length)));
}

function countRows(occurrences: readonly Occurrence[]): number {
  return occurrences.reduce((sum, { rows }) => sum + rows, 0);
}

function compareReports(a: ModelReport, b: ModelReport): number {
  const end = ({ model }: ModelReport): string => endOf(model) ?? (model.status === 'active' ? '~~' : '~');
  return compareText(end(a), end(b)) || b.count - a.count || compareText(a.model.id, b.model.id);
}

/** The day on which its vendor stops, or the first of those who serve it where the vendor goes on. */
export function endOf({ shutdown, distributors }: KnownModel): string | undefined {
  return shutdown ?? distributors.map((each) => each.shutdown).toSorted(compareText)[0];
}

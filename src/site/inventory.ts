/** An inventory of the database that is meant, and the same as a JSON document; see docs/guides/cli.md. */
import { toMark } from '../engine/inventory/mend.ts';
import type { Occurrence, SchemaOccurrence } from '../engine/inventory/occurrence.ts';
import { endOf, reportModel, reportModels } from '../engine/inventory/report.ts';
import type { KnownModel, ModelReport } from '../engine/inventory/report.ts';
import { nearestNames } from '../engine/nearest.ts';
import { DroverError } from '../errors.ts';
import type { Database } from '../postgres/driver/database.ts';
import { isComplete } from '../postgres/inventory/inventory.ts';
import type { Inventory, InventoryRequest } from '../postgres/inventory/inventory.ts';
import { takeInventory } from '../postgres/inventory/take-inventory.ts';
import { inventoryModels } from '../registry/known/inventory-models.ts';
import type { InventoryModels } from '../registry/known/inventory-models.ts';
import { loadValid } from '../registry/load/folder.ts';
import { withDatabase } from './open.ts';
import { shownUrl, type Where } from './where.ts';

export interface InventoryAsked {
  /** Only this model, by any of its names. */
  readonly model: string | undefined;
  readonly samplePercent: number | undefined;
  /** Reads; for who shows how far it is, and may stop it. */
  readonly take?: (database: Database, request: InventoryRequest) => Promise<Inventory>;
}

export interface TakenInventory {
  readonly found: Inventory;
  readonly reports: readonly ModelReport[];
  /** The folder, or the URL without its password. */
  readonly database: string;
  /** The day of today, as the registry writes days. */
  readonly today: string;
  /** The only model that was asked for. */
  readonly asked: KnownModel | undefined;
  readonly samplePercent: number | undefined;
  readonly durationMs: number;
}

/** Opens the database, looks for all models of the registry, or for one, and closes it. @throws MODEL_UNKNOWN, REGISTRY_INVALID */
export async function inventoryAt(
  where: Where,
  { model, samplePercent, take = takeInventory }: InventoryAsked,
): Promise<TakenInventory> {
  const known = inventoryModels(loadValid(where.registry));
  const asked = model === undefined ? undefined : chooseModel(model, known);
  const begin = performance.now();
  const request = requestOf(known, asked, samplePercent);
  const all = await withDatabase(where, (database) => take(database, request));
  const isAsked = ({ model: named }: Occurrence): boolean => asked === undefined || named === asked.id;
  const found = { ...all, keys: all.keys.filter(isAsked) };
  return {
    found,
    reports:
      asked === undefined ? reportModels(found, known.models) : [reportModel(found, asked, known.models)],
    database: where.kind === 'own' ? where.dataDir : shownUrl(where.text),
    today: new Date().toISOString().slice(0, 10),
    asked,
    samplePercent,
    durationMs: performance.now() - begin,
  };
}

function requestOf(
  { terms }: InventoryModels,
  asked: KnownModel | undefined,
  samplePercent: number | undefined,
): InventoryRequest {
  return {
    terms,
    ...(asked === undefined ? {} : { sought: terms.filter(({ model }) => model === asked.id) }),
    ...(samplePercent === undefined ? {} : { samplePercent }),
  };
}

/** @throws MODEL_UNKNOWN with the nearest names */
function chooseModel(text: string, { find, models }: InventoryModels): KnownModel {
  const model = find(text);
  if (model !== undefined) return model;
  const near = nearestNames(
    text,
    models.flatMap(({ names }) => names),
  );
  const hint =
    near.length === 0 ? '`drover registry show` lists what it has.' : `Did you mean ${near.join(', ')}?`;
  throw new DroverError('MODEL_UNKNOWN', `The registry has no model "${text}". ${hint}`, {
    model: text,
    near,
  });
}

export function inventoryJson({ found, reports, database, samplePercent, durationMs }: TakenInventory) {
  return {
    database,
    complete: isComplete(found) && samplePercent === undefined,
    stopped: found.stopped,
    samplePercent: samplePercent ?? null,
    way: found.way,
    models: reports.map(modelJson),
    keys: found.keys,
    read: found.read,
    unread: found.unread,
    durationMs: Math.round(durationMs),
  };
}

function modelJson({ model, count, occurrences, schema, related, relatedSchema }: ModelReport) {
  const {
    id,
    vendor,
    kind,
    status,
    announced = null,
    shutdown = null,
    notBefore = null,
    distributors,
    successor = null,
  } = model;
  return {
    model: id,
    vendor,
    kind,
    lifecycle: { status, announced, shutdown, notBefore, distributors, ends: endOf(model) ?? null },
    successor,
    count,
    occurrences,
    schema: schema.map((each) => schemaJson(each, successor)),
    related,
    relatedSchema: relatedSchema.map((each) => schemaJson(each, null)),
  };
}

function schemaJson(occurrence: SchemaOccurrence, successor: string | null) {
  return { ...occurrence, mend: occurrence.mend.replaceAll(toMark, () => successor ?? 'OTHER-MODEL') };
}

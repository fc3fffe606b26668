/** An inventory as a JSON document; see docs/guides/cli.md. */
import { toMark } from '../../engine/inventory/mend.ts';
import type { SchemaOccurrence } from '../../engine/inventory/occurrence.ts';
import { isComplete } from '../../postgres/inventory/inventory.ts';
import { endOf } from '../../engine/inventory/report.ts';
import type { ModelReport } from '../../engine/inventory/report.ts';
import type { ShownInventory } from './show.ts';

export function inventoryJson({ found, reports, database, samplePercent, durationMs }: ShownInventory) {
  return {
    database,
    complete: isComplete(found) && samplePercent === undefined,
    stopped: found.stopped,
    samplePercent: samplePercent ?? null,
    way: found.way,
    models: reports.map(modelJson),
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

/** What the schemas and paths of several routes have in common. */
import { z } from 'zod';
import { completionModels, embeddingModels, transcriptionModels } from '../platform/resources/models.ts';

/** The kinds of models, each with the resource that holds its models. */
export const modelKinds = [
  { kind: 'completion', resource: completionModels },
  { kind: 'transcription', resource: transcriptionModels },
  { kind: 'embedding', resource: embeddingModels },
] as const;

export type ModelsOfKind = (typeof modelKinds)[number];

/** The id of a row. `z.uuid()` would refuse the ids of the demo, which are of no RFC version. */
export const rowId = z.guid();

/** PostgreSQL and JavaScript can both hold moments of these years, with an offset that a time zone can have. */
const [firstMoment, lastMoment] = [Date.UTC(1900, 0, 1), Date.UTC(10_000, 0, 1)];

/** A moment that a request names. */
export const moment = z.iso
  .datetime({ offset: true })
  .max(40)
  .refine((text) => {
    const time = Date.parse(text);
    return time >= firstMoment && time < lastMoment && !/[+-](1[6-9]|2\d):\d\d$/.test(text);
  }, 'is no moment from 1900 to 9999 with an offset of less than 16 hours');

/** A moment, as `Date.toISOString` writes it. */
export const timestamp = z.iso.datetime();

/** The headers of a request that changes a row. */
export const matchHeaders = z.object({
  'if-match': z.string().max(1000).optional().describe('The ETag of the version that is meant'),
});

/** A document is storable if it is small enough and JSON gives all its numbers back. Depth and texts are checked before. */
export function isStorable(document: unknown, maxBytes: number): boolean {
  return keepsItsNumbers(document) && Buffer.byteLength(JSON.stringify(document)) <= maxBytes;
}

/** JSON may write 1e400. JavaScript reads it as Infinity, which would be stored as null. */
function keepsItsNumbers(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every(keepsItsNumbers);
}

/** PostgreSQL has no character for zero, and half a surrogate pair is no character. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

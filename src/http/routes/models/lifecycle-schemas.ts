/** The end of a model in the API: the day, who says so, and the successor. */
import { z } from 'zod';
import type { LifecycleNote, LifecycleStatus } from '../../../engine/models/model.ts';
import { daysBetween } from '../../../engine/models/retirements.ts';
import type { AppDeps } from '../../contract.ts';

const status = z.enum(['active', 'deprecated', 'withdrawn', 'retired']);
const source = z.string().describe('`database`, or the registry with its version');

const told = z
  .object({
    source,
    lifecycle: status,
    announced_on: z.iso.date().nullable(),
    shutdown_on: z.iso.date().nullable(),
    url: z.string().nullable().describe('The page that says so'),
    vendor: z
      .string()
      .nullable()
      .describe(
        'Of whom that is known, where the provider has another name: it may be another one, with other days; null otherwise',
      ),
  })
  .meta({ id: 'LifecycleSource' });

/** What all sources together say. */
export const endShape = {
  retires_on: z.iso
    .date()
    .nullable()
    .describe(
      'The earliest day on which a source says that the provider shuts the model down; null if no source says so',
    ),
  days_left: z.int().nullable().describe('Days until then; negative if the day has passed'),
  announced_on: z.iso.date().nullable(),
  lifecycle: status,
  sources: z.array(told).describe('Who says what'),
} as const;

export const successorSchema = z.object({ name: z.string(), source }).meta({ id: 'Successor' });

export const ownSuccessorSchema = successorSchema
  .extend({ model_id: z.guid().nullable().describe('Null if the tenant has no row of this model yet') })
  .meta({ id: 'OwnSuccessor' });

export interface ModelEndBody {
  readonly day: string | null;
  readonly announced: string | null;
  readonly status: LifecycleStatus;
  readonly says: readonly LifecycleNote[];
}

/** The day of the answer, and the name of the registry. */
export interface Told {
  readonly today: string;
  readonly registry: string | undefined;
}

export function toldTo({ site }: AppDeps['platform']): Told {
  return { today: new Date().toISOString().slice(0, 10), registry: site.knowledge()?.name };
}

export function endJson(
  { day, announced, status: lifecycle, says }: ModelEndBody,
  { today, registry }: Told,
) {
  return {
    retires_on: day,
    days_left: day === null ? null : daysBetween(today, day),
    announced_on: announced,
    lifecycle,
    sources: says.map((note) => ({
      source: sourceName(note.by, registry),
      lifecycle: note.status,
      announced_on: note.announced?.slice(0, 10) ?? null,
      shutdown_on: note.shutdown?.slice(0, 10) ?? null,
      url: note.page ?? null,
      vendor: note.vendor ?? null,
    })),
  };
}

/** `database`, or the registry with its version. */
export function sourceName(by: LifecycleNote['by'], registry: string | undefined): string {
  return by === 'registry' ? (registry ?? by) : by;
}

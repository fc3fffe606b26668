/** What a program hands in, checked as a person's words are: what is wrong or not known is refused by its name, and never passed over. */
import { z } from 'zod';
import { usage } from '../site/where.ts';
import type * as shape from './shapes.ts';

/** Each member of a type, and no other: what is written down in shapes.ts is what is checked. */
type MembersOf<T> = Readonly<Record<keyof T, z.ZodType>>;

const text = z.string().trim().min(1);
const flag = z.boolean().optional();
/** What is no database is refused where it is opened. */
const database = { database: z.unknown().optional(), registry: text.optional() };
const acting = {
  actor: text,
  reason: text.optional(),
  onProgress: z.custom((given) => typeof given === 'function', 'must be a function').optional(),
};

const asked = {
  openSite: z.strictObject({
    ...database,
    config: text.optional(),
    state: text.optional(),
    trustConfig: flag,
    write: flag,
  } satisfies MembersOf<shape.SiteOptions>),
  inventory: z.strictObject({
    ...database,
    config: text.optional(),
    trustConfig: flag,
    model: text.optional(),
    samplePercent: z.number().gt(0).max(100).optional(),
  } satisfies MembersOf<shape.InventoryOptions>),
  plan: z.strictObject({
    from: text,
    to: text,
    tenant: text.optional(),
    shared: flag,
    kind: text.optional(),
    entityTypes: z.array(text).optional(),
    parameters: z.enum(['reset', 'keep', 'translate']).optional(),
    answers: z.record(z.string(), z.enum(['move', 'keep'])).optional(),
    leaveAsks: flag,
    allowUnknown: flag,
  } satisfies MembersOf<shape.Move>),
  apply: z.strictObject({ ...acting, confirm: flag, force: flag } satisfies MembersOf<shape.ApplyOptions>),
  rollback: z.strictObject({ ...acting, tenant: text.optional() } satisfies MembersOf<shape.RollbackOptions>),
};

/** @throws USAGE_INVALID with the name of each member that is wrong, missing or unknown */
export function refuseWrong(call: keyof typeof asked, given: unknown): void {
  const members = asked[call];
  const { error } = members.safeParse(given ?? {});
  if (error === undefined) return;
  const wrong = error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '));
  throw usage(`${call}: ${wrong.join('; ')}. It takes ${Object.keys(members.shape).join(', ')}.`);
}

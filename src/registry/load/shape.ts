/** What may stand in `registry/*.yaml`. Unknown keys are refused everywhere. */
import { z } from 'zod';

/** The schema version that this Drover reads. */
export const schemaVersion = 1;

const name = z
  .string('must be a text')
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be lower-case letters, digits and hyphens');
const modelId = z
  .string('must be a text')
  .regex(/^[!-~]{1,200}$/, 'must be a model id: printable ASCII without spaces, 200 characters at most');
const label = z.string('must be a text').min(1, 'must not be empty').max(120, 'must be a short label');
/** A public page. */
export const link = z.url({ protocol: /^https$/, error: 'must be an https:// URL' });
/** An ISO day that the calendar has. */
export const date = z.iso.date('must be a date such as 2026-11-21');
const variable = z
  .string('must be a text')
  .regex(/^[A-Z][A-Z0-9_]*$/, 'must be the name of a variable, in capitals');
const tokens = z.int('must be a whole number').min(1, 'must be at least 1');
const price = z.number('must be a number').min(0, 'must not be negative');
const flag = z.boolean('must be true or false');

function oneOf<const T extends readonly [string, ...string[]]>(...choices: T): z.ZodType<T[number]> {
  return z.enum(choices, `must be one of ${choices.join(', ')}`);
}

const protocol = oneOf(
  'anthropic-messages',
  'openai-responses',
  'openai-chat',
  'google-generate-content',
  'operator',
);

const separator = oneOf('/', ':', '-');
const separators = z.array(separator, 'must be a list of /, : and -').min(1);

/** An id in which `#` is a number and `*` the rest; matchers.ts says what it takes. */
const form = z
  .string('must be a text')
  .max(200)
  .regex(
    /^[\w./:@+~#*-]+$/,
    'must be an id; # in it is a number, * at its end is the rest, and nothing else is special',
  )
  .regex(/^(?!.*\*.)/, '* is the rest: nothing can stand behind it')
  .regex(/^(?!\*|.*[^*#/:-]\*)/, 'the boundary before * is missing: /, :, - or #')
  .regex(/^(?!.*(#[#\d]|\d#))/, '# is a whole number: no digit and no other # can stand beside it');

const useForms =
  "regular expressions are not read: write forms: ['gpt-#', 'gpt-#*'], where # is a number and * the rest";

const matcher = z
  .strictObject({
    word: z
      .string('must be a text')
      .regex(/^[\w./:@+~-]+$/, 'must be letters, digits and . _ / : @ + ~ -')
      .optional(),
    after: separators.optional(),
    forms: z.array(form, 'must be a list of forms').min(1, 'must not be empty').optional(),
    ignoreCase: flag.optional(),
    /** As earlier registries wrote it. */
    pattern: z.never(useForms).optional(),
  })
  .superRefine(({ word, after, forms }, context) => {
    const whole = forms === undefined ? word !== undefined : word === undefined && after === undefined;
    if (!whole) context.addIssue({ code: 'custom', message: 'must have word and after, or forms' });
    else if (word !== undefined && after === undefined)
      context.addIssue({
        code: 'custom',
        message: `the boundary after ${word} is missing: after: ['-'], for example`,
      });
  });

export const providerShape = z.strictObject({
  id: name,
  label,
  /** Whose model ids it serves; its own id where nothing is said. */
  vendor: name.optional(),
  protocol,
  payer: oneOf('tenant', 'platform').default('tenant'),
  /** Names of secrets; any one of them satisfies. */
  secrets: z.array(variable, 'must be a list of names').default([]),
  /** The variable into which the secret is projected. */
  variable: variable.optional(),
  /** Where the protocol is spoken; left out where the tenant or the operator says. */
  baseUrl: link.optional(),
  matchers: z.array(matcher, 'must be a list').default([]),
  source: link.optional(),
});

const armModel = z.union(
  [
    modelId,
    z.strictObject({
      id: modelId,
      /** Where the runtime spells it otherwise. */
      model: modelId.exactOptional(),
      /** From this day on nobody chooses it on this arm; who has it keeps it. */
      withdrawn: date.optional(),
    }),
  ],
  { error: 'must be a model id, or { id: …, model: …, withdrawn: … }' },
);

const arm = z.strictObject({
  provider: name,
  models: z.array(armModel, 'must be a list').min(1, 'must not be empty; leave it out instead').optional(),
  /** The arm lists ids, and takes what its provider's matchers take as well. */
  byName: flag.optional(),
  /** Only words with one of these behind them: how this runtime spells ids. */
  separators: separators.optional(),
  variable: variable.optional(),
  baseUrl: link.optional(),
  protocol: protocol.optional(),
  source: link.optional(),
});

export const runtimeShape = z.strictObject({
  id: name,
  label,
  kind: oneOf('closed', 'open', 'retired'),
  arms: z.array(arm, 'must be a list').min(1, 'must not be empty').optional(),
  /** What took the place of a retired runtime. */
  successor: name.optional(),
  source: link.optional(),
});

/** What words for an effort mean, as shares of the most that a model can do. */
export const levelsShape = z.strictObject({
  meaning: z.record(z.string().min(1), z.number().min(0).max(1)),
  source: link,
});

const parameter = z
  .strictObject({
    min: z.number('must be a number').optional(),
    max: z.number('must be a number').optional(),
    levels: z.array(z.string().min(1)).min(1).optional(),
    /** What a level means, as a share of the most, 0 to 1. A level without a meaning counts by its rank. */
    meaning: z.record(z.string(), z.number().min(0).max(1)).optional(),
    aliases: z.array(z.string().min(1)).optional(),
  })
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, 'min is above max')
  .refine(
    ({ levels, meaning }) =>
      Object.keys(meaning ?? {}).every((level) => levels !== undefined && levels.includes(level)),
    'meaning names a level that levels does not have',
  );

/** The page that says when a model ends, when it said so, and its words: those of its row or field, so that a reader finds them again. */
const evidence = { checked: date.optional(), quote: z.string().min(1).optional() };

/**
 * `shutdown` is the day on which requests fail. `notBefore` is the earliest such day, where the page promises no more: on that day
 * nothing ends by itself.
 */
const end = { shutdown: date.optional(), notBefore: date.optional() };

const endsInTime = ({
  shutdown,
  notBefore,
}: {
  readonly shutdown?: string | undefined;
  readonly notBefore?: string | undefined;
}): boolean => shutdown === undefined || notBefore === undefined || notBefore <= shutdown;

const distributor = z
  .strictObject({ via: name, ...end, source: link, ...evidence })
  .refine(({ shutdown, notBefore }) => shutdown !== undefined || notBefore !== undefined, 'names no day')
  .refine(endsInTime, 'it is shut down before notBefore');

const lifecycle = z
  .strictObject({
    status: oneOf('active', 'deprecated', 'withdrawn', 'retired'),
    announced: date.optional(),
    ...end,
    replacement: modelId.optional(),
    /** When distributors stop serving it. */
    distributors: z.array(distributor).optional(),
    source: link.optional(),
    ...evidence,
  })
  .refine(
    ({ announced, shutdown }) => announced === undefined || shutdown === undefined || announced <= shutdown,
    'it is announced after it is shut down',
  )
  .refine(endsInTime, 'it is shut down before notBefore');

const modality = oneOf('text', 'image', 'audio', 'video', 'pdf');

export const modelShape = z.strictObject({
  id: modelId,
  name: label,
  /** The vendor on whose own interface the facts hold. */
  vendor: name,
  family: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'must be lower case'),
  kind: oneOf('completion', 'embedding', 'transcription'),
  /** Other ids of the same model, such as dated ones. */
  aliases: z.array(modelId).optional(),
  released: date.optional(),
  /** What goes in and comes out; left out where nobody says. */
  input: z.array(modality).min(1).optional(),
  output: z.array(modality).min(1).optional(),
  context: tokens.optional(),
  maxOutput: tokens.optional(),
  /** Length of a vector, of an embedding model. */
  dimensions: tokens.optional(),
  tools: flag.optional(),
  structured: flag.optional(),
  reasoning: flag.optional(),
  parameters: z
    .strictObject({ source: link.optional(), accepts: z.record(z.string().min(1), parameter) })
    .optional(),
  /** US dollars per million tokens. */
  prices: z
    .strictObject({
      input: price.optional(),
      output: price.optional(),
      cacheRead: price.optional(),
      cacheWrite: price.optional(),
      source: link.optional(),
    })
    .optional(),
  lifecycle,
  /** Where all of it can be read, unless a part names a page of its own. */
  source: link,
  /** When the source said so. */
  checked: date,
});

export type Provider = Readonly<z.infer<typeof providerShape>>;
export type Runtime = Readonly<z.infer<typeof runtimeShape>>;
export type Arm = Readonly<z.infer<typeof arm>>;
export type Model = Readonly<z.infer<typeof modelShape>>;
export type Lifecycle = Model['lifecycle'];

/** The registry as data, in the order of the documents. The order of arms is the order of preference. */
export interface Registry {
  readonly version: string;
  /** What words for an effort mean, 0 to 1. */
  readonly levels: Readonly<Record<string, number>>;
  readonly providers: readonly Provider[];
  readonly runtimes: readonly Runtime[];
  readonly models: readonly Model[];
}

/** The JSON Schema of a file of a registry, made from what the loader reads by. `npm run registry:schema` writes it for editors. */
import { z } from 'zod';
import {
  levelsShape,
  modelShape,
  providerShape,
  runtimeShape,
  schemaVersion,
} from '../../src/registry/load/shape.ts';

export const schemaFile = new URL('../../schema/registry.schema.json', import.meta.url);

const list = <T extends z.ZodType>(shape: T) => z.array(shape).nullable().optional();

const document = z.strictObject({
  schema: z.literal(schemaVersion).describe('The version of this form'),
  version: z
    .string()
    .regex(/^[\w.+-]{1,40}$/)
    .optional()
    .describe('Of the registry; in one file of the folder'),
  extends: z
    .literal('built-in')
    .optional()
    .describe('The entries that come with Drover as well; own ones take their place'),
  levels: levelsShape.optional().describe('What words for an effort mean, as shares of the most'),
  providers: list(providerShape).describe('Who serves models'),
  runtimes: list(runtimeShape).describe('What runs agents, and how it reaches models'),
  models: list(modelShape).describe('What is known about each model'),
});

/** As text, laid out as the formatter wants it. */
export function registrySchema(): object {
  return {
    $id: 'registry.schema.json',
    title: 'A file of a registry',
    description:
      'What one entry says is checked here; what must hold between entries says `drover registry validate`.',
    ...z.toJSONSchema(document, { io: 'input' }),
  };
}

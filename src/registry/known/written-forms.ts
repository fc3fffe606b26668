/**
 * How models are written in data: the spellings that runtimes use, and the forms of clouds and gateways beside them. A form that
 * would mean two models means the one that is called so by its own registry entry.
 */
import type { Spelling } from '../../engine/models/model.ts';
import { spellingsOf } from './spellings.ts';
import type { LoadedRegistry } from '../load/load.ts';
import { namesOf } from '../load/registry.ts';
import type { Model } from '../load/shape.ts';

/** Every form of every model, the spellings of runtimes first. No text stands for two models. */
export function writtenForms(loaded: LoadedRegistry): ReadonlyMap<Model, readonly Spelling[]> {
  const spellings = spellingsOf(loaded);
  const taken = new Map<string, Model>();
  for (const [model, all] of spellings) for (const { text } of all) claim(taken, text, model);
  const { models } = loaded.registry;
  return new Map(
    models.map((model) => {
      const own = (spellings.get(model) ?? []).filter(({ text }) => taken.get(fold(text)) === model);
      const known = new Set(own.map(({ text }) => fold(text)));
      const added = formsOf(model).filter(
        ({ text }) => !known.has(fold(text)) && claim(taken, text, model) === model,
      );
      return [model, [...own, ...added]];
    }),
  );
}

/** Gives a text to a model unless another one has it already. */
function claim(taken: Map<string, Model>, text: string, model: Model): Model {
  const owner = taken.get(fold(text)) ?? model;
  taken.set(fold(text), owner);
  return owner;
}

function fold(text: string): string {
  return text.toLowerCase();
}

function formsOf(model: Model): Spelling[] {
  const names = unique(namesOf(model).flatMap((name) => [name, ...otherNames(model, name)]));
  const prefixed = gatewayPrefixes(model).flatMap((prefix) =>
    names.map((name) => ({ text: prefix + name, prefix })),
  );
  return [...prefixed, ...bedrockForms(model, names)];
}

/** The name as other places write it. */
function otherNames({ vendor }: Model, name: string): string[] {
  const last = name.slice(name.lastIndexOf('/') + 1);
  return [
    // `openai/gpt-oss-120b` without who trained it; a plain word such as `compound` would mean anything.
    ...(last !== name && /\d/.test(last) ? [last] : []),
    // Enums of programs: GPT_4O, claude_sonnet_4_5.
    ...(/\d/.test(name) && /[-.]/.test(name) ? [name.replaceAll(/[^A-Za-z0-9]/g, '_')] : []),
    // Vertex AI: the day of a snapshot stands behind an @.
    ...(/-\d{8}$/.test(name) ? [name.replace(/-(\d{8})$/, '@$1')] : []),
    // Azure: no dot in the name of a deployment.
    ...(name.startsWith('gpt-3.5') ? [name.replace('gpt-3.5', 'gpt-35')] : []),
    // OpenRouter and Copilot: claude-sonnet-4.5.
    ...(vendor === 'anthropic'
      ? [name.replace(/-(\d)-(\d)(?=-|$)/, '-$1.$2')].filter((other) => other !== name)
      : []),
  ];
}

const gateways: ReadonlyMap<string, readonly string[]> = new Map([
  ['anthropic', ['vertex_ai/', 'vertex/', 'publishers/anthropic/models/']],
  ['google', ['gemini/', 'vertex_ai/', 'vertex/', 'models/', 'publishers/google/models/']],
  ['mistral', ['mistralai/', 'vertex_ai/', 'publishers/mistralai/models/']],
  ['openai', ['azure/', 'azure_ai/', 'azure:', 'azure-openai/']],
]);

function gatewayPrefixes({ vendor }: Model): string[] {
  const own = ['', `${vendor}/`, `${vendor}:`, ...(gateways.get(vendor) ?? [])];
  return [...own, `openrouter/${vendor}/`];
}

/** Inference profiles are called after the regions that they span. */
const bedrockRegions = ['', 'us.', 'eu.', 'apac.', 'global.', 'us-gov.', 'jp.', 'au.', 'ca.'];
const bedrockVersions = ['', '-v1', '-v1:0', '-v2:0'];

/** Amazon Bedrock: `us.anthropic.claude-3-haiku-20240307-v1:0`. */
function bedrockForms({ vendor }: Model, names: readonly string[]): Spelling[] {
  if (vendor !== 'anthropic' && vendor !== 'mistral') return [];
  const plain = names.filter((name) => /^[a-z0-9-]+$/.test(name));
  return bedrockRegions.flatMap((region) =>
    plain.flatMap((name) =>
      bedrockVersions.map((version) => {
        const prefix = `${region}${vendor}.`;
        return { text: `${prefix}${name}${version}`, prefix };
      }),
    ),
  );
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

/** The registry as `drover init` needs it: is a value a model, and of which kind; is it a provider, or a parameter? */
import { createMatcher } from '../../engine/inventory/matcher.ts';
import type { KnownWords } from '../../engine/propose/known-words.ts';
import type { LoadedRegistry } from '../load/load.ts';
import { inventoryModels } from './inventory-models.ts';
import { nobodys } from './variable-words.ts';

export function proposalWords(loaded: LoadedRegistry): KnownWords {
  const { find, terms } = inventoryModels(loaded);
  const { models, providers } = loaded.registry;
  const matcher = createMatcher(terms);
  const names = new Set([...models.map(({ vendor }) => vendor), ...providers.map(({ id }) => id)]);
  for (const word of nobodys) names.delete(word);
  const accepted = models.flatMap(({ parameters }) => Object.entries(parameters?.accepts ?? {}));
  const parameters = new Set(accepted.flatMap(([name, { aliases = [] }]) => [name, ...aliases]));
  return {
    model: (text) => find(text.trim()),
    inside: (text) =>
      matcher.find(text).flatMap(({ form, written, at }) => (form === 'inside' ? [{ written, at }] : [])),
    provider: (text) => names.has(text.toLowerCase()),
    parameter: (name) => parameters.has(name),
  };
}

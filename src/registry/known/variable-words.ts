/** How variables of providers begin, as the registry knows them. */
import type { Registry } from '../load/shape.ts';

/** What a key is called by, behind the provider: `OPENAI_API_KEY`, `CODEX_ACCESS_TOKEN`, `HUGGINGFACE_HUB_TOKEN`. */
const ofKeys = /(?:_(?:API|KEY|TOKEN|OAUTH|ACCESS|HUB|SECRET|AUTH|ID))+$/;

/** Providers whose id names nobody: an endpoint of the tenant's own, and who runs Drover. */
export const nobodys: readonly string[] = ['custom', 'platform'];

/** In capitals: `OPENAI`, `Z_AI`, `HF` of secrets and variables; `ALIBABA` of vendors; `CLAUDE`, `GEMINI` of the words that own ids. */
export function variableWords({ providers }: Registry): readonly string[] {
  const words = providers.flatMap(({ id, vendor = id, secrets, variable = '', matchers }) => [
    ...[...secrets, variable].map((name) => name.replace(ofKeys, '')),
    vendor,
    ...matchers.flatMap(({ word = '' }) => word),
  ]);
  const vendors = words.filter((word) => !nobodys.includes(word));
  const written = vendors.map((word) => word.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_'));
  return [...new Set(written)].filter((word) => /^[A-Z]/.test(word));
}

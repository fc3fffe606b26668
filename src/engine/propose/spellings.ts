/** Other spellings of providers and names, as the values show them: `vendor/openai` beside `openai`. */
import { type Observations, valuesOf } from './observation.ts';
import type { ModelGuess } from './models.ts';
import { looksLikeModel, namesModel, namesProvider } from '../catalogue/wording.ts';

/** By component and canonical value, what else is written for it. Only pairs that occur. */
export function guessSpellings(
  seen: Observations,
  models: readonly ModelGuess[],
): Record<string, Record<string, string[]>> {
  const canonical = (part: 'provider' | 'name'): string[] =>
    models.flatMap((model) => valuesOf(seen, model.table, model.value.columns[part]));
  const providers = [...columnsWhere(seen, namesProvider), ...membersWhere(seen, namesProvider)];
  const names = [...columnsWhere(seen, namesModel), ...membersWhere(seen, namesModel)].filter(
    (name) => looksLikeModel(name) && !name.includes('/'),
  );
  const found = {
    provider: cluster(canonical('provider'), providers),
    name: cluster(canonical('name'), names),
  };
  return Object.fromEntries(
    Object.entries(found).filter(([, spellings]) => Object.keys(spellings).length > 0),
  );
}

function columnsWhere(seen: Observations, fits: (name: string) => boolean): string[] {
  return seen.columns.filter((entry) => fits(entry.column)).flatMap((entry) => entry.distinct);
}

function membersWhere(seen: Observations, fits: (name: string) => boolean): string[] {
  return seen.inner
    .filter((entry) => entry.kind === 'json-value' && fits(entry.pointer?.split('/').at(-1) ?? ''))
    .flatMap((entry) => entry.distinct);
}

/**
 * Groups values that differ only in case and in what stands before the last slash. The canonical one is what the catalogue says,
 * otherwise the shortest.
 */
function cluster(canonical: readonly string[], values: readonly string[]): Record<string, string[]> {
  const groups = new Map<string, Set<string>>();
  for (const value of [...canonical, ...values]) {
    const id = value.slice(value.lastIndexOf('/') + 1).toLowerCase();
    if (id === '' || /^[\d-]+$/.test(id) || /\s/.test(value)) continue;
    groups.set(id, (groups.get(id) ?? new Set()).add(value));
  }
  return Object.fromEntries(
    [...groups.values()]
      .filter((group) => group.size > 1)
      .map((group) => {
        const sorted = [...group].toSorted((a, b) => a.length - b.length || (a < b ? 1 : -1));
        const head = sorted.find((value) => canonical.includes(value)) ?? sorted[0] ?? '';
        return [head, sorted.filter((value) => value !== head).toSorted()] as const;
      })
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

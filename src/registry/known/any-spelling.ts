/** Which model a text means, however it is spelled: `models/gemini-2.5-flash`, `Claude_Opus_4.1`, `openai/gpt-5.5:free`. */
import type { LoadedRegistry } from '../load/load.ts';
import { modelsMeant } from '../load/routes.ts';
import { namesOf } from '../load/registry.ts';
import type { Model } from '../load/shape.ts';
import { writtenForms } from './written-forms.ts';

/** By letters and digits alone. */
type ByLetters = ReadonlyMap<string, readonly Model[]>;

function makeIndex(loaded: LoadedRegistry): ByLetters {
  const forms = [...writtenForms(loaded)].map(([model, all]) => ({
    model,
    texts: all.map(({ text }) => text),
  }));
  const byLetters = groupByLetters(forms);
  // A dated id without its day, where no model is called so.
  const dayless = forms.map(({ model, texts }) => ({ model, texts: texts.flatMap(withoutDay) }));
  return new Map([...groupByLetters(dayless), ...byLetters]);
}

function groupByLetters(
  forms: readonly { readonly model: Model; readonly texts: readonly string[] }[],
): Map<string, Model[]> {
  const byLetters = new Map<string, Model[]>();
  for (const { model, texts } of forms)
    for (const letters of new Set(texts.map(lettersOf)))
      byLetters.set(letters, [...(byLetters.get(letters) ?? []), model]);
  return byLetters;
}

function withoutDay(text: string): string[] {
  const dayless = text.replace(/[-@](\d{8}|\d{4}-\d{2}-\d{2})$/, '');
  return dayless === text ? [] : [dayless];
}

function lettersOf(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** The models that a text may mean, the likeliest first: as it is, without what says a version or an offer, its last part. */
export function meantInAnySpelling(loaded: LoadedRegistry, text: string): Model[] {
  const index = (loaded.onDemand.byLetters ??= makeIndex(loaded));
  const plain = text.replace(/(.)[:@?#][^/]*$/, '$1');
  const texts = [text, plain, lastPart(text), lastPart(plain)];
  return [...new Set(texts.flatMap((each) => index.get(lettersOf(each)) ?? []))];
}

function lastPart(text: string): string {
  return text.slice(text.lastIndexOf('/') + 1);
}

/** Every name that a row of a tenant may have for what a text may mean on some runtime, and the text itself. */
export function namesMeant(loaded: LoadedRegistry, text: string): string[] {
  const { routes } = loaded;
  const arms = [...routes.runtimes.values()].flatMap(({ listed }) => listed.get(text)?.arms ?? []);
  const models = [
    ...modelsMeant(routes, text),
    ...arms.flatMap(({ model }) => model ?? []),
    ...meantInAnySpelling(loaded, text),
  ];
  return [...new Set([text, text.replace(/^[^/:]*[/:]/, ''), ...models.flatMap(rowNames)])];
}

function rowNames(model: Model): string[] {
  return namesOf(model).flatMap((name) => [name, `${model.vendor}/${name}`]);
}

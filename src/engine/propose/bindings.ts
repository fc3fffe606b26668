/** Tables of settings: a name in one column, and in another a value that is a model under some names only. */
import type { Table } from '../catalogue/catalog.ts';
import { columnPath } from '../catalogue/names.ts';
import type { BoundValues } from './observation.ts';
import type { PlaceInput, Trace } from './trace.ts';
import { type KnownNames, writingOf } from './templates.ts';
import { isModelWord, sqlName, sqlText, wordsOf } from '../catalogue/wording.ts';

/** Does the name of a setting speak of models: `DEFAULTMODEL`, `aiModel`, `llm.chat`? */
function speaksOfModel(name: string): boolean {
  return wordsOf(name).some(
    (word) => isModelWord(word) || isModelWord(word.replace(/s$/, '')) || /^(llm|gpt|engine)s?$/.test(word),
  );
}

/** The values of a table of settings that are models, under the names that say so; under other names they are a question. */
export function bindingTraces(input: PlaceInput, known: KnownNames, table: Table): Trace[] {
  const mine = input.seen.bound.filter((entry) => entry.table === table.id);
  const columns = new Set(mine.map((entry) => entry.column));
  return [...columns].flatMap((column) => {
    const ways = [
      ...Map.groupBy(
        mine.filter((entry) => entry.column === column),
        ({ by }) => by,
      ).values(),
    ];
    const [best] = ways
      .map((way) => settingsOf(known, way))
      .filter(({ speaking }) => speaking.length > 0)
      .toSorted((a, b) => b.hits - a.hits);
    return best === undefined ? [] : bindingTrace(input, table, best);
  });
}

interface Settings {
  readonly speaking: readonly BoundValues[];
  /** Names that say nothing of models, over values that are names of models. */
  readonly others: readonly BoundValues[];
  readonly isKey: boolean;
  readonly hits: number;
}

function settingsOf(known: KnownNames, way: readonly BoundValues[]): Settings {
  const found = way.map((entry) => ({
    entry,
    writing: writingOf(known, entry.distinct, speaksOfModel(entry.name)),
  }));
  const hit = found.filter(
    ({ entry, writing }) => writing.hits.length * 2 >= entry.distinct.length && writing.hits.length > 0,
  );
  const speaking = hit.filter(({ entry }) => speaksOfModel(entry.name));
  return {
    speaking: speaking.map(({ entry }) => entry),
    others: hit.filter(({ entry }) => !speaksOfModel(entry.name)).map(({ entry }) => entry),
    isKey: speaking.some(({ writing }) => writing.how.as === 'key'),
    hits: speaking.reduce((sum, { writing }) => sum + writing.hits.length, 0),
  };
}

function bindingTrace(input: PlaceInput, table: Table, { speaking, others, isKey }: Settings): Trace[] {
  const [first] = speaking;
  const column = table.columns.find(({ name }) => name === first?.column);
  if (first === undefined || column === undefined) return [];
  const names = [...new Set(speaking.map(({ name }) => name))];
  const live = condition(first.by, [...names, ...others.map(({ name }) => name)]);
  const ask =
    others.length === 0
      ? {}
      : {
          ask: condition(
            first.by,
            others.map(({ name }) => name),
          ),
        };
  const values = [...new Set(speaking.flatMap(({ distinct }) => distinct))];
  const reason = `where ${first.by} is ${names.join(' or ')}, ${columnPath(input.scope, table, column.name)} holds ${
    isKey ? 'keys' : 'names'
  } of models, such as ${JSON.stringify(values[0])}`;
  return [{ table, column, how: { ...(isKey ? { as: 'key' } : {}), live, ...ask }, reason }];
}

function condition(column: string, names: readonly string[]): string {
  const texts = [...new Set(names)].toSorted().map(sqlText);
  return texts.length === 1
    ? `${sqlName(column)} = ${texts[0]}`
    : `${sqlName(column)} IN (${texts.join(', ')})`;
}

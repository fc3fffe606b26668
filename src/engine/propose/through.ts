/**
 * Through whom a name is reached, where nothing is called a provider: the kind of a node (`azureChatOpenAI`), an address, a type of
 * credential. It stands in the row, or in an object around the name. No place can compare it, so a person is asked.
 */
import { wordsOf } from '../catalogue/wording.ts';
import { isModelName, isProviderName, type KnownWords, shareOf } from './known-words.ts';
import type { OwnColumn } from './links.ts';
import { innerOf, valuesOf } from './observation.ts';
import type { PlaceInput, Trace } from './trace.ts';

interface Beside {
  readonly name: string;
  readonly distinct: readonly string[];
}

/** Why a name alone may mean several models here; undefined where nothing beside it tells servers of its names apart. */
export function serverDoubt(input: PlaceInput, spot: OwnColumn, how: Trace['how'], names: readonly string[]) {
  const isName = how.as === undefined || how.as === '{name}';
  if (!isName || how.partner !== undefined || how.fields !== undefined) return undefined;
  const found = [...around(input, spot, how.json), ...inRow(input, spot)].find((beside) =>
    tellsServers(input.words, beside, names),
  );
  return found === undefined
    ? undefined
    : `${found.name} beside it seems to say through whom (${shown(found.distinct)}), and no place compares that`;
}

function shown(values: readonly string[]): string {
  return values.slice(0, 3).join(', ') + (values.length > 3 ? ', …' : '');
}

/** Members of the objects in which the value stands, the nearest first. */
function around({ seen }: PlaceInput, { table, column }: OwnColumn, json: string | undefined): Beside[] {
  if (json === undefined) return [];
  const mine = parentOf(json);
  return innerOf(seen, table.id, column.name)
    .flatMap(({ kind, pointer = '', distinct }) =>
      kind === 'json-value' && pointer !== json && `${mine}/`.startsWith(`${parentOf(pointer)}/`)
        ? [{ name: pointer, distinct }]
        : [],
    )
    .toSorted((a, b) => b.name.length - a.name.length);
}

function parentOf(pointer: string): string {
  return pointer.slice(0, Math.max(0, pointer.lastIndexOf('/')));
}

/** Other columns of the row, and what stands at the top of its other documents. */
function inRow({ seen }: PlaceInput, { table, column }: OwnColumn): Beside[] {
  return table.columns.flatMap(({ name }) =>
    name === column.name
      ? []
      : [
          { name, distinct: valuesOf(seen, table.id, name) },
          ...innerOf(seen, table.id, name).flatMap(({ kind, pointer = '', distinct }) =>
            kind === 'json-value' && parentOf(pointer) === '' ? [{ name: name + pointer, distinct }] : [],
          ),
        ],
  );
}

/** Some say a server that made none of these models, and others say another one, or none. */
function tellsServers(words: KnownWords, { distinct }: Beside, names: readonly string[]): boolean {
  const values = distinct.filter((value) => !/\s/.test(value) && !/^[{[]/.test(value));
  if (values.length < 2 || shareOf(values, (value) => isModelName(words, value)) > 0) return false;
  const makers = names.flatMap((name) =>
    [words.model(name)?.vendor ?? [], ...wordsOf(name).slice(0, 1)].flat(),
  );
  const foreign = values.map((value) =>
    serversIn(words, value)
      .filter((server) => !makers.some((maker) => server.startsWith(maker) || maker.startsWith(server)))
      .join(' '),
  );
  return new Set(foreign).size > 1;
}

/** `lmChatAzureOpenAi` holds azure and openai: words that stand side by side may be one. */
function serversIn(words: KnownWords, value: string): string[] {
  const parts = wordsOf(value);
  const joined = parts.flatMap((_, at) => [1, 2].map((count) => parts.slice(at, at + count).join('')));
  return [...new Set(joined)].filter((word) => isProviderName(words, word)).toSorted();
}

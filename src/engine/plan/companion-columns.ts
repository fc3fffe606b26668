/**
 * Columns beside a reference that are settings of its model: those that the configuration says something about, and those whose name
 * is that of a parameter (`temperature`, `chat_max_tokens` beside `chat_model`).
 */
import { ownMember } from '../own.ts';
import type { Column } from '../catalogue/catalog.ts';
import type { ModelFacts } from '../models/model.ts';
import { parameterName } from '../models/parameter-names.ts';
import { translateParameters } from '../models/parameters.ts';
import type { Place } from '../rules/place.ts';
import { type Rules, tableOf } from '../rules/references.ts';

interface CompanionColumn {
  readonly column: string;
  /** The parameter that the column holds. Undefined where the configuration says what becomes of it. */
  readonly parameter?: string;
}

/** The settings beside a place, in the order of the table's columns. What the configuration keeps is none. */
export function companionColumns(rules: Rules, place: Place): CompanionColumn[] {
  if (place.carrier !== 'columns') return [];
  const table = tableOf(rules, place.table);
  const own = rules.places.filter((one) => one.table === table.id);
  return table.columns.flatMap((column): CompanionColumn[] => {
    const rule = ownMember(place.companions, column.name);
    if (rule !== undefined) return rule === 'keep' ? [] : [{ column: column.name }];
    const parameter = isFree(own, column)
      ? parameterOf(rules, own, { place, column: column.name })
      : undefined;
    return parameter === undefined ? [] : [{ column: column.name, parameter }];
  });
}

/** A number or a word of which no place of the table speaks. */
function isFree(own: readonly Place[], { name, kind, type, generated }: Column): boolean {
  const plain = kind === 'integer' || kind === 'text' || /^(numeric|real|double)/.test(type);
  const spoken = own.some(
    ({ columns, parameters, companions }) =>
      parameters === name || Object.hasOwn(companions, name) || columns.some(({ column }) => column === name),
  );
  return plain && !generated && !spoken;
}

/** What stands before the name of the model goes before those of its settings, too. A setting without it belongs to the plain name. */
function parameterOf(
  { knowledge }: Rules,
  own: readonly Place[],
  { place, column }: { readonly place: Place; readonly column: string },
): string | undefined {
  const names = knowledge?.parameterNames ?? new Set();
  const name = parameterName(column);
  const prefix = prefixOf(place);
  if (prefix !== '' && name.startsWith(prefix)) return known(names, name.slice(prefix.length));
  const others = own.filter(({ carrier }) => carrier === 'columns');
  const isPlain = prefix === '' || !others.some((other) => prefixOf(other) === '');
  return isPlain ? known(names, name) : undefined;
}

function known(names: ReadonlySet<string>, name: string): string | undefined {
  return names.has(name) ? name : undefined;
}

function prefixOf({ column }: Place): string {
  return parameterName(column).replace(
    /(ai_?)?(model|llm|engine|deployment)(_?(id|key|name|slug|ref))?$/,
    '',
  );
}

/** What the target would make of a value; undefined where it takes it as it is. */
export function changeOnTarget(
  models: { readonly source: ModelFacts; readonly target: ModelFacts },
  parameter: string,
  text: string,
): { readonly after: string | undefined } | undefined {
  const value = text.trim() !== '' && Number.isFinite(Number(text)) ? text : JSON.stringify(text);
  const result = translateParameters(
    JSON.stringify({ [parameter]: null }).replace('null', () => value),
    models,
  );
  if (!('changes' in result)) return undefined;
  const lost = result.changes.find(({ change }) => ['dropped', 'clamped', 'rescaled'].includes(change));
  return lost === undefined ? undefined : { after: lost.after };
}

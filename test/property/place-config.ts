/** Places, conditions and spellings as the configuration says them. */
import type { Config } from '../../src/engine/rules/config.ts';
import type { PlaceConfig } from '../../src/engine/rules/place-config.ts';
import type { PlaceContext } from './build-places.ts';
import { decoyPointers } from './documents.ts';
import { literal, wordsFor } from './words.ts';
import { configName, quote } from './world.ts';
import type { PlaceDef, World } from './world.ts';

/** The place as the configuration says it. */
export function placeConfig(context: PlaceContext, table: string, place: PlaceDef): PlaceConfig[] {
  const { names, choices } = context;
  const { high, medium } = wordsFor(choices.words);
  if (place.unlisted) return [];
  const [column = '', second = ''] = place.columns;
  const decoys = place.carrier === 'json' ? decoyPointers(place) : [];
  const isKey = place.templates[0] === 'key' && place.form !== 'foreign-key';
  const shape = shapeOf(place);
  return [
    {
      at: configName(table, column),
      role: place.role,
      ...(isKey ? { as: 'key' } : place.templates[0] === 'provider/name' ? { as: '{provider}/{name}' } : {}),
      ...(shape === undefined ? {} : { shape }),
      ...(place.carrier === 'json' ? { json: place.pointer } : {}),
      ...(place.fields === undefined ? {} : { fields: place.fields }),
      ...(place.form === 'pair' ? { partner: second } : {}),
      ...(place.also === undefined ? {} : { also: [`{${place.also.replace('/', '}/{')}}`] }),
      ...(place.statuses ? statusConfig(context, place) : {}),
      ...(place.settings
        ? {
            parameters: names.parameters,
            companions: { [names.effort]: { map: { [high]: medium } }, [names.spare]: 'drop' as const },
          }
        : {}),
      ...(place.carrier === 'columns' || place.form === 'json-member' ? { collision: place.collision } : {}),
    },
    ...decoys.map((json) => ({ at: configName(table, column), json, role: 'ignore' as const })),
  ];
}

function shapeOf({ form, carrier, list }: PlaceDef): PlaceConfig['shape'] {
  if (list || carrier === 'array') return 'list';
  if (form === 'json-comma') return 'comma';
  return carrier === 'columns' || carrier === 'json' ? undefined : carrier;
}

/** The same rows in two ways to say it: by the one status that is live, and by those that are not. */
function statusConfig({ names, choices }: PlaceContext, { pointerNumber }: PlaceDef): Partial<PlaceConfig> {
  const { active, draft, archived, always } = wordsFor(choices.words);
  const status = quote(names.status);
  const others = [draft, archived, '$2', 'UPDATE'].map(literal).join(', ');
  return {
    live: `${pointerNumber % 2 === 0 ? `${status} = ${literal(active)}` : `${status} NOT IN (${others})`} AND ${always}`,
    ask: `${status} = ${literal(draft)} AND ${always}`,
    guard: `${status} = '$3' AND ${always}`,
  };
}

/** Spellings as the configuration lists them. */
export function spellingConfig(spellings: World['spellings']): NonNullable<Config['model']>['spellings'] {
  const listed = (all: readonly string[][]): Record<string, readonly string[]> =>
    Object.fromEntries(all.filter((one) => one.length > 1).map(([first = '', ...others]) => [first, others]));
  return { provider: listed(spellings.provider), name: listed(spellings.name) };
}

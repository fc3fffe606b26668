/** The models of a case, and every way to write one. */
import type { Choices } from './choices.ts';
import { keyOf } from './names-and-keys.ts';
import type { ModelDef, Names, TableDef, World } from './world.ts';
import { wordsFor } from './words.ts';

export type ModelNumber = 0 | 1 | 2 | 3 | 4;

export function spellingsOf(choices: Choices): World['spellings'] {
  const { source, target, other, longer, acme, beta } = wordsFor(choices.words);
  const known = (all: readonly string[]): string[] => all.slice(0, choices.spellings ? all.length : 1);
  return {
    name: [known(source), known(target), [other], [longer]],
    provider: [known(acme), known(beta)],
  };
}

/** The source, the target, one of another name, one whose name begins with the source's, and the source of another provider. */
function modelNames(choices: Choices): string[] {
  const names = spellingsOf(choices).name.map(([first = '']) => first);
  return choices.twin ? [...names, names[0] ?? ''] : names;
}

function providerOf(choices: Choices, model: number): string {
  const [acme, beta] = spellingsOf(choices).provider;
  return ((model === 1 && !choices.sameProvider) || model === 4 ? beta : acme)?.[0] ?? '';
}

function hasGlobalTarget(choices: Choices): boolean {
  return choices.globalTarget && choices.modelKeys !== 'composite';
}

/** Whose a global model is, among the numbers of tenants. */
const nobody = 90;

/** The key of a tenant's model; with a composite key each tenant counts for itself. */
export function modelKey(choices: Choices, tenant: number, model: ModelNumber): string {
  if (choices.modelKeys === 'composite') return String(model + 1);
  const owner = hasGlobalTarget(choices) && model === 1 ? nobody : tenant;
  return keyOf(choices.modelKeys, 7, owner * 10 + model);
}

export function modelDef(choices: Choices, tenant: number, model: 0 | 1 | 4): ModelDef {
  return {
    key: choices.modelTable ? modelKey(choices, tenant, model) : undefined,
    name: modelNames(choices)[model] ?? '',
    provider: providerOf(choices, model),
  };
}

export function modelKeyType(choices: Choices): string {
  return choices.modelKeys === 'composite' ? 'bigint' : choices.modelKeys;
}

/** The table of models; none where names are all there is. */
export function modelTable(choices: Choices, names: Names, tenantKeys: readonly string[]): TableDef[] {
  if (!choices.modelTable) return [];
  const composite = choices.modelKeys === 'composite';
  const type = modelKeyType(choices);
  const column = (name: string, type: string, notNull = true) => ({ name, type, notNull });
  return [
    {
      name: names.models,
      entity: 'models',
      columns: [
        column(names.tenant, choices.tenantKeys, !hasGlobalTarget(choices)),
        column(names.id, type),
        column(names.name, 'text'),
        column(names.provider, 'text'),
        column(names.state, 'text'),
        column(names.successor, type, false),
      ],
      primaryKey: composite ? [names.tenant, names.id] : [names.id],
      configuredKey: [],
      uniques: [],
      foreignKeys: [{ columns: [names.tenant], references: names.tenants, referencedColumns: [names.id] }],
      ties: [{ kind: 'column', column: names.tenant }],
      places: [],
      rows: tenantKeys.flatMap((tenant, at) => modelRows(choices, names, { tenant, at })),
    },
  ];
}

function modelRows(choices: Choices, names: Names, owner: { tenant: string; at: number }) {
  const global = hasGlobalTarget(choices);
  const { gone } = wordsFor(choices.words);
  const rows = modelNames(choices).flatMap((name, model) =>
    global && model === 1 && owner.at > 0
      ? []
      : [
          {
            [names.tenant]: global && model === 1 ? null : owner.tenant,
            [names.id]: modelKey(choices, owner.at, model as ModelNumber),
            [names.name]: name,
            [names.provider]: providerOf(choices, model),
            [names.state]: model === 0 && choices.sourceRetired && owner.at % 3 === 0 ? gone : 'here',
            [names.successor]:
              model === 0 && choices.sourceRetired && choices.spellings
                ? modelKey(choices, owner.at, 2)
                : null,
          },
        ],
  );
  return rows;
}

/** Which models the data itself names: what nobody else knows is no slip of the finger where rows have it. */
import { canonicalText } from '../../engine/canonical.ts';
import { given } from '../../engine/given.ts';
import type { Side } from '../../engine/models/unknown-models.ts';
import type { Scannable } from '../../engine/inventory/scannable.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { PlaceGroup } from '../../engine/plan/snapshot.ts';
import { stateFromCode } from '../../engine/plan/place-state.ts';
import type { ModelFacts, ModelPair } from '../../engine/models/model.ts';
import { modelFromText } from '../../engine/models/select.ts';
import { isUse } from '../../engine/rules/place.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { many } from '../driver/question.ts';
import { meansRowSql, ofPlaceSql } from '../sql/match.ts';
import { liveSql } from '../sql/state.ts';
import { mineSql } from '../sql/row.ts';
import { allOf, column, raw, rowsOf, sql } from '../sql/sql.ts';
import { memberOf } from '../facts/member.ts';
import { scanUncovered } from '../facts/scan.ts';
import { readPlaceGroups } from '../facts/places.ts';

interface NamedModelsInput {
  readonly rules: Rules;
  readonly scannable: readonly Scannable[];
  readonly intent: Intent;
  readonly pair: ModelPair;
}

/**
 * Does a row of any tenant that the session may see name the model? The source may be named anywhere; the target by a row that is
 * in use, because what is recorded of the past may be gone, and what is forbidden may never have been.
 */
export async function isNamed(tx: Tx, asked: NamedModelsInput, side: Side): Promise<boolean> {
  const { rules, scannable, pair } = asked;
  const { tenant: _everybody, ...intent } = asked.intent;
  if (side === 'target') {
    const places = rules.places.filter(isUse);
    const turned = memberOf({ ...rules, places }, intent, { source: pair.target, target: pair.source });
    const [found = []] = await readPlaceGroups(
      tx,
      { rules: { ...rules, places }, members: [turned] },
      'none',
    );
    return hasRows(found, (standing) => standing !== 'history');
  }
  const members = [memberOf(rules, intent, pair)];
  const [found = []] = await readPlaceGroups(tx, { rules, members }, 'none');
  if (hasRows(found, () => true)) return true;
  const [others] = await scanUncovered(tx, { rules, members }, scannable);
  return others !== undefined && others.uncovered.length > 0;
}

function hasRows(
  places: readonly PlaceGroup[],
  counts: (standing: ReturnType<typeof stateFromCode>['standing']) => boolean,
): boolean {
  return places.some(({ groups }) =>
    groups.some(({ states }) => Object.values(states).some((code) => counts(stateFromCode(code).standing))),
  );
}

const mostNames = 1000;

/** The names of models that the tenant's rows hold in columns of their own; of all rows where no tenant is meant. */
export async function namesInUse(tx: Tx, { rules, intent }: NamedModelsInput): Promise<string[]> {
  const found = await readNames(tx, rules, intent.tenant);
  return [...new Set(found.map(({ name }) => name))];
}

/**
 * The models that these columns name, by what the configuration says of their parts; those of another form are left out. Where nobody
 * has said yet what a column holds (role `ask`), what the registry does not know is no model.
 */
export async function modelsInUse(
  tx: Tx,
  rules: Rules,
  tenant: TenantKey,
): Promise<ModelFacts['components'][]> {
  const places = rules.places.filter(({ role }) => role !== 'ask');
  const found = (await readNames(tx, { ...rules, places }, tenant)).flatMap(
    ({ name, provider, template }) => {
      if (template === '{name}') return [{ ...given({ provider: provider ?? undefined }), name }];
      if (template !== '{provider}/{name}') return [];
      const selection = modelFromText(rules.config, { kind: '', text: name });
      return 'model' in selection ? [selection.model.components] : [];
    },
  );
  return [...new Map(found.map((components) => [canonicalText(components), components])).values()];
}

interface NameRead {
  readonly name: string;
  readonly provider: string | null;
  /** What the column of the name holds. */
  readonly template: string;
}

async function readNames(tx: Tx, rules: Rules, tenant: TenantKey): Promise<NameRead[]> {
  const columns = rules.places.flatMap((place) => nameColumns(place).map((part) => ({ place, part })));
  const found = await tx.together(
    columns.map(({ place, part }) => {
      const table = tableOf(rules, place.table);
      const tenants = tenant === undefined ? undefined : [tenant];
      const context = { rules, table, size: 1, tenants };
      // The other rows of a table of settings hold no models.
      const meant = isUse(place)
        ? allOf([ofPlaceSql(context, place), liveSql(context, place)])
        : meansRowSql(context, place);
      const beside = place.columns.find(({ template }) => template === '{provider}');
      const provider = beside === undefined ? raw('NULL') : column('t', beside.column);
      return many<Omit<NameRead, 'template'>>(
        sql`SELECT DISTINCT ${column('t', part.column)}::text AS name, ${provider}::text AS provider FROM ${rowsOf(table)} t
          WHERE trim(${column('t', part.column)}::text) <> '' AND ${mineSql(context)} AND ${meant} LIMIT ${raw(String(mostNames))}`,
      );
    }),
  );
  return found.flatMap((rows, at) =>
    rows.map((row) => ({ ...row, template: columns[at]?.part.template ?? '' })),
  );
}

function nameColumns({ carrier, columns, role }: Place): Place['columns'] {
  if (carrier !== 'columns' || role === 'ignore' || role === 'prose') return [];
  return columns.filter(({ template }) => /\{(name|spelling)\}/.test(template));
}

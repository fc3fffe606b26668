/**
 * A random small database with a configuration that misses places: what Drover says of it, and what a reader of every cell finds
 * afterwards. As long as something is unaccounted, the lines that the findings give are pasted, as a person would.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { Plan } from '../../src/engine/plan/plan-types.ts';
import type { Config } from '../../src/engine/rules/config.ts';
import type { PlaceConfig } from '../../src/engine/rules/place-config.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { DroverError } from '../../src/errors.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { applyOne, planOne, rollbackOne } from '../support/batches.ts';
import { cellKinds, namesSource, nickname, source, target } from './cells.ts';
import type { CellKind } from './cells.ts';

const roles = ['reference', 'history', 'ignore', 'ask'] as const;

interface ColumnChoice {
  readonly kind: CellKind;
  /** Number of the place that the configuration has of it; none where it misses the column. */
  readonly place: number | undefined;
  readonly role: (typeof roles)[number];
  /** By row; null is NULL. */
  readonly cells: readonly (string | null)[];
}

interface TableChoice {
  /** Whose a row is: by its own column, by a parent's, or by the table of models that stands for a shared one. */
  readonly tie: 'direct' | 'parent';
  /** By row the number of the tenant; 2 is nobody. */
  readonly owners: readonly number[];
  readonly columns: readonly ColumnChoice[];
  /** By row the number of a model in three columns: with a foreign key, without one, and in a document. */
  readonly keys: readonly number[];
}

export interface Unplaced {
  readonly models: 'none' | 'everybody' | 'tenant';
  readonly tables: readonly TableChoice[];
  /** The role that whoever pastes gives, in turn. */
  readonly pasted: readonly (typeof roles)[number][];
}

/** In how many cases what happened: a property of which most cases end early proves little. */
export interface Seen {
  applied: number;
  pasted: number;
  refused: number;
}

const rows = 5;

function columnChoice(kinds: readonly CellKind[]): fc.Arbitrary<ColumnChoice> {
  return fc.constantFrom(...kinds).chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      place: fc.option(fc.nat({ max: Math.max(0, kind.places.length - 1) }), { freq: 1, nil: undefined }),
      role: fc.constantFrom(...roles),
      cells: fc.array(fc.option(kind.cells, { freq: 5 }), { minLength: rows, maxLength: rows }),
    }),
  );
}

/** @param withServer the types that an embedded database lacks are among them */
export function unplacedCases(withServer: boolean): fc.Arbitrary<Unplaced> {
  const kinds = Object.values(cellKinds).filter(({ server }) => withServer || server !== true);
  const cases = fc.record({
    models: fc.constantFrom('none' as const, 'everybody' as const, 'tenant' as const),
    tables: fc.array(
      fc.record({
        tie: fc.constantFrom('direct' as const, 'parent' as const),
        owners: fc.array(fc.constantFrom(0, 0, 0, 1, 2), { minLength: rows, maxLength: rows }),
        columns: fc.array(columnChoice(kinds), { minLength: 1, maxLength: 4 }),
        keys: fc.array(fc.nat({ max: 3 }), { minLength: rows, maxLength: rows }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    pasted: fc.array(fc.constantFrom(...roles), { minLength: 1, maxLength: 5 }),
  });
  return cases.map((one) => ({ ...one, [fc.toStringMethod]: () => shown(one) }));
}

/** As a counterexample. */
function shown(one: Unplaced): string {
  return `\n${worldSql(one)}\n\n${JSON.stringify(placesOf(one), null, 1)}\npasted: ${one.pasted.join(', ')}\n`;
}

const tenants = ['north', 'south'] as const;
const modelNames = [source, target, 'o3'];
const types = `CREATE DOMAIN named AS text; CREATE TYPE label AS ENUM ('${source}', 'o3', '${source}-mini', '${target}');
  CREATE TYPE pick AS (model text, weight int); CREATE TYPE name_range AS RANGE (subtype = text);`;

/** The key of a model's row; each tenant has its own, or all have one. */
const modelKey = (models: Unplaced['models'], tenant: number, model: number): number =>
  models === 'tenant' ? tenant * 10 + model + 1 : model + 1;

interface TableOf extends TableChoice {
  readonly name: string;
}

function tablesOf(one: Unplaced): TableOf[] {
  return one.tables.map((table, at) => ({ ...table, name: `things${at}` }));
}

const sqlText = (value: string | null): string =>
  value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`;

/** The columns with keys of models, where there is a table of models. */
const keyColumns = ['linked', 'model_id', 'choice'] as const;

function keyCells({ models }: Unplaced, owner: number, number: number): string[] {
  if (models === 'none') return [];
  const model =
    modelNames[number] === undefined ? null : String(modelKey(models, owner === 2 ? 0 : owner, number));
  return [
    sqlText(model),
    sqlText(model),
    sqlText(model === null ? '{}' : `{"model_id": ${model}, "size": 4}`),
  ];
}

function worldSql(one: Unplaced): string {
  const withModels = one.models !== 'none';
  const catalogue = tenants.flatMap((_, tenant) =>
    one.models === 'everybody' && tenant > 0
      ? []
      : modelNames.map((name, model) => `(${modelKey(one.models, tenant, model)}, ${one.models === 'tenant' ? tenant + 1 : 'NULL'}, '${name}')`),
  ); // prettier-ignore
  const tables = tablesOf(one).map((table) => {
    const columns = table.columns.map(({ kind }, at) => `, c${at} ${kind.type}`).join('');
    const keys = withModels ? ', linked int REFERENCES models, model_id int, choice jsonb' : '';
    const owner =
      table.tie === 'direct' ? 'tenant_id int REFERENCES tenants' : 'space_id int REFERENCES spaces';
    const cells = table.owners.map((who, row) => {
      const values = table.columns.map((column) => sqlText(column.cells[row] ?? null));
      return `(${[row, who === 2 ? 'NULL' : who + 1, ...values, ...keyCells(one, who, table.keys[row] ?? 3)].join(', ')})`;
    });
    return `CREATE TABLE ${table.name} (id int PRIMARY KEY, ${owner}${columns}${keys});
      INSERT INTO ${table.name} VALUES ${cells.join(', ')};`;
  });
  return `${types}
    CREATE TABLE tenants (id int PRIMARY KEY, name text NOT NULL);
    INSERT INTO tenants VALUES (1, 'north'), (2, 'south');
    CREATE TABLE spaces (id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants);
    INSERT INTO spaces VALUES (1, 1), (2, 2);
    ${withModels ? `CREATE TABLE models (id int PRIMARY KEY, tenant_id int REFERENCES tenants, name text NOT NULL); INSERT INTO models VALUES ${catalogue.join(', ')};` : ''}
    ${tables.join('\n')}`; // prettier-ignore
}

function configOf(one: Unplaced, schema: string, places: readonly PlaceConfig[]): Config {
  const columns = { name: 'name', tenant: 'tenant_id' };
  const global = one.models === 'everybody' ? { global: 'tenant_id IS NULL' } : {};
  const spellings = { name: { [source]: [nickname] } };
  return {
    version: 1,
    database: { schemas: [schema] },
    model:
      one.models === 'none'
        ? { identity: ['name'], spellings }
        : { spellings, tables: [{ table: 'models', key: 'id', columns, ...global }] },
    tenant: { root: 'tenants', key: 'id', display: 'name', column: 'tenant_id' },
    places,
  };
}

function placesOf(one: Unplaced): PlaceConfig[] {
  return tablesOf(one).flatMap(({ name, columns }) =>
    columns.flatMap(({ kind, place, role }, at): PlaceConfig[] => {
      const said = place === undefined ? undefined : kind.places[place];
      return said === undefined ? [] : [{ at: `${name}.c${at}`, role, ...said }];
    }),
  );
}

/** What the findings say to paste, with a role. */
function pastedOf(plan: Plan, chosen: readonly (typeof roles)[number][], from: number): PlaceConfig[] {
  const asked = plan.findings.filter(({ code }) => code === 'UNACCOUNTED');
  return asked.map(({ message }, at) => {
    const line = / places: (- \{.*\}) \(or history, or ignore\)$/.exec(message)?.[1] ?? assert.fail(message);
    const [place] = parse(line) as PlaceConfig[];
    if (place === undefined) assert.fail(message);
    return { ...place, role: chosen[(from + at) % chosen.length] ?? 'reference' };
  });
}

interface Cell {
  readonly table: string;
  readonly column: string;
  readonly owner: 'mine' | 'other' | 'nobody';
  readonly names: boolean;
}

/** Every cell of every subject, read one by one. */
async function readCells(database: Database, schema: string, one: Unplaced): Promise<Cell[]> {
  const cells: Cell[] = [];
  const key = String(modelKey(one.models, 0, 0));
  for (const table of tablesOf(one)) {
    const own = table.columns.map(({ kind }, at) => {
      const column = `c${at}`;
      return { column, sql: `(${(kind.read ?? '$').replace('$', column)})::text`, names: namesSource };
    });
    const keys = keyColumns.map((column) => ({
      column,
      sql: column === 'choice' ? `choice->>'model_id'` : `${column}::text`,
      names: (cell: string | null) => cell === key,
    }));
    const read = [...own, ...(one.models === 'none' ? [] : keys)];
    const found = await database.transaction({ readOnly: true }, (tx) =>
      tx.many<{ row: string }>(
        `SELECT json_build_array(${read.map(({ sql }) => sql).join(', ')})::text AS row FROM ${schema}.${table.name} ORDER BY id`,
      ),
    );
    for (const [at, { row }] of found.entries()) {
      const owner = (['mine', 'other', 'nobody'] as const)[table.owners[at] ?? 2] ?? 'nobody';
      const values = JSON.parse(row) as (string | null)[];
      for (const [number, { column, names }] of read.entries())
        cells.push({ table: table.name, column, owner, names: names(values[number] ?? null) });
    }
  }
  return cells;
}

async function dump(database: Database, schema: string, one: Unplaced): Promise<unknown> {
  const all = ['models', ...tablesOf(one).map(({ name }) => name)].slice(one.models === 'none' ? 1 : 0);
  return database.transaction({ readOnly: true }, async (tx) => {
    const found = [];
    for (const table of all)
      found.push(await tx.many(`SELECT t::text AS row FROM ${schema}.${table} t ORDER BY id`));
    return found;
  });
}

let numbered = 0;

/** Never says more than is true, and takes back exactly. */
export async function runUnplaced(database: Database, one: Unplaced, seen: Seen): Promise<void> {
  const schema = `unplaced_${(numbered += 1)}`;
  const open = (places: readonly PlaceConfig[]): Promise<Site> =>
    openSite({ database, config: configOf(one, schema, places) });
  try {
    await database.transaction({}, (tx) =>
      tx.script(`CREATE SCHEMA ${schema}; SET LOCAL search_path TO ${schema}, public; ${worldSql(one)}`),
    );
    const start = await dump(database, schema, one);
    const places = placesOf(one);
    let site = await open(places);
    const from = one.models === 'none' ? source : String(modelKey(one.models, 0, 0));
    const to = one.models === 'none' ? target : String(modelKey(one.models, 0, 1));
    const intent: Intent = { tenant: '1', from, to, parameters: 'keep', answers: {}, leaveAsks: true };
    let plan = await planOne(site, intent);
    for (let round = 0; plan.findings.some(({ code }) => code === 'UNACCOUNTED'); round += 1) {
      assert.ok(round < 8, `pasting settles nothing: ${JSON.stringify(plan.findings)}`);
      assert.equal(plan.completion, 'partial');
      await assert.rejects(
        applyOne(site, { intent, plan, confirm: true, actor: 'property' }),
        (error) => error instanceof DroverError,
      );
      places.push(...pastedOf(plan, one.pasted, places.length));
      site = await open(places);
      plan = await planOne(site, intent);
      seen.pasted += 1;
    }
    assert.deepEqual(await dump(database, schema, one), start, 'a plan writes nothing');
    if (plan.findings.some(({ severity }) => severity === 'error')) {
      seen.refused += 1;
      return;
    }
    const result = await applyOne(site, { intent, plan, confirm: true, actor: 'property' });
    expectTrue(await readCells(database, schema, one), { plan, completion: result.completion, places, one });
    seen.applied += 1;
    const undone = await rollbackOne(site, { migrationId: result.migrationId, actor: 'property' });
    assert.deepEqual(undone.skipped, []);
    assert.deepEqual(await dump(database, schema, one), start, 'taken back');
  } finally {
    await database.transaction({}, (tx) => tx.script(`DROP SCHEMA IF EXISTS ${schema} CASCADE`));
  }
}

interface Claimed {
  readonly plan: Plan;
  readonly completion: string;
  readonly places: readonly PlaceConfig[];
  readonly one: Unplaced;
}

/** What the oracle finds was announced, column by column; the word is the one that the rows bear. */
function expectTrue(cells: readonly Cell[], { plan, completion, places, one }: Claimed): void {
  const named = cells.filter(({ names, owner }) => names && owner !== 'other');
  const announced = (column: string): number =>
    plan.leftBehind.reduce((sum, { place, count }) => (isOf(place, column) ? sum + count : sum), 0);
  const settled = (column: string, ...said: string[]): boolean =>
    places.some(({ at, role }) => at === column && said.includes(role ?? 'reference'));
  for (const [column, all] of Map.groupBy(named, (cell) => `${cell.table}.${cell.column}`)) {
    // What is ignored is not said, and what is a record as a whole is not read again.
    const isRecord = places.some(
      ({ at, role, json }) => at === column && json === undefined && role === 'history',
    );
    if (isRecord || settled(column, 'ignore')) continue;
    assert.ok(
      all.length <= announced(column),
      `${column} names the source in ${all.length} rows, announced ${announced(column)}`,
    );
  }
  const prose = new Set(
    tablesOf(one).flatMap(({ name, columns }) =>
      columns.flatMap(({ kind }, at) => (kind.prose === true ? [`${name}.c${at}`] : [])),
    ),
  );
  const live = named.filter((cell) => {
    const column = `${cell.table}.${cell.column}`;
    return !settled(column, 'ignore', 'history', 'prose') && !prose.has(column);
  });
  if (live.some(({ owner }) => owner === 'mine')) assert.equal(completion, 'partial');
  else if (live.length > 0) assert.notEqual(completion, 'complete');
}

function isOf(place: string, column: string): boolean {
  return place === column || place.startsWith(`${column}/`) || place.startsWith(`${column}[`);
}

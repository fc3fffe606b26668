/** What is filled: owners and values of the rows that are there, unseen by the triggers that are silenced. */
import { displayName } from '../catalogue/catalog.ts';
import type { Table } from '../catalogue/catalog.ts';
import { given } from '../given.ts';
import type { ConvertedTable, StepLock } from './conversion.ts';
import { lock, ownerSources, schemaStep, step } from './course.ts';
import type { Course } from './course.ts';
import type { GroundIndex } from './ground.ts';
import { keptColumn } from './keys.ts';
import { fitted } from './shorten.ts';
import type { ConversionStep, KeptKeys, ReplacedTrigger, StepChange } from './steps.ts';

/** Where rows are that were put aside, and what a fill must remember. */
const sideSchema = 'drover_quarantine';

/** The steps, after the schema that they need. */
export function fillSchema(index: GroundIndex, steps: readonly ConversionStep[]): ConversionStep[] {
  const needed = steps.some(({ change: { kind } }) => kind === 'quarantine' || kind === 'filled-keys');
  return needed
    ? [schemaStep(index, { phase: 'fill', schema: sideSchema, users: [] }), ...steps]
    : [...steps];
}

export function fill(course: Course, each: ConvertedTable): ConversionStep[] {
  const { index, type } = course;
  const { table, v2: at, column } = each;
  const said = index.said(table);
  const sources = ownerSources(course, each);
  const writing = [lock(table, 'ROW EXCLUSIVE', true)];
  const steps: ConversionStep[] = [];
  const add = (what: string, change: StepChange, locks: readonly StepLock[] = writing): void => {
    steps.push(step('fill', table, what, { locks, change }));
  };
  for (const which of ['ownerless', 'disputed'] as const)
    if (said[which] === 'quarantine' && (each.strays?.[which].rows ?? 0) > 0)
      add(`${which} rows to quarantine`, {
        kind: 'quarantine',
        at,
        side: { schema: sideSchema, name: fitted(`${at.name}_${which}`) },
        columns: writable(index, each),
        sources,
        which,
        ...given({ column: each.hasColumn ? column : undefined }),
      });
  const otherwise = index.givenTo(table);
  const isFilled = sources.length > 0 || (each.hasColumn && otherwise !== undefined);
  const kept = keptKeys(index, each);
  if (isFilled && kept !== undefined)
    add(`keys of rows without an owner`, { kind: 'filled-keys', at, kept }, []);
  if (isFilled && column !== undefined)
    add(
      'owners',
      {
        kind: 'fill-owner',
        at,
        column,
        type,
        sources,
        ...given({ otherwise, kept }),
      },
      [...writing, ...rootLock(course)],
    );
  for (const twin of each.twins) add(`values of ${twin.v2}`, { kind: 'fill-twin', at, twin });
  return steps.length === 0 ? steps : [...silence(course, each), ...steps, ...restore(course, each)];
}

/** V1's own column gets its empty values back; its rows are known by their key. */
function keptKeys(index: GroundIndex, each: ConvertedTable): KeptKeys | undefined {
  if (!each.hasColumn) return undefined;
  const keys = index.tables.get(each.table)?.primaryKey ?? [];
  return {
    side: { schema: sideSchema, name: fitted(`${each.v2.name}_unowned`) },
    keys: keys.map((name) => keptColumn(each, name)),
  };
}

function writable(index: GroundIndex, each: ConvertedTable): string[] {
  const columns = index.tables.get(each.table)?.columns ?? [];
  return columns.filter(({ computed }) => !computed).map(({ name }) => keptColumn(each, name));
}

/** The key to the table of tenants is asked of each row that gets a tenant. */
function rootLock({ index, byTable }: Course): StepLock[] {
  const root = index.root();
  return root !== undefined && byTable.has(root.id) ? [lock(root.id, 'ROW SHARE')] : [];
}

function silence({ index }: Course, each: ConvertedTable): ConversionStep[] {
  return silenced(index, each).map((trigger) =>
    step('fill', each.table, `trigger ${trigger.name} does not see the fill`, {
      locks: [lock(each.table, 'SHARE ROW EXCLUSIVE')],
      change: { kind: 'quiet', ...replaced(index, each, trigger) },
    }),
  );
}

function restore({ index }: Course, each: ConvertedTable): ConversionStep[] {
  return silenced(index, each).map((trigger) =>
    step('fill', each.table, `trigger ${trigger.name} as it was`, {
      locks: [lock(each.table, 'SHARE ROW EXCLUSIVE')],
      change: { kind: 'loud', ...replaced(index, each, trigger) },
    }),
  );
}

function replaced(
  index: GroundIndex,
  each: ConvertedTable,
  { name, definition }: Table['triggers'][number],
): ReplacedTrigger {
  const always = index.relations.get(each.table)?.triggers.find((one) => one.name === name)?.always;
  return { at: each.v2, trigger: name, definition: moved(each, definition), ...given({ always }) };
}

function silenced(index: GroundIndex, { table }: ConvertedTable): Table['triggers'] {
  const said = new Map(Object.entries(index.said(table).triggers ?? {}));
  // To replace a trigger that is off would switch it on.
  const off = new Set(
    (index.relations.get(table)?.triggers ?? []).flatMap(({ name, enabled }) => (enabled ? [] : [name])),
  );
  return (index.tables.get(table)?.triggers ?? []).filter(
    ({ name }) => said.get(name) === 'silence' && !off.has(name),
  );
}

/** The definition of a trigger with the table's name in V2. */
function moved({ table, v2 }: ConvertedTable, definition: string): string {
  return definition.replace(` ON ${table} `, ` ON ${displayName(v2.schema)}.${displayName(v2.name)} `);
}

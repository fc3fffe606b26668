/** What is wrong with a member of a batch: it is refused before it wrote, or the database refuses rows of it afterwards. */
import fc from 'fast-check';
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { ownerOf } from './oracle-owner.ts';
import { quote } from './world.ts';
import type { Member, TableDef, World } from './world.ts';

const kinds = ['no-target', 'refused', 'deferred', 'passed-over'] as const;
export type Phase = 'apply' | 'rollback' | 'redo';

export interface Fault {
  readonly kind: (typeof kinds)[number];
  /** Before what the database is made to refuse. */
  readonly phase: Phase;
  /** Numbers of the member and of the table, modulo how many there are. */
  readonly member: number;
  readonly table: number;
  /** Only this row of the member, or all of them. */
  readonly row: number | undefined;
}

const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom(...kinds),
  phase: fc.constantFrom<Phase>('apply', 'apply', 'rollback', 'redo'),
  member: fc.nat({ max: 6 }),
  table: fc.nat({ max: 3 }),
  row: fc.option(fc.nat({ max: 7 }), { nil: undefined }),
});

/** None in half of the cases; otherwise one, or two that fail at once. */
export const faults: fc.Arbitrary<readonly Fault[]> = fc.oneof(
  fc.constant([]),
  fc.array(fault, { minLength: 1, maxLength: 2 }),
);

/** What each member asks for. */
export function intentsOf(world: World, all: readonly Fault[]): Intent[] {
  return world.members.map(({ intent }, at) =>
    all.some(({ kind, member }) => kind === 'no-target' && member % world.members.length === at)
      ? { ...intent, to: 'acme/nowhere' }
      : intent,
  );
}

/** Lets the database refuse what the faults of this phase say. */
export async function plantFaults(
  database: Database,
  about: { readonly schema: string; readonly world: World; readonly faults: readonly Fault[] },
  phase: Phase,
): Promise<void> {
  const sql = about.faults.flatMap((one, number) =>
    one.phase === phase ? [faultSql(about.world, one, number)] : [],
  );
  if (sql.length === 0) return;
  await database.transaction({}, (tx) =>
    tx.script(`SET LOCAL search_path TO ${about.schema};\n${sql.join('\n')}`),
  );
}

function faultSql(world: World, { kind, member, table, row }: Fault, number: number): string {
  const { members, subjects, names } = world;
  const who = members[member % members.length];
  const where = subjects[table % subjects.length];
  if (kind === 'no-target' || who === undefined || where === undefined) return '';
  const all = rowsOf(world, who, where);
  const ids = all.filter((_, at) => row === undefined || at === row % all.length);
  const list = ids.map((id) => `'${id}'`).join(', ');
  if (list === '') return '';
  const timing = kind === 'deferred' ? 'AFTER' : 'BEFORE';
  return `CREATE FUNCTION refuse_${number}() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN ${
    kind === 'passed-over' ? 'RETURN NULL;' : `RAISE check_violation USING MESSAGE = 'planted';`
  } END $body$;
    CREATE ${kind === 'deferred' ? 'CONSTRAINT ' : ''}TRIGGER planted_${number} ${timing} UPDATE OR DELETE ON ${quote(where.name)}
      ${kind === 'deferred' ? 'DEFERRABLE INITIALLY DEFERRED ' : ''}FOR EACH ROW WHEN (OLD.${quote(names.id)}::text IN (${list})) EXECUTE FUNCTION refuse_${number}();`;
}

function rowsOf(world: World, member: Member, table: TableDef): string[] {
  const dump = new Map([...world.surroundings, ...world.subjects].map((one) => [one.name, one.rows]));
  return table.rows
    .filter((row) => ownerOf({ ...world, ...member }, { dump, table, row }) === 'mine')
    .map((row) => row[world.names.id] ?? '');
}

/**
 * Random families of tables that refer to each other, with rows, and an oracle of what becomes of them when a row gets another key or two
 * rows become one. The oracle knows no keys: a reference is a pointer to a row, and a value is asked for along the pointers.
 */
import fc from 'fast-check';

/** A column that refers to a column of an earlier table, or of its own. */
interface Reference {
  readonly column: string;
  readonly table: string;
  readonly to: string;
}

interface FamilyTable {
  readonly name: string;
  /** `id`, or two columns of which the first is a reference. */
  readonly key: readonly string[];
  readonly columns: readonly string[];
  readonly references: readonly Reference[];
  /** By two columns together, to a table whose key has two. */
  readonly pair?: { readonly columns: readonly [string, string]; readonly table: string };
  readonly unique?: { readonly columns: readonly string[]; readonly nullsMeet: boolean };
  /** Of two rows that meet: whose values are kept. */
  readonly keep: 'keep-target' | 'keep-source';
}

type FamilyRow = Readonly<Record<string, number | null>>;

export interface Family {
  readonly tables: readonly FamilyTable[];
  readonly rows: ReadonlyMap<string, readonly FamilyRow[]>;
  readonly merge: boolean;
  /** Rows of the first table: which become which. */
  readonly pairs: readonly (readonly [from: number, to: number])[];
}

/** One row, several, chains and rings; what is merged into a row that is merged itself goes where that one goes. */
const rekeyed: readonly Family['pairs'][] = [
  [[1, 100]],
  [[1, 100], [2, 101], [4, 102]],
  [[1, 2], [2, 1]],
  [[1, 2], [2, 100]],
  [[1, 2], [2, 3], [3, 100], [5, 101]],
  [[1, 2], [2, 3], [3, 4], [4, 5], [5, 1]],
]; // prettier-ignore
const merged: readonly Family['pairs'][] = [
  [[1, 2]],
  [[1, 2], [3, 2]],
  [[1, 2], [3, 4]],
  [[1, 2], [2, 5], [3, 4]],
]; // prettier-ignore

/** Rows of the table of the row itself meet, too: those that refer to the two rows, and the target. */
const subject: FamilyTable = {
  name: 't0',
  key: ['id'],
  columns: ['id', 'code', 'up', 'v'],
  references: [{ column: 'up', table: 't0', to: 'id' }],
  keep: 'keep-target',
};

/** Numbers from which a table and its rows are made: fast-check shortens them. */
const numbers = fc.array(fc.nat(23), { minLength: 8, maxLength: 8 });

export const families: fc.Arbitrary<Family> = fc
  .record({
    merge: fc.boolean(),
    map: fc.nat(11),
    own: fc.constantFrom(undefined, ['up'], ['up', 'v']),
    tables: fc.array(numbers, { minLength: 1, maxLength: 4 }),
    rows: fc.array(fc.array(fc.nat(5), { minLength: 5, maxLength: 5 }), { minLength: 4, maxLength: 30 }),
  })
  .map(({ merge, map, own, tables, rows }) => {
    const unique = own === undefined ? {} : { unique: { columns: own, nullsMeet: false } };
    const made: FamilyTable[] = [{ ...subject, ...unique }];
    for (const seed of tables) made.push(tableOf(made, seed));
    const maps = merge ? merged : rekeyed;
    return { merge, pairs: maps[map % maps.length] ?? [], tables: made, rows: rowsOf(made, rows) };
  });

function tableOf(
  before: readonly FamilyTable[],
  [kind = 0, first = 0, second = 0, unique = 0, meets = 0, keep = 0, to = 0]: number[],
): FamilyTable {
  const name = `t${before.length}`;
  const single = before.filter(({ key }) => key.length === 1);
  const paired = before.filter(({ key }) => key.length === 2);
  const referred = (at: number): FamilyTable => single[at % single.length] ?? subject;
  const a = {
    column: 'a',
    table: referred(first).name,
    to: referred(first).name === 't0' && to % 3 === 0 ? 'code' : 'id',
  };
  const said = { name, keep: keep % 2 === 0 ? ('keep-target' as const) : ('keep-source' as const) };
  if (kind % 4 === 0)
    return { ...said, key: ['a', 'k'], columns: ['a', 'k', 'v'], references: [{ ...a, to: 'id' }] };
  const pair = paired[second % Math.max(1, paired.length)];
  if (kind % 4 === 1 && pair !== undefined)
    return { ...said, key: ['id'], columns: ['id', 'a', 'k', 'v'], references: [], pair: { columns: ['a', 'k'], table: pair.name },
      ...(unique % 2 === 0 ? { unique: { columns: ['a', 'v'], nullsMeet: meets % 2 === 0 } } : {}) }; // prettier-ignore
  const b = { column: 'b', table: referred(second).name, to: 'id' };
  const keys = [['a', 'k'], ['a'], ['a', 'b'], ['k', 'b'], ['b'], undefined][unique % 6];
  return {
    ...said,
    key: ['id'],
    columns: ['id', 'a', 'b', 'k', 'v'],
    references: [a, b],
    ...(keys === undefined ? {} : { unique: { columns: keys, nullsMeet: meets % 2 === 0 } }),
  };
}

/** Rows that the tables take: what would break a key is left out. */
function rowsOf(
  tables: readonly FamilyTable[],
  seeds: readonly (readonly number[])[],
): Map<string, FamilyRow[]> {
  const all = new Map<string, FamilyRow[]>(tables.map(({ name }) => [name, []]));
  all.set(
    't0',
    [1, 2, 3, 4, 5].map((id) => ({ id, code: id * 10, up: null, v: id % 2 })),
  );
  for (const [n, seed] of seeds.entries()) {
    const [which = 0, x = 0, y = 0, k = 0, v = 0] = seed;
    const table = tables[1 + (which % Math.max(1, tables.length - 1))];
    if (table === undefined) continue;
    const pick = (at: number, { table: to, to: column }: Pick<Reference, 'table' | 'to'>): number | null => {
      const rows = all.get(to) ?? [];
      return at === 5 && !table.key.includes('a')
        ? null
        : (rows[at % Math.max(1, rows.length)]?.[column] ?? null);
    };
    const row: Record<string, number | null> = { id: n + 1, k: k % 3, v: v % 3 };
    for (const [at, reference] of table.references.entries())
      row[reference.column] = pick(at === 0 ? x : y, reference);
    if (table.pair !== undefined) {
      const rows = all.get(table.pair.table) ?? [];
      const led = x === 5 ? undefined : rows[y % Math.max(1, rows.length)];
      [row['a'], row['k']] = [led?.['a'] ?? null, led?.['k'] ?? null];
    }
    const own = Object.fromEntries(table.columns.map((name) => [name, row[name] ?? null]));
    const there = all.get(table.name) ?? [];
    const breaks = (columns: readonly string[], nullsMeet: boolean): boolean =>
      there.some((other) =>
        meet(
          columns.map((name) => own[name] ?? null),
          columns.map((name) => other[name] ?? null),
          nullsMeet,
        ),
      );
    const isWhole = table.key.every((name) => own[name] !== null);
    if (
      isWhole &&
      !breaks(table.key, false) &&
      !(table.unique && breaks(table.unique.columns, table.unique.nullsMeet))
    )
      there.push(own);
  }
  const t0: FamilyRow[] = [];
  for (const [at, row] of (all.get('t0') ?? []).entries()) {
    const own = { ...row, up: (seeds[at]?.[0] ?? 0) % 5 === 0 ? null : ((seeds[at]?.[1] ?? 0) % 5) + 1 };
    const { columns } = tables[0]?.unique ?? { columns: [] };
    const values = (of: FamilyRow): (number | null)[] => columns.map((name) => of[name] ?? null);
    const breaks = columns.length > 0 && t0.some((other) => meet(values(own), values(other), false));
    t0.push(breaks ? { ...own, up: null } : own);
  }
  all.set('t0', t0);
  return all;
}

function meet(a: readonly (number | null)[], b: readonly (number | null)[], nullsMeet: boolean): boolean {
  return a.every((value, at) => value === b[at] && (value !== null || nullsMeet));
}

export function familySql({ tables, rows }: Family): string {
  return tables
    .map(({ name, key, columns, references, pair, unique }) => {
      const of = (to: Reference): string =>
        `FOREIGN KEY (${to.column}) REFERENCES ${to.table} (${to.to}) ON DELETE CASCADE`;
      const lines = [
        ...columns.map((column) => `${column} int`),
        `PRIMARY KEY (${key.join(', ')})`,
        ...(name === 't0' ? ['UNIQUE (code)'] : []),
        ...references.map(of),
        ...(pair === undefined
          ? []
          : [`FOREIGN KEY (${pair.columns.join(', ')}) REFERENCES ${pair.table} ON DELETE SET NULL`]),
        ...(unique === undefined
          ? []
          : [`UNIQUE${unique.nullsMeet ? ' NULLS NOT DISTINCT' : ''} (${unique.columns.join(', ')})`]),
      ];
      const values = (rows.get(name) ?? []).map(
        (row) => `(${columns.map((column) => row[column] ?? 'NULL').join(', ')})`,
      );
      return `CREATE TABLE ${name} (${lines.join(', ')});${values.length === 0 ? '' : ` INSERT INTO ${name} VALUES ${values.join(', ')};`}`;
    })
    .join('\n');
}

/** A row with pointers in the place of references. */
class Node {
  readonly table: FamilyTable;
  readonly raw: Record<string, number | null>;
  readonly points = new Map<string, { readonly node: Node; readonly column: string }>();
  lostTo: Node | undefined;

  constructor(table: FamilyTable, row: FamilyRow) {
    this.table = table;
    this.raw = { ...row };
  }

  stays(): Node {
    return this.lostTo === undefined ? this : this.lostTo.stays();
  }

  value(column: string): number | null {
    const point = this.points.get(column);
    return point === undefined ? (this.raw[column] ?? null) : point.node.stays().value(point.column);
  }

  changes(): boolean {
    return [...this.points.keys()].some((column) => this.value(column) !== this.raw[column]);
  }

  /** As a plan calls it. */
  name(): string {
    const [only, ...more] = this.table.key;
    if (more.length === 0) return String(this.raw[only ?? '']);
    return `[${this.table.key.map((column) => `"${this.raw[column] ?? ''}"`).join(', ')}]`;
  }
}

/** What the tables hold afterwards, by table the rows as texts in order, and how many rows are lost. */
export function expectedRows(family: Family): {
  readonly rows: Map<string, string[]>;
  readonly lost: number;
} {
  const nodes = new Map(
    family.tables.map((table) => [
      table.name,
      (family.rows.get(table.name) ?? []).map((row) => new Node(table, row)),
    ]),
  );
  point(nodes);
  const byKey = new Map((nodes.get('t0') ?? []).map((node) => [node.raw['id'], node]));
  const asked = family.pairs.flatMap(([from, to]) => {
    const row = byKey.get(from);
    return row === undefined ? [] : [{ row, to }];
  });
  if (family.merge) {
    for (const { row, to } of asked) row.lostTo = byKey.get(to);
    const targets = new Set(asked.map(({ row }) => row.stays()));
    while (loseRows(nodes, targets)) continue;
  } else for (const { row, to } of asked) row.raw['id'] = to;
  const rows = new Map(
    [...nodes].map(([name, all]) => [
      name,
      all
        .filter(({ lostTo }) => lostTo === undefined)
        .map((node) => node.table.columns.map((column) => passed(nodes, node, column)).join(' '))
        .toSorted(),
    ]),
  );
  return { rows, lost: [...nodes.values()].flat().filter(({ lostTo }) => lostTo !== undefined).length };
}

function point(nodes: ReadonlyMap<string, readonly Node[]>): void {
  for (const node of [...nodes.values()].flat()) {
    for (const { column, table, to } of node.table.references) {
      const led = nodes.get(table)?.find((other) => other.raw[to] === node.raw[column]);
      if (node.raw[column] !== null && led !== undefined) node.points.set(column, { node: led, column: to });
    }
    const { pair } = node.table;
    const [a, k] = pair?.columns ?? ['', ''];
    const led = nodes
      .get(pair?.table ?? '')
      ?.find((other) => other.raw['a'] === node.raw[a] && other.raw['k'] === node.raw[k]);
    if (led === undefined || node.raw[a] === null) continue;
    node.points.set(a, { node: led, column: 'a' });
    node.points.set(k, { node: led, column: 'k' });
  }
}

/** One round: of rows that meet now, a target is kept, else the one that stays as it is, else the one with the smallest key. */
function loseRows(nodes: ReadonlyMap<string, readonly Node[]>, targets: ReadonlySet<Node>): boolean {
  const losing: [Node, Node][] = [];
  for (const all of nodes.values()) {
    const here = all.filter(({ lostTo }) => lostTo === undefined);
    const unique = [
      { columns: here[0]?.table.key ?? [], nullsMeet: false },
      ...(here[0]?.table.unique === undefined ? [] : [here[0].table.unique]),
    ];
    for (const { columns, nullsMeet } of unique) {
      const groups = Map.groupBy(here, (node) => JSON.stringify(columns.map((column) => node.value(column))));
      for (const group of groups.values()) {
        const open = group.filter(
          (node) => nullsMeet || columns.every((column) => node.value(column) !== null),
        );
        const [kept, ...lost] = open.toSorted(
          (a, b) =>
            Number(targets.has(b)) - Number(targets.has(a)) ||
            Number(a.changes()) - Number(b.changes()) ||
            (a.name() < b.name() ? -1 : 1),
        );
        if (kept !== undefined) for (const node of lost) losing.push([node, kept]);
      }
    }
  }
  for (const [node, kept] of losing) node.lostTo = kept;
  return losing.length > 0;
}

/** The value of a row that stays; of one that others were lost to, where these keep theirs, of the first of them. */
function passed(nodes: ReadonlyMap<string, readonly Node[]>, node: Node, column: string): number | null {
  const { table } = node;
  const referred = [...nodes.values()]
    .flat()
    .some(
      ({ table: { references, pair } }) =>
        references.some((one) => one.table === table.name && one.to === column) ||
        (pair?.table === table.name && table.key.includes(column)),
    );
  const isOwn = table.key.includes(column) || referred;
  const lost = (nodes.get(table.name) ?? []).filter((other) => other.stays() === node && other !== node);
  const [first] = lost.toSorted((a, b) => (a.name() < b.name() ? -1 : 1));
  return isOwn || table.keep === 'keep-target' || first === undefined
    ? node.value(column)
    : first.value(column);
}

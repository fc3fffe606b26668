/**
 * Rows of tenants to try with: those that are there, and where a tenant has none, one that is made and taken back. Parents come first. A
 * row is a copy of one that the table has, with other keys and under the tenant's own parents, or is made of values that its types take.
 * A role that the application uses makes it where it may, in the tenant's own transaction; otherwise the login does.
 */
import { findColumn, findTable } from '../../../engine/catalogue/catalog.ts';
import type { Column, ForeignKey, Table, TableId } from '../../../engine/catalogue/catalog.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import type { Tx } from '../../driver/database.ts';
import { leaveTenant } from '../../scope/tenant.ts';
import { change, raw, rowsOf } from '../../sql/sql.ts';
import { attempt, keep } from './attempt.ts';
import type { Attempted, AttemptRefusal } from './attempt.ts';
import type { TableRights } from './rights.ts';
import { findRow, insertSql, isOf, isRow, keyOf } from './rows.ts';
import type { ColumnTexts, ProbeRow } from './rows.ts';
import { act } from './session.ts';
import type { RoleOfTenant, TenantSession } from './session.ts';
import { freshValue, plainValue, valuesFor } from './values.ts';

/** Why a table has no row to try with. */
export interface Unseeded {
  readonly reason: string;
  readonly sqlState?: string;
  readonly constraint?: string;
}

export interface SeedGround {
  readonly tx: Tx;
  readonly rules: Rules;
  /** Does the login see all rows, whatever policies say? */
  readonly loginSees: boolean;
  readonly roles: readonly string[];
  readonly sessionOf: (acting: RoleOfTenant) => Promise<TenantSession | undefined>;
  readonly rightsOf: (role: string, table: TableId) => TableRights | undefined;
  /** Are triggers run whose code the database does not confine? */
  readonly runsTriggers: boolean;
  /** May rows be made at all, and by roles too? */
  readonly makes: 'no' | 'by login' | 'by anybody';
}

interface WantedRow {
  /** None where the table belongs to nobody. */
  readonly tenant: string | undefined;
  readonly table: Table;
  /** Tables for which it is wanted. */
  readonly within: readonly TableId[];
}

/** How often values are changed until the database takes a row. */
const turns = 8;

export class Seeds {
  readonly #ground: SeedGround;
  readonly #found = new Map<string, ProbeRow | Unseeded>();
  /** In the order in which they were made. */
  readonly #made: { readonly table: Table; readonly tenant: string | undefined; readonly row: ProbeRow }[] =
    [];

  constructor(ground: SeedGround) {
    this.#ground = ground;
  }

  /** A row of the tenant. */
  of(tenant: string, table: Table): Promise<ProbeRow | Unseeded> {
    return this.#get({ tenant, table, within: [] });
  }

  /** A tenant that nobody had before. */
  async newTenant(root: Table, key: string): Promise<string | Unseeded> {
    const tenant = freshValue(root, columnOf(root, key), 0);
    if (tenant === undefined) return { reason: `no new value of ${key} is known` };
    const row = await this.of(tenant, root);
    return 'reason' in row ? row : tenant;
  }

  /** The row with other values where they have to differ from those of every row; undefined where it cannot be another one. */
  renewed(table: Table, { values }: ProbeRow): ColumnTexts | undefined {
    const fixed = new Set([...keyColumns(table), ...this.#ownerColumns(table)]);
    const isFixed = table.uniqueIndexes.some(
      ({ columns, predicate }) =>
        predicate === undefined &&
        columns.every((name) => name !== null && (fixed.has(name) || !isFresh(table, name))),
    );
    return isFixed ? undefined : renew(table, { values, fixed, turn: 0 });
  }

  /** Takes away what was made under rows of the table, of one tenant or of all. In the savepoint of the caller. */
  async clearBelow(table: Table, tenant?: string): Promise<void> {
    const { tx, rules, loginSees } = this.#ground;
    const below = tablesBelow(rules, table.id, () => true);
    if (!loginSees) return;
    await leaveTenant(tx, { settings: {} });
    for (const made of this.#made.toReversed())
      if (below.has(made.table.id) && made.table.id !== table.id && (tenant ?? made.tenant) === made.tenant)
        await tx.run(
          change`DELETE FROM ${rowsOf(made.table)} AS t WHERE ${isRow(rules, made.table, made.row)}`,
        );
  }

  async #get(wanted: WantedRow): Promise<ProbeRow | Unseeded> {
    const name = `${wanted.table.id} ${wanted.tenant ?? ''}`;
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const row = (await this.#find(wanted)) ?? (await this.#make(wanted));
    if (wanted.within.length === 0 || !('reason' in row)) this.#found.set(name, row);
    return row;
  }

  async #find({ tenant, table }: WantedRow): Promise<ProbeRow | undefined> {
    const { tx, rules, loginSees, roles } = this.#ground;
    const where = tenant === undefined ? raw('true') : isOf(rules, table, tenant);
    if (loginSees || tenant === undefined) {
      const found = await attempt(tx, () => findRow(tx, { rules, table }, where));
      return found.done ? found.value : undefined;
    }
    for (const role of roles) {
      const readable = this.#ground.rightsOf(role, table.id)?.selectable ?? new Set();
      const session = await this.#ground.sessionOf({ role, tenant });
      if (session === undefined || readable.size === 0) continue;
      const found = await attempt(tx, async () => {
        await act(tx, session);
        return findRow(tx, { rules, table, readable }, where);
      });
      if (found.done && found.value !== undefined) return found.value;
    }
    return undefined;
  }

  async #make(wanted: WantedRow): Promise<ProbeRow | Unseeded> {
    const { table } = wanted;
    const { makes, roles, rightsOf, runsTriggers } = this.#ground;
    if (makes === 'no') return { reason: `the tenant has no row in ${table.id}` };
    const unconfined = roles.flatMap((role) => rightsOf(role, table.id)?.unconfined ?? []);
    if (unconfined.length > 0 && !runsTriggers)
      return { reason: `no row is made in ${table.id}: its trigger ${unconfined[0]} is not confined` };
    const draft = await this.#draft(wanted);
    if (!(draft instanceof Map)) return draft;
    let values: ColumnTexts = draft;
    let refused: AttemptRefusal | undefined;
    for (let turn = 0; turn < turns; turn++) {
      const made = await this.#insert(wanted, values);
      if (made.done) return this.#keep(wanted, values, made.value);
      refused = made.by;
      const next = await this.#otherValues(wanted, { values, turn, refused });
      if (next === undefined) break;
      values = next;
    }
    return { reason: `no row can be made in ${table.id}`, ...refused };
  }

  async #keep(
    { table, tenant }: WantedRow,
    values: ColumnTexts,
    madeBy: 'role' | 'login',
  ): Promise<ProbeRow | Unseeded> {
    const key = keyOf(this.#ground.rules, table, values);
    const found = key === undefined ? undefined : await this.#read({ table, tenant, key });
    const row = found ?? (await this.#find({ table, tenant, within: [] }));
    if (row === undefined) return { reason: `a row that was made in ${table.id} is not seen afterwards` };
    this.#made.push({ table, tenant, row });
    return { ...row, madeBy };
  }

  async #read(about: {
    table: Table;
    tenant: string | undefined;
    key: readonly string[];
  }): Promise<ProbeRow | undefined> {
    const { tx, rules, loginSees } = this.#ground;
    if (!loginSees) return undefined;
    const found = await attempt(tx, () =>
      findRow(tx, { rules, table: about.table }, isRow(rules, about.table, about)),
    );
    return found.done ? found.value : undefined;
  }

  /** What else a refused row may hold. */
  async #otherValues(
    wanted: WantedRow,
    { values, turn, refused }: { values: ColumnTexts; turn: number; refused: AttemptRefusal },
  ): Promise<ColumnTexts | undefined> {
    const { table } = wanted;
    const fixed = new Set([...keyColumns(table), ...this.#ownerColumns(table)]);
    if (/^(23505|23P01)$/.test(refused.sqlState)) return renew(table, { values, fixed, turn: turn + 1 });
    const check = table.checks.find(
      ({ name, expression }) => name === refused.constraint && expression !== undefined,
    );
    if (refused.sqlState !== '23514' || check === undefined) return undefined;
    const [one, other] = this.#tiesOf(table).filter(({ columns }) =>
      columns.some((name) => check.columns.includes(name)),
    );
    if (one === undefined || other === undefined || one.references !== other.references)
      return valuesFor(this.#ground.tx, table, { check, values });
    // A row beside itself, where it must not be.
    const parent = findTable(this.#ground.rules.catalog, other.references);
    if (parent === undefined) return undefined;
    const row = await this.#make({ ...wanted, table: parent, within: [...wanted.within, table.id] });
    return 'reason' in row ? undefined : new Map([...values, ...tiedTo(other, row)]);
  }

  async #insert({ tenant, table }: WantedRow, values: ColumnTexts): Promise<Attempted<'role' | 'login'>> {
    const { tx, roles, makes } = this.#ground;
    for (const role of tenant === undefined || makes !== 'by anybody' ? [] : roles) {
      const rights = this.#ground.rightsOf(role, table.id);
      const session = await this.#ground.sessionOf({ role, tenant: tenant ?? '' });
      if (session === undefined || ![...values.keys()].every((name) => rights?.insertable.has(name)))
        continue;
      const made = await keep(tx, async () => {
        await act(tx, session);
        await tx.run(insertSql(table, values));
        await leaveTenant(tx, session);
        return 'role' as const;
      });
      if (made.done) return made;
    }
    return keep(tx, async () => {
      await tx.run(insertSql(table, values));
      return 'login' as const;
    });
  }

  async #draft(wanted: WantedRow): Promise<Map<string, string | null> | Unseeded> {
    const { tx, rules, loginSees } = this.#ground;
    const { table, tenant } = wanted;
    const copied = loginSees
      ? await attempt(tx, () => findRow(tx, { rules, table }, raw('true')))
      : undefined;
    const template = copied?.done === true ? copied.value?.values : undefined;
    const values = new Map<string, string | null>();
    const tied = new Set([...keyColumns(table), ...this.#ownerColumns(table)]);
    for (const column of table.columns.filter(({ computed }) => !computed)) {
      const text =
        template === undefined ? await this.#usual(table, column, tied) : template.get(column.name);
      if (text !== undefined) values.set(column.name, text);
    }
    const gap = await this.#tie(wanted, values);
    if (gap !== undefined) return gap;
    if (tenant !== undefined) for (const name of this.#ownerColumns(table)) values.set(name, tenant);
    return new Map(renew(table, { values, fixed: tied, turn: 0 }));
  }

  /** Where there is no row to copy: a value where one is demanded, and a key of our own, so that the row is found again. */
  async #usual(table: Table, column: Column, tied: ReadonlySet<string>): Promise<string | undefined> {
    if (tied.has(column.name)) return undefined;
    const isKey = table.primaryKey.includes(column.name);
    if (column.hasDefault && !isKey) return undefined;
    return column.notNull || isKey ? plainValue(this.#ground.tx, table, column) : undefined;
  }

  /** Sets the columns by which the row belongs under others. */
  async #tie(
    { tenant, table, within }: WantedRow,
    values: Map<string, string | null>,
  ): Promise<Unseeded | undefined> {
    for (const tie of this.#tiesOf(table)) {
      const parent = findTable(this.#ground.rules.catalog, tie.references);
      // A copy of a row that stands under nothing does so, too. Where a part is computed, only the database knows.
      const isComputed = settable(table, tie.columns).length < tie.columns.length;
      const isFree = !tie.owns && (isComputed || tie.columns.some((name) => values.get(name) === null));
      if (parent === undefined || isFree) continue;
      const isOwned = this.#ground.rules.ownership.get(parent.id)?.kind === 'tenant';
      // What a copied row says of rows that are everybody's is true of the copy.
      if (!isOwned && settable(table, tie.columns).every((name) => typeof values.get(name) === 'string'))
        continue;
      const isCircle = parent.id === table.id || within.includes(parent.id);
      const row: ProbeRow | Unseeded = isCircle
        ? { reason: `${table.id} and ${parent.id} lead to each other` }
        : await this.#get({
            tenant: isOwned ? tenant : undefined,
            table: parent,
            within: [...within, table.id],
          });
      const free = settable(table, tie.columns).filter((name) => !columnOf(table, name).notNull);
      if ('reason' in row) {
        if (tie.owns || free.length === 0) return row;
        for (const name of free) values.set(name, null);
        continue;
      }
      const tied = new Map(tiedTo(tie, row));
      for (const name of settable(table, tie.columns)) values.set(name, tied.get(name) ?? null);
    }
    return undefined;
  }

  /** Foreign keys, and links of the configuration that lead from the row to its owner. */
  #tiesOf(
    table: Table,
  ): (Pick<ForeignKey, 'columns' | 'references' | 'referencedColumns'> & { owns: boolean })[] {
    const ownership = this.#ground.rules.ownership.get(table.id);
    const hops = (ownership?.kind === 'tenant' ? ownership.paths : []).flatMap(
      ({ hops: [first] }) => first ?? [],
    );
    const owns = (columns: readonly string[]): boolean => hops.some(({ from }) => same(from, columns));
    const keys = table.foreignKeys.map((key) => ({ ...key, owns: owns(key.columns) }));
    const links = hops.filter(
      ({ from, how }) =>
        how === 'equal' && !keys.some(({ columns }) => same(columns, from)) && !isKeyOf(table, from),
    );
    const linked = links.map(({ from, to, table: references }) => ({
      columns: from,
      references,
      referencedColumns: to,
      owns: true,
    }));
    return [...keys, ...linked];
  }

  #ownerColumns(table: Table): string[] {
    const ownership = this.#ground.rules.ownership.get(table.id);
    if (ownership?.kind !== 'tenant') return [];
    return ownership.paths.filter(({ hops }) => hops.length === 0).map(({ column }) => column);
  }
}

/** The columns of a key, with the values that lead to the row. */
function tiedTo(
  { columns, referencedColumns }: Pick<ForeignKey, 'columns' | 'referencedColumns'>,
  { values }: ProbeRow,
): [string, string | null][] {
  return columns.map((name, at) => [name, values.get(referencedColumns[at] ?? '') ?? null]);
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at]);
}

/** Is it what others refer to, rather than what refers to them? */
function isKeyOf({ primaryKey }: Table, columns: readonly string[]): boolean {
  return same(primaryKey, columns);
}

function columnOf(table: Table, name: string): Column {
  const column = findColumn(table, name);
  if (column === undefined) throw new Error(`${table.id} has no column ${name}`);
  return column;
}

function keyColumns({ foreignKeys }: Table): string[] {
  return foreignKeys.flatMap(({ columns }) => columns);
}

/** Without what the database computes. */
function settable(table: Table, names: readonly string[]): string[] {
  return names.filter((name) => !columnOf(table, name).computed);
}

function isFresh(table: Table, name: string): boolean {
  return freshValue(table, columnOf(table, name), 0) !== undefined;
}

/** Other values in columns that have to differ between rows, apart from those that say under what the row stands. */
function renew(
  table: Table,
  { values, fixed, turn }: { values: ColumnTexts; fixed: ReadonlySet<string>; turn: number },
): ColumnTexts {
  const unique = new Set(table.uniqueIndexes.flatMap(({ columns, reads = [] }) => [...columns, ...reads]));
  return new Map(
    [...values].map(([name, text]) => {
      const isOther = unique.has(name) && !fixed.has(name) && text !== null;
      return [name, (isOther ? freshValue(table, columnOf(table, name), turn) : undefined) ?? text];
    }),
  );
}

/** The tables that refer to one, at any depth, by keys that the condition takes. */
export function tablesBelow(
  { catalog }: Rules,
  id: TableId,
  follows: (key: ForeignKey) => boolean,
): ReadonlySet<TableId> {
  const below = new Set<TableId>();
  const look = (parent: TableId): void => {
    for (const table of catalog.tables)
      if (
        !below.has(table.id) &&
        table.foreignKeys.some((key) => key.references === parent && follows(key))
      ) {
        below.add(table.id);
        look(table.id);
      }
  };
  look(id);
  return below;
}

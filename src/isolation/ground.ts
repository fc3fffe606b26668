/** What all rules stand on: the facts, who is bound by policies, who is trusted, and the policies as they were read. */
import { tableId } from '../engine/catalogue/catalog.ts';
import type { Table, TableId } from '../engine/catalogue/catalog.ts';
import type {
  FunctionFact,
  IndexFact,
  IsolationFacts,
  KeyFact,
  RelationFact,
  RoleFact,
} from '../engine/isolation/facts.ts';
import type { IsolationObject, IsolationReport } from '../engine/isolation/report.ts';
import type { Conditions } from './conditions/condition.ts';
import type { IgnoreConfig } from '../engine/rules/config.ts';
import type { OwnerPath } from '../engine/rules/ownership.ts';

/** What somebody said about the database beside its catalogue. */
export interface IsolationSettings {
  readonly ownership: IsolationReport['ownership'];
  /** Application roles that the configuration or the session names. */
  readonly roles?: { readonly names: readonly string[]; readonly from: 'configuration' | 'session' };
  readonly trusted: readonly string[];
  /** Settings that name the tenant, and those that open an operator's view. */
  readonly context: readonly string[];
  readonly ignored: readonly IgnoreConfig[];
  /** The day of the judgement, `2026-12-01`: an ignore may end. */
  readonly today: string;
}

/** Before the policies are read. */
export type BareGround = Omit<Ground, 'conditions'>;

export interface Ground {
  readonly facts: IsolationFacts;
  readonly settings: IsolationSettings;
  readonly applicationRoles: readonly string[];
  readonly rolesFrom: IsolationReport['rolesFrom'];
  readonly trusted: readonly string[];
  readonly roles: ReadonlyMap<string, RoleFact>;
  readonly relations: ReadonlyMap<TableId, RelationFact>;
  readonly tables: ReadonlyMap<TableId, Table>;
  readonly functions: ReadonlyMap<string, readonly FunctionFact[]>;
  /** By the whole table; those of its partitions and children are among them. */
  readonly keys: ReadonlyMap<TableId, readonly KeyFact[]>;
  readonly indexes: ReadonlyMap<TableId, readonly IndexFact[]>;
  /** Tables of tenants, and with their partitions and children whatever holds rows of tenants. */
  readonly owned: readonly OwnedTable[];
  readonly holding: ReadonlyMap<TableId, RelationFact>;
  /** Every role that is judged: those of the application first. */
  readonly untrusted: readonly string[];
  readonly conditions: Conditions;
}

/** A table whose rows belong to tenants, with what the catalogue and the facts say of it. */
export interface OwnedTable {
  readonly id: TableId;
  readonly table: Table;
  readonly relation: RelationFact;
  readonly paths: readonly OwnerPath[];
  /** The column that holds the tenant's key on the row itself. */
  readonly ownerColumn?: string;
  readonly isRoot: boolean;
}

/** Tables that belong to tenants, in the order of their ids. */
export function ownedTables({ owned }: Pick<Ground, 'owned'>): readonly OwnedTable[] {
  return owned;
}

/** The same, looked up: rules ask for them table by table. */
export function findOwned({ facts, relations }: Pick<Ground, 'facts' | 'relations'>): OwnedTable[] {
  return facts.catalog.tables.flatMap((table) => {
    const owned = facts.ownership.get(table.id);
    const relation = relations.get(table.id);
    if (owned?.kind !== 'tenant' || relation === undefined) return [];
    const direct = owned.paths.find(({ hops }) => hops.length === 0);
    return [
      {
        id: table.id,
        table,
        relation,
        paths: owned.paths,
        ...(direct === undefined ? {} : { ownerColumn: direct.column }),
        isRoot: table.id === facts.root?.table,
      },
    ];
  });
}

export function objectOf(
  kind: IsolationObject['kind'],
  { schema, name }: { readonly schema: string; readonly name: string },
  part?: string,
): IsolationObject {
  return { kind, schema, name, ...(part === undefined ? {} : { part }) };
}

export function roleObject(name: string): IsolationObject {
  return { kind: 'role', schema: '', name };
}

/** An object as people read it: `public.invoices.invoices_read`. */
export function shownObject({ schema, name, part }: IsolationObject): string {
  const whole = schema === '' ? shownName(name) : tableId(schema, name);
  return part === undefined ? whole : `${whole}.${shownName(part)}`;
}

function shownName(name: string): string {
  return /^[A-Za-z_][\w$-]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** `a, b and c` */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

/** What a conversion is planned from: the catalogue, the configuration, and what was counted. */
import { findNamedTable } from '../catalogue/names.ts';
import type { NameScope } from '../catalogue/names.ts';
import type { Table, TableId } from '../catalogue/catalog.ts';
import type { IsolationFacts, RelationFact } from '../isolation/facts.ts';
import type { Ownership } from '../rules/ownership.ts';
import type { Config, ConversionMode, TenantizeConfig, TenantizeTable } from '../rules/config.ts';
import type { ObjectName, TableRows } from './conversion.ts';

export interface ConversionGround {
  readonly scope: NameScope;
  readonly config: Config & { readonly tenantize: TenantizeConfig };
  readonly ownership: ReadonlyMap<TableId, Ownership>;
  readonly facts: IsolationFacts;
  /** Counted by table. */
  readonly rows: ReadonlyMap<TableId, TableRows>;
}

/** What a conversion is planned from, by name. */
export class GroundIndex {
  readonly ground: ConversionGround;
  readonly tables: ReadonlyMap<TableId, Table>;
  readonly relations: ReadonlyMap<TableId, RelationFact>;
  readonly #said: ReadonlyMap<TableId, TenantizeTable>;
  readonly #globals: ReadonlySet<TableId>;

  constructor(ground: ConversionGround) {
    const { scope, config } = ground;
    this.ground = ground;
    this.tables = new Map(scope.catalog.tables.map((table) => [table.id, table]));
    this.relations = new Map(ground.facts.relations.map((relation) => [relation.id, relation]));
    this.#said = new Map(
      Object.entries(config.tenantize.tables ?? {}).flatMap(([name, said]) => {
        const table = findNamedTable(scope, name);
        return table === undefined ? [] : [[table.id, said]];
      }),
    );
    this.#globals = new Set(
      (config.tenant.global ?? []).flatMap((name) => findNamedTable(scope, name)?.id ?? []),
    );
  }

  /** Does a foreign key with this column say nothing about the owner? */
  isUnrelated(table: TableId, column: string): boolean {
    return this.ground.facts.unrelated.some((one) => one.table === table && one.column === column);
  }

  /** What the configuration says of a table. */
  said(table: TableId): TenantizeTable {
    return this.#said.get(table) ?? {};
  }

  /** The tenant of rows of a table that lead to none, where somebody said it. */
  givenTo(table: TableId): string | undefined {
    const { ownerless } = this.said(table);
    return ownerless === 'quarantine' ? undefined : ownerless;
  }

  isGlobal(table: TableId): boolean {
    return this.#globals.has(table);
  }

  /** The table of tenants, where it is there. */
  root(): Table | undefined {
    return findNamedTable(this.ground.scope, this.ground.config.tenant.root ?? '');
  }

  /** How V1 goes on to find a table. */
  modeOf(table: TableId): ConversionMode {
    return this.said(table).mode ?? this.ground.config.tenantize.mode ?? 'shim';
  }

  /** What a table is called in V2. */
  inV2({ id, schema, name }: Table): ObjectName {
    return this.modeOf(id) === 'shim'
      ? { schema: schemaOf(this.ground.config), name: this.said(id).name ?? name }
      : { schema, name };
  }

  /** What the table of tenants is called in V2; it may be made. */
  rootInV2(): ObjectName {
    const { config } = this.ground;
    const root = this.root();
    if (root !== undefined) return this.inV2(root);
    return { schema: schemaOf(config), name: (config.tenant.root ?? '').split('.').at(-1) ?? '' };
  }

  /** What a view reads, itself or by other views. */
  readBy(view: RelationFact): ReadonlySet<TableId> {
    const read = new Set<TableId>();
    const left = [...view.reads];
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      if (read.has(id)) continue;
      read.add(id);
      left.push(...(this.relations.get(id)?.reads ?? []));
    }
    return read;
  }

  rows(table: TableId): TableRows {
    return this.ground.rows.get(table) ?? { table, rows: 0, bytes: 0 };
  }
}

function schemaOf({ tenantize }: ConversionGround['config']): string {
  return tenantize.schema ?? 'v2';
}

/** What holds the tenant where nobody says otherwise. */
export function tenantColumnOf({ tenant }: Pick<Config, 'tenant'>): string {
  return tenant.column ?? 'tenant_id';
}

/** The setting that names the tenant. */
export function contextOf({ context = 'app.tenant_id' }: TenantizeConfig): string {
  return context;
}

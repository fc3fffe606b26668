/** Which rows a merge loses, as far as they are known, and which keys become which: what grows until no more rows meet. */
import type { TableId } from '../../../engine/catalogue/catalog.ts';
import type { KeyMapping } from '../../../engine/rules/rows/merging.ts';
import type { Merging } from '../../sql/merging.ts';
import { rowContext } from '../member.ts';
import type { Around } from './around.ts';
import type { Met, UniqueDefinitions } from './collisions.ts';
import type { Impossible } from './reach.ts';

/** A row that is lost, and to which. */
export interface Lost extends Omit<Met, 'other' | 'moves' | 'constraint'> {
  readonly constraint?: string;
  survivor: string;
}

/** What grows while rows are found that are lost. */
export class Growing {
  readonly about: Around;
  readonly mappings: {
    readonly table: TableId;
    readonly column: string;
    readonly pairs: Map<string, string>;
  }[];
  readonly lost: Lost[];
  /** The targets, as the journal has them: they stay, whichever rows they meet. */
  readonly targets: ReadonlySet<string>;
  readonly impossible: Impossible[number][] = [];
  readonly definitions = new Map<TableId, UniqueDefinitions>();

  constructor(about: Around, own: readonly Lost[]) {
    const { table, key } = about.subject;
    this.about = about;
    this.lost = [...own];
    this.targets = new Set(own.map(({ survivor }) => survivor));
    const pairs = new Map(about.pairs.map(({ from, to }) => [from, to]));
    this.mappings = [{ table: table.id, column: key, pairs }];
  }

  merging(): Merging {
    const { rules, subject, member } = this.about;
    const lost = new Map(
      [...Map.groupBy(this.lost, ({ table }) => table)].map(([id, all]) => [id, all.map(({ row }) => row)]),
    );
    return {
      rules,
      subject,
      tenants: rowContext(rules, subject.table, [member]).tenants,
      mappings: this.pairs(),
      rows: this.about.pairs.length,
      lost,
    };
  }

  pairs(): KeyMapping[] {
    return this.mappings.map(({ table, column: name, pairs }) => ({
      table,
      column: name,
      pairs: [...pairs],
    }));
  }
}

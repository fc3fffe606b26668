/** A table of V2 while it is laid out, before its keys are known. */
import type { Table } from '../catalogue/catalog.ts';
import type { Classes } from './classify.ts';
import type { Classified, ConvertedTable, ObjectName, RenamedColumn, TwinColumn } from './conversion.ts';
import type { GroundIndex } from './ground.ts';
import type { Names } from './shorten.ts';

/** What the tables of a conversion have in common while they are laid out. */
export interface Layout {
  readonly index: GroundIndex;
  readonly classes: Classes;
  readonly names: Names;
}

/** A table on its way to its keys. */
export interface Outline extends Classified {
  readonly source: Table;
  readonly v1: ObjectName;
  readonly v2: ObjectName;
  readonly mode: ConvertedTable['mode'];
  readonly column?: string;
  readonly hasColumn: boolean;
  readonly renamed: readonly RenamedColumn[];
  readonly twins: readonly TwinColumn[];
}

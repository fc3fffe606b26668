/** What has crossed already: rows by tenant and key, never by value. */
import type { TableId } from '../catalogue/catalog.ts';

type DamageRule = 'rows-cross-tenants' | 'rows-two-owners' | 'rows-orphaned' | 'rows-without-owner';

export interface DamageFact {
  readonly rule: DamageRule;
  readonly table: TableId;
  /** The key, link or column by which it is wrong. */
  readonly by: string;
  /** Of a sample, where `sampled` says so. */
  readonly rows: number;
  /** Only this many rows were read. */
  readonly sampled?: number;
  /** Who owns the row and who what it stands under, by their keys; the most frequent first, twenty at most. */
  readonly tenants: readonly { readonly from: string; readonly to: string; readonly rows: number }[];
  /** The keys of the first twenty. */
  readonly keys: readonly string[];
}

export interface DamageReport {
  /** Tables whose rows were all read, or a sample of them. */
  readonly tables: readonly { readonly table: TableId; readonly sampled?: number }[];
  readonly found: readonly DamageFact[];
  /** What could not be counted: that is not 0. */
  readonly unseen: readonly { readonly table: TableId; readonly by: string; readonly reason: string }[];
}

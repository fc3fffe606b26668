/** What somebody asks for, before anything is known about the database. */
import type { KeyPair } from '../key-pairs.ts';

export type ParameterPolicy = 'reset' | 'keep' | 'translate';

/**
 * The answer to an `ask`: by place (`table.column`), for all of its rows. Of rows that a merge makes meet in one unique key: whose
 * values are kept.
 */
export type AskAnswer = 'move' | 'keep' | 'keep-target' | 'keep-source';

export interface Intent {
  /** Left out only where the configuration says that there is a single tenant: see tenant.ts. */
  readonly tenant?: string;
  /** The table, as `rows` of the configuration calls it, whose row gets another key: `from` and `to` are its keys. No model moves then. */
  readonly rows?: string;
  /** With `rows`: the row `from` and the row `to` become one, and that of `to` stays. */
  readonly merge?: true;
  /** With `rows`, of several rows at once: the key of each and the one that it gets. `from` and `to` only stand for them then. */
  readonly pairs?: readonly KeyPair[];
  /** A model by name, `family/name`, `provider/name`, or the key of its row. */
  readonly from: string;
  readonly to: string;
  /** Which kind of model; default: the first kind of the configuration. */
  readonly kind?: string;
  /** Only these entity types; undefined: all. Never empty, never a duplicate, never unknown. */
  readonly entityTypes?: readonly string[];
  readonly parameters: ParameterPolicy;
  readonly answers: Readonly<Record<string, AskAnswer>>;
  /** Plan the rest although questions are open; their rows stay. */
  readonly leaveAsks: boolean;
  /** Models that nobody knows are meant as they are written. */
  readonly allowUnknown?: boolean;
}

/** The keys that are asked for, of one row as of many. */
export function askedPairs({ pairs, from, to }: Pick<Intent, 'pairs' | 'from' | 'to'>): readonly KeyPair[] {
  return pairs ?? [{ from, to }];
}

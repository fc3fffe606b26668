/** What the conditions of a policy were read to say, as far as tenants are concerned. */
import type { TableId } from '../../engine/catalogue/catalog.ts';
import type { IsolationObject } from '../../engine/isolation/report.ts';

/**
 * What every branch of a condition asks at least: that the row is the caller's, that it is nobody's, or that the caller set an operator's
 * setting. The last says nothing of the row, so it restricts only beside what does.
 */
export type RowTie = 'owner' | 'nobody' | 'operator';

/** Why a condition lets rows of other tenants through. */
export type OpenReason = 'no owner' | 'without context' | 'literal';

export type Meaning =
  /** Holds for every row: a constant, or `owner = owner`. */
  | { readonly is: 'true' }
  | { readonly is: 'false' }
  /** No branch is open; `ownerless`: it lets rows through that belong to nobody. */
  | { readonly is: 'restricts'; readonly by: RowTie; readonly ownerless: boolean }
  | { readonly is: 'open'; readonly why: OpenReason }
  /** Not understood: nothing is said of it. */
  | { readonly is: 'unread'; readonly why: string };

/** A setting that names the tenant or the caller. */
export interface SettingUse {
  /** `app.tenant_id`, of a document with its member: `request.jwt.claims->org_id`. */
  readonly name: string;
  /** NULL where it was never set, instead of an error. */
  readonly silent: boolean;
  /** It is cast although it may be the empty text, which a setting is after it was used once. */
  readonly unguarded: boolean;
}

/** A table that a condition looks at. */
export interface LookedAt {
  readonly table: TableId;
  readonly as: 'mapping' | 'parent';
  /** Does the condition itself tie that table to whoever asks? Otherwise that table's policies have to. */
  readonly anchored: boolean;
}

export interface ReadCondition {
  readonly meaning: Meaning;
  readonly settings: readonly SettingUse[];
  readonly looksAt: readonly LookedAt[];
  /** Settings that the owner itself is compared with. */
  readonly ownerSettings: readonly string[];
  /** `current_user`, which is the same for all who share a login. */
  readonly ownerIsUser: boolean;
}

export interface ReadPolicy {
  readonly at: IsolationObject;
  readonly using?: ReadCondition;
  readonly check?: ReadCondition;
  /** Why it could not be read: then nothing is said of it. */
  readonly unread?: string;
}

/** By the id of the table and the name of the policy. */
export type Conditions = ReadonlyMap<string, ReadPolicy>;

/** What a value within a condition comes from, put together from its parts. */
import type { TableId } from '../../engine/catalogue/catalog.ts';
import type { LookedAt, SettingUse } from './condition.ts';

/** A column of something in a FROM. */
export interface JoinedColumn {
  readonly alias: string;
  /** Undefined where it is a function's. */
  readonly table?: TableId;
  readonly column: string;
}

export interface ValueSource {
  /** Columns of the policy's own row. */
  readonly columns: readonly string[];
  /** Columns of what a sub-select reads. */
  readonly joined: readonly JoinedColumn[];
  readonly settings: readonly SettingUse[];
  /** `current_user`, or `session_user` where the application's role is the one that logged in. */
  readonly user: boolean;
  readonly looksAt: readonly LookedAt[];
  /** One part stands in where another one is NULL. */
  readonly substitutes: boolean;
  /** What it may be, whoever asks: constants beside NULL. */
  readonly literals: readonly unknown[];
  /** It is no more the value itself, but something made of it: two tenants may have it in common. */
  readonly computed: boolean;
  /** It is looked up in rows that nothing ties to whoever asks. */
  readonly untied: boolean;
  readonly unread?: string;
}

export const nothing: ValueSource = {
  columns: [],
  joined: [],
  settings: [],
  user: false,
  looksAt: [],
  substitutes: false,
  literals: [],
  computed: false,
  untied: false,
};

export function together(parts: readonly ValueSource[]): ValueSource {
  const unread = parts.find((part) => part.unread !== undefined)?.unread;
  return {
    columns: parts.flatMap(({ columns }) => columns),
    joined: parts.flatMap(({ joined }) => joined),
    settings: parts.flatMap(({ settings }) => settings),
    user: parts.some(({ user }) => user),
    looksAt: parts.flatMap(({ looksAt }) => looksAt),
    substitutes: parts.some(({ substitutes }) => substitutes),
    literals: parts.flatMap(({ literals }) => literals),
    computed: parts.some(({ computed }) => computed),
    untied: parts.some(({ untied }) => untied),
    ...(unread === undefined ? {} : { unread }),
  };
}

/** Is it known by who asks, and by nothing of the row? */
export function isOfCaller({ columns, joined, settings, user, looksAt }: ValueSource): boolean {
  const isOfRows = columns.length > 0 || joined.length > 0;
  return !isOfRows && (settings.length > 0 || user || looksAt.length > 0);
}

/** Constants that stand for nobody, where a setting is missing: no tenant has such a key. */
const nobody = new Set<unknown>(['', 0, -1, '0', '-1', '00000000-0000-0000-0000-000000000000']);

/** May it be the key of one tenant, whoever asks? */
export function namesATenant({ literals }: ValueSource): boolean {
  return literals.some((literal) => !nobody.has(literal));
}

/** Who asks, and nothing beside that. */
export function isExactlyCaller(value: ValueSource): boolean {
  return isOfCaller(value) && !value.computed && !value.untied && !namesATenant(value);
}

export function isConstant(value: ValueSource): boolean {
  return (
    value.columns.length === 0 &&
    value.joined.length === 0 &&
    value.unread === undefined &&
    !isOfCaller(value)
  );
}

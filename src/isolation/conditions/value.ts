/** What a value within a condition comes from, put together from its parts. */
import type { LookedAt, SettingUse } from './condition.ts';

export interface ValueSource {
  /** Columns of the policy's own row. */
  readonly columns: readonly string[];
  /** Columns of tables in a sub-select, as `table column`. */
  readonly joined: readonly string[];
  readonly settings: readonly SettingUse[];
  /** `current_user`; of the session, which SET ROLE does not change. */
  readonly user: boolean;
  readonly sessionUser: boolean;
  readonly looksAt: readonly LookedAt[];
  /** One part stands in where another one is NULL. */
  readonly substitutes: boolean;
  readonly unread?: string;
}

export const nothing: ValueSource = {
  columns: [],
  joined: [],
  settings: [],
  user: false,
  sessionUser: false,
  looksAt: [],
  substitutes: false,
};

export function together(parts: readonly ValueSource[]): ValueSource {
  const unread = parts.find((part) => part.unread !== undefined)?.unread;
  return {
    columns: parts.flatMap(({ columns }) => columns),
    joined: parts.flatMap(({ joined }) => joined),
    settings: parts.flatMap(({ settings }) => settings),
    user: parts.some(({ user }) => user),
    sessionUser: parts.some(({ sessionUser }) => sessionUser),
    looksAt: parts.flatMap(({ looksAt }) => looksAt),
    substitutes: parts.some(({ substitutes }) => substitutes),
    ...(unread === undefined ? {} : { unread }),
  };
}

/** Is it known by who asks, and by nothing of the row? */
export function isOfCaller({ columns, settings, user, sessionUser, looksAt }: ValueSource): boolean {
  return columns.length === 0 && (settings.length > 0 || user || sessionUser || looksAt.length > 0);
}

export function isConstant(value: ValueSource): boolean {
  return (
    value.columns.length === 0 &&
    value.joined.length === 0 &&
    value.unread === undefined &&
    !isOfCaller(value)
  );
}

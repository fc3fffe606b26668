/** Conditions of policies from a grammar: every dialect in which tenants are told apart, what looks like it and is not, and nests of both. */
import fc from 'fast-check';

/** What a condition may speak of. `S` begins the names of the settings. */
export interface ConditionGround {
  readonly table: string;
  readonly settings: string;
  /** Has it the column `org_id`? */
  readonly isOwner: boolean;
  readonly hasUser: boolean;
  /** The table above it, with its own columns. */
  readonly parent?: { readonly name: string; readonly isOwner: boolean; readonly composite: boolean };
}

type Written = (ground: ConditionGround) => string;

const setting = (name: string, silent = true): Written => {
  const rest = silent ? ', true' : '';
  return ({ settings }) => `current_setting('${settings}.${name}'${rest})`;
};

/** The tenant as it is known to who asks. */
const contexts: readonly Written[] = [
  (g) => `NULLIF(${setting('tenant')(g)}, '')::int`,
  (g) => `(SELECT NULLIF(${setting('tenant')(g)}, '')::int)`,
  (g) => `${setting('tenant')(g)}::int`,
  (g) => `${setting('tenant', false)(g)}::int`,
  (g) => `(NULLIF(${setting('claims')(g)}, '')::json ->> 'org')::int`,
  (g) => `(SELECT (NULLIF(${setting('claims')(g)}, '')::jsonb ->> 'org')::int)`,
  () => `helper_sql()`,
  () => `(SELECT helper_plpgsql())`,
  () => `helper_body()`,
];

/** No tenant, or another one, but it looks like it. */
const wrongContexts: readonly Written[] = [
  (g) => `COALESCE(${contexts[0]?.(g)}, 1)`,
  (g) => `COALESCE(${contexts[0]?.(g)}, ${g.table}.org_id)`,
  (g) => `GREATEST(${contexts[0]?.(g)}, 2)`,
  (g) => `(${contexts[0]?.(g)} + 1)`,
  () => `2`,
  () => `(SELECT max(id) FROM orgs)`,
  () => `(SELECT m.org_id FROM members m ORDER BY m.id DESC LIMIT 1)`,
  () => `helper_default()`,
  (g) => `COALESCE(NULLIF(${setting('tenant')(g)}, '')::int, (SELECT min(id) FROM orgs))`,
  (g) => `CASE WHEN ${contexts[0]?.(g)} IS NULL THEN ${g.table}.org_id ELSE ${contexts[0]?.(g)} END`,
  (g) => `abs(-${contexts[0]?.(g)})`,
];

const T = ({ table }: ConditionGround): string => table;

/** They tie the row to who asks, by its owner. Each takes the tenant. */
const ties: readonly ((context: string, ground: ConditionGround) => string)[] = [
  (c) => `org_id = ${c}`,
  (c) => `${c} = org_id`,
  (c, g) => `${T(g)}.org_id = ${c}`,
  (c) => `org_id::text = (${c})::text`,
  (c) => `org_id IN (${c})`,
  (c) => `org_id = ANY (ARRAY[${c}])`,
  (c) => `NOT (org_id <> ${c})`,
  (c) => `org_id IS NOT DISTINCT FROM ${c}`,
  (c) => `(org_id, state) = (${c}, state)`,
  (c) => `(org_id = ${c}) IS TRUE`,
  (c) => `COALESCE(org_id = ${c}, false)`,
  (c) => `CASE WHEN org_id = ${c} THEN true ELSE false END`,
  (c) => `CASE org_id WHEN ${c} THEN true END`,
  (c) => `org_id IN (SELECT o.id FROM orgs o WHERE o.id = ${c})`,
  (c, g) => `EXISTS (SELECT FROM orgs o WHERE o.id = ${T(g)}.org_id AND o.id = ${c})`,
  (c, g) => `EXISTS (SELECT FROM unnest(ARRAY[${c}]) x WHERE x = ${T(g)}.org_id)`,
];

/** Alike, and wider. */
const looseTies: typeof ties = [
  (c) => `org_id >= ${c}`,
  (c) => `org_id <> ${c}`,
  (c) => `org_id = ${c} IS NOT FALSE`,
  (c) => `(org_id = ${c}) IS UNKNOWN`,
  (c) => `COALESCE(org_id = ${c}, true)`,
  (c) => `org_id IN (${c}, 2)`,
  (c) => `org_id BETWEEN ${c} AND 99`,
  (c) => `org_id = ${c} OR org_id IS NOT NULL`,
  (c) => `length(org_id::text) = length((${c})::text)`,
  (c) => `org_id % 2 = ${c} % 2`,
  (c) => `${c} IS NULL`,
  (c) => `${c} IS NOT NULL`,
  (c) => `org_id = ${c} IS NULL`,
  (c) => `NOT (org_id = ${c})`,
  (c) => `CASE WHEN ${c} IS NULL THEN true ELSE org_id = ${c} END`,
  (c) => `CASE WHEN state = 'closed' THEN true ELSE org_id = ${c} END`,
  (c) => `org_id IN (SELECT o.id FROM orgs o WHERE o.id >= ${c})`,
  (c, g) => `EXISTS (SELECT FROM orgs o WHERE o.id = ${c} OR o.id = ${T(g)}.org_id)`,
  (c, g) => `EXISTS (SELECT FROM orgs o LEFT JOIN members m ON m.org_id = ${T(g)}.org_id WHERE o.id = ${c})`,
  (c) => `org_id = ALL (ARRAY(SELECT o.id FROM orgs o WHERE o.id = ${c} AND o.id IS NULL))`,
  (c) => `(SELECT count(*) FROM orgs o WHERE o.id = org_id AND o.id = ${c}) >= 0`,
  (c, g) => `NOT EXISTS (SELECT FROM orgs o WHERE o.id = ${T(g)}.org_id AND o.id <> ${c})`,
  (c, g) => `EXISTS (SELECT FROM orgs o WHERE o.id = ${c} AND ${T(g)}.org_id = ${T(g)}.org_id)`,
  (c, g) => `EXISTS (SELECT count(*) FROM orgs o WHERE o.id = ${T(g)}.org_id AND o.id = ${c})`,
  (c) => `org_id IN (SELECT o.id FROM orgs o WHERE o.id = ${c} UNION SELECT 2)`,
  (c) =>
    `org_id IN (SELECT o.id FROM orgs o WHERE o.id = ${c} EXCEPT SELECT 1 UNION SELECT m.org_id FROM members m)`,
  (c) => `(org_id = ${c}) = (state = 'open')`,
  (c) => `(org_id = ${c}) <> true`,
  (c) => `org_id = ${c} OR is_public`,
  (c) => `NOT (org_id = ${c} AND is_public)`,
  (c) => `org_id IS DISTINCT FROM ${c}`,
  (c) => `ROW(org_id, state) >= ROW(${c}, 'a')`,
  (c) => `(org_id, state) IN ((${c}, 'open'), (2, state))`,
  (c) => `org_id = COALESCE(${c}, org_id)`,
  (c) => `org_id = NULLIF(org_id, ${c})`,
  (c) => `NULLIF(org_id, ${c}) IS NULL OR state = 'open'`,
  (c) => `GREATEST(org_id, ${c}) = org_id`,
  (c) => `org_id = (SELECT org_id FROM orgs o WHERE o.id = ${c})`,
  (c) => `org_id IN (SELECT org_id FROM orgs o WHERE o.id = ${c})`,
  (c) => `id IN (SELECT o.id FROM orgs o WHERE o.id = ${c})`,
  (c) => `helper_wide(org_id, ${c})`,
  (c) => `helper_shadow(org_id, ${c})`,
  (c) => `xor_same(org_id, ${c})`,
];

/** Who belongs to a tenant is in a table; `login` is the tenant's key as text. */
const mappings: readonly Written[] = [
  (g) =>
    `EXISTS (SELECT FROM members m WHERE m.org_id = ${T(g)}.org_id AND m.login = ${setting('tenant')(g)})`,
  (g) => `org_id IN (SELECT m.org_id FROM members m WHERE m.login = ${setting('tenant')(g)})`,
  (g) => `org_id = ANY (ARRAY(SELECT m.org_id FROM members m WHERE m.login = ${setting('tenant')(g)}))`,
  (g) => `org_id = ANY (string_to_array(${setting('tenants')(g)}, ',')::int[])`,
  (g) =>
    `org_id = ANY (ARRAY(SELECT unnest(string_to_array(NULLIF(${setting('tenants')(g)}, ''), ',')::int[])))`,
  (g) => `org_id IN (SELECT my_orgs(${setting('tenant')(g)}))`,
  (g) => `is_member(org_id, ${setting('tenant')(g)})`,
];

const looseMappings: readonly Written[] = [
  (g) => `EXISTS (SELECT FROM members m WHERE m.login = ${setting('tenant')(g)})`,
  () => `org_id IN (SELECT m.org_id FROM members m)`,
  (g) =>
    `EXISTS (SELECT FROM members m WHERE m.org_id = ${T(g)}.org_id OR m.login = ${setting('tenant')(g)})`,
  (g) =>
    `EXISTS (SELECT FROM members m, members n WHERE m.login = ${setting('tenant')(g)} AND n.org_id = ${T(g)}.org_id)`,
  (g) => `EXISTS (SELECT FROM members m WHERE m.org_id = org_id AND m.login = ${setting('tenant')(g)})`,
  (g) =>
    `EXISTS (SELECT FROM members m WHERE m.org_id = ${T(g)}.org_id AND m.login >= ${setting('tenant')(g)})`,
  (g) =>
    `EXISTS (SELECT FROM members m WHERE m.org_id = ${T(g)}.org_id AND m.login = COALESCE(NULLIF(${setting('tenant')(g)}, ''), m.login))`,
  (g) =>
    `EXISTS (SELECT FROM members m WHERE m.org_id = ${T(g)}.org_id AND (m.login = ${setting('tenant')(g)} OR m.login IS NOT NULL))`,
  () => `org_id IN (SELECT all_orgs())`,
  (g) => `org_id = ANY (string_to_array(COALESCE(${setting('tenants')(g)}, '1,2,3'), ',')::int[])`,
  (g) =>
    `EXISTS (SELECT FROM members m WHERE m.org_id <= ${T(g)}.org_id AND m.login = ${setting('tenant')(g)})`,
  (g) => `org_id NOT IN (SELECT m.org_id FROM members m WHERE m.login = ${setting('tenant')(g)})`,
];

const users: readonly Written[] = [
  (g) => `user_id = NULLIF(${setting('member')(g)}, '')::int`,
  (g) => `user_id IN (SELECT m.id FROM members m WHERE m.login = ${setting('tenant')(g)})`,
  (g) => `user_id::text = ${setting('member')(g)}`,
];

const parents: readonly Written[] = [
  (g) => `EXISTS (SELECT FROM ${g.parent?.name} p WHERE p.id = ${T(g)}.parent_id)`,
  (g) => `parent_id IN (SELECT p.id FROM ${g.parent?.name} p)`,
  (g) => `EXISTS (SELECT 1 FROM ${g.parent?.name} p WHERE ${T(g)}.parent_id = p.id AND p.state IS NOT NULL)`,
];

const looseParents: readonly Written[] = [
  (g) => `EXISTS (SELECT FROM ${g.parent?.name} p WHERE p.id = p.id)`,
  (g) => `EXISTS (SELECT FROM ${g.parent?.name} p WHERE p.state = ${T(g)}.state)`,
  (g) => `EXISTS (SELECT FROM ${g.parent?.name} p WHERE p.id >= ${T(g)}.parent_id)`,
  (g) => `EXISTS (SELECT FROM ${g.parent?.name} p WHERE p.id = ${T(g)}.parent_id OR p.is_public)`,
  (g) => `id IN (SELECT p.id FROM ${g.parent?.name} p)`,
  () => `parent_id IS NOT NULL`,
  (g) =>
    `EXISTS (SELECT FROM ${g.parent?.name} p WHERE p.id = parent_id AND parent_id = parent_id OR state = 'open')`,
  (g) => `(SELECT p.id FROM ${g.parent?.name} p WHERE p.id = ${T(g)}.parent_id) IS NULL`,
];

/** They say nothing of the owner. */
const noise: readonly Written[] = [
  () => `true`,
  () => `1 = 1`,
  () => `false`,
  () => `state = 'open'`,
  () => `is_public`,
  () => `NOT is_public`,
  () => `state IS NOT NULL`,
  (g) => `${setting('scope')(g)} = 'system'`,
  (g) => `${setting('scope')(g)} IS DISTINCT FROM 'system'`,
  (g) => `COALESCE(${setting('scope')(g)}, '') = ''`,
  (g) => `${setting('tenant')(g)} = ''`,
  (g) => `NULLIF(${setting('tenant')(g)}, '') IS NULL`,
  (g) => `NULLIF(${setting('tenant')(g)}, '') IS NOT NULL`,
  () => `current_user = session_user`,
  () => `pg_has_role(current_user, 'pg_monitor', 'MEMBER')`,
  () => `id > 0`,
  () => `now() > '2020-01-01'`,
  (g) => `EXISTS (SELECT FROM orgs o WHERE o.id::text = ${setting('tenant')(g)})`,
];

type Kind = 'tie' | 'loose tie' | 'mapping' | 'loose mapping' | 'user' | 'parent' | 'loose parent' | 'noise';

const byKind: Readonly<Record<Exclude<Kind, 'tie' | 'loose tie'>, readonly Written[]>> = {
  mapping: mappings,
  'loose mapping': looseMappings,
  user: users,
  parent: parents,
  'loose parent': looseParents,
  noise,
};

/** A condition before it is known for which table it is. */
export type Condition =
  | { readonly kind: Kind; readonly at: number; readonly context: number }
  | { readonly op: 'AND' | 'OR' | 'NOT' | 'CASE' | 'COALESCE'; readonly parts: readonly Condition[] };

const atom = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Kind>('tie') },
    { weight: 3, arbitrary: fc.constant<Kind>('loose tie') },
    { weight: 3, arbitrary: fc.constant<Kind>('mapping') },
    { weight: 2, arbitrary: fc.constant<Kind>('loose mapping') },
    { weight: 1, arbitrary: fc.constant<Kind>('user') },
    { weight: 3, arbitrary: fc.constant<Kind>('parent') },
    { weight: 1, arbitrary: fc.constant<Kind>('loose parent') },
    { weight: 3, arbitrary: fc.constant<Kind>('noise') },
  ),
  at: fc.nat(1000),
  context: fc.nat(1000),
});

export const conditions: fc.Arbitrary<Condition> = fc.letrec<{ node: Condition }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', maxDepth: 3, withCrossShrink: true },
    { weight: 5, arbitrary: atom },
    {
      weight: 4,
      arbitrary: fc.record({
        op: fc.constantFrom('AND' as const, 'OR' as const, 'CASE' as const, 'COALESCE' as const),
        parts: fc.array(tie('node'), { minLength: 2, maxLength: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('NOT' as const), parts: fc.tuple(tie('node')) }) },
  ),
})).node;

/** The text. What the table has no column for is a tie by what it has. */
export function written(condition: Condition, ground: ConditionGround): string {
  if ('op' in condition) {
    const parts = condition.parts.map((part) => written(part, ground));
    const [first = 'true', second = 'true', third = 'false'] = parts;
    switch (condition.op) {
      case 'NOT':
        return `(NOT ${first})`;
      case 'CASE':
        return `(CASE WHEN ${first} THEN ${second} ELSE ${third} END)`;
      case 'COALESCE':
        return `COALESCE(${parts.join(', ')})`;
      case 'AND':
      case 'OR':
        return `(${parts.join(` ${condition.op} `)})`;
    }
  }
  const { at, context } = condition;
  const kind = possible(condition.kind, ground);
  if (kind !== 'tie' && kind !== 'loose tie') return `(${pick(byKind[kind], at)(ground)})`;
  // A wrong tenant in a right comparison is as likely as a wrong comparison.
  const given = context % 5 === 0 ? pick(wrongContexts, context) : pick(contexts, context);
  return `(${pick(kind === 'tie' ? ties : looseTies, at)(given(ground), ground)})`;
}

function possible(kind: Kind, { isOwner, hasUser, parent }: ConditionGround): Kind {
  const byParent = parent === undefined ? 'noise' : 'parent';
  if (kind === 'user') return hasUser ? kind : 'noise';
  if (kind === 'parent' || kind === 'loose parent')
    return parent === undefined ? (isOwner ? 'tie' : 'noise') : kind;
  return kind === 'noise' || isOwner ? kind : byParent;
}

function pick<T>(all: readonly T[], at: number): T {
  const found = all[at % all.length];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}

/** What the conditions call, some as their owner. */
export function helperFunctions({ settings, schema }: { settings: string; schema: string }): string {
  const own = `NULLIF(current_setting('${settings}.tenant', true), '')::int`;
  return `
    CREATE FUNCTION helper_sql() RETURNS int LANGUAGE sql STABLE AS $f$ SELECT ${own} $f$;
    CREATE FUNCTION helper_plpgsql() RETURNS int LANGUAGE plpgsql STABLE AS $f$ BEGIN RETURN ${own}; END $f$;
    CREATE FUNCTION helper_body() RETURNS int LANGUAGE sql STABLE RETURN ${own};
    CREATE FUNCTION helper_default() RETURNS int LANGUAGE plpgsql STABLE AS $f$ BEGIN RETURN COALESCE(${own}, 1); END $f$;
    CREATE FUNCTION helper_wide(a int, b int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $f$ SELECT a = b OR a > 1 $f$;
    CREATE FUNCTION helper_shadow(org_id int, b int) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ${schema}
      AS $f$ SELECT EXISTS (SELECT FROM members m WHERE m.org_id = org_id AND m.org_id = b) $f$;
    CREATE FUNCTION xor_same(a int, b int) RETURNS boolean LANGUAGE sql STABLE AS $f$ SELECT (a # COALESCE(b, a)) = 0 $f$;
    CREATE FUNCTION my_orgs(who text) RETURNS SETOF int LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ${schema}
      AS $f$ SELECT m.org_id FROM members m WHERE m.login = who $f$;
    CREATE FUNCTION all_orgs() RETURNS SETOF int LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ${schema}
      AS $f$ SELECT m.org_id FROM members m $f$;
    CREATE FUNCTION is_member(org int, who text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ${schema}
      AS $f$ SELECT EXISTS (SELECT FROM members m WHERE m.org_id = org AND m.login = who) $f$;`;
}

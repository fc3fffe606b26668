/** What the doctor says of conditions of odd shapes, with PostgreSQL as the judge of each: rows of another tenant are seen, or are not. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { openFresh, shownFindings } from './ground.ts';
import { judgeByRows } from './judged-by-rows.ts';
import type { Judged } from './judged-by-rows.ts';

const ctx = `NULLIF(current_setting('app.org', true), '')::uuid`;
const usr = `current_setting('app.user', true)`;
const T = `{{org_id}} = ${ctx}`;
const pol = (using: string, pre = ''): string =>
  `${pre}; ALTER POLICY tenant ON {{bookings}} USING (${using}) WITH CHECK (${T});`;
const B = '{{bookings}}';
const fn = (signature: string, body: string, how = 'LANGUAGE sql STABLE'): string =>
  `CREATE FUNCTION {{schema}}.${signature} ${how} AS $f$ ${body} $f$;`;
const DEF = 'LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public';

/** Each shows a row of another tenant: an error says so, or the policy is named as one that is not read. */
const open: Readonly<Record<string, string>> = {
  'length of owner': pol(`length({{org_id}}::text) = length(current_setting('app.org', true))`),
  'prefix of owner': pol(`right({{org_id}}::text, 4) = right(current_setting('app.org', true), 4)`),
  'in list with constant': pol(`{{org_id}} IN (${ctx}, '22222222-0000-0000-0000-000000000000')`),
  'coalesce ctx to a tenant': pol(`{{org_id}} = COALESCE(${ctx}, '22222222-0000-0000-0000-000000000000')`),
  'case arg': pol(`CASE {{note}} WHEN 'same' THEN true ELSE ${T} END`),
  'null of comparison': pol(`(${T}) IS NULL OR ${T}`),
  'not false': pol(`(${T}) IS NOT FALSE`),
  'ctx is empty': pol(`current_setting('app.org', true) = '' OR ${T}`),
  'coalesced ctx is empty': pol(`COALESCE(current_setting('app.org', true), '') = '' OR ${T}`),
  'length ctx 0': pol(`length(COALESCE(current_setting('app.org', true), '')) = 0 OR ${T}`),
  'scope default': pol(
    `COALESCE(NULLIF(current_setting('app.scope', true), ''), 'system') = 'system' OR ${T}`,
  ),
  'role authenticated': pol(
    `(NULLIF(current_setting('app.claims', true), '')::jsonb ->> 'role') = 'authenticated'`,
  ),
  'auth.role()': pol(
    `auth.role() = 'authenticated'`,
    `CREATE SCHEMA auth; GRANT USAGE ON SCHEMA auth TO {{app}}; CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS $$ select coalesce(nullif(current_setting('app.claims', true), '')::jsonb ->> 'role', '')::text $$`,
  ),
  'current_user is app': pol(`CURRENT_USER = '{{app}}' OR ${T}`),
  'parent by state': pol(`EXISTS (SELECT 1 FROM {{rooms}} r WHERE r.{{note}} = ${B}.{{note}})`),
  'parent by seq': pol(`EXISTS (SELECT 1 FROM {{rooms}} r WHERE r.seq = ${B}.seq)`),
  'in parent wrong column': pol(`seq IN (SELECT r.seq FROM {{rooms}} r)`),
  'cartesian mapping 2': pol(
    `EXISTS (SELECT 1 FROM {{extra}} e, {{extra}} o WHERE e.{{id}} = ${usr} AND o.{{org_id}} = ${B}.{{org_id}})`,
  ),
  'mapping coalesced': pol(
    `EXISTS (SELECT 1 FROM {{extra}} e WHERE e.{{id}} = COALESCE(NULLIF(${usr},''), e.{{id}}) AND e.{{org_id}} = ${B}.{{org_id}})`,
  ),
  'array of all orgs open': pol(`{{org_id}} = ANY (ARRAY(SELECT e.{{org_id}} FROM {{extra}} e))`),
  'gt any': pol(`{{org_id}} >= ANY (SELECT e.{{org_id}} FROM {{extra}} e WHERE e.{{id}} = ${usr})`),
  'exists count': pol(
    `EXISTS (SELECT count(*) FROM {{extra}} e WHERE e.{{id}} = ${usr} AND e.{{org_id}} = ${B}.{{org_id}})`,
  ),
  'exists max': pol(
    `EXISTS (SELECT max(e.{{id}}) FROM {{extra}} e WHERE e.{{id}} = ${usr} AND e.{{org_id}} = ${B}.{{org_id}})`,
  ),
  'union of all': pol(
    `{{org_id}} = ANY (ARRAY(SELECT e.{{org_id}} FROM {{extra}} e WHERE e.{{id}} = ${usr} UNION SELECT e.{{org_id}} FROM {{extra}} e))`,
  ),
  'in union of all': pol(
    `{{org_id}} IN (SELECT e.{{org_id}} FROM {{extra}} e WHERE e.{{id}} = ${usr} UNION SELECT e.{{org_id}} FROM {{extra}} e)`,
  ),
  with: pol(
    `EXISTS (WITH x AS (SELECT e.{{org_id}}, ${usr} AS u FROM {{extra}} e) SELECT 1 FROM x WHERE x.{{org_id}} = ${B}.{{org_id}} AND x.u = ${usr})`,
  ),
  'helper shadow': pol(
    `{{schema}}.is_member({{org_id}})`,
    fn(
      'is_member(org_id uuid) RETURNS boolean',
      `SELECT EXISTS (SELECT 1 FROM extra e WHERE e.org_id = org_id AND e.id = ${usr})`,
      DEF,
    ),
  ),
  'helper set open': pol(
    `{{org_id}} IN (SELECT {{schema}}.my_orgs())`,
    fn('my_orgs() RETURNS SETOF uuid', `SELECT org_id FROM extra`, DEF),
  ),
  'helper of orgs as definer': pol(
    `{{org_id}} IN (SELECT {{schema}}.my_orgs())`,
    fn('my_orgs() RETURNS SETOF uuid', `SELECT id FROM orgs`, DEF),
  ),
  'from helper open': pol(
    `{{org_id}} IN (SELECT x FROM {{schema}}.my_orgs() AS x)`,
    fn('my_orgs() RETURNS SETOF uuid', `SELECT org_id FROM extra`, DEF),
  ),
  'plpgsql default': pol(
    `{{org_id}} = {{schema}}.ctx()`,
    fn(
      'ctx() RETURNS uuid',
      `BEGIN RETURN COALESCE(${ctx}, '22222222-0000-0000-0000-000000000000'); END`,
      'LANGUAGE plpgsql STABLE',
    ),
  ),
  'user coalesced': pol(`{{user_id}}::text = COALESCE(NULLIF(${usr}, ''), {{user_id}}::text)`),
  'or is_public': pol(`${T} OR {{note}} = 'same'`),
  'and or': pol(`(${T} OR {{note}} = 'same') AND ({{user_id}} IS NOT NULL)`),
  'coalesce true': pol(`COALESCE(${T}, true)`),
  like: pol(`{{org_id}}::text LIKE current_setting('app.org', true) || '%'`),
  starts_with: pol(`starts_with({{org_id}}::text, current_setting('app.org', true))`),
  'exists unnest of nothing': pol(
    `EXISTS (SELECT 1 FROM unnest(ARRAY[1,2]) x WHERE {{org_id}}::text = {{org_id}}::text AND x > 0)`,
  ),
  'exists series': pol(`EXISTS (SELECT 1 FROM generate_series(1, 2) x WHERE x = seq)`),
  'exists values owner': pol(
    `{{org_id}} IN (SELECT o.id::uuid FROM json_to_recordset('[{"id":"22222222-0000-0000-0000-000000000000"}]') AS o(id text))`,
  ),
  'left join': pol(
    `EXISTS (SELECT 1 FROM {{extra}} e LEFT JOIN {{orgs}} o ON o.{{id}} = ${B}.{{org_id}} WHERE e.{{id}} = ${usr})`,
  ),
  'on condition': pol(
    `EXISTS (SELECT 1 FROM {{extra}} e JOIN {{extra}} o ON o.{{org_id}} = ${B}.{{org_id}} WHERE e.{{id}} = ${usr})`,
  ),
  'count >= 0': pol(
    `(SELECT count(*) FROM {{extra}} e WHERE e.{{id}} = ${usr} AND e.{{org_id}} = ${B}.{{org_id}}) >= 0`,
  ),
  'scalar select equal owner': pol(
    `{{org_id}} = (SELECT e.{{org_id}} FROM {{extra}} e WHERE e.{{org_id}} = ${B}.{{org_id}} AND e.{{note}} = 'same')`,
  ),
  'scalar max': pol(
    `{{org_id}}::text = (SELECT max(e.{{org_id}}::text) FROM {{extra}} e WHERE e.{{note}} <> ${usr})`,
  ),
  'not unknown': pol(`(${T}) IS UNKNOWN OR ${T}`),
  'case empty': pol(`CASE WHEN current_setting('app.org', true) = '' THEN true ELSE ${T} END`),
  greatest: pol(`GREATEST({{org_id}}, ${ctx}) = {{org_id}}`),
  'owner between callers': pol(`{{org_id}} = GREATEST(${ctx}, '22222222-0000-0000-0000-000000000000'::uuid)`),
  'flag coalesced true': pol(
    `COALESCE(NULLIF(NULLIF(current_setting('app.scope', true), ''), 'tenant')::boolean, true) OR ${T}`,
  ),
  'all of array': pol(
    `{{org_id}} = ALL (ARRAY(SELECT e.{{org_id}} FROM {{extra}} e WHERE e.{{id}} = ${usr}))`,
  ),
};

/** None shows one to this session, and whether that holds for others is not known: the policy is named as one that is not read. */
const unknown: Readonly<Record<string, string>> = {
  'session_user is the owner': pol(`{{org_id}}::text = SESSION_USER`),
  'session_user in a mapping': pol(
    `EXISTS (SELECT 1 FROM {{extra}} e WHERE e.{{id}} = SESSION_USER AND e.{{org_id}} = ${B}.{{org_id}})`,
  ),
  'session_user as an operator': pol(`SESSION_USER = 'nobody_here' OR ${T}`),
  'a gate beside what is not read': pol(
    `current_setting('app.scope', true) = 'system' AND md5({{org_id}}::text) = md5(current_setting('app.org', true))`,
  ),
};

/** None shows one, and each is read: nothing is said of it. */
const sound: Readonly<Record<string, string>> = {
  'coalesce ctx to nil': pol(`{{org_id}} = COALESCE(${ctx}, '00000000-0000-0000-0000-000000000000')`),
  'case arg sound': pol(`CASE {{note}} WHEN 'same' THEN ${T} ELSE false END`),
  'parent by key': pol(
    `EXISTS (SELECT 1 FROM {{rooms}} r WHERE r.{{org_id}} = ${B}.{{org_id}} AND r.{{id}} = ${B}.{{room_id}})`,
  ),
  'in parent': pol(`{{room_id}} IN (SELECT r.{{id}} FROM {{rooms}} r)`),
  'cartesian mapping': pol(
    `EXISTS (SELECT 1 FROM {{extra}} e, {{orgs}} o WHERE e.{{id}} = ${usr} AND o.{{id}} = ${B}.{{org_id}})`,
  ),
  'self-join mapping': pol(
    `EXISTS (SELECT 1 FROM {{extra}} e, {{extra}} o WHERE e.{{id}} = ${usr} AND o.{{org_id}} = ${B}.{{org_id}} AND e.{{org_id}} = o.{{org_id}})`,
  ),
  'array of own orgs': pol(`{{org_id}} = ANY (ARRAY(SELECT o.{{id}} FROM {{orgs}} o))`),
  'array of mapping': pol(
    `{{org_id}} = ANY (ARRAY(SELECT e.{{org_id}} FROM {{extra}} e WHERE e.{{id}} = ${usr}))`,
  ),
  'union sound': pol(
    `{{org_id}} = ANY (ARRAY(SELECT e.{{org_id}} FROM {{extra}} e WHERE e.{{id}} = ${usr} UNION SELECT e.{{org_id}} FROM {{extra}} e WHERE e.{{id}} = ${usr}))`,
  ),
  'helper sound': pol(
    `{{schema}}.is_member({{org_id}})`,
    fn(
      'is_member(wanted uuid) RETURNS boolean',
      `SELECT EXISTS (SELECT 1 FROM extra e WHERE e.org_id = wanted AND e.id = ${usr})`,
      DEF,
    ),
  ),
  'helper sound $1': pol(
    `{{schema}}.is_member({{org_id}})`,
    fn(
      'is_member(uuid) RETURNS boolean',
      `SELECT EXISTS (SELECT 1 FROM public.extra WHERE org_id = $1 AND id = ${usr})`,
      DEF,
    ),
  ),
  'helper set sound': pol(
    `{{org_id}} IN (SELECT {{schema}}.my_orgs())`,
    fn('my_orgs() RETURNS SETOF uuid', `SELECT org_id FROM extra WHERE id = ${usr}`, DEF),
  ),
  'helper array sound': pol(
    `{{org_id}} = ANY ({{schema}}.my_orgs())`,
    fn('my_orgs() RETURNS uuid[]', `SELECT array_agg(org_id) FROM extra WHERE id = ${usr}`, DEF),
  ),
  'helper nested': pol(
    `{{schema}}.mine({{org_id}})`,
    fn('ctx() RETURNS uuid', `SELECT ${ctx}`) + fn('mine(o uuid) RETURNS boolean', `SELECT o = public.ctx()`),
  ),
  'helper nested unqualified': pol(
    `{{schema}}.mine({{org_id}})`,
    fn('ctx() RETURNS uuid', `SELECT ${ctx}`) +
      fn('mine(o uuid) RETURNS boolean', `SELECT o = ctx()`, 'LANGUAGE sql STABLE SET search_path = public'),
  ),
  'from helper': pol(
    `{{org_id}} IN (SELECT x FROM {{schema}}.my_orgs() AS x)`,
    fn('my_orgs() RETURNS SETOF uuid', `SELECT org_id FROM extra WHERE id = ${usr}`, DEF),
  ),
  'plpgsql ctx': pol(
    `{{org_id}} = {{schema}}.ctx()`,
    fn('ctx() RETURNS uuid', `BEGIN RETURN ${ctx}; END`, 'LANGUAGE plpgsql STABLE'),
  ),
  'user sound': pol(`{{user_id}}::text = ${usr}`),
  'django rls': pol(
    `{{org_id}}::text = current_setting('app.org', true) AND current_setting('app.org', true) <> ''`,
  ),
  nile: pol(`{{org_id}} = current_setting('app.org')::uuid`),
  postgrest: pol(`{{org_id}}::text = current_setting('app.claims', true)::json ->> 'org'`),
  'wrapped gate': pol(`(SELECT current_setting('app.scope', true)) = 'system' OR ${T}`),
  distinct: pol(`NOT ({{org_id}} IS DISTINCT FROM ${ctx})`),
  'not not': pol(`NOT ({{org_id}} <> ${ctx})`),
  'row equality': pol(`({{org_id}}, {{note}}) = (${ctx}, 'same')`),
  'row in': pol(
    `({{org_id}}, {{note}}) IN (SELECT e.{{org_id}}, e.{{note}} FROM {{extra}} e WHERE e.{{id}} = ${usr})`,
  ),
  lower: pol(`lower({{org_id}}::text) = lower(current_setting('app.org', true))`),
  'coalesce false': pol(`COALESCE(${T}, false)`),
  'exists unnest': pol(
    `EXISTS (SELECT 1 FROM unnest(string_to_array(current_setting('app.org', true), ',')) x WHERE x = {{org_id}}::text)`,
  ),
  'is true': pol(`(${T}) IS TRUE`),
  'bool eq true': pol(`(${T}) = true`),
  flag: pol(`NULLIF(current_setting('app.scope', true), 'tenant')::boolean OR ${T}`),
  'flag coalesced': pol(
    `COALESCE(NULLIF(NULLIF(current_setting('app.scope', true), ''), 'tenant')::boolean, false) OR ${T}`,
  ),
  'supabase uid': pol(
    `{{user_id}} = (SELECT auth.uid())`,
    `CREATE SCHEMA auth; GRANT USAGE ON SCHEMA auth TO {{app}}; CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$ select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''), nullif(current_setting('app.user', true), ''))::uuid $$`,
  ),
  'supabase uid mapping': pol(
    `{{org_id}} IN (SELECT e.{{org_id}} FROM {{extra}} e WHERE e.{{id}} = (SELECT auth.uid())::text)`,
    `CREATE SCHEMA auth; GRANT USAGE ON SCHEMA auth TO {{app}}; CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$ select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''), nullif(current_setting('app.user', true), ''))::uuid $$`,
  ),
  'supabase member fn sound': pol(
    `{{schema}}.is_member({{org_id}})`,
    fn(
      'is_member(_org uuid) RETURNS boolean',
      `SELECT EXISTS (SELECT 1 FROM extra WHERE org_id = _org AND id = ${usr});`,
      DEF,
    ),
  ),
  'named fn.arg': pol(
    `{{schema}}.is_member({{org_id}})`,
    fn(
      'is_member(org_id uuid) RETURNS boolean',
      `SELECT EXISTS (SELECT 1 FROM extra e WHERE e.org_id = is_member.org_id AND e.id = ${usr})`,
      DEF,
    ),
  ),
  'jwt helper': pol(
    `{{org_id}} = (auth.jwt() ->> 'org')::uuid`,
    `CREATE SCHEMA auth; GRANT USAGE ON SCHEMA auth TO {{app}}; CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$ select coalesce(nullif(current_setting('request.jwt', true), ''), nullif(current_setting('app.claims', true), ''))::jsonb $$`,
  ),
  'begin atomic': pol(
    `{{schema}}.is_member({{org_id}})`,
    `CREATE FUNCTION {{schema}}.is_member(org_id uuid) RETURNS boolean LANGUAGE sql STABLE BEGIN ATOMIC SELECT EXISTS (SELECT 1 FROM {{extra}} e WHERE e.org_id = is_member.org_id AND e.id = ${usr}); END`,
  ),
  return: pol(
    `{{org_id}} = {{schema}}.ctx()`,
    `CREATE FUNCTION {{schema}}.ctx() RETURNS uuid LANGUAGE sql STABLE RETURN ${ctx}`,
  ),
  'parent of parent fn': pol(
    `EXISTS (SELECT 1 FROM {{rooms}} r JOIN {{orgs}} o ON o.{{id}} = r.{{org_id}} WHERE r.{{id}} = {{room_id}} AND o.{{id}} = ${ctx})`,
  ),
  'comma join sound': pol(
    `EXISTS (SELECT 1 FROM {{extra}} e, {{orgs}} o WHERE e.{{id}} = ${usr} AND o.{{id}} = e.{{org_id}} AND o.{{id}} = ${B}.{{org_id}})`,
  ),
};

oneEngine((engine) => {
  let tried: ReadonlyMap<string, Judged>;
  before(async () => {
    const { database, close } = await openFresh(engine);
    const all = Object.entries({ ...open, ...unknown, ...sound });
    const outcomes = await judgeByRows(
      database,
      all.map(([, sql]) => sql),
    );
    tried = new Map(
      all.map(([name], at) => {
        const outcome = outcomes[at];
        if (outcome === undefined || 'refused' in outcome)
          throw new Error(`${name}: ${outcome?.refused ?? ''}`);
        return [name, outcome];
      }),
    );
    await close();
  });
  const judgedOf = (name: string): Judged => {
    const found = tried.get(name);
    assert.ok(found);
    return found;
  };
  const errors = ({ report }: Judged): string[] =>
    shownFindings(report).filter((text) => text.startsWith('error'));

  describe('a row of another tenant is seen', () => {
    for (const name of Object.keys(open))
      it(name, () => {
        const one = judgedOf(name);
        assert.ok(one.leaks, 'it does not leak');
        assert.ok(errors(one).length + one.report.notRead.length > 0, 'the doctor sees nothing');
      });
  });

  describe('none is seen here, and nobody knows of elsewhere', () => {
    for (const name of Object.keys(unknown))
      it(name, () => {
        const one = judgedOf(name);
        assert.equal(one.leaks, false);
        assert.deepEqual(errors(one), []);
        assert.deepEqual(
          one.report.notRead.map(({ at }) => at.part),
          ['tenant'],
        );
      });
  });

  describe('none is seen, and the tenant’s own is', () => {
    for (const name of Object.keys(sound))
      it(name, () => {
        const one = judgedOf(name);
        assert.deepEqual([one.leaks, one.serves], [false, true]);
        assert.deepEqual(errors(one), []);
        assert.deepEqual(one.report.notRead, []);
      });
  });
});

/** What a person is asked of a conversion can be answered by what is printed, whatever the tables are called. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { checkConversion } from '../../src/engine/tenantize/check-conversion.ts';
import type { ConversionGround } from '../../src/engine/tenantize/ground.ts';
import { planConversion } from '../../src/engine/tenantize/plan-conversion.ts';
import type { ConversionPlan } from '../../src/engine/tenantize/plan-conversion.ts';
import { buildCatalog } from './build-catalog.ts';
import { buildGround } from './build-ground.ts';

const oddNames = ['null', 'True', 'NO', 'off', 'y', 'n', '~', 'Order', 'a-b', 'a b', '7', 'straße', 'plain'];

/** The plan, which its checker must not contradict: a person can answer a question, and no contradiction. */
function held(ground: ConversionGround): ConversionPlan {
  const plan = planConversion(ground);
  assert.deepEqual(checkConversion(ground, plan), []);
  return plan;
}

function answersOf({ questions }: ConversionPlan): unknown[] {
  return questions.flatMap(({ answers }) => answers.map(({ yaml }) => parse(yaml) as unknown));
}

describe('a printed answer', () => {
  for (const name of oddNames)
    it(`answers when it is pasted, of a table ${name}`, () => {
      const catalog = buildCatalog({ [name]: { id: 'uuid!' } });
      const answers = answersOf(held(buildGround(catalog))) as {
        tenant?: { global: string[] };
        tenantize?: { tables: Record<string, object> };
      }[];
      assert.equal(answers.length, 2);
      for (const { tenant, tenantize } of answers)
        assert.deepEqual(held(buildGround(catalog, { tenant, tenantize } as object)).questions, []);
    });
});

describe('two tables with one name in V2', () => {
  const two = buildCatalog({
    users: { id: 'uuid!' },
    members: { id: 'uuid!' },
    tenants_of_old: { id: 'uuid!' },
  });
  const [users, ...others] = two.tables;
  assert.ok(users !== undefined);
  const old = { ...users, id: 'old.users', schema: 'old' };
  const catalog = { tables: [old, users, ...others] };
  const zero = { owner: 'zero' } as const;
  const tables = { 'old.users': zero, users: zero, members: zero, tenants_of_old: zero };

  function asked(ground: ConversionGround): string[] {
    return held(ground).questions.map(({ code, message }) => `${code} ${message}`);
  }

  it('are asked about, with a name that answers', () => {
    const plan = held(buildGround(catalog, { tenantize: { tables } }));
    assert.deepEqual(
      plan.questions.map(({ code, message }) => `${code} ${message}`),
      [
        'PHASE_BLOCKED v2.users would be the name of old.users and of public.users',
        'PHASE_BLOCKED v2.users would be the name of old.users and of public.users',
      ],
    );
    assert.deepEqual(answersOf(plan), [
      { tenantize: { tables: { 'old.users': { name: 'old_users' } } } },
      { tenantize: { tables: { users: { name: 'public_users' } } } },
    ]);
    const named = { ...tables, 'old.users': { ...zero, name: 'old_users' } };
    assert.deepEqual(asked(buildGround(catalog, { tenantize: { tables: named } })), []);
  });

  it('are asked about where a person gave the name, where the table of tenants has it, and where V1 has it', () => {
    const given = {
      ...tables,
      'old.users': { ...zero, name: 'old_users' },
      members: { ...zero, name: 'old_users' },
    };
    assert.equal(asked(buildGround(catalog, { tenantize: { tables: given } })).length, 2);
    const root = { ...given, members: { ...zero, name: 'tenants' } };
    assert.deepEqual(asked(buildGround(catalog, { tenantize: { tables: root } })), [
      'PHASE_BLOCKED v2.tenants would be the name of public.members and of the table of tenants',
    ]);
    const relations = [{ id: 'v2.members', schema: 'v2', name: 'members' }];
    const own = { ...tables, 'old.users': { ...zero, name: 'old_users' } };
    assert.deepEqual(asked(buildGround(catalog, { tenantize: { tables: own }, relations })), [
      'PHASE_BLOCKED v2.members would be the name of public.members and is there already',
    ]);
  });

  it('are asked about where a table is in the schema of V2 already, which may stay in its place', () => {
    const there = buildCatalog({ users: { id: 'uuid!' } }, { users: { schema: 'v2' } });
    const said = { 'v2.users': zero };
    const plan = held(buildGround(there, { tenantize: { tables: said } }));
    assert.deepEqual(
      plan.questions.map(({ message }) => message),
      ['v2.users is in the schema of V2 already'],
    );
    const inPlace = { 'v2.users': { ...zero, mode: 'in-place' } } as const;
    assert.deepEqual(asked(buildGround(there, { tenantize: { tables: inPlace } })), []);
  });
});

describe('two columns with one name in V2', () => {
  const catalog = buildCatalog({ notes: { id: 'uuid!', text: 'text', title: 'text', tenant: 'text' } });
  for (const [what, columns, named] of [
    ['by two names that were given', { text: 'body', title: 'body' }, 'body'],
    ['by the name of the tenant column', { tenant: 'tenant_id' }, 'tenant_id'],
  ] as const)
    it(`are asked about: ${what}`, () => {
      const tables = { notes: { owner: 'zero', columns } } as const;
      assert.deepEqual(
        held(buildGround(catalog, { tenantize: { tables } })).questions.map(({ message }) => message),
        [`two columns of public.notes would be called ${named} in V2`],
      );
    });
});

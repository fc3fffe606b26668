/**
 * What happens to a place of a row, for every role, owner, request, liveness, state, answer and rule for collisions. The table is
 * written from the specification, not from the code. Each combination must be in exactly one of its lines.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlaceRole } from '../../src/engine/rules/place-config.ts';
import { decide, deadRowsMove, mergingStates, movingStates } from '../../src/engine/plan/decide.ts';
import type { Place } from '../../src/engine/rules/place.ts';
import { codeOf, type StateCode, stateCodes, stateFromCode } from '../../src/engine/plan/place-state.ts';
import { sharedRows } from '../../src/engine/tenant.ts';
import type { Owner } from '../../src/engine/plan/snapshot.ts';
import { buildSnapshot, config, intent } from './build-snapshot.ts';

/** `live` marks rows that stay and are live. `key` marks those that are live only where the value alone names a model. */
const table = `
role                 | owner    | asked | dead | state      | answer | collision      | outcome
ignore catalogue     | *        | *     | *    | *          | *      | *              | skip
history              | *        | *     | *    | *          | *      | *              | history
dead-copy            | *        | *     | *    | *          | *      | *              | dead-copy
data-bound           | *        | *     | *    | *          | *      | *              | data-bound live
deny                 | *        | *     | *    | *          | *      | *              | denied
reference grant ask  | disagree | *     | *    | *          | *      | *              | disagreeing-owners live
reference grant ask  | other    | *     | *    | *          | *      | *              | other-tenant key
reference grant ask  | global none shared | * | * | H        | *      | *              | history
reference grant ask  | global none shared | * | dead | !H !N | *      | *              | dead
reference grant ask  | global   | *     | no   | !H         | *      | *              | global live
reference grant ask  | none     | *     | no   | !H         | *      | *              | no-owner live
reference grant ask  | shared   | *     | no   | !H         | *      | *              | shared live
reference grant ask  | global   | *     | dead | N          | *      | *              | global live
reference grant ask  | none     | *     | dead | N          | *      | *              | no-owner live
reference grant ask  | shared   | *     | dead | N          | *      | *              | shared live
reference grant ask  | mine     | no    | *    | *          | *      | *              | not-requested live
reference grant ask  | mine     | yes   | *    | H          | *      | *              | history
reference grant ask  | mine     | yes   | *    | N          | *      | *              | not-allowed live
reference grant ask  | mine     | yes   | dead | !H !N      | *      | *              | dead
reference grant ask  | mine     | yes   | no   | B Z        | *      | *              | ask live
reference grant ask  | mine     | yes   | no   | A G K F S AC GC KC FC SC | none | *            | ask live
reference grant ask  | mine     | yes   | no   | A G K F S AC GC KC FC SC | keep | *            | kept
reference grant ask  | mine     | yes   | no   | A G K F S  | move   | *              | move
reference grant ask  | mine     | yes   | no   | AC GC KC FC SC | move   | drop-redundant | merge
reference grant ask  | mine     | yes   | no   | AC GC KC FC SC | move   | skip           | collision live
reference grant ask  | mine     | yes   | no   | AC GC KC FC SC | move   | ask            | ask live
reference grant      | mine     | yes   | no   | L          | *      | *              | move
reference grant      | mine     | yes   | no   | C          | *      | drop-redundant | merge
reference grant      | mine     | yes   | no   | C          | *      | skip           | collision live
reference grant      | mine     | yes   | no   | C          | *      | ask            | ask live
ask                  | mine     | yes   | no   | L C        | none   | *              | ask live
ask                  | mine     | yes   | no   | L C        | keep   | *              | kept
ask                  | mine     | yes   | no   | L          | move   | *              | move
ask                  | mine     | yes   | no   | C          | move   | drop-redundant | merge
ask                  | mine     | yes   | no   | C          | move   | skip           | collision live
ask                  | mine     | yes   | no   | C          | move   | ask            | ask live
`;

const lines = table
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split('|').map((cell) => cell.trim()));

function fits(cell: string, value: string): boolean {
  if (cell === '*') return true;
  const words = cell.split(' ');
  return cell.startsWith('!') ? !words.includes(`!${value}`) : words.includes(value);
}

const roles: readonly PlaceRole[] = [
  'reference',
  'grant',
  'catalogue',
  'history',
  'dead-copy',
  'data-bound',
  'deny',
  'ignore',
  'ask',
];
const owners: readonly Owner[] = ['mine', 'other', 'global', 'none', 'shared', 'disagree'];
const collisions = ['drop-redundant', 'skip', 'ask'] as const;
const answers = ['none', 'keep', 'move'] as const;

interface Combination {
  readonly role: PlaceRole;
  readonly owner: Owner;
  readonly asked: 'yes' | 'no';
  readonly dead: 'dead' | 'no';
  readonly state: StateCode;
  readonly answer: (typeof answers)[number];
  readonly collision: (typeof collisions)[number];
}

function combinations(): Combination[] {
  return roles.flatMap((role) =>
    owners.flatMap((owner) =>
      (['yes', 'no'] as const).flatMap((asked) =>
        (['dead', 'no'] as const).flatMap((dead) =>
          stateCodes.flatMap((state) =>
            answers.flatMap((answer) =>
              collisions.map((collision) => ({ role, owner, asked, dead, state, answer, collision })),
            ),
          ),
        ),
      ),
    ),
  );
}

const live = stateFromCode('L');
const leaving = buildSnapshot({ config: { ...config, deadRows: 'leave' } });
const [plain] = leaving.rules.places;

function placeWith(more: Partial<Place>): Place {
  assert.ok(plain !== undefined);
  return { ...plain, ...more };
}

function outcomeOf(one: Combination, byKey: boolean): string {
  const place = placeWith({ role: one.role, collision: one.collision, byKey });
  const request = {
    ...intent,
    ...(one.asked === 'yes' ? {} : { entityTypes: ['something else'] }),
    answers: one.answer === 'none' ? {} : { [place.id]: one.answer },
  };
  const outcome = decide(leaving, request, {
    place,
    state: stateFromCode(one.state),
    owner: one.owner,
    dead: one.dead === 'dead',
  });
  return outcome.kind === 'stay' ? `${outcome.reason}${outcome.live ? ' live' : ''}` : outcome.kind;
}

describe('what happens to a place of a row', () => {
  it('is no business of a tenant where another tenant’s row names a model of everybody', () => {
    const state = stateFromCode('L');
    const occasion = { place: placeWith({ byKey: true }), state, owner: 'other', dead: false } as const;
    const everybodys = { ...leaving, source: { ...leaving.source, tenant: null } };
    const shared = { ...everybodys, tenant: { key: sharedRows, name: '' } };
    const said = (ground: typeof leaving, dead = false): unknown => {
      const outcome = decide(ground, intent, { ...occasion, dead });
      return outcome.kind === 'stay' ? [outcome.reason, outcome.live] : outcome.kind;
    };
    assert.deepEqual(said(leaving), ['other-tenant', true]);
    assert.deepEqual(said(everybodys), ['other-tenant', false]);
    assert.deepEqual(said(shared), ['other-tenant', false]);
    assert.deepEqual(said(shared, true), ['dead', false], 'it does not keep the model in use');
  });

  it('is what the table says, for every combination', () => {
    for (const one of combinations()) {
      const cells = [one.role, one.owner, one.asked, one.dead, one.state, one.answer, one.collision];
      const found = lines.filter((line) => cells.every((cell, at) => fits(line[at] ?? '', cell)));
      assert.equal(found.length, 1, `${cells.join(' ')} is in ${found.length} lines of the table`);
      const expected = found[0]?.at(-1) ?? '';
      for (const byKey of [true, false])
        assert.equal(outcomeOf(one, byKey), expected.replace(' key', byKey ? ' live' : ''), cells.join(' '));
    }
  });

  it('does not ask for owners in a database with a single tenant', () => {
    const place = placeWith({ role: 'reference' });
    for (const owner of owners)
      assert.deepEqual(
        decide({ ...leaving, tenant: null }, intent, { place, state: live, owner, dead: false }),
        {
          kind: 'move',
        },
      );
  });

  it('is a question beside a checksum, whatever the role', () => {
    const place = placeWith({ role: 'reference', checksum: 'sha' });
    const occasion = { place, state: live, owner: 'mine', dead: false } as const;
    const outcome = decide(leaving, intent, occasion);
    assert.equal(outcome.kind === 'stay' ? outcome.reason : outcome.kind, 'ask');
    assert.deepEqual(decide(leaving, { ...intent, answers: { [place.id]: 'move' } }, occasion), {
      kind: 'move',
    });
  });
});

describe('the code of a state', () => {
  it('means one state, and is the only one that means it', () => {
    for (const code of stateCodes) assert.equal(codeOf(stateFromCode(code)), code);
  });
  it('is nothing else: a row in an unknown state does not move', () => {
    assert.throws(() => stateFromCode('Lx' as StateCode), /no place is in the state Lx/);
  });
  it('is none for a row that stays and would collide', () => {
    assert.throws(() => codeOf({ standing: 'history', collides: true }), /cannot collide/);
  });
});

describe('the states that a step looks for', () => {
  it('are those for which the decision is to move, or to merge', () => {
    for (const role of ['reference', 'grant', 'ask'] as const)
      for (const answer of answers) {
        const place = placeWith({ role, collision: 'drop-redundant' });
        const request = { ...intent, answers: answer === 'none' ? {} : { [place.id]: answer } };
        const statesOf = (kind: string): StateCode[] =>
          stateCodes.filter((code) => {
            const occasion = { place, state: stateFromCode(code), owner: 'mine', dead: false } as const;
            return decide(leaving, request, occasion).kind === kind;
          });
        assert.deepEqual(movingStates(request, place).toSorted(), statesOf('move').toSorted());
        assert.deepEqual(mergingStates(request, place).toSorted(), statesOf('merge').toSorted());
      }
  });
});

describe('soft-deleted and archived rows', () => {
  const moves = (more: Partial<typeof config>): boolean =>
    deadRowsMove(buildSnapshot({ config: { ...config, ...more } }));
  it('move, unless the configuration leaves them', () => {
    assert.deepEqual(
      [moves({}), moves({ deadRows: 'move' }), moves({ deadRows: 'leave' })],
      [true, true, false],
    );
  });
  it('stay where the source is superseded, and move where nothing may name it any more', () => {
    assert.equal(moves({ intent: 'superseded' }), false);
    assert.equal(moves({ intent: 'superseded', deadRows: 'move' }), true);
    assert.equal(moves({ intent: 'removed', deadRows: 'leave' }), true);
  });
});

/** Results belong to members by their number: a gap is an error, and no tenant gets what belongs to the next one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyMember } from '../../src/postgres/driver/members.ts';

test('a member that came to nothing is an error, wherever it stands', () => {
  assert.deepEqual(everyMember([0, '', null, false]), [0, '', null, false]);
  for (const gap of [[undefined, 1, 2], [1, undefined, 2], [1, 2, undefined], [undefined]])
    assert.throws(() => everyMember(gap), /member \d of a batch came to nothing/);
});

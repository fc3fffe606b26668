/** No operation without a file that carries it out, a page that describes it, and a case in the lifecycle test. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lifecycleCases } from './lifecycle-cases.ts';
import { stepOrder } from '../../src/engine/operations/operations.ts';
import { missingParts } from './operation-names.ts';

const pages = join(import.meta.dirname, '../../docs/operations');

describe('every operation', () => {
  it('has a file, a page and a lifecycle case', () => {
    const cases = Object.keys(lifecycleCases);
    assert.deepEqual(
      stepOrder.flatMap((operation) => missingParts(operation, cases)),
      [],
    );
  });

  it('is still there, if it has a page or a case', () => {
    const described = readdirSync(pages).map((file) => file.replace(/\.md$/, ''));
    assert.deepEqual(described.toSorted(), stepOrder.toSorted());
    assert.deepEqual(Object.keys(lifecycleCases).toSorted(), stepOrder.toSorted());
  });

  it('would be missed', () => {
    assert.equal(missingParts('split', []).length, 3);
  });
});

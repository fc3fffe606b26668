/**
 * A list that is read page by page gives every row that stays exactly once, in order. Rows that come and go between two
 * pages change nothing, nor does the number of rows that were made at the same moment.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { demoId } from '../../src/platform/demo/ids.ts';
import type { Values } from '../../src/platform/resources/declaration.ts';
import { oneEngine } from '../support/databases.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';

interface Scene {
  /** Moments of the rows at the beginning, in microseconds; many are equal. */
  readonly rows: readonly number[];
  readonly limit: number;
  /** Between two pages: a row is made at a moment, or the nth one is deleted. */
  readonly between: readonly (readonly ['insert' | 'delete', number])[];
}

const moment = fc.integer({ min: 0, max: 6 });
const scene: fc.Arbitrary<Scene> = fc.record({
  rows: fc.array(moment, { maxLength: 14 }),
  limit: fc.integer({ min: 1, max: 5 }),
  between: fc.array(fc.tuple(fc.constantFrom('insert' as const, 'delete' as const), fc.nat(13)), {
    maxLength: 12,
  }),
});

oneEngine((engine) => {
  let http: HttpPlatform;
  let key: string;
  before(async () => {
    http = await httpPlatform(engine);
    key = await http.keyWith('viewer', ['assistants:read']);
  });
  after(() => http.close());

  const space = demoId(1, 'spaces', 3);

  /** In microseconds, so that a cursor that rounds to milliseconds would lose or repeat rows. */
  const insert = async (marker: string, at: number): Promise<string> => {
    const id = randomUUID();
    await http.asSuperuser((tx) =>
      tx.run(
        `INSERT INTO migration.assistants (tenant_id, id, space_id, user_id, name, created_at)
         VALUES ($1, $2, $3, $4, $5, timestamptz '2026-05-05 12:00:00Z' + $6 * interval '1 microsecond')`,
        [http.tenants.mine, id, space, demoId(1, 'users', 0), marker, at],
      ),
    );
    return id;
  };

  const page = async (
    marker: string,
    limit: number,
    cursor: string | null,
  ): Promise<{ items: Values[]; next_cursor: string | null }> => {
    const more = cursor === null ? '' : `&cursor=${cursor}`;
    const url = `/api/v1/assistants?name=${marker}&limit=${limit}${more}`;
    const { status, json, text } = await http.call('GET', url, { key });
    assert.equal(status, 200, text);
    return json;
  };

  it('gives what stays exactly once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async ({ rows, limit, between }) => {
        const marker = randomUUID();
        const all = [];
        for (const at of rows) all.push({ id: await insert(marker, at), at });
        const first = [...all];
        const deleted = new Set<string>();
        const seen: { id: string; created_at: string }[] = [];
        const events = [...between];
        for (let cursor: string | null = null; ;) {
          const { items, next_cursor } = await page(marker, limit, cursor);
          assert.ok(items.length <= limit);
          seen.push(...(items as unknown as typeof seen));
          if (next_cursor === null) break;
          cursor = next_cursor;
          const [what, n] = events.shift() ?? ['none', 0];
          if (what === 'insert') all.push({ id: await insert(marker, n % 7), at: n % 7 });
          const victim = first[n];
          if (what === 'delete' && victim !== undefined) {
            deleted.add(victim.id);
            await http.call('DELETE', `/api/v1/assistants/${victim.id}`, { key: http.keys.member });
          }
        }
        const ids = seen.map(({ id }) => id);
        assert.equal(new Set(ids).size, ids.length, 'a row came twice');
        for (const { id } of first)
          assert.ok(deleted.has(id) || ids.includes(id), 'a row that stayed was left out');
        const order = new Map(all.map(({ id, at }) => [id, `${at} ${id}`]));
        const shown = ids.map((id) => order.get(id) ?? '');
        assert.deepEqual(
          shown,
          shown.toSorted((a, b) => (a < b ? -1 : 1)),
        );
      }),
      { numRuns: 25 },
    );
  });

  it('goes through the audit log backwards, the newest first', async () => {
    for (let n = 0; n < 5; n += 1)
      await http.call('POST', '/api/v1/assistant-templates', {
        key: http.keys.admin,
        body: { name: `T${n}` },
      });
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const url = `/api/v1/audit-log?action=assistant_template.created&limit=2${cursor}`;
      const { json } = await http.call('GET', url, { key: http.keys.admin });
      seen.push(...json.items.map(({ at }: { at: string }) => at));
      if (json.next_cursor === null) break;
      cursor = `&cursor=${json.next_cursor}`;
    }
    assert.equal(seen.length, 5);
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => (a > b ? -1 : 1)),
    );
  });

  it('gives fewer rows where they are large, and all of them in the end', async () => {
    const name = randomUUID();
    const made = new Set<string>();
    for (let n = 0; n < 24; n += 1) {
      const body = {
        name,
        prompt: 'ä'.repeat(100_000),
        ...(n % 2 === 0 ? { parameters: { a: 'x'.repeat(60_000) } } : {}),
      };
      const { json } = await http.call('POST', '/api/v1/assistant-templates', { key: http.keys.admin, body });
      made.add(json.id);
    }
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const url = `/api/v1/assistant-templates?name=${name}&limit=200${cursor}`;
      const { json, text } = await http.call('GET', url, { key: http.keys.admin });
      assert.ok(Buffer.byteLength(text) < 5_000_000, `${Buffer.byteLength(text)} bytes`);
      seen.push(...json.items.map(({ id }: { id: string }) => id));
      if (json.next_cursor === null) break;
      cursor = `&cursor=${json.next_cursor}`;
    }
    assert.equal(seen.length, 24);
    assert.deepEqual(new Set(seen), made);
  });

  it('refuses a cursor that no list gave, with 400', async () => {
    const wrong = [
      'x',
      'W10',
      Buffer.from('["x","y"]').toString('base64url'),
      Buffer.from('["2026-01-01 00:00:00+00"]').toString('base64url'),
    ];
    for (const cursor of [...wrong, 'A'.repeat(400)]) {
      const { status, json } = await http.call('GET', `/api/v1/assistants?cursor=${cursor}`, {
        key: http.keys.viewer,
      });
      assert.deepEqual([status, json.code], [400, 'REQUEST_INVALID'], cursor);
    }
    const impossible = Buffer.from(JSON.stringify(['2026-99-99 00:00:00+00', randomUUID()])).toString(
      'base64url',
    );
    const { status, text } = await http.call('GET', `/api/v1/assistants?cursor=${impossible}`, {
      key: http.keys.viewer,
    });
    assert.equal(status, 400, text);
  });
});

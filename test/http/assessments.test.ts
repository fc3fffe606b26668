/** An assessment over HTTP: begun, looked at page by page, decided by who saw the last version, accepted, exported; of no other tenant. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { httpPlatform } from '../support/http.ts';
import type { Answer, HttpPlatform, Method } from '../support/http.ts';

const horizon = '2100-01-01';

oneEngine((engine) => {
  let http: HttpPlatform;
  let id = '';
  before(async () => {
    http = await httpPlatform(engine);
  });
  after(() => http.close());

  const call = (method: Method, path: string, how: object = {}): Promise<Answer> =>
    http.call(method, `/api/v1/assessments${path}`, { key: http.keys.admin, ...how });
  const done = async (method: Method, path: string, how: object = {}): Promise<Answer['json']> => {
    const answer = await call(method, path, how);
    assert.equal(answer.status, 200, `${path}: ${answer.text}`);
    return answer.json;
  };
  const refused = async (
    method: Method,
    path: string,
    how: object,
    what: [number, string],
  ): Promise<Answer['json']> => {
    const answer = await call(method, path, how);
    assert.deepEqual([answer.status, answer.json.code], what, answer.text);
    return answer.json;
  };
  /** All items of a list, a few at a time. */
  const pages = async (path: string, limit: number): Promise<Record<string, unknown>[]> => {
    const items: Record<string, unknown>[] = [];
    for (let cursor = ''; ;) {
      const page = await done('GET', `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor}`);
      items.push(...page.items);
      if (page.next_cursor === null) return items;
      cursor = `&cursor=${page.next_cursor}`;
    }
  };

  it('is begun once, also where the answer was not heard', async () => {
    const how = { body: { horizon }, headers: { 'idempotency-key': 'begin' } };
    const begun = await done('POST', '', how);
    assert.deepEqual(await done('POST', '', how), begun);
    id = begun.assessment.id;
    assert.ok(begun.assets > 20 && begun.settings > 0 && begun.shared > 0, JSON.stringify(begun));
    await refused('POST', '', { body: {} }, [409, 'ASSESSMENT_CONFLICT']);
    assert.deepEqual(
      (await pages('', 1)).map((one) => one['id']),
      [id],
    );
    assert.deepEqual((await done('GET', '?status=accepted')).items, []);
  });

  it('is looked at page by page, the same assets whatever the page, and by what is asked for', async () => {
    const all = await pages(`/${id}/assets`, 200);
    assert.deepEqual(await pages(`/${id}/assets`, 7), all);
    const detail = await done('GET', `/${id}`);
    assert.deepEqual([detail.assets, detail.undecided], [all.length, all.length]);
    const groups = await pages(`/${id}/groups`, 3);
    assert.equal(
      groups.reduce((sum, group) => sum + Number(group['count']), 0),
      all.length,
    );
    const [first] = groups;
    const members = await pages(`/${id}/assets?group=${String(first?.['name'])}`, 50);
    assert.equal(members.length, first?.['count']);
    assert.deepEqual(await pages(`/${id}/assets?undecided=false`, 50), []);
    assert.deepEqual(await pages(`/${id}/assets?strategy=retire`, 50), []);
    const retired = all.filter(
      (one) => (one['recommendation'] as { strategy: string }).strategy === 'retire',
    );
    assert.equal((await pages(`/${id}/assets?recommended=retire`, 50)).length, retired.length);
  });

  it('is decided by who saw the version that it has, and of two the second hears what the first said', async () => {
    const seen = await call('GET', `/${id}`);
    const ifMatch = { 'if-match': String(seen.headers['etag']) };
    const recommended = { about: { recommended: true, at_least: 0.75 } };
    const first = await done('POST', `/${id}/decisions`, { body: recommended, headers: ifMatch });
    assert.ok(first.decided > 0);
    await refused('POST', `/${id}/decisions`, { body: recommended, headers: ifMatch }, [
      412,
      'PRECONDITION_FAILED',
    ]);
    const [one] = await pages(`/${id}/assets?strategy=replatform`, 50);
    const about = { entity_id: one?.['entity_id'], source: one?.['source'] };
    await refused('POST', `/${id}/decisions`, { body: { about } }, [412, 'PRECONDITION_FAILED']);
    const other = { about, strategy: 'retain', until: '2101-01-01', instead: true };
    await refused('POST', `/${id}/decisions`, { body: other }, [400, 'DECISION_NEEDS_REASON']);
    await done('POST', `/${id}/decisions`, { body: { ...other, reason: 'not yet' } });
    const kept = await pages(`/${id}/decisions?asset_id=${String(one?.['id'])}`, 1);
    assert.deepEqual(
      kept.map((each) => [each['strategy'], each['superseded_by'] === null]),
      [
        ['retain', true],
        ['replatform', false],
      ],
    );
    for (const strategy of ['REHOST', 'rearchitect', 'replace', ''])
      await refused('POST', `/${id}/decisions`, { body: { ...other, strategy, reason: 'x' } }, [
        400,
        'REQUEST_INVALID',
      ]);
    await refused('POST', `/${id}/decisions`, { body: { about: { group: 'ffffffff', count: 1 } } }, [
      409,
      'ASSESSMENT_CONFLICT',
    ]);
  });

  it('is accepted with all decided and the version seen; its waves hold each asset that moves once', async () => {
    await refused('POST', `/${id}/accept`, { body: { version: 1 } }, [412, 'PRECONDITION_FAILED']);
    await refused('POST', `/${id}/accept`, { body: {} }, [400, 'REQUEST_INVALID']);
    const seen = async () => ({ version: (await done('GET', `/${id}`)).version as number });
    const { detail } = await refused('POST', `/${id}/accept`, { body: await seen() }, [409, 'UNDECIDED']);
    assert.match(detail, /not decided/);
    const rest = { about: { recommended: true }, owner: 'Platform', due: '2101-01-01' };
    assert.deepEqual((await done('POST', `/${id}/decisions`, { body: rest })).left, []);
    const accepted = await done('POST', `/${id}/accept`, { body: await seen() });
    assert.equal(accepted.status, 'accepted');
    const waves = await done('GET', `/${id}/waves`);
    const moving = waves.items.flatMap((wave: { asset_ids: string[] }) => wave.asset_ids);
    assert.ok(waves.accepted && moving.length > 0 && new Set(moving).size === moving.length);
    await refused('POST', `/${id}/rerun`, { body: {} }, [409, 'ASSESSMENT_CONFLICT']);
    await refused('POST', `/${id}/reopen`, { body: {} }, [400, 'DECISION_NEEDS_REASON']);
    assert.equal((await done('POST', `/${id}/reopen`, { body: { reason: 'one more' } })).status, 'in_review');
    const again = await done('POST', `/${id}/rerun`, { body: {} });
    assert.equal(again.assessment.survey, 2);
    assert.equal((await done('GET', `/${id}`)).undecided, 0, 'decisions stand');
  });

  it('is exported as CSV, Markdown and calendar, without the name of the tenant', async () => {
    const all = await pages(`/${id}/assets`, 200);
    const csv = await call('GET', `/${id}/export`);
    assert.match(String(csv.headers['content-type']), /^text\/csv/);
    assert.equal(csv.text.trimEnd().split('\r\n').length, all.length + 1);
    assert.match((await call('GET', `/${id}/export?format=markdown`)).text, /^# Assessment\n/);
    const calendar = await call('GET', `/${id}/export?format=ics`);
    assert.match(calendar.text, /^BEGIN:VCALENDAR\r\n/);
    assert.doesNotMatch(csv.text + calendar.text, /Alder Clinic/);
  });

  it('is like none for another tenant, and changed by no member', async () => {
    const paths: [Method, string, object][] = [
      ['GET', '', {}],
      ['GET', '/assets', {}],
      ['GET', '/groups', {}],
      ['GET', '/decisions', {}],
      ['GET', '/waves', {}],
      ['GET', '/export', {}],
      ['POST', '/decisions', { body: { about: { recommended: true } } }],
      ['POST', '/accept', { body: { version: 1 } }],
      ['POST', '/reopen', { body: { reason: 'x' } }],
      ['POST', '/cancel', { body: {} }],
    ];
    for (const [method, path, how] of paths)
      await refused(method, `/${id}${path}`, { ...how, key: http.keys.otherAdmin }, [
        404,
        'ASSESSMENT_NOT_FOUND',
      ]);
    await refused('POST', `/${id}/cancel`, { body: {}, key: http.keys.member }, [403, 'FORBIDDEN']);
    assert.equal((await done('POST', `/${id}/cancel`, { body: {} })).status, 'cancelled');
  });
});

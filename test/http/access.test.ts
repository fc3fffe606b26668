/**
 * Tries every operation of openapi.json, so that none can be forgotten. Without a credential it is 401, with too low a role
 * or without the scope 403. The row of another tenant gives the same 404, byte for byte, as a row that does not exist. No
 * refusal writes anything.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Role } from '../../src/platform/access/caller.ts';
import { oneEngine } from '../support/databases.ts';
import { exampleBody } from '../support/example-body.ts';
import { exampleId } from '../support/example-ids.ts';
import { type Answer, type HttpPlatform, httpPlatform, type Method } from '../support/http.ts';
import { type OpenApi, openApiFile, type Operation } from '../support/openapi.ts';
import { digestRows } from '../support/platform.ts';

const document = JSON.parse(readFileSync(openApiFile, 'utf8')) as OpenApi;

interface Case {
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  readonly operation: Operation;
  readonly role: Role;
  readonly body: unknown;
  /** Path parameters. */
  readonly names: readonly string[];
}

const cases: readonly Case[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, operation]) =>
    caseOf(path, method.toUpperCase() as Method, operation),
  ),
);

function caseOf(path: string, method: Method, operation: Operation): Case[] {
  const role = operation['x-drover-role'];
  if (role === undefined) return [];
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const body = exampleBody(document, operation);
  return [{ name: `${method} ${path}`, method, path, operation, role, body, names }];
}

const lower: Readonly<Record<Role, readonly Role[]>> = {
  viewer: [],
  member: ['viewer'],
  admin: ['member', 'viewer'],
  sysadmin: ['admin', 'member', 'viewer'],
};

const missing = '0badc0de-0000-4000-8000-000000000000';

oneEngine((engine) => {
  let http: HttpPlatform;
  let atFirst: Record<string, string>;

  before(async () => {
    http = await httpPlatform(engine);
    // The rows that the paths name are made before the first look.
    for (const { path, names } of cases) await fill(path, names, 1);
    for (const { path, names } of cases) await fill(path, names, 2);
    atFirst = await rows();
  });
  after(() => http.close());

  /** The path with rows of the tenant; `instead` names another row for one parameter. */
  async function fill(
    path: string,
    names: readonly string[],
    tenant: 1 | 2,
    instead: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    let filled = path;
    for (const name of names) {
      filled = filled.replace(`{${name}}`, instead[name] ?? (await exampleId(name, { http, tenant, path })));
    }
    return filled;
  }

  /** All rows, without the columns that every use of a key changes. */
  async function rows(): Promise<Record<string, string>> {
    const { api_keys: _, ...rest } = await http.asSuperuser((tx) => digestRows(tx));
    return rest;
  }

  const ask = async ({ method, path, names, body }: Case, key?: string): Promise<Answer> =>
    http.call(method, await fill(path, names, 1), {
      ...(key === undefined ? {} : { key }),
      ...(body === undefined ? {} : { body }),
    });

  it('is asked for by every operation under /api/v1', () => {
    const guarded = new Set(cases.map(({ path }) => path));
    const open = Object.keys(document.paths).filter((path) => path.startsWith('/api/') && !guarded.has(path));
    assert.deepEqual(open, []);
    assert.ok(cases.length > 50, `only ${cases.length} operations`);
  });

  it('is refused without a credential, in the same words everywhere', async () => {
    const answers = new Set<string>();
    for (const each of cases) {
      const { status, text, headers } = await ask(each);
      assert.equal(status, 401, each.name);
      assert.equal(headers['www-authenticate'], 'Bearer', each.name);
      answers.add(text);
    }
    assert.equal(answers.size, 1);
  });

  it('is refused to every role that is too low', async () => {
    for (const each of cases) {
      for (const role of lower[each.role]) {
        const { status, json } = await ask(each, http.keys[role]);
        assert.deepEqual([status, json?.code], [403, 'FORBIDDEN'], `${each.name} as ${role}`);
      }
    }
  });

  it('is refused to a key without the scope, whatever the role of its person', async () => {
    const keys = new Map<string, string>();
    const keyOf = async (scope: string): Promise<string> => {
      const key = keys.get(scope) ?? (await http.keyWith('sysadmin', [scope]));
      keys.set(scope, key);
      return key;
    };
    for (const each of cases) {
      const scope = each.operation['x-drover-scope'];
      if (scope === undefined) continue;
      const [subject, right] = scope.split(':');
      const others = [
        subject === 'keys' ? 'audit:write' : 'keys:write',
        ...(right === 'write' ? [`${subject}:read`] : []),
      ];
      for (const other of others) {
        const { status, json } = await ask(each, await keyOf(other));
        assert.deepEqual([status, json?.code], [403, 'FORBIDDEN'], `${each.name} with ${other}`);
      }
    }
  });

  it('is refused with a parameter of the query that the operation does not know', async () => {
    for (const { method, path, names, body, role, name } of cases) {
      const answer = await http.call(method, `${await fill(path, names, 1)}?dry_rum=true`, {
        key: http.keys[role],
        ...(body === undefined ? {} : { body }),
      });
      assert.deepEqual([answer.status, answer.json?.errors?.[0]?.in], [400, 'query'], name);
      assert.match(answer.text, /dry_rum/, name);
    }
  });

  describe('another tenant’s row', () => {
    for (const each of cases) {
      for (const name of each.names.filter((one) => isOfTenant(one, each))) {
        it(`${each.name}: {${name}} is answered like one that does not exist`, () => compare(each, name));
      }
    }
  });

  /** Asks as the second tenant, or for it: once for a row of the first tenant, once for a row that does not exist. */
  async function compare(each: Case, name: string): Promise<void> {
    const { method, path, names, role, body } = each;
    const key = role === 'sysadmin' ? http.keys.sysadmin : http.keys.otherAdmin;
    const theirs = await exampleId(name, { http, tenant: 1, path });
    const answers = await Promise.all(
      [theirs, missing].map(async (id) => {
        const filled = await fill(path, names, 2, { [name]: id });
        const answer = await http.call(method, filled, { key, ...(body === undefined ? {} : { body }) });
        return {
          status: answer.status,
          text: answer.text.replaceAll(id, '{id}'),
          headers: comparable(answer),
        };
      }),
    );
    assert.equal(answers[0]?.status, 404, answers[0]?.text);
    assert.deepEqual(answers[0], answers[1]);
  }

  it('is refused without writing anything', async () => {
    assert.deepEqual(await rows(), atFirst);
  });
});

/**
 * These parameters name no row of another tenant: sysadmins name tenants, and models of any tenant; runs and global rows
 * belong to no tenant; secrets and runtimes are named by words.
 */
function isOfTenant(name: string, { path }: Case): boolean {
  if (path.includes('/sysadmin/system/')) return false;
  return !['tenant_id', 'run_id', 'secret_name', 'runtime_id'].includes(name) && !name.startsWith('global_');
}

/** The parts of an answer by which a caller could tell two answers apart. */
function comparable({ headers }: Answer): Record<string, unknown> {
  const {
    'x-request-id': _,
    date: __,
    'x-ratelimit-remaining': ___,
    'x-ratelimit-reset': ____,
    ...rest
  } = headers;
  return rest;
}

/**
 * The HTTP application on the demo data, called without a socket. Every test file that asks gets a database of its own
 * and one key for each role; no key is in the demo itself.
 */
import { randomUUID } from 'node:crypto';
import type { App, AppInput } from '../../src/http/contract.ts';
import { buildApp } from '../../src/http/server/app.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import { createApiKey } from '../../src/platform/access/keys.ts';
import { openPlatform, type Platform } from '../../src/platform/open.ts';
import type { Role } from '../../src/platform/access/caller.ts';
import { bringInRegistry } from '../../src/platform/workspaces/bring-in-registry.ts';
import { dayOf } from '../../src/platform/workspaces/day.ts';
import type { Routing } from '../../src/platform/workspaces/routing.ts';
import type { ModelKnowledge } from '../../src/engine/models/knowledge.ts';
import type { Tx } from '../../src/postgres/driver/database.ts';
import { knowledgeOf } from '../../src/registry/known/knowledge.ts';
import type { Loaded } from '../../src/registry/load/load.ts';
import type { Engine } from './databases.ts';
import { platformDatabase } from './platform.ts';
import { testRouting } from './routing.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

interface CallOptions {
  /** An API key; none where it is not given. */
  readonly key?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly text: string;
  /** The body as JSON; undefined where it is empty or none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says what it expects, and fails where it is not so
  readonly json: any;
}

export interface HttpPlatform {
  readonly app: App;
  readonly platform: Platform;
  /** Keys of people of the first tenant, one for each role, and of the admin of the second. All have the scope `*`. */
  readonly keys: Readonly<Record<Role | 'otherAdmin', string>>;
  readonly tenants: { readonly mine: string; readonly other: string };
  call(method: Method, path: string, options?: CallOptions): Promise<Answer>;
  /** A key with other scopes, of the person that has the role. */
  keyWith(role: Role, scopes: readonly string[]): Promise<string>;
  /** As the login, which is superuser in tests: for setting the scene and for looking at the result. */
  asSuperuser<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const mine = demoId(1, 'tenants', 0);
const other = demoId(2, 'tenants', 0);

/** The people of the first tenant that the keys belong to. The demo's admin is sysadmin, too, so there is another one. */
const people: Readonly<Record<Role, string>> = {
  sysadmin: demoId(1, 'users', 0),
  admin: demoId(1, 'users', 99),
  member: demoId(1, 'users', 1),
  viewer: demoId(1, 'users', 3),
};

/** More than any test asks for. */
const budgets = { requestsPerMinute: 1_000_000, wrongCredentialsPerMinute: 1_000_000 };

/** The application on a clone of the demo; `input` changes what it is built with. Close it in the end. */
export async function httpPlatform(
  engine: Engine,
  input: Partial<Omit<AppInput, 'platform'>> = {},
): Promise<HttpPlatform> {
  const database = await platformDatabase(engine, 'demo');
  const routing = input.routing ?? testRouting();
  const platform = await openPlatform(database.db, { install: false, knowledge: knowledgeIn(routing) });
  await database.asSuperuser(addAdmin);
  await bringIn(platform, routing);
  const settings = { ...budgets, ...input.settings };
  const app = await buildApp({ version: 'test', ...input, platform, settings, routing });
  const keyOf = async (
    tenantId: string,
    userId: string,
    scopes: readonly string[] = ['*'],
  ): Promise<string> => (await createApiKey(platform, { tenantId, userId, name: 'test', scopes })).text;
  return {
    app,
    platform,
    keys: {
      sysadmin: await keyOf(mine, people.sysadmin),
      admin: await keyOf(mine, people.admin),
      member: await keyOf(mine, people.member),
      viewer: await keyOf(mine, people.viewer),
      otherAdmin: await keyOf(other, demoId(2, 'users', 0)),
    },
    tenants: { mine, other },
    call: (method, path, options = {}) => call(app, { method, path, ...options }),
    keyWith: (role, scopes) => keyOf(mine, people[role], scopes),
    asSuperuser: (work) => database.asSuperuser(work),
    close: async () => {
      await app.close();
      await database.drop();
    },
  };
}

/** What a server's plans know of models: that of the registry in force. */
function knowledgeIn({ registry }: Routing): () => ModelKnowledge | undefined {
  let kept: { readonly loaded: Loaded; readonly knowledge: ModelKnowledge | undefined } | undefined;
  return () => {
    const loaded = registry.current();
    if (kept?.loaded !== loaded)
      kept = { loaded, knowledge: loaded.kind === 'ok' ? knowledgeOf(loaded) : undefined };
    return kept.knowledge;
  };
}

/** As a server does when it starts. */
async function bringIn(platform: Platform, { registry, now }: Routing): Promise<void> {
  const loaded = registry.current();
  if (loaded.kind === 'ok') await bringInRegistry(platform, { loaded, today: dayOf(now()) });
}

async function addAdmin(tx: Tx): Promise<void> {
  await tx.run(
    `INSERT INTO migration.users (tenant_id, id, email, display_name)
     VALUES ($1, $2, 'harriet@alder-clinic.example', 'Harriet Admin')`,
    [mine, people.admin],
  );
  await tx.run(
    `INSERT INTO migration.user_roles (tenant_id, id, user_id, role, scope) VALUES ($1, $2, $3, 'admin', 'tenant')`,
    [mine, randomUUID(), people.admin],
  );
}

interface Call extends CallOptions {
  readonly method: Method;
  readonly path: string;
}

async function call(app: App, { method, path, key, body, headers = {} }: Call): Promise<Answer> {
  const response = await app.inject({
    method,
    url: path,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  const { statusCode: status, body: text } = response;
  const isJson = /json/.test(String(response.headers['content-type'])) && text !== '';
  return { status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

/** Attacks on an operation: each is a valid request with one thing changed. */
import fc from 'fast-check';
import type { Role } from '../../src/platform/access/caller.ts';
import { type DemoTable, demoId } from '../../src/platform/demo/ids.ts';
import { type ExampleOf, exampleOf, resolve, type Target, wrongTypes } from './hostile-schemas.ts';
import {
  badBytes,
  brokenBodies,
  hostileMoments,
  hostileNumbers,
  hostileTexts,
  oddBodies,
  oddContentTypes,
  unknownKeys,
} from './hostile-values.ts';

export interface Attack {
  /** Shown when the attack succeeds. */
  readonly what: string;
  readonly method: Target['method'];
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload?: string | Buffer;
  /** Sent in pieces, without a length. */
  readonly chunked?: boolean;
  /** Only a refusal is right; without this, success is right, too. */
  readonly refused: boolean;
  /** The only status that is right. */
  readonly status?: number;
  /** Whose key it is sent with, all of one tenant. */
  readonly caller: Role;
  /** False where the path leads to no operation. */
  readonly isOperation: boolean;
}

interface Ground {
  readonly target: Target;
  readonly ids: ExampleOf;
}

type Maker = (ground: Ground) => fc.Arbitrary<Attack> | undefined;

/** Any attack on the operation, each manner as often as the others, mostly by somebody who may do all. */
export function attacksOn(ground: Ground): fc.Arbitrary<Attack> {
  const caller = fc.constantFrom<Role>('sysadmin', 'sysadmin', 'sysadmin', 'admin', 'member', 'viewer');
  return fc
    .tuple(fc.oneof(...makers.flatMap((make) => make(ground) ?? [])), caller)
    .map(([attack, who]) => ({ ...attack, caller: who, what: `${who}: ${attack.what}` }));
}

const json = { 'content-type': 'application/json' } as const;

const hostileText = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...hostileTexts) },
  { weight: 1, arbitrary: fc.constantFrom(...hostileMoments) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
);

function plain({ target, ids }: Ground): Omit<Attack, 'what' | 'refused'> {
  const body = bodyOf({ target, ids });
  return {
    caller: 'sysadmin',
    isOperation: true,
    method: target.method,
    url: pathOf(target, (name) => ids(name, target) ?? 'x'),
    headers: body === undefined ? {} : json,
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  };
}

function pathOf({ path }: Target, valueOf: (name: string) => string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encode(valueOf(name)));
}

function bodyOf({ target, ids }: Ground, more?: ReadonlySet<string>): Record<string, unknown> | undefined {
  if (target.body === undefined) return undefined;
  const about = { name: '', target, ids, ...(more === undefined ? {} : { more }) };
  return exampleOf(target.body, about) as Record<string, unknown>;
}

/** As a client would, and half a surrogate pair as a careless one would. */
function encode(text: string): string {
  return Array.from(text, (point) => (point.isWellFormed() ? encodeURIComponent(point) : '%ED%A0%80')).join(
    '',
  );
}

function withBody(ground: Ground, what: string, body: unknown): Attack {
  return { ...plain(ground), what, payload: JSON.stringify(body), refused: false };
}

const tooLarge: Maker = (ground) => {
  if (ground.target.method === 'GET') return undefined;
  return fc.constantFrom('10 MB', '10 MB in pieces', '10 MB that is no JSON').map((what) => {
    const large = 'x'.repeat(10_000_000);
    const payload = what.endsWith('no JSON') ? large : JSON.stringify({ ...bodyOf(ground), name: large });
    const chunked = what.endsWith('in pieces');
    return { ...plain(ground), headers: json, payload, refused: true, status: 413, what, chunked };
  });
};

const brokenBody: Maker = (ground) => {
  if (ground.target.body === undefined) return undefined;
  const base = { ...plain(ground), headers: json };
  const broken = brokenBodies.map((payload) => ({
    ...base,
    payload,
    what: `a body that is no JSON: ${payload.slice(0, 60)}`,
    refused: true,
    status: 400,
  }));
  const bytes = badBytes.flatMap((payload) =>
    [{}, { chunked: true } as const].map((how) => ({
      ...base,
      ...how,
      payload,
      what: `no UTF-8: ${payload.toString('hex')}`,
      refused: true,
      status: 400,
    })),
  );
  const odd = oddBodies.map((payload) => ({
    ...base,
    payload,
    what: `an odd body: ${payload.slice(0, 60)}`,
    refused: payload !== 'null',
  }));
  return fc.constantFrom<Attack>(...broken, ...bytes, ...odd);
};

const wrongContentType: Maker = (ground) => {
  if (ground.target.body === undefined) return undefined;
  const base = plain(ground);
  const attacks = oddContentTypes.map((type) => ({
    ...base,
    headers: { 'content-type': type },
    what: `a body as ${type}`,
    refused: true,
  }));
  return fc.constantFrom<Attack>(...attacks, {
    ...base,
    headers: {},
    what: 'a body of no type',
    refused: false,
  });
};

/** Each property of the body with each type that is not its own. */
const wrongType: Maker = (ground) => {
  const properties = Object.entries(propertiesOf(ground.target));
  const attacks = properties.flatMap(([name, schema]) =>
    wrongTypes(schema).map((value) => ({
      ...withBody(ground, `${name} as ${JSON.stringify(value)}`, { ...bodyOf(ground), [name]: value }),
      refused: true,
    })),
  );
  return attacks.length === 0 ? undefined : fc.constantFrom<Attack>(...attacks);
};

const missingOrUnknown: Maker = (ground) => {
  if (ground.target.body === undefined) return undefined;
  const body = bodyOf(ground) ?? {};
  const { required = [], additionalProperties } = resolve(ground.target.body);
  const without = required.map((name) => ({
    ...withBody(ground, `without ${name}`, { ...body, [name]: undefined }),
    refused: true,
  }));
  const more = unknownKeys.map((name) => ({
    ...withBody(ground, `with ${name.slice(0, 60)}`, { ...body, [name]: 'x' }),
    refused: additionalProperties === false && !(name in propertiesOf(ground.target)),
  }));
  const text = JSON.stringify(body);
  const twice = Object.keys(body).map((name) => ({
    ...plain(ground),
    payload: `${text.slice(0, -1)},${JSON.stringify(name)}:[]}`,
    what: `${name} twice`,
    refused: true,
  }));
  return fc.constantFrom<Attack>(...without, ...more, ...twice);
};

/** Very long lists and very deep documents, in a property that takes lists or documents. */
const monstrous: Maker = (ground) => {
  const properties = Object.entries(propertiesOf(ground.target));
  const body = bodyOf(ground) ?? {};
  const attacks = properties.flatMap(([name, schema]) => {
    const { type } = resolve(schema);
    const base = { ...plain(ground), refused: true, what: `${name} without end` };
    const inBody = (text: string): string =>
      JSON.stringify({ ...body, [name]: '?' }).replace('"?"', () => text);
    if (type === 'array') return [{ ...base, payload: inBody(`[${'7,'.repeat(300_000)}7]`) }];
    if (type !== 'object') return [];
    return [{ ...base, payload: inBody(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`) }];
  });
  return attacks.length === 0 ? undefined : fc.constantFrom<Attack>(...attacks);
};

/** Text and numbers of the right type, in a place where they may be right or wrong. */
const hostileValue: Maker = (ground) => {
  const properties = propertiesOf(ground.target);
  const names = Object.keys(properties);
  if (names.length === 0) return undefined;
  return fc
    .record({
      name: fc.constantFrom(...names),
      text: hostileText,
      number: fc.constantFrom(...hostileNumbers),
    })
    .map(({ name, text, number }) => {
      const { type } = resolve(properties[name] ?? {});
      const value = valueOf(type, text, number);
      const body = { ...bodyOf(ground, new Set([name])), [name]: value };
      return withBody(ground, `${name} as ${JSON.stringify(value).slice(0, 80)}`, body);
    });
};

function valueOf(type: string | undefined, text: string, number: number): unknown {
  if (type === 'integer' || type === 'number') return number;
  if (type === 'array') return [text, text];
  if (type === 'string') return text;
  return { [text]: text, number, deep: [{ [text]: number }] };
}

function propertiesOf({ body }: Target): NonNullable<ReturnType<typeof resolve>['properties']> {
  return body === undefined ? {} : (resolve(body).properties ?? {});
}

const hostilePath: Maker = (ground) => {
  const { target, ids } = ground;
  const places = target.parameters.filter((each) => each.in === 'path');
  if (places.length === 0) return undefined;
  return fc
    .record({ place: fc.constantFrom(...places), text: hostileText.filter((text) => text !== '') })
    .map(({ place: { name, schema }, text }) => ({
      ...plain(ground),
      url: pathOf(target, (each) => (each === name ? text : (ids(each, target) ?? 'x'))),
      what: `{${name}} as ${JSON.stringify(text).slice(0, 80)}`,
      refused: schema.format === 'uuid',
    }));
};

const foreignTables: readonly DemoTable[] = [
  'tenants',
  'users',
  'spaces',
  'completion_models',
  'transcription_models',
  'embedding_models',
  'assistants',
  'apps',
  'services',
  'workspaces',
  'model_providers',
  'user_roles',
];

/** Ids of rows of every kind of another tenant, in either case. */
const foreignIds: readonly string[] = [
  ...foreignTables.map((table) => demoId(2, table, 0)),
  ...foreignTables.map((table) => demoId(2, table, 1).toUpperCase()),
];

/** Another tenant's row is nobody's, in the path as in the body; so is a row of another kind. */
const foreignId: Maker = (ground) => {
  const { target, ids } = ground;
  if (target.role === 'sysadmin') return undefined;
  const places = target.parameters.filter(
    ({ in: where, name, schema }) => where === 'path' && schema.format === 'uuid' && name !== 'tenant_id',
  );
  const fields = Object.entries(propertiesOf(target)).filter(
    ([, schema]) => resolve(schema).format === 'uuid',
  );
  const inPath = places.map(({ name }) => (id: string): Attack => ({
    ...plain(ground),
    url: pathOf(target, (each) => (each === name ? id : (ids(each, target) ?? 'x'))),
    what: `{${name}} as ${id}`,
    refused: true,
  }));
  const inBody = fields.map(([name]) => (id: string): Attack => ({
    ...withBody(ground, `${name} as ${id}`, { ...bodyOf(ground, new Set([name])), [name]: id }),
    refused: true,
  }));
  const makes = [...inPath, ...inBody];
  if (makes.length === 0) return undefined;
  return fc.tuple(fc.constantFrom(...makes), fc.constantFrom(...foreignIds)).map(([make, id]) => make(id));
};

const rawPaths = ['/%', '/%ff', '/%00', '/..%2f..', '//', '/;x=1', `/${'a+'.repeat(2000)}`, '/%c0%ae'];

const brokenPath: Maker = (ground) =>
  fc.constantFrom<Attack>(
    ...rawPaths.map((tail) => ({
      ...plain(ground),
      url: plain(ground).url + tail,
      isOperation: false,
      what: `the path with ${tail.slice(0, 20)}`,
      refused: true,
    })),
  );

const hostileQuery: Maker = (ground) => {
  const names = ground.target.parameters.filter((each) => each.in === 'query').map(({ name }) => name);
  const cursors = fc
    .array(hostileText, { minLength: 0, maxLength: 3 })
    .map((values) => Buffer.from(JSON.stringify(values)).toString('base64url'));
  const anyName = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...names, '__proto__') },
    { weight: 1, arbitrary: fc.constantFrom('__proto__', 'tenant_id', 'a[b]', '', '\u0000') },
  );
  return fc
    .record({
      name: anyName,
      text: hostileText,
      cursor: fc.oneof(cursors, likelyCursor),
      twice: fc.boolean(),
    })
    .map(({ name, text, cursor, twice }) => {
      const value = name === 'cursor' ? cursor : text;
      const part = `${encode(name)}=${encode(value)}`;
      return {
        ...plain(ground),
        url: `${plain(ground).url}?${twice ? `${part}&${part}` : part}`,
        what: `?${name} as ${JSON.stringify(name === 'cursor' ? Buffer.from(value, 'base64url').toString() : value).slice(0, 80)}`,
        refused: false,
      };
    });
};

/** Texts that almost are cursors of this list. */
const likelyCursor = fc
  .tuple(
    fc.constantFrom(
      '9999-99-99 99:99:99+99',
      '999999-12-31 23:59:59.999999+00',
      '2026-02-30 00:00:00+00',
      '9999-99-99T99:99:99.999999Z',
      '2026-01-05 08:00:00+00',
      'migration.assistants',
      '999999999',
    ),
    fc.constantFrom(
      '00000001-def0-def0-def0-000000000000',
      'nul\u0000',
      "' OR 1=1",
      '999999999',
      '["a","b"]',
    ),
    fc.constantFrom('1', '999999999'),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([a, b, c, length]) => Buffer.from(JSON.stringify([a, b, c].slice(0, length))).toString('base64url'));

const headerNames = [
  'if-match',
  'idempotency-key',
  'x-request-id',
  'accept',
  'accept-encoding',
  'last-event-id',
  'host',
  'origin',
  'cookie',
  'content-encoding',
  'x-forwarded-for',
  'x-tenant-id',
  'x-http-method-override',
  'range',
  'traceparent',
];

const hostileHeader: Maker = (ground) =>
  fc.record({ name: fc.constantFrom(...headerNames), text: hostileText }).map(({ name, text }) => {
    const base = plain(ground);
    return {
      ...base,
      headers: { ...base.headers, [name]: text },
      what: `${name}: ${text.slice(0, 80)}`,
      refused: false,
    };
  });

const hostileCredential: Maker = (ground) =>
  ground.target.isPublic
    ? undefined
    : hostileText.map((text) => {
        const base = plain(ground);
        const headers = { ...base.headers, authorization: `Bearer ${text}` };
        return { ...base, headers, what: `Bearer ${text.slice(0, 80)}`, refused: true, status: 401 };
      });

const makers: readonly Maker[] = [
  tooLarge,
  brokenBody,
  wrongContentType,
  wrongType,
  missingOrUnknown,
  monstrous,
  hostileValue,
  hostileValue,
  hostilePath,
  foreignId,
  brokenPath,
  hostileQuery,
  hostileQuery,
  hostileHeader,
  hostileCredential,
];

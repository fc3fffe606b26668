/** What a test needs to know about a resource, taken from its declaration. */
import { randomUUID } from 'node:crypto';
import { demoId } from '../../src/platform/demo/ids.ts';
import type { ResourceColumn, Resource, Values } from '../../src/platform/resources/declaration.ts';

export interface ResourceCase {
  readonly resource: Resource;
  readonly readUrl: string;
  readonly writeUrl: string;
  /** A body for POST that is accepted, different each time. */
  readonly body: () => Record<string, unknown>;
  /** A text that PATCH may change. */
  readonly changeable: string | undefined;
}

const rows: Readonly<Record<string, string>> = {
  spaces: demoId(1, 'spaces', 0),
  users: demoId(1, 'users', 2),
  model_providers: demoId(1, 'model_providers', 0),
};

export function caseOf(resource: Resource): ResourceCase {
  const sysadmin = '/api/v1/sysadmin';
  const { owner, path, columns } = resource;
  const changeable = Object.entries(columns).find(
    ([, { type, update }]) => update === true && type.kind === 'text' && type.form === 'line',
  );
  return {
    resource,
    readUrl: `${owner === 'system' ? sysadmin : '/api/v1'}/${path}`,
    writeUrl: `${owner === 'tenant' ? '/api/v1' : sysadmin}/${path}`,
    body: () => (path === 'user-roles' ? nextGrant() : bodyOf(columns)),
    changeable: changeable?.[0],
  };
}

let grants = 0;

/** A person holds a role once in each space. */
function nextGrant(): Record<string, unknown> {
  const n = (grants += 1);
  return {
    user_id: demoId(1, 'users', 2 + (n % 2)),
    role: ['viewer', 'member', 'admin'][Math.floor(n / 8) % 3],
    space_id: demoId(1, 'spaces', Math.floor(n / 2) % 4),
  };
}

/** Every required value. */
function bodyOf(columns: Resource['columns']): Record<string, unknown> {
  const given = Object.entries(columns).filter(([, { create }]) => create === 'required');
  return Object.fromEntries(given.map(([name, column]) => [name, exampleOf(column)]));
}

function exampleOf({ type, names }: ResourceColumn): unknown {
  const unique = randomUUID().slice(0, 8);
  switch (type.kind) {
    case 'id':
      return names?.to === 'row' ? rows[names.table] : undefined;
    case 'text':
      return type.form === 'email'
        ? `p${unique}@example.org`
        : type.form === 'slug'
          ? `s-${unique}`
          : `Test ${unique}`;
    case 'choice':
      return type.values.at(-1);
    case 'integer':
      return Math.max(1, type.min);
    case 'flag':
      return true;
    case 'decimal':
      return 1.5;
    case 'instant':
      return '2030-01-01T00:00:00Z';
    case 'day':
      return '2030-01-01';
    case 'scopes':
      return ['*'];
    case 'object':
      return {};
  }
}

/** Ids, for comparing lists. */
export function idsOf(items: readonly Values[]): string[] {
  return items.map(({ id }) => String(id));
}

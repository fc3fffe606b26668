/** Workspaces for tests: making them through the API, and looking at what is stored of them. */
import assert from 'node:assert/strict';
import type { HttpPlatform } from './http.ts';

let made = 0;

/** The id of a new workspace, of the first tenant where no key is given. */
export async function makeWorkspace(
  http: HttpPlatform,
  body: Readonly<Record<string, unknown>>,
  key = http.keys.member,
): Promise<string> {
  made += 1;
  const { status, json, text } = await http.call('POST', '/api/v1/workspaces', {
    key,
    body: { name: `Made ${made}`, ...body },
  });
  assert.equal(status, 201, text);
  return String(json.id);
}

/** A workspace on hermes with a key of its own for Anthropic. */
export function onHermes(http: HttpPlatform, model = 'claude-opus-4-7'): Promise<string> {
  return makeWorkspace(http, { runtime: 'hermes', model, secrets: { ANTHROPIC_API_KEY: 'sk-test' } });
}

/** The row as it is in the database, whole. */
export async function storedRow(http: HttpPlatform, id: string): Promise<Record<string, unknown>> {
  const { row } = await http.asSuperuser((tx) =>
    tx.one<{ row: Record<string, unknown> }>(
      'SELECT to_jsonb(w) AS row FROM migration.workspaces w WHERE id = $1',
      [id],
    ),
  );
  return row;
}

/** Everything of workspaces that a refusal must leave as it was, audit records among it. */
export async function storedAll(http: HttpPlatform): Promise<string> {
  const tables = [
    'workspaces',
    'workspace_secrets',
    'tenant_secrets',
    'workspace_verdicts',
    'registry_pairs',
    'audit_log',
  ];
  const parts = tables.map(
    (table) =>
      `(SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM migration.${table} t)`,
  );
  const { all } = await http.asSuperuser((tx) =>
    tx.one<{ all: string }>(`SELECT concat_ws(' ', ${parts.join(', ')}) AS all`),
  );
  return all;
}

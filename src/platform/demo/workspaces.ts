/**
 * Workspaces of a demo tenant: one that the operator pays, one on a key of its own, one on a model that may stay but not be
 * chosen any more, and one whose runtime finds its models itself. The keys are sealed by a key that nobody has: the demo opens no door.
 */
import { demoId, demoTime } from './ids.ts';
import type { DemoRows, DemoTenant } from './tenants.ts';

type Row = Record<string, unknown>;

interface DemoWorkspace {
  readonly name: string;
  readonly role: string;
  readonly tier: string;
  readonly runtime: string;
  readonly model: string;
  /** Where the registry does not name the pair: why it is there all the same. */
  readonly verdict?: 'allowed' | 'kept';
}

const workspaces: readonly DemoWorkspace[] = [
  {
    name: 'Release notes',
    role: 'writes release notes',
    tier: 'standard',
    runtime: 'claude-code',
    model: 'claude-sonnet-5-5',
  },
  {
    name: 'Inbox',
    role: 'sorts what comes in',
    tier: 'small',
    runtime: 'hermes',
    model: 'claude-haiku-4-5',
  },
  {
    name: 'Old research',
    role: 'reads papers',
    tier: 'large',
    runtime: 'hermes',
    model: 'claude-opus-4-1',
    verdict: 'kept',
  },
  {
    name: 'Rehearsal',
    role: 'answers without a model',
    tier: 'small',
    runtime: 'mock',
    model: 'echo',
    verdict: 'allowed',
  },
];

/** The pairs that they have by the registry; a server brings in the whole of it when it starts. */
export function demoPairs(): { runtime: string; model: string }[] {
  return workspaces
    .filter(({ verdict }) => verdict === undefined)
    .map(({ runtime, model }) => ({ runtime, model }));
}

/** The workspaces of a tenant, after the verdicts that some of them rest on. */
export function workspaceRows({ number }: DemoTenant): DemoRows[] {
  const verdicts = workspaces.flatMap((each, n) =>
    each.verdict === undefined ? [] : [verdictRow(number, n, each)],
  );
  return [
    { table: 'workspace_verdicts', rows: verdicts },
    { table: 'workspaces', rows: workspaces.map((each, n) => workspaceRow(number, n, each)) },
    { table: 'workspace_secrets', rows: [{ workspace_id: demoId(number, 'workspaces', 1), ...secretRow }] },
    { table: 'tenant_secrets', rows: [{ ...secretRow, name: 'OPENROUTER_API_KEY' }] },
  ];
}

function workspaceRow(tenant: number, n: number, { verdict, ...columns }: DemoWorkspace): Row {
  return {
    id: demoId(tenant, 'workspaces', n),
    user_id: demoId(tenant, 'users', n % 3),
    ...columns,
    route: verdict === undefined ? 'registry' : 'verdict',
    compute: { memory_gb: 4 * (n + 1) },
    version: 1,
    created_at: demoTime(n),
    updated_at: demoTime(n, 5),
  };
}

function verdictRow(tenant: number, n: number, { runtime, model, verdict }: DemoWorkspace): Row {
  return {
    workspace_id: demoId(tenant, 'workspaces', n),
    runtime,
    model,
    reason: verdict,
    registry_version: 'demo',
    created_at: demoTime(n),
  };
}

const secretRow: Row = {
  name: 'ANTHROPIC_API_KEY',
  key_id: 'demo',
  nonce: 'AAAAAAAAAAAAAAAA',
  sealed: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
  created_at: demoTime(0),
  updated_at: demoTime(0),
};

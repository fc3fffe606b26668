/**
 * Workspaces of a demo tenant: one that the operator pays, one on a key of its own, one on a model that stays where
 * it is although the registry took it away, and one whose runtime finds its models itself. The keys are sealed by a key
 * that nobody has: the demo opens no door.
 */
import type { PayablePair } from '../queries/registry-pairs.ts';
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

/** The pairs that they have by the registry; a server brings in the whole of its own when it starts. */
export function demoPairs(): PayablePair[] {
  return workspaces
    .filter(({ verdict }) => verdict === undefined)
    .map(({ runtime, model }) => ({ runtime, model, payers: null }));
}

/** May a workspace have this pair? */
export type MayHave = (pair: { readonly runtime: string; readonly model: string }) => boolean;

/**
 * The workspaces of a tenant, after the verdicts that some of them rest on.
 * @param mayHave where a registry is in force: what it does not name is left out, since nobody judges here
 */
export function workspaceRows({ number }: DemoTenant, mayHave?: MayHave): DemoRows[] {
  const some = workspaces
    .map((each, n) => ({ each, n }))
    .filter(({ each }) => mayHave === undefined || (each.verdict === undefined && mayHave(each)));
  const holder = demoId(number, 'workspaces', 1);
  const rows = some.map(({ each, n }) => workspaceRow(number, n, each));
  const secrets = rows.some(({ id }) => id === holder) ? [{ workspace_id: holder, ...secretRow }] : [];
  return [
    {
      table: 'workspace_verdicts',
      rows: some
        .filter(({ each }) => each.verdict !== undefined)
        .map(({ each, n }) => verdictRow(number, n, each)),
    },
    { table: 'workspaces', rows },
    { table: 'workspace_secrets', rows: secrets },
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

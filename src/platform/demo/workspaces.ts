/**
 * Workspaces of a demo tenant: one that the operator pays, one on a key of its own, one on a model that the registry took away
 * and the workspace keeps, and one whose runtime finds its models itself. The secrets are sealed by a key that nobody has, so
 * that nobody gets in by the demo.
 */
import type { KnownPair } from '../queries/registry-pairs.ts';
import { demoId, demoTime } from './ids.ts';
import type { DemoRow, DemoRows, DemoTenant } from './tenants.ts';

interface DemoWorkspace {
  readonly name: string;
  readonly role: string;
  readonly tier: string;
  readonly runtime: string;
  readonly model: string;
  /** Why the workspace has the pair, where the registry does not name it. */
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

/** The pairs of the demo's workspaces, by the names of the demo's models. A server brings in the whole of its registry when it starts. */
export function demoPairs(): KnownPair[] {
  return workspaces
    .filter(({ verdict }) => verdict === undefined)
    .map(({ runtime, model }) => ({ runtime, model, payers: null, names: [model] }));
}

/** May a workspace have this pair, with secrets of these names? */
export type MayHave = (pair: {
  readonly runtime: string;
  readonly model: string;
  readonly secrets: readonly string[];
}) => boolean;

/**
 * The workspaces of a tenant, after the verdicts that some of them rest on.
 * @param mayHave where a registry is in force: what it refuses is left out
 */
export function workspaceRows({ number }: DemoTenant, mayHave?: MayHave): DemoRows[] {
  const some = workspaces
    .map((each, n) => ({ each, n }))
    .filter(
      ({ each, n }) =>
        mayHave === undefined || (each.verdict === undefined && mayHave({ ...each, secrets: secretsOf(n) })),
    );
  const holder = demoId(number, 'workspaces', keyHolder);
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
    { table: 'tenant_secrets', rows: [{ ...secretRow, name: sharedSecret }] },
  ];
}

/** The workspace that has a key of its own. */
const keyHolder = 1;
const sharedSecret = 'OPENROUTER_API_KEY';

function secretsOf(n: number): string[] {
  return n === keyHolder ? [sharedSecret, 'ANTHROPIC_API_KEY'] : [sharedSecret];
}

function workspaceRow(tenant: number, n: number, { verdict, ...columns }: DemoWorkspace): DemoRow {
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

function verdictRow(tenant: number, n: number, { runtime, model, verdict }: DemoWorkspace): DemoRow {
  return {
    workspace_id: demoId(tenant, 'workspaces', n),
    runtime,
    model,
    reason: verdict,
    registry_version: 'demo',
    created_at: demoTime(n),
  };
}

const secretRow: DemoRow = {
  name: 'ANTHROPIC_API_KEY',
  key_id: 'demo',
  nonce: 'AAAAAAAAAAAAAAAA',
  sealed: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
  created_at: demoTime(0),
  updated_at: demoTime(0),
};

/** What a run would do, tenant by tenant. It reads only: each tenant in a read-only transaction of its own. */
import type { Finding } from '../engine/plan-types.ts';
import { DroverError } from '../errors.ts';
import { planMove } from '../postgres/move.ts';
import type { Site } from '../postgres/site.ts';
import { intentOf } from './request.ts';
import type { RunRequest } from './request.ts';
import { resolveRun } from './resolve.ts';
import type { ResolvedTenant } from './resolve.ts';

export interface PlannedTenant {
  readonly tenant: string;
  readonly tenantName: string;
  /** `ready`: it would be moved. */
  readonly status: 'ready' | 'failed' | 'skipped';
  readonly code: string | null;
  readonly message: string | null;
  readonly fromKey: string | null;
  readonly toKey: string | null;
  readonly complete: boolean | null;
  /** Rows that would move, and by entity type. */
  readonly count: number;
  readonly details: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  /** A warning would have to be confirmed. */
  readonly needsConfirmation: boolean;
  readonly planHash: string | null;
}

export interface PlannedRun {
  readonly kind: string;
  readonly total: number;
  readonly ready: number;
  readonly failed: number;
  readonly skipped: number;
  readonly count: number;
  readonly tenants: readonly PlannedTenant[];
}

export interface Planning {
  /** After each tenant. */
  readonly onTenant?: (done: number, total: number) => void;
}

/** @throws what `resolveRun` throws */
export async function planRun(
  site: Site,
  request: Omit<RunRequest, 'actor'>,
  { onTenant }: Planning = {},
): Promise<PlannedRun> {
  const resolved = await resolveRun(site, request);
  const tenants: PlannedTenant[] = [];
  for (const one of resolved.tenants) {
    tenants.push(await planTenant(site, request, { one, kind: resolved.kind }));
    onTenant?.(tenants.length, resolved.tenants.length);
  }
  const number = (status: PlannedTenant['status']): number =>
    tenants.filter((tenant) => tenant.status === status).length;
  return {
    kind: resolved.kind,
    total: tenants.length,
    ready: number('ready'),
    failed: number('failed'),
    skipped: number('skipped'),
    count: tenants.reduce((sum, { count }) => sum + count, 0),
    tenants,
  };
}

async function planTenant(
  site: Site,
  request: Omit<RunRequest, 'actor'>,
  { one, kind }: { one: ResolvedTenant; kind: string },
): Promise<PlannedTenant> {
  const { tenant, resolution } = one;
  const base = { ...nothing, tenant: tenant.key, tenantName: tenant.name, findings: resolution.findings };
  if (resolution.status !== 'pending') {
    const { status, code, message } = resolution;
    return { ...base, status, code, message };
  }
  const keys = { fromKey: resolution.from.key ?? null, toKey: resolution.to.key ?? null };
  const from = resolution.from.key ?? request.from;
  const to = resolution.to.key ?? request.to;
  try {
    const plan = await planMove(site, { ...intentOf(request), kind, from, to, tenant: tenant.key });
    if (resolution.sourceRetired && plan.steps.length === 0)
      return { ...base, ...keys, status: 'skipped', ...alreadyMigrated };
    const findings = [...base.findings, ...plan.findings];
    const refusing = plan.findings.filter(
      ({ severity, forceable }) => severity === 'error' && !(request.force === true && forceable === true),
    );
    const warned = plan.findings.some(({ severity }) => severity === 'warning');
    return {
      ...base,
      ...keys,
      status: refusing.length > 0 ? 'failed' : 'ready',
      code: refusing.length > 0 ? 'PLAN_REFUSED' : null,
      message: refusing.map(({ code, message }) => `${code}: ${message}`).join(' ') || null,
      complete: plan.complete,
      count: Object.values(plan.counts).reduce((sum, rows) => sum + rows, 0),
      details: plan.counts,
      findings,
      needsConfirmation: warned,
      planHash: plan.hash,
    };
  } catch (error) {
    if (!(error instanceof DroverError) || error.code === 'DATABASE_UNREACHABLE') throw error;
    return { ...base, ...keys, status: 'failed', code: error.code, message: error.message };
  }
}

/** Said of a tenant whose source is retired and named by nothing. */
export const alreadyMigrated = {
  code: 'ALREADY_MIGRATED',
  message: 'The source was retired before, and nothing names it.',
} as const;

const nothing = {
  code: null,
  message: null,
  fromKey: null,
  toKey: null,
  complete: null,
  count: 0,
  details: {},
  needsConfirmation: false,
  planHash: null,
} as const;

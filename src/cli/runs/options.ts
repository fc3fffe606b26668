/** Options of moves over many tenants, and what they ask for. */
import type { Command } from 'commander';
import type { RunPace, RunRequest, TenantMapping } from '../../fleet/request.ts';
import type { Canary } from '../../postgres/runs/runs.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { listTenants } from '../../postgres/scope/tenants.ts';
import type { TenantName } from '../../postgres/scope/tenants.ts';
import { intentOn } from '../../site/intent.ts';
import { collect, readIntent } from '../options.ts';
import type { MoveCommandOptions } from '../options.ts';
import { chooseTenant } from '../../site/tenant.ts';
import { usage } from '../../site/where.ts';

export interface TenantsOptions extends MoveCommandOptions {
  readonly allTenants?: boolean;
  readonly tenants?: string;
  readonly includeSuspended?: boolean;
  readonly mapFrom?: readonly string[];
  readonly mapTo?: readonly string[];
}

/** Which tenants, and which rows in them. */
export function withTenants(command: Command): Command {
  return command
    .optionsGroup('Many tenants:')
    .option('--all-tenants', 'in every tenant; see docs/guides/runs.md')
    .option('--tenants <list>', 'in these, by key or name, separated by commas, in this order')
    .option('--include-suspended', 'suspended tenants, too')
    .option('--map-from <tenant=key>', 'in that tenant the source is that row; may be repeated', collect)
    .option('--map-to <tenant=key>', 'in that tenant the target is that row; may be repeated', collect);
}

export interface PaceOptions {
  readonly wave?: string;
  readonly canary?: string;
  readonly goOn?: boolean;
  readonly maxFailures?: string;
  readonly maxLag?: string;
  readonly maxActive?: string;
  readonly maxLatency?: string;
}

/** How fast, and when to stop. */
export function withPace(command: Command): Command {
  return withLimits(
    command
      .option('--wave <count>', 'tenants in one transaction (default: 100)')
      .option(
        '--canary <count|share>',
        'so many tenants first, as 5 or 10%, then wait for `drover runs continue`',
      )
      .option('--go-on', 'after the canary go on by itself, where no more failed than allowed')
      .option('--max-failures <count|share>', 'stop when more tenants failed, as 3 or 5%'),
  );
}

export type LimitOptions = Pick<PaceOptions, 'maxLag' | 'maxActive' | 'maxLatency'>;

/** How busy the database may be. */
export function withLimits(command: Command): Command {
  return command
    .option('--max-lag <ms>', 'wait while a replica lags more')
    .option('--max-active <count>', 'wait while more other statements are running')
    .option('--max-latency <ms>', 'wait while a trivial statement takes longer');
}

/** Is a run asked for, and not one tenant? @throws USAGE_INVALID where both are */
export function isRun(options: TenantsOptions): boolean {
  const many = options.allTenants === true || options.tenants !== undefined;
  if (options.tenants !== undefined && options.shared === true)
    throw usage('--shared moves the shared rows after every tenant: give --all-tenants, or --shared alone.');
  if (many && options.tenant !== undefined)
    throw usage('--tenant names one tenant, --all-tenants and --tenants several; give one of them.');
  const only = ['includeSuspended', 'mapFrom', 'mapTo'] as const;
  if (!many && only.some((name) => options[name] !== undefined))
    throw usage('--include-suspended and --map-… are for many tenants: add --all-tenants or --tenants.');
  return many;
}

/** What the options ask for in which tenants. @throws USAGE_INVALID, TENANT_NOT_FOUND, TENANT_AMBIGUOUS */
export async function readRunRequest(
  site: Site,
  options: TenantsOptions & PaceOptions,
): Promise<Omit<RunRequest, 'actor'>> {
  const intent = intentOn(site, readIntent(options));
  const tenants = await listTenants(site);
  const key = (text: string): string => keyOf(tenants, text);
  const mapping = mappingOf(options, key);
  return {
    ...intent,
    ...paceOf(options),
    includeSuspended: options.includeSuspended ?? false,
    ...(options.shared === true ? { shared: true } : {}),
    ...(options.tenants === undefined ? {} : { tenants: splitList(options.tenants).map(key) }),
    ...(Object.keys(mapping).length === 0 ? {} : { mapping }),
  };
}

/** A login that may not list the tenants names them by key. */
function keyOf(tenants: readonly TenantName[], text: string): string {
  return tenants.length === 0 ? text : chooseTenant(tenants, text).key;
}

function splitList(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.filter((part) => part !== '');
}

function mappingOf(
  { mapFrom = [], mapTo = [] }: TenantsOptions,
  key: (text: string) => string,
): Record<string, TenantMapping> {
  const mapping = new Map<string, TenantMapping>();
  for (const [side, texts] of [
    ['from', mapFrom],
    ['to', mapTo],
  ] as const)
    for (const text of texts) {
      const at = text.lastIndexOf('=');
      const row = text.slice(at + 1).trim();
      if (at < 1 || row === '') throw usage(`--map-${side} "${text}" is no mapping: write TENANT=KEY.`);
      const tenant = key(text.slice(0, at).trim());
      mapping.set(tenant, { ...mapping.get(tenant), [side]: row });
    }
  return Object.fromEntries(mapping);
}

/** @throws USAGE_INVALID */
export function paceOf(options: PaceOptions): RunPace {
  const { wave, canary, maxFailures, goOn } = options;
  if (goOn === true && canary === undefined) throw usage('--go-on is about a canary: add --canary.');
  const failures = maxFailures === undefined ? undefined : countOrShare('--max-failures', maxFailures);
  return {
    ...(wave === undefined ? {} : { waveSize: numberOf('--wave', wave) }),
    ...(canary === undefined ? {} : { canary: canaryOf(canary, goOn === true) }),
    ...(failures === undefined
      ? {}
      : 'share' in failures
        ? { maxFailureShare: failures.share }
        : { maxFailures: failures.count }),
    throttle: throttleOf(options),
  };
}

function canaryOf(text: string, goOn: boolean): Canary {
  const size = countOrShare('--canary', text);
  const afterwards = goOn ? 'go-on' : 'wait';
  return 'share' in size ? { share: size.share, afterwards } : { tenants: size.count, afterwards };
}

/** @throws USAGE_INVALID */
export function throttleOf({
  maxLag,
  maxActive,
  maxLatency,
}: LimitOptions): NonNullable<RunPace['throttle']> {
  return {
    ...(maxLag === undefined ? {} : { maxReplicationLagMs: numberOf('--max-lag', maxLag) }),
    ...(maxActive === undefined ? {} : { maxActiveStatements: numberOf('--max-active', maxActive) }),
    ...(maxLatency === undefined ? {} : { maxLatencyMs: positive('--max-latency', maxLatency) }),
  };
}

function countOrShare(option: string, text: string): { count: number } | { share: number } {
  return text.endsWith('%')
    ? { share: numberOf(option, text.slice(0, -1)) / 100 }
    : { count: numberOf(option, text) };
}

/** Nothing takes no time, so that a run would wait for ever. */
function positive(option: string, text: string): number {
  const number = numberOf(option, text);
  if (number > 0) return number;
  throw usage(`${option} takes a number above 0, not "${text}".`);
}

function numberOf(option: string, text: string): number {
  if (/^\d{1,9}(\.\d{1,6})?$/.test(text.trim())) return Number(text);
  throw usage(`${option} takes a number, not "${text}".`);
}

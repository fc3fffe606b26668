import { InvalidArgumentError, Option } from 'commander';
import type { ParameterPolicy } from '../../engine/plan/intent.ts';
import { rowCount } from '../../engine/plan/row-text.ts';
import { tenancyOf } from '../../engine/rules/tenancy.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import { startAssessment } from '../../postgres/assess/start.ts';
import type { Started } from '../../postgres/assess/start.ts';
import type { Site } from '../../postgres/scope/site.ts';
import { listTenants } from '../../postgres/scope/tenants.ts';
import { resolveTenant } from '../../site/tenant.ts';
import { withSite } from '../../site/open.ts';
import { resolveWhere, usage, whereWords } from '../../site/where.ts';
import type { Where, WhereOptions } from '../../site/where.ts';
import { actorOf, collect, countUpTo, parameterDefault, withActor, withJson, withWhere } from '../options.ts';
import type { ActorOption, JsonOption, TenantOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Session, Verb } from '../session.ts';
import { inLines } from '../terminal/wrap.ts';
import { readDay } from '../terminal/times.ts';
import { ledBy } from './tenants.ts';

interface StartOptions extends WhereOptions, JsonOption, TenantOption, ActorOption {
  readonly allTenants?: boolean;
  readonly horizon?: string;
  readonly useDays?: number;
  readonly parameters?: ParameterPolicy;
  readonly target?: readonly string[];
}

/** `drover assess start`: surveys what names a model that ends. */
export const start: Verb = {
  name: 'start',
  summary:
    'find every row that names a model which ends, and recommend what becomes of it; again: what changed',
  define: (command) =>
    withWhere(
      withActor(
        withJson(command)
          .option('--tenant <tenant>', 'whose: the key or the name of a tenant')
          .option('--all-tenants', 'of every tenant that is not suspended')
          .option('--horizon <day>', 'what ends after this day can wait (default: in 180 days)')
          .option('--use-days <days>', 'unused for so long counts as unused (default: 90)', countUpTo(3650))
          .option(
            '--target <model=target>',
            'what follows a model, instead of the best; may be repeated',
            collect,
          )
          .addOption(
            new Option(
              '--parameters <policy>',
              `parameters of what would move (default: ${parameterDefault})`,
            ).choices(['reset', 'keep', 'translate']),
          ),
      ),
    ),
  run: async (session, command) => {
    const options = command.opts<StartOptions>();
    const horizon = options.horizon === undefined ? undefined : readDay('--horizon', options.horizon);
    const actor = actorOf(options, session);
    const targets = Object.fromEntries((options.target ?? []).map(readTarget));
    const where = resolveWhere(options, session.environment);
    return withSite(where, { mayWrite: true }, async (site) => {
      const outcomes: StartOutcome[] = [];
      for (const unit of await unitsOf(site, options)) {
        const { useDays, parameters } = options;
        const asked = { tenant: unit.tenant, actor, horizon, useDays, parameters, targets };
        outcomes.push({
          ...unit,
          ...(await attempt(() => startAssessment(site, asked), options.allTenants === true)),
        });
      }
      show(session, outcomes, { where, json: options.json === true });
      return outcomes.some(({ error }) => error !== undefined) ? exitStatus.failed : exitStatus.done;
    });
  },
};

/** A model may hold an equals sign, so the last one divides. */
function readTarget(text: string): [source: string, target: string] {
  const at = text.lastIndexOf('=');
  const [source, target] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (at < 1 || source === '' || target === '')
    throw new InvalidArgumentError(`"${text}": write --target MODEL=TARGET, such as gpt-4o=gpt-5-mini.`);
  return [source, target];
}

interface Unit {
  readonly tenant: TenantKey;
  readonly tenantName: string;
}

interface StartOutcome extends Unit {
  readonly started?: Started;
  readonly error?: DroverError;
}

async function unitsOf(site: Site, { tenant, allTenants }: StartOptions): Promise<Unit[]> {
  if (allTenants !== true) {
    const key = await resolveTenant(site, tenant);
    const names = new Map((await listTenants(site)).map((one) => [one.key, one.name]));
    return [{ tenant: key, tenantName: key === undefined ? '' : (names.get(key) ?? key) }];
  }
  if (tenant !== undefined)
    throw usage('--tenant names one tenant, --all-tenants means each; give one of them.');
  if (tenancyOf(site.config) === 'single') return [{ tenant: undefined, tenantName: '' }];
  const tenants = await listTenants(site);
  return tenants.flatMap(({ key, name, suspended }) =>
    suspended ? [] : [{ tenant: key, tenantName: name }],
  );
}

/** Of many tenants one that cannot be surveyed is told, and the others are. */
async function attempt(
  work: () => Promise<Started>,
  isOneOfMany: boolean,
): Promise<Pick<StartOutcome, 'started' | 'error'>> {
  try {
    return { started: await work() };
  } catch (error) {
    if (!isOneOfMany || !(error instanceof DroverError)) throw error;
    return { error };
  }
}

function show(
  { terminal }: Session,
  outcomes: readonly StartOutcome[],
  { where, json }: { readonly where: Where; readonly json: boolean },
): void {
  if (json) return terminal.out(JSON.stringify({ assessments: outcomes.map(outcomeJson) }, null, 2));
  const line = inLines(terminal);
  for (const { tenantName, started, error } of outcomes) {
    if (error !== undefined) terminal.err(`${ledBy(tenantName)}not surveyed: ${error.message}`);
    else if (started !== undefined)
      for (const text of startedLines(started)) line(`${ledBy(tenantName)}${text}`);
  }
  if (outcomes.some(({ started }) => started?.record?.id !== undefined))
    line(
      `\`drover assess show ${whereWords(where)}\` lists what is recommended, ` +
        `\`drover assess decide --recommended ${whereWords(where)}\` decides it.`,
    );
}

function startedLines({ record, survey }: Started): string[] {
  const { sources, facts, shared, keyless, followers } = survey;
  const models = sources
    .map(({ source, ends }) => `${source}${ends === null ? '' : ` (ends ${ends})`}`)
    .join(', ');
  const lines =
    record === null
      ? ['no row names a model that is known to end.']
      : [
          `${facts.length === 1 ? '1 asset' : `${facts.length} assets`} of ${models}; in review, survey ${record.survey}.`,
        ];
  if (followers > 0)
    lines.push(
      `${rowCount(followers)} of settings (grants, defaults, catalogue) follow them and need no decision.`,
    );
  if (shared > 0)
    lines.push(`${rowCount(shared)} that are nobody’s alone name them, too, and are not part of it.`);
  for (const [table, rows] of Object.entries(keyless))
    lines.push(`${rowCount(rows)} of ${table} name them and are not part of it: the table has no key.`);
  return lines;
}

function outcomeJson({ tenant, tenantName, started, error }: StartOutcome) {
  if (error !== undefined)
    return { tenant: tenant ?? null, tenantName, error: { code: error.code, message: error.message } };
  const { record = null, survey } = started ?? {};
  return {
    tenant: tenant ?? null,
    tenantName,
    id: record?.id ?? null,
    status: record?.status ?? null,
    version: record?.version ?? null,
    survey: record?.survey ?? null,
    assets: survey?.facts.length ?? 0,
    settings: survey?.followers ?? 0,
    shared: survey?.shared ?? 0,
    keyless: survey?.keyless ?? {},
  };
}

/** What happened at demo tenants: most of it was done by the retiring model, and must go on saying so. */
import { demoId, demoTime } from './ids.ts';
import { completionId } from './models.ts';
import type { DemoRow, DemoRows, DemoTenant } from './tenants.ts';

/** Questions and runs of a tenant. */
export function historyRows(tenant: DemoTenant): DemoRows[] {
  return [
    { table: 'questions', rows: Array.from({ length: tenant.size * 6 }, (_, n) => questionRow(tenant, n)) },
    { table: 'app_runs', rows: Array.from({ length: tenant.size * 2 }, (_, n) => runRow(tenant, n)) },
  ];
}

function questionRow({ number, size, spaces }: DemoTenant, n: number): DemoRow {
  return {
    id: demoId(number, 'questions', n),
    assistant_id: demoId(number, 'assistants', n % (size * spaces.length)),
    user_id: demoId(number, 'users', n % 3),
    completion_model_id: completionId(number, n % 4 === 3 ? 'claude-sonnet-4-6' : 'claude-3-7-sonnet'),
    question: `What changed since last week? (${n + 1})`,
    answer: 'Two things changed; both are in the notes.',
    tokens_in: 180 + 7 * n,
    tokens_out: 60 + 3 * n,
    created_at: demoTime(n % 28, n),
  };
}

function runRow({ number, size, spaces }: DemoTenant, n: number): DemoRow {
  const app = n % (Math.ceil(size / 3) * spaces.length);
  return {
    id: demoId(number, 'app_runs', n),
    app_id: demoId(number, 'apps', app),
    user_id: demoId(number, 'users', n % 3),
    completion_model_id: completionId(number, 'claude-3-7-sonnet'),
    transcription_model_id: app % 3 === 1 ? demoId(number, 'transcription_models', 0) : null,
    outcome: n % 10 === 9 ? 'failed' : 'succeeded',
    input: 'A recording or a text.',
    output: n % 10 === 9 ? '' : 'A summary.',
    created_at: demoTime(n % 28, n),
  };
}

/**
 * Migrations, edits and rollbacks over HTTP in any order, and an oracle in plain SQL: whatever was done, no state may result that the
 * API itself would refuse. The oracle shares no code with what it judges.
 */
import assert from 'node:assert/strict';
import { demoId } from '../../src/platform/demo/ids.ts';
import { completionId, type CompletionName } from '../../src/platform/demo/models.ts';
import type { Answer, HttpPlatform, Method } from '../support/http.ts';

/** Few rows in two spaces, so that what is done meets what was done before. */
const spaces = [0, 1].map((n) => demoId(1, 'spaces', n));
const assistants = [0, 1, 2, 8, 9, 10].map((n) => `/assistants/${demoId(1, 'assistants', n)}`);
const apps = [0, 1, 3, 4].map((n) => `/apps/${demoId(1, 'apps', n)}`);
const services = [0, 1, 2, 3].map((n) => `/services/${demoId(1, 'services', n)}`);
const names: readonly CompletionName[] = [
  'claude-3-7-sonnet',
  'claude-sonnet-4-6',
  'claude-haiku-4-5',
  'gpt-5-mini',
];
const models = names.map((name) => ({ id: completionId(1, name), name }));

/** Rows whose space does not list their model, and live rows that name a retired one. */
const named = `named (what, space_id, model_id) AS (
  SELECT 'assistant ' || id, space_id, completion_model_id FROM migration.assistants WHERE tenant_id = $1
  UNION ALL SELECT 'app ' || id, space_id, completion_model_id FROM migration.apps WHERE tenant_id = $1
  UNION ALL SELECT 'service ' || id, space_id, completion_model_id FROM migration.services WHERE tenant_id = $1
  UNION ALL SELECT 'space ' || id, id, default_completion_model_id FROM migration.spaces WHERE tenant_id = $1
  UNION ALL SELECT 'pipeline of app ' || id, space_id, (node #>> '{data,model,id}')::uuid
    FROM migration.apps CROSS JOIN LATERAL jsonb_array_elements(pipeline -> 'nodes') n (node) WHERE tenant_id = $1
  UNION ALL SELECT 'template ' || id, NULL, (node #>> '{data,model,id}')::uuid
    FROM migration.app_templates CROSS JOIN LATERAL jsonb_array_elements(pipeline -> 'nodes') n (node) WHERE tenant_id = $1)`;

const refusedStates = `WITH ${named}
SELECT n.what || ' names ' || m.name || ': ' || CASE WHEN m.lifecycle = 'retired' THEN 'it is retired' ELSE 'its space does not list it' END AS state
FROM named n JOIN migration.completion_models m ON m.tenant_id = $1 AND m.id = n.model_id
WHERE m.lifecycle = 'retired' OR (n.space_id IS NOT NULL AND NOT EXISTS (
  SELECT FROM migration.space_completion_models l WHERE l.tenant_id = $1 AND l.space_id = n.space_id AND l.model_id = n.model_id))
UNION ALL SELECT 'a node is called ' || (node #>> '{data,model,name}') || ' and names another model'
  FROM migration.apps a CROSS JOIN LATERAL jsonb_array_elements(a.pipeline -> 'nodes') n (node)
  JOIN migration.completion_models m ON m.tenant_id = $1 AND m.id = (node #>> '{data,model,id}')::uuid
  WHERE a.tenant_id = $1 AND m.name <> node #>> '{data,model,name}'
ORDER BY 1`;

/** What the API would refuse of what is there. @param tenant where it is not the first one */
export function statesRefused(http: HttpPlatform, tenant = http.tenants.mine): Promise<string[]> {
  return http.asSuperuser(async (tx) => {
    const rows = await tx.many<{ state: string }>(refusedStates, [tenant]);
    return rows.map(({ state }) => state);
  });
}

/** Numbers that a seed repeats. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Step {
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
}

const types = [
  'assistants',
  'apps',
  'services',
  'space_defaults',
  'assistant_templates',
  'app_templates',
  'tenant_defaults',
];
const all = [...types, 'space_completion_models', 'workspaces'];

function patch(path: string, body: unknown): Step {
  return { method: 'PATCH', path, body };
}

/** One person with a key, who does whatever the dice say. */
class Dice {
  readonly #pick: (below: number) => number;
  readonly migrations: string[] = [];

  constructor(seed: number) {
    this.#pick = randomOf(seed);
  }

  #of<T>(list: readonly T[]): T {
    return list[this.#pick(list.length)] as T;
  }

  step(): Step {
    const roll = this.#pick(20);
    if (roll < 4) return this.#migrate();
    if (roll > 7 || this.migrations.length === 0) return this.#edit();
    return { method: 'POST', path: `/migrations/${this.#of(this.migrations.slice(-3))}/rollback`, body: {} };
  }

  /** Off a model, mostly with some types only: a source that is left as a whole retires, and little can be done after that. */
  #migrate(): Step {
    const from = this.#of(models);
    const to = this.#of(models.filter(({ id }) => id !== from.id));
    const first = this.#of(types);
    const narrowed = [first, ...types.filter((type) => type !== first && this.#pick(3) === 0)];
    const roll = this.#pick(8);
    const asked = roll === 0 ? {} : { entity_types: roll === 1 ? all : narrowed };
    const force = { confirm_migration: true, force_override: true, reason: 'the dice say so' };
    return {
      method: 'POST',
      path: `/completion-models/${from.id}/migrate`,
      body: { to_model_id: to.id, ...force, ...asked },
    };
  }

  #edit(): Step {
    const { id, name } = this.#of(models);
    const space = this.#of(spaces);
    const [assistant, app, service] = [this.#of(assistants), this.#of(apps), this.#of(services)];
    const link = `/spaces/${space}/completion-models/${id}`;
    const pipeline = { nodes: [{ id: 'a', data: { model: { id, name } } }] };
    const edits: readonly Step[] = [
      ...[assistant, assistant, app, service].map((path) => patch(path, { completion_model_id: id })),
      ...[assistant, assistant, app].map((path) => patch(path, { space_id: space })),
      patch(assistant, { parameters: { top_p: 0.5 } }),
      patch(app, { pipeline }),
      patch(`/spaces/${space}`, { default_completion_model_id: id }),
      patch(`/spaces/${space}`, { default_completion_model_id: null }),
      {
        method: 'POST',
        path: '/assistants',
        body: { name: 'New', space_id: space, completion_model_id: id },
      },
      { method: 'PUT', path: link },
      { method: 'DELETE', path: link },
      { method: 'DELETE', path: assistant },
      { method: 'POST', path: `${assistant}/restore` },
    ];
    return this.#of(edits);
  }
}

/** Throws the dice; fails at the first state that the API would refuse, with all that led to it. */
export async function throwDice(
  http: HttpPlatform,
  { seed, steps }: { seed: number; steps: number },
): Promise<void> {
  assert.deepEqual(await statesRefused(http), [], 'before anything is done');
  const dice = new Dice(seed);
  const done: string[] = [];
  for (let n = 0; n < steps; n += 1) {
    const { method, path, body } = dice.step();
    const options = body === undefined ? {} : { body };
    const answer: Answer = await http.call(method, `/api/v1${path}`, { key: http.keys.admin, ...options });
    assert.ok(answer.status < 500, `${method} ${path}: ${answer.text}`);
    if (answer.status >= 300) continue;
    done.push(`${method} ${path} ${JSON.stringify(body ?? null)}`);
    if (typeof answer.json?.migration_id === 'string')
      dice.migrations.push(answer.json.migration_id as string);
    assert.deepEqual(await statesRefused(http), [], `seed ${seed}, after\n${done.join('\n')}`);
  }
}

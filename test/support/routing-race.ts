/** Two clients that change runtime and model of one workspace at the same time, and a third that looks at what is stored. */
import assert from 'node:assert/strict';
import { judge } from '../../src/registry/verdict/routability.ts';
import type { Loaded } from '../../src/registry/load/load.ts';
import type { HttpPlatform } from './http.ts';
import { storedRow } from './workspaces.ts';

const runtimes = ['desk', 'shed', 'field', 'barn', 'nowhere'];
const models = ['acme-1', 'acme-2', 'acme-3', 'brio1', 'Special', 'acme-new', 'nonsense'];
const secrets = new Set(['ACME_KEY', 'BRIO_KEY']);

export interface Race {
  readonly id: string;
  readonly registry: Loaded;
  readonly rounds: number;
}

/** How many changes were stored and refused; fails where a refused pair was ever seen. */
export async function raceRouting(
  http: HttpPlatform,
  { id, registry, rounds }: Race,
): Promise<{ stored: number; refused: number }> {
  const counts = { stored: 0, refused: 0 };
  const change = async (method: 'PATCH' | 'PUT', path: string, body: object): Promise<void> => {
    const { status, text } = await http.call(method, `/api/v1/workspaces/${id}${path}`, {
      key: http.keys.member,
      body: { ...body, accept_payer_change: true },
    });
    assert.ok(status === 200 || status === 422, text);
    counts[status === 200 ? 'stored' : 'refused'] += 1;
  };
  for (let round = 0; round < rounds; round += 1) {
    const runtime = runtimes[round % runtimes.length];
    const model = models[(round * 3) % models.length];
    await Promise.all([
      change('PATCH', '', { runtime }),
      change('PUT', '/model', { model }),
      look(http, id, registry),
    ]);
    await look(http, id, registry);
  }
  return counts;
}

async function look(http: HttpPlatform, id: string, registry: Loaded): Promise<void> {
  const row = await storedRow(http, id);
  const [runtime, model] = [String(row['runtime']), String(row['model'])];
  const { verdict } = judge(registry, { runtime, model, secrets, existing: true });
  assert.equal(verdict, 'allow', `${runtime} with ${model} is stored`);
}

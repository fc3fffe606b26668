/** Writers that know nothing of Drover: connections of their own that go on naming the source, whatever it is told. */
import pg from 'pg';
import { demoId } from '../../src/platform/demo/ids.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { alder, sourceId } from './guarantee.ts';
import { north, oldEngine, personId, roomId } from './studio.ts';

export type WriterKind = 'platform' | 'studio';

export interface Tally {
  attempts: number;
  committed: number;
  /** How often a SQLSTATE refused an attempt. */
  refused: Record<string, number>;
}

/** A client of its own: in Drover's schema as the application role, bound to the tenant. */
export async function connectWriter(url: string, kind: WriterKind): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  if (kind === 'platform') await client.query(`SET ROLE drover_app; SET app.tenant_id = '${alder}'`);
  return client;
}

const assistant = `INSERT INTO migration.assistants (tenant_id, id, space_id, user_id, name, completion_model_id, parameters)
  VALUES ('${alder}', gen_random_uuid(), '${demoId(1, 'spaces', 0)}', '${demoId(1, 'users', 0)}', 'late', '${sourceId}', '{"temperature": 0.5}')`;
const service = `INSERT INTO migration.services (tenant_id, id, space_id, user_id, name, completion_model_id)
  VALUES ('${alder}', gen_random_uuid(), '${demoId(1, 'spaces', 1)}', '${demoId(1, 'users', 0)}', 'late', '${sourceId}')`;
const elsewhere = completionId(1, 'claude-haiku-4-5');

const statements: Readonly<Record<WriterKind, readonly string[]>> = {
  platform: [
    assistant,
    service,
    `UPDATE migration.assistants SET completion_model_id = '${sourceId}' WHERE id = (SELECT id FROM migration.assistants WHERE completion_model_id = '${elsewhere}' ORDER BY id LIMIT 1)`,
    `INSERT INTO migration.space_completion_models (tenant_id, space_id, model_id) VALUES ('${alder}', '${demoId(1, 'spaces', 2)}', '${sourceId}') ON CONFLICT DO NOTHING`,
    `UPDATE migration.spaces SET default_completion_model_id = '${sourceId}' WHERE id = '${demoId(1, 'spaces', 1)}'`,
    `BEGIN; ${assistant}; ${service}; COMMIT`,
  ],
  studio: [
    `INSERT INTO bots (id, person_id, room_id, engine_id, settings) VALUES (gen_random_uuid(), '${personId('a')}', '${roomId('a', 1)}', '${oldEngine}', '{"heat": 1}')`,
    `INSERT INTO presets (id, firm_id, engine_id) VALUES (gen_random_uuid(), '${north}', '${oldEngine}')`,
    `INSERT INTO room_engines (room_id, engine_id) VALUES ('${roomId('a', 3)}', '${oldEngine}') ON CONFLICT DO NOTHING`,
    `UPDATE bots SET engine_id = '${oldEngine}' WHERE id = (SELECT id FROM bots WHERE engine_id <> '${oldEngine}' AND person_id = '${personId('a')}' ORDER BY random() LIMIT 1)`,
  ],
};

/** Writes one statement after the other until it is told to stop, and counts what became of each. */
export async function writeUntil(
  url: string,
  { kind, stop, first = 0 }: { kind: WriterKind; stop: (tally: Tally) => boolean; first?: number },
): Promise<Tally> {
  const client = await connectWriter(url, kind);
  const tally: Tally = { attempts: 0, committed: 0, refused: {} };
  const list = statements[kind];
  try {
    for (let at = first; !stop(tally); at += 1) await attempt(client, list[at % list.length] ?? '', tally);
  } finally {
    await client.end();
  }
  return tally;
}

async function attempt(client: pg.Client, sql: string, tally: Tally): Promise<void> {
  tally.attempts += 1;
  try {
    await client.query(sql);
    tally.committed += 1;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    const code = error.code ?? 'none';
    tally.refused[code] = (tally.refused[code] ?? 0) + 1;
    await client.query('ROLLBACK');
  }
}

/** The sum of several tallies. */
export function addTallies(tallies: readonly Tally[]): Tally {
  const sum: Tally = { attempts: 0, committed: 0, refused: {} };
  for (const { attempts, committed, refused } of tallies) {
    sum.attempts += attempts;
    sum.committed += committed;
    for (const [code, count] of Object.entries(refused)) sum.refused[code] = (sum.refused[code] ?? 0) + count;
  }
  return sum;
}

/** How many live references to the source there are, documents apart. */
export const liveReferences: Readonly<Record<WriterKind, string>> = {
  platform: [
    'assistants.completion_model_id',
    'apps.completion_model_id',
    'services.completion_model_id',
    'assistant_templates.completion_model_id',
    'app_templates.completion_model_id',
    'spaces.default_completion_model_id',
    'tenant_defaults.completion_model_id',
    'space_completion_models.model_id',
  ]
    .map((place) => countOf(`migration.${place}`, sourceId))
    .join(' + '),
  studio: ['bots.engine_id', 'presets.engine_id', 'room_engines.engine_id', 'badges.engine_id']
    .map((place) => countOf(place, oldEngine))
    .join(' + '),
};

function countOf(place: string, model: string): string {
  const [, table = '', column = ''] = /^(.*)\.([^.]+)$/.exec(place) ?? [];
  return `(SELECT count(*) FROM ${table} WHERE ${column} = '${model}')`;
}

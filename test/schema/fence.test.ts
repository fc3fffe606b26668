/** Promise 4: no live reference to a retired model exists or can be made, and history keeps naming it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { platformScope } from '../../src/platform/scope.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import { asTenant } from '../../src/postgres/scope/tenant.ts';
import { eachEngine } from '../support/databases.ts';
import { type PlatformDatabase, platformDatabase, refusal } from '../support/platform.ts';

const a = '00000001-def0-def0-def0-000000000000';

/** Per kind of model one of the demo that nothing names, and one that is in use everywhere. */
const models = {
  completion: {
    unused: '00000001-def0-def0-def0-000500000003',
    used: '00000001-def0-def0-def0-000500000000',
  },
  transcription: {
    unused: '00000001-def0-def0-def0-000600000001',
    used: '00000001-def0-def0-def0-000600000000',
  },
  embedding: { unused: '00000001-def0-def0-def0-000700000001', used: '00000001-def0-def0-def0-000700000000' },
} as const;

type Kind = keyof typeof models;
const kinds = ['completion', 'transcription', 'embedding'] as const;

interface LiveReference {
  readonly table: string;
  readonly column: string;
  readonly live: string;
  readonly kind: Kind;
}

/** From the catalogue, so that a table added later is tested too. */
const liveReferences = `
  SELECT c.relname::text AS table, (SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum = k.conkey[2]) AS column,
         (SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum = k.conkey[3]) AS live,
         replace(t.relname::text, '_models', '') AS kind
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
  WHERE k.contype = 'f' AND k.connamespace = 'migration'::regnamespace AND t.relname LIKE '%\\_models' AND cardinality(k.conkey) = 3
  ORDER BY 1, 2`;

async function retire(tx: Tx, kind: Kind, id: string): Promise<void> {
  await tx.run(`UPDATE migration.${kind}_models SET lifecycle = 'retired', is_live = false WHERE id = $1`, [
    id,
  ]);
}

eachEngine((engine) => {
  let database: PlatformDatabase;
  let references: LiveReference[];

  before(async () => {
    database = await platformDatabase(engine, 'demo');
    references = await database.asSuperuser((tx) => tx.many<LiveReference>(liveReferences));
  });
  after(() => database.drop());

  const asA = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => asTenant(database.db, platformScope, a, work);
  /** Points one row of the table at the model. */
  const point =
    ({ table, column }: LiveReference, id: string) =>
    (tx: Tx) =>
      tx.run(
        `UPDATE migration.${table} SET ${column} = $1 WHERE ctid = (SELECT min(ctid) FROM migration.${table})`,
        [id],
      );

  it('stands on every table that names a model, except for history and succession', async () => {
    assert.deepEqual(
      references.map(({ table, column }) => `${table}.${column}`),
      [
        'app_templates.completion_model_id',
        'apps.completion_model_id',
        'apps.transcription_model_id',
        'assistant_templates.completion_model_id',
        'assistants.completion_model_id',
        'services.completion_model_id',
        'services.transcription_model_id',
        'space_completion_models.model_id',
        'space_embedding_models.model_id',
        'space_transcription_models.model_id',
        'spaces.default_completion_model_id',
        'tenant_defaults.completion_model_id',
        'tenant_defaults.embedding_model_id',
        'tenant_defaults.transcription_model_id',
      ],
    );
    const without = await database.asSuperuser((tx) => tx.many<{ place: string }>(unfenced));
    assert.deepEqual(
      without.map(({ place }) => place),
      ['app_runs', 'app_runs', 'completion_models', 'embedding_models', 'questions', 'transcription_models'],
    );
  });

  for (const kind of kinds) {
    it(`does not let a ${kind} model that is in use be retired`, async () => {
      await assert.rejects(
        asA((tx) => retire(tx, kind, models[kind].used)),
        refusal('STILL_REFERENCED'),
      );
    });

    it(`does not let a retired ${kind} model be used, wherever it can be named`, async () => {
      const of = references.filter((reference) => reference.kind === kind);
      for (const reference of of) {
        const both = asA(async (tx) => {
          assert.equal(await point(reference, models[kind].unused)(tx), 1);
          await retire(tx, kind, models[kind].unused);
        });
        await assert.rejects(both, refusal('STILL_REFERENCED'), reference.table);
      }
      await asA((tx) => retire(tx, kind, models[kind].unused));
      for (const reference of of) {
        await assert.rejects(
          asA(point(reference, models[kind].unused)),
          refusal('STILL_REFERENCED'),
          reference.table,
        );
      }
    });
  }

  it('cannot be stepped around by saying that a reference is not live', async () => {
    for (const { table, live } of references) {
      const lie = asA((tx) => tx.run(`UPDATE migration.${table} SET ${live} = false`));
      await assert.rejects(lie, refusal('INVALID_VALUE', new RegExp(`${live}_check`)));
      const unknown = asA((tx) => tx.run(`UPDATE migration.${table} SET ${live} = NULL`));
      await assert.rejects(unknown, refusal('INVALID_VALUE'));
    }
  });

  it('keeps lifecycle and liveness together', async () => {
    for (const change of [`is_live = false`, `lifecycle = 'retired'`]) {
      for (const kind of kinds) {
        const half = `UPDATE migration.${kind}_models SET ${change} WHERE id = $1 AND is_live`;
        await assert.rejects(
          asA((tx) => tx.run(half, [models[kind].used])),
          refusal('INVALID_VALUE', /is_live_check/),
        );
      }
    }
  });

  it('lets history name a retired model', async () => {
    const question = `INSERT INTO migration.questions (tenant_id, id, assistant_id, user_id, completion_model_id, question)
      SELECT tenant_id, gen_random_uuid(), assistant_id, user_id, $1, 'late' FROM migration.questions LIMIT 1`;
    assert.equal(await asA((tx) => tx.run(question, [models.completion.unused])), 1);
    const { live } = await asA((tx) =>
      tx.one<{ live: boolean }>('SELECT is_live AS live FROM migration.completion_models WHERE id = $1', [
        models.completion.unused,
      ]),
    );
    assert.equal(live, false);
  });

  it('does not let a model be deleted under its history', async () => {
    const remove = asA((tx) =>
      tx.run('DELETE FROM migration.completion_models WHERE id = $1', [models.completion.unused]),
    );
    await assert.rejects(remove, refusal('STILL_REFERENCED'));
  });
});

const unfenced = `
  SELECT c.relname::text AS place FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
  WHERE k.contype = 'f' AND k.connamespace = 'migration'::regnamespace AND t.relname LIKE '%\\_models' AND cardinality(k.conkey) = 2
  ORDER BY 1`;

describe('two connections at once', () => {
  let database: PlatformDatabase;
  let other: Database;

  before(async () => {
    database = await platformDatabase('server', 'demo');
    other = await openDatabase(database.target);
  });
  after(async () => {
    await other.close();
    await database.drop();
  });

  const asA = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => asTenant(database.db, platformScope, a, work);
  const name = (tx: Tx): Promise<number> =>
    tx.run(
      `UPDATE migration.assistants SET completion_model_id = $1 WHERE id = '00000001-def0-def0-def0-000800000000'`,
      [models.completion.unused],
    );
  const waiting =
    'SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))';
  /** Runs `first`, starts `second` beside it, and commits `first` only when `second` waits for it. */
  const beside = async (
    first: (tx: Tx) => Promise<unknown>,
    second: (tx: Tx) => Promise<unknown>,
  ): Promise<void> => {
    let late: Promise<unknown> = Promise.resolve();
    await asA(async (tx) => {
      await first(tx);
      late = asTenant(other, platformScope, a, second);
      late.catch(() => undefined);
      const deadline = Date.now() + 10_000;
      while ((await tx.one<{ n: number }>(waiting)).n === 0) assert.ok(Date.now() < deadline, 'nobody waits');
    });
    await late;
  };
  it('a reference that arrives while its model is being retired is refused', async () => {
    const race = beside((tx) => retire(tx, 'completion', models.completion.unused), name);
    await assert.rejects(race, refusal('STILL_REFERENCED'));
    await asA((tx) =>
      tx.run(`UPDATE migration.completion_models SET lifecycle = 'active', is_live = true WHERE id = $1`, [
        models.completion.unused,
      ]),
    );
  });

  it('a model that is being named is not retired', async () => {
    const race = beside(name, (tx) => retire(tx, 'completion', models.completion.unused));
    await assert.rejects(race, refusal('STILL_REFERENCED'));
  });
});

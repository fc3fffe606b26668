/**
 * Rows that are nobody's alone: settings of the server, a gallery, a person in two organisations. A tenant's move never changes them
 * and counts them; a move of their own changes them and nothing of a tenant, with its own record, journal and undo.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import type { Engine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

interface Planned {
  readonly completion: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly steps: readonly (Pick<Planned['leftBehind'][number], 'rows'> & {
    readonly operation: string;
    readonly entity: string;
  })[];
  readonly leftBehind: readonly {
    readonly place: string;
    readonly reason: string;
    readonly live: boolean;
    readonly count: number;
    readonly rows: readonly { readonly key: string; readonly owners?: readonly string[] }[];
  }[];
}

interface Situation {
  readonly at: () => SmallDatabase;
  readonly move: (
    command: 'plan' | 'apply',
    ...words: string[]
  ) => Promise<Planned & { migrationId: string }>;
}

/** A small database, on which the move is planned and applied. */
function situation(
  engine: Engine,
  made: { script: string; yaml: string; from: string; to: string },
): Situation {
  let database: SmallDatabase | undefined;
  const at = (): SmallDatabase => {
    assert.ok(database !== undefined);
    return database;
  };
  before(async () => void (database = await smallDatabase(engine, made.script, made.yaml)));
  after(() => at().drop());
  return {
    at,
    move: async (command, ...words) => {
      const asked = [command, ...words, '--from', made.from, '--to', made.to, '--json'];
      const { stdout, stderr } = await at().run(...asked, ...(command === 'apply' ? ['--yes'] : []));
      assert.ok(stdout.startsWith('{'), stderr);
      return JSON.parse(stdout) as Planned & { migrationId: string };
    },
  };
}

function stays({ leftBehind }: Planned): string[] {
  return leftBehind.map(
    ({ place, reason, live, count }) => `${place} ${reason}${live ? ' live' : ''} ${count}`,
  );
}

/** `2 of elm, oak`: rows of several tenants, with the keys of all of them. */
function owned(entries: readonly Pick<Planned['leftBehind'][number], 'rows'>[]): string[] {
  const rows = entries.flatMap((entry) => entry.rows);
  return rows.flatMap(({ key, owners }) => (owners === undefined ? [] : [`${key} of ${owners.join(', ')}`]));
}

oneEngine((engine) => {
  describe('settings of a server that is nobody’s', () => {
    const { at, move } = situation(engine, {
      script: `
CREATE TABLE accounts (id bigint PRIMARY KEY, username text NOT NULL);
CREATE TABLE app_chatmodel (id bigint PRIMARY KEY, name varchar(200) NOT NULL, gone boolean NOT NULL DEFAULT false);
CREATE TABLE app_agent (id bigint PRIMARY KEY, creator_id bigint REFERENCES accounts, name text NOT NULL,
  chat_model_id bigint NOT NULL REFERENCES app_chatmodel);
CREATE TABLE app_userconfig (id bigint PRIMARY KEY, user_id bigint NOT NULL UNIQUE REFERENCES accounts, setting_id bigint REFERENCES app_chatmodel);
CREATE TABLE app_serversettings (id bigint PRIMARY KEY, chat_default_id bigint REFERENCES app_chatmodel, chat_advanced_id bigint REFERENCES app_chatmodel);
INSERT INTO accounts VALUES (1, 'ana'), (2, 'bo');
INSERT INTO app_chatmodel (id, name) VALUES (1, 'gpt-4o'), (2, 'gpt-4.1'), (3, 'gpt-4o-mini');
INSERT INTO app_agent VALUES (1, NULL, 'Built in', 1), (2, 1, 'Coder', 1), (3, 2, 'Cook', 1);
INSERT INTO app_userconfig VALUES (1, 1, 1), (2, 2, 3);
INSERT INTO app_serversettings VALUES (1, 1, 1);`,
      yaml: `version: 1
model: { tables: [{ table: app_chatmodel, columns: { name: name }, retired: gone, retire: { gone: true } }] }
tenant: { root: accounts, key: id, display: username, column: creator_id, global: [app_serversettings, app_chatmodel] }
unlistedForeignKeys: reference
places: []
`,
      from: 'gpt-4o',
      to: 'gpt-4.1',
    });
    const models = (): Promise<(string | null)[][]> =>
      at()
        .rows(`SELECT 'agent ' || id, chat_model_id FROM app_agent UNION ALL SELECT 'user ' || user_id, setting_id FROM app_userconfig
        UNION ALL SELECT 'server', chat_default_id * 10 + chat_advanced_id FROM app_serversettings ORDER BY 1`);

    it('is counted in the plan of a tenant, as live and of nobody', async () => {
      const ana = await move('plan', '--tenant', 'ana');
      assert.deepEqual(ana.counts, { app_agent: 1, app_userconfig: 1 });
      assert.deepEqual(stays(ana), [
        'app_agent.chat_model_id global live 1',
        'app_agent.chat_model_id other-tenant 1',
        'app_serversettings.chat_advanced_id global live 1',
        'app_serversettings.chat_default_id global live 1',
      ]);
      assert.equal(ana.completion, 'complete for the tenant');
    });

    it('moves by itself, and nothing of a tenant with it', async () => {
      const shared = await move('apply', '--shared');
      assert.deepEqual(shared.counts, { app_agent: 1, app_serversettings: 1 });
      assert.deepEqual(stays(shared), [
        'app_agent.chat_model_id other-tenant 2',
        'app_userconfig.setting_id other-tenant 1',
      ]);
      assert.equal(shared.completion, 'complete for the tenant');
      assert.deepEqual(await models(), [
        ['agent 1', '2'],
        ['agent 2', '1'],
        ['agent 3', '1'],
        ['server', '22'],
        ['user 1', '1'],
        ['user 2', '3'],
      ]);
      assert.deepEqual(await at().rows('SELECT gone FROM app_chatmodel WHERE id = 1'), [['false']]);
    });

    it('has a record of its own, and is taken back by it', async () => {
      const { stdout } = await at().run('history', '--shared', '--json');
      const [record] = (JSON.parse(stdout) as { migrations: { id: string; tenantName: string }[] })
        .migrations;
      assert.equal(record?.tenantName, 'shared rows');
      const back = await at().run('rollback', record.id, '--yes', '--json');
      assert.equal(back.status, 0, back.stderr);
      assert.deepEqual(await models(), [
        ['agent 1', '1'],
        ['agent 2', '1'],
        ['agent 3', '1'],
        ['server', '11'],
        ['user 1', '1'],
        ['user 2', '3'],
      ]);
    });

    it('leaves nothing behind after the tenants, and then the model is retired', async () => {
      for (const tenant of ['ana', 'bo']) await move('apply', '--tenant', tenant);
      assert.deepEqual(await at().rows('SELECT gone FROM app_chatmodel WHERE id = 1'), [['false']]);
      const last = await move('apply', '--shared');
      assert.equal(last.completion, 'complete');
      assert.deepEqual(await at().rows('SELECT gone FROM app_chatmodel WHERE id = 1'), [['true']]);
      await at().run('rollback', last.migrationId, '--yes');
      assert.deepEqual(await at().rows('SELECT gone FROM app_chatmodel WHERE id = 1'), [['false']]);
    });
  });

  describe('a person in two organisations, and a gallery', () => {
    const { at, move } = situation(engine, {
      script: `
CREATE TABLE orgs (id text PRIMARY KEY, name text);
CREATE TABLE people (id int PRIMARY KEY, favourite text, home text REFERENCES orgs, chat jsonb, notes text);
CREATE TABLE members (org_id text REFERENCES orgs, person_id int REFERENCES people, PRIMARY KEY (org_id, person_id));
CREATE TABLE gallery (id int PRIMARY KEY, title text, graph jsonb, models text[]);
CREATE TABLE allowed (id int PRIMARY KEY, org_id text REFERENCES orgs, slot text, model text, UNIQUE (slot, model));
INSERT INTO orgs VALUES ('elm', 'Elm'), ('oak', 'Oak');
INSERT INTO people (id, favourite, home) VALUES (1, 'gpt-4o', NULL), (2, 'gpt-4o', NULL), (3, 'gpt-4o', NULL), (4, 'gpt-4o', 'elm'), (5, 'gpt-4o', 'elm');
INSERT INTO members VALUES ('elm', 1), ('oak', 2), ('elm', 2), ('elm', 4), ('oak', 4), ('oak', 5);
INSERT INTO gallery VALUES (1, 'Starter', '{"nodes": [{"model": "gpt-4o"}, {"model": "o3"}]}', '{o3,gpt-4o}');
INSERT INTO allowed VALUES (1, NULL, 'a', 'gpt-4o'), (2, NULL, 'a', 'gpt-5'), (3, 'elm', 'b', 'gpt-4o');`,
      yaml: `version: 1
model: { identity: [name] }
tenant:
  root: orgs
  key: id
  display: name
  column: org_id
  links: { people: "id <- members.person_id; home -> orgs.id" }
  global: [gallery]
places:
  - at: people.favourite
  - { at: people.chat, json: /model }
  - { at: gallery.graph, json: /nodes/*/model }
  - { at: gallery.models, shape: list }
  - { at: allowed.model, role: grant, collision: drop-redundant }
`,
      from: 'gpt-4o',
      to: 'gpt-5',
    });

    it('is shared where memberships say so, and at fault where the ways to one owner contradict each other', async () => {
      const elm = await move('plan', '--tenant', 'Elm');
      assert.deepEqual(elm.counts, { allowed: 1, people: 1 });
      assert.deepEqual(stays(elm), [
        'allowed.model global live 1',
        'gallery.graph/nodes/*/model global live 1',
        'gallery.models global live 1',
        'people.favourite disagreeing-owners live 1',
        'people.favourite global live 1',
        'people.favourite shared live 2',
      ]);
    });

    it('is listed with the keys of all of them, in columns, documents and texts, where it stays and where it moves', async () => {
      await at().script(
        `UPDATE people SET favourite = '', chat = '{"model": "gpt-4o"}', notes = '--model=gpt-4o' WHERE id = 2`,
      );
      const elm = await move('plan', '--tenant', 'Elm', '--leave-asks');
      assert.deepEqual(owned(elm.leftBehind), [
        '2 of elm, oak',
        '5 of elm, oak',
        '4 of elm, oak',
        '2 of elm, oak',
      ]);
      const { stdout } = await at().run('plan', '--tenant', 'Elm', '--from', 'gpt-4o', '--to', 'gpt-5');
      assert.match(stdout, /2 \(of elm, oak\)/);
      assert.deepEqual(owned((await move('plan', '--shared', '--leave-asks')).steps), [
        '2 of elm, oak',
        '4 of elm, oak',
      ]);
      await at().script(`UPDATE people SET favourite = 'gpt-4o', chat = NULL, notes = NULL WHERE id = 2`);
    });

    it('is moved with the gallery, in columns, documents, lists and grants, and taken back', async () => {
      const before = await at().rows('SELECT * FROM people ORDER BY id');
      const shared = await move('apply', '--shared');
      assert.deepEqual(
        [...new Set(shared.steps.map(({ operation, entity }) => `${operation} ${entity}`))].toSorted(),
        ['merge allowed', 'repoint people', 'rewrite-array gallery', 'rewrite-json gallery'],
      );
      assert.deepEqual(await at().rows('SELECT favourite FROM people ORDER BY id'), [
        ['gpt-4o'],
        ['gpt-5'],
        ['gpt-5'],
        ['gpt-5'],
        ['gpt-4o'],
      ]);
      assert.deepEqual(await at().rows('SELECT graph, models::text FROM gallery'), [
        ['{"nodes":[{"model":"gpt-5"},{"model":"o3"}]}', '{o3,gpt-5}'],
      ]);
      assert.deepEqual(await at().rows('SELECT id, model FROM allowed ORDER BY id'), [
        ['2', 'gpt-5'],
        ['3', 'gpt-4o'],
      ]);
      const back = await at().run('rollback', shared.migrationId, '--yes');
      assert.equal(back.status, 0, back.stderr);
      assert.deepEqual(await at().rows('SELECT * FROM people ORDER BY id'), before);
      assert.deepEqual(await at().rows('SELECT models::text FROM gallery'), [['{o3,gpt-4o}']]);
      assert.deepEqual(await at().rows('SELECT id, model FROM allowed ORDER BY id'), [
        ['1', 'gpt-4o'],
        ['2', 'gpt-5'],
        ['3', 'gpt-4o'],
      ]);
    });
  });
});

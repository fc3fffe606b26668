/**
 * A small database that Drover did not create: firms with people, rooms and bots that name engines. Bots belong to a firm
 * by their person and by their room; engines and presets may belong to nobody; a flow names engines inside a document.
 */
import { openDatabase, type DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import type { Config } from '../../src/engine/rules/config.ts';
import { embeddedTemplate, type Engine, serverTemplate } from './databases.ts';

/** `30a…01`: first the table, then the firm, at the end the number. */
const uuid = (table: number, firm: 'a' | 'b' | '0', number: number): string =>
  `${table}${firm}00000-0000-4000-8000-${String(number).padStart(12, '0')}`;

export const north = uuid(10, 'a', 0);
export const south = uuid(10, 'b', 0);
export const engineId = (firm: 'a' | 'b' | '0', number: number): string => uuid(40, firm, number);
export const botId = (firm: 'a' | 'b', number: number): string => uuid(50, firm, number);
export const personId = (firm: 'a' | 'b'): string => uuid(20, firm, 1);
export const roomId = (firm: 'a' | 'b', number: number): string => uuid(30, firm, number);
export const presetId = (firm: 'a' | 'b' | '0', number: number): string => uuid(60, firm, number);
export const flowId = (firm: 'a' | 'b', number: number): string => uuid(70, firm, number);
export const badgeId = (firm: 'a' | 'b', number: number): string => uuid(80, firm, number);
export const oldEngine = engineId('a', 1);
export const newEngine = engineId('a', 2);

const schema = `
CREATE TABLE firms (id uuid PRIMARY KEY, name text NOT NULL);
CREATE TABLE people (id uuid PRIMARY KEY, firm_id uuid NOT NULL REFERENCES firms);
CREATE TABLE rooms (id uuid PRIMARY KEY, firm_id uuid NOT NULL REFERENCES firms);
CREATE TABLE engines (id uuid PRIMARY KEY, firm_id uuid REFERENCES firms, name text NOT NULL, enabled boolean NOT NULL DEFAULT true,
  replaced_by uuid REFERENCES engines, UNIQUE (firm_id, name));
CREATE TABLE bots (id uuid PRIMARY KEY, person_id uuid NOT NULL REFERENCES people, room_id uuid REFERENCES rooms,
  engine_id uuid REFERENCES engines, settings jsonb NOT NULL DEFAULT '{}', label text);
CREATE INDEX ON bots (engine_id);
CREATE TABLE presets (id uuid PRIMARY KEY, firm_id uuid REFERENCES firms, engine_id uuid REFERENCES engines);
CREATE TABLE flows (id uuid PRIMARY KEY, firm_id uuid NOT NULL REFERENCES firms, graph jsonb NOT NULL);
CREATE TABLE room_engines (room_id uuid NOT NULL REFERENCES rooms, engine_id uuid NOT NULL REFERENCES engines, note text, PRIMARY KEY (room_id, engine_id));
CREATE TABLE badges (id uuid PRIMARY KEY, firm_id uuid NOT NULL REFERENCES firms, engine_id uuid NOT NULL REFERENCES engines, slot integer NOT NULL, UNIQUE (engine_id, slot));
CREATE TABLE answers (id uuid PRIMARY KEY, firm_id uuid NOT NULL REFERENCES firms, engine_id uuid NOT NULL REFERENCES engines);
`;

function firmSql(firm: 'a' | 'b', bots: number): string {
  const tenant = uuid(10, firm, 0);
  const numbered = (table: number): string =>
    `('${table}${firm}00000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid`;
  return `
INSERT INTO firms VALUES ('${tenant}', '${firm === 'a' ? 'North' : 'South'}');
INSERT INTO people VALUES ('${personId(firm)}', '${tenant}');
INSERT INTO rooms SELECT ${numbered(30)}, '${tenant}' FROM generate_series(1, 3) n;
INSERT INTO engines SELECT ${numbered(40)}, '${tenant}', (ARRAY['old', 'new', 'other', 'spare'])[n] FROM generate_series(1, 4) n;
INSERT INTO bots SELECT ${numbered(50)}, '${personId(firm)}', CASE WHEN n % 4 <> 0 THEN ('30${firm}00000-0000-4000-8000-' || lpad((n % 3 + 1)::text, 12, '0'))::uuid END,
  CASE WHEN n % 5 = 0 THEN '${engineId(firm, 3)}'::uuid WHEN n % 7 = 0 THEN '${engineId(firm, 2)}' ELSE '${engineId(firm, 1)}' END,
  CASE WHEN n % 2 = 0 THEN jsonb_build_object('heat', n) ELSE '{}' END, 'bot ' || n FROM generate_series(1, ${bots}) n;
INSERT INTO presets SELECT ${numbered(60)}, '${tenant}', '${engineId(firm, 1)}' FROM generate_series(1, 2) n;
INSERT INTO flows SELECT ${numbered(70)}, '${tenant}', jsonb_build_object('steps', jsonb_build_array(jsonb_build_object('engine', '${engineId(firm, 1)}', 'say', 'a'), jsonb_build_object('engine', '${engineId(firm, 3)}'))) FROM generate_series(1, 3) n;
INSERT INTO room_engines VALUES ('${roomId(firm, 1)}', '${engineId(firm, 1)}', 'first'), ('${roomId(firm, 2)}', '${engineId(firm, 1)}', 'both'), ('${roomId(firm, 2)}', '${engineId(firm, 2)}', 'both already');
INSERT INTO badges SELECT ${numbered(80)}, '${tenant}', '${engineId(firm, 1)}', n FROM generate_series(1, 3) n;
INSERT INTO answers SELECT ${numbered(90)}, '${tenant}', '${engineId(firm, 1)}' FROM generate_series(1, 4) n;`;
}

/** What a person would write into drover.config.yaml for it. */
export const studioConfig: Config = {
  version: 1,
  model: {
    tables: [
      {
        table: 'engines',
        columns: { name: 'name', tenant: 'firm_id' },
        enabled: 'enabled',
        global: 'firm_id IS NULL',
        retire: { enabled: false, replaced_by: '$target' },
      },
    ],
  },
  tenant: { root: 'firms', key: 'id', display: 'name', column: 'firm_id' },
  places: [
    {
      at: 'bots.engine_id',
      parameters: 'settings',
      enables: { grant: 'room_engines.engine_id', via: 'room_id' },
    },
    { at: 'presets.engine_id' },
    { at: 'flows.graph', json: '/steps/*/engine', as: 'key' },
    { at: 'room_engines.engine_id', role: 'grant', collision: 'drop-redundant' },
    { at: 'badges.engine_id' },
    { at: 'answers.engine_id', role: 'history' },
    { at: 'engines.replaced_by', role: 'catalogue' },
    { at: 'bots.label', role: 'ignore' },
    { at: 'room_engines.note', role: 'ignore' },
  ],
};

/** The same with a fence of another kind. */
export function studioWith(fence: 'lock' | 'trigger'): Config {
  return { ...studioConfig, database: { fence } };
}

/** A database with two firms of `bots` bots each, cloned from a template. */
export async function studioDatabase(
  engine: Engine,
  bots = 40,
): Promise<{ target: DatabaseTarget; drop: () => Promise<void> }> {
  const key = `studio ${bots}`;
  const build = async (target: DatabaseTarget): Promise<void> => {
    const database = await openDatabase(target);
    try {
      const sql = `${schema} ${firmSql('a', bots)} ${firmSql('b', bots)} INSERT INTO engines VALUES ('${engineId('0', 9)}', NULL, 'for all')`;
      await database.transaction({}, (tx) => tx.script(sql));
    } finally {
      await database.close();
    }
  };
  if (engine === 'server') {
    const { url, drop } = await serverTemplate(key, (to) => build({ url: to }));
    return { target: { url }, drop };
  }
  const { dataDir, drop } = await embeddedTemplate(key, (to) => build({ dataDir: to }));
  return { target: { dataDir }, drop };
}

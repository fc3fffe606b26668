/** A small V1 with a row of each kind: a tenant's own column, a way by a key, tenant zero's, and everybody's. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import type { Engine } from '../support/databases.ts';
import { converting } from './converting.ts';
import type { Converting } from './converting.ts';
import { cloneOf, withOpened } from './ground.ts';

export const zero = '00000000-0000-4000-8000-00000000000a';
export const other = '00000000-0000-4000-8000-00000000000b';

/** The old application. */
export const v1Login = 'workshop_v0';

const script = `
CREATE TABLE firms (id uuid PRIMARY KEY, name text NOT NULL);
CREATE TABLE projects (id integer PRIMARY KEY, tenant_id uuid REFERENCES firms (id), name text NOT NULL UNIQUE);
CREATE TYPE mood AS ENUM ('calm', 'busy');
CREATE TABLE tasks (id integer PRIMARY KEY, project_id integer NOT NULL REFERENCES projects (id), title text, mood mood NOT NULL DEFAULT 'calm');
CREATE TABLE notes (id integer PRIMARY KEY, body text);
CREATE TABLE countries (code text PRIMARY KEY);
CREATE FUNCTION stamps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
INSERT INTO firms VALUES ('${zero}', 'one'), ('${other}', 'two');
INSERT INTO projects SELECT n, CASE WHEN n % 3 = 0 THEN NULL WHEN n % 2 = 0 THEN '${zero}'::uuid ELSE '${other}'::uuid END, 'p' || n FROM generate_series(1, 30) n;
INSERT INTO tasks SELECT n, 1 + n % 30, 't' || n, CASE WHEN n % 2 = 0 THEN 'calm' ELSE 'busy' END::mood FROM generate_series(1, 900) n;
INSERT INTO notes SELECT n, 'n' || n FROM generate_series(1, 50) n;
INSERT INTO countries VALUES ('aa'), ('bb');
DO $$ BEGIN CREATE ROLE ${v1Login}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${v1Login};
`;

export interface Workshop extends Converting {
  readonly database: Database;
  readonly target: DatabaseTarget;
  readonly config: string;
  readonly run: (...statements: string[]) => Promise<void>;
  readonly rows: (sql: string) => Promise<unknown[]>;
}

/** A clone of it with a configuration, the roles of which go again. */
export async function inWorkshop(
  engine: Engine,
  { name, more = '' }: { readonly name: string; readonly more?: string },
  work: (shop: Workshop) => Promise<void>,
): Promise<void> {
  const { target, drop } = await cloneOf(engine, 'workshop', `${script}${more}`);
  const folder = mkdtempSync(join(tmpdir(), 'drover-workshop-'));
  const config = join(folder, 'drover.config.yaml');
  writeFileSync(config, stringify(saying(name)));
  try {
    await withOpened(target, async (database) => {
      const run = (...statements: string[]): Promise<void> =>
        database.transaction({}, async (tx) => {
          for (const statement of statements) await tx.run(statement);
        });
      const rows = (sql: string): Promise<unknown[]> => database.transaction({}, (tx) => tx.many(sql));
      try {
        await work({ database, target, config, run, rows, ...converting(database, config) });
      } finally {
        if (engine === 'server')
          await run(
            ...['owner', 'app', 'fleet', 'operator', 'v1'].map((role) => dropRole(`${name}_${role}`)),
          );
      }
    });
  } finally {
    rmSync(folder, { recursive: true });
    await drop();
  }
}

/** Roles belong to the whole server, and outlive the database. */
function dropRole(role: string): string {
  return `DO $$ BEGIN IF to_regrole('${role}') IS NOT NULL THEN DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}; END IF; END $$`;
}

function saying(name: string): object {
  return {
    version: 1,
    tenant: { root: 'firms', column: 'tenant_id', global: ['countries'] },
    tenantize: {
      name,
      zero,
      logins: [v1Login],
      tables: {
        projects: { ownerless: zero },
        tasks: { ownerless: zero, values: { mood: { calm: 'quiet', busy: 'loud' } } },
        notes: { owner: 'zero' },
      },
    },
  };
}

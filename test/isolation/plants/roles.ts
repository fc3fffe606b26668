import { roleName } from '../ground.ts';
import type { Plant } from './plant.ts';

export const rolePlants: readonly Plant[] = [
  {
    rule: 'application-role-unknown',
    sql: '',
    shapes: ['plain'],
    isolation: () => ({ trusted: ['app', 'job', 'owner', 'backup'].map(roleName) }),
  },
  { rule: 'role-exempt', sql: 'ALTER ROLE {{app}} BYPASSRLS', shapes: ['plain'] },
  { rule: 'role-exempt', sql: 'ALTER ROLE {{app}} SUPERUSER', shapes: ['plain'] },
  { rule: 'role-exempt', sql: 'GRANT pg_write_server_files TO {{app}}', shapes: ['plain'] },
  {
    rule: 'role-exempt',
    sql: 'ALTER ROLE {{backup}} BYPASSRLS; GRANT {{backup}} TO {{app}}',
    shapes: ['plain'],
  },
  { rule: 'role-owns', sql: 'ALTER TABLE {{bookings}} OWNER TO {{app}}' },
  {
    rule: 'role-owns',
    sql: 'ALTER TABLE {{bookings}} OWNER TO {{owner}}; ALTER TABLE {{bookings}} NO FORCE ROW LEVEL SECURITY; GRANT {{owner}} TO {{app}}',
    shapes: ['plain'],
  },
  {
    rule: 'role-owns',
    sql: 'ALTER TABLE {{bookings}} OWNER TO {{owner}}; GRANT {{owner}} TO {{app}} WITH INHERIT TRUE, SET FALSE',
    shapes: ['plain'],
    since: 160_000,
  },
  {
    rule: 'role-exempt',
    sql: 'GRANT pg_write_server_files TO {{app}} WITH INHERIT TRUE, SET FALSE',
    shapes: ['plain'],
    since: 160_000,
  },
  { rule: 'role-owns', sql: 'ALTER SCHEMA {{schema}} OWNER TO {{app}}', shapes: ['plain', 'elsewhere'] },
  {
    rule: 'context-by-default',
    sql: `ALTER ROLE {{app}} SET app.org = '7c9e6679-7425-40de-944b-e07fc1f90ae7'`,
    shapes: ['plain'],
  },
  {
    rule: 'context-by-default',
    sql: `SET LOCAL app.org = '7c9e6679-7425-40de-944b-e07fc1f90ae7'`,
    shapes: ['plain'],
    left: 'no SQL',
  },
  {
    rule: 'replica-mode-settable',
    sql: 'GRANT SET ON PARAMETER session_replication_role TO {{app}}',
    shapes: ['plain'],
  },
  { rule: 'monitoring-role', severity: 'warning', sql: 'GRANT pg_monitor TO {{app}}', shapes: ['plain'] },
  {
    rule: 'monitoring-role',
    severity: 'warning',
    sql: 'GRANT pg_monitor TO {{app}} WITH INHERIT TRUE, SET FALSE',
    shapes: ['plain'],
    since: 160_000,
  },
  {
    rule: 'schema-writable',
    severity: 'warning',
    sql: 'GRANT CREATE ON SCHEMA {{schema}} TO {{app}}',
    shapes: ['plain', 'elsewhere'],
  },
  {
    rule: 'default-privileges-open',
    severity: 'warning',
    sql: 'ALTER DEFAULT PRIVILEGES IN SCHEMA {{schema}} GRANT SELECT ON TABLES TO {{app}}',
    shapes: ['plain', 'elsewhere'],
  },
  { rule: 'job-role-blind', severity: 'warning', sql: 'GRANT SELECT, UPDATE ON {{bookings}} TO {{job}}' },
];

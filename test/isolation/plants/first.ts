import type { Plant } from './plant.ts';

export const firstPlants: readonly Plant[] = [
  { rule: 'rls-off', sql: 'ALTER TABLE {{bookings}} DISABLE ROW LEVEL SECURITY' },
  { rule: 'role-exempt', sql: 'ALTER ROLE {{app}} BYPASSRLS', shapes: ['plain'] },
  {
    rule: 'key-crosses-tenants',
    sql: `ALTER TABLE {{rooms}} ADD COLUMN {{user_id}} uuid;
      ALTER TABLE {{users}} ADD UNIQUE ({{id}});
      ALTER TABLE {{rooms}} ADD CONSTRAINT crosses FOREIGN KEY ({{user_id}}) REFERENCES {{users}} ({{id}})`,
  },
];

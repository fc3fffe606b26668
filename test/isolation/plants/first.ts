import type { Plant } from './plant.ts';

export const firstPlants: readonly Plant[] = [
  { rule: 'rls-off', sql: 'ALTER TABLE {{bookings}} DISABLE ROW LEVEL SECURITY' },
  { rule: 'role-exempt', sql: 'ALTER ROLE {{app}} BYPASSRLS', shapes: ['plain'] },
];

/** Ids of demo rows: the same on every machine, and recognisable: `XXXXXXXX-def0-def0-def0-XXXXXXXXXXXX`. */
const numbers = {
  tenants: 0,
  users: 1,
  user_roles: 2,
  spaces: 3,
  model_providers: 4,
  completion_models: 5,
  transcription_models: 6,
  embedding_models: 7,
  assistants: 8,
  apps: 9,
  services: 10,
  assistant_templates: 11,
  app_templates: 12,
  questions: 13,
  app_runs: 14,
  audit_log: 15,
  global_assistant_templates: 16,
  global_app_templates: 17,
  api_keys: 18,
  workspaces: 19,
} as const;

export type DemoTable = keyof typeof numbers;

/** The id of a table's nth row in a tenant; tenants count from one, and zero is nobody's. */
export function demoId(tenant: number, of: DemoTable, n: number): string {
  return `${hex(tenant, 8)}-def0-def0-def0-${hex(numbers[of], 4)}${hex(n, 8)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** A moment on a given day of the demo, which never depends on the clock. */
export function demoTime(day: number, minute = 0): string {
  return new Date(Date.UTC(2026, 0, 5 + day, 8, minute)).toISOString();
}

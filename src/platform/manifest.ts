/**
 * Every table of Drover's own schema, declared once. Policies and grants are generated from it, and a table that is
 * missing here fails the tests and keeps Drover from starting.
 */
import type { Manifest, Privilege } from '../isolation/policies.ts';

const read: readonly Privilege[] = ['select'];
const write: readonly Privilege[] = ['select', 'insert', 'update', 'delete'];
/** What happened stays as it was written. */
const append: readonly Privilege[] = ['select', 'insert'];
/** Opened and closed by the work that it records, never taken away. */
const record: readonly Privilege[] = ['select', 'insert', 'update'];

export const manifest: Manifest = {
  // A tenant reads its own row; only an operator makes, names or suspends a tenant.
  tenants: { kind: 'tenant', tenantColumn: 'id', application: read, operator: record },
  users: { kind: 'tenant', application: write },
  model_providers: { kind: 'tenant', application: write, rekeyed: ['id'] },
  completion_models: { kind: 'tenant', application: write, rekeyed: ['id', 'provider_id', 'successor_id'] },
  transcription_models: {
    kind: 'tenant',
    application: write,
    rekeyed: ['id', 'provider_id', 'successor_id'],
  },
  embedding_models: { kind: 'tenant', application: write, rekeyed: ['id', 'provider_id', 'successor_id'] },
  tenant_defaults: {
    kind: 'tenant',
    application: write,
    rekeyed: ['completion_model_id', 'transcription_model_id', 'embedding_model_id'],
  },
  spaces: { kind: 'tenant', application: write, rekeyed: ['id', 'default_completion_model_id'] },
  user_roles: { kind: 'tenant', application: write, rekeyed: ['space_id'] },
  // Revoked, never deleted: the audit log names keys.
  api_keys: { kind: 'tenant', application: record },
  space_completion_models: { kind: 'tenant', application: write, rekeyed: ['space_id', 'model_id'] },
  space_transcription_models: { kind: 'tenant', application: write, rekeyed: ['space_id', 'model_id'] },
  space_embedding_models: { kind: 'tenant', application: write, rekeyed: ['space_id', 'model_id'] },
  assistants: { kind: 'tenant', application: write, rekeyed: ['id', 'space_id', 'completion_model_id'] },
  apps: {
    kind: 'tenant',
    application: write,
    rekeyed: ['id', 'space_id', 'completion_model_id', 'transcription_model_id', 'pipeline'],
  },
  services: {
    kind: 'tenant',
    application: write,
    rekeyed: ['id', 'space_id', 'completion_model_id', 'transcription_model_id'],
  },
  assistant_templates: { kind: 'tenant', application: write, rekeyed: ['id', 'completion_model_id'] },
  app_templates: { kind: 'tenant', application: write, rekeyed: ['id', 'completion_model_id', 'pipeline'] },
  // A workspace names a pair that stands in registry_pairs or workspace_verdicts, which the operator's role alone can add to:
  // what the registry refuses cannot be stored, whatever statement the application's role runs.
  registry_in_force: { kind: 'global', application: read, operator: write },
  registry_pairs: { kind: 'global', application: read, operator: write },
  workspace_verdicts: { kind: 'tenant', application: read, operator: write },
  workspaces: { kind: 'tenant', application: write },
  workspace_secrets: { kind: 'tenant', application: write },
  tenant_secrets: { kind: 'tenant', application: write },
  questions: { kind: 'tenant', application: append, rekeyed: ['assistant_id', 'completion_model_id'] },
  app_runs: {
    kind: 'tenant',
    application: append,
    rekeyed: ['app_id', 'completion_model_id', 'transcription_model_id'],
  },
  // The operator moves the rows of everybody, and keeps the records of that under a key of their own.
  migrations: {
    kind: 'tenant',
    application: record,
    operator: record,
    operatorRows: 'shared',
    rekeyed: 'record',
  },
  migration_steps: {
    kind: 'tenant',
    application: record,
    operator: record,
    operatorRows: 'shared',
    rekeyed: 'record',
  },
  journal: {
    kind: 'tenant',
    application: append,
    operator: append,
    operatorRows: 'shared',
    rekeyed: 'record',
  },
  audit_log: {
    kind: 'tenant',
    application: append,
    operator: append,
    operatorRows: 'shared',
    rekeyed: 'record',
  },
  // Chains are kept resolved.
  aliases: {
    kind: 'tenant',
    application: record,
    operator: record,
    operatorRows: 'shared',
    rekeyed: 'record',
  },
  // What came back is noted.
  set_aside: {
    kind: 'tenant',
    application: record,
    operator: record,
    operatorRows: 'shared',
    rekeyed: 'record',
  },
  // What was found and decided stays; what is gone or replaced is noted.
  assets: { kind: 'tenant', application: record },
  asset_dependencies: { kind: 'tenant', application: record },
  assessments: { kind: 'tenant', application: record },
  assessment_sources: { kind: 'tenant', application: record },
  asset_facts: { kind: 'tenant', application: record },
  decisions: { kind: 'tenant', application: record },
  wave_members: { kind: 'tenant', application: record },
  global_assistant_templates: { kind: 'global', application: read, operator: write },
  global_app_templates: { kind: 'global', application: read, operator: write },
  // Answers kept for clients that ask twice; swept after a day.
  idempotency_keys: { kind: 'tenant', application: write },
  // A worker that moves a tenant writes the outcome in the same transaction, as that tenant. The operator writes the rest.
  run_tenants: { kind: 'tenant', application: record, operator: record, rekeyed: 'record' },
  runs: { kind: 'system', application: [], operator: record },
  run_events: { kind: 'system', application: [], operator: append },
  run_workers: { kind: 'system', application: [], operator: write },
  schema_migrations: { kind: 'system', application: [] },
};

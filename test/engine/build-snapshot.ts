/** Small snapshots: a database of agents, space links and messages, changed where a test needs it. */
import { createHash } from 'node:crypto';
import type { Catalog } from '../../src/engine/catalogue/catalog.ts';
import type { Config } from '../../src/engine/rules/config.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { mappingsOf } from '../../src/engine/rules/mapping.ts';
import { type ModelFacts, namedModel } from '../../src/engine/models/model.ts';
import { planMigration } from '../../src/engine/planner/plan.ts';
import type { Plan } from '../../src/engine/plan/plan-types.ts';
import { resolveRules } from '../../src/engine/rules/references.ts';
import type { PlaceGroup, RowGroup, Snapshot, Uncovered } from '../../src/engine/plan/snapshot.ts';
import { buildCatalog } from './build-catalog.ts';

export const catalog: Catalog = buildCatalog({
  tenants: { id: 'uuid!', name: 'text' },
  models: {
    id: 'uuid!',
    tenant_id: 'uuid! -> tenants.id',
    name: 'text',
    state: 'text',
    successor: 'uuid -> models.id',
  },
  agents: {
    id: 'uuid!',
    tenant_id: 'uuid! -> tenants.id',
    model_id: 'uuid -> models.id',
    settings: 'jsonb',
    graph: 'jsonb',
  },
  messages: { id: 'uuid!', tenant_id: 'uuid! -> tenants.id', model_id: 'uuid -> models.id' },
  links: { id: 'uuid!', tenant_id: 'uuid! -> tenants.id', model_id: 'uuid -> models.id' },
  templates: { id: 'uuid!', model_id: 'uuid -> models.id' },
});

export const config: Config = {
  version: 1,
  model: {
    tables: [
      {
        table: 'models',
        columns: { name: 'name', tenant: 'tenant_id' },
        retire: { state: 'gone', successor: '$target' },
      },
    ],
  },
  tenant: { root: 'tenants', column: 'tenant_id', global: ['templates'] },
  places: [
    { at: 'agents.model_id', parameters: 'settings' },
    { at: 'agents.graph', json: '/nodes/*/model' },
    { at: 'links.model_id', role: 'grant' },
    { at: 'messages.model_id', role: 'history' },
    { at: 'templates.model_id' },
  ],
};

export function model(key: string, name: string, more: Partial<ModelFacts> = {}): ModelFacts {
  return { ...namedModel({ kind: 'completion', key, components: { name } }), tenant: 'acme', ...more };
}

export const source = model('11111111-1111-4111-8111-111111111111', 'old-1');
export const target = model('22222222-2222-4222-8222-222222222222', 'new-1');

export const intent: Intent = {
  tenant: 'acme',
  from: 'old-1',
  to: 'new-1',
  kind: 'completion',
  parameters: 'reset',
  answers: {},
  leaveAsks: false,
};

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Rows that are alike; live rows of this tenant where nothing else is said. */
export function rows(states: RowGroup['states'], count: number, more: Partial<RowGroup> = {}): RowGroup {
  return {
    states,
    owner: 'mine',
    dead: false,
    rows: count,
    occurrences: Object.fromEntries(Object.keys(states).map((place) => [place, count])),
    side: {},
    digest: String(count),
    sample: [],
    ...more,
  };
}

/** Rows that name the source where no place covers it; live rows of this tenant where nothing else is said. */
export function uncovered(table: string, column: string, more: Partial<Uncovered> = {}): Uncovered {
  return {
    table,
    column,
    kind: 'text',
    path: null,
    form: 'exact',
    by: 'name',
    model: '',
    spelling: 'old-1',
    snapshot: false,
    prose: false,
    written: [],
    rows: 1,
    samples: [],
    owner: 'mine',
    dead: false,
    past: false,
    places: [],
    ...more,
  };
}

export interface SnapshotInput {
  /** Groups of rows by the places of their table: `agents.model_id` or `agents.graph/nodes/*\/model`. */
  readonly groups?: readonly RowGroup[];
  readonly config?: Config;
  readonly catalog?: Catalog;
  readonly more?: Partial<Snapshot>;
}

/** Two agents, one message: the plainest facts of which something moves and something stays. */
export const plainGroups = [rows({ 'agents.model_id': 'L' }, 2), rows({ 'messages.model_id': 'H' }, 1)];

export function buildSnapshot(input: SnapshotInput = {}): Snapshot {
  const { rules, problems } = resolveRules(input.catalog ?? catalog, input.config ?? config);
  if (problems.length > 0) throw new Error(problems.map((one) => one.message).join('; '));
  const groups = input.groups ?? plainGroups;
  const places = new Map<string, PlaceGroup>();
  for (const place of rules.places) {
    const own = groups.filter((group) => place.id in group.states);
    if (own.length === 0) continue;
    const id = place.carrier === 'columns' ? place.table : `${place.table} ${place.column}`;
    const before = places.get(id);
    places.set(id, {
      table: place.table,
      carrier: place.carrier,
      ...(place.carrier === 'columns' ? {} : { column: place.column }),
      places: [...(before?.places ?? []), place.id],
      mappings: { ...before?.mappings, [place.id]: mappingsOf(place, { source, target }, rules.config) },
      groups: [...new Set([...(before?.groups ?? []), ...own])],
      keyed: true,
    });
  }
  return {
    rules,
    tenant: { key: 'acme', name: 'Acme' },
    source,
    target,
    places: [...places.values()],
    parameters: [],
    merged: [],
    companions: [],
    grants: [],
    uncovered: [],
    related: [],
    schema: [],
    dependents: {},
    demands: [],
    refusals: [],
    denied: [],
    hidden: [],
    unread: [],
    definitions: { configuration: 'c' },
    today: '2026-11-21',
    ...input.more,
  };
}

export function buildPlan(snapshot: Snapshot, more: Partial<Intent> = {}): Plan {
  return planMigration({ snapshot, intent: { ...intent, ...more }, digest });
}

import type { Model } from '../../src/registry/load/shape.ts';

/** A model of the registry with the least that it must have. */
export function entry(id: string, more: Partial<Omit<Model, 'id'>> = {}): Model {
  return {
    id,
    name: id,
    vendor: 'acme',
    family: 'owl',
    kind: 'completion',
    lifecycle: { status: 'active' },
    source: 'https://example.org/models',
    checked: '2026-11-21',
    ...more,
  };
}

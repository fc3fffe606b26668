/** The organisations of the demo: two large enough to watch, one small, one that is suspended. */
import { demoId } from './ids.ts';

export interface DemoTenant {
  readonly number: number;
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly state: 'active' | 'suspended';
  readonly spaces: readonly string[];
  /** How many of everything a space has, about. */
  readonly size: number;
}

/** A row by the names of its columns. */
export type DemoRow = Readonly<Record<string, unknown>>;

export interface DemoRows {
  readonly table: string;
  readonly rows: readonly DemoRow[];
}

export const demoTenants: readonly DemoTenant[] = [
  {
    number: 1,
    id: demoId(1, 'tenants', 0),
    name: 'Alder Clinic',
    slug: 'alder-clinic',
    state: 'active',
    spaces: ['Reception', 'Wards', 'Research', 'Finance', 'Archive 2024'],
    size: 8,
  },
  {
    number: 2,
    id: demoId(2, 'tenants', 0),
    name: 'Birch & Partners',
    slug: 'birch-partners',
    state: 'active',
    spaces: ['Contracts', 'Litigation', 'Back office'],
    size: 5,
  },
  {
    number: 3,
    id: demoId(3, 'tenants', 0),
    name: 'Cedar School',
    slug: 'cedar-school',
    state: 'active',
    spaces: ['Teachers', 'Front desk'],
    size: 3,
  },
  {
    number: 4,
    id: demoId(4, 'tenants', 0),
    name: 'Dune Records',
    slug: 'dune-records',
    state: 'suspended',
    spaces: ['Catalogue'],
    size: 2,
  },
];

/** The row of a tenant. */
export function tenantRow(tenant: DemoTenant): Record<string, unknown> {
  const { id, name, slug, state } = tenant;
  return { id, name, slug, state, is_demo: true };
}

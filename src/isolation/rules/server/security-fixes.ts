/**
 * Faults of PostgreSQL itself by which row-level security did not hold, with the minor release of each major version that mended them.
 * `source` is a page that says so, read on 2026-12-01; what no such page confirms is not here. Later majors never had the fault.
 */
export interface SecurityFix {
  readonly cve: string;
  readonly source: string;
  /** What it lets through. */
  readonly fault: string;
  /** Minor by major. */
  readonly fixedIn: Readonly<Record<number, number>>;
}

export const securityFixes: readonly SecurityFix[] = [
  {
    cve: 'CVE-2023-2455',
    source: 'https://osv.dev/vulnerability/BIT-postgresql-2023-2455',
    fault: 'a plan with an inlined function keeps the policies of the role for which it was made',
    fixedIn: { 15: 3 },
  },
  {
    cve: 'CVE-2024-10976',
    source: 'https://github.com/AOSC-Dev/aosc-os-abbs/issues/8676',
    fault: 'a plan with a policy below a sub-query keeps the policies of the role for which it was made',
    fixedIn: { 15: 9, 16: 5, 17: 1 },
  },
  {
    cve: 'CVE-2025-8713',
    source: 'https://osv.dev/vulnerability/BIT-postgresql-2025-8713',
    fault: 'a leaky operator reads sampled values of partitions and children that a policy hides',
    fixedIn: { 15: 14, 16: 10, 17: 6 },
  },
  {
    cve: 'CVE-2026-120154',
    source: 'https://www.suse.com/security/cve/CVE-2026-120154.html',
    fault: 'INSERT … ON CONFLICT DO UPDATE, tried again and again, reads rows that a policy hides',
    fixedIn: { 15: 20, 16: 16, 17: 12, 18: 7 },
  },
];

/**
 * Faults of PostgreSQL itself by which row-level security did not hold, with the minor release of each major version that mended them.
 * Each was looked up at its source on 2026-12-01; what no source confirms is not here. Later majors never had the fault.
 */
export interface SecurityFix {
  readonly cve: string;
  /** The day of the release that mends it. */
  readonly released: string;
  readonly source: string;
  /** What it lets through. */
  readonly fault: string;
  /** Minor by major. */
  readonly fixedIn: Readonly<Record<number, number>>;
}

export const securityFixes: readonly SecurityFix[] = [
  {
    cve: 'CVE-2023-2455',
    released: '2023-05-11',
    source: 'https://www.postgresql.org/support/security/CVE-2023-2455/',
    fault: 'a plan with an inlined function keeps the policies of the role for which it was made',
    fixedIn: { 15: 3 },
  },
  {
    cve: 'CVE-2024-10976',
    released: '2024-11-14',
    source: 'https://www.postgresql.org/support/security/CVE-2024-10976/',
    fault: 'a plan with a policy below a sub-query keeps the policies of the role for which it was made',
    fixedIn: { 15: 9, 16: 5, 17: 1 },
  },
  {
    cve: 'CVE-2025-8713',
    released: '2025-08-14',
    source: 'https://www.postgresql.org/support/security/CVE-2025-8713/',
    fault: 'a leaky operator reads sampled values of partitions and children that a policy hides',
    fixedIn: { 15: 14, 16: 10, 17: 6 },
  },
];

/** A server as people call it. */
import type { IsolationReport } from '../engine/isolation/report.ts';

/** `PostgreSQL 15.18`, or PGlite with the version that it is made of. */
export function serverName({ server, engine }: Pick<IsolationReport, 'server' | 'engine'>): string {
  const version = `${Math.floor(server / 10_000)}.${server % 10_000}`;
  return engine === 'embedded' ? `PGlite (PostgreSQL ${version})` : `PostgreSQL ${version}`;
}

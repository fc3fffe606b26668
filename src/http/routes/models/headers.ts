/** What the headers of an answer say of a model that is going away: since when, until when, and what comes after it. */
import type { ModelEnd } from '../../../platform/model-ends.ts';
import type { Values } from '../../../platform/resources/declaration.ts';

/** Deprecation (RFC 9745), Sunset (RFC 8594), and a link to the successor, where they apply; by the row and by the registry. */
export function modelHeaders(path: string, row: Values, end: ModelEnd | undefined): Record<string, string> {
  if (end === undefined) return {};
  const { day, successor } = end;
  const since = deprecatedSince(row, end);
  return {
    ...(since === undefined ? {} : { deprecation: `@${Math.floor(Date.parse(since) / 1000)}` }),
    ...(day === null ? {} : { sunset: new Date(`${day}T00:00:00Z`).toUTCString() }),
    ...(successor?.key ? { link: `</api/v1/${path}/${successor.key}>; rel="successor-version"` } : {}),
  };
}

/** The earliest that is told. Who marked it by SQL may not have said when; the last change is the latest it can have been. */
function deprecatedSince(row: Values, { announced, says }: ModelEnd): string | undefined {
  const marked = row['deprecated_at'] ?? row['retired_at'];
  const since = typeof marked === 'string' ? marked : undefined;
  if (announced !== null && (since === undefined || announced < since.slice(0, 10))) return announced;
  const byRow = says.some(({ by, status }) => by === 'database' && status !== 'active');
  return since ?? (byRow ? String(row['updated_at']) : undefined);
}

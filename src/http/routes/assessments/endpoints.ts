/** The two sets of endpoints of assessments: those of a tenant, and those of an operator, who names the tenant. */
import type { FastifyRequest } from 'fastify';
import { isSharedRows } from '../../../engine/tenant.ts';
import { DroverError } from '../../../errors.ts';
import type { AssessmentRecord } from '../../../postgres/assess/rows.ts';
import type { Platform } from '../../../platform/open.ts';
import { tenantEndpoints } from '../migrations/tenant-endpoints.ts';
import type { TenantEndpoints } from '../migrations/tenant-endpoints.ts';

export interface AssessmentEndpoints extends TenantEndpoints {
  readonly idOf: (request: FastifyRequest) => string;
}

/** The shared rows are no tenant here: nobody assesses them. */
export function endpointsOf(platform: Platform): AssessmentEndpoints[] {
  return tenantEndpoints(platform).map((endpoints) => ({
    ...endpoints,
    prefix: `${endpoints.prefix}/assessments`,
    acting: async (request) => {
      const acting = await endpoints.acting(request);
      if (isSharedRows(acting.tenantId)) throw new DroverError('NOT_FOUND', 'There is no such tenant.');
      return acting;
    },
    idOf: ({ params }) => (params as { assessment_id: string }).assessment_id,
  }));
}

/** The version of an assessment as a tag. */
export function tagOf({ version }: AssessmentRecord): string {
  return `"${version}"`;
}

/** The version that a caller saw; undefined where any will do. @throws PRECONDITION_FAILED where the tag is none of an assessment */
export function versionIn(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const [, version] = /^"(\d{1,9})"$/.exec(ifMatch.trim()) ?? [];
  if (version !== undefined) return Number(version);
  throw new DroverError(
    'PRECONDITION_FAILED',
    'If-Match is no ETag of an assessment. Read it again, and take its ETag.',
  );
}

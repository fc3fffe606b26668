/** What the doctor says of Drover's own schema: for a sysadmin alone, and never kept by whoever passes it on. */
import { z } from 'zod';
import { judgePlatform } from '../../../platform/judge.ts';
import type { App, AppDeps } from '../../contract.ts';

const object = z.object({
  kind: z.string(),
  schema: z.string(),
  name: z.string(),
  part: z.string().optional(),
});

const finding = z.object({
  rule: z.string().describe('Also the name of its page in docs/isolation'),
  severity: z.enum(['error', 'warning', 'info']),
  at: object,
  message: z.string(),
  ownership: z.enum(['declared', 'proposed']),
  reachedBy: z.array(z.string()),
  also: z.array(z.object({ rule: z.string(), at: object })),
  fingerprint: z.string(),
  ignored: z.string().optional(),
});

const report = z
  .object({
    version: z.literal(1),
    server: z.int(),
    engine: z.enum(['embedded', 'server']),
    database: z.string(),
    login: z.string(),
    ownership: z.enum(['declared', 'proposed']),
    applicationRoles: z.array(z.string()),
    rolesFrom: z.enum(['configuration', 'session', 'login', 'logins', 'unknown']),
    trusted: z.array(z.string()),
    tables: z.object({ owned: z.int(), global: z.int(), unknown: z.int() }),
    rules: z.array(
      z.object({ rule: z.string(), state: z.enum(['judged', 'skipped']), reason: z.string().optional() }),
    ),
    notRead: z.array(z.object({ at: object, reason: z.string() })),
    findings: z.array(finding).describe('That there is none is no proof'),
    ignored: z.array(finding),
    verdicts: z.array(
      z.object({
        table: z.string(),
        command: z.enum(['select', 'insert', 'update', 'delete']),
        role: z.string(),
        verdict: z.enum(['proven', 'leak', 'unverified']),
        reason: z.string(),
      }),
    ),
  })
  .meta({ id: 'IsolationReport' });

export function isolationRoutes(app: App, { platform }: AppDeps): void {
  app.route({
    method: 'GET',
    url: '/api/v1/sysadmin/isolation',
    config: { access: { role: 'sysadmin', scope: null }, exposure: 'authenticated' },
    schema: {
      tags: ['health'],
      operationId: 'getIsolation',
      summary: 'What the doctor says of Drover’s own schema; 200 with findings, too',
      response: { 200: report },
    },
    handler: async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      return (await judgePlatform(platform.database, new Date().toISOString().slice(0, 10)))
        .report as z.infer<typeof report>;
    },
  });
}

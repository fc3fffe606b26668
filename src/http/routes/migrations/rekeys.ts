/** Rows of a tenant get other keys, or two of them become one; and the keys that rows had, for whoever keeps old ones. */
import { z } from 'zod';
import { pageAliases, rekeyRows } from '../../../platform/migrations/rekey-rows.ts';
import type { MigrateAnswer } from '../../../platform/migrations/migrate-model.ts';
import type { Alias } from '../../../postgres/records/aliases.ts';
import { keepAnswer } from '../../api/idempotency.ts';
import { afterCursor, cursorText, pageJson, pageOf, pageQuery } from '../../api/paging.ts';
import type { App, AppDeps } from '../../contract.ts';
import { moment, rowId, timestamp } from '../../schemas.ts';
import { migrateAnswer, migrateBody, migrateJson } from './migration-schemas.ts';
import { tenantEndpoints } from './tenant-endpoints.ts';
import type { TenantEndpoints } from './tenant-endpoints.ts';

export function rekeyRoutes(app: App, deps: AppDeps): void {
  for (const endpoints of tenantEndpoints(deps.platform)) {
    applyRoute(app, deps, endpoints);
    aliasesRoute(app, deps, endpoints);
  }
}

const tableName = z
  .string()
  .min(1)
  .max(100)
  .describe('The table of the rows, as `assistants`; ROWS_UNKNOWN names those of which rows get other keys');

const rekeyBody = migrateBody
  .omit({ to_model_id: true, entity_types: true, parameters: true, answers: true })
  .extend({
    table: tableName,
    pairs: z
      .array(z.strictObject({ from: rowId, to: rowId }))
      .min(1)
      .max(1000)
      .describe(
        'The keys of rows, each with the one that its row gets, or with that of the row that it becomes',
      ),
    merge: z
      .boolean()
      .default(false)
      .describe('Two rows become one: that of `to` stays, and all that refers to the other refers to it'),
    answers: z
      .record(z.string().min(1).max(300), z.enum(['move', 'keep', 'keep-target', 'keep-source']))
      .default({})
      .describe('What a plan asks (ASK_OPEN, COLLISION_OPEN), by the place that the finding names'),
  })
  .meta({ id: 'RekeyRequest' });

const rekeyAnswer = migrateAnswer
  .omit({ from_model_id: true, to_model_id: true })
  .extend({
    table: z.string(),
    pairs: z.int().describe('How many rows get another key, or become one with another'),
  })
  .meta({ id: 'RekeyResult' });

function rekeyJson(
  answer: MigrateAnswer,
  { table, pairs }: { readonly table: string; readonly pairs: readonly unknown[] },
): z.infer<typeof rekeyAnswer> {
  const { from_model_id: _from, to_model_id: _to, ...rest } = migrateJson(answer, { from: '', to: '' });
  return { ...rest, table, pairs: pairs.length };
}

function applyRoute(app: App, { platform }: AppDeps, endpoints: TenantEndpoints): void {
  app.route({
    method: 'POST',
    url: `${endpoints.prefix}/rekeys`,
    config: { access: endpoints.access('admin', 'rekeys:write'), exposure: 'authenticated' },
    schema: {
      tags: ['rekeys'],
      operationId: endpoints.operation('rekeyRows'),
      summary: endpoints.summary('Give rows other keys with all that refers to them, or make two rows one'),
      params: z.object(endpoints.params),
      body: rekeyBody,
      response: { 200: rekeyAnswer },
    },
    handler: async (request, reply) => {
      const { body } = request;
      const acting = await endpoints.acting(request);
      const answer = await rekeyRows(platform, acting, {
        table: body.table,
        pairs: body.pairs,
        merge: body.merge,
        answers: body.answers,
        confirm: body.confirm_migration,
        force: body.force_override,
        dryRun: body.dry_run,
        rehearse: body.rehearse,
        beforeCommit: (tx, done) =>
          keepAnswer({ request, reply, tx }, { tenantId: acting.tenantId, body: rekeyJson(done, body) }),
        ...(body.reason === undefined ? {} : { reason: body.reason }),
        ...(body.plan_hash === undefined ? {} : { planHash: body.plan_hash }),
      });
      return rekeyJson(answer, body);
    },
  });
}

const aliasSchema = z
  .object({
    table: z.string(),
    from: z.string().describe('A key that the row had'),
    to: z.string().describe('The key that it has, whatever lay between them'),
    since: timestamp,
    migration_id: rowId,
  })
  .meta({ id: 'Alias' });

const aliasPosition = z.tuple([cursorText, cursorText]);

function aliasesRoute(app: App, { platform }: AppDeps, endpoints: TenantEndpoints): void {
  app.route({
    method: 'GET',
    url: `${endpoints.prefix}/aliases`,
    config: { access: endpoints.access('admin', 'rekeys:read'), exposure: 'authenticated' },
    schema: {
      tags: ['rekeys'],
      operationId: endpoints.operation('listAliases'),
      summary: endpoints.summary('The keys that rows had, and where each leads now'),
      description: 'With `Accept: text/csv` all of them as CSV, for partners who hold old keys.',
      params: z.object(endpoints.params),
      querystring: pageQuery.extend({
        table: tableName.optional(),
        since: moment.optional().describe('Only those that were made at this moment or later'),
      }),
      response: { 200: pageOf(aliasSchema) },
    },
    handler: async (request, reply) => {
      const { limit, cursor, table, since } = request.query;
      const { tenantId } = await endpoints.acting(request);
      const asked = {
        tenantId,
        ...(table === undefined ? {} : { table }),
        ...(since === undefined ? {} : { since }),
      };
      if (/^text\/csv\b/i.test(request.headers.accept ?? '')) {
        const text = csvOf(await pageAliases(platform, asked));
        return reply
          .type('text/csv; charset=utf-8; header=present')
          .serializer((body: unknown) => String(body))
          .send(text as never);
      }
      const page = { ...asked, limit: limit + 1, ...afterCursor(cursor, aliasPosition) };
      const found = await pageAliases(platform, page);
      return pageJson(found, limit, { item: aliasJson, position: (alias) => [alias.table, alias.from] });
    },
  });
}

/** Without the schema, which is one and the same for every table. */
function aliasJson({ table, from, to, since, migrationId }: Alias): z.infer<typeof aliasSchema> {
  return { table: plainName(table), from, to, since, migration_id: migrationId };
}

function plainName(table: string): string {
  return table.slice(table.indexOf('.') + 1);
}

/** Tables, keys and moments of this schema hold nothing that CSV would need quotes for. */
function csvOf(aliases: readonly Alias[]): string {
  const lines = aliases.map(({ table, from, to, since }) => [plainName(table), from, to, since].join(','));
  return ['table,from,to,since', ...lines].map((line) => `${line}\r\n`).join('');
}

/**
 * The routes of a resource, made from its declaration: list, get, create, change, take away, bring back. A resource has
 * those that its declaration allows.
 */
import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { z } from 'zod';
import type { Resource, Values } from '../../../platform/resources/declaration.ts';
import { getResource, listResource, type Page, type PageRequest } from '../../../platform/rows/read.ts';
import { etagOf } from '../../../platform/rows/representation.ts';
import type { ResourceRequest } from '../../../platform/rows/unit.ts';
import {
  createResource,
  restoreResource,
  retireResource,
  updateResource,
} from '../../../platform/rows/write.ts';
import { callerOf } from '../../api/access.ts';
import { afterCursor, encodeCursor, pageOf } from '../../api/paging.ts';
import type { AnswerHeader, App, AppDeps, RegisterRoutes } from '../../contract.ts';
import { matchHeaders, rowId } from '../../schemas.ts';
import { createSchema, listSchema, retireSchema, rowSchema, updateSchema } from './schemas.ts';

interface ResourceRoutes {
  readonly resource: Resource;
  /** The name of the id in the path; by default from the noun: `assistant_id`. */
  readonly param?: string;
  /** Where the paths of reading and writing begin; `/api/v1` by default. */
  readonly readPrefix?: string;
  readonly writePrefix?: string;
  /** What an answer with one row adds to the columns and the tag. */
  readonly more?: {
    readonly shape: z.ZodRawShape;
    /** The headers that `of` gives. */
    readonly headers: readonly AnswerHeader[];
    readonly of: (
      asked: ResourceRequest,
      row: Values,
    ) => Promise<{ values: Values; headers: Readonly<Record<string, string>> }>;
  };
  /** The list has a route of its own. */
  readonly ownList?: true;
}

interface ResourceRouteInput extends ResourceRoutes {
  readonly app: App;
  readonly deps: AppDeps;
  readonly param: string;
  readonly row: z.ZodObject;
}

/** The routes of resources that need nothing beside their declaration. */
export function declared(...all: readonly ResourceRoutes[]): RegisterRoutes {
  return (app, deps) => {
    for (const each of all) resourceRoutes(app, deps, each);
  };
}

/** Registers every route that the declaration allows. */
export function resourceRoutes(app: App, deps: AppDeps, routes: ResourceRoutes): void {
  const { resource } = routes;
  const param = routes.param ?? `${resource.noun.replaceAll(' ', '_')}_id`;
  const row = rowSchema(resource);
  const built: ResourceRouteInput = { ...routes, app, deps, param, row: withMore(row, routes) };
  const columns = Object.values(resource.columns);
  if (routes.ownList !== true) addList(built);
  addGet(built);
  if (resource.access.write === undefined) return;
  if (columns.some(({ create }) => create !== undefined)) addCreate(built);
  if (columns.some(({ update }) => update === true)) addUpdate(built);
  if (resource.retirement !== undefined) addRetire(built);
  if (resource.retirement?.how === 'stamp' && resource.retirement.final !== true) addRestore(built);
}

function addList(built: ResourceRouteInput): void {
  const { resource, row } = built;
  add(built, {
    method: 'GET',
    does: 'read',
    operationId: `list${resource.title}s`,
    summary: `${capital(resource.noun)}s, a page at a time`,
    schema: { querystring: listSchema(resource), response: { 200: pageOf(row) } },
    handler: async (asked, { query }) => pageAnswer(await listResource(asked, pageRequest(query))),
  });
}

function addGet(built: ResourceRouteInput): void {
  const { resource, row } = built;
  add(built, {
    method: 'GET',
    does: 'read',
    path: idPath(built),
    operationId: `get${resource.title}`,
    summary: `One ${resource.noun}`,
    answers: 'row',
    schema: { params: idParams(built), response: { 200: row } },
    handler: async (asked, { id, reply }) => answerRow(built, { asked, reply }, await getResource(asked, id)),
  });
}

function addCreate(built: ResourceRouteInput): void {
  const { resource, row } = built;
  add(built, {
    method: 'POST',
    does: 'write',
    operationId: `create${resource.title}`,
    summary: `Creates ${article(resource.noun)}`,
    answers: 'new row',
    schema: { body: createSchema(resource), response: { 201: row } },
    handler: async (asked, { body, reply }) => {
      const made = await createResource(asked, body as Values);
      reply.code(201).header('location', `${readUrl(built)}/${String(made['id'])}`);
      return answerRow(built, { asked, reply }, made);
    },
  });
}

function addUpdate(built: ResourceRouteInput): void {
  const { resource, row } = built;
  add(built, {
    method: 'PATCH',
    does: 'write',
    path: idPath(built),
    operationId: `update${resource.title}`,
    summary: `Changes ${article(resource.noun)}: what is not given stays`,
    answers: 'row',
    schema: {
      params: idParams(built),
      headers: matchHeaders,
      body: updateSchema(resource),
      response: { 200: row },
    },
    handler: async (asked, { id, ifMatch, body, reply }) =>
      answerRow(
        built,
        { asked, reply },
        await updateResource(asked, { id, ifMatch, values: body as Values }),
      ),
  });
}

function addRetire(built: ResourceRouteInput): void {
  const { resource, row } = built;
  add(built, {
    method: 'DELETE',
    does: 'write',
    path: idPath(built),
    operationId: `${resource.retirement?.how === 'lifecycle' ? 'retire' : 'delete'}${resource.title}`,
    summary: resource.retirement?.summary ?? '',
    answers: 'row',
    schema: {
      params: idParams(built),
      headers: matchHeaders,
      querystring: retireSchema(resource),
      response: { 200: row },
    },
    handler: async (asked, { id, ifMatch, query, reply }) =>
      answerRow(
        built,
        { asked, reply },
        await retireResource(asked, { id, ifMatch, values: query as Values }),
      ),
  });
}

function addRestore(built: ResourceRouteInput): void {
  const { resource, row } = built;
  add(built, {
    method: 'POST',
    does: 'write',
    path: `${idPath(built)}/restore`,
    operationId: `restore${resource.title}`,
    summary: `Brings back ${article(resource.noun)} that was ${resource.retirement?.word ?? 'deleted'}`,
    answers: 'row',
    schema: { params: idParams(built), headers: matchHeaders, response: { 200: row } },
    handler: async (asked, { id, ifMatch, reply }) =>
      answerRow(built, { asked, reply }, await restoreResource(asked, { id, ifMatch })),
  });
}

interface Call {
  readonly id: string;
  readonly ifMatch: string | undefined;
  readonly query: unknown;
  readonly body: unknown;
  readonly reply: FastifyReply;
}

interface Stated {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly does: 'read' | 'write';
  /** Below the resource. */
  readonly path?: string;
  readonly operationId: string;
  readonly summary: string;
  /** One row, and not a list. */
  readonly answers?: 'row' | 'new row';
  readonly schema: FastifySchema;
  readonly handler: (asked: ResourceRequest, call: Call) => Promise<unknown>;
}

function add(built: ResourceRouteInput, { method, does, path = '', ...stated }: Stated): void {
  const { app, deps, resource, param } = built;
  const access = does === 'read' ? resource.access.read : resource.access.write;
  if (access === undefined) return;
  app.route({
    method,
    url: `${does === 'read' ? readUrl(built) : writeUrl(built)}${path}`,
    config: { access, exposure: 'authenticated', headers: headersOf(built, stated) },
    schema: {
      tags: [resource.tag],
      operationId: stated.operationId,
      summary: stated.summary,
      ...stated.schema,
    },
    handler: (request: FastifyRequest, reply) => {
      const asked = { platform: deps.platform, caller: callerOf(request), resource };
      const { params, query, body, headers } = request;
      const id = (params as Record<string, string>)[param] ?? '';
      return stated.handler(asked, { id, ifMatch: headers['if-match'], query, body, reply });
    },
  });
}

/** One row has a version, a new one an address, and a model says when it ends. */
function headersOf(
  { more }: ResourceRouteInput,
  { answers }: Pick<Stated, 'answers'>,
): readonly AnswerHeader[] {
  if (answers === undefined) return [];
  const headers: AnswerHeader[] = answers === 'new row' ? ['ETag', 'Location'] : ['ETag'];
  return more === undefined ? headers : [...headers, ...more.headers];
}

/** A resource with more has another schema for one row than for its list. */
function withMore(row: z.ZodObject, { more, resource }: ResourceRoutes): z.ZodObject {
  return more === undefined ? row : row.extend(more.shape).meta({ id: `${resource.title}Whole` });
}

async function answerRow(
  { more }: ResourceRouteInput,
  { asked, reply }: { readonly asked: ResourceRequest; readonly reply: FastifyReply },
  row: Values,
): Promise<Values> {
  const also = await more?.of(asked, row);
  reply.headers({ etag: etagOf(row), ...also?.headers });
  return { ...row, ...also?.values };
}

/** The position and the filters of a list's query. @throws REQUEST_INVALID */
export function pageRequest(query: unknown): PageRequest {
  const { limit, cursor, ...filters } = query as { limit: number; cursor?: string };
  return { limit, after: afterCursor(cursor, position).after, filters };
}

/** The answer of a list. */
export function pageAnswer({ items, next }: Page): { items: Values[]; next_cursor: string | null } {
  return { items: [...items], next_cursor: next === null ? null : encodeCursor([next.value, next.id]) };
}

/** PostgreSQL writes moments so. */
const momentText = z.string().regex(/^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?[+-]\d\d(?::\d\d){0,2}$/);
const position = z.tuple([momentText, rowId]).transform(([value, id]) => ({ value, id }));

function idPath({ param }: ResourceRouteInput): string {
  return `/:${param}`;
}

function idParams({ param }: ResourceRouteInput): z.ZodObject {
  return z.object({ [param]: rowId });
}

function readUrl({ resource, readPrefix = '/api/v1' }: ResourceRouteInput): string {
  return `${readPrefix}/${resource.path}`;
}

function writeUrl({ resource, writePrefix = '/api/v1' }: ResourceRouteInput): string {
  return `${writePrefix}/${resource.path}`;
}

function article(noun: string): string {
  return `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

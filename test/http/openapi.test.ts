/** The committed document is that of the routes, passes a linter, and says for every operation who may call it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { errorCodes } from '../../src/errors.ts';
import { codesByStatus } from '../../src/http/api/problem.ts';
import { type OpenApi, openApiFile, type Operation, renderOpenApi } from '../support/openapi.ts';

const committed = readFileSync(openApiFile, 'utf8');
const document = JSON.parse(committed) as OpenApi;
const { paths } = document;

interface Answer {
  readonly content?: Readonly<
    Record<string, { readonly schema: { readonly $ref?: string }; readonly example?: unknown }>
  >;
}

const operations: readonly (readonly [string, Operation])[] = Object.entries(paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
);

const refusals = Object.entries(document.components.responses).map(
  ([name, answer]) => [name, { requestBody: undefined, responses: { refusal: answer } }] as const,
);

describe('openapi.json', () => {
  it('is what the routes say; `npm run openapi` writes it', async () => {
    assert.equal(committed, await renderOpenApi(), 'openapi.json is not current: npm run openapi');
  });

  it('passes the linter', () => {
    const cli = join(
      dirname(createRequire(import.meta.url).resolve('@redocly/cli/package.json')),
      'bin/cli.js',
    );
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [cli, 'lint', fileURLToPath(openApiFile)],
      {
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          REDOCLY_TELEMETRY: 'off',
          REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
          CI: 'true',
        },
      },
    );
    assert.equal(status, 0, `${stdout}${stderr}`);
  });

  it('names every operation once, with a summary, a tag, and who may call it', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    assert.deepEqual(
      ids.filter((id, i) => ids.indexOf(id) !== i),
      [],
    );
    for (const [name, operation] of operations) {
      assert.ok(operation.summary && operation.tags?.length === 1, name);
      const open = operation.security?.length === 0;
      assert.equal(open, operation['x-drover-role'] === undefined, name);
      assert.equal(open, operation['x-drover-exposure'] === 'public', name);
    }
  });

  it('has every path of a tenant under /api/v1; paths across tenants are for sysadmins only', () => {
    for (const [name, { 'x-drover-role': role }] of operations) {
      if (role !== undefined) assert.match(name, / \/api\/v1\//);
      if (name.includes('/api/v1/sysadmin/')) assert.equal(role, 'sysadmin', name);
    }
  });

  it('names every status, and gives an example that fits for every body and every answer', () => {
    const ajv = new Ajv2020({ strict: false });
    for (const format of ['uuid', 'date', 'date-time', 'email', 'uri']) ajv.addFormat(format, true);
    ajv.addSchema(document, 'openapi');
    const wrong: string[] = [];
    for (const [name, { requestBody, responses }] of [...operations, ...refusals]) {
      const bodies = requestBody === undefined ? [] : [['body', requestBody] as const];
      for (const [status, answer] of [...bodies, ...Object.entries(responses)])
        for (const [type, media] of Object.entries((answer as Answer).content ?? {})) {
          if (!type.endsWith('json')) continue;
          const at = `${name} ${status}`;
          if (!('$ref' in media.schema)) wrong.push(`${at}: its schema has no name`);
          const validate = ajv.compile({ $ref: `openapi#${String(media.schema.$ref).slice(1)}` });
          if (!validate(media.example)) wrong.push(`${at}: ${ajv.errorsText(validate.errors)}`);
        }
      for (const status of Object.keys(responses)) assert.match(status, /^[1-5]\d\d$|^refusal$/, name);
    }
    assert.deepEqual(wrong, []);
  });

  it('has the statuses and the codes of all problems, and booleans where a query means them', () => {
    const { Problem: problem } = document.components.schemas as Record<
      string,
      { properties: { code: { enum: string[] } } }
    >;
    assert.deepEqual(problem?.properties.code.enum, Object.keys(errorCodes));
    const named = operations.flatMap(([, { responses }]) => Object.keys(responses));
    const told = [...codesByStatus.keys()].filter((status) => status !== 405);
    assert.deepEqual(
      told.filter((status) => !named.includes(String(status))),
      [],
    );
    const flags = operations
      .flatMap(([, { parameters = [] }]) => parameters)
      .filter(({ name }) => name === 'usage');
    assert.ok(flags.length > 0 && flags.every(({ schema }) => schema.type === 'boolean'));
  });
});

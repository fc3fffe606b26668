/** Is an answer one that openapi.json describes? Its status, its media type and its body. */
import assert from 'node:assert/strict';
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { document, type Target } from './hostile-schemas.ts';

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addFormat('uuid', uuid);
ajv.addFormat('date', /^\d{4}-\d\d-\d\d$/);
ajv.addFormat(
  'date-time',
  (text: string) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)),
);
ajv.addFormat('email', true);
ajv.addSchema(document, 'openapi');

interface Described {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, unknown>>;
}

const validators = new Map<string, ValidateFunction>();

/** Fails with `said` where it is not. */
export function assertDescribed(
  { path, method, responses }: Target,
  {
    status,
    type,
    text,
  }: { readonly status: number; readonly type: string | undefined; readonly text: string },
  said: string,
): void {
  const answer = responses[String(status)] as Described | undefined;
  assert.ok(answer !== undefined, `no such status is described: ${said}`);
  // Refusals have a name each, and operations refer to it.
  const named = answer.$ref?.split('/').slice(1);
  const own = ['paths', path, method.toLowerCase(), 'responses', String(status)];
  const { content } =
    named === undefined ? answer : (document.components.responses[named.at(-1) ?? ''] as Described);
  if (content === undefined) {
    assert.equal(text, '', `no body is described: ${said}`);
    return;
  }
  const media = type?.split(';')[0] ?? '';
  assert.ok(media in content, `${media} is not described: ${said}`);
  if (!media.endsWith('json')) return;
  const at = [...(named ?? own), 'content', media, 'schema'];
  const pointer = `openapi#/${at.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
  let validate = validators.get(pointer);
  if (validate === undefined) validators.set(pointer, (validate = ajv.compile({ $ref: pointer })));
  assert.ok(validate(JSON.parse(text)), `${ajv.errorsText(validate.errors)}: ${said}`);
}

/** A small registry. Every row of the verdict has a case in it. */
import assert from 'node:assert/strict';
import { loadRegistry } from '../../src/registry/load/load.ts';
import type { LoadedRegistry } from '../../src/registry/load/load.ts';
import type { RegistryText } from '../../src/registry/load/positions.ts';
import { formatProblems } from '../../src/registry/load/positions.ts';

export const head = `schema: 1
version: '1'
levels: { meaning: { none: 0, low: 0.2, high: 0.8, max: 1 }, source: https://example.org/levels }
`;

export const providers = `schema: 1
providers:
  - id: acme
    label: Acme, with a key
    protocol: openai-chat
    secrets: [ACME_KEY, ACME_OTHER_KEY]
    variable: ACME_KEY
    matchers: [{ word: acme, after: ['-', '/'] }]
    source: https://example.org/acme
  - id: acme-login
    label: Acme, with a subscription
    vendor: acme
    protocol: openai-chat
    secrets: [ACME_TOKEN]
    variable: ACME_TOKEN
    matchers: [{ word: acme, after: ['-', '/'] }]
    source: https://example.org/acme
  - id: brio
    label: Brio
    protocol: openai-chat
    secrets: [BRIO_KEY]
    variable: BRIO_KEY
    matchers: [{ forms: ['brio#', 'brio#-*'], ignoreCase: true }]
    source: https://example.org/brio
  - id: platform
    label: The platform
    protocol: operator
    payer: platform
`;

export const runtimes = `schema: 1
runtimes:
  - id: desk
    label: Desk
    kind: closed
    arms:
      - { provider: platform, models: [acme-2, acme-3] }
      - { provider: acme, models: [acme-1, acme-2, acme-3, acme-left, acme-gone, { id: Special, model: acme-1 }] }
      - { provider: acme-login, models: [acme-2] }
      - { provider: brio }
    source: https://example.org/desk
  - id: shed
    label: Shed
    kind: closed
    arms:
      - { provider: acme }
      - { provider: acme-login }
    source: https://example.org/shed
  - { id: field, label: Field, kind: open }
  - { id: barn, label: Barn, kind: retired, successor: desk, source: https://example.org/barn }
`;

export const models = `schema: 1
models:
${model('acme-3', 'lifecycle: { status: active }')}
${model('acme-2', 'lifecycle: { status: deprecated, announced: 2026-01-01, shutdown: 2027-01-01, replacement: acme-3 }')}
${model('acme-1', 'lifecycle: { status: active }')}
${model('acme-left', 'lifecycle: { status: withdrawn, replacement: acme-2 }')}
${model('acme-gone', 'lifecycle: { status: retired, shutdown: 2025-01-01, replacement: acme-left }', 'aliases: [acme-gone-0]')}
${model('brio1', 'lifecycle: { status: active }').replace('vendor: acme', 'vendor: brio').replace('family: acme', 'family: brio')}
`;

/** A model of acme with the least that it must have. */
export function model(id: string, ...more: readonly string[]): string {
  const lines = [
    `- id: ${id}`,
    `  name: Model ${id}`,
    '  vendor: acme',
    '  family: acme',
    '  kind: completion',
    ...more.map((line) => `  ${line}`),
    '  source: https://example.org/models',
    '  checked: 2026-01-01',
  ];
  return lines.map((line) => `  ${line}`).join('\n');
}

/** The texts, one of them replaced or added. */
export function texts(changed: Readonly<Record<string, string>> = {}): RegistryText[] {
  const files = {
    'head.yaml': head,
    'providers.yaml': providers,
    'runtimes.yaml': runtimes,
    'models.yaml': models,
  };
  return Object.entries({ ...files, ...changed }).map(([file, text]) => ({ file, text }));
}

/** Loads texts that must be well-formed. */
export function loaded(changed: Readonly<Record<string, string>> = {}): LoadedRegistry {
  const result = loadRegistry(texts(changed));
  if (result.kind === 'invalid') assert.fail(formatProblems(result.problems).join('\n'));
  return result;
}

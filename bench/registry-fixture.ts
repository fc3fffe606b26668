/** A registry of 2 000 models and 20 runtimes, for the benches. */
import { finish } from '../src/registry/load/load.ts';
import type { LoadedRegistry } from '../src/registry/load/load.ts';
import type { Model, Provider, Registry, Runtime } from '../src/registry/load/shape.ts';

export const modelCount = 2_000;
export const runtimeCount = 20;
const providerCount = 25;

const source = 'https://example.org/';

/** Made up: nobody has so many, and each kind of arm and matcher is there. */
export function buildRegistry(): LoadedRegistry {
  const vendors = Array.from({ length: providerCount }, (_, at) => `vendor${String.fromCharCode(97 + at)}`);
  const models = Array.from({ length: modelCount }, (_, at): Model => {
    const vendor = vendors[at % providerCount] ?? '';
    const lifecycle = { status: 'active' as const };
    return { id: `${vendor}-${at}`, name: `Model ${at}`, vendor, family: vendor, kind: 'completion', lifecycle, source, checked: '2026-01-01' };
  }); // prettier-ignore
  const registry: Registry = {
    version: 'bench',
    levels: {},
    providers: vendors.flatMap(providersOf),
    runtimes: Array.from({ length: runtimeCount }, (_, at) => runtimeOf(at, vendors, models)),
    models,
  };
  return finish(registry);
}

/** Each vendor with a key and with a subscription, matched by a word and by forms. */
function providersOf(vendor: string): Provider[] {
  const of = (id: string, secret: string): Provider => ({
    id,
    label: id,
    vendor,
    protocol: 'openai-chat',
    payer: 'tenant',
    secrets: [secret],
    variable: secret,
    matchers: [{ word: vendor, after: ['-', '/', ':'] }, { forms: [`${vendor}#`, `${vendor}#-*`] }],
    source,
  });
  return [of(vendor, `${vendor.toUpperCase()}_KEY`), of(`${vendor}-login`, `${vendor.toUpperCase()}_TOKEN`)];
}

/** Half of the vendors list their models, the rest go by name; the last vendor with both of its providers. */
function runtimeOf(at: number, vendors: readonly string[], models: readonly Model[]): Runtime {
  const arms = vendors.flatMap((vendor, index) => {
    const ids = models.filter((model) => model.vendor === vendor).map(({ id }) => id);
    if ((index + at) % 2 === 0) return [{ provider: vendor, models: ids }];
    return index === providerCount - 1
      ? [{ provider: vendor }, { provider: `${vendor}-login` }]
      : [{ provider: vendor }];
  });
  return { id: `runtime-${at}`, label: `Runtime ${at}`, kind: 'closed', arms, source };
}

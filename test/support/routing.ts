/** A registry and keys for tests of what workspaces may store. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { fixedRegistry, type LiveRegistry } from '../../src/platform/workspaces/live-registry.ts';
import type { Routing } from '../../src/platform/workspaces/routing.ts';
import { keyRing, secretKey } from '../../src/platform/secrets/keys.ts';
import { loadRegistryFolder } from '../../src/registry/load/folder.ts';
import type { LoadedRegistry } from '../../src/registry/load/load.ts';

let loaded: LoadedRegistry | undefined;

/** The registry that comes with Drover, in which the models that tests move to never end. */
export const lastingRegistry = fileURLToPath(new URL('registry', import.meta.url));

function builtInRegistry(): LoadedRegistry {
  if (loaded !== undefined) return loaded;
  const read = loadRegistryFolder(lastingRegistry);
  if (read.kind !== 'ok') throw new Error(JSON.stringify(read.problems));
  return (loaded = read);
}

/** A key of its own for each name. */
export function testKey(name: string): ReturnType<typeof secretKey> {
  return secretKey(createHash('sha256').update(name).digest());
}

/** The built-in registry and a key, with a clock that is the computer's. */
export function testRouting(registry: LiveRegistry = fixedRegistry(builtInRegistry())): Routing {
  return { registry, keys: keyRing(testKey('test')), now: () => new Date() };
}

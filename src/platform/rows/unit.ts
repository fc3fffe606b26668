/**
 * One change or one question as one transaction. Where two transactions were in each other's way, it runs again. A
 * refusal of a foreign key is run again once, too: what it refers to was taken away while this one was waiting, and the
 * second time the checks see it and say so.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { DroverError } from '../../errors.ts';
import type { Extent, Tx } from '../../postgres/driver/database.ts';
import { withTenant } from '../../postgres/scope/site.ts';
import type { Caller } from '../access/caller.ts';
import type { Platform } from '../open.ts';
import type { Resource } from '../resources/declaration.ts';

/** Who asks for what. */
export interface ResourceRequest {
  readonly platform: Platform;
  readonly caller: Caller;
  readonly resource: Resource;
}

/** Reads. A resource of the system is read by the operator, everything else as the caller's tenant. */
export function reading<T>(
  { platform, caller, resource }: ResourceRequest,
  work: (tx: Tx) => Promise<T>,
  extent: Extent = 'any',
): Promise<T> {
  const tenant = resource.owner === 'system' ? undefined : caller.tenantId;
  return withTenant(platform.site, { tenant, readOnly: true, extent }, work);
}

/** Writes. What belongs to no tenant is written by the operator. */
export function writing<T>(asked: ResourceRequest, work: (tx: Tx) => Promise<T>): Promise<T> {
  const { platform, caller, resource } = asked;
  const tenant = resource.owner === 'tenant' ? caller.tenantId : undefined;
  return repeated(resource, () => withTenant(platform.site, { tenant }, work));
}

const maxTries = 4;

/** Runs again what may succeed the next time, and says in public words what a key refused. */
export async function repeated<T>(
  about: Pick<Resource, 'noun' | 'unique'>,
  attempt: () => Promise<T>,
): Promise<T> {
  let refused = false;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof DroverError)) throw error;
      const again = error.code === 'RETRYABLE' || (error.code === 'STILL_REFERENCED' && !refused);
      if (!again || tries === maxTries) throw inPublicWords(about, error);
      refused ||= error.code === 'STILL_REFERENCED';
      if (error.code === 'RETRYABLE') await wait(20 * 2 ** tries * (0.5 + Math.random()));
    }
  }
}

/** The database speaks of tables and constraints; a caller knows fields. */
function inPublicWords(
  { noun, unique = {} }: Pick<Resource, 'noun' | 'unique'>,
  error: DroverError,
): DroverError {
  const { constraint } = error.data;
  // Errors of our own say what they mean already.
  if (error.data['sqlState'] === undefined) return error;
  if (error.code === 'ALREADY_EXISTS') {
    const [field, ...others] = [unique[String(constraint)] ?? []].flat();
    const together = others.length === 0 ? 'is taken' : `with that ${others.join(' and ')} is taken`;
    const taken = field === undefined ? 'There is one like it already' : `Its ${field} ${together}`;
    const data = field === undefined ? {} : { field };
    return new DroverError('ALREADY_EXISTS', `This ${noun} cannot be saved. ${taken}.`, data, {
      cause: error,
    });
  }
  if (error.code === 'STILL_REFERENCED') {
    const message = `This ${noun} cannot be saved: it names something that is gone, or something names it.`;
    return new DroverError('STILL_REFERENCED', message, {}, { cause: error });
  }
  if (error.code === 'INVALID_VALUE') {
    const message = `This ${noun} cannot be saved: the database does not allow one of its values.`;
    return new DroverError('INVALID_VALUE', message, {}, { cause: error });
  }
  return error;
}

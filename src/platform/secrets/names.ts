/** What a variable may be called: never like one that carries a model, or another endpoint, past the registry. */
import { DroverError } from '../../errors.ts';

/** `MODEL`, `MODELID`, `OPENAI_MODEL2`, `LLM_MODEL_NAME`, `OPENAIMODEL`; not `MODELSCOPE_API_KEY`, `REMODEL_TOKEN`. */
const carriesModel = /(?<!(?:^|_)RE)MODELS?_?(?:IDS?|NAMES?|V?\d+)?(?:_|$)/;

/** `OPENAI_BASE_URL`, `OPENAI_API_BASE`, `AZURE_OPENAI_ENDPOINT`, `AWS_ENDPOINT_URL`, `HTTPS_PROXY`; not `DATABASE_URL`. */
const redirects =
  /(?:(?<!DATA)BASE_?UR[IL]|API_?BASE|API_?(?:UR[IL]|HOST)|ENDPOINTS?(?:_?UR[IL])?)\d*(?:_|$)|^OLLAMA_HOST$|^(?:HTTPS?|ALL)_?PROXY$/;

/** The form of a name, for schemas. */
export const secretNameForm = /^[A-Za-z][A-Za-z0-9_]{0,127}$/;

/** What such a variable would do. Undefined where the name may be had. */
function reservedFor(name: string): string | undefined {
  const capitals = name.toUpperCase();
  if (carriesModel.test(capitals))
    return 'carries a model, and models are chosen by PUT /workspaces/{workspace_id}/model';
  return redirects.test(capitals)
    ? 'sends requests to another endpoint, and the registry says where a provider is reached'
    : undefined;
}

/** What to tell of a name that cannot be had. Undefined where it can. */
export function refuseSecretName(name: string): DroverError | undefined {
  const reserved = reservedFor(name);
  if (reserved === undefined) return undefined;
  const message = `A secret cannot be called ${name}: such a variable ${reserved}.`;
  return new DroverError('SECRET_NAME_RESERVED', message, { field: 'secrets', name });
}

/** @throws SECRET_NAME_RESERVED, REQUEST_INVALID */
export function checkSecretName(name: string): void {
  const refused = refuseSecretName(name);
  if (refused !== undefined) throw refused;
  if (/^[A-Z][A-Z0-9_]{0,127}$/.test(name)) return;
  const shown = JSON.stringify(name.slice(0, 80));
  const message = `A secret is called like a variable: capital letters, digits and underscores; ${shown} is not.`;
  throw new DroverError('REQUEST_INVALID', message, { field: 'secrets' });
}

/**
 * What a workspace runs on may bring variables, too: as members, as `NAME=value`, or as `{ name: … }`. A name in capitals is one, at any
 * depth. What is written in small letters, such as the model of a graphics card, is none.
 * @throws SECRET_NAME_RESERVED
 */
export function checkCompute(compute: unknown): void {
  const left: unknown[] = [compute];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === 'string') checkVariable(value);
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, inner] of Object.entries(value)) {
      checkVariable(name);
      left.push(inner);
    }
  }
}

function checkVariable(text: string): void {
  const [, name] = /^\s*([A-Z][A-Z0-9_]*)(?:\s*=|\s*$)/.exec(text) ?? [];
  const reserved = name === undefined ? undefined : reservedFor(name);
  if (reserved === undefined) return;
  const message = `compute cannot have ${name}: such a variable ${reserved}.`;
  throw new DroverError('SECRET_NAME_RESERVED', message, { field: 'compute', name });
}

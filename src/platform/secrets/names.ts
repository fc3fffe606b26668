/** What a secret may be called: like a variable, and never like one that carries a model past the registry. */
import { DroverError } from '../../errors.ts';

/** `MODEL`, `ANTHROPIC_MODEL`, `ANTHROPIC_DEFAULT_OPUS_MODEL`, `LLM_MODEL_NAME` … */
const reserved = /(^|_)MODELS?(_|$)/;

/** The form of a name, for schemas. */
export const secretNameForm = /^[A-Za-z][A-Za-z0-9_]{0,127}$/;

/** @throws SECRET_NAME_RESERVED, REQUEST_INVALID */
export function checkSecretName(name: string): void {
  if (reserved.test(name.toUpperCase())) {
    const message =
      `A secret cannot be called ${name}: such a variable carries a model, ` +
      'and models are chosen by PUT /workspaces/{workspace_id}/model.';
    throw new DroverError('SECRET_NAME_RESERVED', message, { field: 'secrets', name });
  }
  if (/^[A-Z][A-Z0-9_]{0,127}$/.test(name)) return;
  const message =
    'A secret is called like a variable: capital letters, digits and underscores; ' +
    `${JSON.stringify(name.slice(0, 80))} is not.`;
  throw new DroverError('REQUEST_INVALID', message, { field: 'secrets' });
}

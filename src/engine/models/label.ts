/** How a model is called in messages: its name, with family and provider where they are known. */
import type { ModelName } from './model.ts';

/** `claude-haiku-4-5 (claude, anthropic)`; the key where the model has no name. */
export function modelLabel(model: Pick<ModelName, 'key' | 'components'>): string {
  const { name, ...others } = model.components;
  const details = Object.values(others).filter((value) => value !== '' && value !== name);
  const label = name ?? model.key ?? 'unnamed model';
  return details.length === 0 ? label : `${label} (${details.join(', ')})`;
}

/** The models that the nodes of a pipeline name: `{"nodes": [{"data": {"model": {"id": …, "name": …}}}]}`. */
import type { Values } from '../resources/declaration.ts';

interface NamedInPipeline {
  /** Where, for messages: `nodes/2/data/model`. */
  readonly at: string;
  readonly id: string;
  readonly name: string | undefined;
}

/** In the order of the nodes. Whatever has another shape names no model. */
export function modelsInPipeline(document: unknown): NamedInPipeline[] {
  const nodes = isObject(document) ? document['nodes'] : undefined;
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node: unknown, at): NamedInPipeline[] => {
    const model = modelOf(node);
    if (model === undefined || typeof model['id'] !== 'string') return [];
    const { id, name } = model;
    return [{ at: `nodes/${at}/data/model`, id, name: typeof name === 'string' ? name : undefined }];
  });
}

/** The document with ids as the database writes them: a migration finds an id by its text. */
export function withPlainIds(document: Values): Values {
  const { nodes } = document;
  if (!Array.isArray(nodes)) return document;
  return { ...document, nodes: nodes.map(withPlainId) };
}

function withPlainId(node: unknown): unknown {
  const model = modelOf(node);
  if (!isObject(node) || !isObject(node['data']) || model === undefined || typeof model['id'] !== 'string')
    return node;
  return { ...node, data: { ...node['data'], model: { ...model, id: model['id'].toLowerCase() } } };
}

function modelOf(node: unknown): Record<string, unknown> | undefined {
  const data = isObject(node) ? node['data'] : undefined;
  const model = isObject(data) ? data['model'] : undefined;
  return isObject(model) ? model : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

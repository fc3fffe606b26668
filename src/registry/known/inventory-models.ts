/** The registry as an inventory needs it: what to look for, and what is known of each model that may be found. */
import type { KnownModel } from '../../engine/inventory/report.ts';
import { foldText } from '../../engine/inventory/term.ts';
import type { Term } from '../../engine/inventory/term.ts';
import { findSuccessor } from './lifecycle.ts';
import type { LoadedRegistry } from '../load/load.ts';
import { namesOf } from '../load/registry.ts';
import type { Model, Registry } from '../load/shape.ts';
import { writtenForms } from './written-forms.ts';

export interface InventoryModels {
  /** Every form of every model. */
  readonly terms: readonly Term[];
  readonly models: readonly KnownModel[];
  /** By any form, letters in any case. */
  readonly find: (text: string) => KnownModel | undefined;
}

export function inventoryModels(loaded: LoadedRegistry): InventoryModels {
  const { registry } = loaded;
  const terms = [...writtenForms(loaded)].flatMap(([{ id }, forms]) =>
    forms.map(({ text }): Term => ({ model: id, text, by: 'name' })),
  );
  const models = registry.models.map((model) => knownModel(registry, model));
  const byId = new Map(models.map((model) => [model.id, model]));
  const byForm = new Map(terms.map(({ text, model }) => [foldText(text), byId.get(model)]));
  return { terms, models, find: (text) => byForm.get(foldText(text)) };
}

function knownModel(registry: Registry, model: Model): KnownModel {
  const { status, announced, shutdown, notBefore, distributors = [] } = model.lifecycle;
  const successor = findSuccessor(registry, model.id)?.id;
  return {
    id: model.id,
    vendor: model.vendor,
    kind: model.kind,
    status,
    ...(announced === undefined ? {} : { announced }),
    ...(shutdown === undefined ? {} : { shutdown }),
    ...(notBefore === undefined ? {} : { notBefore }),
    distributors: distributors.flatMap(({ via, shutdown: day }) =>
      day === undefined ? [] : [{ via, shutdown: day }],
    ),
    ...(successor === undefined ? {} : { successor }),
    names: namesOf(model),
  };
}

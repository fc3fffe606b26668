/**
 * When a model ends, by all who say something about it: its row in the database, and the registry. Silence of one takes nothing back
 * that the other says. Of two days the earlier one counts: a move too early costs nothing, a move too late costs an outage.
 */
import { given } from '../given.ts';
import type { LifecycleNote, LifecycleStatus, ModelFacts } from './model.ts';

/** What the row of a model says by itself. */
export function noteOfRow(model: ModelFacts): LifecycleNote {
  const { announced, shutdown } = model;
  return {
    by: 'database',
    status: model.retired ? 'retired' : model.deprecated ? 'deprecated' : 'active',
    ...given({ announced, shutdown }),
  };
}

/** The model with the end that follows from all notes. Notes that say nothing of an end are left out. */
export function withLifecycle(model: ModelFacts, all: readonly LifecycleNote[]): ModelFacts {
  const notes = all.filter(saysSomething);
  if (notes.length === 0) return model;
  const announced = earliest(notes.map((note) => note.announced));
  const shutdown = earliest(notes.map((note) => note.shutdown));
  return {
    ...model,
    lifecycle: notes,
    deprecated: model.deprecated || notes.some(({ status }) => status === 'deprecated'),
    retired: model.retired || notes.some(({ status }) => isGone(status)),
    ...given({ announced, shutdown }),
  };
}

/** No longer to be chosen. */
function isGone(status: LifecycleStatus): boolean {
  return status === 'retired' || status === 'withdrawn';
}

/** The latest status that any note says. A model with a last day is deprecated, even where a note calls it active. */
export function statusOf({ lifecycle = [], shutdown }: ModelFacts): LifecycleStatus {
  const order: readonly LifecycleStatus[] = ['retired', 'withdrawn', 'deprecated'];
  const said = order.find((status) => lifecycle.some((note) => note.status === status));
  return said ?? (shutdown === undefined ? 'active' : 'deprecated');
}

/** Does it end, or has it ended, as far as anybody says? */
export function isEnding(model: ModelFacts): boolean {
  return model.deprecated || model.retired || statusOf(model) !== 'active';
}

function saysSomething({ status, announced, shutdown }: LifecycleNote): boolean {
  return status !== 'active' || announced !== undefined || shutdown !== undefined;
}

function earliest(days: readonly (string | undefined)[]): string | undefined {
  return days.flatMap((day) => (day === undefined ? [] : [day])).toSorted()[0];
}

/** For the end of a sentence: who says that the model is gone. */
export function goneBy(model: ModelFacts): string {
  return toldBy(model, ({ status }) => (isGone(status) ? status : undefined));
}

/** For the end of a sentence: who says that the model is deprecated. */
export function deprecatedBy(model: ModelFacts): string {
  return toldBy(model, ({ status }) => (status === 'deprecated' ? status : undefined));
}

/** For the end of a sentence: who says on which day the model ends. Both days where the tellers differ. */
export function endBy(model: ModelFacts): string {
  return toldBy(model, ({ shutdown }) => shutdown?.slice(0, 10));
}

/** Who says it, in words. Empty where the row says it and nobody says anything else. */
function toldBy(
  model: Pick<ModelFacts, 'lifecycle'>,
  what: (note: LifecycleNote) => string | undefined,
): string {
  const told = (model.lifecycle ?? []).flatMap((note) => {
    const said = what(note);
    return said === undefined ? [] : [{ by: note.by, said, teller: tellerOf(note) }];
  });
  const [first, ...others] = told;
  if (first === undefined) return '';
  if (others.every(({ said }) => said === first.said))
    return told.some(({ by }) => by === 'database') ? '' : `, says the ${first.teller}`;
  return ` (${told.map(({ said, teller }) => `${said} says the ${teller}`).join(', ')})`;
}

function tellerOf({ by, vendor }: LifecycleNote): string {
  return vendor === undefined ? by : `${by} of ${vendor}`;
}

/** The vendor of whom alone the end is known, where the model's provider is called otherwise. */
export function endsAt({ lifecycle = [] }: Pick<ModelFacts, 'lifecycle'>): string | undefined {
  return lifecycle.every(({ vendor }) => vendor !== undefined) ? lifecycle[0]?.vendor : undefined;
}

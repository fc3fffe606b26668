import type { RelationFact } from '../../../engine/isolation/facts.ts';
import { listed, objectOf } from '../../ground.ts';
import type { Ground } from '../../ground.ts';
import { exposureOf, exposureTo, isExempt, mayUse, rowPrivileges } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';
import { ownedRelations } from '../../owned-relations.ts';

/** A view asks as its owner. One whose owner no policy binds shows the rows of all tenants to whoever may read it. */
export const viewExemptOwner: IsolationRule = {
  id: 'view-exempt-owner',
  summary: 'a view over a tenant’s table whose owner no policy binds',
  severity: 'by reach',
  mend: 'view',
  find: (ground) =>
    ground.facts.relations
      .filter(({ kind, invoker }) => kind === 'view' && !invoker)
      .flatMap((view) => {
        const open = view.reads
          .flatMap((id) => ownedRelations(ground).get(id) ?? [])
          .filter((table) => passes(ground, view, table));
        const exposed =
          open.length === 0 ? undefined : exposureTo(ground, (role) => reads(ground, role, view));
        if (exposed === undefined) return [];
        const chains = outerViews(ground, view).map(({ id }) => id);
        const by = chains.length === 0 ? '' : ` (also by ${listed(chains)})`;
        const message =
          `The view asks as its owner ${view.owner}, whom no policy of ${listed(open.map(({ id }) => id))} binds: ` +
          `${listed(exposed.reachedBy)} reads the rows of every tenant${by}.`;
        return [{ at: objectOf('view', view), message, ...exposed }];
      }),
};

/** Of a table that is open anyway another rule speaks. */
function passes(ground: Ground, view: RelationFact, table: RelationFact): boolean {
  if (!table.secured) return exposureOf(ground, { relation: table, privileges: rowPrivileges }) === undefined;
  return isExempt(ground, view.owner, table);
}

/** Directly, or by a view that asks as its own owner. */
function reads(ground: Ground, role: string, view: RelationFact): boolean {
  return [view, ...outerViews(ground, view)].some((each) =>
    mayUse(ground, role, { relation: each, privileges: rowPrivileges }),
  );
}

/** Definer views over this one, at any depth, whose owner may read what they read. */
function outerViews(ground: Ground, view: RelationFact): RelationFact[] {
  const found = new Map([[view.id, view]]);
  for (const inner of found.values())
    for (const outer of ground.facts.relations)
      if (
        outer.kind === 'view' &&
        !outer.invoker &&
        outer.reads.includes(inner.id) &&
        mayUse(ground, outer.owner, { relation: inner, privileges: ['select'] })
      )
        found.set(outer.id, outer);
  found.delete(view.id);
  return [...found.values()];
}

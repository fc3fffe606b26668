/** The two models of what is taken back, as they are known now. */
import type { TenantKey } from '../../engine/tenant.ts';
import { given } from '../../engine/given.ts';
import { mergedPairs } from '../../engine/key-pairs.ts';
import type { KeyPair } from '../../engine/key-pairs.ts';
import { namedModel } from '../../engine/models/model.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import { memberOf } from '../facts/member.ts';
import type { Member } from '../facts/member.ts';
import type { MigrationDetail } from '../records/history.ts';
import { withClasses } from './demands.ts';

/** A migration that can be taken back. */
export interface Undoing {
  readonly parent: MigrationDetail;
  readonly tenant: TenantKey;
  readonly source: ModelFacts;
  readonly target: ModelFacts;
}

/** A model, or a row, as the record of a migration names it. */
export function modelOfRecord(record: MigrationDetail, side: 'from' | 'to'): ModelFacts {
  const { key, name, provider } = record[side];
  const components = given({ name: name ?? undefined, provider: provider ?? undefined });
  const kind = record.from.kind ?? 'completion';
  return namedModel({ kind, components, ...given({ key: key ?? undefined }) });
}

/** The keys of a map that was merged; undefined where the record itself has both keys. */
export function keysOfRecord({ intent }: MigrationDetail): readonly KeyPair[] | undefined {
  return intent?.pairs === undefined ? undefined : mergedPairs(intent.pairs);
}

/** Of each rollback how each place writes the two models, with what is known of them now. */
export async function modelsOf(tx: Tx, rules: Rules, undoing: readonly Undoing[]): Promise<Member[]> {
  const tenants = undoing.map(({ tenant }) => tenant);
  const sources = await withClasses(tx, rules, { models: undoing.map(({ source }) => source), tenants });
  const targets = await withClasses(tx, rules, { models: undoing.map(({ target }) => target), tenants });
  return undoing.map((one, at) =>
    modelsOfOne(rules, { ...one, source: sources[at] ?? one.source, target: targets[at] ?? one.target }),
  );
}

/** Of a model that the record names the tenant may have a row of its own. */
function modelsOfOne(rules: Rules, { parent, tenant, source, target }: Undoing): Member {
  const intent = {
    ...given({ tenant }),
    kind: source.kind,
    from: parent.from.key ?? parent.from.name ?? '',
    to: parent.to.key ?? parent.to.name ?? '',
    parameters: 'keep' as const,
    answers: {},
    leaveAsks: false,
  };
  const own = (model: ModelFacts): ModelFacts => ({ ...model, tenant: tenant ?? null });
  return memberOf(rules, intent, {
    source: own(source),
    target: own(target),
    ...given({ keys: keysOfRecord(parent) }),
  });
}

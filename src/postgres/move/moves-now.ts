/** What was read about moves without locks is read again in the transaction that works on them: somebody may have changed it since. */
import type { ModelPair } from '../../engine/models/model.ts';
import { DroverError } from '../../errors.ts';
import { groundSeen, markFor } from '../catalogue/rules.ts';
import type { Tx } from '../driver/database.ts';
import { pairsOf } from '../facts/pair.ts';
import type { Site } from '../scope/site.ts';
import { readDenied } from './look-through.ts';
import { moveLocks } from './locks.ts';
import { withNamesakesInUse } from './namesakes.ts';
import type { Move } from './plan.ts';

interface Now {
  /** Of members that the same statements serve. */
  readonly moves: readonly Move[];
  /** `all`: the locks of a migration are taken first (locks.ts), so that what is read stays true. */
  readonly locks: 'all' | 'none';
}

/** For each move what it is now; RETRYABLE where its models or tables are others, and what its models are refused for. */
export async function movesNow(tx: Tx, site: Site, { moves, locks }: Now): Promise<(Move | DroverError)[]> {
  const again = await readAgain(tx, site, { moves, locks });
  const same = again.filter((move): move is Move => !(move instanceof DroverError));
  const forbidden = (await forbidAgain(tx, same)).values();
  return again.map((move) => (move instanceof DroverError ? move : (forbidden.next().value ?? move)));
}

/** The catalogue and the models may have changed since they were read without locks, so they are read again. */
async function readAgain(tx: Tx, site: Site, { moves, locks }: Now): Promise<(Move | DroverError)[]> {
  const [first] = moves;
  if (first === undefined) return [];
  const { rules } = first.ground;
  const { tenant } = first.member.intent;
  const intents = moves.map(({ member }) => member.intent);
  const locked = moves.map(({ member }) => ({ pair: member.pair, tenant: member.intent.tenant }));
  const [, seen, pairs] = await tx.together([
    moveLocks(rules, locks === 'all' ? locked : []),
    markFor(site, tenant),
    pairsOf(rules, intents),
  ]);
  const { digest } = await groundSeen(tx, site, { seen, tenant });
  const now = moves.map((move, number) => {
    const pair = pairs[number];
    if (pair instanceof DroverError) return pair;
    // What the session may not read was left out of the rules when they were read.
    if (pair !== undefined && digest === move.ground.digest && isSame(pair, move.member.pair))
      return { ...move, member: { ...move.member, pair } };
    return new DroverError('RETRYABLE', 'Models or tables changed while the migration began; try again.');
  });
  const same = now.filter((move): move is Move => !(move instanceof DroverError));
  const members = await withNamesakesInUse(tx, { rules, members: same.map(({ member }) => member) });
  const memberOf = new Map(same.map((move, at) => [move, members[at] ?? move.member]));
  return now.map((move) =>
    move instanceof DroverError ? move : { ...move, member: memberOf.get(move) ?? move.member },
  );
}

/** Are both pairs the same two models, written in the same ways? What was looked for and the statements of the batch then still fit. */
function isSame(a: ModelPair, b: ModelPair): boolean {
  const textOf = ({ source, target, keys, moving }: ModelPair): string =>
    JSON.stringify([
      keys,
      moving,
      ...[source, target].map(({ kind, table, tenant, key, components, spellings }) => [
        kind,
        table,
        tenant,
        key,
        components,
        spellings,
      ]),
    ]);
  return textOf(a) === textOf(b);
}

/** What forbids the target is read again, too: the lists are short, and somebody may have written there since. */
async function forbidAgain(tx: Tx, moves: readonly Move[]): Promise<Move[]> {
  const [first] = moves;
  if (first === undefined) return [];
  const { rules, scannable } = first.ground;
  const denied = await readDenied(tx, { rules, members: moves.map(({ member }) => member) }, scannable);
  return moves.map((move, at) => ({ ...move, scanned: { ...move.scanned, denied: denied[at] ?? [] } }));
}

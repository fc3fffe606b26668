/** From which state an assessment goes to which, and who takes it there. Anything else is refused, and writes nothing. */

export const assessmentStatuses = [
  'draft',
  'assessing',
  'in_review',
  'accepted',
  'migrating',
  'completed',
  'failed',
  'cancelled',
] as const;

export type AssessmentStatus = (typeof assessmentStatuses)[number];

/** A person who administers the tenant; whoever reads the database or moves rows for it. */
export type AssessmentRole = 'admin' | 'worker';

type Moves = Readonly<Partial<Record<AssessmentStatus, readonly AssessmentRole[]>>>;

const admin: readonly AssessmentRole[] = ['admin'];
const worker: readonly AssessmentRole[] = ['worker'];

const moves: Readonly<Record<AssessmentStatus, Moves>> = {
  draft: { assessing: admin, cancelled: admin },
  assessing: { in_review: worker, failed: worker, cancelled: admin },
  in_review: { accepted: admin, assessing: admin, cancelled: admin },
  accepted: { migrating: worker, in_review: admin, cancelled: admin },
  migrating: { completed: worker, failed: worker, accepted: worker },
  completed: { migrating: worker, accepted: worker },
  failed: { migrating: worker, accepted: worker, assessing: admin },
  cancelled: {},
};

export function mayBecome(from: AssessmentStatus, to: AssessmentStatus, role: AssessmentRole): boolean {
  return moves[from][to]?.includes(role) ?? false;
}

/** Where nothing is left to decide or to do, the tenant may begin another one. */
export function isClosed(status: AssessmentStatus): boolean {
  return status === 'completed' || status === 'cancelled';
}

/** The times workers held a task, as a list that stays short. */
import type { Claim } from './task.ts';

/** Older ones are dropped: a stored task is best small. */
const KEPT_CLAIMS = 20;

/** The list once its last claim is over. */
export function endClaim(claims: readonly Claim[], endedAt: string, why: string): Claim[] {
  const last = claims.at(-1);
  return last === undefined ? [] : [...claims.slice(0, -1), { ...last, endedAt, why }].slice(-KEPT_CLAIMS);
}

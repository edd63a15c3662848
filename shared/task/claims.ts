/** Who holds a task, and the times workers held it, as a list that stays short. */
import type { Claim } from './task.ts';

/** The nonce tells a claim from every other, also of the same worker. */
export const ownerOf = (worker: string, nonce: string): string => `${worker}/${nonce}`;
export const workerOf = (owner: string): string => owner.slice(0, owner.lastIndexOf('/'));

/** Older ones are dropped: a stored task is best small. */
const KEPT_CLAIMS = 20;

/** The list once its last claim is over. */
export function endClaim(claims: readonly Claim[], endedAt: string, why: string): Claim[] {
  const last = claims.at(-1);
  return last === undefined ? [] : [...claims.slice(0, -1), { ...last, endedAt, why }].slice(-KEPT_CLAIMS);
}

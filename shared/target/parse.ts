import type { Target } from './target.ts';

/** A target that cannot be scanned as written; the message says what was wrong and what is allowed. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

/** Reads one target into canonical form. Throws TargetError. */
export function parseTarget(text: string): Target {
  throw new TargetError(`is ${text}`);
}

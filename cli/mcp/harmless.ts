/** Text of strangers on its way to a model. Pure. */
import { printable } from '../terminal-text.ts';

/**
 * `value` with every text in it made visible: control, bidirectional and other formatting characters become escapes such as `\x1b` and
 * `\u202e`, so that nothing hides from the people who look over a model's shoulder. Line feeds stay: within JSON they cannot pass for
 * anything else. Keys are text too. Done twice it changes nothing more.
 */
export function harmless(value: unknown): unknown {
  if (typeof value === 'string') return value.split('\n').map(printable).join('\n');
  if (Array.isArray(value)) return value.map(harmless);
  return typeof value === 'object' && value !== null ? harmlessObject(value) : value;
}

export const harmlessObject = (value: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([key, inner]) => [printable(key), harmless(inner)]));

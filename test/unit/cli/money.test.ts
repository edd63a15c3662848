import { expect, it } from 'vitest';
import { dollars } from '#cli/money.ts';

it.each([
  [0, '0'],
  [0.000_000_4, '< 0.000001'],
  [0.000_044_4, '0.000044'],
  [0.0123, '0.012'],
  [0.5, '0.5'],
  [1, '1.00'],
  [1234.567, '1234.57'],
])('%f US dollars read as %s', (usd, text) => expect(dollars(usd)).toBe(text));

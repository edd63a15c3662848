import { describe, expect, it } from 'vitest';
import { harmless, harmlessObject } from '#cli/mcp/harmless.ts';

describe('text of strangers', () => {
  it.each([
    ['an escape sequence', '\u001b[31mred', '\\x1b[31mred'],
    ['a bidirectional override', 'a\u202eb', 'a\\u202eb'],
    ['an invisible tag', 'a\u{e0041}', 'a\\u{e0041}'],
    ['a carriage return', 'good\rbad', 'good\\x0dbad'],
    ['a lone surrogate', 'a\ud800', 'a\\ud800'],
    ['a null', '\0', '\\x00'],
  ])('shows %s', (_, text, shown) => {
    expect(harmless(text)).toBe(shown);
  });

  it('keeps its lines, and letters of every script', () => {
    expect(harmless('Grüße\nпривет\n你好 🎉')).toBe('Grüße\nпривет\n你好 🎉');
  });

  it('is made harmless wherever it stands, keys included', () => {
    expect(harmlessObject({ list: [{ '\u202ekey': ['\u0007'] }], number: 1, none: null, yes: true })).toEqual({
      list: [{ '\\u202ekey': ['\\x07'] }],
      number: 1,
      none: null,
      yes: true,
    });
  });

  it('cannot reach the prototype by its keys', () => {
    const shown = harmlessObject(JSON.parse('{"__proto__":{"admin":true}}'));
    expect(Object.getPrototypeOf(shown)).toBe(Object.prototype);
    expect(Object.keys(shown)).toEqual(['__proto__']);
  });

  it('is not escaped twice', () => {
    expect(harmless(harmless('\u001b'))).toBe('\\x1b');
  });
});

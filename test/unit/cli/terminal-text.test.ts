import { describe, expect, it } from 'vitest';
import { clip, columnsOf, padEnd, printable, printableJson } from '#cli/terminal-text.ts';

describe('printable', () => {
  it.each([
    ['a colour sequence', '\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['a title change ended by BEL', '\u001b]0;owned\u0007', '\\x1b]0;owned\\x07'],
    ['the one-character CSI of C1', '\u009b2J', '\\x9b2J'],
    ['line ends and tabs', 'a\r\nb\tc', 'a\\x0d\\x0ab\\x09c'],
    ['a right-to-left override', 'exe.\u202efdp', 'exe.\\u202efdp'],
    ['isolates', '\u2066x\u2069', '\\u2066x\\u2069'],
    ['a zero-width space and a soft hyphen', 'a\u200bb\u00adc', 'a\\u200bb\\xadc'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['an invisible tag character', 'a\u{e0041}b', 'a\\u{e0041}b'],
    ['a lone surrogate', 'a\ud800b', 'a\\ud800b'],
    ['DEL', 'a\u007fb', 'a\\x7fb'],
  ])('shows %s escaped', (_, text, shown) => expect(printable(text)).toBe(shown));

  it('leaves letters of any language and emoji as they are', () => {
    expect(printable('Zürich 東京 שלום 🚀 é')).toBe('Zürich 東京 שלום 🚀 é');
  });
});

describe('printableJson', () => {
  it('escapes what JSON.stringify leaves raw, without changing what the text means', () => {
    const value = { title: 'a\u202eb\u009bc\u{e0041}d\u007f\u2028', 'k\u200b': '\u001b' };
    const json = printableJson(JSON.stringify(value));
    expect(json).toBe('{"title":"a\\u202eb\\u009bc\\udb40\\udc41d\\u007f\\u2028","k\\u200b":"\\u001b"}');
    expect(JSON.parse(json)).toEqual(value);
  });

  it('keeps the white space between tokens', () => {
    expect(printableJson('{\r\n\t"a": 1\n}\n')).toBe('{\r\n\t"a": 1\n}\n');
  });
});

describe('columns', () => {
  it.each([
    ['plain', 5],
    ['é', 1],
    ['e\u0301', 1],
    ['東京', 4],
    ['ｗｉｄｅ', 8],
    ['🚀', 2],
    ['👩‍💻', 2],
    ['', 0],
  ])('counts %j as %i', (text, columns) => expect(columnsOf(text)).toBe(columns));

  it('cuts at a column, never through a character', () => {
    expect(clip('abcdef', 6)).toBe('abcdef');
    expect(clip('abcdef', 4)).toBe('abc…');
    expect(clip('東京都庁', 6)).toBe('東京…');
    expect(clip('abc', 0)).toBe('');
  });

  it('pads by columns, not by characters', () => {
    expect(padEnd('東京', 6)).toBe('東京  ');
    expect(padEnd('too long', 3)).toBe('too long');
  });
});

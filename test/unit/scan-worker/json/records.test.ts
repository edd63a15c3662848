import { describe, expect, it } from 'vitest';
import { jsonRecords } from '#containers/scan-worker/json/records.ts';
import { MAX_RECORD_BYTES } from '#containers/scan-worker/json/splitter.ts';
import { piecesOf } from '#test/support/parsing.ts';

function read(input: string, size = 1 << 20, anyLayout = false) {
  const values: unknown[] = [];
  const records = jsonRecords(
    (value) => {
      values.push(value);
      return value === null ? 'nothing' : undefined;
    },
    { anyLayout },
  );
  for (const piece of piecesOf(Buffer.from(input), [size])) records.write(piece);
  const fault = records.end();
  return fault === undefined ? { values } : { values, fault };
}

// biome-ignore format: a table reads by column
const READ: [what: string, input: string, values: unknown[], fault?: [reason: string, byteOffset: number]][] = [
  ['nothing',                                   '',                                   []],
  ['white space',                               ' \r\n\t\n',                          []],
  ['lines',                                     '{"a":1}\n{"a":2}\n',                 [{ a: 1 }, { a: 2 }]],
  ['lines of a Windows machine, and empty ones', '{"a":1}\r\n\r\n\n{"a":2}\r\n',      [{ a: 1 }, { a: 2 }]],
  ['a last line without its line feed',         '{"a":1}\n{"a":2}',                   [{ a: 1 }, { a: 2 }]],
  ['a last line that was cut',                  '{"a":1}\n{"a":',                     [{ a: 1 }],             ['a record that is not JSON', 8]],
  ['a bad line between good ones',              '{"a":1}\n{"a"\n{"a":3}\n',           [{ a: 1 }, { a: 3 }],   ['a record that is not JSON', 8]],
  ['a value that is refused',                   '{"a":1}\nnull\n',                    [{ a: 1 }, null],       ['nothing', 8]],
  ['a page of HTML',                            '\n<html>\n<p>\n',                    [],                     ['a record that is not JSON', 1]],
  ['an empty array',                            ' [ ] \n',                            []],
  ['an array on many lines',                    '[\n  {"a": [1, {"b": 2}]},\n  {"a": 2}\n]\n', [{ a: [1, { b: 2 }] }, { a: 2 }]],
  ['braces, quotes and backslashes in texts',   '[{"a":"}\\"{","b\\\\":"\\\\"},{"c":"]"}]', [{ a: '}"{', 'b\\': '\\' }, { c: ']' }]],
  ['an array that was cut between items',       '[{"a":1},',                          [{ a: 1 }],             ['cut off inside the array', 9]],
  ['an array that was cut inside an item',      '[{"a":1},{"a":',                     [{ a: 1 }],             ['cut off inside the array', 14]],
  ['an array with a bad item',                  '[{"a":1},{a},{"a":3}]',              [{ a: 1 }, { a: 3 }],   ['a record that is not JSON', 9]],
  ['an array with a number in it',              '[{"a":1},7,{"a":3}]',                [{ a: 1 }],             ['an array with something else in it, or after it, than objects', 9]],
  ['something behind an array',                 '[{"a":1}] x',                        [{ a: 1 }],             ['an array with something else in it, or after it, than objects', 10]],
];

describe('the records of a JSON file', () => {
  it.each(READ)('%s', (_, input, values, fault) => {
    const expected = fault === undefined ? { values } : { values, fault: { reason: fault[0], byteOffset: fault[1] } };
    expect(read(input)).toEqual(expected);
    expect(read(input, 1)).toEqual(expected);
    expect(read(input, 3)).toEqual(expected);
  });

  // biome-ignore format: a table reads by column
  it.each<[what: string, input: string, values: unknown[], fault?: [reason: string, byteOffset: number]]>([
    ['one object on many lines',         '{\n  "a": [\n{}\n]\n}\n',     [{ a: [{}] }]],
    ['several, with nothing between',    '{"a":1}{\n"a":2} {"a":3}',    [{ a: 1 }, { a: 2 }, { a: 3 }]],
    ['one that was cut',                 '{"a":1}\n{"a":\n',            [{ a: 1 }],             ['cut off inside an object', 14]],
    ['one that is broken',               '{"a":1}\n{a}\n{"a":3}',       [{ a: 1 }, { a: 3 }],   ['a record that is not JSON', 8]],
    ['something else behind it',         '{"a":1}\nx\n{"a":3}',         [{ a: 1 }],             ['something else than an object', 8]],
    ['an array',                         '[\n{"a":1},\n{"a":2}]',       [{ a: 1 }, { a: 2 }]],
  ])('laid out in any way: %s', (_, input, values, fault) => {
    const expected = fault === undefined ? { values } : { values, fault: { reason: fault[0], byteOffset: fault[1] } };
    expect(read(input, undefined, true)).toEqual(expected);
    expect(read(input, 1, true)).toEqual(expected);
  });

  it('something that is not JSON at all is not read to its end', () => {
    const [good, bad] = ['{"a":1}\n', 'x\n'];
    expect(read(good + bad.repeat(999) + good, 100).values).toHaveLength(2);
    expect(read(good + bad.repeat(5_000) + good, 100).values).toHaveLength(1);
  });

  it.each([
    ['line', '', '\n', ''],
    ['item', '[', ',', ']'],
  ])('a %s that is too long is left out, and what comes after it is read', (_, start, between, end) => {
    const long = `{"a":"${'x'.repeat(MAX_RECORD_BYTES)}"}`;
    expect(read(`${start}{"a":1}${between}${long}${between}{"a":3}${end}`, 64 * 1024)).toEqual({
      values: [{ a: 1 }, { a: 3 }],
      fault: { reason: 'a record of more than 8388608 bytes', byteOffset: 8 + start.length },
    });
  });
});

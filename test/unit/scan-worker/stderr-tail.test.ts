import { expect, it } from 'vitest';
import { stderrTail } from '#containers/scan-worker/stderr-tail.ts';

const tailOf = (...chunks: (string | Uint8Array)[]) => {
  const tail = stderrTail();
  for (const chunk of chunks) tail.write(Buffer.from(chunk));
  return tail.text();
};

it('keeps the last 1,024 bytes, over any number of pieces', () => {
  expect(tailOf('first', 'x'.repeat(1_000), 'y'.repeat(100))).toBe('x'.repeat(924) + 'y'.repeat(100));
  expect(tailOf(`${'a'.repeat(5_000)}z`)).toBe(`${'a'.repeat(1_023)}z`);
});

it('never begins within a character', () => {
  expect(tailOf('€'.repeat(400))).toBe('€'.repeat(341)); // 3 bytes each
});

it('is at most 1,024 bytes of UTF-8 however broken the input', () => {
  expect(Buffer.byteLength(tailOf(Buffer.alloc(2_000, 0xff)))).toBeLessThanOrEqual(1_024);
});

it('holds no escape sequence and nothing that reorders or hides text', () => {
  expect(tailOf('\u001b[31mred\u009b0m\u202eexe\r\nnext\u0000\ttab')).toBe('[31mred 0m exe \nnext  tab');
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gzippedFile } from '#containers/scan-worker/result-file.ts';
import { collect } from '#shared/report/bytes.ts';

let path: string;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'scanfleet-result-file-'));
  path = join(directory, 'a.gz');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a result file', () => {
  it('is given whole if it is small', async () => {
    writeFileSync(path, Buffer.alloc(256 * 1024, 'x'));
    const opened = await gzippedFile('a.gz', path).open();
    expect(opened).toEqual(Buffer.alloc(256 * 1024, 'x'));
  });

  it('is given as a stream if it is large, each time from its start', async () => {
    writeFileSync(path, Buffer.alloc(256 * 1024 + 1, 'x'));
    const file = gzippedFile('a.gz', path);
    for (const _ of ['first', 'again']) {
      const opened = await file.open();
      expect(opened).not.toBeInstanceOf(Uint8Array);
      expect(await collect(opened as AsyncIterable<Uint8Array>)).toHaveLength(256 * 1024 + 1);
    }
  });
});

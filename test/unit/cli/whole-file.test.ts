import { mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeWholeFile } from '#cli/whole-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scanfleet-whole-file-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function* parts(...texts: readonly (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    if (text instanceof Error) throw text;
    yield Buffer.from(text);
  }
}

describe('writeWholeFile', () => {
  it('writes all chunks and says how many bytes they were', async () => {
    expect(await writeWholeFile(join(folder, 'a.json'), parts('{"a":', '"é"}'), '--output')).toBe(10);
    expect(await readFile(join(folder, 'a.json'), 'utf8')).toBe('{"a":"é"}');
    expect(await readdir(folder)).toEqual(['a.json']);
  });

  it('replaces what was there', async () => {
    await writeFile(join(folder, 'a.json'), 'a much longer old report');
    await writeWholeFile(join(folder, 'a.json'), parts('new'), '--output');
    expect(await readFile(join(folder, 'a.json'), 'utf8')).toBe('new');
  });

  it('leaves nothing when the chunks fail half-way', async () => {
    const cut = writeWholeFile(join(folder, 'a.json'), parts('half', new Error('cut')), '--output');
    await expect(cut).rejects.toThrow('cut');
    expect(await readdir(folder)).toEqual([]);
  });

  it('keeps the old file when the chunks fail half-way', async () => {
    await writeFile(join(folder, 'a.json'), 'old');
    const cut = writeWholeFile(join(folder, 'a.json'), parts('half', new Error('cut')), '--output');
    await expect(cut).rejects.toThrow('cut');
    expect(await readFile(join(folder, 'a.json'), 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['a.json']);
  });

  it('shows the old file until the new one is whole', async () => {
    const path = join(folder, 'a.json');
    await writeFile(path, 'old');
    const seen: string[] = [];
    async function* watched(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('new ');
      seen.push(await readFile(path, 'utf8'));
      yield Buffer.from('report');
    }
    await writeWholeFile(path, watched(), '--output');
    expect(seen).toEqual(['old']);
    expect(await readFile(path, 'utf8')).toBe('new report');
  });

  it('writes through a link to the file it names', async () => {
    await writeFile(join(folder, 'real.json'), 'old');
    await symlink('real.json', join(folder, 'link.json'));
    await writeWholeFile(join(folder, 'link.json'), parts('new'), '--output');
    expect(await readlink(join(folder, 'link.json'))).toBe('real.json');
    expect(await readFile(join(folder, 'real.json'), 'utf8')).toBe('new');
  });

  it.each([
    ['a folder', () => folder, 'is not a regular file'],
    ['a device', () => '/dev/null', 'is not a regular file'],
    ['a place in a folder that is not there', () => join(folder, 'no', 'a.json'), 'cannot be written'],
  ])('refuses %s, naming the option', async (_, path, message) => {
    const refused = writeWholeFile(path(), parts('x'), '--output');
    await expect(refused).rejects.toMatchObject({
      errors: [{ field: '--output', message: expect.stringContaining(message) }],
    });
  });
});

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimLayout } from '#local/state-layout.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scanfleet-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('marks a new folder, and takes it again', async () => {
  await claimLayout(folder);
  expect(JSON.parse(await readFile(join(folder, 'layout.json'), 'utf8'))).toEqual({ layout: 1 });
  await expect(claimLayout(folder)).resolves.toBeUndefined();
});

it.each([
  [2, 1, 'a newer scanfleet (layout 2, not 1): update scanfleet'],
  [1, 2, 'an older scanfleet (layout 1, not 2): start that version'],
])('a folder of layout %i is refused where %i is known', async (layout, known, why) => {
  await writeFile(join(folder, 'layout.json'), JSON.stringify({ layout }));
  await expect(claimLayout(folder, known)).rejects.toMatchObject({
    code: 'state_layout',
    message: `${folder} was made by ${why}, choose another folder with --state, or start once with --fresh to forget what is in it`,
  });
});

it.each(['', 'yes', '{}', '{"layout":0}', '{"layout":"1"}'])('a mark that reads %j is refused', async (text) => {
  await writeFile(join(folder, 'layout.json'), text);
  await expect(claimLayout(folder)).rejects.toMatchObject({
    code: 'layout_unreadable',
    message: `${join(folder, 'layout.json')} cannot be used; start once with --fresh to forget what is in its folder`,
  });
});

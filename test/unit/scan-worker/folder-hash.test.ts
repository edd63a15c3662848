import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { folderHash } from '#containers/scan-worker/folder-hash.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scanfleet-folder-'));
  await mkdir(join(folder, 'cves'));
  await writeFile(join(folder, 'cves/a.yaml'), 'abc');
  await writeFile(join(folder, 'b.yaml'), '');
});
afterEach(() => rm(folder, { recursive: true }));

// printf '' | sha256sum; printf abc | sha256sum
const LINES = `e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b.yaml
ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  cves/a.yaml
`;

it('is that of what sha256sum prints of its files', async () => {
  expect(await folderHash(folder)).toBe(createHash('sha256').update(LINES).digest('hex'));
});

it('changes with a name and with a byte, and not with what a link leads to', async () => {
  const before = await folderHash(folder);
  await symlink('/etc/hostname', join(folder, 'link'));
  expect(await folderHash(folder)).toBe(before);
  await writeFile(join(folder, 'b.yaml'), 'x');
  const changed = await folderHash(folder);
  await rm(join(folder, 'b.yaml'));
  await writeFile(join(folder, 'c.yaml'), 'x');
  expect(new Set([before, changed, await folderHash(folder)]).size).toBe(3);
});

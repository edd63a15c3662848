import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPackage, type EvidencePackage } from '#cli/evidence/check.ts';
import { savedEvidence, saveInto } from '#cli/evidence/saved.ts';

const JOB_ID = '019a0000-0000-7000-8000-000000000001';
const keys = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
};
const OURS = keys();
const THEIRS = keys();

/** printf abc | sha256sum; printf '' | sha256sum */
const ABC = { bytes: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' };
const NOTHING = { bytes: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' };
const FILES = [
  { name: 'coverage.json', ...NOTHING },
  { name: 'raw/nmap.xml.gz', ...ABC },
];
const MANIFEST = {
  type: 'scanfleet-evidence-manifest',
  version: 1,
  jobId: JOB_ID,
  tenant: 'acme',
  round: 2,
  status: 'completed',
  verdict: 'clean',
  createdAt: '2026-01-31T12:00:00.000Z',
  finishedAt: '2026-01-31T12:05:00.000Z',
  tasks: [{ taskId: '0001', scanner: 'nmap', status: 'completed', attempt: 3, files: FILES }],
};
const WHOLE = { '0001/3/coverage.json': '', '0001/3/raw/nmap.xml.gz': 'abc' };

/** A package in memory: `files` by path. */
function packageOf(
  files: Readonly<Record<string, string | undefined>>,
  { manifest = MANIFEST as object, by = OURS } = {},
): EvidencePackage {
  const text = JSON.stringify(manifest);
  return {
    manifest: text,
    signature: sign('sha256', Buffer.from(text), by.privateKey),
    async *files() {
      for (const [path, content] of Object.entries(files))
        yield { path, open: async () => (content === undefined ? undefined : chunksOf(content)) };
    },
  };
}
async function* chunksOf(content: string): AsyncGenerator<Uint8Array> {
  for (const char of content) yield Buffer.from(char);
}
const check = (found: EvidencePackage, jobId?: string) =>
  checkPackage(found, OURS.pem, jobId === undefined ? {} : { jobId });
const told = async (found: EvidencePackage) =>
  (await check(found)).problems.map(({ problem, file }) => `${problem} ${file}`);

describe('a package', () => {
  it('is what was signed', async () => {
    expect(await check(packageOf(WHOLE), JOB_ID)).toMatchObject({
      manifest: { jobId: JOB_ID, round: 2, verdict: 'clean' },
      files: 2,
      bytes: 3,
      problems: [],
    });
  });

  it.each([
    ['changed in one byte', { ...WHOLE, '0001/3/raw/nmap.xml.gz': 'abd' }, ['changed 0001/3/raw/nmap.xml.gz']],
    ['that was cut', { ...WHOLE, '0001/3/raw/nmap.xml.gz': 'ab' }, ['changed 0001/3/raw/nmap.xml.gz']],
    ['that grew', { ...WHOLE, '0001/3/coverage.json': '[]' }, ['changed 0001/3/coverage.json']],
    ['that is missing', { '0001/3/coverage.json': '' }, ['missing 0001/3/raw/nmap.xml.gz']],
    ['that is gone when it is read', { ...WHOLE, '0001/3/coverage.json': undefined }, ['missing 0001/3/coverage.json']],
    ['that was added', { ...WHOLE, '0001/3/raw/../../x\u001b[31m': 'abc' }, ['added 0001/3/raw/../../x\u001b[31m']],
    [
      'of another attempt',
      { '0001/2/coverage.json': '', '0001/2/raw/nmap.xml.gz': 'abc' },
      [
        'added 0001/2/coverage.json',
        'added 0001/2/raw/nmap.xml.gz',
        'missing 0001/3/coverage.json',
        'missing 0001/3/raw/nmap.xml.gz',
      ],
    ],
  ])('names a file %s', async (_, files, problems) => {
    expect(await told(packageOf(files))).toEqual(problems);
  });

  it('of a file without end is read no further than it was signed', async () => {
    let read = 0;
    const endless = async function* () {
      for (; ; read += 1) yield Buffer.from('abc');
    };
    const found: EvidencePackage = {
      ...packageOf(WHOLE),
      async *files() {
        yield { path: '0001/3/raw/nmap.xml.gz', open: async () => endless() };
      },
    };
    expect(await told(found)).toContain('changed 0001/3/raw/nmap.xml.gz');
    expect(read).toBeLessThan(3);
  });

  it('whose manifest another key signed is believed in nothing', async () => {
    expect(await check(packageOf(WHOLE, { by: THEIRS }))).toMatchObject({
      files: 0,
      problems: [{ problem: 'signature', file: 'manifest.json' }],
    });
    expect(await check(packageOf(WHOLE, { by: THEIRS }))).not.toHaveProperty('manifest');
  });

  it('whose manifest was changed is believed in nothing', async () => {
    const found = packageOf(WHOLE);
    expect(await told({ ...found, manifest: found.manifest.replace('clean', 'clear') })).toEqual([
      'signature manifest.json',
    ]);
  });

  it.each([
    ['of another version', { ...MANIFEST, version: 2 }],
    ['of something else', { ...MANIFEST, type: 'something-else' }],
    [
      'whose names lead elsewhere',
      { ...MANIFEST, tasks: [{ ...MANIFEST.tasks[0], files: [{ name: '../../../x', ...ABC }] }] },
    ],
    ['with more in it', { ...MANIFEST, more: true }],
  ])('that is signed, but %s, is no manifest', async (_, manifest) => {
    expect(await told(packageOf(WHOLE, { manifest }))).toEqual(['signature manifest.json']);
  });

  it('of another job is not that of this one', async () => {
    const { problems } = await check(packageOf(WHOLE), '019a0000-0000-7000-8000-00000000dead');
    expect(problems).toMatchObject([{ problem: 'changed', file: 'manifest.json' }]);
  });
});

describe('a saved package', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scanfleet-evidence-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const save = async () => {
    const found = packageOf(WHOLE);
    await checkPackage(found, OURS.pem, { keep: await saveInto(join(folder, 'kept'), found) });
    return (path: string) => join(folder, 'kept', path);
  };
  const reread = async () => told(await savedEvidence(join(folder, 'kept')));

  it('is checked like that of the service', async () => {
    const at = await save();
    expect(await reread()).toEqual([]);
    expect(await readFile(at('files/0001/3/raw/nmap.xml.gz'), 'utf8')).toBe('abc');
    expect((await readdir(at(''))).sort()).toEqual(['files', 'manifest.json', 'manifest.sig']);
  });

  it('tells of what is changed, missing, added, or a link', async () => {
    const at = await save();
    await writeFile(at('files/0001/3/coverage.json'), '[]');
    await writeFile(join(folder, 'abc'), 'abc');
    await rm(at('files/0001/3/raw/nmap.xml.gz'));
    await symlink(join(folder, 'abc'), at('files/0001/3/raw/nmap.xml.gz'));
    await writeFile(at('beside'), '');
    await mkdir(dirname(at('0001/3/raw/x')), { recursive: true });
    await writeFile(at('0001/3/coverage.json'), '');
    expect((await reread()).sort()).toEqual([
      'added ../0001/3/coverage.json',
      'added ../beside',
      'changed 0001/3/coverage.json',
      'missing 0001/3/raw/nmap.xml.gz',
    ]);
  });

  it('is kept in a folder of its own only', async () => {
    await writeFile(join(folder, 'mine'), '');
    await expect(saveInto(folder, packageOf(WHOLE))).rejects.toThrow('which is not empty');
    await expect(saveInto(join(folder, 'mine'), packageOf(WHOLE))).rejects.toMatchObject({
      errors: [{ field: '--save' }],
    });
  });

  it('is not just any folder', async () => {
    await expect(savedEvidence(folder)).rejects.toThrow('holds no evidence');
  });
});

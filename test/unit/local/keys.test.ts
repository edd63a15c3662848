import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { callerSettings, readOrMakeKeys, userArnOf } from '#local/keys.ts';
import { callerOf } from '#shared/caller.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scanfleet-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('makes keys once, readable by their owner alone', async () => {
  const file = join(folder, 'keys.json');
  const made = await readOrMakeKeys(file);
  expect(await readOrMakeKeys(file)).toEqual(made);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('makes other keys for another installation', async () => {
  const [one, two] = [await readOrMakeKeys(join(folder, 'a')), await readOrMakeKeys(join(folder, 'b'))];
  const secrets = [one, two].flatMap(({ identities, service }) =>
    [...identities, service].map((k) => k.secretAccessKey),
  );
  expect(new Set(secrets).size).toBe(8);
});

it('seeds two tenants and an admin, whom the functions know as such', async () => {
  const { identities } = await readOrMakeKeys(join(folder, 'keys.json'));
  const callers = identities.map((identity) => callerOf(userArnOf(identity), callerSettings));
  expect(callers.map(({ tenant, admin }) => ({ tenant, admin }))).toEqual([
    { tenant: 'acme', admin: false },
    { tenant: 'globex', admin: false },
    { tenant: 'operations', admin: true },
  ]);
  expect(identities.map(({ name, tenant }) => `${name} ${tenant}`)).toEqual([
    'acme acme',
    'globex globex',
    'admin operations',
  ]);
});

it.each(['', '{', '{"identities":[]}'])('refuses a file that holds %j', async (text) => {
  const file = join(folder, 'keys.json');
  await writeFile(file, text);
  await expect(readOrMakeKeys(file)).rejects.toMatchObject({ code: 'keys_unreadable' });
  expect(await readFile(file, 'utf8')).toBe(text);
});

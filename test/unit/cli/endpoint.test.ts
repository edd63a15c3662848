import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findEndpoint } from '#cli/endpoint.ts';

const LOCAL = {
  endpoint: 'http://127.0.0.1:4566',
  region: 'eu-west-1',
  identities: [
    { name: 'alice', tenant: 'acme', accessKeyId: 'AK1', secretAccessKey: 's1', role: 'developer' },
    { name: 'bob', tenant: 'other', accessKeyId: 'AK2', secretAccessKey: 's2', role: 'developer' },
  ],
};

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'scanfleet-endpoint-')));
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes what the local service would, in `<at>/.scanfleet`. */
async function localService(at: string, content: unknown = LOCAL): Promise<string> {
  await mkdir(join(at, '.scanfleet'), { recursive: true });
  const path = join(at, '.scanfleet', 'local.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  return path;
}

describe('a service named by URL', () => {
  it('is taken from the command line before the environment, and either before the local one', async () => {
    await localService(folder);
    const env = { SCANFLEET_URL: 'https://env.example/', AWS_REGION: 'us-east-1' };
    expect(await findEndpoint({ url: 'https://flag.example/prod/' }, env, folder)).toEqual({
      url: 'https://flag.example/prod',
      region: 'us-east-1',
      from: '--url',
    });
    expect(await findEndpoint({}, env, folder)).toEqual({
      url: 'https://env.example',
      region: 'us-east-1',
      from: 'SCANFLEET_URL',
    });
  });

  it.each([
    [{ region: 'eu-north-1' }, { AWS_REGION: 'us-east-1' }, 'eu-north-1'],
    [{}, { AWS_REGION: 'us-east-1' }, 'ap-south-1'],
  ])('signs for the region of %j, before that of its host name, before that of %j', async (options, env, region) => {
    const url = 'https://abc123.execute-api.ap-south-1.amazonaws.com/prod';
    expect(await findEndpoint({ url, ...options }, env, folder)).toMatchObject({ region });
  });

  it.each([
    [{ AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'us-east-2' }, 'us-east-1'],
    [{ AWS_REGION: '', AWS_DEFAULT_REGION: 'us-east-2' }, 'us-east-2'],
  ])('takes the region from %j where its host name tells none', async (env, region) => {
    expect(await findEndpoint({ url: 'https://api.example' }, env, folder)).toMatchObject({ region });
  });

  it('needs a region', async () => {
    await expect(findEndpoint({ url: 'https://api.example' }, {}, folder)).rejects.toMatchObject({
      errors: [{ field: '--region', message: expect.stringContaining('is needed') }],
    });
  });

  it.each([
    ['http://api.example', 'must be https'],
    ['http://127.0.0.1.example', 'must be https'],
    ['ftp://api.example', 'allowed: an https URL'],
    ['api.example', 'allowed: an https URL'],
    ['https://user:secret@api.example', 'allowed: an https URL'],
    ['https://api.example/?stage=prod', 'allowed: an https URL'],
  ])('cannot be %s', async (url, message) => {
    await expect(findEndpoint({ url, region: 'eu-west-1' }, {}, folder)).rejects.toMatchObject({
      errors: [{ field: '--url', message: expect.stringContaining(message) }],
    });
  });

  it.each(['http://127.0.0.1:8080', 'http://[::1]:8080', 'http://localhost:8080'])(
    'may be %s, without TLS',
    async (url) => {
      expect(await findEndpoint({ url, region: 'eu-west-1' }, {}, folder)).toMatchObject({ url });
    },
  );

  it('has no local identities', async () => {
    await localService(folder);
    await expect(findEndpoint({ url: 'https://api.example', as: 'bob' }, {}, folder)).rejects.toMatchObject({
      errors: [{ field: '--as', message: expect.stringContaining('cannot be used together with --url') }],
    });
  });
});

describe('the local service', () => {
  it('is found in this folder or the nearest above, as its first identity', async () => {
    await localService(folder, { ...LOCAL, endpoint: 'http://127.0.0.1:1' });
    const from = await localService(join(folder, 'project'));
    await mkdir(join(folder, 'project', 'deep', 'er'), { recursive: true });
    expect(await findEndpoint({}, {}, join(folder, 'project', 'deep', 'er'))).toMatchObject({
      url: 'http://127.0.0.1:4566',
      region: 'eu-west-1',
      identity: { accessKeyId: 'AK1', secretAccessKey: 's1' },
      from,
    });
  });

  it('is spoken to as the identity that --as names', async () => {
    await localService(folder);
    expect(await findEndpoint({ as: 'bob' }, {}, folder)).toMatchObject({ identity: { accessKeyId: 'AK2' } });
    await expect(findEndpoint({ as: 'eve' }, {}, folder)).rejects.toMatchObject({
      errors: [{ field: '--as', message: 'is "eve"; allowed: alice, bob' }],
    });
  });

  it('is looked for in SCANFLEET_STATE alone when that is set', async () => {
    const from = await localService(join(folder, 'elsewhere'));
    await localService(folder, { ...LOCAL, endpoint: 'http://127.0.0.1:1' });
    const env = { SCANFLEET_STATE: 'elsewhere/.scanfleet' };
    expect(await findEndpoint({}, env, folder)).toMatchObject({ url: 'http://127.0.0.1:4566', from });
    await expect(findEndpoint({}, { SCANFLEET_STATE: 'nowhere' }, folder)).rejects.toThrow(
      `${join(folder, 'nowhere', 'local.json')} does not exist`,
    );
  });

  it.each([
    ['no JSON', '{'],
    ['no identities', { ...LOCAL, identities: [] }],
    ['an endpoint that is not on this machine', { ...LOCAL, endpoint: 'http://198.51.100.1' }],
  ])('is not taken from a file with %s', async (_, content) => {
    const path = await localService(folder, content);
    await expect(findEndpoint({}, {}, folder)).rejects.toMatchObject({
      errors: [{ field: path, message: expect.stringContaining('start it again') }],
    });
  });

  it.runIf(process.getuid?.() === 0)('is not taken from a file of another user', async () => {
    const path = await localService(folder);
    const { chown } = await import('node:fs/promises');
    await chown(path, 12_345, 12_345);
    await expect(findEndpoint({}, {}, folder)).rejects.toMatchObject({ code: 'foreign_file' });
  });

  it('is missed with a word on how to start or name one', async () => {
    await expect(findEndpoint({}, {}, folder)).rejects.toMatchObject({
      code: 'no_endpoint',
      message: expect.stringMatching(/npm start.*scanfleet local.*--url.*SCANFLEET_URL/),
    });
  });
});

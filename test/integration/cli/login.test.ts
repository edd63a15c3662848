/** `scanfleet login` against a CloudFormation that answers as documented: the query API, XML, signed requests. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test as base, describe, expect } from 'vitest';
import { type CliResult, runCli } from '#test/support/run-cli.ts';

interface Seen {
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** What a service of AWS answers next, and what it was asked. */
interface Answering {
  status: number;
  answer: string;
  readonly endpoint: string;
  readonly seen: Seen[];
}

async function serving(use: (state: Answering) => Promise<void>): Promise<void> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    seen.push({ body: await text(request), headers: request.headers });
    response.writeHead(state.status, { 'content-type': 'text/xml' }).end(state.answer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: Answering = { status: 200, answer: '', endpoint, seen };
  await use(state);
  server.close();
}

interface Fixtures {
  readonly cloudFormation: Answering;
  readonly kms: Answering;
  readonly home: string;
  readonly scanfleet: (...args: readonly string[]) => Promise<CliResult>;
}

const it = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads which fixtures a fixture needs from this pattern
  cloudFormation: async ({}, use) => serving(use),
  // biome-ignore lint/correctness/noEmptyPattern: as above
  kms: async ({}, use) => serving(use),
  // biome-ignore lint/correctness/noEmptyPattern: as above
  home: async ({}, use) => {
    const home = await mkdtemp(join(tmpdir(), 'scanfleet-home-'));
    await use(home);
    await rm(home, { recursive: true });
  },
  scanfleet: async ({ cloudFormation, kms, home }, use) => {
    const env = {
      HOME: home,
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.endpoint,
      AWS_ENDPOINT_URL_KMS: kms.endpoint,
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
    };
    await use((...args) => runCli(args, { env, cwd: home }));
  },
});

const API = 'https://abc123.execute-api.eu-central-1.amazonaws.com/v1/';
const described = (outputs: Readonly<Record<string, string>>) => `<?xml version="1.0"?>
<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
  <DescribeStacksResult><Stacks><member><StackName>scanfleet-dev</StackName><Outputs>
    ${Object.entries(outputs)
      .map(([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`)
      .join('\n')}
  </Outputs></member></Stacks></DescribeStacksResult>
</DescribeStacksResponse>`;
const refused = (code: string, message: string) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
const LOGIN = ['login', '--stack', 'scanfleet-dev', '--region', 'eu-central-1'];

it('keeps the address of the API that the stack names, for itself alone', async ({
  cloudFormation,
  home,
  scanfleet,
}) => {
  cloudFormation.answer = described({ ResultsBucketName: 'bucket', ApiUrl: API });
  expect(await scanfleet(...LOGIN)).toMatchObject({
    code: 0,
    stdout: `scanfleet-dev: ${API.slice(0, -1)} (eu-central-1)\n`,
  });
  const [asked] = cloudFormation.seen;
  expect(asked?.body).toBe('Action=DescribeStacks&Version=2010-05-15&StackName=scanfleet-dev');
  expect(asked?.headers.authorization).toMatch(
    /Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/cloudformation\/aws4_request/,
  );
  const file = join(home, '.config/scanfleet/login.json');
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
    url: API.slice(0, -1),
    region: 'eu-central-1',
    stack: 'scanfleet-dev',
  });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('leads every later command to that API', async ({ cloudFormation, scanfleet }) => {
  const api = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"jobs":[]}'),
  );
  await once(api.listen(0, '127.0.0.1'), 'listening');
  cloudFormation.answer = described({ ApiUrl: `http://127.0.0.1:${(api.address() as AddressInfo).port}/v1/` });
  await scanfleet(...LOGIN);
  expect(await scanfleet('list', '--json')).toMatchObject({ code: 0, stdout: '{"jobs":[]}\n' });
  api.close();
});

// biome-ignore format: a table reads by column
it.for<[what: string, status: number, answer: string, code: number, says: string]>([
  ['a stack that is not there', 400, refused('ValidationError', 'Stack with id scanfleet-dev does not exist'), 3, 'there is no stack scanfleet-dev in eu-central-1'],
  ['a caller who may not',      403, refused('AccessDenied', 'User is not authorized'),  3, 'User is not authorized'],
  ['throttling',                400, refused('Throttling', 'Rate exceeded'),             6, 'Rate exceeded'],
  ['an outage',                 503, 'busy',                                            6, 'CloudFormation answered 503'],
  ['a stack of something else', 200, described({ Other: 'x' }),                          2, 'which is no scanfleet stack'],
  ['an address in plain HTTP',  200, described({ ApiUrl: 'http://api.example/v1' }),     2, 'must be https'],
])('keeps nothing after %s', async ([, status, answer, code, says], { cloudFormation, home, scanfleet }) => {
  Object.assign(cloudFormation, { status, answer });
  const result = await scanfleet(...LOGIN);
  expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(says) });
  await expect(stat(join(home, '.config'))).rejects.toThrow('ENOENT');
});

it('asks for the region where nothing tells it', async ({ scanfleet }) => {
  expect(await scanfleet('login', '--stack', 'x')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--region'),
  });
});

it('says that a file is not its own', async ({ cloudFormation, home, scanfleet }) => {
  cloudFormation.answer = described({ ApiUrl: API });
  await scanfleet(...LOGIN);
  await writeFile(join(home, '.config/scanfleet/login.json'), 'nonsense');
  expect(await scanfleet('list')).toMatchObject({ code: 2, stderr: expect.stringContaining('log in again') });
});

describe('the key that signs evidence', () => {
  const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1';
  const STACK = described({ ApiUrl: API, EvidenceKeyArn: ARN });
  const aKey = (namedCurve = 'P-256') => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve });
    return {
      pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      answer: JSON.stringify({
        KeyId: ARN,
        KeyUsage: 'SIGN_VERIFY',
        PublicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      }),
    };
  };
  const kept = async (home: string) => JSON.parse(await readFile(join(home, '.config/scanfleet/login.json'), 'utf8'));

  it('is asked of KMS and pinned', async ({ cloudFormation, kms, home, scanfleet }) => {
    const { pem, answer } = aKey();
    Object.assign(cloudFormation, { answer: STACK });
    Object.assign(kms, { answer });
    expect(await scanfleet(...LOGIN)).toMatchObject({ code: 0, stderr: '' });
    const [asked] = kms.seen;
    expect(JSON.parse(asked?.body ?? '')).toEqual({ KeyId: ARN });
    expect(asked?.headers).toMatchObject({
      'x-amz-target': 'TrentService.GetPublicKey',
      authorization: expect.stringMatching(/\/eu-central-1\/kms\/aws4_request/),
    });
    expect((await kept(home)).evidenceKey).toEqual({ arn: ARN, publicKey: pem });
  });

  it('is told of when it has become another', async ({ cloudFormation, kms, home, scanfleet }) => {
    Object.assign(cloudFormation, { answer: STACK });
    Object.assign(kms, { answer: aKey().answer });
    await scanfleet(...LOGIN);
    expect((await scanfleet(...LOGIN)).stderr).toBe('');
    const { pem, answer } = aKey();
    Object.assign(kms, { answer });
    expect((await scanfleet(...LOGIN)).stderr).toContain('another key than at the last login');
    expect((await kept(home)).evidenceKey.publicKey).toBe(pem);
  });

  it('is missed where KMS refuses, and the login stands', async ({ cloudFormation, kms, home, scanfleet }) => {
    Object.assign(cloudFormation, { answer: STACK });
    Object.assign(kms, { status: 400, answer: '{"__type":"AccessDeniedException"}' });
    expect(await scanfleet(...LOGIN)).toMatchObject({ code: 0, stderr: expect.stringContaining('No key') });
    expect(await kept(home)).not.toHaveProperty('evidenceKey');
  });

  it.for<[string, number, string, number]>([
    ['an outage of KMS', 500, 'busy', 6],
    ['a key on another curve', 200, aKey('P-384').answer, 1],
    ['an answer that is none', 200, 'nonsense', 1],
  ])(
    'is not pinned after %s, nor is anything else',
    async ([, status, answer, code], { cloudFormation, kms, home, scanfleet }) => {
      Object.assign(cloudFormation, { answer: STACK });
      Object.assign(kms, { status, answer });
      expect((await scanfleet(...LOGIN)).code).toBe(code);
      await expect(stat(join(home, '.config'))).rejects.toThrow('ENOENT');
    },
  );
});

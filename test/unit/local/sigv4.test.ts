import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { payloadHashOf, type SigningKey, sigV4Verifier } from '#local/sigv4.ts';
import {
  type Arrived,
  aws4fetch,
  findBotocore,
  type Plain,
  type Signed,
  type Signing,
  smithy,
  smithyPresigned,
  smithyWithoutHost,
  startWire,
  type Wire,
} from '#test/support/signed-requests.ts';

const AT = new Date('2026-11-21T12:00:00Z');
const KEY = { accessKeyId: 'LOCALKEY', secretAccessKey: 'a secret/with+odd=letters' };
const API: Signing = { ...KEY, region: 'eu-central-1', service: 'execute-api', at: AT };
const S3: Signing = { ...API, service: 's3' };

let wire: Wire;
beforeAll(async () => {
  wire = await startWire();
});
afterAll(() => wire.close());

const plain = (given: Partial<Plain> = {}): Plain => ({ method: 'GET', host: wire.host, target: '/jobs', ...given });

function verify(
  arrived: Arrived,
  signing: Signing = API,
  options: { now?: Date; keys?: Record<string, SigningKey> } = {},
) {
  const keys = options.keys ?? { [KEY.accessKeyId]: { secretAccessKey: KEY.secretAccessKey } };
  const verifier = sigV4Verifier({
    identities: new Map(Object.entries(keys)),
    region: signing.region,
    service: signing.service,
    now: () => options.now ?? signing.at,
  });
  const header = arrived.rawHeaders.findIndex((name) => name.toLowerCase() === 'x-amz-content-sha256');
  const declared = signing.service === 's3' && header >= 0 ? arrived.rawHeaders[header + 1] : undefined;
  return verifier(arrived, declared ?? payloadHashOf(arrived.body));
}

const minutesLater = (minutes: number) => new Date(AT.getTime() + minutes * 60_000);
const seen = (result: ReturnType<typeof verify>) => (result.ok ? result.accessKeyId : result.fault);

const ODD_TARGETS = [
  '/',
  '/jobs/0190?a=1&b=2',
  '/jobs?b=2&a=1&a=0&B=3',
  '/jobs?empty=&flag',
  '/jobs?cursor=a%2Bb%3D%3D&name=a%20b',
  "/jobs/a:b+c(d)!*'e",
  '/jobs/a%2Fb%3Ac',
  '/jobs/%E6%97%A5%E6%9C%AC?q=%C3%BC',
  '/jobs?q=%27%28%29%21%2A~-_.',
];

describe('what independent signers sign is verified', () => {
  it.each(ODD_TARGETS)('@smithy/signature-v4: %s', async (target) => {
    expect(seen(verify(await wire.carry(await smithy(plain({ target }), API))))).toBe('LOCALKEY');
  });

  it.each(ODD_TARGETS)('aws4fetch: %s', async (target) => {
    expect(seen(verify(await wire.carry(await aws4fetch(plain({ target }), API))))).toBe('LOCALKEY');
  });

  const KEYS = [
    '/bucket/a%20b',
    '/bucket/a%3Ab%2Bc',
    '/bucket/%27%28%29%21%2A',
    '/bucket/%E6%97%A5/x',
    '/bucket/a%25b',
  ];
  it.each(KEYS)('both, as S3 has it, where the path is encoded once: %s', async (target) => {
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    for (const sign of [smithy, aws4fetch])
      expect(seen(verify(await wire.carry(await sign(plain({ target, headers }), S3)), S3))).toBe('LOCALKEY');
  });

  it('with a body', async () => {
    const body = '{"targets":["ü"]}';
    const headers = { 'content-type': 'application/json', 'x-spaces': '  a   b  ' };
    for (const sign of [smithy, aws4fetch])
      expect(seen(verify(await wire.carry(await sign(plain({ method: 'POST', body, headers }), API))))).toBe(
        'LOCALKEY',
      );
  });

  it('in the query', async () => {
    for (const target of ['/jobs', '/jobs?a=b%20c'])
      expect(seen(verify(await wire.carry(await smithyPresigned(60)(plain({ target }), API))))).toBe('LOCALKEY');
  });

  it('curl', async (context) => {
    const curl = (args: string[]) => promisify(execFile)('curl', args);
    const missing = await curl(['--version']).catch((error: NodeJS.ErrnoException) => error.code);
    if (missing === 'ENOENT') return context.skip('curl is not installed');
    const arrived = await wire.during((endpoint) =>
      curl([
        ...[
          '--silent',
          '--aws-sigv4',
          'aws:amz:eu-central-1:execute-api',
          '--user',
          `${KEY.accessKeyId}:${KEY.secretAccessKey}`,
        ],
        ...['--data-binary', '{"a":1}', '--header', 'Content-Type: application/json', `${endpoint}/jobs/1/cancel?a=1`],
      ]),
    );
    expect(seen(verify(arrived, API, { now: new Date() }))).toBe('LOCALKEY');
  });

  it('botocore', async (context) => {
    const botocore = await findBotocore();
    if (botocore === undefined) return context.skip('python3 has no botocore here');
    const now = new Date();
    for (const target of ODD_TARGETS) {
      const signed = await botocore(plain({ method: 'POST', target, body: 'text' }), { ...API, at: now });
      expect(seen(verify(await wire.carry(signed), API, { now })), target).toBe('LOCALKEY');
    }
  }, 60_000);
});

describe('every part is signed', () => {
  const POST = {
    method: 'POST',
    target: '/jobs/1?a=1',
    body: 'text',
    headers: { 'x-amz-meta-a': '1', 'x-other': 'b' },
  };
  // biome-ignore format: a table reads by column
  const CHANGES: [string, (signed: Signed) => Partial<Signed>][] = [
    ['method',         () => ({ method: 'PUT' })],
    ['path',           () => ({ target: '/jobs/2?a=1' })],
    ['query value',    () => ({ target: '/jobs/1?a=2' })],
    ['further query',  () => ({ target: '/jobs/1?a=1&b=2' })],
    ['no query',       () => ({ target: '/jobs/1' })],
    ['slash encoded',  () => ({ target: '/jobs%2F1?a=1' })],
    ['body',           () => ({ body: 'next' })],
    ['signed header',  ({ headers }) => ({ headers: { ...headers, 'x-other': 'c' } })],
    ['AWS header',     ({ headers }) => ({ headers: { ...headers, 'x-amz-meta-a': '2' } })],
    ['new AWS header', ({ headers }) => ({ headers: { ...headers, 'x-amz-target': 'x' } })],
    ['host',           ({ headers }) => ({ headers: { ...headers, host: 'example.com' } })],
    ['time',           ({ headers }) => ({ headers: { ...headers, 'x-amz-date': '20261121T120001Z' } })],
    ['signature',      ({ headers }) => ({ headers: { ...headers, authorization: headers.authorization?.replace(/.$/, (last) => (last === '0' ? '1' : '0')) ?? '' } })],
  ];
  it.each(CHANGES)('a changed %s is refused', async (_, change) => {
    const signed = await smithy(plain(POST), API);
    expect(seen(verify(await wire.carry(signed)))).toBe('LOCALKEY');
    expect(seen(verify(await wire.carry({ ...signed, ...change(signed) })))).toBe('mismatch');
  });

  it('a signed header that is missing is refused, whatever it was', async () => {
    const headersWith = { ...POST.headers, 'x-other': 'undefined' };
    const signed = await smithy(plain({ ...POST, headers: headersWith }), API);
    const { 'x-other': _, ...headers } = signed.headers;
    expect(seen(verify(await wire.carry({ ...signed, headers })))).toBe('mismatch');
  });

  it('a request that could be sent to any host is refused', async () => {
    expect(seen(verify(await wire.carry(await smithyWithoutHost(plain(), API))))).toBe('mismatch');
  });

  it.each(['X-Amz-Expires', 'X-Amz-Date', 'X-Amz-SignedHeaders', 'a'])(
    'a changed %s in a presigned URL is refused',
    async (name) => {
      const signed = await smithyPresigned(60)(plain({ target: '/jobs?a=1' }), API);
      const change = {
        'X-Amz-Expires': '90',
        'X-Amz-Date': '20261121T120001Z',
        'X-Amz-SignedHeaders': 'connection%3Bhost',
        a: '2',
      }[name];
      const target = signed.target.replace(new RegExp(`([?&]${name}=)[^&]*`), `$1${change}`);
      expect(target).not.toBe(signed.target);
      expect(seen(verify(await wire.carry({ ...signed, target })))).toBe('mismatch');
    },
  );
});

describe('who and when', () => {
  const get = async (signing: Signing) => wire.carry(await smithy(plain(), signing));

  it('an unsigned request is missing its signature', async () => {
    expect(seen(verify(await wire.carry({ ...plain(), headers: {} })))).toBe('missing');
  });

  it.each(['Bearer abc', 'AWS4-HMAC-SHA256 Credential=a/b/c', 'AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA256 ,,=,='])(
    'the header %s is malformed',
    async (authorization) => {
      expect(seen(verify(await wire.carry({ ...plain(), headers: { authorization } })))).toBe('malformed');
    },
  );

  it('a signature in header and query is malformed', async () => {
    const inQuery = await smithyPresigned(60)(plain(), API);
    const inHeader = await smithy(plain(), API);
    expect(seen(verify(await wire.carry({ ...inQuery, headers: inHeader.headers })))).toBe('malformed');
  });

  it('another secret is a mismatch, an unknown key unknown', async () => {
    expect(seen(verify(await get({ ...API, secretAccessKey: 'other' })))).toBe('mismatch');
    expect(seen(verify(await get({ ...API, accessKeyId: 'OTHER' })))).toBe('unknown_key');
  });

  it('another service or region is out of scope', async () => {
    expect(seen(verify(await get({ ...API, service: 's3' })))).toBe('wrong_scope');
    expect(seen(verify(await get({ ...API, region: 'eu-west-1' })))).toBe('wrong_scope');
  });

  it("a time of another day than the credential's is malformed", async () => {
    const signed = await smithy(plain(), API);
    const headers = { ...signed.headers, 'x-amz-date': '20261122T000000Z' };
    expect(seen(verify(await wire.carry({ ...signed, headers }), API, { now: minutesLater(720) }))).toBe('malformed');
  });

  it('5 minutes off is accepted, more is expired, either way', async () => {
    const arrived = await get(API);
    const at = (minutes: number) => seen(verify(arrived, API, { now: minutesLater(minutes) }));
    expect([-5.02, -5, 5, 5.02].map(at)).toEqual(['expired', 'LOCALKEY', 'LOCALKEY', 'expired']);
  });

  it('a presigned URL lives as long as it says', async () => {
    const arrived = await wire.carry(await smithyPresigned(600)(plain(), API));
    const at = (minutes: number) => seen(verify(arrived, API, { now: minutesLater(minutes) }));
    expect([-5.02, -5, 10, 10.02].map(at)).toEqual(['expired', 'LOCALKEY', 'LOCALKEY', 'expired']);
  });

  it.each(['0', '604801', '-1', '1e3', ''])('a life of %s seconds is malformed', async (seconds) => {
    const signed = await smithyPresigned(60)(plain(), API);
    const target = signed.target.replace('X-Amz-Expires=60', `X-Amz-Expires=${seconds}`);
    expect(seen(verify(await wire.carry({ ...signed, target })))).toBe('malformed');
  });

  it('temporary credentials need their session token, others must have none', async () => {
    const keys = { [KEY.accessKeyId]: { secretAccessKey: KEY.secretAccessKey, sessionToken: 'token' } };
    const withToken = (sessionToken?: string) => get({ ...API, ...(sessionToken ? { sessionToken } : {}) });
    expect(seen(verify(await withToken('token'), API, { keys }))).toBe('LOCALKEY');
    expect(seen(verify(await withToken('other'), API, { keys }))).toBe('unknown_key');
    expect(seen(verify(await withToken(), API, { keys }))).toBe('unknown_key');
    expect(seen(verify(await withToken('token')))).toBe('unknown_key');
  });

  it('a URL that cannot be decoded is malformed', async () => {
    const signed = await smithy(plain(), API);
    expect(seen(verify(await wire.carry({ ...signed, target: '/jobs?a=%zz' })))).toBe('malformed');
  });
});

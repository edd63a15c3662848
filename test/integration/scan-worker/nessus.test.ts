/** A run of Nessus against a server of ours (test/support/fake-nessus.ts) that behaves as its clients describe one. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Procedure } from '#containers/scan-worker/scanner.ts';
import { nessusScanner } from '#containers/scan-worker/scanners/nessus/scanner.ts';
import {
  type FakeNessus,
  type FakeNessusOptions,
  fakeNessus,
  nessusFile,
  reportHost,
} from '#test/support/fake-nessus.ts';
import { nessusAt, poolOf } from '#test/support/nessus-pool.ts';
import { member, named } from '#test/support/nmap.ts';
import { runScan } from '#test/support/run-scan.ts';

const TARGETS = [named('127.0.0.1'), named('www.example.com', '127.0.0.2')];
const JOB = 'scanfleet 019a0000-0000-7000-8000-000000000001/0001';

/** One server with one scan of TARGETS. */
async function scanned(
  options: FakeNessusOptions = {},
  more: object = {},
  prepare: (server: FakeNessus) => void = () => {},
) {
  await using server = await fakeNessus(options);
  prepare(server);
  const pool = poolOf([nessusAt(server.url, more)]);
  const ran = await runScan(nessusScanner(pool), TARGETS, { template: 'basic' });
  return { ran, pool, server, left: [...server.scans.values()] };
}
const coverageOf = ({ coverage }: { coverage: readonly { host: string; status: string }[] }) =>
  coverage.map(({ host, status }) => `${host} ${status}`);
const REACHED = ['127.0.0.1 reached', 'www.example.com reached'];

describe('nessus', () => {
  it('creates a scan, launches it, waits for its end, and brings its report home', async () => {
    const { ran, server, left } = await scanned();
    expect(ran.outcome).toEqual({ ok: true });
    expect(coverageOf(ran)).toEqual(REACHED);
    expect(ran.list.map(({ rule, severity, location }) => `${rule} ${severity} ${location.host}`)).toEqual([
      ...['51192 medium 127.0.0.1', '11219 info 127.0.0.1'],
      ...['51192 medium www.example.com', '11219 info www.example.com'],
    ]);
    expect(ran.raw).toContain('<NessusClientData_v2>');
    expect(server.requests.filter((line) => !line.startsWith('GET'))).toEqual([
      ...['POST /scans', 'POST /scans/11/launch', 'POST /scans/11/export', 'DELETE /scans/11'],
    ]);
    expect(left).toEqual([]);
  });

  it('tells Nessus the addresses that were checked, and what the scan is for', async () => {
    const { left } = await scanned({}, { afterScan: 'keep' });
    expect(left).toMatchObject([
      {
        name: `${JOB}/1`,
        settings: { text_targets: '127.0.0.1,www.example.com[127.0.0.2]', enabled: false, launch: 'ON_DEMAND' },
      },
    ]);
  });

  it.each<[string, FakeNessusOptions, object]>([
    ['with a session in place of keys', {}, { credentials: { environment: 'SCANFLEET_SECRET_LOGIN' } }],
    ['from a server that exports by tokens', { exportStyle: 'token' }, {}],
    ['from a server that takes its time to export', { exportLooks: 50 }, {}],
    [
      'through states nobody knows',
      { steps: ['empty', 'pending', 'dreaming', 'paused', 'resuming', 'processing', 'completed'] },
      {},
    ],
  ])('does so %s', async (_, options, more) => {
    const { ran } = await scanned(options, more);
    expect([ran.outcome, coverageOf(ran)]).toEqual([{ ok: true }, REACHED]);
  });

  it('shows how far the scan is, and where it runs', async () => {
    await using server = await fakeNessus();
    const seen: unknown[] = [];
    const pool = poolOf([nessusAt(server.url)]);
    const ran = await runScan(nessusScanner(pool), TARGETS, {}, ({ progress }) => {
      const looking = setInterval(() => seen.push(progress.latest()), 1).unref();
      setTimeout(() => clearInterval(looking), 2_000).unref();
    });
    expect(seen).toContainEqual({ current: 80, total: 200, percent: 40, message: 'running, 2 hosts' });
    expect(ran.runs[0]?.exit.stderrTail).toContain('scan 11 runs on one (10.8.3)');
  });

  it.each([500, 503, 429, 'reset'] as const)('goes on after a server that answers %s for a while', async (effect) => {
    const { ran } = await scanned({}, {}, ({ faults }) => faults.push({ when: /^GET \/scans\/11/, effect, times: 3 }));
    expect([ran.outcome, coverageOf(ran)]).toEqual([{ ok: true }, REACHED]);
  });

  it('downloads a report again that was cut', async () => {
    const { ran } = await scanned({}, {}, ({ faults }) =>
      faults.push({ when: /download$/, effect: 'truncated', times: 2 }),
    );
    expect([ran.outcome, coverageOf(ran)]).toEqual([{ ok: true }, REACHED]);
  });

  it.each(['POST /scans', 'POST /scans/11/launch'])(
    'does not scan twice when the answer to %s is lost',
    async (line) => {
      const { ran, server } = await scanned({}, { afterScan: 'keep' }, ({ faults }) =>
        faults.push({ when: new RegExp(`^${line}$`), effect: 'lost-answer', times: 1 }),
      );
      expect(ran.outcome).toEqual({ ok: true });
      expect(server.scans.size).toBe(1);
    },
  );

  // biome-ignore format: a table reads by column
  it.each<[string, FakeNessusOptions, object, string, boolean, string]>([
    ['an edition without the API',  { hasApi: false }, {}, 'nessus_api_unavailable', false, 'POST /uploads'],
    ['keys that nobody knows',      {}, { credentials: { environment: 'SCANFLEET_SECRET_WRONG' } }, 'nessus_denied', false, 'one'],
    ['no keys',                     {}, { credentials: { environment: 'SCANFLEET_SECRET_NONE' } }, 'nessus_denied', false, 'SCANFLEET_SECRET_NONE'],
    ['a scan that was stopped',     { steps: ['running', 'canceled'] }, {}, 'nessus_stopped', false, 'somebody stopped scan 11'],
    ['a scan that was given up',    { steps: ['running', 'aborted'] }, {}, 'nessus_aborted', true, 'gave up scan 11'],
    ['an export that never is',     { exportLooks: 'error' }, {}, 'nessus_export_failed', true, 'failed 3 times'],
    ['an export without end',       { exportLooks: 1_000 }, {}, 'nessus_export_failed', true, 'not ready after 600 s'],
  ])('says why there is no result with %s', async (_, options, more, code, retryable, said) => {
    const { ran } = await scanned(options, more);
    expect(ran.outcome).toMatchObject({ ok: false, error: { code, retryable, message: expect.stringContaining(said) } });
    expect(JSON.stringify(ran)).not.toMatch(/key-of-the-tests|wrong-secret/);
  });

  it('logs in again when its session has run out', async () => {
    const { ran, server } = await scanned(
      {},
      { credentials: { environment: 'SCANFLEET_SECRET_LOGIN' } },
      ({ faults }) => faults.push({ when: /^GET \/scans\/11$/, effect: 401, times: 1 }),
    );
    expect(ran.outcome).toEqual({ ok: true });
    expect(server.requests.filter((line) => line === 'POST /session')).toHaveLength(2);
    expect(server.requests.at(-1)).toBe('DELETE /session');
  });

  it('waits for a server that is starting', async () => {
    const { ran } = await scanned({ serverStatus: 'loading' });
    const error = { code: 'nessus_unavailable', retryable: true, message: 'Nessus one is not ready: loading' };
    expect(ran.outcome).toMatchObject({ ok: false, error });
  });

  it('takes no more of a report than is allowed', async () => {
    await using server = await fakeNessus();
    const directory = mkdtempSync(join(tmpdir(), 'nessus-cap-'));
    const run = { targets: TARGETS, options: { template: 'basic' }, requestsPerSecond: 1, directory };
    const procedure = nessusScanner(poolOf([nessusAt(server.url)])).command(run) as Procedure;
    const work = { signal: new AbortController().signal, maxBytes: 100, log: () => undefined };
    const task = { jobId: 'a', taskId: '0001', attempt: 1 };
    await expect(procedure.act({ ...work, task })).rejects.toMatchObject({ code: 'output_cap', retryable: false });
    rmSync(directory, { recursive: true });
  });

  it('fails for now when the server dies in mid-scan', async () => {
    const { ran } = await scanned({}, {}, ({ faults }) =>
      faults.push({ when: /^GET \/scans\/11/, effect: 'reset', times: Infinity }),
    );
    expect(ran.outcome).toMatchObject({ ok: false, error: { code: 'nessus_unavailable', retryable: true } });
    expect(coverageOf(ran)).toEqual(['127.0.0.1 not_scanned', 'www.example.com not_scanned']);
  });

  it('keeps what a scan that was stopped had found, and covers only the hosts it was through with', async () => {
    const { ran } = await scanned({ steps: ['running', 'canceled'] });
    expect(ran.list).toHaveLength(4);
    expect(coverageOf(ran)).toEqual(['127.0.0.1 reached', 'www.example.com timed_out']);
  });

  it.each([
    ['an empty report', nessusFile('x', []), ['127.0.0.1 down', 'www.example.com down'], true],
    [
      'a report without one host',
      nessusFile('x', [reportHost('127.0.0.1')]),
      ['127.0.0.1 reached', 'www.example.com down'],
      true,
    ],
    ['no report at all', '', ['127.0.0.1 not_scanned', 'www.example.com not_scanned'], false],
    ['a page in its place', '<html>busy</html>', ['127.0.0.1 not_scanned', 'www.example.com not_scanned'], false],
    [
      'half a report',
      nessusFile('x', [reportHost('127.0.0.1')]).slice(0, -20),
      ['127.0.0.1 reached', 'www.example.com not_scanned'],
      false,
    ],
  ])('never takes %s for a clean result', async (_, report, coverage, ok) => {
    const { ran } = await scanned({ report: () => report });
    expect(coverageOf(ran)).toEqual(coverage);
    expect(ran.outcome.ok).toBe(ok);
  });

  it('counts a silent member of a range as down', async () => {
    await using server = await fakeNessus({ report: () => nessusFile('x', [reportHost('127.0.0.1')]) });
    const targets = [member('127.0.0.0/31', '127.0.0.0'), member('127.0.0.0/31', '127.0.0.1')];
    const ran = await runScan(nessusScanner(poolOf([nessusAt(server.url)])), targets);
    expect(coverageOf(ran)).toEqual(['127.0.0.0 down', '127.0.0.1 reached']);
  });
});

describe('a run of nessus that is stopped', () => {
  it.each([
    ['stops its scan', true, ['POST /scans/11/stop'], 'canceled'],
    ['kills a scan that does not stop', false, ['POST /scans/11/stop', 'POST /scans/11/kill'], 'aborted'],
  ])('%s, and keeps what there is', async (_, stops, asked, status) => {
    await using server = await fakeNessus({ stops, steps: Array(200).fill('running') });
    const scanner = nessusScanner(poolOf([nessusAt(server.url, { afterScan: 'keep' })]));
    const ran = await runScan(scanner, TARGETS, {}, async ({ stop }) => {
      await expect.poll(() => server.scans.get(11)?.status).toBe('running');
      stop.now('cancelled');
    });
    expect(server.requests.filter((line) => /stop|kill/.test(line))).toEqual(asked);
    expect(server.scans.get(11)?.status).toBe(status);
    expect(ran.stopped).toBe('cancelled');
    expect(coverageOf(ran)).toEqual(['127.0.0.1 reached', 'www.example.com timed_out']);
    expect(ran.list).toHaveLength(4);
  });

  it('kills a scan that cannot be told to stop in the state it is in', async () => {
    await using server = await fakeNessus({ steps: Array(200).fill('running') });
    server.faults.push({ when: /stop$/, effect: 409, times: 1 });
    const scanner = nessusScanner(poolOf([nessusAt(server.url, { afterScan: 'keep' })]));
    await runScan(scanner, TARGETS, {}, async ({ stop }) => {
      await expect.poll(() => server.scans.get(11)?.status).toBe('running');
      stop.now('cancelled');
    });
    expect(server.scans.get(11)?.status).toBe('aborted');
  });

  it('goes on when its scan came to an end by itself in that moment', async () => {
    await using server = await fakeNessus({ steps: Array(200).fill('running') });
    server.faults.push({ when: /stop$/, effect: 409, times: 1 });
    const ran = await runScan(nessusScanner(poolOf([nessusAt(server.url)])), TARGETS, {}, async ({ stop }) => {
      await expect.poll(() => server.scans.get(11)?.status).toBe('running');
      Object.assign(server.scans.get(11) as object, { status: 'completed', steps: [] });
      stop.now('deadline');
    });
    expect(ran.stopped).toBe('deadline');
    expect([...server.scans.values()]).toEqual([]);
  });
});

describe('an attempt', () => {
  it('ends what an earlier one left on any server, before it asks whether there is room', async () => {
    await using one = await fakeNessus();
    await using two = await fakeNessus();
    one.occupy(`${JOB}/0`);
    two.occupy('scanfleet 019a0000-0000-7000-8000-000000000002/0001/1');
    const pool = poolOf([
      nessusAt(one.url, { maxConcurrentScans: 1 }),
      nessusAt(two.url, { name: 'two', maxConcurrentScans: 1 }),
    ]);
    const ran = await runScan(nessusScanner(pool), TARGETS);
    expect(ran.outcome).toEqual({ ok: true });
    expect([one.scans.size, two.scans.get(11)?.status]).toEqual([0, 'running']);
  });
});

describe('of several instances', () => {
  it('the one that is loaded least gets the scan', async () => {
    await using one = await fakeNessus();
    await using two = await fakeNessus();
    for (const name of ['a', 'b']) one.occupy(name);
    two.occupy('c');
    two.occupy('d', 'paused');
    await runScan(nessusScanner(poolOf([nessusAt(one.url), nessusAt(two.url, { name: 'two' })])), TARGETS);
    expect([one, two].map(({ requests }) => requests.includes('POST /scans'))).toEqual([false, true]);
  });

  it('one that is named gets it, and another one that is down does not matter', async () => {
    await using one = await fakeNessus();
    await using two = await fakeNessus();
    await two[Symbol.asyncDispose]();
    const pool = poolOf([
      nessusAt(two.url, { name: 'two' }),
      nessusAt(one.url),
      nessusAt(one.url, { name: 'off', enabled: false }),
    ]);
    expect((await runScan(nessusScanner(pool), TARGETS, { instance: 'one' })).outcome).toEqual({ ok: true });
    expect((await runScan(nessusScanner(pool), TARGETS)).outcome).toEqual({ ok: true });
    expect((await runScan(nessusScanner(pool), TARGETS, { instance: 'off' })).outcome).toMatchObject({
      error: { code: 'scanner_unavailable', retryable: false },
    });
  });

  it('one that does not let us scan is told of, and the next gets it', async () => {
    await using one = await fakeNessus({ hasApi: false });
    await using two = await fakeNessus();
    const pool = poolOf([nessusAt(one.url), nessusAt(two.url, { name: 'two' })]);
    expect((await runScan(nessusScanner(pool), TARGETS)).outcome).toEqual({ ok: true });
    expect(pool.published.get('one')).toMatchObject({
      available: false,
      reason: expect.stringContaining('scans only by hand'),
    });
  });

  it('none has room: the task is busy, and has not failed', async () => {
    await using server = await fakeNessus();
    server.occupy();
    const ran = await runScan(nessusScanner(poolOf([nessusAt(server.url, { maxConcurrentScans: 1 })])), TARGETS);
    expect(ran.outcome).toMatchObject({
      ok: false,
      busy: true,
      error: { message: 'every Nessus is full (one 1 of 1)' },
    });
    expect(server.requests).not.toContain('POST /scans');
  });

  it('two workers that saw the same room do not both take it', async () => {
    await using server = await fakeNessus({ steps: Array(30).fill('running').concat('completed') });
    const run = () => runScan(nessusScanner(poolOf([nessusAt(server.url, { maxConcurrentScans: 1 })])), TARGETS);
    const outcomes = (await Promise.all([run(), run(), run()])).map(({ outcome }) => outcome);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(outcomes.filter((outcome) => 'busy' in outcome)).toHaveLength(2);
    expect(server.scans.size).toBe(0);
  });
});

describe('a server that repeats what it was sent', () => {
  it('does not bring keys into an error', async () => {
    const echo = createServer((request, response) => {
      response.writeHead(400).end(JSON.stringify({ error: `bad: ${request.headers['x-apikeys']}` }));
    }).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const url = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
    const ran = await runScan(nessusScanner(poolOf([nessusAt(url)])), TARGETS);
    echo.close();
    expect(ran.outcome).toMatchObject({
      error: { code: 'nessus_refused', message: expect.stringContaining('(400: bad: ') },
    });
    expect(JSON.stringify(ran)).not.toContain('key-of-the-tests');
  });
});

describe('a check', () => {
  it('asks every instance, tells how each does, and is content with one', async () => {
    await using server = await fakeNessus();
    server.occupy();
    const pool = poolOf([
      nessusAt(server.url),
      nessusAt(server.url, { name: 'wrong', credentials: { environment: 'SCANFLEET_SECRET_WRONG' } }),
    ]);
    expect(await nessusScanner(pool).check()).toEqual({ available: true, version: 'one 10.8.3' });
    expect(pool.published.get('one')).toMatchObject({ available: true, version: '10.8.3', runningScans: 1 });
    expect(pool.published.get('wrong')).toMatchObject({
      available: false,
      reason: expect.stringContaining('Nessus wrong refuses'),
    });
  });

  it('says for good why none can be used, and rejects for what may pass', async () => {
    const nothing = await nessusScanner(poolOf([])).check();
    expect(nothing).toMatchObject({ available: false, reason: expect.stringContaining('no enabled instance') });
    await using server = await fakeNessus();
    const wrong = nessusAt(server.url, { credentials: { environment: 'SCANFLEET_SECRET_WRONG' } });
    expect(await nessusScanner(poolOf([wrong])).check()).toMatchObject({ available: false });
    server.faults.push({ when: /status$/, effect: 503, times: Infinity });
    await expect(nessusScanner(poolOf([nessusAt(server.url)])).check()).rejects.toMatchObject({
      code: 'nessus_unavailable',
    });
  });

  it('is not stopped by a bucket that does not take what it saw', async () => {
    await using server = await fakeNessus();
    const publish = () => Promise.reject(new Error('no bucket'));
    expect(await nessusScanner(poolOf([nessusAt(server.url)], { publish })).check()).toMatchObject({ available: true });
  });
});

describe('a server with a certificate of its own authority', () => {
  let folder: string;
  let tls: { key: string; cert: string };
  let ca: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nessus-tls-'));
    const path = (name: string) => join(folder, name);
    const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
    const key = (name: string) => ['-newkey', 'rsa:2048', '-nodes', '-keyout', path(name)];
    openssl('req', '-x509', '-days', '2', ...key('ca.key'), '-subj', '/CN=our authority', '-out', path('ca.pem'));
    openssl(
      ...[
        'req',
        '-x509',
        '-days',
        '2',
        ...key('key.pem'),
        '-subj',
        '/CN=127.0.0.1',
        '-addext',
        'subjectAltName=IP:127.0.0.1',
      ],
      ...['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-out', path('cert.pem')],
    );
    const read = (name: string) => readFileSync(path(name), 'utf8');
    [tls, ca] = [{ key: read('key.pem'), cert: read('cert.pem') }, read('ca.pem')];
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['in the file', () => ({ ca })],
    ['in a file of its own', () => ({ caFile: join(folder, 'ca.pem') })],
  ])('is used when that is named %s', async (_, given) => {
    const { ran } = await scanned({ tls }, { tls: given() });
    expect(ran.outcome).toEqual({ ok: true });
  });

  it.each([
    ['nobody named it', undefined, 'tls.ca must name who signed it'],
    ['its file is not there', { caFile: '/nonexistent/ca.pem' }, '/nonexistent/ca.pem'],
  ])('is told nothing when %s', async (_, given, said) => {
    const { ran, server } = await scanned({ tls }, given === undefined ? {} : { tls: given });
    expect(ran.outcome).toMatchObject({
      error: { code: 'nessus_untrusted', retryable: false, message: expect.stringContaining(said) },
    });
    expect(server.requests).toEqual([]);
  });
});

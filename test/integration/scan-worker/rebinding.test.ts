/** Names that are bound anew between the check and the scan: a name server of our own, the worker's own loop, stand-in and real scanners. */
import { spawnSync } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Resolve } from '#containers/scan-worker/prepare.ts';
import { runProcess } from '#containers/scan-worker/process.ts';
import { resolveBy } from '#containers/scan-worker/resolve.ts';
import type { ScanTarget } from '#containers/scan-worker/scanner.ts';
import { gobusterScanner } from '#containers/scan-worker/scanners/gobuster/scanner.ts';
import { nmapScanner } from '#containers/scan-worker/scanners/nmap/scanner.ts';
import { readPolicy } from '#shared/target/policy.ts';
import { type Answer, type DnsServer, startDnsServer } from '#test/support/dns-server.ts';
import { webServer } from '#test/support/dying-server.ts';
import { fakeScanner } from '#test/support/fake-scanner.ts';
import { type Fleet, startFleet } from '#test/support/fleet.ts';
import { hasGobuster } from '#test/support/gobuster.ts';
import { runScan } from '#test/support/run-scan.ts';
import { stubScanner } from '#test/support/stub-scanner.ts';

/** Allowed when it is looked at, and something else ever after. */
const reboundTo = (address: string): Answer[] => [{ addresses: ['127.0.0.1'] }, { addresses: [address] }];
const ZONE = {
  'inner.example.com': reboundTo('127.0.0.2'),
  'metadata.example.com': reboundTo('169.254.169.254'),
  'mixed.example.com': [{ addresses: ['127.0.0.1', '127.0.0.2'] }],
  'away.example.com': [{ fails: 'SERVFAIL' as const }],
};
const POLICY = readPolicy(
  {
    default: 'deny',
    allow: [{ cidr: '127.0.0.1/32', reason: 'this machine' }],
    deny: [{ cidr: '127.0.0.2/32', reason: 'the inner one' }],
  },
  'allow',
);
const policy = async () => POLICY;

let fleet: Fleet;
let server: DnsServer;
let resolve: Resolve;
/** What the stand-in was given to scan, run by run. */
let given: (readonly ScanTarget[])[];
beforeEach(async () => {
  [fleet, server] = await Promise.all([startFleet(), startDnsServer(ZONE)]);
  const dns = new Resolver({ timeout: 1_000, tries: 1 });
  dns.setServers([server.address]);
  resolve = resolveBy({ dns, hosts: async () => undefined });
  given = [];
});
afterEach(async () => {
  await fleet.close();
  await server[Symbol.asyncDispose]();
});

/** Prints what it was given as reached, and ends with `code`. */
const standIn = (code = 0) =>
  stubScanner({
    command({ targets }) {
      given.push(targets);
      const lines = targets.map(({ address }) => `host ${address} reached\n`);
      return fakeScanner('print', lines.join(''), 'exit', String(code));
    },
  });

describe('a name that is bound anew after the check', () => {
  it.each(['inner', 'metadata'])(
    '%s.example.com is scanned at the address that was checked, and asked for once',
    async (label) => {
      const name = `${label}.example.com`;
      const { jobId } = await fleet.submit([name]);
      fleet.work(standIn(), { resolve, policy });
      expect(await fleet.ended(jobId)).toMatchObject({ status: 'completed', summary: { verdict: 'clean' } });
      expect(given).toEqual([[{ target: name, host: name, address: '127.0.0.1' }]]);
      expect(server.asked.toSorted()).toEqual([`A ${name}`, `AAAA ${name}`]);
      expect(await resolve(name)).not.toEqual(['127.0.0.1']);
    },
  );

  it('is looked at again when the task is tried again, and denied then', async () => {
    const { jobId } = await fleet.submit(['inner.example.com']);
    fleet.work(standIn(75), { resolve, policy });
    expect(await fleet.ended(jobId)).toMatchObject({ status: 'completed', summary: { verdict: 'no_verdict' } });
    expect(given).toHaveLength(1);
    expect(fleet.denied).toMatchObject([
      {
        by: 'worker',
        jobId,
        targets: [
          { target: 'inner.example.com', address: '127.0.0.2', code: 'denied_by_rule', reason: 'the inner one' },
        ],
      },
    ]);
  });
});

it('a name with one forbidden address is not scanned at the others, and one without an answer is unresolved', async () => {
  const { jobId } = await fleet.submit(['mixed.example.com', 'away.example.com', '127.0.0.1']);
  fleet.work(standIn(), { resolve, policy });
  expect(await fleet.ended(jobId)).toMatchObject({ summary: { verdict: 'incomplete', covered: 1, uncovered: 2 } });
  expect(given.flat().map(({ host }) => host)).toEqual(['127.0.0.1']);
  const { result } = await fleet.task(jobId, ({ status }) => status === 'completed');
  expect(result?.coverage).toMatchObject([{ denied: 1, unresolved: 1, reached: 1 }]);
});

describe('the real scanner', () => {
  it.skipIf(spawnSync('nmap', ['--version']).status !== 0)(
    'nmap (skipped where it is not installed) asks no name server',
    async () => {
      await using web = await webServer({ pages: {} });
      const ports = new URL(web.url).port;
      const { jobId, tenant } = await fleet.submit(['inner.example.com'], { options: { ports } });
      fleet.work(nmapScanner({ run: runProcess, privileged: false }), { resolve, policy });
      expect(await fleet.ended(jobId)).toMatchObject({ status: 'completed', findings: 1 });
      expect(JSON.parse(await fleet.read(`results/${tenant}/${jobId}/0001/1/findings.ndjson.gz`))).toMatchObject({
        location: { host: 'inner.example.com', ip: '127.0.0.1', port: Number(ports) },
      });
      expect(server.asked).toHaveLength(2);
    },
  );

  it.skipIf(!hasGobuster)('gobuster (skipped where it is not installed) asks the address by the name', async () => {
    await using web = await webServer({ pages: { '/robots.txt': 'hello' } });
    const { port } = new URL(web.url);
    const target = `http://inner.example.com:${port}/`;
    const [address = ''] = await resolve('inner.example.com');
    const ran = await runScan(gobusterScanner({ run: runProcess }), [{ target, host: target, address }]);
    expect(ran.coverage).toMatchObject([{ status: 'reached', address: '127.0.0.1' }]);
    expect(new Set(web.requests.map(({ host }) => host))).toEqual(new Set([`inner.example.com:${port}`]));
  });
});

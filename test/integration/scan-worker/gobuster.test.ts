/** The real gobuster against web servers on loopback. Skipped, and counted as that, where gobuster is not installed. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { runProcess } from '#containers/scan-worker/process.ts';
import { gobusterScanner } from '#containers/scan-worker/scanners/gobuster/scanner.ts';
import { WORDS } from '#containers/scan-worker/word-lists/index.ts';
import { webServer } from '#test/support/dying-server.ts';
import { hasGobuster } from '#test/support/gobuster.ts';
import { named } from '#test/support/nmap.ts';
import { runScan } from '#test/support/run-scan.ts';

const scanner = gobusterScanner({ run: runProcess });
const at = (url: string) => named(url, '127.0.0.1');

describe.skipIf(!hasGobuster)('gobuster (skipped where it is not installed)', () => {
  it('says its version', async () => {
    expect(await scanner.check()).toEqual({ available: true, version: expect.stringMatching(/^3\./) });
  });

  it('finds paths, does not follow redirects, and covers a target that answers every request', async () => {
    const answers = { pages: { '/robots.txt': 'hello', '/elsewhere': '' }, redirects: { '/admin': '/elsewhere' } };
    await using server = await webServer(answers);
    const ran = await runScan(scanner, [at(server.url)]);
    expect(ran.outcome).toEqual({ ok: true });
    expect(ran.coverage).toMatchObject([{ status: 'reached', technique: 'dir' }]);
    expect(ran.list.map(({ location, evidence }) => [location.url, evidence]).sort()).toEqual([
      [`${server.url}admin`, 'Status 301, 0 bytes, leads to /elsewhere'],
      [`${server.url}robots.txt`, 'Status 200, 5 bytes'],
    ]);
    expect(ran.raw).toContain('/robots.txt');
    expect(server.requests.map(({ path }) => path)).not.toContain('/elsewhere');
    for (const word of WORDS.paths) expect(server.requests.map(({ path }) => path)).toContain(`/${word}`);
  });

  it('asks a name at the address that was checked, by its name', async () => {
    await using server = await webServer({ pages: { '/robots.txt': 'hello' } });
    const { port } = new URL(server.url);
    const ran = await runScan(scanner, [at(`http://app.invalid:${port}/`)]);
    expect(ran.coverage).toMatchObject([{ status: 'reached' }]);
    expect(ran.list.map(({ location }) => location.url)).toEqual([`http://app.invalid:${port}/robots.txt`]);
    expect(new Set(server.requests.map(({ host }) => host))).toEqual(new Set([`app.invalid:${port}`]));
  });

  it('does not cover a target that dies in mid-scan, though gobuster ends with code 0', async () => {
    await using server = await webServer({ pages: { '/.env': 'x' }, diesAfter: 100 });
    const ran = await runScan(scanner, [at(server.url)]);
    expect(ran.runs[0]?.exit.code).toBe(0);
    expect(ran.coverage).toMatchObject([
      { status: 'not_scanned', reason: expect.stringMatching(/^\d+ requests failed, the first: Get/) },
    ]);
    expect(ran.list).toHaveLength(1);
  });

  it('tells a target that is away, and one that answers everything, from one without findings', async () => {
    await using everything = await webServer({ pages: {}, everything: 'yes' });
    await using nothing = await webServer({ pages: {} });
    const gone = await webServer({ pages: {} });
    await gone[Symbol.asyncDispose]();
    const ran = await runScan(scanner, [at(gone.url), at(everything.url), at(nothing.url)]);
    expect(ran.outcome).toEqual({ ok: true });
    expect(ran.coverage.map(({ status }) => status)).toEqual(['down', 'not_scanned', 'reached']);
    expect(ran.list).toEqual([]);
  });

  it('finds virtual hosts', async () => {
    const server = createServer((request, response) => {
      const isAdmin = request.headers.host?.startsWith('admin.');
      response.writeHead(isAdmin ? 200 : 404).end(isAdmin ? 'the admin' : 'nobody');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ran = await runScan(scanner, [at(`http://app.invalid:${port}/`)], { mode: 'vhost' });
    server.close();
    expect(ran.coverage).toMatchObject([{ status: 'reached', technique: 'vhost' }]);
    expect(ran.list.map(({ rule, location }) => [rule, location.url])).toEqual([
      ['found-virtual-host', `http://admin.app.invalid:${port}/`],
    ]);
  });

  it('stops when it is told to, and keeps what it had found', async () => {
    await using server = await webServer({ pages: { '/.DS_Store': 'x' } });
    const ran = await runScan(scanner, [at(server.url)], {}, async ({ stop }) => {
      await expect.poll(() => server.requests.length, { timeout: 20_000 }).toBeGreaterThan(50);
      stop.now('cancelled');
    });
    expect(ran.stopped).toBe('cancelled');
    expect(ran.coverage).toMatchObject([{ status: 'not_scanned' }]);
    expect(ran.list.map(({ title }) => title)).toEqual(['Path /.DS_Store (200)']);
  });
});

/** The real Chromium with axe-core against sites on loopback. Skipped, and counted as that, where Chromium is not installed. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { runProcess } from '#containers/scan-worker/process.ts';
import type { ScanTarget } from '#containers/scan-worker/scanner.ts';
import { axeScanner } from '#containers/scan-worker/scanners/axe/scanner.ts';
import { ScannerSettings } from '#containers/scan-worker/scanners/settings.ts';
import { hasChromium } from '#test/support/axe.ts';
import { named } from '#test/support/nmap.ts';
import { descendantsOf, type Running, runningWith } from '#test/support/processes.ts';
import { runScan } from '#test/support/run-scan.ts';
import { answering, htmlPage, siteServer } from '#test/support/site-server.ts';

const { AXE_RUNNER: runner, CHROMIUM_BINARY: chromium } = ScannerSettings.parse({});
const scanner = axeScanner({ run: runProcess, settings: { chromium, runner } });
const at = (url: string, address = '127.0.0.1'): ScanTarget => named(url, address);

const NO_ALT = '<img src="/picture.png">';
const PALE = '<p style="color:#aaa;background:#fff">pale</p>';
const links = (...paths: string[]) => paths.map((path) => `<p><a href="${path}">To ${path}</a></p>`).join('');

/** What became of one page of each path, by path. */
async function results(pages: Parameters<typeof siteServer>[0], options: Readonly<Record<string, unknown>> = {}) {
  await using site = await siteServer(pages);
  const targets = Object.keys(pages).map((path) => at(new URL(path, site.url).href));
  const ran = await runScan(scanner, targets, options);
  expect(ran.outcome).toEqual({ ok: true });
  return { ran, site, of: ran.coverage.map(({ status, pages: [page] = [] }) => [status, page?.result, page?.detail]) };
}

/** The browser of a scan, once it is at work: all that names its profile, also what no longer has a parent of ours. */
async function browserProcesses(): Promise<{ readonly profile: string; readonly browser: readonly Running[] }> {
  const PROFILE = /--user-data-dir=(\S+)/;
  const renderer = async () =>
    (await descendantsOf(process.pid)).find(
      ({ command }) => command.includes('--type=renderer') && PROFILE.test(command),
    );
  await expect.poll(renderer, { timeout: 30_000 }).toBeDefined();
  const profile = PROFILE.exec((await renderer())?.command ?? '')?.[1] ?? '';
  return { profile, browser: await runningWith(profile) };
}

const gone = (profile: string) => expect.poll(() => runningWith(profile), { timeout: 10_000 }).toEqual([]);

describe.skipIf(!hasChromium)('axe (skipped where Chromium is not installed)', () => {
  it('says the versions of both', async () => {
    expect(await scanner.check()).toEqual({
      available: true,
      version: expect.stringMatching(/^4\.\d+\.\d+, Chromium \d+\./),
    });
  });

  it.each([
    [{ chromium: 'no-chromium', runner }, 'Chromium is not installed: there is no program no-chromium'],
    [{ chromium, runner: '/nowhere/main.ts' }, /axe .*--version did not say a version/],
  ])('with %j says why not', async (settings, reason) => {
    expect(await axeScanner({ run: runProcess, settings }).check()).toEqual({
      available: false,
      reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
    });
  });

  it('finds what is wrong with a page, twice the same, and nothing on a page without faults', async () => {
    await using site = await siteServer({ '/bad': htmlPage(NO_ALT + PALE), '/good': htmlPage('<p>fine</p>') });
    const scan = () => runScan(scanner, [at(`${site.url}bad`), at(`${site.url}good`)]);
    const [first, second] = [await scan(), await scan()];
    expect(first.coverage.map(({ status, technique }) => [status, technique])).toEqual([
      ['reached', 'testing'],
      ['reached', 'testing'],
    ]);
    expect(first.list.map(({ rule, severity, location }) => [rule, severity, location.url, location.selector])).toEqual(
      [
        ['color-contrast', 'medium', `${site.url}bad`, 'p'],
        ['image-alt', 'high', `${site.url}bad`, 'img'],
      ],
    );
    expect(second.list.map(({ id }) => id)).toEqual(first.list.map(({ id }) => id));
    expect(first.raw).toContain('"testEngine":{"name":"axe-core"');
  });

  it('tests the rules that were asked for, on what was asked for', async () => {
    const pages = {
      '/': htmlPage(`<div id="a">${NO_ALT}</div><div id="b">${NO_ALT}</div><p style="color:#666">grey</p>`),
    };
    const rulesWith = async (options: Readonly<Record<string, unknown>>) =>
      (await results(pages, options)).ran.list.map(({ rule, location }) => `${rule} ${location.selector}`);
    expect(await rulesWith({ include: ['#a', '#gone'], standards: ['wcag2a'] })).toEqual(['image-alt #a > img']);
    expect(await rulesWith({ exclude: ['img'], standards: ['wcag2aaa'] })).toEqual(['color-contrast-enhanced p']);
  });

  it('tests no error page, text, or page that has nothing of what was asked for', async () => {
    const { of } = await results(
      {
        '/missing': answering(404, { 'content-type': 'text/html' }, htmlPage(NO_ALT)),
        '/broken': answering(500, { 'content-type': 'text/html' }),
        '/text': answering(200, { 'content-type': 'text/plain' }, 'text'),
        '/file': answering(200, { 'content-type': 'text/html', 'content-disposition': 'attachment' }, htmlPage(NO_ALT)),
        '/nothing': htmlPage(NO_ALT),
      },
      { include: ['#form'] },
    );
    expect(of).toEqual([
      ['not_scanned', 'status', '404'],
      ['not_scanned', 'status', '500'],
      ['not_scanned', 'not_html', 'text/plain'],
      ['not_scanned', 'not_html', 'a file to be kept'],
      ['not_scanned', 'nothing_selected', undefined],
    ]);
  });

  it('goes nowhere but to the site: redirects, scripts, frames and sockets reach nobody else', async () => {
    await using other = await siteServer({ '/': htmlPage(''), '/x.js': 'document.title = ""' });
    const udp = createSocket('udp4').bind(0, '127.0.0.1');
    await once(udp, 'listening');
    const heard: Buffer[] = [];
    udp.on('message', (message) => heard.push(message));
    const stun = `stun:127.0.0.1:${(udp.address() as AddressInfo).port}`;
    const { of, ran } = await results({
      '/away': answering(302, { location: other.url }),
      '/name': answering(302, { location: 'http://elsewhere.invalid/' }),
      '/script-away': htmlPage(`<script>location.href = ${JSON.stringify(other.url)}</script>`),
      '/refresh': htmlPage('', `<meta http-equiv="refresh" content="0;url=${other.url}">`),
      '/guests': htmlPage(
        `<script src="${other.url}x.js"></script><iframe title="other" src="${other.url}"></iframe>` +
          `<script>new WebSocket("${other.url.replace('http', 'ws')}"); window.open("${other.url}"); fetch("${other.url}").catch(() => 0);` +
          `const peer = new RTCPeerConnection({ iceServers: [{ urls: "${stun}" }] }); peer.createDataChannel("x");` +
          `peer.createOffer().then((offer) => peer.setLocalDescription(offer));</script>`,
      ),
      '/within': answering(301, { location: '/guests' }),
    });
    udp.close();
    expect(other.asked).toEqual([]);
    expect(heard).toEqual([]);
    expect(of).toEqual([
      ['not_scanned', 'redirected_away', `leads to ${other.url}`],
      ['not_scanned', 'redirected_away', 'leads to http://elsewhere.invalid/'],
      ['not_scanned', 'redirected_away', `leads to ${other.url}`],
      ['not_scanned', 'redirected_away', `leads to ${other.url}`],
      ['reached', 'tested', undefined],
      ['reached', 'tested', undefined],
    ]);
    expect(ran.coverage[4]?.reason).toMatch(/requests to other places not made/);
  });

  it('asks a name at the address that was checked, also by IPv6', async () => {
    await using site = await siteServer({ '/': htmlPage(NO_ALT) });
    await using six = await siteServer({ '/': htmlPage(NO_ALT) }, '::1');
    const ran = await runScan(scanner, [
      at(`http://app.invalid:${site.port}/`),
      at(`http://six.invalid:${six.port}/`, '::1'),
      at(six.url, '::1'),
    ]);
    expect(ran.coverage.map(({ status }) => status)).toEqual(['reached', 'reached', 'reached']);
    expect([...site.hosts, ...six.hosts]).toEqual([
      `app.invalid:${site.port}`,
      `six.invalid:${six.port}`,
      `[::1]:${six.port}`,
    ]);
    expect(ran.list.map(({ location }) => [location.host, location.ip])).toEqual([
      ['app.invalid', '127.0.0.1'],
      ['six.invalid', '::1'],
      ['::1', '::1'],
    ]);
  });

  it('tells a target that is away, one that is slow, and one that cannot do TLS', async () => {
    await using site = await siteServer({ '/slow': () => undefined, '/loop': htmlPage('<script>for (;;);</script>') });
    const gone = await siteServer({});
    await gone[Symbol.asyncDispose]();
    const urls = [gone.url, `${site.url}slow`, `${site.url}loop`, `https://127.0.0.1:${site.port}/`];
    const ran = await runScan(
      scanner,
      urls.map((url) => at(url)),
      { pageTimeoutSeconds: 3 },
    );
    expect(ran.outcome).toEqual({ ok: true });
    expect(ran.coverage.map(({ status, pages }) => [status, pages?.[0]?.result, pages?.[0]?.detail])).toEqual([
      ['down', 'unreachable', 'ERR_CONNECTION_REFUSED'],
      ['timed_out', 'timeout', undefined],
      ['timed_out', 'timeout', undefined],
      ['not_scanned', 'tls', 'ERR_SSL_PROTOCOL_ERROR'],
    ]);
  });

  it('loses only the page that takes too much memory, and with it the target', async () => {
    const greedy = '<script>const kept = []; for (;;) kept.push(new Uint8Array(5e7).fill(1));</script>';
    await using site = await siteServer({
      '/': htmlPage(links('/greedy', '/last')),
      '/greedy': htmlPage(greedy),
      '/last': htmlPage(NO_ALT),
    });
    const ran = await runScan(scanner, [at(site.url)], { mode: 'discovery' });
    expect(ran.outcome).toEqual({ ok: true });
    expect(ran.coverage).toMatchObject([
      {
        status: 'not_scanned',
        reason: `1 of 3 pages could not be tested, the first: ${site.url}greedy: crashed (took more than 1 GiB of memory)`,
      },
    ]);
    expect(ran.list.map(({ location }) => location.url)).toEqual([`${site.url}last`]);
  });

  it('refuses what is no selector', async () => {
    await using site = await siteServer({ '/': htmlPage('') });
    const ran = await runScan(scanner, [at(site.url)], { exclude: ['p', '[['] });
    expect(ran.outcome).toMatchObject({
      ok: false,
      error: { code: 'scanner_refused', message: expect.stringContaining('"[[" is no CSS selector'), retryable: false },
    });
    expect(site.asked).toEqual([]);
  });
});

describe.skipIf(!hasChromium)('discovery (skipped where Chromium is not installed)', () => {
  const SITE = {
    '/robots.txt': answering(200, { 'content-type': 'text/plain' }, 'User-agent: *\nDisallow: /private\n'),
    '/': htmlPage(links('/b', '/b#part', '/c', '/private/x', '/missing', '/paper.pdf', 'http://elsewhere.invalid/')),
    '/b': htmlPage(links('/', '/d')),
    '/c': answering(302, { location: '/b' }),
    '/d': htmlPage(NO_ALT),
    '/private/x': htmlPage(NO_ALT),
  };

  it('tests what the first page leads to, each page once, and leaves out what robots.txt closes', async () => {
    await using site = await siteServer(SITE);
    const ran = await runScan(scanner, [at(site.url)], { mode: 'discovery' });
    const [entry] = ran.coverage;
    expect(entry).toMatchObject({ status: 'reached', technique: 'discovery', reason: '3 of 5 pages tested' });
    expect(entry?.pages?.map(({ url, result }) => [new URL(url).pathname, result])).toEqual([
      ['/', 'tested'],
      ['/b', 'tested'],
      ['/missing', 'status'],
      ['/d', 'tested'],
      ['/private/x', 'robots'],
    ]);
    expect(site.asked).not.toContain('/private/x');
    expect(site.asked).not.toContain('/paper.pdf');
    expect(ran.list.map(({ location }) => location.url)).toEqual([`${site.url}d`]);
  });

  it('ends at its limit, and says so', async () => {
    await using site = await siteServer(SITE);
    const ran = await runScan(scanner, [at(site.url)], { mode: 'discovery', maxPages: 1, respectRobots: false });
    expect(ran.coverage).toMatchObject([
      { status: 'reached', reason: 'the page limit left 4 more that are known unopened' },
    ]);
    expect(site.asked).not.toContain('/robots.txt');
  });

  it.each([
    ['closes all', answering(200, { 'content-type': 'text/plain' }, 'User-agent: scanfleet\nDisallow: /')],
    ['cannot be had', answering(503, {})],
  ])('of a site whose robots.txt %s opens no page', async (_, robots) => {
    await using site = await siteServer({ ...SITE, '/robots.txt': robots });
    const ran = await runScan(scanner, [at(site.url)], { mode: 'discovery' });
    expect(ran.coverage).toMatchObject([{ status: 'not_scanned', reason: 'robots' }]);
    expect(site.asked).not.toContain('/');
  });
});

describe.skipIf(!hasChromium)('a stop (skipped where Chromium is not installed)', () => {
  const SITE = { '/': htmlPage(NO_ALT + links('/loop')), '/loop': htmlPage('<script>for (;;);</script>') };

  it('in mid-run ends runner and browser, and keeps what was found', async () => {
    await using site = await siteServer(SITE);
    let found: Awaited<ReturnType<typeof browserProcesses>> = { profile: '', browser: [] };
    const ran = await runScan(scanner, [at(site.url)], { mode: 'discovery' }, async ({ stop }) => {
      await expect.poll(() => site.asked.includes('/loop'), { timeout: 30_000 }).toBe(true);
      found = await browserProcesses();
      stop.now('cancelled');
    });
    expect(ran.stopped).toBe('cancelled');
    expect(ran.coverage).toMatchObject([{ status: 'not_scanned', reason: 'axe was stopped by a cancel' }]);
    expect(ran.list.map(({ rule }) => rule)).toEqual(['image-alt']);
    expect(found.browser.length).toBeGreaterThan(3);
    await gone(found.profile);
  });

  it('by SIGKILL of the runner leaves nothing behind, and is a failure', async () => {
    await using site = await siteServer(SITE);
    let profile = '';
    const ran = await runScan(scanner, [at(site.url)], { mode: 'discovery' }, async () => {
      await expect.poll(() => site.asked.includes('/loop'), { timeout: 30_000 }).toBe(true);
      ({ profile } = await browserProcesses());
      const own = (await descendantsOf(process.pid)).find(({ command }) => command.endsWith(runner));
      process.kill(own?.pid ?? 0, 'SIGKILL');
    });
    expect(ran.outcome).toMatchObject({ ok: false, error: { code: 'oom', retryable: true } });
    expect(ran.coverage).toMatchObject([{ status: 'not_scanned' }]);
    await gone(profile);
  });

  it('of the browser alone loses the page, and goes on with another', async () => {
    await using site = await siteServer({ ...SITE, '/': htmlPage(links('/loop', '/last')), '/last': htmlPage(NO_ALT) });
    const ran = await runScan(scanner, [at(`${site.url}`)], { mode: 'discovery' }, async () => {
      await expect.poll(() => site.asked.includes('/loop'), { timeout: 30_000 }).toBe(true);
      for (const { pid, command } of (await browserProcesses()).browser)
        if (!command.includes('--type=')) process.kill(pid, 'SIGKILL');
    });
    expect(ran.outcome).toEqual({ ok: true });
    expect(ran.coverage).toMatchObject([
      { status: 'not_scanned', pages: [{ result: 'tested' }, { result: 'crashed' }, { result: 'tested' }] },
    ]);
  });
});

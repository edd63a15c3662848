/** All pages of a run, one after the other: the target's own, and in discovery those it leads to. */
import type { Browser } from 'playwright-core';
import type { PageCoverage } from '#shared/finding/coverage.ts';
import type { RunnerProgress, RunnerRequest } from '../request.ts';
import { openBrowser } from './browser.ts';
import { type Crawl, crawl } from './crawl.ts';
import { fetchRobots } from './fetch-robots.ts';
import type { WriteLine } from './lines.ts';
import { type MemoryWatch, watchMemory } from './memory.ts';
import { pace } from './pace.ts';
import { ALL_ALLOWED } from './robots.ts';
import { refuseBadSelectors } from './selectors.ts';
import { type TestedPage, testPage } from './test-page.ts';

export interface Output {
  readonly page: WriteLine;
  readonly progress: WriteLine;
}

interface Session {
  readonly browser: Browser;
  readonly memory: MemoryWatch;
}

/** Rejects with SelectorError, or when there is no browser to be had. What goes wrong with a page is a line about that page. */
export async function testSite(request: RunnerRequest, output: Output): Promise<void> {
  const turn = pace(request.requestsPerSecond);
  const session = await begin(request);
  const pages = await crawlOf(session.browser, request, turn);
  const write = async (page: PageCoverage, tested?: TestedPage) => {
    await output.page({ page, blocked: tested?.blocked ?? 0, ...tested?.kept });
    await output.progress({ pages: pages.visited(), of: pages.known() } satisfies RunnerProgress);
  };
  await testAll(session, request, turn, pages, write);
  for (const url of pages.closed()) await write({ url, result: 'robots' });
  await output.page({ end: true, unvisited: pages.unvisited() });
}

async function crawlOf(browser: Browser, request: RunnerRequest, turn: () => Promise<void>): Promise<Crawl> {
  const { site, options } = request;
  await refuseIn(browser, [...options.include, ...options.exclude]);
  if (options.mode === 'testing') return crawl(site.url, { limit: 1, robots: ALL_ALLOWED });
  const robots = options.respectRobots ? await fetchRobots(browser, request, turn) : ALL_ALLOWED;
  return crawl(site.url, { limit: options.maxPages, robots });
}

/** A browser that a page took down is replaced. */
async function testAll(
  first: Session,
  request: RunnerRequest,
  turn: () => Promise<void>,
  pages: Crawl,
  write: (page: PageCoverage, tested: TestedPage) => Promise<void>,
): Promise<void> {
  let session = first;
  for (let url = pages.next(); url !== undefined; url = pages.next()) {
    if (!session.browser.isConnected()) session = await begin(request);
    const { browser, memory } = session;
    const kills = memory.kills();
    const tested = await testPage({ browser, turn, isDone: pages.isDone }, request, url);
    if (tested === undefined) continue;
    const { result, detail } = memory.kills() > kills ? TOO_LARGE : tested;
    if (result === 'tested') pages.done(tested.finalUrl);
    pages.found(tested.links);
    await write({ url, result, ...(detail === undefined ? {} : { detail }) }, tested);
  }
}

const TOO_LARGE = { result: 'crashed', detail: 'took more than 1 GiB of memory' } as const;

async function begin(request: RunnerRequest): Promise<Session> {
  const browser = await openBrowser(request);
  return { browser, memory: await watchMemory(browser) };
}

async function refuseIn(browser: Browser, selectors: readonly string[]): Promise<void> {
  if (selectors.length === 0) return;
  const page = await browser.newPage();
  await refuseBadSelectors(page, selectors);
  await page.close();
}

/** One page: opened, judged whether it is what it should be, tested. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page, Response } from 'playwright-core';
import type { PageCoverage } from '#shared/finding/coverage.ts';
import type { AxeOptions } from '#shared/scanner/axe.ts';
import type { RunnerRequest } from '../request.ts';
import { isWithin } from '../site.ts';
import { linksOf, withoutFragment } from './links.ts';
import { type KeptResult, keep } from './result.ts';
import { matching } from './selectors.ts';
import { type Visit, visiting } from './visit.ts';

/** Of a page that was not tested only why. */
export interface TestedPage extends Pick<PageCoverage, 'result' | 'detail'> {
  /** Where it was, after redirects. */
  readonly finalUrl: string;
  readonly links: readonly string[];
  readonly blocked: number;
  readonly kept?: KeptResult;
}

export interface TestDeps {
  readonly browser: Browser;
  /** Resolves when the next request may leave. */
  readonly turn: () => Promise<void>;
  /** Whether a page, as it turned out to be, was tested before. */
  readonly isDone: (finalUrl: string) => boolean;
}

type Fault = Pick<PageCoverage, 'result' | 'detail'>;

/** How long a page may be busy with itself after it was loaded: applications draw themselves then. */
const SETTLE_MS = 3_000;
/** What opening and closing take at most beside the page itself. */
const BROWSER_MS = 30_000;
const MAX_DETAIL_CHARS = 200;

/** Undefined for a page that was tested before under another URL. Rejects where the browser hangs, never for what a page does. */
export async function testPage(
  { browser, turn, isDone }: TestDeps,
  request: RunnerRequest,
  url: string,
): Promise<TestedPage | undefined> {
  const { site, options } = request;
  const test = async (visit: Visit): Promise<TestedPage | undefined> => {
    const { page } = visit;
    const fault = await opened(visit, request, url);
    const finalUrl = withoutFragment(page.url());
    const failed = ({ result, detail }: Fault) => ({
      ...{ result, detail: detail?.slice(0, MAX_DETAIL_CHARS), finalUrl, links: [], blocked: visit.blocked() },
    });
    if (fault !== undefined) return failed(fault);
    if (isDone(finalUrl)) return undefined;
    const links = options.mode === 'discovery' ? linksOf(await page.evaluate(ALL_LINKS), finalUrl) : [];
    const tested = await analysed(page, options);
    const away = leftFor(visit, site);
    if (away !== undefined) return failed(away);
    if (tested === undefined) return { ...failed({ result: 'nothing_selected' }), links };
    return { result: 'tested', finalUrl, links, blocked: visit.blocked(), kept: { ...tested, url: finalUrl } };
  };
  const untested = { finalUrl: url, links: [], blocked: 0 };
  const limitMs = options.pageTimeoutSeconds * 1_000;
  const timely = (visit: Visit) =>
    within<TestedPage | undefined>(limitMs, test(visit), () => ({ ...untested, result: 'timeout' }));
  const visited = visiting(browser, request, turn, timely).catch((error: unknown) => ({
    ...untested,
    ...faultOf(error),
  }));
  return within(limitMs + BROWSER_MS, visited, () => {
    throw new Error('the browser does not answer');
  });
}

/** What `work` comes to, or after `ms` what `otherwise` says. */
async function within<T>(ms: number, work: Promise<T>, otherwise: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  }).then(otherwise);
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Opens the page. Why it is none to test, if so. */
async function opened(visit: Visit, { site, options }: RunnerRequest, url: string): Promise<Fault | undefined> {
  const { page } = visit;
  try {
    await page.goto(url, { waitUntil: 'load', timeout: options.pageTimeoutSeconds * 1_000 });
    await page.waitForLoadState('networkidle', { timeout: SETTLE_MS }).catch(() => undefined);
  } catch (error) {
    return leftFor(visit, site) ?? refusedBy(visit.answer()) ?? faultOf(error);
  }
  return leftFor(visit, site) ?? refusedBy(visit.answer());
}

function leftFor({ page, away }: Visit, site: RunnerRequest['site']): Fault | undefined {
  const elsewhere = away() ?? (isWithin(site, page.url()) ? undefined : page.url());
  return elsewhere === undefined || elsewhere === 'about:blank' || elsewhere.startsWith('chrome-error:')
    ? undefined
    : { result: 'redirected_away', detail: `leads to ${elsewhere}` };
}

/** An error page would be tested like any other, and a text has nothing to find fault with. */
function refusedBy(answer: Response | undefined): Fault | undefined {
  if (answer === undefined) return undefined;
  if (!answer.ok()) return { result: 'status', detail: String(answer.status()) };
  if (/^\s*attachment\b/i.test(answer.headers()['content-disposition'] ?? ''))
    return { result: 'not_html', detail: 'a file to be kept' };
  const type = (answer.headers()['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return HTML_TYPES.includes(type) ? undefined : { result: 'not_html', detail: type || 'no content type' };
}

const HTML_TYPES = ['text/html', 'application/xhtml+xml'];

/** Chromium's own words (net/base/net_error_list.h). */
const WORDS: readonly { readonly word: RegExp; readonly result: PageCoverage['result'] }[] = [
  { word: /net::ERR_(?:CERT|SSL|BAD_SSL)_\w+/, result: 'tls' },
  { word: /net::ERR_ABORTED/, result: 'crashed' },
  { word: /net::ERR_\w+/, result: 'unreachable' },
];

function faultOf(error: unknown): Fault {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === 'TimeoutError') return { result: 'timeout' };
  for (const { word, result } of WORDS) {
    const said = word.exec(message)?.[0];
    if (said !== undefined) return { result, detail: said.replace('net::', '') };
  }
  return { result: 'crashed', detail: message.split('\n')[0] ?? '' };
}

const ALL_LINKS = `[...document.querySelectorAll('a[href], area[href]')].slice(0, 1000).map((link) => String(link.href))`;

/** Undefined where the page has nothing of what was to be tested. */
async function analysed(page: Page, options: AxeOptions): Promise<KeptResult | undefined> {
  const include = await matching(page, options.include);
  if (options.include.length > 0 && include.length === 0) return undefined;
  const builder = new AxeBuilder({ page }).options({
    runOnly: { type: 'tag', values: [...options.standards] },
    resultTypes: ['violations', 'incomplete'],
  });
  for (const selector of include) builder.include(selector);
  for (const selector of options.exclude) builder.exclude(selector);
  return keep(await builder.analyze(), options.needsReview);
}

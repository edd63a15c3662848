/** A visit to one page, as somebody who was never there: what it is watched for, and what may leave it. */
import type { Browser, BrowserContext, Page, Request, Response } from 'playwright-core';
import { AXE_VIEWPORTS } from '#shared/scanner/axe.ts';
import type { RunnerRequest } from '../request.ts';
import { isWithin } from '../site.ts';
import { PRODUCT_TOKEN } from './robots.ts';

export interface Visit {
  readonly page: Page;
  /** The newest answer to a request for the page itself, redirects included. */
  readonly answer: () => Response | undefined;
  /** Where outside the site the page was last about to go. */
  readonly away: () => string | undefined;
  /** Requests that were not made, as they would have gone elsewhere. */
  readonly blocked: () => number;
}

/** A page that does not go when it is told to is left to the end of the browser. */
const CLOSE_MS = 5_000;

/** Opens a page for `use`, and closes it with all it opened. */
export async function visiting<T>(
  browser: Browser,
  request: Pick<RunnerRequest, 'site' | 'options'>,
  turn: () => Promise<void>,
  use: (visit: Visit) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({
    ...{ serviceWorkers: 'block', acceptDownloads: false, ignoreHTTPSErrors: request.options.insecureTls },
    ...{ viewport: AXE_VIEWPORTS[request.options.viewport], userAgent: userAgentOf(browser) },
  });
  try {
    const page = await context.newPage();
    page.on('popup', (popup) => void popup.close().catch(() => undefined));
    return await use(await watched(context, page, request, turn));
  } finally {
    await Promise.race([context.close().catch(() => undefined), late(CLOSE_MS)]);
  }
}

const late = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref());

/** That of the same Chromium with a window, which sites serve like any other; and our own name, by which robots.txt calls us. */
const userAgentOf = (browser: Browser): string =>
  `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${browser.version().split('.')[0]}.0.0.0 Safari/537.36 ${PRODUCT_TOKEN}`;

/** Requests go out one by one, `turn` by `turn`, and to the site only. Redirects do not come by here: the browser can reach nobody else. */
async function watched(
  context: BrowserContext,
  page: Page,
  { site }: Pick<RunnerRequest, 'site'>,
  turn: () => Promise<void>,
): Promise<Visit> {
  let answer: Response | undefined;
  let away: string | undefined;
  let blocked = 0;
  page.on('request', (request) => {
    if (isForPage(request, page) && !isWithin(site, request.url())) away = request.url();
  });
  page.on('response', (response) => {
    if (isForPage(response.request(), page)) answer = response;
  });
  await context.route('**/*', async (route) => {
    if (!isWithin(site, route.request().url())) {
      blocked += 1;
      return route.abort('blockedbyclient').catch(() => undefined);
    }
    await turn();
    return route.continue().catch(() => undefined); // the page may be gone by now
  });
  return { page, answer: () => answer, away: () => away, blocked: () => blocked };
}

/** Whether a request is for the page, and not for something on it or in a window it opened. */
function isForPage(request: Request, page: Page): boolean {
  try {
    return request.isNavigationRequest() && request.frame() === page.mainFrame();
  } catch {
    return false; // of a window that is not there yet
  }
}

/** A site's robots.txt, by the browser, so that it comes from where the pages come from. */
import type { Browser } from 'playwright-core';
import type { RunnerRequest } from '../request.ts';
import { ALL_ALLOWED, NONE_ALLOWED, parseRobots, type Robots } from './robots.ts';
import { visiting } from './visit.ts';

/** Not there (4xx): all is allowed. Cannot be had (5xx, no answer): nothing is (RFC 9309, sections 2.3.1.3 and 2.3.1.4). */
export function fetchRobots(browser: Browser, request: RunnerRequest, turn: () => Promise<void>): Promise<Robots> {
  const { href } = new URL('/robots.txt', request.site.url);
  return visiting(browser, request, turn, async ({ page }) => {
    const answer = await page.goto(href, { timeout: request.options.pageTimeoutSeconds * 1_000 });
    if (answer?.ok()) return parseRobots(await answer.text());
    return answer !== null && answer.status() >= 400 && answer.status() < 500 ? ALL_ALLOWED : NONE_ALLOWED;
  }).catch(() => NONE_ALLOWED);
}

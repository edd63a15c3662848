/** CSS selectors of the caller: whether they are any, and whether a page has something they match. */
import type { Page } from 'playwright-core';

/** A selector no browser understands: no page can be tested with it. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

/** On a blank page. Throws SelectorError. */
export async function refuseBadSelectors(page: Page, selectors: readonly string[]): Promise<void> {
  for (const selector of selectors) {
    const script = `(() => { try { document.querySelector(${JSON.stringify(selector)}); return true; } catch { return false; } })()`;
    if ((await page.evaluate(script)) !== true)
      throw new SelectorError(`${JSON.stringify(selector)} is no CSS selector`);
  }
}

/** Those that match something; axe-core gives up a page for one that does not. */
export async function matching(page: Page, selectors: readonly string[]): Promise<readonly string[]> {
  const found = await page.evaluate(
    `${JSON.stringify(selectors)}.map((selector) => document.querySelector(selector) !== null)`,
  );
  return selectors.filter((_, at) => Array.isArray(found) && found[at] === true);
}

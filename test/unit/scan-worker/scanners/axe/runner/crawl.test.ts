import { describe, expect, it } from 'vitest';
import { crawl } from '#containers/scan-worker/scanners/axe/runner/crawl.ts';
import { linksOf } from '#containers/scan-worker/scanners/axe/runner/links.ts';
import { ALL_ALLOWED, NONE_ALLOWED } from '#containers/scan-worker/scanners/axe/runner/robots.ts';

const A = 'http://a.example';

describe('a crawl', () => {
  /** Visits pages as `leads` says, and tells the order. */
  function visits(
    leads: Readonly<Record<string, readonly string[]>>,
    limit = 100,
  ): [string[], ReturnType<typeof crawl>] {
    const pages = crawl(`${A}/`, { limit, robots: (path) => !path.startsWith('/private') });
    const order: string[] = [];
    for (let url = pages.next(); url !== undefined; url = pages.next()) {
      order.push(url.slice(A.length));
      pages.done(url);
      pages.found((leads[url.slice(A.length)] ?? []).map((path) => `${A}${path}`));
    }
    return [order, pages];
  }

  it('goes breadth first, and to each page once', () => {
    const [order] = visits({ '/': ['/b', '/c', '/'], '/b': ['/d', '/c'], '/c': ['/b', '/'] });
    expect(order).toEqual(['/', '/b', '/c', '/d']);
  });

  it('ends at its limit, and knows what is left', () => {
    const [order, pages] = visits({ '/': ['/b', '/c', '/d'] }, 2);
    expect(order).toEqual(['/', '/b']);
    expect(pages.unvisited()).toBe(2);
    expect(pages.known()).toBe(2);
  });

  it('leaves out what robots.txt closes, and tells', () => {
    const [order, pages] = visits({ '/': ['/private/a', '/b', '/private/b'] });
    expect(order).toEqual(['/', '/b']);
    expect(pages.closed()).toEqual([`${A}/private/a`, `${A}/private/b`]);
    expect(crawl(`${A}/`, { limit: 3, robots: NONE_ALLOWED }).next()).toBeUndefined();
  });

  it('knows a page again that came under another name', () => {
    const pages = crawl(`${A}/`, { limit: 3, robots: ALL_ALLOWED });
    pages.next();
    pages.done(`${A}/home`);
    pages.found([`${A}/home`]);
    expect(pages.isDone(`${A}/home`)).toBe(true);
    expect(pages.next()).toBeUndefined();
  });

  it('of a site without end has an end', () => {
    const pages = crawl(`${A}/`, { limit: 1, robots: ALL_ALLOWED });
    pages.found(Array.from({ length: 20_000 }, (_, at) => `${A}/${at}`));
    expect(pages.unvisited()).toBe(10_000);
  });
});

describe('the links of a page', () => {
  it('are those to pages of its origin, each once, without fragments', () => {
    const hrefs = [
      ...[`${A}/b#c`, `${A}/b`, `${A}/c?d=e`, `${A}:8080/`, 'https://a.example/', 'http://other.example/'],
      ...[
        `${A}/picture.PNG`,
        `${A}/paper.pdf`,
        'mailto:a@a.example',
        'javascript:void 0',
        '',
        `${A}/${'x'.repeat(3_000)}`,
      ],
      ...[7, null, { href: A }],
    ];
    expect(linksOf(hrefs, `${A}/`)).toEqual([`${A}/b`, `${A}/c?d=e`]);
  });

  it.each([[undefined], ['text'], [{ length: 3 }]])('that are %j are none', (hrefs) => {
    expect(linksOf(hrefs, `${A}/`)).toEqual([]);
  });

  it('have an end', () => {
    const hrefs = Array.from({ length: 5_000 }, (_, at) => `${A}/${at}`);
    expect(linksOf(hrefs, `${A}/`)).toHaveLength(1_000);
  });
});

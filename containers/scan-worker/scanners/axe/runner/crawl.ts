/** Which page is next: breadth first from the first one, each once, within a limit. */
import { MAX_AXE_PAGES } from '#shared/scanner/axe.ts';
import { withoutFragment } from './links.ts';
import type { Robots } from './robots.ts';

/** A site with more has no end; what is beyond is known to be more, not how many. */
const MAX_KNOWN = 10_000;

export type Crawl = ReturnType<typeof crawl>;

export function crawl(start: string, { limit, robots }: { readonly limit: number; readonly robots: Robots }) {
  const known = new Set<string>();
  const waiting: string[] = [];
  const closed: string[] = [];
  const done = new Set<string>();
  let visited = 0;
  const add = (href: string) => {
    if (known.size >= MAX_KNOWN || known.has(href)) return;
    known.add(href);
    const { pathname, search } = new URL(href);
    (robots(`${pathname}${search}`) ? waiting : closed).push(href);
  };
  add(withoutFragment(start));
  return {
    /** Undefined when there are no more, or the limit is reached. */
    next(): string | undefined {
      if (visited >= limit) return undefined;
      const url = waiting.shift();
      if (url !== undefined) visited += 1;
      return url;
    },
    /** A page was tested, and turned out to be `finalUrl`. */
    done(finalUrl: string): void {
      done.add(finalUrl);
      known.add(finalUrl);
    },
    /** A page leads to `links`. */
    found(links: readonly string[]): void {
      for (const link of links) add(link);
    },
    isDone: (finalUrl: string): boolean => done.has(finalUrl),
    visited: () => visited,
    /** Pages opened and to be opened, as far as is known; at least 1. */
    known: () => Math.max(1, Math.min(limit, visited + waiting.length)),
    unvisited: () => waiting.length,
    /** What robots.txt keeps robots from, as many as coverage names. */
    closed: (): readonly string[] => closed.slice(0, MAX_AXE_PAGES),
  };
}

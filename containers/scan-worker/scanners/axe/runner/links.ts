/** Where a page leads: to what may be another page of its origin. */

const MAX_URL_CHARS = 2_048;
/** Of one page. */
export const MAX_LINKS = 1_000;

/** What ends so is no page, and is not asked for just to find that out. */
const NO_PAGE =
  /\.(?:7z|avi|bmp|bz2|css|csv|dmg|docx?|eot|epub|exe|gif|gz|ico|iso|jpe?g|js|json|m4a|mov|mp[34]|mpe?g|ods|odt|ogg|otf|pdf|png|pptx?|rar|rss|svg|tar|tgz|tiff?|ttf|txt|wasm|wav|webm|webp|woff2?|xlsx?|xml|zip)$/i;

/** As the page's scripts give them, so in any form; each once, without its fragment, in the page's order. */
export function linksOf(hrefs: unknown, pageUrl: string): string[] {
  if (!Array.isArray(hrefs)) return [];
  const { origin } = new URL(pageUrl);
  const links = hrefs.slice(0, MAX_LINKS).flatMap((href) => {
    if (typeof href !== 'string' || href.length > MAX_URL_CHARS || !URL.canParse(href)) return [];
    const url = new URL(href);
    return url.origin === origin && !NO_PAGE.test(url.pathname) ? withoutFragment(url.href) : [];
  });
  return [...new Set(links)];
}

export function withoutFragment(href: string): string {
  const url = new URL(href);
  url.hash = '';
  return url.href;
}

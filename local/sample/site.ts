/** The sample's web site: four pages of which two have faults that shut people out, and what scanners for paths look for. */
import type { RequestListener } from 'node:http';

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><title>${title}</title></head><body><main><h1>${title}</h1>${body}</main></body></html>`;

/** By path; the first is where a visitor begins. What is wrong with a page stands beside it, by the names axe-core has for it. */
const PAGES: Readonly<Record<string, string>> = {
  // image-alt
  '/': page(
    'scanfleet sample',
    '<p>Something to scan.</p><img src="/logo.png"><p><a href="/orders">Orders</a></p><p><a href="/contact">Contact</a></p>',
  ),
  // color-contrast, label
  '/orders': page(
    'Orders',
    '<p style="color: #aaa; background: #fff">There are none yet.</p><form><input type="text" name="order"></form>',
  ),
  '/contact': page('Contact', '<p>Nobody is here.</p>'),
  '/admin': page('Administration', '<p>Nothing leads here.</p>'),
};

export const sampleSite: RequestListener = (request, response) => {
  const found = PAGES[request.url ?? ''];
  response
    .writeHead(found === undefined ? 404 : 200, { Server: 'nginx/1.22.1', 'Content-Type': 'text/html; charset=utf-8' })
    .end(found ?? page('Not here', ''));
};

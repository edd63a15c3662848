/** A web site on loopback: pages by path, and whatever else a path is to do. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page of HTML, or what answers. */
export type Page = string | RequestListener;

export interface SiteServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Paths asked for, in order. */
  readonly asked: readonly string[];
  /** The Host headers they came with. */
  readonly hosts: ReadonlySet<string>;
}

/** A path that is no page is 404. */
export async function siteServer(pages: Readonly<Record<string, Page>>, host = '127.0.0.1'): Promise<SiteServer> {
  const asked: string[] = [];
  const hosts = new Set<string>();
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    hosts.add(request.headers.host ?? '');
    const page = pages[request.url ?? ''];
    if (typeof page === 'function') page(request, response);
    else
      response
        .writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' })
        .end(page ?? '<h1>Not here</h1>');
  }).listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/`,
    port,
    asked,
    hosts,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** What answers with a status and a type. */
export const answering =
  (status: number, headers: Readonly<Record<string, string>>, body = ''): RequestListener =>
  (_request, response) => {
    response.writeHead(status, headers).end(body);
  };

/** A page without a fault, but for what is in `body`. */
export const htmlPage = (body: string, head = ''): string =>
  `<!doctype html><html lang="en"><head><title>A page</title>${head}</head><body><main><h1>A page</h1>${body}</main></body></html>`;

/** A web server on loopback that answers by path, and can die in mid-scan. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WebServer extends AsyncDisposable {
  readonly url: string;
  /** Paths asked for, and the Host each was asked of. */
  readonly requests: readonly { readonly path: string; readonly host: string }[];
}

export interface Answers {
  /** Body by path; 404 for any other. */
  readonly pages: Readonly<Record<string, string>>;
  /** Where a path leads (301). */
  readonly redirects?: Readonly<Record<string, string>>;
  /** For every path that is no page: a server that knows everything. */
  readonly everything?: string;
  /** After so many requests it takes no more. */
  readonly diesAfter?: number;
}

export async function webServer({
  pages,
  redirects = {},
  everything,
  diesAfter = Infinity,
}: Answers): Promise<WebServer> {
  const requests: { path: string; host: string }[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push({ path, host: request.headers.host ?? '' });
    if (requests.length > diesAfter) {
      server.close();
      server.closeAllConnections();
      return;
    }
    const location = redirects[path];
    const body = pages[path] ?? everything;
    if (location !== undefined) response.writeHead(301, { location }).end();
    else response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The places nuclei names: URLs, `host:port`, names and addresses. */

export interface Endpoint {
  /** An IPv6 address without brackets; empty when there is none. */
  readonly host: string;
  /** Of a URL also the one its scheme stands for. */
  readonly port?: number;
  readonly url?: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'ws:': 80, 'wss:': 443 };
const HOST_AND_PORT = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/;
const SCHEME = /^[a-z][a-z0-9+.-]{0,20}:\/\//i;

const unbracketed = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
const portOf = (digits: string): { port?: number } => {
  const port = Number(digits);
  return port >= 1 && port <= 65_535 ? { port } : {};
};

export function endpointOf(text: string): Endpoint {
  const parsed = SCHEME.test(text) ? URL.parse(text) : null;
  if (parsed !== null) {
    const { protocol, hostname, port } = parsed;
    return { host: unbracketed(hostname), ...portOf(port || String(DEFAULT_PORTS[protocol])), url: text };
  }
  const [, host, digits] = HOST_AND_PORT.exec(text) ?? [];
  if (host === undefined || digits === undefined) return { host: unbracketed(text) };
  return { host: unbracketed(host), ...portOf(digits) };
}

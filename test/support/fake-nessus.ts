/**
 * A Nessus server on loopback, as the sources of its clients describe one (nessrest, pyTenable; nothing here was seen on a real server): both
 * ways to log in, scans with their states, both ways to export, its refusals, and faults on demand. A scan goes on one step at each look
 * at it, so that no test waits for time to pass.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import { text } from 'node:stream/consumers';

export const KEYS = { accessKey: 'access-key-of-the-tests', secretKey: 'secret-key-of-the-tests' } as const;
export const LOGIN = { username: 'scanfleet', password: 'password-of-the-tests' } as const;
export const BASIC_TEMPLATE = '731a8e52-3ea6-a291-ec0a-d2ff0619c19d7bd788d6be818b65';

export interface FakeScan {
  readonly id: number;
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Addresses and names it was told to scan. */
  readonly targets: readonly string[];
  status: string;
  /** States still to come, one at each look. */
  steps: string[];
}

/** What goes wrong with the next requests whose `METHOD /path` matches. */
export interface Fault {
  readonly when: RegExp;
  /** A status to answer with, or what becomes of the connection: cut before an answer, or in mid-body. */
  readonly effect: number | 'reset' | 'truncated' | 'lost-answer';
  /** Infinity: from now on. */
  times: number;
}

export interface FakeNessusOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  /** `token`: newer servers, which export by tokens of their own. */
  readonly exportStyle?: 'file' | 'token';
  /** States a launched scan goes through. */
  readonly steps?: readonly string[];
  /** Looks at an export before it is ready; `error`: it never is. */
  readonly exportLooks?: number | 'error';
  /** Whether a scan that is told to stop does. */
  readonly stops?: boolean;
  /** What it says of itself: `ready`, or `loading` for some minutes after its start. */
  readonly serverStatus?: string;
  /** False: an edition that scans only by hand. */
  readonly hasApi?: boolean;
  /** Hosts of the report; those of the scan that answer when absent. */
  readonly report?: (scan: FakeScan) => string;
}

export interface FakeNessus extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly scans: Map<number, FakeScan>;
  /** `METHOD /path`, in order. */
  readonly requests: string[];
  readonly faults: Fault[];
  /** A scan of somebody else's, which goes on for ever. */
  occupy(name?: string, status?: string): FakeScan;
}

const STEPS = ['pending', 'running', 'running', 'completed'];

export async function fakeNessus(options: FakeNessusOptions = {}, port = 0): Promise<FakeNessus> {
  const scans = new Map<number, FakeScan>();
  const requests: string[] = [];
  const faults: Fault[] = [];
  const add = (name: string, settings: FakeScan['settings'], status: string): FakeScan => {
    const targets = String(settings.text_targets ?? '').split(',');
    const scan = { id: nextId++, name, settings, targets, status, steps: [] };
    scans.set(scan.id, scan);
    return scan;
  };
  let nextId = 11;
  const api = nessusApi(options, { scans, add });
  const listener: RequestListener = async (request, response) => {
    const line = `${request.method} ${request.url}`;
    requests.push(line);
    const fault = faults.find(({ when, times }) => times > 0 && when.test(line));
    if (fault) fault.times -= 1;
    if (fault?.effect === 'reset') {
      request.socket.destroy();
      return;
    }
    const body = await text(request);
    if (typeof fault?.effect === 'number') {
      json(response, fault.effect, { error: `fault ${fault.effect}` });
      return;
    }
    if (fault?.effect === 'lost-answer') {
      api(request, body, nobody());
      request.socket.destroy();
      return;
    }
    api(request, body, fault?.effect === 'truncated' ? cutting(response) : response);
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  return {
    ...{ scans, requests, faults, port: bound },
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${bound}`,
    occupy: (name = 'weekly', status = 'running') => add(name, {}, status),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The part of a response that the API uses. */
type Answer = Pick<ServerResponse, 'writeHead' | 'end'>;

function json(response: Answer, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Takes an answer that nobody gets. */
function nobody(): Answer {
  const answer = { writeHead: () => answer, end: () => answer };
  return answer as unknown as Answer;
}

/** Says how long the body is, sends half of it and cuts the connection. */
function cutting(response: ServerResponse): Answer {
  const cut = {
    writeHead(status: number, headers: Record<string, string>) {
      Object.assign(cut, { status, headers });
      return cut;
    },
    end(body: string) {
      response.writeHead(200, { 'content-length': String(Buffer.byteLength(body)) });
      response.write(body.slice(0, body.length / 2), () => response.destroy());
      return cut;
    },
  };
  return cut as unknown as Answer;
}

interface State {
  readonly scans: Map<number, FakeScan>;
  add(name: string, settings: FakeScan['settings'], status: string): FakeScan;
}

type Route = (asked: { id: number; body: Record<string, unknown>; token: string }) => [status: number, body: unknown];

function nessusApi(
  {
    exportStyle = 'file',
    steps = STEPS,
    exportLooks = 1,
    stops = true,
    hasApi = true,
    serverStatus = 'ready',
    report = reportOf,
  }: FakeNessusOptions,
  { scans, add }: State,
) {
  const sessions = new Set<string>();
  const exports = new Map<string, { readonly scan: FakeScan; looks: number }>();
  const noApi: ReturnType<Route> = [412, { error: 'API is not available' }];
  const conflict: ReturnType<Route> = [409, { error: 'The requested operation is not possible in this state' }];
  const view = ({ id, name, status }: FakeScan) => ({ id, name, status, uuid: null, creation_date: 0, folder_id: 3 });
  const go = (scan: FakeScan): FakeScan => Object.assign(scan, { status: scan.steps.shift() ?? scan.status });
  const end = (scan: FakeScan, how: 'stop' | 'kill'): ReturnType<Route> => {
    if (!['pending', 'running', 'paused'].includes(scan.status)) return conflict;
    if (how === 'kill') Object.assign(scan, { status: 'aborted', steps: [] });
    else if (stops) Object.assign(scan, { status: 'stopping', steps: ['stopping', 'canceled'] });
    else Object.assign(scan, { steps: [] });
    return [200, {}];
  };
  const ready = (key: string): ReturnType<Route> => {
    const made = exports.get(key);
    if (made === undefined) return [404, { error: 'The requested file was not found' }];
    if (exportLooks === 'error') return [200, { status: 'error' }];
    made.looks += 1;
    return [200, { status: made.looks > exportLooks ? 'ready' : 'loading' }];
  };
  const scan = (id: number) => scans.get(id) as FakeScan;
  const hostsOf = ({ targets, status }: FakeScan) =>
    targets.map((hostname, at) => ({
      ...{ host_id: at + 1, hostname, critical: 0, high: 0, medium: 1, low: 0, info: 1 },
      ...{ scanprogresscurrent: status === 'completed' ? 100 : 40, scanprogresstotal: 100 },
    }));

  const routes: [RegExp, Route][] = [
    [/^GET \/server\/status$/, () => [200, { status: serverStatus, progress: null }]],
    [/^GET \/server\/properties$/, () => [200, { server_version: '10.8.3', nessus_type: 'Nessus Manager' }]],
    [
      /^GET \/editor\/scan\/templates$/,
      () => [200, { templates: [{ name: 'basic', uuid: BASIC_TEMPLATE, title: 'Basic Network Scan' }] }],
    ],
    [/^GET \/scans$/, () => [200, { folders: [], scans: scans.size === 0 ? null : [...scans.values()].map(view) }]],
    [
      /^POST \/scans$/,
      ({ body }) => {
        if (!hasApi) return noApi;
        const { uuid, settings = {} } = body as { uuid?: string; settings?: Record<string, unknown> };
        if (uuid !== BASIC_TEMPLATE) return [400, { error: 'Invalid template UUID' }];
        return [200, { scan: { ...view(add(String(settings.name), settings, 'empty')), enabled: false } }];
      },
    ],
    [
      /^POST \/scans\/(\d+)\/launch$/,
      ({ id }) => {
        if (!hasApi) return noApi;
        if (scan(id).status !== 'empty') return conflict;
        Object.assign(scan(id), { status: steps[0], steps: steps.slice(1) });
        return [200, { scan_uuid: randomUUID() }];
      },
    ],
    [
      /^GET \/scans\/(\d+)$/,
      ({ id }) => {
        const seen = go(scan(id));
        return [200, { info: { status: seen.status, name: seen.name }, hosts: hostsOf(seen), history: [] }];
      },
    ],
    [/^POST \/scans\/(\d+)\/stop$/, ({ id }) => end(scan(id), 'stop')],
    [/^POST \/scans\/(\d+)\/kill$/, ({ id }) => end(scan(id), 'kill')],
    [
      /^DELETE \/scans\/(\d+)$/,
      ({ id }) => {
        if (['pending', 'running', 'stopping'].includes(scan(id).status)) return conflict;
        scans.delete(id);
        return [200, null];
      },
    ],
    [
      /^POST \/scans\/(\d+)\/export$/,
      ({ id, body }) => {
        if (body.format !== 'nessus') return [400, { error: 'Invalid format' }];
        const [file, token] = [1_000 + exports.size, randomUUID().replaceAll('-', '')];
        exports.set(exportStyle === 'token' ? token : String(file), { scan: scan(id), looks: 0 });
        return [200, exportStyle === 'token' ? { token, file } : { file }];
      },
    ],
    [/^GET \/scans\/(\d+)\/export\/(\w+)\/status$/, ({ token }) => ready(token)],
    [/^GET \/tokens\/()(\w+)\/status$/, ({ token }) => ready(token)],
    [/^GET \/scans\/(\d+)\/export\/(\w+)\/download$/, ({ token }) => [200, exports.get(token)?.scan]],
    [/^GET \/tokens\/()(\w+)\/download$/, ({ token }) => [200, exports.get(token)?.scan]],
    [
      /^POST \/session$/,
      ({ body }) => {
        if (body.username !== LOGIN.username || body.password !== LOGIN.password)
          return [401, { error: 'Invalid Credentials' }];
        const token = randomUUID().replaceAll('-', '');
        sessions.add(token);
        return [200, { token }];
      },
    ],
    [/^DELETE \/session$/, () => [200, null]],
  ];
  const isOpen = (line: string) => /^(GET \/server\/|POST \/session$)/.test(line);
  const isKnown = ({ headers }: IncomingMessage) =>
    headers['x-apikeys'] === `accessKey=${KEYS.accessKey}; secretKey=${KEYS.secretKey}` ||
    sessions.has(String(headers['x-cookie']).replace(/^token=/, ''));

  /** Undefined where there is no such call, or no such scan. */
  const answerTo = (line: string, sent: string): ReturnType<Route> | undefined => {
    for (const [pattern, route] of routes) {
      const [matched, id = '', token = ''] = pattern.exec(line) ?? [];
      if (matched === undefined || (line.includes('/scans/') && !scans.has(Number(id)))) continue;
      return route({ id: Number(id), token, body: sent === '' ? {} : JSON.parse(sent) });
    }
    return undefined;
  };

  return (request: IncomingMessage, sent: string, response: Answer): void => {
    const line = `${request.method} ${request.url}`;
    const isRefused = !isOpen(line) && !isKnown(request);
    const [status, body] = isRefused
      ? [401, { error: 'Invalid Credentials' }]
      : (answerTo(line, sent) ?? [404, { error: 'The requested file was not found' }]);
    if (status === 200 && line.endsWith('/download')) response.writeHead(200).end(report(body as FakeScan));
    else json(response, status, body);
  };
}

/** A report of one medium item and one port on each host; of a scan that did not complete, its last host has no end. */
export function reportOf({ name, targets, status }: Pick<FakeScan, 'name' | 'targets' | 'status'>): string {
  const hosts = targets.map((target, at) =>
    reportHost(target, { ended: status === 'completed' || at < targets.length - 1 }),
  );
  return nessusFile(name, hosts);
}

export const nessusFile = (name: string, hosts: readonly string[]): string =>
  `<?xml version="1.0" ?>\n<NessusClientData_v2>\n<Policy><policyName>basic</policyName></Policy>\n` +
  `<Report name="${name}">\n${hosts.join('')}</Report>\n</NessusClientData_v2>\n`;

/** `target` as it was given: an address, or a name with one in brackets. */
export function reportHost(target: string, { ended = true } = {}): string {
  const [, name = target, address = target] = /^([^[]+)\[(.+)\]$/.exec(target) ?? [];
  const ip = isIP(address) === 0 ? '' : `<tag name="host-ip">${address}</tag>`;
  const end = ended ? '<tag name="HOST_END">Sat Nov 21 12:10:00 2026</tag>' : '';
  const item = (severity: number, plugin: number, title: string) =>
    `<ReportItem port="443" svc_name="www" protocol="tcp" severity="${severity}" pluginID="${plugin}" pluginName="${title}" ` +
    `pluginFamily="General"><description>${title}.</description></ReportItem>\n`;
  return (
    `<ReportHost name="${name}"><HostProperties>${ip}${end}` +
    `<tag name="HOST_START">Sat Nov 21 12:00:00 2026</tag></HostProperties>\n` +
    `${item(2, 51192, 'SSL Certificate Cannot Be Trusted')}${item(0, 11219, 'Nessus SYN scanner')}</ReportHost>\n`
  );
}

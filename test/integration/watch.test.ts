/** A job followed by server-sent events through the real gateway, by a client that knows nothing of ours. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CoverageResponse } from '#shared/contracts/coverage.ts';
import { FindingsResponse } from '#shared/contracts/findings.ts';
import { JobView } from '#shared/contracts/job.ts';
import { type EventStream, readEventStream } from '#test/support/event-stream.ts';
import { type Identity, type RunningService, startService } from '#test/support/service.ts';

let service: RunningService;
let acme: Identity;
let state: string;
/** Accepts and says nothing, which nmap's service detection waits for. */
let silent: Server;
let jobId: string;

beforeAll(async () => {
  silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  state = await mkdtemp(join(tmpdir(), 'scanfleet-watch-'));
  service = await startService({ state });
  acme = service.as('acme');
  const { port } = silent.address() as AddressInfo;
  const scanners = [{ name: 'nmap', options: { ports: String(port), serviceDetection: true } }];
  const submitted = await service.ask(acme, '/jobs', { method: 'POST', json: { targets: ['127.0.0.1'], scanners } });
  jobId = JobView.parse(await submitted.json()).jobId;
});
afterAll(async () => {
  await service?.stop();
  silent.close();
  await rm(state, { recursive: true });
});

const watch = (headers: Record<string, string> = {}, init: { identity?: Identity; signal?: AbortSignal } = {}) =>
  service.ask(init.identity ?? acme, `/jobs/${jobId}/watch`, { headers, signal: init.signal ?? null });
const get = async (path: string) => (await service.ask(acme, `/jobs/${jobId}${path}`)).json();

/** Reads an answer until `isEnough`, or to its end. */
async function read(
  response: Response,
  isEnough: (stream: EventStream) => boolean = () => false,
): Promise<EventStream> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (isEnough(readEventStream(text))) break;
  }
  return readEventStream(text);
}
const statesOf = ({ events }: EventStream) =>
  events.map(({ type, data }) => `${type} ${JobView.parse(JSON.parse(data)).status}`);

/** Of the last event each client had. */
let runningId: string;
let endId: string;

it('tells the job as it runs, in the words of GET /jobs/{jobId}', async () => {
  const response = await watch();
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const stream = await read(response, (seen) => statesOf(seen).at(-1) === 'job running');
  expect(stream.retryMs).toBe(1_000);
  const last = stream.events.at(-1);
  runningId = last?.id ?? '';
  const fieldsOf = (job: unknown) => Object.keys(JobView.parse(job)).sort();
  expect(fieldsOf(JSON.parse(last?.data ?? ''))).toEqual(fieldsOf(await get('')));
});

it('ends at once when its client goes away', async () => {
  const leaving = new AbortController();
  const response = await watch({}, { signal: leaving.signal });
  await read(response, ({ events }) => events.length > 0).catch(() => undefined);
  leaving.abort();
  const log = () => readFile(join(state, 'service.log'), 'utf8');
  await expect.poll(log, { timeout: 10_000 }).toContain('"code":"client_gone"');
});

it('of a job that runs has neither findings nor coverage yet, and says that there may be some', async () => {
  expect(FindingsResponse.parse(await get('/findings'))).toEqual({ findings: [], total: 0, complete: false });
  expect(CoverageResponse.parse(await get('/coverage'))).toEqual({ coverage: [], total: 0, complete: false });
});

it('tells who reconnects what has changed since, the end at last', async () => {
  const response = await watch({ 'Last-Event-ID': runningId });
  await service.ask(acme, `/jobs/${jobId}/cancel`, { method: 'POST' });
  const stream = await read(response);
  expect(statesOf(stream).at(-1)).toBe('end cancelled');
  expect(stream.events.map(({ id }) => id)).not.toContain(runningId);
  expect(JSON.parse(stream.events.at(-1)?.data ?? '')).toEqual(await get(''));
  endId = stream.events.at(-1)?.id ?? '';
});

it('tells nobody to reconnect who has seen the end, and everybody else the end', async () => {
  const over = await watch({ 'Last-Event-ID': endId });
  expect([over.status, await over.text()]).toEqual([204, '']);
  expect(statesOf(await read(await watch({ 'Last-Event-ID': runningId })))).toEqual(['end cancelled']);
});

it('is not there for another tenant', async () => {
  expect((await watch({}, { identity: service.as('globex') })).status).toBe(404);
});

it('after its end has coverage that is complete', async () => {
  const { coverage, complete } = CoverageResponse.parse(await get('/coverage'));
  expect(complete).toBe(true);
  expect(coverage).toMatchObject([{ host: '127.0.0.1', scanner: 'nmap' }]);
});
